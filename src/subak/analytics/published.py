"""When versions were published, as a registry tells: purl,time in CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from subak.errors import ConfigError
from subak.store.disk import disk_failed

BATCH: Final = 50_000
COLUMNS: Final = 'purl VARCHAR, "at" DOUBLE'
"""Of the table `published`, as the measures of publishing read it."""

_FIX: Final = "Give lines such as pkg:npm/left-pad@1.3.0,2026-10-05T12:00:00Z; the time may be Unix seconds."


def load_published(engine: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Fill the table `published` and tell how many versions it has. Raises ConfigError, StoreFailed, duckdb.Error."""
    engine.execute(f"CREATE OR REPLACE TABLE published ({COLUMNS})")
    count = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for batch in _batches(csv.reader(file), path.name):
                purls, times = zip(*batch, strict=True)
                rows = "SELECT unnest($1::VARCHAR[]), unnest($2::DOUBLE[])"
                engine.execute(f"INSERT INTO published {rows}", (list(purls), list(times)))
                count += len(batch)
    except OSError as error:
        raise disk_failed(f"Reading {path.name}", error) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is no text", fix=_FIX) from error
    except csv.Error as error:
        raise ConfigError(f"{path.name}: {error}", fix=_FIX) from error
    return count


def _batches(rows: Iterator[list[str]], name: str) -> Iterator[list[tuple[str, float]]]:
    batch: list[tuple[str, float]] = []
    for number, row in enumerate(rows, 1):
        if not row or (number == 1 and not row[0].startswith("pkg:")):
            continue
        if len(row) != 2 or not row[0].startswith("pkg:"):
            raise ConfigError(f"{name} line {number}: a purl and a time are needed", fix=_FIX)
        batch.append((row[0], moment(row[1], f"{name} line {number}")))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def moment(text: str, where: str) -> float:
    """Unix seconds, or ISO 8601 (UTC unless it says otherwise), as Unix seconds. Raises ConfigError."""
    try:
        at = float(text)
    except ValueError:
        try:
            said = datetime.fromisoformat(text.strip())
        except ValueError:
            fix = "Write for example 2026-10-05T12:00Z."
            raise ConfigError(f"{where}: {text[:40]!r} is no time", fix=fix) from None
        at = (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(at):
        raise ConfigError(f"{where}: {text[:40]!r} is no time")
    return at
