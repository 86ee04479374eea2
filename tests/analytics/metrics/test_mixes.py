"""Mixes, rates, versions, coverage and publishing against a count one request at a time."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metrics_brute as brute
from metrics_world import START, World, load, make
from subak.analytics.metrics.run import measure

MIXES = {
    "class_share": "purpose",
    "ecosystem_mix": "ecosystem",
    "software_mix": "software",
    "software_kind_mix": "software_kind",
}
OTHERS = ("request_rate", "distinct", "version_breadth", "catalogue_coverage", "publish_lag", "freshness_chase")


def check(world: World) -> None:
    published = {i[4]: START + 40_000 * (i[0] % 3) for i in world.tables["items"] if i[0] % 2}
    with load(world, published=list(published.items())) as engine:
        found = measure(engine, *MIXES, *OTHERS, catalogue=1000)
    for name, column in MIXES.items():
        rows = found[name].dicts()
        wanted = brute.mix(world.rows, column)
        assert {r["value"]: tuple(r[c] for c in ("requests", "downloads", "bytes", "streams")) for r in rows} == wanted
        assert [(-int(r["requests"] or 0), r["value"]) for r in rows] == sorted((-v[0], k) for k, v in wanted.items())
        for n, what in enumerate(("requests", "downloads", "bytes", "streams")):
            whole = sum(v[n] for v in wanted.values())
            assert all(brute.close(r[f"{what}_share"], brute.share(int(r[what] or 0), whole)) for r in rows)
    packages, versions, mean, most = brute.breadth(world)
    assert brute.same(found["version_breadth"].rows[0], (packages, versions, mean, most))
    assert brute.same(found["catalogue_coverage"].rows[0], (packages, 1000, packages / 1000))
    lags = brute.lags(world, published)
    quantiles = [lags[math.ceil(len(lags) * q / 100) - 1] if lags else None for q in (10, 50, 90)]
    within = [brute.share(sum(lag <= s for lag in lags), len(lags)) for s in (300, 3600, 86400)]
    assert brute.same(found["publish_lag"].rows[0], (len(lags), *quantiles, *within))
    chased = brute.chased(world, published)
    assert brute.same(found["freshness_chase"].rows[0], (len(world.rows), chased, brute.share(chased, len(world.rows))))
    if world.rows:
        assert brute.same(found["request_rate"].rows[0], brute.rate(world.rows))
    distinct = found["distinct"].dicts()[0]
    for column, name in (
        ("client", "addresses"),
        ("network", "networks"),
        ("consumer", "consumers"),
        ("stream", "streams"),
    ):
        assert distinct[name] == len({r[column] for r in world.rows if r[column] >= 0})
    assert distinct["software"] == len({r["software"] for r in world.rows})
    assert distinct["files"] == len(world.tables["items"])


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(0, 150))
def test_mixes(seed: int, size: int) -> None:
    check(make(seed, size))


def test_mixes_of_a_larger_log() -> None:
    check(make(4, 8_000))


def test_a_stated_window_replaces_the_one_seen() -> None:
    world = make(5, 50)
    with load(world) as engine:
        rate = measure(engine, "request_rate", window=86400)["request_rate"]
    assert rate.dicts()[0]["mean"] == pytest.approx(len(world.rows) / 86400)
    assert rate.parameters == {"window": 86400}
