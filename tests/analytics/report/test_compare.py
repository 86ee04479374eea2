"""What changed between two reports, and what must not be compared."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from subak.analytics.report.compare import Change, Comparison, compare
from subak.analytics.report.model import Report


def by_name(found: Comparison) -> dict[tuple[str, str], Change]:
    return {(one.part, one.name): one for one in found.changes}


def test_nothing_changes_against_itself(report: Report) -> None:
    found = compare(report, report)
    assert {one.difference for one in found.changes} <= {0, None}
    assert {one.note for one in found.changes} == {""}
    assert found.warnings == ["The two windows overlap."]


def test_figures_that_grew_shrank_or_went(report: Report, later: Report) -> None:
    found = by_name(compare(report, later))
    grown = found["figures", "requests"]
    assert (grown.before, grown.after, grown.difference, grown.relative) == (208, 312, 104, pytest.approx(0.5))
    gone = found["figures", "error_share"]
    assert (gone.before, gone.after, gone.difference, gone.relative) == (0, None, None, None)
    assert found["cost", "the bill"].difference == pytest.approx(3.00 - 1.01)
    assert found["figures", "bytes"].note == "defined otherwise: version 1 before, 2 now"


def test_rows_of_either_report_are_compared(report: Report) -> None:
    fewer = replace(report, purposes=replace(report.purposes, rows=report.purposes.rows[:1]))
    forth, back = by_name(compare(report, fewer)), by_name(compare(fewer, report))
    name = ("classes", report.purposes.rows[1].name)
    assert forth[name].after is None
    assert back[name].before is None
    assert forth[name].unit == back[name].unit == "share"


def test_a_definition_with_other_words_is_another(report: Report) -> None:
    definitions = report.definitions | {"gini": replace(report.definitions["gini"], text="something else")}
    found = compare(report, replace(report, definitions=definitions))
    assert {one.note for one in found.changes if one.part == "gini"} == {"defined otherwise than before"}


def test_what_keeps_them_from_being_compared(report: Report, later: Report) -> None:
    found = compare(report, later).warnings
    for said in (
        "different epochs",
        "about agents: 2026.1 before, 2026.2 now",
        "EUR before and in USD",
        "--since 1d now",
    ):
        assert any(said in warning for warning in found), said
    meta = replace(report.meta, window=replace(report.meta.window, end=report.meta.window.end + 86400))
    assert compare(report, replace(report, meta=meta)).warnings[0].startswith("The windows differ in length (29 hours")
