cimport cython

from cpython.array cimport array as _array, clone

cdef extern from *:
    void prefetch "__builtin_prefetch"(const void *place) noexcept nogil


cdef int EARLY, FEWEST
cdef _array _WORDS, _HALVES, _PLACES


@cython.final
cdef class Numbers:
    cdef readonly Py_ssize_t count
    cdef unsigned long long[::1] _keys
    cdef unsigned int[::1] _found
    cdef unsigned long long _mask
    cdef unsigned long long _full
    cdef unsigned long long _odd

    @cython.locals(i=Py_ssize_t, place=Py_ssize_t, keys="unsigned long long[::1]", found="unsigned int[::1]")
    cdef _resize(self, Py_ssize_t slots)

    @cython.locals(mixed="unsigned long long", place="unsigned long long")
    cdef inline Py_ssize_t _place(self, unsigned long long key) except -1 nogil

    @cython.locals(mixed="unsigned long long", place="unsigned long long")
    cdef inline int expect(self, unsigned long long key) except -1 nogil

    @cython.locals(place=Py_ssize_t)
    cdef inline Py_ssize_t number(self, unsigned long long key) except -1 nogil


@cython.final
cdef class Texts:
    cdef Numbers numbers
    cdef Py_ssize_t first
    cdef long long[::1] starts
    cdef long long[::1] ends
    cdef unsigned long long _last_key
    cdef Py_ssize_t _last

    @cython.locals(known=Py_ssize_t, number=Py_ssize_t)
    cdef inline Py_ssize_t number(self, unsigned long long key, Py_ssize_t start, Py_ssize_t end) except -1 nogil

    @cython.locals(row=Py_ssize_t, rows=Py_ssize_t)
    cdef int number_all(
        self, unsigned long long[::1] keys, long long[::1] starts, long long[::1] ends, unsigned int[::1] into,
        Py_ssize_t first, Py_ssize_t last,
    ) except -1 nogil

    @cython.locals(starts="long long[::1]", ends="long long[::1]", size=Py_ssize_t)
    cdef _make_room(self)

    @cython.locals(i=Py_ssize_t, end=Py_ssize_t)
    cdef _lay(self, bytes data, int[::1] ends, list found)

    cpdef tuple laid(self, bytes data)

    @cython.locals(i=Py_ssize_t)
    cpdef list new(self, bytes data)


@cython.locals(place=Py_ssize_t, end=Py_ssize_t)
cdef object _fill(list texts, int[::1] found)
