"""Columns written into the engine: it takes over Arrow's layout without parsing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import duckdb
import nanoarrow

from subak.analytics.workers.lay import NUMBERS, Column, Laid, lay

_ARROW: Final = {
    "d": nanoarrow.float64(),
    "Q": nanoarrow.uint64(),
    "I": nanoarrow.uint32(),
    "q": nanoarrow.int64(),
    "i": nanoarrow.int32(),
    "H": nanoarrow.uint16(),
    "h": nanoarrow.int16(),
    "b": nanoarrow.int8(),
    "B": nanoarrow.uint8(),
}
_TEXT: Final = nanoarrow.string()
_NAME: Final = "subak_columns"


def insert(
    engine: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], data: Iterable[Column], select: str = "*"
) -> None:
    """Add rows to a table. See `lay` and `insert_laid`."""
    insert_laid(engine, table, columns, [lay(columns, data)], select)


def insert_laid(
    engine: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    pieces: Iterable[Sequence[Laid]],
    select: str = "*",
    where: str = "true",
    expected: int = -1,
) -> None:
    """Add rows that `lay` has laid out, piece after piece; `select` makes the table's columns of them.

    Raises duckdb.Error, and AssertionError if a row did not arrive, or not as many as `expected` of those that are
    meant by `where`.
    """
    types = [_ARROW[NUMBERS[kind]] if kind in NUMBERS else _TEXT for kind in columns.values()]
    schema = nanoarrow.struct(dict(zip(columns, types, strict=True)))
    arrays, rows = [], 0
    for piece in pieces:
        children = [
            nanoarrow.c_array_from_buffers(type, column.rows, [None, *column.buffers], null_count=0)
            for type, column in zip(types, piece, strict=True)
        ]
        count = piece[0].rows
        arrays.append(nanoarrow.c_array_from_buffers(schema, count, [None], null_count=0, children=children))
        rows += count
    engine.register(_NAME, nanoarrow.Array.from_chunks(arrays))
    try:
        found = engine.execute(f"INSERT INTO {table} SELECT {select} FROM {_NAME} WHERE {where}").fetchall()
    finally:
        engine.unregister(_NAME)
    rows = rows if expected < 0 else expected
    if found[0][0] != rows:
        raise AssertionError(f"{found[0][0]} of {rows} rows arrived in {table}")
