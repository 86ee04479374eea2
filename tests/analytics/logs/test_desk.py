"""One source's pieces: what is quick where, and that lines keep their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from subak.analytics.logs import desk as desk_module
from subak.analytics.logs.desk import TIRED, Desk
from subak.analytics.logs.event import EVENTS, REJECTS, as_columns
from subak.analytics.logs.formats import by_name
from subak.analytics.logs.ledger import Tally
from subak.analytics.logs.scratch import Scratch
from subak.analytics.logs.sources import Block, Broken, Overlong, Piece

LINE = b'198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"\n'


class Counting:
    """A coder that takes nothing but counts what it is shown."""

    def __init__(self, answer: tuple[int, int, list[int]]) -> None:
        self.answer, self.staged, self.kept = answer, 0, 0

    def stage(self, relation: str) -> tuple[int, int, list[int]]:
        self.staged += 1
        return self.answer

    def keep(self) -> None:
        self.kept += 1


def work(
    pieces: Sequence[Piece], coder: Counting | None = None
) -> tuple[Tally, list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Tally, targets of events and (line, bytes, reason) of rejects."""
    tally = Tally("log")
    with duckdb.connect() as engine, Scratch() as scratch:
        engine.execute(f"CREATE TABLE events ({as_columns(EVENTS)})")
        engine.execute(f"CREATE TABLE rejects ({as_columns(REJECTS)})")

        def absorb(table: str) -> None:
            engine.execute(f"INSERT INTO events SELECT * FROM {table}")

        desk = Desk(engine, scratch, tally, by_name("combined"), absorb, coder)
        for piece in pieces:
            desk.take(piece)
        events = engine.execute("SELECT target FROM events ORDER BY 1").fetchall()
        rejects = engine.execute("SELECT line, bytes, reason FROM rejects ORDER BY 1").fetchall()
    return tally, events, rejects


def test_lines_keep_their_numbers() -> None:
    tally, events, rejects = work([Block(LINE + b"one\n" + LINE + b"two\n", 1), Block(b"\nthree\n" + LINE + b"one", 5)])
    assert len(events) == 3
    assert [(line, size) for line, size, _ in rejects] == [(2, 4), (4, 4), (6, 6), (8, 3)]
    assert (tally.accepted.lines, tally.rejected.lines, tally.skipped.lines) == (3, 4, 1)


def test_what_cannot_be_held_or_read() -> None:
    tally, _, rejects = work([Overlong(b"x" * 100, 5_000_000, 7), Broken("disk \x1b[31m gone")])
    assert rejects == [(7, 5_000_000, "longer than 262144 bytes")]
    assert tally.problem == "disk \\x1b[31m gone"


def test_a_coder_is_asked_again_only_after_a_rest() -> None:
    coder = Counting((0, 0, []))  # no rows came: the block does not add up
    tally, events, _ = work([Block(LINE * 3, 1 + 3 * n) for n in range(TIRED + 2)], coder)
    assert (coder.staged, coder.kept) == (2, 0)
    assert len(events) == tally.accepted.lines == 3 * (TIRED + 2)


def test_what_a_coder_took_is_not_read_again() -> None:
    taken = 6
    coder = Counting((3, 3 * (len(LINE) - taken), [1]))
    tally, events, _ = work([Block(LINE * 3, 1)], coder)
    assert (coder.staged, coder.kept) == (1, 1)
    assert len(events) == 1  # the doubtful one
    assert tally.accepted.lines == 3
    assert tally.accepted.bytes == 3 * len(LINE)


def test_marks_that_readers_take_for_something_else_are_sifted() -> None:
    odd = [LINE.replace(b"uv", mark) for mark in (b"a\rb", b"a\x01noneb", b"\xff\xfe")]
    whole, others = desk_module._sift(LINE + b"".join(odd) + LINE, 10)
    assert whole == LINE * 2
    assert [(number, size) for number, _, size in others] == [(11 + n, len(line)) for n, line in enumerate(odd)]
