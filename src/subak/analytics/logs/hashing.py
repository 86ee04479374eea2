"""Hashes of texts by which these get numbers. C types are in hashing.pxd; see `scan`.

A hash of 64 bits that is strongly universal (multilinear hashing, Lemire and Kaser 2014): for whoever does not know the
secret key any two texts are one with a chance of 2^-64, whatever they are. That it happens among 100 million texts is
as likely as 1 to 4,000.
"""

from __future__ import annotations

from array import array
from hashlib import shake_128

import cython

LONGEST = 4096
"""Bytes of a text: so many the key has numbers for."""

if not cython.compiled:  # where it is, hashing.pxd has it in C

    def eight(data, i):
        return int.from_bytes(data[i : i + 8], "little")


class Hash:
    """The hash of texts with one key."""

    def __init__(self, key):
        """`key`: 16 secret bytes, of which SHAKE128 (FIPS 202) makes as many as the hash takes."""
        self._key = array("Q", shake_128(key).digest(16 * (LONGEST // 8 + 4)))

    def of(self, code, data, start, end):
        """The hash of a text of LONGEST bytes at most, and of a number with it.

        A secret number of 128 bits, others times the number, the length and each eight bytes, of which the last ones
        may be counted twice, modulo 2^128, and of that the upper half. It is never 0.
        """
        size, k, one = end - start, 3, 1
        total = self._key_at(0) + self._key_at(1) * size + self._key_at(2) * code
        for i in range(start, end - 7, 8):
            total += self._key_at(k) * eight(data, i)
            k += 1
        if size & 7:
            if size > 8:
                word = eight(data, end - 8)
            else:
                word = 0
                for i in range(size):
                    word |= (one * data[start + i]) << (8 * i)
            total += self._key_at(k) * word
        return _folded(total)

    def _key_at(self, k):
        high = self._key[2 * k + 1]
        return (high << 64) | self._key[2 * k]


def _folded(total):
    """The upper half of 128 bits, and 1 where that is 0."""
    full = 0xFFFFFFFFFFFFFFFF  # which C needs not to be told
    half = (total >> 64) & full
    return half if half else 1
