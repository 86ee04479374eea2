"""What became of the logs, and what they cannot tell."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

from subak.analytics.logs.ledger import Ledger
from subak.analytics.prices import example_prices
from subak.analytics.report.build import build
from subak.analytics.report.model import About, Report
from subak.analytics.report.provenance import bare


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.log", "a.log"), ("/x/y/a.log", "a.log"), ("s3://bucket/x/a.gz", "a.gz"), ("-", "-"), (r"c:\x\a", "a")],
)
def test_folders_are_nobodys_business(name: str, shown: str) -> None:
    assert bare(name) == shown


def test_every_line_and_byte_is_accounted_for(report: Report) -> None:
    meta = report.meta
    assert (meta.accepted.lines, meta.rejected.lines, meta.skipped.lines) == (208, 3, 0)
    assert sum(count.bytes for count in (meta.accepted, meta.rejected, meta.skipped)) == 20_024
    assert [source.name for source in meta.sources] == ["a.log"]


def test_reasons_with_the_place_of_the_first(report: Report) -> None:
    first = report.rejects.rows[0]
    assert (first.reason, first.lines, first.bytes, first.example) == ("short", 2, 14, "a.log, line 3")


def test_what_the_logs_do_not_tell(report: Report) -> None:
    said = report.meta.unknown
    assert said[0] == "1.4 % of the lines (3) were not understood and are in no figure."
    assert any(line.startswith("What a cache in front answered is not in these logs") for line in said)
    assert any(line.startswith("The evidence did not suffice to say what 9.6 %") for line in said)


def test_less_is_said_of_a_poorer_log(engine: duckdb.DuckDBPyConnection, ledger: Ledger, about: About) -> None:
    engine.execute("UPDATE facts SET sent = -1, status = 0, cache = if(client = 0, 'hit', '') WHERE kind = 'artifact'")
    engine.execute("UPDATE facts SET ecosystem = '' WHERE kind = 'index'")
    engine.execute("UPDATE clients SET provider = ''")
    ledger.tallies[0].problem = "the disk broke"
    found = build(engine, ledger, replace(about, prices=example_prices(), remarks=("The pack is old.",)))
    said = "\n".join(found.meta.unknown)
    for text in (
        "a.log could not be read to its end (the disk broke)",
        "Bytes are unknown for 86.1 % of the requests",
        "The status is unknown for 86.1 %",
        "answered is unknown for 27.9 %",
        "13.9 % of the requests belong to no ecosystem",
        "No range pack was given",
        "The price list is made up",
        "The pack is old.",
    ):
        assert text in said, text
