"""Offline work on readings in a process of its own, so that no worker ever loads the engine.

    python -m subak.analytics compact FOLDER [--keep SECONDS]
    python -m subak.analytics stats FOLDER --since SECONDS --json [--by DIM,...] [--show MEASURE,...]

FOLDER is the data folder's `readings/`. Both print one JSON object. Exit status: 0 ok, 1 failure (the reason on
standard error; for `compact` also when a file had to be left as it was), 2 usage.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from subak.analytics.compact import compact
from subak.analytics.stats import stats, summary
from subak.errors import BadRequest, SubakError


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; gives the exit status."""
    asked = _parser().parse_args(arguments)
    now = time.time() if asked.now is None else asked.now  # a process of its own has a clock of its own
    answer: object
    status = 0
    try:
        if asked.command == "compact":
            answer = done = compact(asked.folder, now, asked.keep)
            for problem in done.problems:
                print(problem, file=sys.stderr)
            status = 1 if done.failed else 0
        elif asked.by or asked.show:
            answer = stats(asked.folder, now - asked.since, now, _split(asked.by), _split(asked.show) or ["requests"])
        else:
            answer = summary(asked.folder, now - asked.since, now)
    except SubakError as error:
        print(f"{error.detail}{' ' if error.fix else ''}{error.fix}", file=sys.stderr)
        return 2 if isinstance(error, BadRequest) else 1
    print(msgspec.json.encode(answer).decode())
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m subak.analytics", description="Work on readings.")
    parser.add_argument("--now", type=float, help="take this Unix time for the present")
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("compact", help="finished journals become Parquet files")
    packing.add_argument("folder", type=Path)
    packing.add_argument("--keep", type=float, default=0.0, help="seconds to keep readings; 0 keeps them all")
    asking = commands.add_parser("stats", help="what the readings say")
    asking.add_argument("folder", type=Path)
    asking.add_argument("--since", type=float, required=True, help="length of the window that ends now, in seconds")
    asking.add_argument("--by", default="", help="dimensions, separated by commas; gives a table")
    asking.add_argument("--show", default="", help="measures, separated by commas; gives a table")
    asking.add_argument("--json", action="store_true", help="the only form there is")
    return parser


def _split(text: str) -> list[str]:
    return [item for item in text.split(",") if item]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
