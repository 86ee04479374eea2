"""From logs to facts: reads, codes, names and classifies, in one engine that forgets everything at the end."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import duckdb

from subak.analytics.classes.classify import classify
from subak.analytics.facts.coder import Coding
from subak.analytics.facts.naming import Naming
from subak.analytics.facts.tables import build, tidy
from subak.analytics.logs.fields import printable
from subak.analytics.logs.ledger import Ledger, Tally
from subak.analytics.logs.read import read
from subak.analytics.logs.scanning import scanner
from subak.analytics.metrics.lanes import Board
from subak.analytics.offline import OFFLINE
from subak.analytics.privacy.epochs import Keys
from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES, Consumers, Ranges
from subak.analytics.slices import forget, roomy, settle, several
from subak.analytics.workers.staff import Staff, hired
from subak.config import parse_bytes

Progress = Callable[[str, int, int], None]
"""Told the stage ('read', 'name', 'classify'), and how much of how much is done; all is 0 when it cannot be known."""

EVER = 1e11
"""A time that no log reaches."""


@dataclass(frozen=True, slots=True)
class Options:
    """How logs are to be understood. Times are Unix seconds."""

    keys: Keys
    format: str = "auto"
    registry: str | Mapping[str, str] = ""
    """The ecosystem of the whole log, or {host: ecosystem}; '' recognises it."""
    ranges: Ranges = NO_RANGES
    consumers: Consumers = NO_CONSUMERS
    since: float = 0.0
    until: float = EVER
    memory: str = "2GB"
    """How much the process may take: three quarters of it are the engine's, which then spills to a private folder."""
    threads: int = 0
    """0: as many as the machine has processors."""
    staff: Staff | None = None
    """Who was hired for just these keys, ranges and consumers, and this registry; None: whoever is needed."""
    stdin: IO[bytes] | None = None
    progress: Progress = lambda stage, done, total: None


@dataclass(frozen=True, slots=True)
class Analysis:
    """An engine with the tables of `schema.TABLES`, and what became of every line."""

    engine: duckdb.DuckDBPyConnection
    ledger: Ledger
    window: tuple[float, float]
    """Unix times of the first and the last request; (0, 0) if there is none."""
    threads: int
    """How many the engine should have when it is asked one thing at a time; until then see `slices.several`."""


Beside = Callable[[duckdb.DuckDBPyConnection], Board[duckdb.DuckDBPyConnection]]
"""What else is to be done meanwhile; of what it waits for 'spells' is made here."""


def _nothing(engine: duckdb.DuckDBPyConnection) -> Board[duckdb.DuckDBPyConnection]:
    return Board(())


@contextmanager
def gather(sources: Sequence[str], options: Options, beside: Beside = _nothing) -> Iterator[Analysis]:
    """Read logs into tables. Raises BadRequest for names and options that mean nothing, duckdb.Error.

    `beside` tells what else to do while streams are classified: it may use the other tables.
    """
    with (
        ExitStack() as hiring,
        tempfile.TemporaryDirectory(prefix="subak-analyze-") as spill,
        opened(spill, options) as engine,
    ):
        staff = options.staff or hiring.enter_context(
            hired(options.keys, options.registry, options.ranges, options.consumers)
        )
        secret = hmac.digest(options.keys.client, b"texts of a log", "sha256")
        memory = parse_bytes(options.memory)
        with closing(Naming(engine, staff, secret[16:], memory // 16)) as naming:
            ledger = _read(engine, sources, options, naming, secret)
            engine.execute("SET preserve_insertion_order = false")  # what follows sorts what it shows, and spills less
            build(engine, naming.settle)
        if not (room := roomy(engine)):
            tidy(engine)
        settle(engine)
        options.progress("classify", 0, 0)
        with engine.cursor() as other, ThreadPoolExecutor(1, "beside") as thread:
            tidied = thread.submit(tidy, other) if room else None
            threads = several(engine)
            board = beside(engine)
            meanwhile = thread.submit(board.work, other)
            try:
                classify(engine, spelled=lambda: board.made("spells"))
                board.work(engine)
            finally:
                board.clear()
            meanwhile.result()
            if tidied:
                tidied.result()
        first, last = engine.execute('SELECT coalesce(min("at"), 0), coalesce(max("at"), 0) FROM facts').fetchall()[0]
        yield Analysis(engine, ledger, (first, last), threads)


@contextmanager
def opened(spill: str, options: Options) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory; what does not fit goes to `spill`, a folder that nobody else may read.

    Only one block of lines at a time holds addresses there; DuckDB could encrypt such files, but not without an
    extension that would have to be fetched. What `slices` puts there is removed at the end.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        **OFFLINE,
        "temp_directory": spill,
        "memory_limit": f"{parse_bytes(options.memory) * 3 // 4}B",
        "checkpoint_threshold": "1TB",  # tidying tables in memory is wasted on those that are dropped soon
    }
    if options.threads:
        config["threads"] = options.threads
    try:
        with duckdb.connect(config=config) as engine:
            yield engine
    finally:
        forget(spill)


def _read(
    engine: duckdb.DuckDBPyConnection, sources: Sequence[str], options: Options, naming: Naming, secret: bytes
) -> Ledger:
    scanning = scanner(secret[:16], options.since, options.until)
    coding = Coding(engine, options.since, options.until, scanning, parse_bytes(options.memory) // 8, naming.take)

    def progress(done: int, total: int) -> None:
        options.progress("read", done, total)

    ledger, logs = Ledger(), list(dict.fromkeys(sources))
    with closing(coding):
        for name in dict.fromkeys(sources):
            if name != "-" and Path(name).is_dir() and (tally := _own(engine, Path(name), coding, naming)):
                ledger.tallies.append(tally)
                logs.remove(name)
        ledger.tallies += read(
            engine,
            logs,
            options.format,
            stdin=options.stdin,
            progress=progress,
            absorb=coding.absorb,
            coder=coding,
        ).tallies
        coding.flush()
    options.progress("name", 0, 0)
    naming.finish()
    return ledger


def _own(engine: duckdb.DuckDBPyConnection, folder: Path, coding: Coding, naming: Naming) -> Tally | None:
    """Add a folder of our own: readings, or tables that were saved. None if it is neither."""
    from subak.analytics.facts import readings, saved  # most analyses have no such folder

    tally = Tally(printable(folder.name))
    if readings.is_readings(folder):
        tally.format = "readings"
        tally.accepted.add(readings.add(engine, folder, coding, naming), 0)
    elif saved.is_saved(folder):
        tally.format = "saved tables"
        tally.accepted.add(saved.add(engine, folder, coding, naming), 0)
    else:
        return None
    return tally
