"""Maven's order of versions; the rows were answered by Maven's own resolver."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.maven.order import compare, highest, is_snapshot

ASCENDING = (
    "1-min", "1.0-alpha-1", "1.0-alpha-2", "1.0-beta-1", "1.0-b2", "1.0-milestone-1", "1.0-rc1", "1.0-SNAPSHOT",
    "1.0", "1.0-sp", "1.0-foo", "1.0-jre", "1.0.1-rc", "1.0.1", "1.1", "1.9", "1.10", "2", "10",
    "20040616", "12345678901234567890", "12345678901234567891",
)  # fmt: skip


def test_what_comes_first() -> None:
    for lower, higher in itertools.combinations(ASCENDING, 2):
        assert compare(lower, higher) < 0, (lower, higher)
        assert compare(higher, lower) > 0, (lower, higher)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0.0"), ("1.0-ga", "1.0"), ("1.0.Final", "1.0"), ("1.0-RELEASE", "1"), ("1.0-rc1", "1.0-CR1"),
        ("1a1", "1-alpha-1"), ("1..2", "1.0.2"), ("1_2", "1.2"), ("01.002", "1.2"), ("1.0-x", "1-x"), ("1.0.", "1.0"),
        ("1.0-X", "1.0-x"),
    ],
)  # fmt: skip
def test_what_is_the_same(one: str, other: str) -> None:
    assert compare(one, other) == 0


@pytest.mark.parametrize(
    ("left", "right", "sign"),
    [
        ("1-a", "1-alpha", 1), ("1.a2", "1.beta", -1), ("1.max", "1.9999", 1), ("1.max.1", "1.9999", -1),
        ("1-sp", "1-ga", 1), ("1.x", "1.0.1", -1), ("1-1", "1.1", 0), ("²", "3", -1), ("", "0", 0),
        ("sp", "1", -1), ("alpha", "0", 0), ("1.0-beta.2", "1.0-beta", 1), ("1-rc-0", "1-rc", 0),
    ],
)  # fmt: skip
def test_odd_ones(left: str, right: str, sign: int) -> None:
    found = compare(left, right)
    assert (found > 0) - (found < 0) == sign


PIECES = (
    "0", "1", "2", "10", "00", "a", "b", "alpha", "rc", "SNAPSHOT", "ga", "sp", "x", "min", "max", ".", "-", "_",
    "12345678901234",
)  # fmt: skip
VERSIONS = st.text(max_size=20) | st.lists(st.sampled_from(PIECES), max_size=7).map("".join)


@given(VERSIONS, VERSIONS)
def test_the_order_has_two_directions(one: str, other: str) -> None:
    there, back = compare(one, other), compare(other, one)
    assert (there > 0, there < 0) == (back < 0, back > 0)
    assert compare(one, one) == 0


def test_numbers_beyond_all_measure() -> None:
    assert compare("1." + "9" * 20_000, "1." + "9" * 19_999) > 0


def test_highest() -> None:
    assert highest(["1.9", "1.10", "1.10-rc1"]) == "1.10"
    assert highest(["1.0", "1.0.0"]) == "1.0.0", "of equal ones the last"
    assert highest([]) == ""


@pytest.mark.parametrize(
    ("version", "moving"),
    [("1.0-SNAPSHOT", True), ("SNAPSHOT", True), ("1.0", False), ("1.0SNAPSHOT", False), ("1-SNAPSHOT-x", False)],
)
def test_is_snapshot(version: str, moving: bool) -> None:
    assert is_snapshot(version) is moving
