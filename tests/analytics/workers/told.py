"""What workers tell, as rows."""

from __future__ import annotations

from typing import Any

import duckdb

from subak.analytics.facts.columns import insert_laid
from subak.analytics.schema import as_columns
from subak.analytics.workers.told import TOLD, Told


def rows(told: Told, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """What the engine makes of it."""
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE t ({as_columns(dict.fromkeys(TOLD[table], 'VARCHAR'))})")
        insert_laid(engine, "t", TOLD[table], [told[table]])
        return engine.execute(f"SELECT {columns} FROM t").fetchall()
