"""Columns of Python's values as they lie in memory in Arrow's layout, to be sent and taken over without parsing."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple, TypeAlias

from subak.analytics.logs.scanning import ends

Column: TypeAlias = "array[Any] | memoryview | Sequence[object]"
"""Numbers as they lie in memory, or numbers, texts and truth values one by one."""

NUMBERS: Final = {
    "DOUBLE": "d",
    "UBIGINT": "Q",
    "UINTEGER": "I",
    "BIGINT": "q",
    "INTEGER": "i",
    "USMALLINT": "H",
    "SMALLINT": "h",
    "TINYINT": "b",
    "UTINYINT": "B",
}
"""The engine's types that are numbers here, and their codes in `array`."""


class Laid(NamedTuple):
    """One column as it lies in memory: numbers, or where texts end and their bytes."""

    rows: int
    buffers: tuple[array[Any] | memoryview | bytes, ...]


def lay(columns: Mapping[str, str], data: Iterable[Column]) -> list[Laid]:
    """Columns of these names and types; what has no number's type here goes as text, to be cast."""
    return [_laid(kind, column) for kind, column in zip(columns.values(), data, strict=True)]


def _laid(kind: str, column: Column) -> Laid:
    if kind not in NUMBERS:
        if kind != "VARCHAR":
            column = [str(value) for value in column]
        return _texts(list(column))
    numbers = column if isinstance(column, (array, memoryview)) else array(NUMBERS[kind], column)
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
