"""Every byte is accounted for."""

from __future__ import annotations

import pytest

from subak.analytics.logs.ledger import Count, Ledger, Tally


def tally(source: str, accepted: int, rejected: int, skipped: int, problem: str = "") -> Tally:
    made = Tally(source, "combined", problem=problem)
    for count, size in ((made.accepted, accepted), (made.rejected, rejected), (made.skipped, skipped)):
        count.add(1, size)
    return made


def test_sums_over_sources() -> None:
    ledger = Ledger([tally("a", 10, 5, 1), tally("b", 20, 0, 0, "it ended")])
    for one in ledger.tallies:
        one.close(one.accepted.bytes + one.rejected.bytes + one.skipped.bytes)
    assert ledger.bytes == 36
    assert [ledger.total(what) for what in ("accepted", "rejected", "skipped")] == [
        Count(2, 30),
        Count(2, 5),
        Count(2, 1),
    ]
    assert ledger.problems == ["b: it ended"]


@pytest.mark.parametrize("delivered", [15, 17])
def test_a_lost_byte_is_a_bug(delivered: int) -> None:
    with pytest.raises(AssertionError, match=f"{delivered} bytes came in, 16 are accounted for"):
        tally("a", 10, 5, 1).close(delivered)
