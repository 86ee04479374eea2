"""Combined and common lines byte by byte: where the fields of a line are beyond doubt, and which texts are new.

Cython compiles this module with the C types of scan.pxd where there is a C compiler (`hatch_build.py`): four to seven
million lines a second. As plain Python it serves tests only. A log is never trusted: the compiled code checks the
bounds of all that it writes; a block that it reads ends in a newline, at which no field goes on, and nothing is read
behind it.

What it takes of a line, `combined.combined` would understand alike; every other line is left to that one. Texts get
numbers by their hashes, see `hashing`.
"""

from __future__ import annotations

from array import array

import cython

from subak.analytics.logs import hashing, numbers, stamps
from subak.analytics.logs.fields import request

PLAIN = 1
"""Any printable ASCII character but quotes."""
NAME = 2
"""What an address or a host is made of."""
USER = 4
"""What a user's name is made of, where it is beyond doubt."""
CAPITAL = 8
"""Kinds of bytes, to be added up. Quotes, control characters and what is no ASCII have none."""

PAIR, LOWER, DIGIT, SUFFIX, LIST = 1, 2, 4, 8, 16
"""What a word behind the agent has: two capitals side by side, small letters, digits before `-` and `:`, either of
these two, `,` or `;`. What caches write (`fields.CACHE_WORDS`) has the first and neither the second nor the third."""

LONGEST_WORD = 64
MOST_WORDS = 4096
"""Different ones; more than that are no caches' words."""
LONGEST_NAME = 256
"""Bytes of an address or of a user."""
LONGEST_FIELD = 4096
"""Bytes of what is asked for, of an agent: so many the hash takes."""
STAMP = 26
"""Bytes of a time, see `stamps`."""
GET, FIRST, SECOND = b"GET /", b" HTTP/1.1", b" HTTP/2.0"
"""How most of what is asked for begins and ends."""
SHORTEST = 44
"""No line that is taken has fewer bytes."""


if not cython.compiled:  # where they are, scan.pxd has them in C

    def eight(data, i):
        return int.from_bytes(data[i : i + 8], "little")

    def equal(data, i, other, size):
        return data[i : i + size] == data[other : other + size]

    def zeros(word):
        return (word & -word).bit_length() - 1

    def clone(like, length, zero):
        return array(like.typecode, bytes(length * like.itemsize))


_TIMES, _SIZES, _HASHES, _NUMBERS = array("d"), array("q"), array("Q"), array("I")
_CODES, _WORDS = array("h"), array("H")
"""Of which kinds memory is asked for; it is not touched before it is needed."""


def _kinds():
    kinds = bytearray(256)
    for byte in range(0x20, 0x7F):
        character = chr(byte)
        if character == '"':
            continue
        kinds[byte] = PLAIN
        if character not in " \\[(":
            kinds[byte] |= USER
        if character.isalnum() or character in ".:-_":
            kinds[byte] |= NAME
        if character.isupper():
            kinds[byte] |= CAPITAL
    return kinds


class Scanner:
    """Reads block after block of logs and collects their requests, until somebody takes them away.

    A number in the column `asker` stands for a client, an agent and a user (0 none, else its number and 1), which
    `askers` tells; one in `what` for the text between the quotes; one in `word` (0 none, else its number and 1) for the
    only word behind the agent that a cache may have written. `at` is in Unix seconds, `sent` in bytes. Of the last
    block `lines` were understood, including those outside of the time, `size` bytes; `rows` requests wait.
    """

    def __init__(self, key, since, until):
        """`key`: 16 secret bytes. Requests outside of [since, until) get no row; Unix seconds, since >= 0."""
        self._hashing = hashing.Hash(key)
        self._since, self._until = since, until
        self._kinds = _kinds()
        self.clients, self.agents, self.users = numbers.Texts(), numbers.Texts(), numbers.Texts()
        self.asked, self.words = numbers.Texts(), numbers.Texts()
        self._tools, self._askers = numbers.Numbers(), numbers.Numbers()
        self._clock = stamps.Stamps()
        self._at, self._sent = array("d"), array("q")
        self._asker, self._what, self._status, self._word = array("I"), array("I"), array("h"), array("H")
        self._who, self._hashes, self._starts, self._stops = array("I"), array("Q"), array("q"), array("q")
        self.rows = self.lines = self.size = self._most = self._block = 0

    def _make_room(self, more):
        if len(self._at) < self.rows + more:
            kept = self.columns
            self._most = max(self._most, more + 2 * self.rows)
            self._at, self._sent = clone(_TIMES, self._most, False), clone(_SIZES, self._most, False)
            self._asker, self._what = clone(_NUMBERS, self._most, False), clone(_NUMBERS, self._most, False)
            self._status, self._word = clone(_CODES, self._most, False), clone(_WORDS, self._most, False)
            for name, column in self.columns.items():
                column[:] = kept[name]
        if len(self._hashes) < more:
            self._who = clone(_NUMBERS, 3 * more, False)
            self._hashes = clone(_HASHES, more, False)
            self._starts, self._stops = clone(_SIZES, more, False), clone(_SIZES, more, False)

    @property
    def memory(self):
        """Bytes that the numbers take, at most."""
        texts = self.clients.count + self.agents.count + self.users.count + self.asked.count
        return numbers.COSTS * (texts + self._tools.count + self._askers.count)

    @property
    def columns(self):
        """What waits: at, asker, what, status, sent, word."""
        found = {"at": memoryview(self._at), "asker": memoryview(self._asker), "what": memoryview(self._what)}
        found |= {"status": memoryview(self._status), "sent": memoryview(self._sent), "word": memoryview(self._word)}
        return {name: column[: self.rows] for name, column in found.items()}

    def take(self):
        """The columns, which are the caller's from now on; others begin."""
        columns = self.columns
        self._at = array("d")  # the others are as long and made anew with it
        self.rows = 0
        return columns

    def requests(self, data):
        """What was asked for the first time in the last block: the first one's number; where the text of each ends (0
        first) and their bytes, which the function `requests` reads."""
        if len(data) != self._block:
            raise ValueError("this is not the last block")
        return self.asked.first, *self.asked.laid(data)

    @property
    def askers(self):
        """Those that came with the last block: the first one's number; the client, agent and user of one after the
        other, for as long as no other block is read."""
        return self._known, memoryview(self._who)[: 3 * (self._askers.count - self._known)]

    def scan(self, data):
        """Read whole lines, each with its newline. Gives those in doubt: their place among the lines, from 0, and the
        offset of their first byte. Raises ValueError if the last one lacks its newline: reading would not stop."""
        if data and not data.endswith(b"\n"):
            raise ValueError("the last line lacks its newline")
        rows = len(data) // SHORTEST + 1
        for texts in (self.clients, self.agents, self.users, self.asked, self.words):
            texts.begin()
        self._known = self._askers.count
        self._make_room(rows)
        self._taken = self.rows
        self.lines = self.size = 0
        return self._scan(data, len(data), [])

    def _scan(self, data, size, doubtful):
        i, line = 0, 0
        self._block = size
        self._head_size = self._agent_start = self._agent_end = self._stamp = 0
        self._client = self._agent = self._asker_now = -1
        with cython.nogil:
            while i < size:
                end = self._line(data, i)
                if end < 0:
                    end = i
                    while data[end] != 10:
                        end += 1
                    end += 1
                    with cython.gil:
                        doubtful.append((line, i))
                else:
                    self.lines += 1
                    self.size += end - i
                i = end
                line += 1
            self.asked.number_all(self._hashes, self._starts, self._stops, self._what, self._taken, self.rows)
        return doubtful

    def _line(self, data, start):
        """Take the line that begins here: where the next one does, -1 if there is doubt.

        Requests come in bursts: where the client, the time or the agent is that of the last line, byte by byte, so is
        all that was found out about it.
        """
        self._cache = self._cache_end = 0
        if start + SHORTEST > self._block:
            return -1
        if self._head_size and self._same(data, start, self._head, self._head_size):
            i = start + self._head_size
        else:
            i = self._read_client(data, start)
            if i < 0:
                return -1
        if i + STAMP >= self._block:
            return -1
        if not self._stamp or not self._same(data, i, self._stamp, STAMP):
            time = self._clock.seconds(data, i)
            if time < 0:
                return -1
            self._time, self._stamp = time, i
        i = self._read_request(data, i + STAMP)
        if i < 0:
            return -1
        if data[i] == 32:
            i = self._read_agent(data, i)
            if i < 0:
                return -1
            while data[i] == 32:
                i = self._read_word(data, i + 1)
                if i < 0:
                    return -1
        elif self._agent_end:  # the last line had an agent
            self._agent_start = self._agent_end = 0
            self._agent = self._asker_now = -1
        if data[i] != 10:
            return -1
        if self._since <= self._time < self._until:
            self._add(data)
        return i + 1

    def _read_client(self, data, start):
        """`192.0.2.1 - - [`: the place behind it, -1 if there is doubt."""
        i = start
        dots = colons = 0
        while self._kinds[data[i]] & NAME:
            dots += data[i] == 46
            colons += data[i] == 58
            i += 1
        end = i
        if end - start > LONGEST_NAME or colons == 1 or dots + colons == 0:
            return -1
        if data[i] != 32 or data[i + 1] != 45 or data[i + 2] != 32:
            return -1
        i += 3
        user = i
        while self._kinds[data[i]] & USER:
            i += 1
        length = i - user
        null = length == 4 and data[i - 4] == 110 and data[i - 3] == 117
        if length == 0 or length > LONGEST_NAME or null or data[i] != 32 or data[i + 1] != 91:
            return -1
        self._client_end, self._user_start = end, user
        self._user_end = user if length == 1 and data[i - 1] == 45 else i
        self._head, self._head_size = start, i + 2 - start
        self._client = self._asker_now = -1
        return i + 2

    def _read_request(self, data, i):
        """`] "GET / HTTP/1.1" 200 5`: the place behind it, -1 if there is doubt."""
        if data[i] != 93 or data[i + 1] != 32 or data[i + 2] != 34:
            return -1
        i += 3
        self._target = i
        i = self._plain(data, i)
        self._target_end = i
        if data[i] != 34 or data[i + 1] != 32 or i - self._target > LONGEST_FIELD:
            return -1
        i += 2
        code = 0
        for _ in range(3):
            if data[i] < 48 or data[i] > 57:
                return -1
            code = 10 * code + data[i] - 48
            i += 1
        if code < 100 or data[i] != 32:
            return -1
        self._code = code
        i += 1
        sent = 0
        start = i
        if data[i] == 45:
            i += 1
        else:
            while data[i] >= 48 and data[i] <= 57 and i < start + 19:
                sent = 10 * sent + data[i] - 48
                i += 1
        self._bytes = sent
        return i if start < i < start + 19 and (data[i] == 10 or data[i] == 32) else -1

    def _read_agent(self, data, i):
        r"""` "-" "curl/8.5"`: the place behind it, -1 if there is doubt."""
        if data[i + 1] != 34:
            return -1
        i = self._plain(data, i + 2)
        if data[i] != 34 or data[i + 1] != 32 or data[i + 2] != 34:
            return -1
        i += 3
        size = self._agent_end - self._agent_start
        if self._agent_end and self._same(data, i, self._agent_start, size + 1):
            return i + size + 1
        start = i
        i = self._plain(data, i)
        while data[i] == 92:
            if data[i + 1] != 34 and self._kinds[data[i + 1]] == 0:
                return -1
            i = self._plain(data, i + 2)
        if data[i] != 34 or i - start > LONGEST_FIELD:
            return -1
        self._agent_start, self._agent_end = start, i
        self._agent = self._asker_now = -1
        return i + 1

    def _read_word(self, data, start):
        """A word behind the agent: the place behind it, -1 if a cache's word may be in it and it is not clear which."""
        i, seen = start, 0
        while data[i] != 32 and data[i] != 10:
            kind = self._kinds[data[i]]
            if kind == 0 and data[i] != 34:
                return -1
            if kind & CAPITAL:
                if self._kinds[data[i - 1]] & CAPITAL:
                    seen |= PAIR
            elif data[i] >= 97 and data[i] <= 122:
                seen |= LOWER
            elif data[i] == 45 or data[i] == 58:
                seen |= SUFFIX
            elif data[i] >= 48 and data[i] <= 57 and not seen & SUFFIX:
                seen |= DIGIT
            elif data[i] == 44 or data[i] == 59:
                seen |= LIST
            i += 1
        if seen & PAIR and not seen & (LOWER | DIGIT):
            if seen & LIST or self._cache_end or i - start > LONGEST_WORD or self.words.numbers.count >= MOST_WORDS:
                return -1
            self._cache, self._cache_end = start, i
        return i

    def _add(self, data):
        """Add a row for the line that was read."""
        if self._asker_now < 0:
            self._ask(data)
        row = self.rows
        self._at[row] = self._time
        self._asker[row] = self._asker_now
        place = row - self._taken
        self._hashes[place] = self._hashing.of(0, data, self._target, self._target_end)
        self._starts[place], self._stops[place] = self._target, self._target_end
        self._status[row] = self._code
        self._sent[row] = self._bytes
        self._word[row] = 0
        if self._cache_end:
            word = self._hashing.of(0, data, self._cache, self._cache_end)
            self._word[row] = 1 + self.words.number(word, self._cache, self._cache_end)
        self.rows = row + 1

    def _ask(self, data):
        """Find the number of who asks, by those of client, agent and user."""
        if self._client < 0:
            start, end = self._head, self._client_end
            self._client = self.clients.number(self._hashing.of(0, data, start, end), start, end)
            start, end = self._user_start, self._user_end
            self._user = 1 + self.users.number(self._hashing.of(0, data, start, end), start, end) if start < end else 0
        if self._agent < 0:
            start, end = self._agent_start, self._agent_end
            self._agent = self.agents.number(self._hashing.of(0, data, start, end), start, end)
        key = self._agent
        tool = self._tools.number(((key << 32) | self._user) + 1)
        key = self._client
        self._asker_now = self._askers.number(((key << 32) | tool) + 1)
        if self._asker_now >= self._known:
            k = 3 * (self._asker_now - self._known)
            self._who[k], self._who[k + 1], self._who[k + 2] = self._client, self._agent, self._user

    def _plain(self, data, i):
        """The first place from here on where no plain text goes on."""
        stops = _stops(self._word_at(data, i))
        while not stops:
            i += 8
            stops = _stops(self._word_at(data, i))
        return i + zeros(stops) // 8

    def _word_at(self, data, i):
        """Eight bytes, the first one lowest; behind the block, which has more than eight, there are zeros."""
        back = 0 if i + 8 <= self._block else i + 8 - self._block
        return eight(data, i - back) >> (8 * back)

    def _same(self, data, i, other, size):
        """Do the same bytes stand at both places?"""
        return i + size <= self._block and equal(data, i, other, size)


def _stops(word):
    """Where no plain text goes on: at a quote, a backslash, a control character and what is no ASCII.

    The highest bit of the first of eight bytes that is one of these is set, and no lower bit; what carries over or is
    borrowed goes upwards only (Warren, Hacker's Delight, 6-1).
    """
    each = 0x0101010101010101
    quotes, backslashes = word ^ (0x22 * each), word ^ (0x5C * each)
    found = (word | (word + each)) | ((word - 0x20 * each) & ~word)
    found |= ((quotes - each) & ~quotes) | ((backslashes - each) & ~backslashes)
    return found & (0x80 * each)


def _has(data, i, word):
    """Does the word stand there?"""
    for k in range(len(word)):
        if data[i + k] != word[k]:
            return 0
    return 1


def requests(ends, texts):
    """Methods, hosts and targets of what `Scanner.requests` gave. Raises ValueError for what it cannot have given."""
    methods, hosts, targets = [], [], []
    start = 0
    if len(ends) == 0 or ends[0] != 0 or ends[len(ends) - 1] != len(texts):
        raise ValueError("the texts end elsewhere")
    for i in range(1, len(ends)):
        end = ends[i]
        if end < start:
            raise ValueError("a text ends before it begins")
        get = end - start > 13 and _has(texts, start, GET)
        if get and (_has(texts, end - 9, FIRST) or _has(texts, end - 9, SECOND)):
            methods.append("GET")
            hosts.append("")
            targets.append(texts[start + 4 : end - 9].decode("ascii"))
        else:
            method, host, target = request(texts[start:end].decode("ascii"))
            methods.append(method)
            hosts.append(host)
            targets.append(target)
        start = end
    return methods, hosts, targets
