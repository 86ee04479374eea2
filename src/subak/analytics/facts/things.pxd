# The C types of things.py.
cimport cython

from subak.analytics.logs.hashing cimport Hash
from subak.analytics.logs.numbers cimport Numbers

cdef extern from *:
    """
    #include <string.h>

    static inline int subak_equal(const unsigned char *data, Py_ssize_t i, Py_ssize_t other, Py_ssize_t size) {
        return memcmp(data + i, data + other, size) == 0;
    }
    """
    bint equal "subak_equal"(const unsigned char *data, Py_ssize_t i, Py_ssize_t other, Py_ssize_t size) noexcept nogil

cdef Py_ssize_t LONGEST, WAYS


cdef Numbers _table()


@cython.final
cdef class Things:
    cdef readonly bint forgot
    cdef readonly list ways
    cdef bytes _key
    cdef frozenset _kinds
    cdef Py_ssize_t _most, _first_thing, _first_package
    cdef Hash _hashing
    cdef Numbers _things, _packages
    cdef Numbers _ways
    cdef dict _codes
    cdef unsigned int[::1] _thing_codes, _package_codes
    cdef unsigned short _way

    cpdef tuple take(
        self, Py_ssize_t rows, tuple ecosystems, tuple kinds, tuple keys, tuple packages, tuple methods, bint known
    )

    @cython.locals(
        row=Py_ssize_t, es=Py_ssize_t, ks=Py_ssize_t, ms=Py_ssize_t, el=Py_ssize_t, kl=Py_ssize_t, ml=Py_ssize_t,
        same=bint, text="unsigned long long",
    )
    cdef int _find_ways(
        self, Py_ssize_t rows, const int[::1] e_ends, const unsigned char *e, const int[::1] k_ends,
        const unsigned char *k, const int[::1] m_ends, const unsigned char *m, unsigned short[::1] way,
    ) except -1

    cdef _add_way(self, bytes ecosystem, bytes kind, bytes method)

    @cython.locals(
        row=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, code="unsigned int", before=Py_ssize_t, number=Py_ssize_t,
    )
    cdef int _find(
        self, Py_ssize_t rows, const int[::1] k_ends, const unsigned char *k, const int[::1] p_ends,
        const unsigned char *p, const unsigned short[::1] way, int[::1] thing, int[::1] package,
        unsigned char[::1] mark, bint known,
    ) except -1

    @cython.locals(digest=bytes)
    cdef unsigned long long _text(
        self, unsigned long long code, const unsigned char *data, Py_ssize_t start, Py_ssize_t end
    ) except 0
