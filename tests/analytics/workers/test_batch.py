"""Columns of what was asked."""

from __future__ import annotations

from subak.analytics.workers.batch import Asked, Batch


def test_a_part_has_some_rows_of_all_columns() -> None:
    asked = Asked(range(5), ["GET"] * 5, list("abcde"), list("vwxyz"))
    assert asked.part(1, 3) == (range(1, 3), ["GET"] * 2, ["b", "c"], ["w", "x"])
    assert asked.part(4, 9) == (range(4, 5), ["GET"], ["e"], ["z"])


def test_a_batch_begins_empty() -> None:
    assert [len(Batch().clients), len(Batch().agents), len(Batch().users), len(Batch().asked.numbers)] == [0] * 4
