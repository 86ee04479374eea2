"""The command: what is measured, in which order, and where the table goes."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import analyze, cold, ecosystems, installs, memory, peers, warm
from bench.machine import load_average, machine
from bench.page import page
from bench.places import ROOT, Ground
from bench.processes import Unavailable
from bench.table import Row, as_text

GROUPS: Mapping[str, tuple[str, Callable[..., Iterator[Row]]]] = {
    "warm": ("Warm hits: processor time per request against nginx proxy_cache", warm.measure),
    "peers": ("Warm hits against other package caches", peers.measure),
    "cold": ("Misses against fetching directly", cold.measure),
    "installs": ("Installs from real registries, client caches empty", installs.measure),
    "ecosystems": (
        "Installs by every other ecosystem's client, caches empty; NuGet: no client here, not measured",
        ecosystems.measure,
    ),
    "memory": ("Memory, start-up, and a large catalogue", memory.measure),
    "analyze": ("Analysing a log: against GoAccess, and against a scan that only counts", analyze.measure),
}

TITLES = {name: title for name, (title, _) in GROUPS.items()}


def main() -> int:
    """Measure, print, write. 0 also where targets are missed: figures are printed, not asserted."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit unwinds, so that servers and folders go too
    if options.prepare:
        subprocess.run(["bash", str(ROOT / "bench" / "prepare.sh"), sys.executable], check=False)
    about = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "load average before": f"{load_average():.2f}",
        **machine(),
    }
    rows: list[Row] = []
    try:
        with Ground() as ground:
            for name in options.only:
                rows.extend(_group(name, ground, options))  # keeps what came before an error
    finally:  # what was measured is worth printing, whatever ended the run
        _hand_over(rows, about, options)
    return 0


def _hand_over(rows: Sequence[Row], about: dict[str, str], options: argparse.Namespace) -> None:
    if options.quick:
        about["caution"] = "--quick: a smoke test, no measurement"
    print(as_text(rows, TITLES))
    for name, value in about.items():
        print(f"{name}: {value}")
    if options.json:
        data = {"about": about, "rows": [row.as_json() for row in rows]}
        options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    if options.markdown:
        options.markdown.write_text(page(rows, TITLES, about))


def _group(name: str, ground: Ground, options: argparse.Namespace) -> Iterator[Row]:
    """One group's rows, each told as it comes. What stops a whole group becomes a row."""
    sizes = {"lines": options.lines, "pairs": options.pairs} if name == "analyze" else {}
    print(f"bench: {TITLES[name]} …", file=sys.stderr, flush=True)
    try:
        for row in GROUPS[name][1](ground, quick=options.quick, **sizes):
            said = " ".join(row.missing.split())[:400] or f"{row.subak} | {row.against} | {row.shown} {row.verdict}"
            print(f"bench:   {row.what}: {said}", file=sys.stderr, flush=True)
            yield row
    except (Unavailable, OSError, subprocess.SubprocessError) as reason:
        print(f"bench:   NOT MEASURED: {reason}", file=sys.stderr, flush=True)
        yield Row(name, "everything from here on", missing=str(reason))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(GROUPS), metavar="NAME,…", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="few short rounds: to see that it works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page with the table there")
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="analyze: also a log of so many lines")
    parser.add_argument("--pairs", type=int, default=0, metavar="N", help="analyze: so many distinct pairs, not 20 M")
    parser.add_argument("--no-prepare", dest="prepare", action="store_false", help="install nothing")
    return parser.parse_args()


def _names(text: str) -> Sequence[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return names
