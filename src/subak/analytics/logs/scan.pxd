# The C types of scan.py.
cimport cython

from subak.analytics.logs.hashing cimport Hash, eight
from subak.analytics.logs.numbers cimport Numbers, Texts
from subak.analytics.logs.stamps cimport Stamps

from cpython.array cimport array as _array, clone

cdef extern from *:
    """
    #include <string.h>

    static inline int subak_equal(const unsigned char *data, Py_ssize_t i, Py_ssize_t other, Py_ssize_t size) {
        return memcmp(data + i, data + other, size) == 0;
    }
    """
    bint equal "subak_equal"(const unsigned char *data, Py_ssize_t i, Py_ssize_t other, Py_ssize_t size) noexcept nogil
    int zeros "__builtin_ctzll"(unsigned long long word) noexcept nogil

cdef bytes GET, FIRST, SECOND
cdef _array _TIMES, _SIZES, _HASHES, _NUMBERS, _CODES, _WORDS
cdef unsigned char PLAIN, NAME, USER, CAPITAL
cdef int PAIR, LOWER, DIGIT, SUFFIX, LIST, LONGEST_NAME, LONGEST_FIELD, LONGEST_WORD, MOST_WORDS, STAMP, SHORTEST


@cython.final
cdef class Scanner:
    cdef readonly Texts clients, agents, users, asked, words
    cdef readonly Py_ssize_t lines, size, rows
    cdef Numbers _tools, _askers
    cdef Stamps _clock
    cdef Py_ssize_t _known
    cdef unsigned char[256] _kinds
    cdef Hash _hashing
    cdef double _since, _until

    # the line at hand, or the last one that had something else: where it is in the block, what it stands for
    cdef Py_ssize_t _block
    cdef Py_ssize_t _head, _head_size, _client_end, _user_start, _user_end, _client, _user
    cdef Py_ssize_t _stamp, _target, _target_end
    cdef Py_ssize_t _agent_start, _agent_end, _agent, _asker_now, _cache, _cache_end
    cdef double _time
    cdef int _code
    cdef long long _bytes

    # the rows
    cdef Py_ssize_t _most
    cdef double[::1] _at
    cdef unsigned int[::1] _asker, _what, _who
    cdef short[::1] _status
    cdef long long[::1] _sent
    cdef unsigned short[::1] _word

    # of the block at hand
    cdef Py_ssize_t _taken
    cdef unsigned long long[::1] _hashes
    cdef long long[::1] _starts, _stops

    cpdef tuple requests(self, bytes data)

    cpdef list scan(self, bytes data)

    @cython.locals(i=Py_ssize_t, end=Py_ssize_t, line=Py_ssize_t)
    cdef list _scan(self, const unsigned char *data, Py_ssize_t size, list doubtful)

    @cython.locals(i=Py_ssize_t, time="long long")
    cdef Py_ssize_t _line(self, const unsigned char *data, Py_ssize_t start) except -2 nogil

    @cython.locals(
        i=Py_ssize_t, end=Py_ssize_t, user=Py_ssize_t, dots=int, colons=int, length=Py_ssize_t, null=bint,
    )
    cdef Py_ssize_t _read_client(self, const unsigned char *data, Py_ssize_t start) noexcept nogil

    @cython.locals(_=int, start=Py_ssize_t, code=int, sent="long long")
    cdef Py_ssize_t _read_request(self, const unsigned char *data, Py_ssize_t i) noexcept nogil

    @cython.locals(start=Py_ssize_t, size=Py_ssize_t)
    cdef Py_ssize_t _read_agent(self, const unsigned char *data, Py_ssize_t i) noexcept nogil

    @cython.locals(i=Py_ssize_t, seen=int, kind=int)
    cdef Py_ssize_t _read_word(self, const unsigned char *data, Py_ssize_t start) noexcept nogil

    @cython.locals(row=Py_ssize_t, place=Py_ssize_t, word="unsigned long long")
    cdef int _add(self, const unsigned char *data) except -1 nogil

    @cython.locals(start=Py_ssize_t, end=Py_ssize_t, key="unsigned long long", tool="unsigned long long", k=Py_ssize_t)
    cdef int _ask(self, const unsigned char *data) except -1 nogil

    @cython.locals(stops="unsigned long long")
    cdef inline Py_ssize_t _plain(self, const unsigned char *data, Py_ssize_t i) noexcept nogil

    @cython.locals(back=Py_ssize_t)
    cdef inline unsigned long long _word_at(self, const unsigned char *data, Py_ssize_t i) noexcept nogil

    cdef inline bint _same(
        self, const unsigned char *data, Py_ssize_t i, Py_ssize_t other, Py_ssize_t size
    ) noexcept nogil


@cython.locals(k=Py_ssize_t)
cdef bint _has(const unsigned char *data, Py_ssize_t i, bytes word)

@cython.locals(
    each="unsigned long long", quotes="unsigned long long", backslashes="unsigned long long",
    found="unsigned long long",
)
cdef unsigned long long _stops(unsigned long long word) noexcept nogil

@cython.locals(start=Py_ssize_t, end=Py_ssize_t, i=Py_ssize_t, get=bint)
cpdef tuple requests(const int[::1] ends, bytes texts)
