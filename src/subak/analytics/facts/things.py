"""Numbers for goods: which of them are the same file or document, which are of the same package.

Cython compiles this module with the C types of things.pxd where there is a C compiler (`hatch_build.py`); as plain
Python, which remembers the texts themselves, it takes about ten times as long. Compiled, texts that are longer than the
hash takes are hashed by BLAKE2b first.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b

import cython

from subak.analytics.logs import hashing, numbers

LONGEST = 4096
"""Bytes of a text, as in `hashing`."""
WAYS = 60_000
"""Different combinations of ecosystem, kind and method, at most; there are some hundred."""

if not cython.compiled:  # where it is, things.pxd has it in C

    def equal(data, i, other, size):
        return data[i : i + size] == data[other : other + size]


def _table():
    """For numbers of what `Things._text` gives."""
    return numbers.Numbers()


class Things:
    """Gives numbers, batch after batch.

    `ways` are triples of ecosystem, kind and method, by number. A text keeps its number until there are more than
    `most` numbers; they are forgotten then, `forgot` becomes true, and a text may have several numbers.
    """

    def __init__(self, key, kinds, most):
        """`key`: 16 secret bytes. `kinds`: those of files and documents; other goods are no things."""
        self._key, self._kinds, self._most = key, frozenset(kinds), most
        self._hashing = hashing.Hash(key)
        self._things, self._packages = _table(), _table()
        self._first_thing = self._first_package = 0
        self.forgot = False
        self.ways = []
        self._ways = _table()
        self._codes = {"": 0}
        self._thing_codes, self._package_codes = array("I", bytes(4 * WAYS)), array("I", bytes(4 * WAYS))
        self._way = 0

    def take(self, rows, ecosystems, kinds, keys, packages, methods, known):
        """Numbers for rows, by columns of texts: where each ends (0 first, numbers of 32 bits) and their bytes.

        Keys that are `known` are none of the others' even where they are written alike. Gives the columns way, thing
        and package (-1: none), and marks: 1 where a thing is told for the first time, 2 where a package is. Raises
        ValueError for columns that do not fit.
        """
        for ends, data in (ecosystems, kinds, keys, packages, methods):
            if len(ends) != rows + 1 or ends[0] != 0 or ends[rows] != len(data):
                raise ValueError("a column is not as long as it should be")
        if self._things.count + self._packages.count + rows > self._most and self._things.count:
            self._first_thing += self._things.count
            self._first_package += self._packages.count
            self._things, self._packages, self.forgot = _table(), _table(), True
        way, mark = array("H", bytes(2 * rows)), array("B", bytes(rows))
        thing, package = array("i", bytes(4 * rows)), array("i", bytes(4 * rows))
        self._find_ways(rows, ecosystems[0], ecosystems[1], kinds[0], kinds[1], methods[0], methods[1], way)
        self._find(rows, keys[0], keys[1], packages[0], packages[1], way, thing, package, mark, known)
        return way, thing, package, mark

    def _find_ways(self, rows, e_ends, e, k_ends, k, m_ends, m, way):
        """Most rows are in the way of the row before."""
        for row in range(rows):
            es, ks, ms = e_ends[row], k_ends[row], m_ends[row]
            el, kl, ml = e_ends[row + 1] - es, k_ends[row + 1] - ks, m_ends[row + 1] - ms
            if el < 0 or kl < 0 or ml < 0:
                raise ValueError("a text ends before it begins")
            same = (
                row > 0
                and el == es - e_ends[row - 1]
                and kl == ks - k_ends[row - 1]
                and ml == ms - m_ends[row - 1]
                and equal(e, es, es - el, el)
                and equal(k, ks, ks - kl, kl)
                and equal(m, ms, ms - ml, ml)
            )
            if not same:
                text = self._text(self._text(self._text(0, e, es, es + el), k, ks, ks + kl), m, ms, ms + ml)
                self._way = self._ways.number(text)
                if self._way == len(self.ways):
                    self._add_way(e[es : es + el], k[ks : ks + kl], m[ms : ms + ml])
            way[row] = self._way

    def _add_way(self, ecosystem, kind, method):
        told = (ecosystem.decode(), kind.decode(), method.decode())
        if self._way >= WAYS:
            raise ValueError("there are too many ecosystems")
        self.ways.append(told)
        thing = told[:2] if told[1] in self._kinds else ""
        self._thing_codes[self._way] = self._codes.setdefault(thing, len(self._codes))
        self._package_codes[self._way] = self._codes.setdefault((told[0],), len(self._codes))

    def _find(self, rows, k_ends, k, p_ends, p, way, thing, package, mark, known):
        for row in range(rows):
            start, end = k_ends[row], k_ends[row + 1]
            code = self._thing_codes[way[row]]
            thing[row] = package[row] = -1
            if end < start or p_ends[row + 1] < p_ends[row]:
                raise ValueError("a text ends before it begins")
            if code:
                before = self._things.count
                number = self._things.number(self._text(2 * code + known, k, start, end))
                thing[row] = self._first_thing + number
                mark[row] = number == before
            start, end = p_ends[row], p_ends[row + 1]
            code = self._package_codes[way[row]]
            if start < end:
                before = self._packages.count
                number = self._packages.number(self._text(code, p, start, end))
                package[row] = self._first_package + number
                mark[row] |= 2 * (number == before)

    def _text(self, code, data, start, end):
        """What stands for a text and a number."""
        if end - start <= LONGEST:
            return self._hashing.of(code, data, start, end)
        digest = blake2b(data[start:end], key=self._key, digest_size=32).digest()
        return self._hashing.of(code, digest, 0, 32)


if not cython.compiled:

    class _Listed:
        """Numbers of texts, which it keeps."""

        def __init__(self):
            self._known = {}

        @property
        def count(self):
            return len(self._known)

        def number(self, text):
            return self._known.setdefault(text, len(self._known))

    _table = _Listed

    def _kept(things, code, data, start, end):
        return code, bytes(data[start:end])

    Things._text = _kept
