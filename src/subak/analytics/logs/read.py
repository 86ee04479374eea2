"""Reading logs into DuckDB: every line becomes a row of `events` or, with the reason, of `rejects`."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import duckdb

from subak.analytics.logs import formats
from subak.analytics.logs.desk import Absorb, Coder, Desk
from subak.analytics.logs.event import EVENTS, REJECTS, as_columns
from subak.analytics.logs.ledger import Ledger, Tally
from subak.analytics.logs.scratch import Scratch
from subak.analytics.logs.sources import Piece, Source, blocks, expand, extent, opened, shown

BLOCK = 8 * 2**20
"""Bytes of log that are worked on at a time."""

AHEAD = 3
"""Blocks that may wait in memory."""

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all as the files lie there (compressed); all is 0 when it cannot be known."""


def read(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[str],
    format: str = "auto",
    *,
    stdin: IO[bytes] | None = None,
    progress: Progress = lambda done, total: None,
    absorb: Absorb | None = None,
    coder: Coder | None = None,
    block: int = BLOCK,
) -> Ledger:
    """Read logs: files (plain, gzip, zstd, bzip2, xz), patterns of names, '-' for standard input.

    Adds rows to the tables `events` and `rejects` of the connection, which are created if missing. With `absorb`,
    `events` is left out: it is given each batch of events as a temporary table, once; a `coder` gets what it can take
    instead. `format` is one of
    `formats.NAMES`; by 'auto' each source is recognised by its first lines, and lines in another format are read
    too. Gives the ledger; a source that breaks off is told there, and what came before counts. Raises BadRequest for
    a name that means no file and for an unknown format, duckdb.Error.
    """
    form, names = formats.by_name(format), expand(sources)
    connection.execute(f"CREATE TABLE IF NOT EXISTS rejects ({as_columns(REJECTS)})")
    if absorb is None:
        connection.execute(f"CREATE TABLE IF NOT EXISTS events ({as_columns(EVENTS)})")

        def absorb(table: str) -> None:
            connection.execute(f"INSERT INTO events SELECT * FROM {table}")

    ledger, done, total = Ledger(), 0, extent(names)
    with Scratch() as scratch:
        for name in names:
            tally = Tally(shown(name))
            ledger.tallies.append(tally)
            desk = Desk(connection, scratch, tally, form, absorb, coder)
            try:
                file = opened(name, stdin or sys.stdin.buffer)
            except OSError as error:
                tally.problem = error.strerror or str(error)
                continue
            with file as raw:
                source = Source(raw, block)
                for piece in _ahead(blocks(source.chunks(), block)):
                    desk.take(piece)
                    progress(done + source.position, total)
            tally.close(source.delivered)
            done += source.position
            progress(done, total)
    return ledger


def _ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The same, with the next ones being read and decompressed meanwhile."""
    with ThreadPoolExecutor(1, "log") as thread:
        coming = deque(thread.submit(next, pieces, None) for _ in range(AHEAD))
        try:
            while piece := coming.popleft().result():
                coming.append(thread.submit(next, pieces, None))
                yield piece
        finally:
            thread.shutdown(cancel_futures=True)
