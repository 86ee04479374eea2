"""What an analysis leaves on a disk: reports, tables of pseudonyms, rejected lines. Nothing is ever half there."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import duckdb

from subak.analytics.report import words
from subak.analytics.report.model import Report, decode, encode
from subak.analytics.report.provenance import bare
from subak.analytics.schema import TABLES
from subak.errors import BadRequest
from subak.store.disk import disk_failed

REPORT: Final = "report.json"
BATCH: Final = 10_000


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Put a file in its place, readable by its owner alone. Raises StoreFailed."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise disk_failed(f"Writing {path.name}", error) from error


def read_report(path: Path) -> Report:
    """The report in a file, or the one in a folder of tables. Raises StoreFailed, BadRequest."""
    if path.is_dir():
        path /= REPORT
    try:
        data = path.read_bytes()
    except OSError as error:
        raise disk_failed(f"Reading {path.name}", error) from error
    return decode(data, path.name)


def usable(folder: Path) -> None:
    """Raises BadRequest if tables must not go into this folder, because something else is in it; StoreFailed."""
    ours = {REPORT, *(f"{name}.parquet" for name in TABLES)}
    try:
        others = [name for name in os.listdir(folder) if name not in ours] if folder.exists() else []
    except OSError as error:
        raise disk_failed(f"Reading {folder.name}", error) from error
    if others:
        raise BadRequest(
            f"{folder.name} is not empty and holds more than tables of an analysis",
            fix="Name a new folder with --parquet.",
        )


def tables(engine: duckdb.DuckDBPyConnection, folder: Path, report: Report) -> None:
    """Write facts.parquet, clients.parquet … and, last, report.json; `subak analyze FOLDER` reads them again.

    The tables hold pseudonyms where the logs held addresses. Raises BadRequest, StoreFailed.
    """
    usable(folder)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / REPORT).unlink(missing_ok=True)
        for name in TABLES:
            target = str(folder / f"{name}.parquet").replace("'", "''")
            engine.execute(f"COPY {name} TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
            os.chmod(folder / f"{name}.parquet", 0o600)
    except OSError as error:
        raise disk_failed(f"Writing to {folder.name}", error) from error
    except duckdb.IOException as error:
        # The engine's own text names the path; what the disk said is enough.
        raise disk_failed(f"Writing to {folder.name}", OSError(0, str(error).splitlines()[0])) from error
    write(folder / REPORT, [encode(report)])


def rejected(engine: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the lines that were not understood, with their reasons; addresses in their samples are masked.

    Raises StoreFailed.
    """
    write(path, _lines(engine))


def _lines(engine: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
    yield _csv([("source", "line", "bytes", "reason", "sample")])
    engine.execute("SELECT source, line, bytes, reason, sample FROM rejects ORDER BY source, line")
    while rows := engine.fetchmany(BATCH):
        yield _csv(
            (words.harmless(bare(source)), line, size, words.harmless(reason), words.harmless(sample))
            for source, line, size, reason, sample in rows
        )


def _csv(rows: Iterable[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")
