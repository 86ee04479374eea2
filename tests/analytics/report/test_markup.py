"""Tables, footnotes and lists of the page."""

from __future__ import annotations

from subak.analytics.report.markup import Column, Notes, items, legend, section, table
from subak.analytics.report.model import Definition


def test_footnotes_are_numbered_as_they_are_needed() -> None:
    notes = Notes({"x": Definition(text="<x> is", unit="y", version=2), "z": Definition(text="z is", unit="y")})
    assert "#d1" in notes.ref("z")
    assert "#d2" in notes.ref("x")
    assert "#d1" in notes.ref("z")
    assert "#d3" in notes.ref("gini"), "columns are explained too"
    assert notes.ref("no such thing") == ""
    listed = notes.listed()
    assert listed.index("z is") < listed.index("&lt;x&gt; is") < listed.index("takes all")
    assert "(definition 2)" in listed
    assert Notes({}).listed() == ""


def test_a_table_has_headings_for_columns_and_rows() -> None:
    columns: list[Column[int]] = [Column("a", str), Column("b", lambda row: str(row * 2), "r")]
    found = table("says", columns, [1], ("sum", "2"))
    assert '<th scope="col">a</th><th scope="col" class="r">b</th>' in found
    assert '<th scope="row">1</th><td class="r">2</td>' in found
    assert '<tfoot><tr><th scope="row">sum</th><td class="r">2</td></tr></tfoot>' in found
    assert "<caption>says</caption>" in found
    assert "tfoot" not in table("", columns, [1])


def test_text_is_escaped() -> None:
    assert "&lt;b&gt;" in items(["<b>"])
    assert "&lt;b&gt;" in legend([(0, "<b>")])
    assert "&lt;b&gt;" in section("<b>", "", "x", id="i")
    assert section("a", "says", "", id="i") == "", "a part that shows nothing is no part"
    assert items([]) == ""
