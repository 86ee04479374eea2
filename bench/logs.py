"""Logs to analyse: made once, kept below .cache."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.places import CACHE, ROOT
from bench.processes import Unavailable


def log_of(lines: int, *, seed: int = 1) -> tuple[Path, Path]:
    """A combined log of so many lines and its range pack. Raises Unavailable with what the generator said."""
    folder = CACHE / "logs" / f"seed-{seed}-{lines}"
    log, ranges = folder / "access.log", folder / "truth" / "networks.csv"
    if not (folder / "truth" / "about.json").exists():  # written last: a broken run is made again
        folder.mkdir(parents=True, exist_ok=True)
        made = subprocess.run(
            [sys.executable, "-m", "tools.traffic", "--seed", str(seed), "--lines", str(lines), "--out", str(log),
             "--truth", str(folder / "truth")],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        if made.returncode:
            raise Unavailable(f"no log of {lines} lines: {made.stderr[-300:]}")
    return log, ranges


def read_once(log: Path) -> None:
    """Bring it into the page cache, so that the first program to read it is not the one that pays for the disk."""
    with log.open("rb", buffering=0) as file:
        while file.read(2**22):
            pass
