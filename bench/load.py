"""Load by wrk, and the comparison of servers in turn: A B A B."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import Server, Unavailable

SCRIPT = """
-- Exact numbers instead of wrk's rounded ones.
%s
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nSUMMARY {"requests": %%d, "bytes": %%d, "microseconds": %%d, "bad": %%d, "broken": %%d}\\n',
    summary.requests, summary.bytes, summary.duration, e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Course:
    """What one server is asked, again and again."""

    server: Server
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    connections: int = 32
    size: int = 0
    """Bytes of one answer where answers are so large that a round cuts many in half: requests are then bytes/size."""
    script: str = ""
    """Lua for wrk that makes the requests."""
    url: str = ""
    """Another address of the same server."""


@dataclass(frozen=True, slots=True)
class Round:
    """One server for some seconds."""

    microseconds: float
    """Of processor time per request."""
    per_second: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians over rounds."""

    microseconds: tuple[float, ...]
    per_second: tuple[float, ...]
    ratio: tuple[float, ...]
    """First server's cost over each one's, median of the rounds' ratios; the first is 1."""
    rounds: tuple[tuple[Round, ...], ...]


def compare(courses: Sequence[Course], folder: Path, *, rounds: int, seconds: float) -> Comparison:
    """Run the courses in turn. Raises Unavailable when answers are bad: a ratio of errors says nothing."""
    for course in courses:
        run(course, folder, 0.5)
    done = [tuple(run(course, folder, seconds) for course in courses) for _ in range(rounds)]
    columns = list(zip(*done, strict=True))
    return Comparison(
        tuple(statistics.median(r.microseconds for r in column) for column in columns),
        tuple(statistics.median(r.per_second for r in column) for column in columns),
        tuple(
            statistics.median(row[0].microseconds / max(row[i].microseconds, 0.01) for row in done)
            for i in range(len(courses))
        ),
        tuple(done),
    )


def run(course: Course, folder: Path, seconds: float) -> Round:
    """One round of wrk on processor 1 (the servers are pinned to 0). Raises Unavailable."""
    if not shutil.which("wrk"):
        raise Unavailable("wrk is not installed")
    script = folder / "course.lua"
    script.write_text(SCRIPT % course.script)
    headers = [word for name, value in course.headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{course.connections}", f"-d{max(seconds, 1):.0f}s"]
    command += ["--timeout", "30s", "-s", str(script), *headers, (course.url or course.server.url) + course.path]
    before = course.server.cpu()
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120)
    used = course.server.cpu() - before
    line = next((line for line in said.stdout.splitlines() if line.startswith("SUMMARY ")), "")
    if not line:
        raise Unavailable(f"wrk failed: {(said.stderr or said.stdout).strip()[-300:]}")
    summary = json.loads(line.removeprefix("SUMMARY "))
    if summary["bad"] > summary["requests"] // 1000 or not summary["requests"]:
        name = course.server.name
        raise Unavailable(f"{name} answered {summary['bad']} of {summary['requests']} requests with an error")
    requests = summary["bytes"] / course.size if course.size else summary["requests"]
    return Round(used * 1e6 / requests, requests / (summary["microseconds"] / 1e6))
