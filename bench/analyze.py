"""`subak analyze` on one combined log: against GoAccess, and against a scan that only counts."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.logs import log_of, read_once
from bench.pairs import ENGINE
from bench.places import ROOT, Ground
from bench.processes import Unavailable
from bench.spent import Spent, spend, told
from bench.table import Row, Target

LINES, FEW = 2_000_000, 100_000
PAIRS, SOME_PAIRS = 20_000_000, 2_000_000
ROUNDS = 3
NOT_DONE = 10
"""Times faster than GoAccess below which the analysis is not done."""


def measure(ground: Ground, *, quick: bool, lines: int = 0, pairs: int = 0) -> Iterator[Row]:
    """The rows of the group 'analyze'. `lines` also with another size of log, `pairs` with so many pairs."""
    for size in dict.fromkeys((FEW if quick else LINES, lines or (FEW if quick else LINES))):
        try:
            yield from _one(ground, size, 1 if quick else ROUNDS)
        except (Unavailable, OSError, subprocess.SubprocessError) as reason:
            yield Row("analyze", f"{size} lines", missing=str(reason))
    yield _memory(ground, pairs or (SOME_PAIRS if quick else PAIRS))


def _one(ground: Ground, lines: int, rounds: int) -> Iterator[Row]:
    """All rows about one log."""
    log, ranges = log_of(lines)
    read_once(log)
    folder = ground.folder("analyze")
    python = sys.executable
    commands = {
        "subak": [python, "-m", "subak", "analyze", str(log), "--ranges", str(ranges), "--html", "subak.html"],
        "goaccess": _goaccess(log),
        "bare": [python, str(ROOT / "bench" / "scan.py"), "bare", str(log)],
        "ours": [python, str(ROOT / "bench" / "scan.py"), "ours", str(log)],
    }
    found: dict[str, list[Spent]] = {name: [] for name in commands}
    missing: dict[str, str] = {}
    for _ in range(rounds):  # in turn, so that whatever else the machine does falls on all of them
        for name, command in commands.items():
            if name not in missing:
                try:
                    found[name].append(spend(command, folder))
                except Unavailable as reason:
                    missing[name] = str(reason)
    yield from _rows(found, missing, lines, log.stat().st_size)


def _goaccess(log: Path) -> Sequence[str]:
    """Its usual command for an HTML report; with two threads where it knows how (1.7 does not)."""
    program = shutil.which("goaccess")
    if not program:
        return ["goaccess"]  # spend() says that it is not there
    help_text = subprocess.run([program, "--help"], capture_output=True, text=True).stdout
    threads = ["--jobs=2"] if "--jobs" in help_text else []
    return [program, str(log), "--log-format=COMBINED", "--no-progress", "-o", "goaccess.html", *threads]


def _rows(found: dict[str, list[Spent]], missing: dict[str, str], lines: int, size: int) -> Iterator[Row]:
    what = f"{lines} lines, {size / 1e6:.0f} MB"
    for name in ("subak", "goaccess", "bare"):
        if name in missing:
            yield Row("analyze", f"{what}: {name}", missing=missing[name])
    subak = found["subak"]
    raw = {name: [(run.seconds, run.processor, run.peak) for run in runs] for name, runs in found.items()}
    if subak and found["goaccess"]:
        ratio = _ratio(found["goaccess"], subak)
        note = f"below {NOT_DONE} × it is not done" if ratio < 20 else ""
        yield Row("analyze", f"{what}: whole analysis to a page, times faster than GoAccess", told(subak),
                  f"GoAccess {told(found['goaccess'])}", ratio, "×", Target(20, "≥"), note, raw=raw)  # fmt: skip
        spared = statistics.median(run.processor for run in found["goaccess"]) / statistics.median(
            run.processor for run in subak
        )
        yield Row("analyze", f"{what}: the same by processor time", f"{_cpu(subak):.2f} s",
                  f"GoAccess {_cpu(found['goaccess']):.2f} s", spared)  # fmt: skip
    if subak and found["bare"]:
        bare = statistics.median(float(run.said) for run in found["bare"])
        whole = statistics.median(run.seconds for run in subak)
        yield Row("analyze", f"{what}: whole analysis against a bare scan", f"{whole:.2f} s", f"scan {bare:.2f} s",
                  whole / bare, "×", Target(2.5), "the scan without starting Python")  # fmt: skip
    if found["ours"] and found["bare"]:
        ours = statistics.median(float(run.said) for run in found["ours"])
        bare = statistics.median(float(run.said) for run in found["bare"])
        yield Row("analyze", f"{what}: our reading alone", f"{ours:.2f} s", f"scan {bare:.2f} s", ours / bare)
    if subak:
        yield Row("analyze", f"{what}: lines a second and core", f"{_cpu(subak):.2f} s CPU", "—",
                  lines / _cpu(subak) / 1000, "thousand", Target(500, "≥", "thousand"))  # fmt: skip
        peak = max(run.peak for run in subak) / 2**20
        yield Row("analyze", f"{what}: memory at most", f"{peak:.0f} MB", "—", peak, "MB", Target(1024, unit="MB"))


def _cpu(runs: Sequence[Spent]) -> float:
    return statistics.median(run.processor for run in runs)


def _ratio(slow: Sequence[Spent], fast: Sequence[Spent]) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(slow, fast, strict=False))


def _memory(ground: Ground, pairs: int) -> Row:
    """Memory over many distinct pairs of clients and files."""
    what = f"every measure over {pairs} distinct pairs of client and file, memory_limit {ENGINE}"
    folder = ground.folder("pairs")
    try:
        run = spend([sys.executable, str(ROOT / "bench" / "pairs.py"), str(pairs), str(folder)], folder)
    except Unavailable as reason:
        return Row("analyze", what, missing=str(reason))
    peak = run.peak / 2**20
    return Row("analyze", what, f"{peak:.0f} MB at most, {run.seconds:.0f} s; {run.said.strip()}", "—", peak, "MB",
               Target(1024, unit="MB"))  # fmt: skip
