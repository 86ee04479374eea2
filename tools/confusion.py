"""How well purposes are found on a generated log: the confusion table, precision, recall, abstention, calibration.

python -m tools.confusion --seed 900 [--lines 200000] [--profile letter] [--generator replica] [--no-ranges]
    [--holdout-family pip uv] [--holdout-draw 910] [--mask-ci] [--markdown]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tools.classes.piped import piped
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
    parser.add_argument("--generator", choices=("traffic", "replica"), default="traffic",
                        help="replica's logs are read as `subak analyze` reads them, and have no profiles")  # fmt: skip
    parser.add_argument("--holdout-family", nargs="+", default=[], help="software whose agents are hidden")
    parser.add_argument("--holdout-draw", type=int, metavar="SEED",
                        help="replica only: hides a third of all known families, drawn by lot")  # fmt: skip
    parser.add_argument("--mask-ci", action="store_true", help="what installers say of CI is hidden")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder in which logs are kept for the next time")
    asked = parser.parse_args(arguments)
    if asked.holdout_draw is not None and asked.generator != "replica":
        parser.error("--holdout-draw needs --generator replica")
    found: list[Cell] = []
    with tempfile.TemporaryDirectory() as scratch:
        for profile in asked.profile:
            for seed in asked.seed:
                wanted = Wanted(seed=seed, lines=asked.lines, profile=profile, days=asked.days,
                                ranges=not asked.no_ranges, masked=asked.holdout_family, mask_ci=asked.mask_ci,
                                generator=asked.generator, draw=asked.holdout_draw)  # fmt: skip
                found += measured(wanted, asked.keep or Path(scratch))
    print(markdown(found) if asked.markdown else terminal(found))
    return 0


def measured(wanted: Wanted, folder: Path) -> list[Cell]:
    """The table of one world; where families are hidden, only of their streams."""
    hidden = bool(wanted.masked) or wanted.draw is not None
    if wanted.generator == "replica":
        with piped(wanted, folder) as engine:
            return cells(engine, masked=hidden)
    with build(wanted, folder) as engine:
        classify(engine)
        return cells(engine, masked=hidden)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
