"""What a request is about, as a row."""

from __future__ import annotations

from subak.analytics.packages.good import LATER, NOTHING, Good


def test_columns_are_in_the_order_of_the_tables_that_are_made_of_them() -> None:
    assert Good._fields == ("ecosystem", "kind", "key", "version", "package", "purl")


def test_nothing_and_later_are_not_taken_for_each_other() -> None:
    assert Good() == NOTHING == ("", "unknown", "", "", "", "")
    assert LATER != NOTHING
