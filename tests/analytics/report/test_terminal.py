"""Tables for a terminal and for a pipe."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from tests.analytics.report.harvest import HOSTILE

from subak.analytics.report import terminal
from subak.analytics.report.compare import compare
from subak.analytics.report.model import Report, Slice
from subak.analytics.report.terminal import BAR, Sheet, bar, raw


@pytest.mark.parametrize(
    ("part", "drawn"),
    [(0, ""), (1e-9, "▏"), (0.5, "█" * 7), (1, "█" * 14), (7, "█" * 14), (-1, ""), (1 / 14 + 1 / 28, "█▌")],
)
def test_bars(part: float, drawn: str) -> None:
    assert bar(part) == drawn


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (12, "12"),
        (0.5, "0.5"),
        (Decimal("1.50"), "1.50"),
        ("=1+1", "'=1+1"),
        ("a\x1b", "a\\x1b"),
        (-3, "-3"),
    ],
)
def test_programs_get_full_precision_and_no_formula(value: str | float | Decimal | None, text: str) -> None:
    assert raw(value) == text


def test_all_tables_have_as_many_cells_as_columns(report: Report) -> None:
    titles = []
    for sheet in terminal.sheets(report):
        titles.append(sheet.title)
        assert {len(row) for row in sheet.pretty()} == {len(sheet.columns)} == {len(sheet.units)}
        columns, rows = sheet.plain()
        assert BAR not in columns
        assert {len(row) for row in rows} == {len(columns)}
        assert all(cell.replace("\u202f", "").isprintable() for row in (*sheet.pretty(), *rows) for cell in row)
        assert set(sheet.expendable) <= set(sheet.columns)
    assert titles[:3] == ["Figures", "Few take most", "What need not have been asked for again"]
    assert "What it costs, by test list" in titles


def test_a_hostile_name_is_written_out(report: Report) -> None:
    sheet = next(one for one in terminal.sheets(report) if one.title == "The heaviest consumers")
    assert HOSTILE not in sheet.pretty()[0]
    assert sheet.pretty()[0][0].startswith("<script>alert('x')</script>\\x1b[31m\\u202e")


def test_figures_keep_their_own_units(report: Report) -> None:
    sheet = next(terminal.sheets(report))
    said, plain = ({row[0]: row[1] for row in rows} for rows in (sheet.pretty(), sheet.plain()[1]))
    assert (said["bytes"], plain["bytes"]) == ("160 kB", "159800")


def test_no_column_of_money_without_prices(report: Report) -> None:
    assert not any("cost" in one.columns for one in terminal.sheets(replace(report, bill=None)))


def test_a_table_that_was_asked_for() -> None:
    one = Slice(
        by=["day"], show=["requests", "bytes"], units=["requests", "bytes"], rows=[["d", 4, None], ["=e", 2, 3]], n=2
    )
    sheet = terminal.sliced(one)
    assert sheet.columns == ("day", BAR, "requests", "bytes")
    assert sheet.pretty() == [("d", "█" * 14, "4", "–"), ("=e", "█" * 7, "2", "3 B")]
    assert sheet.plain() == (("day", "requests", "bytes"), [("d", "4", ""), ("'=e", "2", "3")])
    assert sheet.numbers == 2


def test_changes(report: Report, later: Report) -> None:
    sheet = terminal.changes(compare(report, later))
    said = {row[1]: row[3:] for row in sheet.pretty()}
    assert said["requests"] == ("208", "312", "+104", "+50.0 %")
    assert {row[1]: row[5] for row in sheet.plain()[1]}["requests"] == "104"


def test_columns_of_numbers_are_at_the_right() -> None:
    assert Sheet("", ("a", BAR, "b"), ("", BAR, "share"), ()).numbers == 1
    assert Sheet("", ("a",), ("",), ()).numbers == 0
