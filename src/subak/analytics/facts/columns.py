"""Columns from Python on their way to the engine: in Arrow's layout, which it takes over without parsing anything."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, TypeAlias

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


def insert(
    engine: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str], data: Iterable[Column], select: str = "*"
) -> None:
    """Add rows to a table.

    `columns` says of each one's type (what has no number's type here goes as text, to be cast), `data` what is in it;
    `select` makes the table's columns of them. Raises duckdb.Error, and AssertionError if a row did not arrive.
    """
    arrays = {name: _array(kind, column) for (name, kind), column in zip(columns.items(), data, strict=True)}
    rows = len(next(iter(arrays.values())))
    schema = nanoarrow.struct({name: column.schema for name, column in arrays.items()})
    whole = nanoarrow.c_array_from_buffers(schema, rows, [None], null_count=0, children=arrays.values())
    engine.register(_NAME, nanoarrow.Array(whole))
    try:
        found = engine.execute(f"INSERT INTO {table} SELECT {select} FROM {_NAME}").fetchall()
    finally:
        engine.unregister(_NAME)
    if found[0][0] != rows:
        raise AssertionError(f"{found[0][0]} of {rows} rows arrived in {table}")


def _array(kind: str, column: Column) -> Any:
    if kind not in _NUMBERS:
        if kind != "VARCHAR":
            column = [str(value) for value in column]
        return _texts(list(column))
    type, code = _NUMBERS[kind]
    numbers = column if isinstance(column, (array, memoryview)) else array(code, column)
    return nanoarrow.c_array_from_buffers(type, len(numbers), [None, numbers], null_count=0)


def _texts(texts: list[Any]) -> Any:
    """Bytes one after the other, and where each text ends. What is no text of UTF-8 is written out."""
    joined = "".join(texts)
    if "\0" in joined:
        return _texts([text.replace("\0", " ") for text in texts])  # tables and terminals end there
    if joined.isascii():
        data, offsets = joined.encode(), ends(texts)
    else:
        encoded = [text.encode("utf-8", "backslashreplace") for text in texts]
        data, offsets = b"".join(encoded), array("i", accumulate(map(len, encoded), initial=0))
    return nanoarrow.c_array_from_buffers(_TEXT, len(texts), [None, offsets, data], null_count=0)
