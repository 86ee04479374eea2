"""Repeats and what caches would spare, against caches that are played through one request at a time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_brute as brute
from metrics_world import World, load, make
from subak.analytics.metrics.run import bounded_cache, measure


def check(world: World, fresh: float) -> None:
    with load(world) as engine:
        found = measure(engine, "avoidable_files", "avoidable_documents", "repeat_factor", "shadow_share", fresh=fresh)
    rows = world.rows
    for name, played in (("avoidable_files", brute.files), ("avoidable_documents", brute.documents)):
        for r in found[name].dicts():
            more = (fresh,) if name == "avoidable_documents" else ()
            assert (r["requests"], r["bytes"], r["unsized"]) == played(rows, str(r["rung"]), *more), (name, r["rung"])
            assert brute.close(r["requests_share"], brute.share(int(r["requests"] or 0), len(rows)))
            assert brute.close(r["bytes_share"], brute.share(int(r["bytes"] or 0), sum(map(brute.size, rows))))
    for r in found["repeat_factor"].dicts():
        downloads, pairs = brute.repeats(rows, str(r["rung"]))
        assert brute.same(
            [r["downloads"], r["download_pairs"], r["repeat_factor"]], [downloads, pairs, brute.share(downloads, pairs)]
        )
    assert [r["rung"] for r in found["shadow_share"].dicts()] == ["consumer", "network"]
    for r in found["shadow_share"].dicts():
        units, downloads, direct = brute.shadow(rows, str(r["rung"]))
        assert brute.same(
            [r["units"], r["downloads"], r["direct"], r["share"]],
            [units, downloads, direct, brute.share(direct, downloads)],
        )


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 200), fresh=st.sampled_from([0.0, 1.0, 60.0, 600.0, 1e6]))
def test_waste(seed: int, size: int, fresh: float) -> None:
    check(make(seed, size, days=0.03), fresh)


@pytest.mark.parametrize("days", [0.5, 7.0])
def test_waste_of_a_larger_log(days: float) -> None:
    check(make(3, 8_000, days=days), 600.0)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 100), rung=st.sampled_from(list(brute.RUNGS)))
def test_a_cache_without_limit_is_the_ideal_one(seed: int, size: int, rung: str) -> None:
    world = make(seed, size)
    with load(world) as engine:
        spared = bounded_cache(engine, rung, 0)
    assert (spared.requests, spared.bytes + 0) == _known_sizes_only(world, rung)


def _known_sizes_only(world: World, rung: str) -> tuple[int, int]:
    requests, spared, _ = brute.files([r for r in world.rows if r["sent"] >= 0], rung)
    return requests, spared
