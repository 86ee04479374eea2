"""Compiles the measures to SQL and writes them with docs/measures.md. `--check` only compares.

python -m tools.queries [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import ibis
import sqlglot

from subak.analytics.metrics import concentration, definitions, fragments, mixes, waste
from subak.analytics.metrics.catalogue import DIMENSIONS, MEASURES, PARAMETERS, SHOWN

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "src" / "subak" / "analytics" / "metrics" / "queries"
DIALECTS: Final = ("duckdb", "clickhouse", "bigquery", "postgres", "snowflake", "trino")

STEPS: Final[Mapping[str, Any]] = {
    "spells": definitions.spells_of,
    "ways": definitions.ways_of,
    "days": definitions.days_of,
    "visits": definitions.visits_of,
    "unit_days": definitions.unit_days_of,
    "units": concentration.units_of,
    "ranked": concentration.ranked_of,
    "minutes": definitions.minutes_of,
    "fetched": definitions.fetched_of,
    "taken": definitions.taken_of,
    "alone": waste.alone_of,
    "near": waste.near_of,
    "near_wide": waste.near_wide_of,
    "chained": waste.chained_of,
}
"""Tables made on the way, in an order in which each needs only earlier ones."""

QUERIES: Final[Mapping[str, Any]] = {
    "totals": mixes.totals,
    "window": mixes.window,
    "distinct": mixes.distinct,
    "counter": waste.counter,
    "concentration": concentration.concentration,
    "daily": concentration.daily,
    "lorenz": concentration.lorenz,
    "providers": concentration.providers,
    "origins": concentration.origins,
    "files": waste.files,
    "short": waste.short,
    "long": waste.long,
    "shadow": waste.shadow,
    "breadth": mixes.breadth,
    "purposes": mixes.purposes,
    "ecosystems": mixes.ecosystems,
    "softwares": mixes.softwares,
    "software_kinds": mixes.software_kinds,
    "coverage": mixes.coverage,
    "lag": mixes.lag,
    "chase": mixes.chase,
    **{f"bounded_{column}": table for column, table in waste.bounded.items()},
}
"""What is answered."""

HEAD = """\
-- Written by `python -m tools.queries` from the ibis expressions beside this folder; edit those instead.
-- Tables: docs/measures.md. `step` queries are to be stored under their name, in this order; `query` ones answer.
"""


def compiled(dialect: str) -> str:
    """The file of one dialect."""
    parts = [HEAD]
    for what, tables in (("step", STEPS), ("query", QUERIES)):
        for name, table in tables.items():
            needs = sorted({t.name for t in table.op().find(ibis.expr.operations.UnboundTable)})
            parts.append(f"-- {what} {name}: {' '.join(needs)}\n{_sql(table, dialect)}\n;\n")
    for what, named in (("time", fragments.TIMES), ("measure", fragments.ADDITIVE)):
        for name, expression in named.items():
            sql, columns = _fragment(expression, dialect)
            parts.append(f"-- {what} {name}: {' '.join(columns)}\n{sql}\n;\n")
    return "\n".join(parts)


def _sql(table: Any, dialect: str) -> str:
    return str(ibis.to_sql(table, dialect=dialect, pretty=True))


def _fragment(expression: Any, dialect: str) -> tuple[str, list[str]]:
    """One column's expression, its columns unqualified; and their names."""
    tree = sqlglot.parse_one(_sql(expression.as_table(), dialect), read=dialect)
    select = tree.find(sqlglot.exp.Select)
    if select is None:
        raise SystemExit(f"no SELECT in {tree.sql(dialect)}")
    column = select.selects[0].unalias()
    columns = sorted({used.name for used in column.find_all(sqlglot.exp.Column)})
    for used in column.find_all(sqlglot.exp.Column):
        used.set("table", None)
    return column.sql(dialect), columns


def page() -> str:
    """docs/measures.md."""
    lines = [
        "<!-- Written by `python -m tools.queries` from the code; edit the code instead. -->",
        "# Measures",
        "",
        INTRODUCTION,
        "",
        "| name | title | unit | for | definition |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, m in MEASURES.items():
        given = f" Needs: {m.needs}." if m.needs else ""
        lines.append(f"| `{name}` | {m.title} | {m.unit} | {', '.join(m.rungs) or 'all'} | {m.definition}{given} |")
    lines += ["", "## Parameters", "", "| name | default | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{name}` | {p.default:g} | {p.definition} |" for name, p in PARAMETERS.items()]
    lines += ["", "## Tables", "", TABLE_TEXT, "", "| dimension | meaning |", "| --- | --- |"]
    lines += [f"| `{name}` | {d.definition} |" for name, d in DIMENSIONS.items()]
    lines += ["", "Measures of a table: " + ", ".join(f"`{name}`" for name in SHOWN) + ".", ""]
    return "\n".join(lines)


INTRODUCTION = """\
What `subak analyze` says about traffic, each in one sentence. Every share names its unit of account: address (an IPv4
address or an IPv6 /64), network (/24 or /48) or consumer. Requests without such a unit count in totals only.

The same definitions as SQL are in `src/subak/analytics/metrics/queries/`, for DuckDB and ClickHouse (both run by the
tests, on the same tables, with equal results: whole numbers exactly, others to 9 significant digits), and as compiled
but not run for BigQuery, PostgreSQL, Snowflake and Trino. They read the tables of
`src/subak/analytics/schema.py` and a table `parameters` with one row. Store the answers of the `step` queries
under their names, in the order of the file, then ask the others. Documents that one unit asks for again and again
(`long`) must be walked in order; `walk.py` does that. What `short` and `long` give for the unit `each` counts for all
three units of account: networks in which there is one address and one consumer."""

TABLE_TEXT = """\
`--by` takes dimensions, `--show` measures, `--where` a condition such as
`ecosystem = npm and (status >= 400 or purl like 'pkg:npm/left*') and not day in (2026-10-05, 2026-10-06)`.
Words need no quotes unless they hold spaces or signs of the language; `*` in `like` stands for anything. Cells of fewer
than 20 addresses are put together into one row, with at least one more cell so that nothing follows by subtraction."""


def main(arguments: list[str]) -> int:
    """Write the files, or with --check tell which are out of date (exit 1)."""
    files = {FOLDER / f"{dialect}.sql": compiled(dialect) for dialect in DIALECTS}
    files[ROOT / "docs" / "measures.md"] = page()
    old = [f for f, text in files.items() if not f.is_file() or f.read_text("utf-8") != text]
    if "--check" in arguments:
        if old:
            print(f"out of date: {', '.join(f.name for f in old)}; run `make docs`", file=sys.stderr)
        return 1 if old else 0
    for file in old:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(files[file], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
