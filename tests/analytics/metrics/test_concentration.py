"""Top shares, Gini, Lorenz points and shares of networks against a count one request at a time."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_brute as brute
from metrics_world import START, World, load, make, record
from subak.analytics.metrics.run import measure

NAMES = ("top_share", "top_share_daily", "gini", "lorenz", "provider_share", "origin_share")


def check(world: World, p: Fraction) -> None:
    with load(world) as engine:
        found = {name: r.dicts() for name, r in measure(engine, *NAMES, p=float(p)).items()}
    for rung in brute.RUNGS:
        units = brute.weights(world.rows, rung)
        for n, weight in enumerate(("requests", "bytes")):
            values = [v[n] for v in units.values()]
            here = {
                k: [r for r in rows if r.get("rung") == rung and r.get("weight") == weight] for k, rows in found.items()
            }
            if not values:
                assert not any(here.values())
                continue
            (top,) = here["top_share"]
            assert brute.same([top["units"], top["top_units"], top["share"]], brute.top_share(values, p))
            assert brute.close(here["gini"][0]["gini"], brute.gini(values))
            assert brute.same([r["share"] for r in here["lorenz"]], brute.lorenz(values))
            days = {int(r["at"] // 86400) for r in world.rows if r[brute.RUNGS[rung]] >= 0}
            assert [r["day"] for r in here["top_share_daily"]] == sorted(days)
            for r in here["top_share_daily"]:
                of_day = [x for x in world.rows if int(x["at"] // 86400) == r["day"]]
                value = [v[n] for v in brute.weights(of_day, rung).values()]
                assert brute.same([r["units"], r["top_units"], r["share"]], brute.top_share(value, p))
    for name, column in (("provider_share", 5), ("origin_share", 6)):
        wanted = brute.by_network(world, column)
        assert {
            r["value"]: tuple(r[c] for c in ("addresses", "requests", "downloads", "bytes")) for r in found[name]
        } == wanted
        sums = [sum(v[n] for v in wanted.values()) for n in range(4)]
        for r in found[name]:
            addresses, _, downloads, _ = wanted[str(r["value"])]
            shares = brute.share(addresses, sums[0]), brute.share(downloads, sums[2])
            amplification = None if None in shares else brute.share(shares[1] or 0, shares[0] or 0)
            assert brute.same(
                [r["addresses_share"], r["downloads_share"], r["amplification"]], [*shares, amplification]
            )


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 150), p=st.integers(1, 100))
def test_concentration(seed: int, size: int, p: int) -> None:
    check(make(seed, size), Fraction(p, 100))


def test_concentration_of_a_larger_log() -> None:
    check(make(2, 8_000, clients=3_000), Fraction(1, 100))


def even(clients: int) -> World:
    world = make(0, 0)
    world.tables["streams"] = [record("streams", stream=0)]
    world.tables["facts"] = [record("facts", at=START, client=n, sent=7) for n in range(clients)]
    return World(world.tables)


@pytest.mark.parametrize(
    ("clients", "p", "top"), [(100, 0.07, 7), (300, 0.01, 3), (301, 0.01, 4), (1, 0.01, 1), (3, 1.0, 3), (200, 1e-9, 1)]
)
def test_the_ceiling_is_taken_in_whole_numbers(clients: int, p: float, top: int) -> None:
    with load(even(clients)) as engine:
        found = measure(engine, "top_share", "gini", p=p)
    (row,) = [r for r in found["top_share"].dicts() if (r["rung"], r["weight"]) == ("address", "requests")]
    assert (row["top_units"], row["share"]) == (top, pytest.approx(top / clients))
    assert all(
        math.isclose(float(r["gini"] or 0), 0, abs_tol=1e-9) for r in found["gini"].dicts() if r["rung"] == "address"
    )


def test_sums_of_huge_sizes_do_not_overflow() -> None:
    world = make(0, 0)
    world.tables["streams"] = [record("streams", stream=0)]
    world.tables["facts"] = [record("facts", at=START, client=n, sent=2**52) for n in range(4_000)]
    with load(World(world.tables)) as engine:
        found = measure(engine, "bytes", "top_share", "gini", p=0.5)
    assert found["bytes"].value() == 4_000 * 2**52
    assert {r["share"] for r in found["top_share"].dicts() if r["rung"] == "address"} == {0.5}
