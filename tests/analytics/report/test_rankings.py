"""Who and what is greatest, and whom it must not give away."""

from __future__ import annotations

import duckdb
import pytest
from tests.analytics.report.harvest import BYTES, HOSTILE, REQUESTS, START, asked

from subak.analytics.metrics.run import measure
from subak.analytics.report import rankings
from subak.analytics.report.build import Keeping


@pytest.fixture
def measured(engine: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    measure(Keeping(engine), "requests", "repeat_factor", "avoidable_files", "version_breadth")
    return engine


def test_the_heaviest_consumer(measured: duckdb.DuckDBPyConnection) -> None:
    found = rankings.consumers(measured, limit=2)
    assert found.n == 30
    assert len(found.rows) == 2
    first = found.rows[0]
    assert (first.name, first.grade, first.purpose, first.provider) == (HOSTILE, "C", "ci-hosted", "cloud")
    assert (first.requests, first.downloads, first.bytes, first.addresses) == (150, 150, 125_000, 1)
    assert (first.avoidable_requests, first.avoidable_bytes, first.repeat_factor) == (148, 123_500, 75)
    assert first.shadow_share is None, "it runs no proxy"


def test_shadow_share_of_one_that_runs_a_proxy(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute(
        "INSERT INTO streams BY NAME SELECT 30 AS stream, 0 AS client, 'nexus' AS software, 1 AS agent, "
        "'caching-proxy' AS software_kind, 'caching-proxy' AS purpose"
    )
    engine.execute(asked(str(START), "0", "artifact", "0", 1, "50"))
    engine.execute("UPDATE facts SET stream = 30 WHERE sent = 1")
    measure(Keeping(engine), "requests", "repeat_factor", "version_breadth")
    assert rankings.consumers(engine, limit=1).rows[0].shadow_share == pytest.approx(150 / 200)


def test_classes_are_intervals(measured: duckdb.DuckDBPyConnection) -> None:
    found = {row.name: row for row in rankings.purposes(measured).rows}
    assert found["ci-hosted"].declared == found["ci-hosted"].share_requests == pytest.approx(150 / REQUESTS)
    assert found["dev-install"].declared == 0
    assert found["dev-install"].at_most == pytest.approx((38 + 20) / REQUESTS)
    for row in found.values():
        assert row.declared <= row.share_requests <= row.at_most
    assert sum(row.share_requests for row in found.values()) == pytest.approx(1)
    assert sum(row.bytes for row in found.values()) == BYTES


@pytest.mark.parametrize(("days", "bucket"), [(0, 3600), (20, 86400)])
def test_a_timeline_loses_nothing(measured: duckdb.DuckDBPyConnection, days: int, bucket: int) -> None:
    end = START + 86400 * max(days, 1) + 18_000
    found = rankings.timeline(measured, START, end)
    assert found.bucket == bucket
    assert found.starts[0] == START
    assert {len(line) for line in found.series.values()} == {len(found.starts)}
    assert sum(map(sum, found.series.values())) == REQUESTS


def test_a_sliver_at_the_end_is_no_hour_of_its_own(measured: duckdb.DuckDBPyConnection) -> None:
    found = rankings.timeline(measured, START, START + 2 * 86400 + 1)
    assert found.starts[-1] == START + 2 * 86400 - 3600
    assert sum(map(sum, found.series.values())) == REQUESTS


def test_rare_packages_are_withheld(measured: duckdb.DuckDBPyConnection) -> None:
    found = rankings.packages(measured, 20)
    assert [(row.name, row.consumers, row.downloads) for row in found.rows] == [("pkg:npm/a", 30, 129)]
    assert (found.n, found.withheld) == (2, 1)
    assert found.rows[0].avoidable_bytes == 99_000
    assert [row.name for row in rankings.packages(measured, 1).rows] == ["pkg:npm/a", f"pkg:npm/{HOSTILE}"]


def test_programs_with_a_name_of_their_own_need_company(measured: duckdb.DuckDBPyConnection) -> None:
    found = rankings.software(measured, 20)
    assert [row.name for row in found.rows] == ["npm"]
    assert found.withheld == 1
    assert [row.name for row in rankings.software(measured, 1).rows] == [HOSTILE, "npm"]


def test_statuses(measured: duckdb.DuckDBPyConnection) -> None:
    (row,) = rankings.mixed(measured, "status", "statuses").rows
    assert (row.name, row.requests, row.downloads, row.share_requests) == ("200", REQUESTS, 179, 1)
