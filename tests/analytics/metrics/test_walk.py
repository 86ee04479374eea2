"""Caches walked in order, case by case and against a slower cache that is written down otherwise."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.metrics import walk
from subak.analytics.metrics.walk import Spared, again, bounded

ANYTIME = float("-inf")


def nobody(done: int) -> None:
    """Progress that nobody watches."""


def test_a_poll_every_five_minutes_is_spared_every_second_time() -> None:
    rows = [("address", 1, 1, 300.0 * n, 7) for n in range(10)]
    assert again(rows, 600.0) == {"address": Spared(requests=5, bytes=35)}


def test_a_chain_begins_anew_with_each_unit_document_and_rung() -> None:
    rows = [("address", 1, 1, 0.0, 5), ("address", 1, 2, 1.0, 5), ("address", 2, 1, 2.0, 5),
            ("consumer", 2, 1, 3.0, 5), ("consumer", 2, 1, 3.0, -1)]  # fmt: skip
    assert again(rows, 600.0) == {"address": Spared(), "consumer": Spared(requests=1, unsized=1)}


def test_nothing_gives_nothing() -> None:
    assert again([], 600.0) == {}
    assert bounded([], 10, warm_until=ANYTIME, progress=nobody) == Spared()


@pytest.mark.parametrize(("capacity", "requests"), [(0, 3), (3, 3), (2, 2), (1, 0)])
def test_the_least_recently_used_goes_first(capacity: int, requests: int) -> None:
    rows = [(0, float(n), item, 1) for n, item in enumerate([1, 2, 1, 3, 1, 2])]
    found = bounded(rows, capacity, warm_until=ANYTIME, progress=nobody)
    assert (found.requests, found.fetches) == (requests, 6)


def test_each_unit_has_its_own() -> None:
    assert bounded([(0, 0.0, 1, 5), (1, 1.0, 1, 5)], 0, warm_until=ANYTIME, progress=nobody).requests == 0


def test_a_warm_cache_has_seen_what_came_before() -> None:
    rows = [(0, 0.0, 1, 5), (0, 0.0, 1, 5), (0, 10.0, 1, 5), (0, 11.0, 2, 5), (0, 12.0, 2, -1)]
    found = bounded(rows, 0, warm_until=10.0, progress=nobody)
    assert found == Spared(requests=1, bytes=5, unsized=1, fetches=2, fetched_bytes=10)


def test_a_file_larger_than_the_cache_does_not_empty_it() -> None:
    rows = [(0, 0.0, 1, 5), (0, 1.0, 2, 50), (0, 2.0, 1, 5)]
    assert bounded(rows, 10, warm_until=ANYTIME, progress=nobody).requests == 1


def test_progress_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "REPORT_EVERY", 2)
    told: list[int] = []
    bounded([(0, 0.0, 1, 5)] * 5, 10, warm_until=ANYTIME, progress=told.append)
    assert told == [2, 4, 5]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 9)), max_size=80),
    st.integers(1, 30),
)
def test_it_spares_what_an_ordered_dictionary_spares(fetches: list[tuple[int, int, int]], capacity: int) -> None:
    rows = sorted((unit, float(n), item, item + 1) for n, (unit, item, _) in enumerate(fetches))
    wanted = 0
    for owner in {row[0] for row in rows}:
        cache: OrderedDict[int, int] = OrderedDict()
        for _, _, item, size in (row for row in rows if row[0] == owner):
            if item in cache:
                wanted += 1
                cache.move_to_end(item)
            elif size <= capacity:
                cache[item] = size
                while sum(cache.values()) > capacity:
                    cache.popitem(last=False)
    assert bounded(rows, capacity, warm_until=ANYTIME, progress=nobody).requests == wanted
