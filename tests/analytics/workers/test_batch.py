"""Columns of what was asked."""

from __future__ import annotations

from array import array
from itertools import accumulate

from subak.analytics.workers.batch import Asked, Batch, Logged


def test_a_part_has_some_rows_of_all_columns() -> None:
    asked = Asked(range(5), ["GET"] * 5, list("abcde"), list("vwxyz"))
    assert asked.part(1, 3) == (range(1, 3), ["GET"] * 2, ["b", "c"], ["w", "x"])
    assert asked.part(4, 9) == (range(4, 5), ["GET"], ["e"], ["z"])


def test_what_was_logged_is_read() -> None:
    texts = ["GET /a HTTP/1.1", "HEAD http://h/b HTTP/2.0", "GET /demo/long HTTP/1.1"]
    ends = array("i", accumulate(map(len, texts), initial=0))
    asked = Logged(7, ends, "".join(texts).encode()).read()
    assert asked == (range(7, 10), ["GET", "HEAD", "GET"], ["", "h", ""], ["/a", "/b", "/demo/long"])


def test_a_batch_begins_empty() -> None:
    batch = Batch()
    assert [batch.clients, batch.agents, batch.users, batch.asked] == [[], [], [], Asked((), (), (), ())]
