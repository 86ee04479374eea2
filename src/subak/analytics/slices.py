"""Makes a large table slice by slice: what is grouped at a time fits into memory, however long the log is.

Such tables are kept compressed, in a file of their own: an engine holds more about each block of a table in memory
than it counts, and writes it again whenever it needs the room. Where everything fits, several are made at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

REQUEST_BYTES: Final = 75
"""Memory for a request in a log that is not cut; an engine that groups more than that spills."""
AT_ONCE: Final = 300
"""The same where several tables are made at a time; no two take more."""
SMALLER: Final = 4
"""How much less a slice has than that, as what else is in memory of a large log leaves little room."""
SLOT: Final = 120
"""Seconds: slices of time begin at multiples of it, so that no minute, and no two minutes' slot, is in two of them."""
BY_TIME: Final = f'SELECT floor("at" / {SLOT})::BIGINT * {SLOT} AS place, count(*) AS n FROM facts GROUP BY place'
LARGE: Final = "large"
"""The database of large tables, and its file in the folder that the engine spills to."""

_MEMORY: Final = "parse_formatted_bytes(current_setting('memory_limit'))"


def roomy(engine: duckdb.DuckDBPyConnection) -> bool:
    """Is there memory for several tables of all requests to be made at the same time? Raises duckdb.Error."""
    ((share,),) = engine.execute(f"SELECT count(*) * {AT_ONCE:d} / {_MEMORY} FROM facts").fetchall()
    return bool(share < 1)


def several(engine: duckdb.DuckDBPyConnection) -> int:
    """Have two threads ask the engine at the same time: as both work themselves, it gets one thread less of its own.

    With two processors it has none then, and groups with a third less work: nothing is put together from two parts.
    Changes nothing where there is no room for several tables. Returns how many threads it had. Raises duckdb.Error.
    """
    threads: int
    ((threads,),) = engine.execute("SELECT current_setting('threads')::INTEGER").fetchall()
    if roomy(engine):
        engine.execute(f"SET threads = {max(1, threads - 1):d}")
    return threads


def settle(engine: duckdb.DuckDBPyConnection) -> None:
    """Put `facts` into a file if they are too many for memory, and leave a view of that name.

    From then on the engine takes a quarter less of memory, for what it does not count. `forget` removes the file.
    Raises duckdb.Error.
    """
    if _share(engine) > 1:
        ((folder, memory),) = engine.execute(f"SELECT current_setting('temp_directory'), {_MEMORY}::BIGINT").fetchall()
        engine.execute(f"SET memory_limit = '{memory * 3 // 4:d}B'")
        quoted = str(_file(folder)).replace("'", "''")
        engine.execute("RESET checkpoint_threshold")  # what is in that file is to leave memory
        engine.execute(f"ATTACH '{quoted}' AS {LARGE}")
        _put(engine, "facts", "FROM facts")


def forget(folder: str) -> None:
    """Remove the file of large tables, if there is one, when no engine has it open. Raises OSError."""
    for suffix in ("", ".wal"):
        Path(f"{_file(folder)}{suffix}").unlink(missing_ok=True)


def cut(engine: duckdb.DuckDBPyConnection, weights: str = BY_TIME) -> list[int]:
    """Where all slices but the first begin, none if everything fits into memory at once.

    `weights`: a SELECT of place, a whole number, and n, its requests. Slices are of about as many requests each as
    they can be without cutting a place in two. Raises duckdb.Error.
    """
    share = _share(engine)
    if share <= 1:
        return []
    found = engine.execute(
        f"WITH w AS MATERIALIZED ({weights}) SELECT min(place)::BIGINT FROM"
        " (SELECT place, sum(n) OVER (ORDER BY place) - n AS before FROM w)"
        " GROUP BY before // (SELECT ceil(sum(n) / ?)::BIGINT FROM w) ORDER BY 1",
        [math.ceil(share * SMALLER)],
    ).fetchall()
    return [begin for (begin,) in found[1:]]


def store(
    engine: duckdb.DuckDBPyConnection,
    name: str,
    query: str,
    begins: Sequence[int] = (),
    source: str = "facts",
    column: str = "at",
) -> None:
    """Store the answer as a table that the connections of other threads see; replaces an older one.

    Once for each slice of the table `source`, if there are such: `begins` are values of the column, and what the
    query puts together has to be on one side of each of them. Raises duckdb.Error.
    """
    if not begins:
        engine.execute(f'CREATE OR REPLACE TABLE "{name}" AS {query}')
        return
    edges = [f'"{column}" >= {begin:d}' for begin in begins]
    try:
        for number, (first, last) in enumerate(zip(["true", *edges], [*edges, "false"], strict=True)):
            engine.execute(
                f'CREATE OR REPLACE TEMP VIEW "{source}" AS FROM "{_own(engine)}".main."{source}"'
                f" WHERE {first} AND NOT ({last})"
            )
            if number:
                place = LARGE if _settled(engine, name) else _own(engine)
                engine.execute(f'INSERT INTO "{place}".main."{name}" {query}')
            else:
                _put(engine, name, query)
    finally:
        engine.execute(f'DROP VIEW IF EXISTS temp."{source}"')


def drop(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    """Forget a table that `store` made in slices, or at once, if it is there. Raises duckdb.Error."""
    if _settled(engine, name):
        engine.execute(f'DROP VIEW "{_own(engine)}".main."{name}"')
        engine.execute(f'DROP TABLE {LARGE}.main."{name}"')
    else:
        engine.execute(f'DROP TABLE IF EXISTS "{name}"')


def _share(engine: duckdb.DuckDBPyConnection) -> float:
    """How much of the memory that there is all requests need; more than 1 if it is not enough."""
    ((share,),) = engine.execute(f"SELECT count(*) * {REQUEST_BYTES:d} / {_MEMORY} FROM facts").fetchall()
    return float(share)


def _put(engine: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """As a table in the file, and a view of it, if there is a file."""
    if not engine.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [LARGE]).fetchall():
        engine.execute(f'CREATE OR REPLACE TABLE "{name}" AS {query}')
    elif _settled(engine, name):
        engine.execute(f'CREATE OR REPLACE TABLE {LARGE}.main."{name}" AS {query}')
    else:
        engine.execute(f'CREATE TABLE {LARGE}.main."{name}" AS {query}')
        engine.execute(f'DROP TABLE IF EXISTS "{_own(engine)}".main."{name}"')
        engine.execute(f'CREATE VIEW "{_own(engine)}".main."{name}" AS FROM {LARGE}.main."{name}"')


def _settled(engine: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = ?"
    return bool(engine.execute(query, [LARGE, name]).fetchall())


def _own(engine: duckdb.DuckDBPyConnection) -> str:
    ((database,),) = engine.execute("SELECT current_database()").fetchall()
    return str(database)


def _file(folder: str) -> Path:
    return Path(folder, f"{LARGE}.duckdb")
