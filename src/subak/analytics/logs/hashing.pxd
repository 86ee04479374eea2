# The C types of hashing.py.
cimport cython

# Products of 128 bits are had of GCC and Clang for 64-bit machines; elsewhere the engine reads (hatch_build.py).
cdef extern from *:
    """
    #include <string.h>

    typedef unsigned __int128 subak_wide;

    static inline unsigned long long subak_eight(const unsigned char *data, Py_ssize_t i) {
        unsigned long long word;
        memcpy(&word, data + i, 8);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
    #endif
        return word;
    }
    """
    ctypedef unsigned long long wide "subak_wide"
    unsigned long long eight "subak_eight"(const unsigned char *data, Py_ssize_t i) noexcept nogil


@cython.final
cdef class Hash:
    cdef unsigned long long[1032] _key

    @cython.locals(
        total="wide", size=Py_ssize_t, i=Py_ssize_t, k=Py_ssize_t, word="unsigned long long", one="unsigned long long",
    )
    cdef unsigned long long of(
        self, unsigned long long code, const unsigned char *data, Py_ssize_t start, Py_ssize_t end
    ) noexcept nogil

    @cython.locals(high="wide")
    cdef inline wide _key_at(self, Py_ssize_t k) noexcept nogil


@cython.locals(full="unsigned long long", half="unsigned long long")
cdef unsigned long long _folded(wide total) noexcept nogil
