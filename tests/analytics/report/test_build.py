"""The figures of a report, against what the small log says by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest
from tests.analytics.report.harvest import BYTES, REQUESTS

from subak.analytics.classes.traits import SPELLS
from subak.analytics.logs.ledger import Ledger
from subak.analytics.metrics import run
from subak.analytics.metrics.shipped import shipped
from subak.analytics.report.build import AHEAD, Keeping, ahead, build
from subak.analytics.report.model import About, Report


def test_figures(report: Report) -> None:
    values = {name: figure.value for name, figure in report.figures.items()}
    expected = {
        "requests": REQUESTS, "bytes": BYTES, "downloads_npm_like": 179, "addresses": 30, "consumers": 30,
        "packages": 2, "files": 2, "documents": 1, "metadata_requests": 29, "conditional_share": 0,
        "repeat_factor.consumer": pytest.approx(179 / 31),
    }  # fmt: skip
    assert {name: values[name] for name in expected} == expected


def test_every_figure_tells_unit_window_and_n(report: Report) -> None:
    for figure in report.figures.values():
        assert figure.unit
        assert figure.of
        assert figure.window == "2026-10-05T00:00Z/2026-10-06T05:00Z"
    assert report.figures["repeat_factor.consumer"].n == 31


def test_concentration(report: Report) -> None:
    by = {(one.level, one.weight): one for one in report.concentration}
    levels = ("address", "network", "consumer")
    assert set(by) == {(level, weight) for level in levels for weight in ("requests", "bytes")}
    one = by["address", "requests"]
    assert (one.n, one.top_share) == (30, pytest.approx(150 / REQUESTS))
    assert one.lorenz[0] == (0.0, 0.0)
    assert one.lorenz[-1] == (1.0, 1.0)
    assert all(below[1] <= above[1] for below, above in zip(one.lorenz, one.lorenz[1:], strict=False))
    assert one.daily is not None


def test_avoidable_and_what_it_costs(report: Report) -> None:
    row = next(one for one in report.avoidable if one.level == "consumer")
    assert (row.requests, row.bytes) == (99 + 49, 99 * 1000 + 49 * 500)
    assert row.share_bytes == pytest.approx(123_500 / BYTES)
    # 123 500 bytes at 5 000 EUR a GB, 148 requests at 1 000 EUR a million.
    assert row.cost == Decimal("0.77")


def test_the_bill_adds_up(report: Report) -> None:
    bill = report.bill
    assert bill is not None
    assert bill.total == Decimal("1.01")
    assert sum((part.average for part in bill.parts), Decimal(0)) == bill.total
    assert sum((part.average for part in bill.positions), Decimal(0)) == bill.total


def test_a_bounded_cache_stands_beside_the_ideal_one(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About
) -> None:
    found = build(engine, ledger, replace(about, capacity=600))
    bounded = {one.level: one for one in found.avoidable if one.cache == "600 B"}
    assert bounded["consumer"].requests == 49, "the larger file never fits"


def test_without_prices_nothing_is_said_about_money(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About
) -> None:
    found = build(engine, ledger, replace(about, prices=None))
    assert found.bill is None
    assert {one.cost for one in found.avoidable} == {None}


def test_a_catalogue_gives_its_coverage(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    found = build(engine, ledger, replace(about, catalogue=8))
    assert found.figures["catalogue_coverage"].value == 0.25
    assert "catalogue_coverage" in found.definitions


def test_a_log_without_sizes(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    engine.execute("UPDATE facts SET sent = -1")
    found = build(engine, ledger, about)
    assert found.figures["bytes"].value is None
    assert {one.weight for one in found.concentration} == {"requests"}
    assert {one.share_bytes for one in found.avoidable} == {None}


def test_a_log_without_addresses(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    engine.execute("UPDATE facts SET client = -1, network = -1, consumer = -1")
    for table in ("clients", "networks", "consumers"):
        engine.execute(f"DELETE FROM {table}")
    found = build(engine, ledger, replace(about, k=20))
    assert found.concentration == []
    assert found.avoidable == []
    assert found.consumers.rows == []
    assert found.packages.rows[0].name == "pkg:npm/a"
    assert found.packages.withheld == 0


def test_an_empty_log(engine: duckdb.DuckDBPyConnection, about: About) -> None:
    for table in ("facts", "clients", "networks", "consumers", "streams", "agents", "items", "packages", "rejects"):
        engine.execute(f"DELETE FROM {table}")
    found = build(engine, Ledger(), about)
    assert found.figures["requests"].value == 0
    assert found.purposes.rows == []
    assert "No request was found." in found.meta.unknown


def test_spells_of_the_classes_are_those_of_the_measures(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute(f"CREATE TABLE made AS {SPELLS}")
    engine.execute(f"CREATE TABLE stored AS {shipped('duckdb').steps['spells'].text}")
    assert engine.execute("DESCRIBE made").fetchall() == engine.execute("DESCRIBE stored").fetchall()
    assert engine.execute("SELECT count(*) > 0 FROM made").fetchall() == [(True,)]
    assert not engine.execute("FROM made EXCEPT ALL FROM stored").fetchall()
    assert not engine.execute("FROM stored EXCEPT ALL FROM made").fetchall()


def test_what_the_classes_left_is_not_made_again(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About, report: Report
) -> None:
    engine.execute(f"CREATE TABLE spells AS {SPELLS}")
    assert build(engine, ledger, about) == report
    engine.execute("DELETE FROM spells")
    assert build(engine, ledger, about).figures["requests"].value == 0


def test_what_was_made_ahead_is_used_once_and_goes(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About, report: Report
) -> None:
    tables = "SELECT table_name FROM duckdb_tables() ORDER BY 1"
    before = engine.execute(tables).fetchall()
    for emptied in (False, True, False):
        board = ahead(engine)
        engine.execute(f"CREATE OR REPLACE TABLE spells AS {SPELLS}")
        board.made("spells")
        board.work(engine)
        assert {*engine.execute(tables).fetchall()} - {*before} >= {(name,) for name in AHEAD}
        if emptied:
            engine.execute("DELETE FROM fetched")
            assert build(engine, ledger, about).figures["repeat_factor.consumer"].n == 0
        else:
            assert build(engine, ledger, about) == report
        assert not {*engine.execute(tables).fetchall()} & {(name,) for name in AHEAD}


def test_with_little_memory_nothing_is_made_ahead(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "PAIR_BYTES", 10**15)
    monkeypatch.setattr(run, "DOCUMENT_BYTES", 10**15)
    monkeypatch.setattr(Keeping, "parts", lambda self: 3)
    before = engine.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    ahead(engine).work(engine)
    assert engine.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before
    assert build(engine, ledger, about) == report
