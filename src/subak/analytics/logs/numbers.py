"""Numbers for keys and for texts, in the order in which they come. C types are in numbers.pxd; see `scan`."""

from __future__ import annotations

from array import array

import cython

COSTS = 32
"""Bytes of memory for each number, at most, but while a table grows."""
EARLY = 16
"""Rows by which memory is asked for before it is needed."""

if not cython.compiled:  # where it is, numbers.pxd has it in C

    def prefetch(place):
        """Nobody waits for memory here."""


class Numbers:
    """Dense numbers of 64-bit keys other than 0: a table with open addressing, at most two thirds full."""

    def __init__(self) -> None:
        self.count = 0
        self._full = 0xFFFFFFFFFFFFFFFF
        self._odd = 0x9E3779B97F4A7C15  # 2^64 by the golden ratio (Knuth, TAOCP 3, 6.4)
        self._keys = array("Q")
        self._found = array("I")
        self._resize(1 << 12)

    def make_room(self, more):
        """Be ready for as many new keys."""
        slots = len(self._keys)
        while 2 * slots < 3 * (self.count + more):
            slots *= 2
        if slots > len(self._keys):
            self._resize(slots)

    def _resize(self, slots):
        keys, found = self._keys, self._found
        self._keys = array("Q", bytes(8 * slots))
        self._found = array("I", bytes(4 * slots))
        self._mask = slots - 1
        for i in range(len(keys)):
            if keys[i]:
                place = self._place(keys[i])
                self._keys[place] = keys[i]
                self._found[place] = found[i]

    def _place(self, key):
        """Where a key is, or belongs."""
        mixed = (key * self._odd) & self._full
        place = (mixed ^ (mixed >> 32)) & self._mask
        while self._keys[place] != 0 and self._keys[place] != key:
            place = (place + 1) & self._mask
        return place

    def expect(self, key):
        """Have the memory brought up where a key is, or belongs, if there was no other in its place."""
        mixed = (key * self._odd) & self._full
        place = (mixed ^ (mixed >> 32)) & self._mask
        prefetch(cython.address(self._keys[place]))
        prefetch(cython.address(self._found[place]))

    def number(self, key):
        """The number of a key; `count` grows if it is new. There must be room."""
        place = self._place(key)
        if self._keys[place] == 0:
            self._keys[place] = key
            self._found[place] = self.count
            self.count += 1
        return self._found[place]


class Texts:
    """Numbers of one kind of text, and where in the block those stand that are new."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.first = 0
        self.starts = array("q")
        self.ends = array("q")
        self._last_key = self._last = 0

    @property
    def count(self):
        """How many texts have a number."""
        return self.numbers.count

    def begin(self, rows):
        """A block of at most so many lines is coming."""
        self.numbers.make_room(rows)
        self.first = self.numbers.count
        if len(self.starts) < rows:
            self.starts = array("q", bytes(8 * rows))
            self.ends = array("q", bytes(8 * rows))

    def number(self, key, start, end):
        """The number of the text whose hash and place in the block these are."""
        if key == self._last_key:  # requests come in bursts
            return self._last
        known = self.numbers.count
        number = self.numbers.number(key)
        if number == known:
            self.starts[number - self.first] = start
            self.ends[number - self.first] = end
        self._last_key = key
        self._last = number
        return number

    def number_all(self, keys, starts, ends, into, first, last):
        """The numbers of many texts go to the places from `first` to `last`."""
        rows = last - first
        for row in range(rows):
            if row + EARLY < rows:
                self.numbers.expect(keys[row + EARLY])
            into[first + row] = self.number(keys[row], starts[row], ends[row])

    def new(self, data):
        """Numbers and texts that came with the block."""
        found = []
        for i in range(self.numbers.count - self.first):
            found.append((self.first + i, data[self.starts[i] : self.ends[i]].decode("ascii")))
        return found


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
