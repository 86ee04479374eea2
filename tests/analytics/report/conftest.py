"""Tables and a report of the small log of `harvest`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from msgspec.structs import replace
from tests.analytics.report.harvest import FILL, HOSTILE, PRICES, REQUESTS, START

from subak.analytics.logs.event import REJECTS
from subak.analytics.logs.ledger import Ledger, Tally
from subak.analytics.prices import parse_prices
from subak.analytics.report.build import build
from subak.analytics.report.model import About, Packs, Report
from subak.analytics.schema import TABLES, as_columns


@contextmanager
def made() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with the tables of the small log."""
    with duckdb.connect() as connection:
        for name, columns in (*TABLES.items(), ("rejects", REJECTS)):
            connection.execute(f"CREATE TABLE {name} ({as_columns(columns)})")
        for statement in FILL:
            connection.execute(statement, {"hostile": HOSTILE} if "$hostile" in statement else None)
        yield connection


def accounted() -> Ledger:
    """What became of its lines."""
    tally = Tally("/secret/place/a.log", "combined")
    tally.accepted.add(REQUESTS, 20_000)
    tally.rejected.add(3, 24)
    tally.close(20_024)
    return Ledger([tally])


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with made() as connection:
        yield connection


@pytest.fixture
def ledger() -> Ledger:
    return accounted()


@pytest.fixture(scope="session")
def about() -> About:
    prices = parse_prices(PRICES, "test.toml")
    return About(
        made=START + 7 * 86400, subak="1.2.3", epoch="2026-10", prices=prices, k=1, packs=Packs(agents="2026.1")
    )


@pytest.fixture(scope="session")
def report(about: About) -> Report:
    """With k = 1: hostile names are in it. Nothing in it can be changed, so it is made once."""
    with made() as connection:
        return build(connection, accounted(), about)


@pytest.fixture
def later(report: Report) -> Report:
    """The same a week later, with half as many requests more and other definitions."""
    meta, week = report.meta, 7 * 86400
    window = replace(meta.window, start=meta.window.start + week, end=meta.window.end + week)
    figures = dict(report.figures)
    figures["requests"] = replace(figures["requests"], value=REQUESTS + REQUESTS // 2)
    figures["error_share"] = replace(figures["error_share"], value=None)
    definitions = dict(report.definitions)
    definitions["bytes"] = replace(definitions["bytes"], version=2)
    bill: Any = replace(report.bill, total=Decimal("3.00"), currency="USD")
    meta = replace(meta, window=window, epoch="2026-11", packs=Packs(agents="2026.2"), asked=["--since 1d"])
    return replace(report, meta=meta, figures=figures, definitions=definitions, bill=bill)
