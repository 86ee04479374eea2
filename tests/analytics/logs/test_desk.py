"""One source's pieces: what is quick where, and that lines keep their numbers."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from subak.analytics.logs import desk as desk_module
from subak.analytics.logs.desk import MANY, Desk, Scanned
from subak.analytics.logs.event import EVENTS, REJECTS, as_columns
from subak.analytics.logs.formats import by_name
from subak.analytics.logs.ledger import Tally
from subak.analytics.logs.scratch import Scratch
from subak.analytics.logs.sources import Block, Broken, Overlong, Piece

LINE = b'198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"\n'


class Counting:
    """A coder that takes all lines but those at some places, or nothing at all."""

    def __init__(self, doubtful: Sequence[int] | None) -> None:
        self.doubtful, self.seen = doubtful, 0

    def scan(self, lines: bytes) -> Scanned | None:
        self.seen += 1
        if self.doubtful is None:
            return None
        starts = [0, *(n + 1 for n, byte in enumerate(lines) if byte == 10)]
        left = [(place, starts[place]) for place in self.doubtful]
        size = sum(starts[place + 1] - starts[place] for place in self.doubtful)
        return Scanned(lines.count(b"\n") - len(left), len(lines) - size, left)


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
    tally, events, rejects = work([Block(LINE + b"one\n" + LINE + b"two\n"), Block(b"\nthree\n" + LINE + b"one")])
    assert len(events) == 3
    assert [(line, size) for line, size, _ in rejects] == [(2, 4), (4, 4), (6, 6), (8, 3)]
    assert (tally.accepted.lines, tally.rejected.lines, tally.skipped.lines) == (3, 4, 1)


def test_what_cannot_be_held_or_read() -> None:
    tally, _, rejects = work(
        [Block(LINE * 6), Overlong(b"x" * 100, 5_000_000), Block(b"odd\n"), Broken("disk \x1b[31m gone")]
    )
    assert rejects[0] == (7, 5_000_000, "longer than 262144 bytes")
    assert rejects[1][:2] == (8, 4)
    assert tally.problem == "disk \\x1b[31m gone"


def test_without_a_coders_help_all_is_read() -> None:
    coder = Counting(None)
    tally, events, _ = work([Block(LINE * 3) for _ in range(4)], coder)
    assert coder.seen == 4
    assert len(events) == tally.accepted.lines == 12


def test_what_a_coder_took_is_not_read_again() -> None:
    tally, events, rejects = work([Block(LINE + b"one\n" + LINE + LINE + b"two")], Counting([1, 2]))
    assert len(events) == 1
    assert (tally.accepted.lines, tally.accepted.bytes) == (3, 3 * len(LINE))
    assert [(line, size) for line, size, _ in rejects] == [(2, 4), (5, 3)]


def test_many_lines_in_doubt_keep_their_numbers() -> None:
    places = range(1, 3 * MANY, 2)
    data = b"".join(b"odd\n" if n % 10 == 5 else LINE for n in range(3 * MANY))
    tally, events, rejects = work([Block(data)], Counting(places))
    assert [line for line, _, _ in rejects] == [n + 1 for n in places if n % 10 == 5]
    assert len(events) == len(places) - len(rejects)
    assert tally.accepted.bytes + tally.rejected.bytes == len(data)


def test_a_line_that_the_engine_shortens_is_read_exactly() -> None:
    long = LINE.replace(b"198.51.100.20", rb"\"").replace(b"GET", rb"\"")[:-1] + b' "203.0.113.7" 0.004 HIT\n'
    tally, events, rejects = work([Block(long)])
    assert tally.accepted.bytes + tally.rejected.bytes == len(long)
    assert len(events) + len(rejects) == 1


def test_marks_that_readers_take_for_something_else_are_sifted() -> None:
    odd = [LINE.replace(b"uv", mark) for mark in (b"a\rb", b"a\x01noneb", b"\xff\xfe")]
    whole, others = desk_module._sift(LINE + b"".join(odd) + LINE, range(10, 99))
    assert whole == LINE * 2
    assert [(number, size) for number, _, size in others] == [(11 + n, len(line)) for n, line in enumerate(odd)]
