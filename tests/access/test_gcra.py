"""The allowance: never more than it says, and never less to whoever keeps to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.access.gcra import Limiter


def admitted(limiter: Limiter, times: list[float], consumer: str = "c") -> int:
    return sum(limiter.take(consumer, at) == 0 for at in times)


@pytest.mark.parametrize(
    ("rate", "burst", "times", "want"),
    [
        (1, 1, [0, 0, 0], 1),
        (1, 3, [0, 0, 0, 0], 3),
        (1, 3, [0, 0, 0, 1, 1], 4),
        (1, 1, [0, 0.5, 1.0, 1.5, 2.0], 3),
        (10, 1, [0, 0.1, 0.2, 0.3], 4),
        (1, 3, [100, 100, 100, 100], 3),
        (1, 3, [0, 1000, 1000, 1000, 1000], 4),
        (1, 0, [0, 0], 1),
        (0, 1, [0] * 50, 50),
    ],
)
def test_what_fits(rate: float, burst: int, times: list[float], want: int) -> None:
    assert admitted(Limiter(rate, burst), times) == want


def test_the_wait_is_what_it_takes_and_costs_nothing() -> None:
    limiter = Limiter(2, 1)
    assert limiter.take("c", 0) == 0
    assert [limiter.take("c", 0) for _ in range(10)] == [pytest.approx(0.5)] * 10
    assert limiter.take("c", 0.2) == pytest.approx(0.3)
    assert limiter.take("c", 0.5) == 0


def test_consumers_do_not_pay_for_each_other() -> None:
    limiter = Limiter(1, 1)
    assert limiter.take("a", 0) == 0
    assert limiter.take("b", 0) == 0
    assert limiter.take("a", 0) > 0


STEPS = st.lists(st.floats(0, 3), min_size=1, max_size=120)


@given(st.floats(0.1, 100), st.integers(1, 20), STEPS, st.floats(0, 1e7))
def test_never_more_than_burst_and_rate(rate: float, burst: int, steps: list[float], start: float) -> None:
    """In every window of t seconds at most burst + rate·t requests pass."""
    limiter, now, passed = Limiter(rate, burst), start, []
    for step in steps:
        now += step / rate
        if limiter.take("c", now) == 0:
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - passed[first]) + 1e-3


@given(st.floats(0.1, 100), st.integers(1, 20), STEPS)
def test_whoever_keeps_to_the_rate_is_never_refused(rate: float, burst: int, steps: list[float]) -> None:
    limiter, now = Limiter(rate, burst), 0.0
    for step in steps:
        assert limiter.take("c", now) == 0
        now += (1 + step) / rate


@given(st.floats(0.1, 100), st.integers(1, 20), STEPS)
def test_whoever_waits_as_told_is_let_in(rate: float, burst: int, steps: list[float]) -> None:
    limiter, now = Limiter(rate, burst), 0.0
    for step in steps:
        now += step / rate
        wait = limiter.take("c", now)
        if wait:
            now += wait
            assert limiter.take("c", now) == 0


def test_memory_is_bounded_and_forgetting_is_safe() -> None:
    limiter = Limiter(1, 1, remembered=10)
    limiter.take("steady", 99.5)
    for n in range(9):
        limiter.take(f"old-{n}", n)
    assert limiter.take("new", 99.5) == 0
    assert limiter.take("steady", 99.6) > 0  # still remembered
    assert len(limiter._due) == 2
    for n in range(100):
        limiter.take(f"busy-{n}", 99.6)
    assert len(limiter._due) <= 10
