"""Totals and presets against a count one request at a time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_brute as brute
from metrics_world import START, World, load, make, record
from subak.analytics.metrics.catalogue import MEASURES
from subak.analytics.metrics.run import measure

TOTALS = [name for name, m in MEASURES.items() if m.query == "totals"] + ["downloads_counter_like"]


def check(world: World) -> None:
    with load(world) as engine:
        found = measure(engine, *TOTALS)
    wanted = brute.totals(world.rows)
    for name in TOTALS:
        (row,) = found[name].rows
        value = wanted[name] if isinstance(wanted[name], tuple) else (wanted[name],)
        assert brute.same(row, value), name
        assert found[name].n == len(world.rows)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 120))
def test_totals_and_presets(seed: int, size: int) -> None:
    check(make(seed, size, days=0.02))


def test_totals_of_a_larger_log() -> None:
    check(make(1, 8_000))


def one(**values: Any) -> World:
    return several([values])


def several(facts: list[dict[str, Any]]) -> World:
    """Artifacts of one file and client, unless told otherwise."""
    basis = {"at": START, "kind": "artifact", "method": "GET", "status": 200, "sent": 10, "document": -1}
    world = make(0, 0)
    world.tables["streams"] = [
        record("streams", stream=n, software="pip", software_kind=kind, agent=0, purpose=purpose)
        for n, (kind, purpose) in enumerate([("installer", "dev-install"), ("mirror", "mirror"), ("library", "abuse")])
    ]
    world.tables["items"] = [record("items", item=n, kind="artifact") for n in range(2)]
    world.tables["facts"] = [record("facts", **(basis | f)) for f in facts]
    return World(world.tables)


@pytest.mark.parametrize(
    ("fact", "npm", "ruby", "rust", "counter"),
    [
        ({"ecosystem": "pypi"}, 1, 1, 1, 1),
        ({"ecosystem": "npm"}, 1, 1, 0, 1),
        ({"ecosystem": ""}, 1, 1, 0, 1),
        ({"status": 304, "ecosystem": "pypi"}, 0, 1, 0, 1),
        ({"method": ""}, 1, 1, 0, 1),
        ({"method": "HEAD"}, 0, 0, 0, 0),
        ({"status": 404}, 0, 0, 0, 0),
        ({"status": 0}, 0, 0, 0, 0),
        ({"kind": "metadata"}, 0, 0, 0, 0),
        ({"kind": "own"}, 0, 0, 0, 0),
        ({"status": 206}, 0, 0, 0, 1),
        ({"stream": 1, "ecosystem": "pypi"}, 1, 1, 0, 0),
        ({"stream": 2}, 1, 1, 0, 0),
    ],
)
def test_what_each_preset_counts(fact: dict[str, Any], npm: int, ruby: int, rust: int, counter: int) -> None:
    with load(one(**fact)) as engine:
        names = [f"downloads_{preset}_like" for preset in ("npm", "ruby", "rust", "counter")]
        assert [r.value() for r in measure(engine, *names).values()] == [npm, ruby, rust, counter]


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        ([0, 30, 60, 90], 1),  # each within 30 s of the one before
        ([0, 31], 2),
        ([0, 0, 0], 1),
        ([90, 0, 31], 3),
    ],
)
def test_repeats_collapse_while_none_is_more_than_30_seconds_apart(facts: list[int], counted: int) -> None:
    for order in (facts, facts[::-1], facts[1:] + facts[:1]):
        with load(several([{"at": START + t} for t in order])) as engine:
            assert measure(engine, "downloads_counter_like")["downloads_counter_like"].value() == counted


@pytest.mark.parametrize(
    ("parts", "counted"),
    [
        ([10, 10], 2),  # 20 of 30 bytes: only the whole download of another client counts, and nothing here
        ([10, 20], 3),
        ([30, 30, 30], 3),
        ([-1], 3),
    ],
)
def test_parts_count_once_an_hour_if_they_cover_the_file(parts: list[int], counted: int) -> None:
    facts = [{"status": 206, "sent": sent, "at": START + n} for n, sent in enumerate(parts)]
    facts += [{"client": 1, "sent": 30}, {"client": 2, "sent": 30}]
    with load(several(facts)) as engine:
        assert measure(engine, "downloads_counter_like")["downloads_counter_like"].value() == counted
