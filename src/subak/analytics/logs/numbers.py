"""Numbers for keys and for texts, in the order in which they come. C types are in numbers.pxd; see `scan`."""

from __future__ import annotations

from array import array

import cython

COSTS = 32
"""Bytes of memory for each number, at most, but while a table grows."""
FEWEST = 1024
"""Places in a table that is empty."""
EARLY = 16
"""Rows by which memory is asked for before it is needed."""

if not cython.compiled:  # where it is, numbers.pxd has it in C

    def prefetch(place):
        """Nobody waits for memory here."""

    def clone(like, length, zero):
        return array(like.typecode, bytes(length * like.itemsize))


_WORDS, _HALVES, _PLACES = array("Q"), array("I"), array("q")
"""Of which kinds memory is asked for."""


class Numbers:
    """Dense numbers of 64-bit keys other than 0: a table with open addressing, at most two thirds full.

    It is as large as it has to be: what is asked for most should be near (in the processor's cache).
    """

    def __init__(self) -> None:
        self.count = 0
        self._full = 0xFFFFFFFFFFFFFFFF
        self._odd = 0x9E3779B97F4A7C15  # 2^64 by the golden ratio (Knuth, TAOCP 3, 6.4)
        self._keys = array("Q")
        self._found = array("I")
        self._resize(FEWEST)

    def _resize(self, slots):
        keys, found = self._keys, self._found
        self._keys = clone(_WORDS, slots, True)
        self._found = clone(_HALVES, slots, False)
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
        """The number of a key; `count` grows if it is new."""
        place = self._place(key)
        if self._keys[place] == 0:
            if 2 * len(self._keys) < 3 * (self.count + 1):
                with cython.gil:
                    self._resize(2 * len(self._keys))
                place = self._place(key)
            self._keys[place] = key
            self._found[place] = self.count
            self.count += 1
        return self._found[place]


class Texts:
    """Numbers of one kind of text, and where in the block those stand that are new."""

    def __init__(self) -> None:
        self.numbers = Numbers()
        self.first = 0
        self.starts, self.ends = array("q", bytes(8 * FEWEST)), array("q", bytes(8 * FEWEST))
        self._last_key = self._last = 0

    @property
    def count(self):
        """How many texts have a number."""
        return self.numbers.count

    def begin(self):
        """Another block is coming."""
        self.first = self.numbers.count

    def number(self, key, start, end):
        """The number of the text whose hash and place in the block these are."""
        if key == self._last_key:  # requests come in bursts
            return self._last
        known = self.numbers.count
        number = self.numbers.number(key)
        if number == known:
            if number - self.first >= len(self.starts):
                with cython.gil:
                    self._make_room()
            self.starts[number - self.first] = start
            self.ends[number - self.first] = end
        self._last_key = key
        self._last = number
        return number

    def _make_room(self):
        """For twice as many texts as there are in the block."""
        starts, ends, size = self.starts, self.ends, len(self.starts)
        self.starts, self.ends = clone(_PLACES, 2 * size, False), clone(_PLACES, 2 * size, False)
        self.starts[:size], self.ends[:size] = starts, ends

    def number_all(self, keys, starts, ends, into, first, last):
        """The numbers of many texts go to the places from `first` to `last`."""
        rows = last - first
        for row in range(rows):
            if row + EARLY < rows:
                self.numbers.expect(keys[row + EARLY])
            into[first + row] = self.number(keys[row], starts[row], ends[row])

    def laid(self, data):
        """Of those that came with the block: where each ends, 0 first (Arrow's offsets), and their bytes."""
        ends, found = array("i", bytes(4 * (self.numbers.count - self.first + 1))), []
        self._lay(data, ends, found)
        return ends, b"".join(found)

    def _lay(self, data, ends, found):
        end = 0
        for i in range(self.numbers.count - self.first):
            found.append(data[self.starts[i] : self.ends[i]])
            end += self.ends[i] - self.starts[i]
            ends[i + 1] = end

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
