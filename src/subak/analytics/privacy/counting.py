"""How many different clients there are among several registries: HyperLogLog registers over keyed numbers.

4096 bytes, one register a byte, that any program can read and no damaged file can break; a union is a maximum, so the
order of merging cannot matter. The estimator is the "improved raw" one of O. Ertl, "New cardinality estimation
algorithms for HyperLogLog sketches" (2017), which needs no table of corrections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

BITS: Final = 12
SIZE: Final = 1 << BITS
"""Registers. Few of them, since more would tell more about who is counted."""
HIGHEST: Final = 64 - BITS + 1
ERROR: Final = 1.04 / math.sqrt(SIZE)
"""One standard deviation of an estimate, as a part of it: 1.6 %."""
MOST: Final = 2.0**64
"""An estimate is never more: there are no more numbers."""
SURE: Final = 3
"""Standard deviations on either side of an interval."""


class Registers:
    """Remembers for each of 4096 groups of numbers the rarest one seen."""

    def __init__(self, values: bytes = bytes(SIZE)) -> None:
        """Raises ValueError for what no registers are."""
        if len(values) != SIZE or max(values) > HIGHEST:
            raise ValueError("no registers")
        self._values = bytearray(values)

    def add(self, numbers: Iterable[int]) -> None:
        """Count numbers of 64 bits; what was counted before does not count again."""
        values = self._values
        low = (1 << (64 - BITS)) - 1
        for number in numbers:
            place = number >> (64 - BITS)
            rank = HIGHEST - (number & low).bit_length()
            if rank > values[place]:
                values[place] = rank

    def holds(self, number: int) -> bool:
        """False: this number was certainly not counted. True says little: see docs/privacy.md."""
        low = (1 << (64 - BITS)) - 1
        return self._values[number >> (64 - BITS)] >= HIGHEST - (number & low).bit_length()

    def __or__(self, other: Registers) -> Registers:
        return Registers(bytes(map(max, self._values, other._values)))

    def __bytes__(self) -> bytes:
        return bytes(self._values)

    def estimate(self) -> float:
        """How many different numbers were counted."""
        counts = [0] * (HIGHEST + 1)
        for value in self._values:
            counts[value] += 1
        if counts[0] == SIZE:
            return 0.0
        z = SIZE * _tau(1 - counts[HIGHEST] / SIZE)
        for value in range(HIGHEST - 1, 0, -1):
            z = (z + counts[value]) / 2
        z += SIZE * _sigma(counts[0] / SIZE)
        return min(SIZE * SIZE / (2 * math.log(2) * z), MOST) if z else MOST

    def bounds(self) -> tuple[float, float]:
        """An interval that holds the true number in all but about three of a thousand cases."""
        found = self.estimate()
        return found / (1 + SURE * ERROR), found / (1 - SURE * ERROR)


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x *= x
        before = z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x = math.sqrt(x)
        before = z
        y /= 2
        z -= (1 - x) ** 2 * y
    return z / 3
