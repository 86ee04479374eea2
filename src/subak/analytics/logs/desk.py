"""The work on one source: its blocks become events and rejects, the quick way where that is beyond doubt.

There are two quick ways. With a coder, combined lines go to the scanner, which needs no text but of what is new; other
lines, and where there is no scanner all, go through the engine in one of the `ways`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import duckdb
import msgspec

from subak.analytics.logs import fields, formats, quick, tables
from subak.analytics.logs.combined import LONGEST, agents
from subak.analytics.logs.event import EVENTS, REJECTS, Event, Fields, Reject
from subak.analytics.logs.formats import UNKNOWN, Format
from subak.analytics.logs.ledger import Tally
from subak.analytics.logs.scratch import Scratch
from subak.analytics.logs.sources import Block, Broken, Overlong, Piece
from subak.analytics.logs.ways import AGENTS, Way, first_lines, ways

BATCH = 20_000
"""Events and rejects that wait in Python's memory at most."""
LEARN_EVERY = 64
"""Blocks."""
TABLE = "subak_batch"

MANY = 1_000
"""Lines in doubt for which the engine is asked."""

Absorb = Callable[[str], None]
"""Given the name of a table with the columns of `events`; it must be done with it on return."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What became of a block's lines."""

    lines: int
    size: int
    """Bytes of those that were taken."""
    doubtful: Sequence[tuple[int, int]]
    """The others: their place among the lines, from 0, and the offset of their first byte."""


class Coder(Protocol):
    """Whoever turns combined lines into numbers as they are read."""

    def scan(self, lines: bytes) -> Scanned | None:
        """Take over the whole lines that are beyond doubt; None if it takes no more."""


_encode = msgspec.json.Encoder().encode_lines


class Desk:
    """Takes the pieces of one source in order."""

    def __init__(
        self,
        engine: duckdb.DuckDBPyConnection,
        scratch: Scratch,
        tally: Tally,
        form: Format | None,
        absorb: Absorb,
        coder: Coder | None = None,
    ) -> None:
        self._engine = engine
        self._scratch = scratch
        self._tally = tally
        self._auto = form is None
        self._form = form
        self._absorb = absorb
        self._coder = coder
        self._blocks = 0
        self._line = 1
        self._header: Fields = ()
        self._events: list[Event] = []
        self._rejects: list[Reject] = []

    def take(self, piece: Piece) -> None:
        """Work through one piece. Raises duckdb.Error, OSError."""
        match piece:
            case Broken(reason):
                self._tally.problem = fields.printable(reason)
            case Overlong(head, size):
                self._reject(self._line, size, formats.TOO_LONG, head)
                self._line += 1
            case Block(data):
                if self._form is None:
                    self._form = formats.recognise(first_lines(data))
                if self._form is not UNKNOWN or not self._tally.format:
                    self._tally.format = self._form.name
                numbers = range(self._line, self._line + len(data))
                lines = (
                    self._coded(self._form, self._coder, data, numbers) if self._form.coded and self._coder else None
                )
                if lines is None and self._form.quick:
                    self._quick(self._form, data, numbers)
                elif lines is None:
                    self._exact(self._form, _numbered(data, numbers))
                self._line += data.count(b"\n") if lines is None else lines
                if self._form is UNKNOWN:
                    self._form = None  # the next block may tell
        self._flush()

    # ------------------------------------------------------------ line by line

    def _exact(self, form: Format, lines: Iterator[tuple[int, bytes, int]]) -> None:
        """Lines as number, text without newline, bytes with it."""
        tally = self._tally
        for number, line, size in lines:
            if not line.strip():
                tally.skipped.add(1, size)
                continue
            if line[:4].removeprefix(formats.BOM)[:1] == b"#" and self._directive(line):
                tally.skipped.add(1, size)
                continue
            parsed = formats.parse(form, line, self._header)
            if isinstance(parsed, str) and self._auto:
                saved = formats.rescue(line, self._header)
                if isinstance(saved, Event):
                    parsed = saved
                    tally.rescued += 1
            if isinstance(parsed, str):
                self._reject(number, size, parsed, line)
            else:
                tally.accepted.add(1, size)
                self._events.append(parsed)
                if len(self._events) >= BATCH:
                    self._flush()

    def _directive(self, line: bytes) -> bool:
        """Is it a header's line? Then remember the columns it names."""
        text = "" if formats.readable(line) else formats.text(line)
        if not tables.DIRECTIVE.match(text):
            return False
        self._header = tables.named(text) or self._header
        return True

    def _reject(self, number: int, size: int, reason: str, line: bytes) -> None:
        self._tally.rejected.add(1, size)
        self._rejects.append(Reject(self._tally.source, number, size, reason, fields.sample(line)))
        if len(self._rejects) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._events:
            self._stage(_encode(self._events), EVENTS, len(self._events))
            self._events.clear()
            self._absorb(TABLE)
        if self._rejects:
            self._stage(_encode(self._rejects), REJECTS, len(self._rejects))
            self._rejects.clear()
            self._engine.execute(f"INSERT INTO rejects SELECT * FROM {TABLE}")

    def _stage(self, lines: bytes, columns: dict[str, str], expected: int) -> None:
        self._scratch.put(lines)
        listed = ", ".join(f"\"{name}\": '{kind}'" for name, kind in columns.items())
        self._engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT * FROM read_json('{self._scratch.path}', "
            f"format='newline_delimited', maximum_object_size={LONGEST * 16}, columns={{{listed}}})"
        )
        found = self._engine.execute(f"SELECT count(*) FROM {TABLE}").fetchall()[0][0]
        if found != expected:
            raise AssertionError(f"{found} of {expected} rows arrived in the engine")

    # ------------------------------------------------------------ a block at a time

    def _coded(self, form: Format, coder: Coder, data: bytes, numbers: Sequence[int]) -> int | None:
        """Let the coder have the lines that it understands. How many there are in all; None if it takes no more."""
        whole = data if data.endswith(b"\n") else data[: data.rfind(b"\n") + 1]
        scanned = coder.scan(whole)
        if scanned is None:
            return None
        self._tally.accepted.add(scanned.lines, scanned.size)
        left = [(numbers[place], data[start : data.index(b"\n", start)]) for place, start in scanned.doubtful]
        if len(left) > MANY:
            self._quick(form, b"".join(line + b"\n" for _, line in left), [number for number, _ in left])
        else:
            self._exact(form, ((number, line, len(line) + 1) for number, line in left))
        lines = scanned.lines + len(scanned.doubtful)
        if len(whole) < len(data):
            self._exact(form, iter([(numbers[lines], data[len(whole) :], len(data) - len(whole))]))
        return lines

    def _quick(self, form: Format, data: bytes, numbers: Sequence[int]) -> None:
        """Let the engine read what is beyond doubt, and judge the rest line by line."""
        whole, odd = _sift(data, numbers)
        if whole:
            for way, piece in ways(form, whole, self._header):
                if way is None:
                    self._exact(form, _places(data, numbers, piece.split(b"\n")[:-1]))
                else:
                    accepted, size, left = self._scan(way, piece)
                    if accepted:
                        self._tally.accepted.add(accepted, size)
                        self._absorb(f"{TABLE}_sure")
                    self._exact(form, _places(data, numbers, left))
        self._exact(form, iter(odd))

    def _scan(self, way: Way, data: bytes) -> tuple[int, int, list[bytes]]:
        """Lines read and their bytes; the lines in doubt and those left out."""
        left_out: list[bytes] = []
        for _ in range(2):
            self._scratch.put(data)
            if way.agents:
                self._learn()
            scan = f"CREATE OR REPLACE TEMP TABLE {TABLE}_scan AS {way.relation(self._scratch.path)}"
            self._engine.execute(scan)
            self._engine.execute(_SURE)
            count, total, accepted, size = self._engine.execute(_SUMS).fetchall()[0]
            if count == data.count(b"\n") and total == len(data):  # no line is missing, none was shortened
                rows = self._engine.execute(f"SELECT raw FROM {TABLE}_scan WHERE raw IS NOT NULL").fetchall()
                return accepted, size, [*left_out, *(row[0].encode() for row in rows)]
            lines = data.split(b"\n")[:-1]
            left_out = [line for line in lines if way.left_out(line)]
            data = b"".join(line + b"\n" for line in lines if not way.left_out(line))
        return 0, 0, [*left_out, *data.split(b"\n")[:-1]]  # the engine stumbles over something: all line by line

    def _learn(self) -> None:
        """Unescape the usual agents once, and again when others may have become usual."""
        if self._blocks % LEARN_EVERY == 0:
            self._engine.execute(f"CREATE OR REPLACE TEMP TABLE {AGENTS} AS {agents(self._scratch.path)}")
        self._blocks += 1


_SURE = f"""
    CREATE OR REPLACE TEMP VIEW {TABLE}_sure AS
    SELECT {", ".join(f'"{name}"' for name in EVENTS)} FROM {TABLE}_scan WHERE raw IS NULL"""
_SUMS = f"""
    SELECT count(*), coalesce(sum(bytes), 0)::BIGINT, count(*) FILTER (raw IS NULL),
        coalesce(sum(bytes) FILTER (raw IS NULL), 0)::BIGINT
    FROM {TABLE}_scan"""


def _numbered(data: bytes, numbers: Sequence[int]) -> Iterator[tuple[int, bytes, int]]:
    lines = data.split(b"\n")
    last = lines.pop()
    for number, line in zip(numbers, lines, strict=False):
        yield number, line, len(line) + 1
    if last:
        yield numbers[len(lines)], last, len(last)


def _sift(data: bytes, numbers: Sequence[int]) -> tuple[bytes, list[tuple[int, bytes, int]]]:
    """The lines that `fast` may be given, and the others with their numbers and sizes."""
    odd = [mark for mark in _ODD if mark in data]
    if not data.isascii() and formats.BOM in data:
        odd.append(formats.BOM)
    if data.endswith(b"\n") and not odd and _is_text(data):
        return data, []
    sound: list[bytes] = []
    others: list[tuple[int, bytes, int]] = []
    for number, line, size in _numbered(data, numbers):
        if size == len(line) or any(mark in line for mark in odd) or not _is_text(line):
            others.append((number, line, size))
        else:
            sound.append(line + b"\n")
    return b"".join(sound), others


_ODD = (b"\r", b"\0", quick.NOTHING[:1].encode())
"""What the engine's reader treats in its own way."""


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _places(data: bytes, numbers: Sequence[int], lines: Sequence[bytes]) -> Iterator[tuple[int, bytes, int]]:
    """Number the lines of a list, in the order of the block; of lines that are alike, any will do."""
    if lines:
        wanted = Counter(lines)
        for row in _numbered(data, numbers):
            if wanted[row[1]] > 0:
                wanted[row[1]] -= 1
                yield row
