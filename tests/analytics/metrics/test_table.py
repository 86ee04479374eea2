"""Tables by dimensions: they add up, hide small cells for good, and answer conditions."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics_world import START, World, load, make, record
from subak.analytics.metrics.catalogue import DIMENSIONS, SHOWN
from subak.analytics.metrics.table import Table, table
from subak.errors import BadRequest


def planted(cells: dict[str, int], *, each: int = 1, shared: bool = False) -> World:
    """A log with so many clients for each ecosystem, different ones unless `shared`."""
    world = make(0, 0)
    world.tables["streams"] = [record("streams", stream=0)]
    facts, client = [], 0
    for ecosystem, clients in cells.items():
        client = 0 if shared else client
        for _ in range(clients):
            facts += [record("facts", at=START, client=client, ecosystem=ecosystem, sent=10)] * each
            client += 1
    world.tables["facts"] = facts
    return World(world.tables)


def asked(world: World, *by: str, show: tuple[str, ...] = ("requests", "addresses"), **more: Any) -> Table:
    with load(world) as engine:
        return table(engine, by, show, **more)


@pytest.mark.parametrize(
    ("cells", "shown", "merged"),
    [
        ({"a": 50, "b": 20}, [("a", 50, 50), ("b", 20, 20)], 0),
        (
            {"a": 50, "b": 30, "c": 19},
            [("a", 50, 50), ("fewer than 20 clients", 49, 49)],
            2,
        ),  # else c is what is missing
        ({"a": 50, "b": 12, "c": 11}, [("a", 50, 50), ("fewer than 20 clients", 23, 23)], 2),
        ({"a": 50, "b": 3, "c": 2}, [("fewer than 20 clients", 55, 55)], 3),  # together still too few
        ({"a": 5, "b": 3}, [("fewer than 20 clients", None, None)], 2),
        ({"a": 5}, [("fewer than 20 clients", None, None)], 1),
        ({}, [], 0),
    ],
)
def test_small_cells_are_merged(cells: dict[str, int], shown: list[tuple[object, ...]], merged: int) -> None:
    found = asked(planted(cells), "ecosystem")
    assert (found.rows, found.merged) == (shown, merged)


def test_clients_that_two_small_cells_share_count_once() -> None:
    found = asked(planted({"a": 50, "b": 12, "c": 11}, shared=True), "ecosystem")
    assert found.rows == [("fewer than 20 clients", 73, 50)]


def test_a_total_of_few_clients_is_hidden_too_and_of_none_is_not() -> None:
    assert asked(planted({"a": 3})).rows == [(None, None)]
    assert asked(planted({})).rows == [(0, 0)]
    assert asked(planted({"a": 3}), k=3).rows == [(3, 3)]


def test_nothing_is_merged_if_so_asked() -> None:
    assert asked(planted({"a": 2, "b": 3}), "ecosystem", k=0).rows == [("b", 3, 3), ("a", 2, 2)]


def test_the_limit_says_what_it_left_out() -> None:
    found = asked(planted({"a": 20, "b": 30, "c": 40, "d": 5, "e": 5, "f": 15}), "ecosystem", limit=1)
    assert [r[0] for r in found.rows] == ["c", "fewer than 20 clients"]
    assert (found.merged, found.left_out) == (3, 2)
    assert found.dicts()[0] == {"ecosystem": "c", "requests": 40, "addresses": 40}


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_answers_and_can_be_asked_for_again(dimension: str) -> None:
    with load(make(31, 400)) as engine:
        cells = table(engine, [dimension], ["requests"], k=0)
        value, requests = cells.rows[0]
        written = "'" + str(value).lower().replace("'", "''") + "'" if isinstance(value, bool) else f"'{value}'"
        again = table(engine, [], ["requests"], where=f"{dimension} = {written}", k=0)
        other = table(engine, [], ["requests"], where=f"not {dimension} in ({written})", k=0)
        ((whole,),) = table(engine, [], ["requests"], k=0).rows
    assert again.rows == [(requests,)]
    assert int(other.rows[0][0] or 0) + int(requests or 0) == whole


def test_times_come_in_order() -> None:
    with load(make(32, 500)) as engine:
        days = [row[0] for row in table(engine, ["day"], ["requests"], k=0).rows]
    assert days == sorted(days)
    assert days[0] == "2026-09-21"


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(0, 300),
    st.integers(1, 30),
    st.sampled_from([("ecosystem",), ("software", "status"), ("purl",), ("day", "origin")]),
)
def test_what_is_shown_hides_few_clients_and_adds_up(seed: int, size: int, k: int, by: tuple[str, ...]) -> None:
    world = make(seed, size)
    with load(world) as engine:
        found = table(engine, by, ["requests", "bytes"], k=k)
        every = table(engine, by, ["requests", "addresses"], k=0).dicts()
    clients: dict[tuple[object, ...], object] = defaultdict(int)
    for row in every:
        clients[tuple(row[d] for d in by)] = row["addresses"]
    visible = found.rows[:-1] if found.merged else found.rows
    none = 1 if any(r["client"] < 0 for r in world.rows) else 0  # requests without an address count as one more client
    assert all(int(str(clients[row[: len(by)]])) + none >= k for row in visible)
    assert len(visible) + found.merged == len(every)
    assert found.merged != 1 or len(every) == 1
    if all(row[-1] is not None for row in found.rows):
        assert sum(int(str(row[-2])) for row in found.rows) == len(world.rows)


@pytest.mark.parametrize(
    ("by", "show", "more", "said"),
    [
        (["ecosytem"], ["requests"], {}, "did you mean 'ecosystem'"),
        ([], ["top_share"], {}, "no measure of a table 'top_share'"),
        ([], [], {}, "at least one measure"),
        (["kind", "kind"], ["requests"], {}, "once"),
        ([], ["requests"], {"k": -1}, "below 0"),
        ([], ["requests"], {"where": "kind ="}, "expected a value"),
    ],
)
def test_what_means_nothing_is_refused(by: list[str], show: list[str], more: dict[str, Any], said: str) -> None:
    with load(make(0, 0)) as engine, pytest.raises(BadRequest, match=said):
        table(engine, by, show, **more)


def test_every_measure_of_a_table_answers() -> None:
    with load(make(33, 300)) as engine:
        assert len(table(engine, ["kind"], list(SHOWN), k=0).columns) == len(SHOWN) + 1
