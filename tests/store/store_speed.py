"""How long the catalogue's reads take with many files; run as a script for the figures.

PYTHONPATH=src python tests/store/store_speed.py
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from subak.model.digest import Digest, Pin
from subak.ports import Document
from subak.store.catalogue import Catalogue
from subak.store.database import Database


class Speed(NamedTuple):
    """Seconds."""

    file: float
    """One `file()`, of random paths, best of five rounds."""
    totals: float
    keep: float
    """Storing a new document of 4,000 pins."""
    again: float
    """Storing it again unchanged."""


def measure(path: Path, files: int) -> Speed:
    """Fill a catalogue with that many files and time it."""
    database = Database(path)
    catalogue = Catalogue(database)
    catalogue.keep_document(_page("filling"), _pins("f", files))
    database.tidy()
    chosen = [f"files/f/project-{n % 997}-{n}.whl" for n in random.Random(1).sample(range(files), 1000)]
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        for one in chosen:
            assert catalogue.file("pypi", one)
        seconds.append((time.perf_counter() - start) / len(chosen))
    keep, again = (_timed(lambda: catalogue.keep_document(_page("numpy"), _pins("n", 4000))) for _ in range(2))
    totals = _timed(catalogue.totals)
    database.close()
    return Speed(min(seconds), totals, keep, again)


def _page(key: str) -> Document:
    return Document("pypi", key, "https://registry.example/simple/", 200, blob="ab" * 32, size=1)


def _pins(prefix: str, number: int) -> Iterator[Pin]:
    for n in range(number):
        path = f"files/{prefix}/project-{n % 997}-{n}.whl"
        digest = Digest("sha256", f"{n * 2654435761 % 2**256:064x}")
        yield Pin(path, f"https://files.example/packages/ab/cd/{path}", digest, n, f"project-{n % 997}", "1.2.3", 1.0)


def _timed(call) -> float:  # type: ignore[no-untyped-def]
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for files in (1_000, 1_000_000):
            speed = measure(Path(folder) / f"{files}.db", files)
            print(
                f"{files:>9} files: file() {speed.file * 1e6:.1f} µs, totals() {speed.totals * 1e6:.0f} µs, "
                f"4,000 pins new {speed.keep * 1e3:.0f} ms, unchanged {speed.again * 1e3:.0f} ms",
                file=sys.stdout,
            )
