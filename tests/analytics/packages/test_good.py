"""What a request is about, as a row."""

from __future__ import annotations

from subak.analytics.packages.good import LATER, NOTHING, Good, Goods


def test_columns_are_in_the_order_of_the_tables_that_are_made_of_them() -> None:
    assert Good._fields == ("ecosystem", "kind", "key", "version", "package", "purl")


def test_nothing_and_later_are_not_taken_for_each_other() -> None:
    assert Good() == NOTHING == ("", "unknown", "", "", "", "")
    assert LATER != NOTHING


def test_rows_as_columns() -> None:
    goods = Goods()
    goods.add("npm", [3, 1], (["index", "artifact"], ["a", "b"], ["", "1.0"], ["pkg:npm/a", "pkg:npm/b"], ["p", "q"]))
    goods.add_one(0, Good("pypi", "index"))
    goods.add_all([2, 5], NOTHING)
    assert dict(goods) == {
        3: Good("npm", "index", "a", "", "pkg:npm/a", "p"),
        1: Good("npm", "artifact", "b", "1.0", "pkg:npm/b", "q"),
        0: Good("pypi", "index"),
        2: NOTHING,
        5: NOTHING,
    }
    assert [len(column) for column in goods.columns] == [5] * len(Good._fields)
