"""One SQLite file: who may write when, how its layout grows, and its complaints in our words."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from subak.errors import ConfigError, StoreFailed
from subak.store.disk import FULL, READ_ONLY, disk_failed
from subak.store.schema import MIGRATIONS

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process's transaction."""

_CACHE_KIB = 4096
"""Page cache of each connection."""

_LONGEST_LOG = 64 * 2**20
"""Bytes the write-ahead log keeps on disk after an uncommonly large transaction."""

_FIXES: dict[str, str] = {
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_CANTOPEN": READ_ONLY,
    "SQLITE_PERM": READ_ONLY,
    "SQLITE_BUSY": "Another process has held the database for seconds: stop it, or look at the load of the disk.",
    "SQLITE_IOERR": "Check the disk, its free space and the limit on the size of files (ulimit -f).",
    "SQLITE_CORRUPT": "Stop Subak and move subak.db away; copies on disk are found again, keys must be made anew.",
    "SQLITE_NOTADB": "Stop Subak and move subak.db away: it is no database of ours.",
}

Row = tuple[Any, ...]


class _Connection(sqlite3.Connection):
    """A connection that a weak set can hold: a thread that ends takes its own with it."""


def database_failed(error: sqlite3.Error | UnicodeError) -> StoreFailed:
    """SQLite's complaint as ours; text that is no Unicode is one too."""
    name = getattr(error, "sqlite_errorname", None) or ""
    fix = next((text for code, text in _FIXES.items() if name.startswith(code)), "")
    return StoreFailed(f"the database failed: {error}", fix=fix or "Report this with the log of Subak.")


class Database:
    """subak.db, shared by several threads and processes; never carry one across fork().

    One connection writes, behind a lock; every thread reads through its own. Commits survive `kill -9`
    (WAL); a power cut may take back the last ones, never half of one (synchronous=NORMAL).
    Opening raises StoreFailed, or ConfigError when a later Subak wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Connection] = weakref.WeakSet()
        try:
            with _alone(path):
                self._writer = self._connect()
                _migrate(self._writer, path.name)
        except sqlite3.Error as error:
            raise database_failed(error) from error

    def row(self, sql: str, values: Sequence[object] = ()) -> Row | None:
        """The first row. Raises StoreFailed."""
        try:
            found: Row | None = self._reader().execute(sql, values).fetchone()
        except (sqlite3.Error, UnicodeError) as error:
            raise database_failed(error) from error
        return found

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows. Raises StoreFailed."""
        try:
            return self._reader().execute(sql, values).fetchall()
        except (sqlite3.Error, UnicodeError) as error:
            raise database_failed(error) from error

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, committed on return, undone by any exception. Raises StoreFailed."""
        with self._writing:
            writer = self._writer
            try:
                writer.execute("BEGIN IMMEDIATE")
                try:
                    yield writer
                    writer.execute("COMMIT")
                except BaseException:
                    if writer.in_transaction:  # a full disk may already have undone it
                        writer.execute("ROLLBACK")
                    raise
            except (sqlite3.Error, UnicodeError) as error:
                raise database_failed(error) from error

    def tidy(self) -> None:
        """Move the log into the database as far as readers permit, and let SQLite look at its indexes."""
        with self._writing:
            try:
                self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                self._writer.execute("PRAGMA optimize").fetchall()
            except sqlite3.Error as error:
                raise database_failed(error) from error

    def close(self) -> None:
        """Close every connection; no thread may use the database any more."""
        with self._writing:
            for connection in (self._writer, *self._readers):
                connection.close()

    def _reader(self) -> _Connection:
        try:
            reader: _Connection = self._local.reader
        except AttributeError:
            reader = self._connect()
            reader.execute("PRAGMA query_only = ON")
            self._local.reader = reader
            self._readers.add(reader)
        return reader

    def _connect(self) -> _Connection:
        # Only `close` touches another thread's connection.
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False, factory=_Connection
        )
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {_LONGEST_LOG}")
        return connection


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time open the database: SQLite does not wait while another one switches to WAL."""
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise disk_failed("opening the database", error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _migrate(writer: sqlite3.Connection, name: str) -> None:
    known = len(MIGRATIONS)
    (version,) = writer.execute("PRAGMA user_version").fetchone()
    if version > known:
        raise ConfigError(
            f"{name} has layout {version}, this Subak knows {known}",
            fix="Use a later Subak, or another data folder with --data.",
        )
    for step in range(version, known):
        writer.execute("BEGIN IMMEDIATE")
        for statement in MIGRATIONS[step]:
            writer.execute(statement)
        writer.execute(f"PRAGMA user_version = {step + 1}")
        writer.execute("COMMIT")
