"""The command line of the generator."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tools.traffic.formats import FORMATS
from tools.traffic.generate import Order, generate
from tools.traffic.knobs import PROFILES


def main(arguments: list[str]) -> int:
    """Write one log and its truth."""
    parser = argparse.ArgumentParser(prog="python -m tools.traffic", description="A registry's log with planted truth.")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same bytes")
    parser.add_argument("--lines", type=int, default=200_000, help="exactly so many requests")
    parser.add_argument("--out", type=Path, required=True, help="the log; .gz and .zst are compressed")
    parser.add_argument("--truth", type=Path, required=True, help="folder for the tables of what was planted")
    parser.add_argument("--format", choices=FORMATS, default="combined")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="letter")
    parser.add_argument("--start", type=datetime.fromisoformat, default=datetime(2026, 10, 5, tzinfo=UTC))
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--broken", type=float, default=0.0, metavar="SHARE", help="broken lines for each sound one")
    parser.add_argument("--published", type=Path, metavar="FILE", help="let versions come out; write which, as CSV")
    asked = parser.parse_args(arguments)
    if asked.lines < 1000 or asked.days < 1 or not 0 <= asked.broken <= 1:
        parser.error("at least 1000 lines, one day, and broken lines from 0 to 1")
    start = asked.start if asked.start.tzinfo else asked.start.replace(tzinfo=UTC)
    began = time.perf_counter()
    gc.disable()  # millions of objects, all of them kept: looking through them again and again frees nothing
    generate(
        Order(seed=asked.seed, lines=asked.lines, out=asked.out, truth=asked.truth, format=asked.format,
              profile=asked.profile, start=start, days=asked.days, broken=asked.broken, published=asked.published)
    )  # fmt: skip
    took = time.perf_counter() - began
    print(f"{asked.lines} lines in {asked.out}, truth in {asked.truth}: {took:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
