# The C types of scan.py.
cimport cython

from subak.analytics.logs.numbers cimport Numbers, Texts

cdef unsigned char PLAIN, SPACE, BACKSLASH, NAME, USER, CAPITAL
cdef int PAIR, LOWER, DIGIT, SUFFIX, LIST, LONGEST_USER, LONGEST_WORD, MOST_WORDS, STAMP


cdef class Scanner:
    cdef readonly Texts clients, agents, users, asked, words
    cdef readonly Py_ssize_t lines, size, rows
    cdef Numbers _tools, _askers
    cdef Py_ssize_t _known
    cdef unsigned char[::1] _kinds, _stamp, _months, _get, _protocol
    cdef unsigned long long[::1] _key
    cdef double _since, _until

    # the line at hand
    cdef Py_ssize_t _client_end, _user, _user_end, _target, _target_end, _agent, _agent_end, _cache, _cache_end
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

    @cython.locals(i=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t, first=Py_ssize_t)
    cpdef tuple requests(self, bytes data)

    @cython.locals(i=Py_ssize_t, end=Py_ssize_t, line=Py_ssize_t, size=Py_ssize_t, row=Py_ssize_t)
    cdef list _scan(self, const unsigned char[::1] data, list doubtful)

    @cython.locals(i=Py_ssize_t, k=Py_ssize_t)
    cdef Py_ssize_t _line(self, const unsigned char[::1] data, Py_ssize_t start) except -2 nogil

    @cython.locals(dots=int, colons=int, length=Py_ssize_t, null=bint)
    cdef Py_ssize_t _read_client(self, const unsigned char[::1] data, Py_ssize_t i) except -2 nogil

    @cython.locals(k=Py_ssize_t, start=Py_ssize_t, kinds="unsigned char[::1]")
    cdef Py_ssize_t _read_request(self, const unsigned char[::1] data, Py_ssize_t i) except -2 nogil

    @cython.locals(kinds="unsigned char[::1]")
    cdef Py_ssize_t _read_agent(self, const unsigned char[::1] data, Py_ssize_t i) except -2 nogil

    @cython.locals(i=Py_ssize_t, seen=int, kind=int)
    cdef Py_ssize_t _read_word(self, const unsigned char[::1] data, Py_ssize_t start) except -2 nogil

    @cython.locals(
        client="unsigned long long", agent="unsigned long long", user="unsigned long long", tool="unsigned long long",
        asker=Py_ssize_t, k=Py_ssize_t, row=Py_ssize_t, place=Py_ssize_t, word="unsigned long long",
    )
    cdef int _add(self, const unsigned char[::1] data, Py_ssize_t start) except -1 nogil

    @cython.locals(
        k=Py_ssize_t, month=int, day=int, century=int, rest=int, year=int, hour=int, minute=int, second=int,
        hours=int, minutes=int, years="long long", days="long long", east="long long", time="long long",
    )
    cdef int _read_time(self, const unsigned char[::1] data, Py_ssize_t i) except -1 nogil

    @cython.locals(
        full="unsigned long long", v0="unsigned long long", v1="unsigned long long", v2="unsigned long long",
        v3="unsigned long long", words=Py_ssize_t, i=Py_ssize_t, step=Py_ssize_t, k=Py_ssize_t,
        word="unsigned long long", byte="unsigned long long",
    )
    cdef unsigned long long _hash(self, const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t end) except 0 nogil


cdef int _two(const unsigned char[::1] data, Py_ssize_t i) except -2 nogil

cdef int _days(int month, int year) except -1 nogil

@cython.locals(k=Py_ssize_t)
cdef int _has(const unsigned char[::1] data, Py_ssize_t i, unsigned char[::1] word) except -1 nogil

@cython.locals(place=Py_ssize_t, end=Py_ssize_t)
cdef object _fill(list texts, int[::1] found)
