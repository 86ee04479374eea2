"""What a log does not carry is not said, in no form of the report."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from subak.analytics.limits import parse_tiers
from subak.analytics.logs.ledger import Ledger
from subak.analytics.report import terminal
from subak.analytics.report.build import build
from subak.analytics.report.headline import headline
from subak.analytics.report.model import About, Report, Slice
from subak.analytics.report.page import page
from subak.analytics.report.untold import Missing, missing
from subak.analytics.simulate import tiers

NO_ADDRESSES = (
    "UPDATE facts SET client = -1, network = -1, consumer = -1",
    "DELETE FROM clients",
    "DELETE FROM networks",
    "DELETE FROM consumers",
)
NO_SIZES = ("UPDATE facts SET sent = -1",)
NO_STATUS = ("UPDATE facts SET status = 0",)
NO_AGENTS = ("UPDATE streams SET software = 'none'", "UPDATE agents SET software = 'none'")


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ((), Missing(addresses=False, sizes=False, statuses=False, agents=False)),
        (NO_ADDRESSES, Missing(addresses=True, sizes=False, statuses=False, agents=False)),
        (NO_SIZES, Missing(addresses=False, sizes=True, statuses=False, agents=False)),
        (NO_STATUS, Missing(addresses=False, sizes=False, statuses=True, agents=False)),
        (("DELETE FROM facts",), Missing(addresses=False, sizes=False, statuses=False, agents=False)),
    ],
)
def test_what_is_missing(
    engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About, changes: tuple[str, ...], lacks: Missing
) -> None:
    for change in changes:
        engine.execute(change)
    before = build(engine, ledger, about)
    # Once it is said, a figure is unknown; what was missing shows in what the report says of itself.
    said = "\n".join(before.meta.unknown)
    assert ("no addresses" in said, "no sizes" in said, "no status" in said) == (
        lacks.addresses, lacks.sizes, lacks.statuses
    )  # fmt: skip


def poor(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About, *changes: str) -> Report:
    for change in changes:
        engine.execute(change)
    slices = [
        Slice(by=["kind"], show=["requests", "bytes"], units=["requests", "bytes"], rows=[["artifact", 3, 0]], n=1)
    ]
    simulations = tiers(engine, parse_tiers(["limit=1/hour per=address"]))
    return build(engine, ledger, replace(about, capacity=1000), slices=slices, simulations=simulations)


def test_without_sizes_no_bytes(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    report = poor(engine, ledger, about, *NO_SIZES)
    for table in (report.purposes, report.ecosystems, report.software, report.consumers, report.packages):
        assert table.rows
        assert {row.bytes for row in table.rows} == {None}
    assert {(row.cache, row.bytes, row.document_bytes) for row in report.avoidable} == {("ideal", None, None)}
    assert report.slices[0].rows == [["artifact", 3, None]]
    said = "\n".join(report.meta.unknown)
    assert "Bounded caches were not tried" in said
    assert "the transfer cost is missing from the bill" in said
    assert "0 B" not in page(report).decode()
    assert all(
        "bytes" not in sheet.told().columns for sheet in terminal.sheets(report) if sheet.title != "Not understood"
    )


def test_without_addresses_nobody(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    report = poor(engine, ledger, about, *NO_ADDRESSES)
    assert {report.figures[name].value for name in ("addresses", "networks", "consumers", "streams")} == {None}
    assert report.simulations == []
    assert "Limits were not tried" in "\n".join(report.meta.unknown)
    assert "do not tell who sent them" in headline(report).answer


def test_without_status_no_downloads(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    report = poor(engine, ledger, about, *NO_STATUS)
    unknown = {name for name, one in report.figures.items() if one.value is None}
    assert {"downloads_npm_like", "error_share", "revalidations", "conditional_share"} <= unknown
    assert {row.downloads for row in report.ecosystems.rows} == {None}
    assert "<h3>Status</h3>" not in page(report).decode()


def test_without_agents_no_programs(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    report = poor(engine, ledger, about, *NO_AGENTS)
    assert report.software.rows == []
    assert "There are no agents in these logs" in "\n".join(report.meta.unknown)
    assert "Installers and other programs" not in page(report).decode()


def test_unknown_has_no_bounds(report: Report) -> None:
    bounds = {row.name: (row.declared, row.at_most) for row in report.purposes.rows}
    assert bounds.pop("unknown") == (None, None)
    assert all(low is not None and high is not None and low <= high for low, high in bounds.values())


def test_a_rich_log_lacks_nothing(report: Report) -> None:
    assert missing(report) == Missing(addresses=False, sizes=False, statuses=False, agents=False)
