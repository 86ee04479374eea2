# The C types of stamps.py.
cimport cython


@cython.final
cdef class Stamps:
    cdef unsigned char[36] _months

    @cython.locals(
        month=int, day=int, century=int, rest=int, year=int, hour=int, minute=int, second=int,
        hours=int, minutes=int, years="long long", days="long long", east="long long", time="long long",
    )
    cdef long long seconds(self, const unsigned char *data, Py_ssize_t i) noexcept nogil


cdef int _two(const unsigned char *data, Py_ssize_t i) noexcept nogil

cdef int _days(int month, int year) noexcept nogil
