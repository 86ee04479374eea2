"""How well purposes are found on a generated log: the confusion table, precision, recall, abstention, calibration.

python -m tools.confusion --seed 900 [--lines 200000] [--profile letter] [--no-ranges]
    [--holdout-family pip,uv] [--mask-ci] [--markdown]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.classes.table import Cell, cells, markdown, terminal
from tools.classes.world import Wanted, build
from tools.traffic.knobs import PROFILES

from subak.analytics.classes.classify import classify


def main(arguments: list[str]) -> int:
    """Print one table for all the seeds together."""
    parser = argparse.ArgumentParser(prog="python -m tools.confusion", description="Purposes found and planted.")
    parser.add_argument("--seed", type=int, nargs="+", default=[1], help="one or several")
    parser.add_argument("--lines", type=int, default=200_000, help="of each log")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--profile", choices=sorted(PROFILES), nargs="+", default=["letter"])
    parser.add_argument("--no-ranges", action="store_true", help="the operator has no range pack")
    parser.add_argument("--holdout-family", nargs="+", default=[], help="software whose agents are hidden")
    parser.add_argument("--mask-ci", action="store_true", help="what installers say of CI is hidden")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder in which logs are kept for the next time")
    asked = parser.parse_args(arguments)
    found: list[Cell] = []
    with tempfile.TemporaryDirectory() as scratch:
        for profile in asked.profile:
            for seed in asked.seed:
                wanted = Wanted(seed=seed, lines=asked.lines, profile=profile, days=asked.days,
                                ranges=not asked.no_ranges, masked=asked.holdout_family,
                                mask_ci=asked.mask_ci)  # fmt: skip
                with build(wanted, asked.keep or Path(scratch)) as engine:
                    classify(engine)
                    found += cells(engine, masked=bool(asked.holdout_family))
    print(markdown(found) if asked.markdown else terminal(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
