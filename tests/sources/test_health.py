"""An upstream that keeps failing is left alone for a while."""

from __future__ import annotations

import pytest

from subak.sources.health import Health

A, B = "https://registry.example", "https://files.example"


def test_a_stranger_may_be_asked() -> None:
    assert Health(10).wait(A, 0) == 0


def test_a_few_failures_are_tolerated() -> None:
    health = Health(10, tolerated=3)
    health.failed(A, 0)
    health.failed(A, 0)
    assert health.wait(A, 0) == 0
    health.failed(A, 1)
    assert health.wait(A, 1) == 10
    assert health.wait(A, 4.5) == pytest.approx(6.5)
    assert health.wait(A, 11) == 0
    assert health.wait(B, 1) == 0


def test_after_the_pause_one_more_failure_suffices() -> None:
    health = Health(10, tolerated=2)
    health.failed(A, 0)
    health.failed(A, 0)
    assert health.wait(A, 20) == 0
    health.failed(A, 20)
    assert health.wait(A, 20) == 10


def test_one_success_forgives_all() -> None:
    health = Health(10, tolerated=2)
    health.failed(A, 0)
    health.succeeded(A)
    health.succeeded(B)
    health.failed(A, 0)
    assert health.wait(A, 0) == 0


@pytest.mark.parametrize(("asked", "waits"), [(7, 7), (300, 300), (86400, 300), (0, 0), (-5, 0)])
def test_a_pause_asked_for_is_kept_up_to_five_minutes(asked: float, waits: float) -> None:
    health = Health(10)
    health.failed(A, 100, asked)
    assert health.wait(A, 100) == waits


def test_memory_is_bounded() -> None:
    health = Health(10, tolerated=1)
    for n in range(3000):
        health.failed(f"https://{n}.example", 0)
    assert health.wait("https://2999.example", 0) == 10
    assert len(health._states) <= 1001
