"""The options of `subak analyze`, in the groups in which its help shows them."""

from __future__ import annotations

from typing import Any

import typer

READING = "What is read"
ASKING = "What is asked"
SHOWING = "Where the answer goes"
KNOWING = "What else is known"
PRIVACY = "Privacy"

EXAMPLES = """
Examples:

  subak analyze access.log.gz --html report.html

  subak analyze 'logs/*.zst' --registry files.example=pypi --ranges clouds.csv --prices cdn.toml

  subak analyze access.log --by purpose,ecosystem --show requests,bytes --where "status = 200"

  subak analyze march.log --compare february.json --simulate "limit=1000/hour per=address"

  subak analyze                      (the gateway's own readings, while it is serving)
"""

LOGS = typer.Argument(
    None,
    metavar="[LOG]...",
    help="Files (plain, gz, zst, bz2, xz), folders, patterns, object-store URLs, or - for standard input.",
    show_default="this gateway's readings",
)


def option(default: Any, name: str, panel: str, help: str, **more: Any) -> Any:
    return typer.Option(default, f"--{name}", rich_help_panel=panel, help=help, **more)


REGISTRY = option(
    None,
    "registry",
    READING,
    "Whose paths these are: pypi, or HOST=pypi for one host. May be repeated.",
    metavar="[HOST=]NAME",
    show_default="told from the paths",
)
SIMULATE = option(
    None,
    "simulate",
    ASKING,
    "Try a limit: 'limit=1000/hour per=address where purpose!=mirror'. May be repeated.",
    metavar="RULE",
    show_default=False,
)
RANGES = option(
    None,
    "ranges",
    KNOWING,
    "Whose networks: CSV prefix,provider,origin, or a cloud's own list. May be repeated.",
    metavar="FILE",
    show_default=False,
)
CONSUMERS = option(
    None, "consumers", KNOWING, "Whom you know: CSV prefix,name[,grade].", metavar="FILE", show_default=False
)
PUBLISHED = option(
    None, "published", KNOWING, "When versions appeared: CSV purl,time.", metavar="FILE", show_default=False
)
HTML = option(None, "html", SHOWING, "Write one page that needs nothing else.", metavar="FILE", show_default=False)
PARQUET = option(
    None,
    "parquet",
    SHOWING,
    "Write the tables, with pseudonyms, and report.json; DIR can be analysed again.",
    metavar="DIR",
    show_default=False,
)
REJECTS = option(
    None,
    "rejects",
    SHOWING,
    "Write the lines that were not understood, with reasons (CSV; addresses masked).",
    metavar="FILE",
    show_default=False,
)
KEY = option(
    None,
    "key",
    PRIVACY,
    "Key file that several registries hold, for pseudonyms that agree.",
    metavar="FILE",
    show_default="a key of this machine",
)
EPOCH = option(
    "",
    "epoch",
    PRIVACY,
    "The epoch of the pseudonyms, YYYY-MM or YYYY-MM-DD: another one gives names that nothing connects.",
    metavar="EPOCH",
    show_default="this month",
)
MERGE = option(
    False, "merge-sketches", PRIVACY, "The files are sketches: add them up and say what the heaviest 1 % have."
)
SKETCH = option(
    None,
    "sketch",
    PRIVACY,
    "Write a summary to add up with other registries', without addresses.",
    metavar="FILE",
    show_default=False,
)
