"""Registers count what they should, in any order, and agree with a library that others use."""

from __future__ import annotations

import math
import random

import datasketches
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.privacy.counting import ERROR, HIGHEST, SIZE, Registers

NUMBERS = st.integers(0, 2**64 - 1)


def many(count: int, seed: int = 1) -> list[int]:
    chance = random.Random(seed)
    return [chance.getrandbits(64) for _ in range(count)]


@pytest.mark.parametrize("count", [0, 1, 10, 100, 1000, 4096, 20_000, 200_000])
def test_estimates_are_near(count: int) -> None:
    registers = Registers()
    registers.add(many(count))
    assert abs(registers.estimate() - count) <= 3 * ERROR * count
    low, high = registers.bounds()
    assert low <= count <= high


def test_estimates_are_as_good_as_the_librarys() -> None:
    ours, theirs = [], []
    for seed in range(12):
        registers, other = Registers(), datasketches.hll_sketch(12)
        numbers = many(30_000, seed)
        registers.add(numbers)
        for number in numbers:
            other.update(number)
        ours.append(registers.estimate() / 30_000 - 1)
        theirs.append(other.get_estimate() / 30_000 - 1)
    assert max(map(abs, ours)) < 3 * ERROR
    assert math.fsum(x * x for x in ours) < 4 * math.fsum(x * x for x in theirs) + ERROR**2


@given(st.lists(NUMBERS, max_size=40), st.lists(NUMBERS, max_size=40))
def test_a_union_is_both_in_any_order(some: list[int], more: list[int]) -> None:
    one, two, both = Registers(), Registers(), Registers()
    one.add(some)
    two.add(more)
    both.add([*more, *some, *more])
    assert bytes(one | two) == bytes(two | one) == bytes(both) == bytes(both | one)
    assert all(both.holds(number) for number in (*some, *more))


@given(NUMBERS)
def test_one_number_sets_one_register(number: int) -> None:
    registers = Registers()
    registers.add([number])
    rest = f"{number:064b}"[12:]
    want = [0] * SIZE
    want[number >> 52] = len(rest) - len(rest.lstrip("0")) + 1
    assert list(bytes(registers)) == want
    assert not Registers().holds(number)


@pytest.mark.parametrize("values", [b"", bytes(SIZE - 1), bytes(SIZE + 1), bytes([HIGHEST + 1]) * SIZE])
def test_what_no_registers_are(values: bytes) -> None:
    with pytest.raises(ValueError, match="registers"):
        Registers(values)


@pytest.mark.parametrize("value", [1, HIGHEST - 1, HIGHEST])
def test_extreme_registers_are_numbers_too(value: int) -> None:
    assert Registers(bytes([value]) * SIZE).estimate() > 0
