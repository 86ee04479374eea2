"""What is told of the distinct texts of a log: columns for the engine, in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from subak.analytics.schema import AGENTS
from subak.analytics.software.record import Software
from subak.analytics.workers.lay import Laid, lay

Told: TypeAlias = "dict[str, list[Laid]]"
"""Columns of `TOLD`, by table."""

TOLD: Final[dict[str, dict[str, str]]] = {
    "named_clients": {
        "id": "UBIGINT",
        "name": "VARCHAR",
        "network": "VARCHAR",
        "version": "TINYINT",
        "provider": "VARCHAR",
        "origin": "VARCHAR",
        "consumer": "VARCHAR",  # '' where nobody says who that is
        "grade": "VARCHAR",
    },
    "named_users": {"id": "UBIGINT", "consumer": "VARCHAR"},
    "named_agents": {
        "id": "UBIGINT",
        "run": "UBIGINT",
        **{name: kind for name, kind in AGENTS.items() if name != "agent"},
    },
    "goods": {
        "id": "UBIGINT",
        **dict.fromkeys(("ecosystem", "kind", "key", "version", "package", "purl", "method"), "VARCHAR"),
    },
    "later": {"id": "UBIGINT", "method": "VARCHAR", "host": "VARCHAR", "target": "VARCHAR"},
}
"""What is told of texts. `later` are those of which only the rest of the log tells: see `Targets.settle`."""

CALL = 2_000
"""Requests that are told at a time: fewer cost more each, more do not fit the processor's cache."""


def spoken_of(software: Software) -> tuple[object, ...]:
    """A row of `schema.AGENTS` but for its number."""
    hosted = {True: "yes", False: "no", None: ""}[software.self_hosted]
    return (
        software.family, software.version, software.kind, bool(software.ci), software.ci_vendor, hosted, software.os,
        software.arch, software.runtime, software.command, software.ecosystem, ",".join(software.flags),
        ",".join(f"{purpose}={weight:g}" for purpose, weight in software.purposes),
    )  # fmt: skip


def as_told(**tables: Sequence[Sequence[Any]]) -> Told:
    """Those that have rows."""
    return {table: lay(TOLD[table], columns) for table, columns in tables.items() if columns and columns[0]}
