"""Combined and common lines byte by byte: where the fields of a line are beyond doubt, and which texts are new.

Cython compiles this module with the C types of scan.pxd where there is a C compiler (`hatch_build.py`): two million
lines a second. As plain Python it serves tests only. A log is never trusted: the compiled code checks bounds, too.

What it takes of a line, `combined.combined` would understand alike; every other line is left to that one. Texts get
numbers by their SipHash-1-3 under a secret key (Aumasson and Bernstein 2012), so nobody can make two texts one on
purpose; that it happens by chance among 100 million texts is as likely as 1 to 4,000.
"""

from __future__ import annotations

from array import array

import cython

from subak.analytics.logs import numbers
from subak.analytics.logs.fields import request

PLAIN = 1
"""Any printable ASCII character but those of the next three kinds."""
SPACE = 2
BACKSLASH = 4
NAME = 8
"""What an address or a host is made of."""
USER = 16
"""What a user's name is made of, where it is beyond doubt."""
CAPITAL = 32
"""Kinds of bytes, to be added up. Quotes, control characters and what is no ASCII have none: no field goes on there."""

PAIR, LOWER, DIGIT, SUFFIX, LIST = 1, 2, 4, 8, 16
"""What a word behind the agent has: two capitals side by side, small letters, digits before `-` and `:`, either of
these two, `,` or `;`. What caches write (`fields.CACHE_WORDS`) has the first and neither the second nor the third."""

LONGEST_WORD = 64
MOST_WORDS = 4096
"""Different ones; more than that are no caches' words."""
LONGEST_USER = 256
STAMP = 26
"""Bytes of `05/Oct/2026:08:00:06 +0200`."""
SHORTEST = 45
"""No line that is taken has fewer bytes."""


def _kinds():
    kinds = bytearray(256)
    for byte in range(0x20, 0x7F):
        character = chr(byte)
        if character == '"':
            continue
        kinds[byte] = {" ": SPACE, "\\": BACKSLASH}.get(character, PLAIN)
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
        first, second = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:16], "little")
        initial = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
        self._key = array("Q", [half ^ word for half, word in zip((first, second) * 2, initial, strict=True)])
        self._since, self._until = since, until
        self._kinds, self._stamp = _kinds(), bytearray(STAMP)
        self._months = bytearray(b"JanFebMarAprMayJunJulAugSepOctNovDec")
        self._get, self._protocol = bytearray(b"GET /"), bytearray(b" HTTP/1.1")
        self.clients, self.agents, self.users = numbers.Texts(), numbers.Texts(), numbers.Texts()
        self.asked, self.words = numbers.Texts(), numbers.Texts()
        self._tools, self._askers = numbers.Numbers(), numbers.Numbers()
        self._at, self._sent = array("d"), array("q")
        self._asker, self._what, self._status, self._word = array("I"), array("I"), array("h"), array("H")
        self._who, self._hashes, self._starts, self._stops = array("I"), array("Q"), array("q"), array("q")
        self.rows = self.lines = self.size = self._most = 0

    def _make_room(self, more):
        if len(self._at) < self.rows + more:
            kept = self.columns
            self._most = max(self._most, more + 2 * self.rows)
            self._at, self._sent = array("d", bytes(8 * self._most)), array("q", bytes(8 * self._most))
            self._asker, self._what = array("I", bytes(4 * self._most)), array("I", bytes(4 * self._most))
            self._status, self._word = array("h", bytes(2 * self._most)), array("H", bytes(2 * self._most))
            for name, column in self.columns.items():
                column[:] = kept[name]
        if len(self._hashes) < more:
            self._who = array("I", bytes(12 * more))
            self._hashes = array("Q", bytes(8 * more))
            self._starts, self._stops = array("q", bytes(8 * more)), array("q", bytes(8 * more))

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
        """What was asked for the first time in the last block: the first one's number; methods, hosts and targets."""
        methods, hosts, targets = [], [], []
        first = self.asked.first
        for i in range(self.asked.count - first):
            start, end = self.asked.starts[i], self.asked.ends[i]
            if end - start > 13 and _has(data, start, self._get) and _has(data, end - 9, self._protocol):
                methods.append("GET")
                hosts.append("")
                targets.append(data[start + 4 : end - 9].decode("ascii"))
            else:
                method, host, target = request(data[start:end].decode("ascii"))
                methods.append(method)
                hosts.append(host)
                targets.append(target)
        return first, methods, hosts, targets

    @property
    def askers(self):
        """Those that came with the last block: number, client, agent, user."""
        who, known = memoryview(self._who), self._known
        return [(known + i, who[3 * i], who[3 * i + 1], who[3 * i + 2]) for i in range(self._askers.count - known)]

    def scan(self, data):
        """Read whole lines, each with its newline. Gives those in doubt: their place among the lines, from 0, and the
        offset of their first byte."""
        rows = len(data) // SHORTEST + 1
        for texts in (self.clients, self.agents, self.users, self.asked, self.words):
            texts.begin(rows)
        self._tools.make_room(rows)
        self._askers.make_room(rows)
        self._known = self._askers.count
        self._make_room(rows)
        self._taken = self.rows
        self.lines = self.size = 0
        return self._scan(data, [])

    def _scan(self, data, doubtful):
        i, line, size = 0, 0, len(data)
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
            # In a loop of its own: the processor then waits for the memory of several rows at once.
            for row in range(self._taken, self.rows):
                i = row - self._taken
                self._what[row] = self.asked.number(self._hashes[i], self._starts[i], self._stops[i])
        return doubtful

    def _line(self, data, start):
        """Take the line that begins here: where the next one does, -1 if there is doubt.

        No field goes on at a newline, and there is one: nothing is read behind the block.
        """
        self._agent = self._agent_end = self._cache = self._cache_end = 0
        i = self._read_client(data, start)
        if i < 0:
            return -1
        for k in range(STAMP):
            if data[i + k] != self._stamp[k]:
                if not self._read_time(data, i):
                    return -1
                break
        i = self._read_request(data, i + STAMP)
        if i < 0:
            return -1
        if data[i] != 10:
            i = self._read_agent(data, i)
            if i < 0 or data[i] != 10:
                return -1
        if self._since <= self._time < self._until:
            self._add(data, start)
        return i + 1

    def _read_client(self, data, i):
        """`192.0.2.1 - - [`: the place behind it, -1 if there is doubt."""
        dots = colons = 0
        while self._kinds[data[i]] & NAME:
            dots += data[i] == 46
            colons += data[i] == 58
            i += 1
        self._client_end = i
        if colons == 1 or dots + colons == 0 or data[i] != 32 or data[i + 1] != 45 or data[i + 2] != 32:
            return -1
        i += 3
        self._user = i
        while self._kinds[data[i]] & USER:
            i += 1
        length = i - self._user
        null = length == 4 and data[i - 4] == 110 and data[i - 3] == 117
        if length == 0 or length > LONGEST_USER or null or data[i] != 32 or data[i + 1] != 91:
            return -1
        self._user_end = self._user if length == 1 and data[i - 1] == 45 else i
        return i + 2

    def _read_request(self, data, i):
        """`] "GET / HTTP/1.1" 200 5`: the place behind it, -1 if there is doubt."""
        if data[i] != 93 or data[i + 1] != 32 or data[i + 2] != 34:
            return -1
        i += 3
        kinds = self._kinds
        self._target = i
        while kinds[data[i]] & (PLAIN | SPACE):
            i += 1
        self._target_end = i
        if data[i] != 34 or data[i + 1] != 32:
            return -1
        i += 2
        self._code = 0
        for k in range(3):
            if data[i + k] < 48 or data[i + k] > 57:
                return -1
            self._code = 10 * self._code + data[i + k] - 48
        if self._code < 100 or data[i + 3] != 32:
            return -1
        i += 4
        self._bytes = 0
        if data[i] == 45:
            return i + 1 if data[i + 1] == 10 or data[i + 1] == 32 else -1
        start = i
        while data[i] >= 48 and data[i] <= 57 and i < start + 19:
            self._bytes = 10 * self._bytes + data[i] - 48
            i += 1
        return i if start < i < start + 19 and (data[i] == 10 or data[i] == 32) else -1

    def _read_agent(self, data, i):
        r"""` "-" "curl/8.5"` and what follows: the place of the newline, -1 if there is doubt."""
        if data[i] != 32 or data[i + 1] != 34:
            return -1
        i += 2
        kinds = self._kinds
        while kinds[data[i]] & (PLAIN | SPACE):
            i += 1
        if data[i] != 34 or data[i + 1] != 32 or data[i + 2] != 34:
            return -1
        i += 3
        self._agent = i
        while kinds[data[i]]:
            if data[i] == 92:
                i += 1
                if data[i] != 34 and kinds[data[i]] == 0:
                    return -1
            i += 1
        self._agent_end = i
        if data[i] != 34:
            return -1
        i += 1
        while data[i] == 32:
            i = self._read_word(data, i + 1)
            if i < 0:
                return -1
        return i

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

    def _add(self, data, start):
        """Add a row for the line that was read."""
        client = self.clients.number(self._hash(data, start, self._client_end), start, self._client_end)
        agent = self.agents.number(self._hash(data, self._agent, self._agent_end), self._agent, self._agent_end)
        user = 0
        if self._user_end > self._user:
            user = 1 + self.users.number(self._hash(data, self._user, self._user_end), self._user, self._user_end)
        tool = self._tools.number(((agent << 32) | user) + 1)
        asker = self._askers.number(((client << 32) | tool) + 1)
        if asker >= self._known:
            k = 3 * (asker - self._known)
            self._who[k], self._who[k + 1], self._who[k + 2] = client, agent, user
        row = self.rows
        self._at[row] = self._time
        self._asker[row] = asker
        place = row - self._taken
        self._hashes[place] = self._hash(data, self._target, self._target_end)
        self._starts[place], self._stops[place] = self._target, self._target_end
        self._status[row] = self._code
        self._sent[row] = self._bytes
        self._word[row] = 0
        if self._cache_end:
            word = self._hash(data, self._cache, self._cache_end)
            self._word[row] = 1 + self.words.number(word, self._cache, self._cache_end)
        self.rows = row + 1

    def _read_time(self, data, i):
        """Set the time from `05/Oct/2026:08:00:06 +0200`; 0 if that is no time of 1970 or later."""
        for k in range(STAMP):
            if data[i + k] == 10:
                return 0
        month = 0
        while month < 12 and (
            data[i + 3] != self._months[3 * month]
            or data[i + 4] != self._months[3 * month + 1]
            or data[i + 5] != self._months[3 * month + 2]
        ):
            month += 1
        if data[i + 2] != 47 or data[i + 6] != 47 or data[i + 11] != 58 or data[i + 14] != 58 or data[i + 17] != 58:
            return 0
        if data[i + 20] != 32 or (data[i + 21] != 43 and data[i + 21] != 45):
            return 0
        day, century, rest = _two(data, i), _two(data, i + 7), _two(data, i + 9)
        year = 100 * century + rest
        hour, minute, second = _two(data, i + 12), _two(data, i + 15), _two(data, i + 18)
        hours, minutes = _two(data, i + 22), _two(data, i + 24)
        if month == 12 or century < 19 or rest < 0 or day < 1 or day > _days(month, year):
            return 0
        if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
            return 0
        if hours < 0 or hours > 14 or minutes < 0 or minutes > 59:
            return 0
        # Days since 1970 of a year that begins in March (Hinnant, chrono-compatible low-level date algorithms).
        years = year - (month < 2)
        days = years * 365 + years // 4 - years // 100 + years // 400
        days += (153 * ((month + 10) % 12) + 2) // 5 + day - 1 - 719468
        east = 3600 * hours + 60 * minutes
        time = days * 86400 + hour * 3600 + minute * 60 + second + (east if data[i + 21] == 45 else -east)
        if time < 0:
            return 0
        self._time = time
        for k in range(STAMP):
            self._stamp[k] = data[i + k]
        return 1

    def _hash(self, data, start, end):
        """SipHash-1-3, and 1 where that is 0."""
        full = 0xFFFFFFFFFFFFFFFF  # which C needs not to be told
        v0, v1, v2, v3 = self._key[0], self._key[1], self._key[2], self._key[3]
        words = (end - start) // 8
        i = start
        for step in range(words + 4):  # all words, the rest with the length, three rounds more
            word = 0
            if step < words:
                if cython.compiled:  # a word is inside: its end is at most `end`, in front of a newline
                    word = cython.cast(cython.pointer(cython.ulonglong), cython.address(data[i]))[0]
                else:
                    word = int.from_bytes(data[i : i + 8], "little")
                i += 8
            elif step == words:
                word = (end - start) & 255
                word <<= 56
                for k in range(end - i):
                    byte = data[i + k]
                    word |= byte << (8 * k)
            elif step == words + 1:
                v2 ^= 255
            v3 ^= word
            v0 = (v0 + v1) & full
            v1 = (((v1 << 13) & full) | (v1 >> 51)) ^ v0
            v0 = ((v0 << 32) & full) | (v0 >> 32)
            v2 = (v2 + v3) & full
            v3 = (((v3 << 16) & full) | (v3 >> 48)) ^ v2
            v0 = (v0 + v3) & full
            v3 = (((v3 << 21) & full) | (v3 >> 43)) ^ v0
            v2 = (v2 + v1) & full
            v1 = (((v1 << 17) & full) | (v1 >> 47)) ^ v2
            v2 = ((v2 << 32) & full) | (v2 >> 32)
            v0 ^= word
        v0 ^= v1 ^ v2 ^ v3
        return v0 if v0 else 1


def _two(data, i):
    """A number of two digits, -1 if it is none."""
    if data[i] < 48 or data[i] > 57 or data[i + 1] < 48 or data[i + 1] > 57:
        return -1
    return 10 * data[i] + data[i + 1] - 528


def _days(month, year):
    """Days of a month, from 0."""
    if month == 1:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 3 or month == 5 or month == 8 or month == 10 else 31


def _has(data, i, word):
    """Does the word stand there?"""
    for k in range(len(word)):
        if data[i + k] != word[k]:
            return 0
    return 1


def ends(texts):
    """0, then the characters up to the end of each text if all are laid side by side (Arrow's offsets)."""
    found = array("i", bytes(4 * (len(texts) + 1)))
    return _fill(texts, found)


def _fill(texts, found):
    end = 0
    for place in range(len(texts)):
        end += len(texts[place])
        found[place + 1] = end
    return found
