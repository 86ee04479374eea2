"""Columns from Python on their way to the engine: in Arrow's layout, which it takes over without parsing anything."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

import duckdb
import nanoarrow

from subak.analytics.logs.scanning import ends

Column: TypeAlias = "array[Any] | memoryview | Sequence[object]"
"""Numbers as they lie in memory, or numbers, texts and truth values one by one."""

_NUMBERS: Final = {
    "DOUBLE": (nanoarrow.float64(), "d"),
    "UBIGINT": (nanoarrow.uint64(), "Q"),
    "UINTEGER": (nanoarrow.uint32(), "I"),
    "BIGINT": (nanoarrow.int64(), "q"),
    "USMALLINT": (nanoarrow.uint16(), "H"),
    "SMALLINT": (nanoarrow.int16(), "h"),
    "TINYINT": (nanoarrow.int8(), "b"),
}
_TEXT: Final = nanoarrow.string()
_NAME: Final = "subak_columns"


class Laid(NamedTuple):
    """One column as it lies in memory: numbers, or where texts end and their bytes."""

    rows: int
    buffers: tuple[array[Any] | memoryview | bytes, ...]


def lay(columns: Mapping[str, str], data: Iterable[Column]) -> list[Laid]:
    """Columns of these names and types; what has no number's type here goes as text, to be cast."""
    return [_laid(kind, column) for kind, column in zip(columns.values(), data, strict=True)]


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
) -> None:
    """Add rows that `lay` has laid out, piece after piece; `select` makes the table's columns of them.

    Raises duckdb.Error, and AssertionError if a row did not arrive.
    """
    types = [_NUMBERS[kind][0] if kind in _NUMBERS else _TEXT for kind in columns.values()]
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
        found = engine.execute(f"INSERT INTO {table} SELECT {select} FROM {_NAME}").fetchall()
    finally:
        engine.unregister(_NAME)
    if found[0][0] != rows:
        raise AssertionError(f"{found[0][0]} of {rows} rows arrived in {table}")


def _laid(kind: str, column: Column) -> Laid:
    if kind not in _NUMBERS:
        if kind != "VARCHAR":
            column = [str(value) for value in column]
        return _texts(list(column))
    _, code = _NUMBERS[kind]
    numbers = column if isinstance(column, (array, memoryview)) else array(code, column)
    return Laid(len(numbers), (numbers,))


def _texts(texts: list[Any]) -> Laid:
    """Bytes one after the other, and where each text ends. What is no text of UTF-8 is written out."""
    joined = "".join(texts)
    if "\0" in joined:
        return _texts([text.replace("\0", " ") for text in texts])  # tables and terminals end there
    if joined.isascii():
        data, offsets = joined.encode(), array("i")
        offsets.frombytes(memoryview(ends(texts)).cast("B"))  # the view itself cannot go to another process
    else:
        encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
        data, offsets = b"".join(encoded), array("i", accumulate(map(len, encoded), initial=0))
    return Laid(len(texts), (offsets, data))
