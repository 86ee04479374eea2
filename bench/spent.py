"""One command from start to end: how long, how much processor time, how much memory at most."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Unavailable


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took; children that it waited for are included."""

    seconds: float
    processor: float
    peak: int
    """Bytes resident at most, of the largest of its processes (ru_maxrss)."""
    said: str
    """Its standard output."""


def spend(command: Sequence[str], folder: Path, *, environ: Mapping[str, str] | None = None) -> Spent:
    """Run it to its end, with nothing on its standard input. Raises Unavailable with the end of what it said."""
    out, err = folder / "said.txt", folder / "erred.txt"
    with out.open("wb") as said, err.open("wb") as erred:
        began = time.perf_counter()
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=erred, cwd=folder,
                env=None if environ is None else dict(environ),
            )  # fmt: skip
        except OSError as reason:
            raise Unavailable(f"{Path(command[0]).name}: {reason.strerror}") from reason
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)  # it is gone: Popen must not wait for it again
    if process.returncode:
        raise Unavailable(f"{Path(command[0]).name} ended with {process.returncode}: {err.read_text()[-400:]}")
    return Spent(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read_text("utf-8", "replace"))


def told(runs: Sequence[Spent]) -> str:
    """Best and median of the runs, for a cell."""
    seconds = [run.seconds for run in runs]
    processor = statistics.median(run.processor for run in runs)
    peak = max(run.peak for run in runs) / 2**20
    return f"{min(seconds):.2f} s best, {statistics.median(seconds):.2f} s median; {processor:.2f} s CPU; {peak:.0f} MB"
