"""Our own readings as hits: what they are about and who asked is known already, in columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from subak.analytics.compact import day_name, json_rows, names, shelf
from subak.analytics.facts.coder import Coding, asker, number
from subak.analytics.facts.naming import Naming
from subak.analytics.software.parse import recalled
from subak.analytics.stats import ATTEMPTS, CLOCK_SLACK
from subak.analytics.workers.batch import Batch
from subak.errors import StoreFailed
from subak.model.reading import COLUMNS

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_CLIENT: Final = number("consumer")
_AGENT: Final = number("agent", "agent_version", "ci")
_ASKED: Final = number("ecosystem", "kind", "purl", "method")


def is_readings(path: Path) -> bool:
    """Is it a data folder's `readings/`? A gateway that has just started may have nothing in it yet."""
    if not path.is_dir():
        return False
    names = [inside.name for inside in path.iterdir()]
    return "journal" in names or any(map(_DAY.fullmatch, names)) or (not names and path.name == "readings")


def add(engine: duckdb.DuckDBPyConnection, folder: Path, coding: Coding, naming: Naming) -> int:
    """Add the readings of a folder to the hits; the gateway may be writing there. How many. Raises StoreFailed."""
    since, until = coding.since, coding.until
    for attempt in range(1, ATTEMPTS + 1):
        found = shelf(folder, day_name(since - CLOCK_SLACK))
        columns = ", ".join(f'"{name}"' for name in COLUMNS)
        parts = [f"SELECT {columns} FROM {json_rows(found.segments)}"] if found.segments else []
        parts += [f"SELECT {columns} FROM read_parquet({names(found.parquet)})"] if found.parquet else []
        if not parts:
            return 0
        try:
            engine.execute(
                f"CREATE OR REPLACE TEMP TABLE readings AS FROM ({' UNION ALL '.join(parts)}) "
                f'WHERE "at" >= {since!r} AND "at" < {until!r}'
            )
            break
        except duckdb.Error as error:
            gone = not all(path.exists() for path in (*found.parquet, *found.segments))
            if not gone or attempt == ATTEMPTS:  # else the compactor took a file away meanwhile: look again
                raise StoreFailed(
                    f"the readings in {folder} cannot be read: {str(error).splitlines()[0]}",
                    fix="Move the file named here out of the folder; every other one stays readable.",
                ) from error
    return _coded(engine, coding, naming)


def _coded(engine: duckdb.DuckDBPyConnection, coding: Coding, naming: Naming) -> int:
    batch = Batch()
    batch.clients += engine.execute(
        f"SELECT {_CLIENT}, replace(any_value(consumer), 'addr:', '') FROM readings GROUP BY consumer"
    ).fetchall()
    naming.take(batch)
    goods = engine.execute(
        f"SELECT {_ASKED} AS id, ecosystem, kind, key, "
        "regexp_extract(purl, '@([^/@?#]*)([?#].*)?$', 1) AS version, package, purl, "
        "CASE WHEN method IN ('GET', 'HEAD', 'POST') THEN method ELSE 'other' END "
        "FROM (SELECT *, purl AS key, regexp_replace(purl, '(@[^/@]*)?([?#].*)?$', '') AS package "
        "FROM (SELECT DISTINCT ecosystem, kind, purl, method FROM readings)) WHERE id NOT IN (SELECT id FROM goods)"
    )
    naming.write_goods(goods)
    agents = engine.execute(f"SELECT {_AGENT}, agent, agent_version, ci FROM readings GROUP BY ALL").fetchall()
    naming.write_agents((id, recalled(family, version, ci)) for id, family, version, ci in agents)
    who = asker(_CLIENT, _AGENT, "0::UBIGINT")
    told = f"{who} AS id, {_CLIENT}, {_AGENT}, 0::UBIGINT"
    engine.execute(f"INSERT INTO askers FROM (SELECT DISTINCT {told} FROM readings) ANTI JOIN askers USING (id)")
    engine.execute(
        f'INSERT INTO hits SELECT "at", {who}, {_ASKED}, 0::UBIGINT, status, sent, '
        "CASE WHEN origin IN ('hit', 'miss', 'stale', 'peer') THEN origin ELSE '' END::cache_state FROM readings"
    )
    rows = engine.execute("SELECT count(*) FROM readings").fetchall()[0][0]
    engine.execute("DROP TABLE readings")
    return int(rows)
