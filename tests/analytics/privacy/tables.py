"""Small tables of `facts.schema` by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb

from subak.analytics.schema import TABLES, as_columns

_NOTHING: Mapping[str, object] = {
    "DOUBLE": 0.0, "INTEGER": -1, "UBIGINT": 0, "VARCHAR": "", "SMALLINT": 0, "BIGINT": -1,
    "TINYINT": 0, "BOOLEAN": False,
}  # fmt: skip


def tables(engine: duckdb.DuckDBPyConnection, **rows: Iterable[Mapping[str, Any]]) -> None:
    """Create every table and fill in rows; what a row leaves out is unknown."""
    for name, columns in TABLES.items():
        engine.execute(f"CREATE OR REPLACE TABLE {name} ({as_columns(columns)})")
        values = [[row.get(column, _NOTHING[kind]) for column, kind in columns.items()] for row in rows.get(name, ())]
        for at in range(0, len(values), 1000):
            batch = values[at : at + 1000]
            marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(batch))
            engine.execute(f"INSERT INTO {name} VALUES {marks}", [value for row in batch for value in row])
