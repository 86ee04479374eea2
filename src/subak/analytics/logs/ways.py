"""Quick ways through a block: SQL over a file of its lines, for formats that have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from subak.analytics.logs import combined, quick_json, quick_table
from subak.analytics.logs.event import EVENTS, Fields
from subak.analytics.logs.formats import Format

FIRST_LINES, FIRST_BYTES = 100, 2**18
"""By which formats and layouts are recognised."""
AGENTS = "subak_agents"
"""A table of the usual agents of combined lines, as `combined.agents` gives them."""


@dataclass(frozen=True, slots=True)
class Way:
    """How most lines of a piece can be read."""

    relation: Callable[[str], str]
    """Path of a file of lines (UTF-8, no NUL, no CR) -> SQL: columns of `EVENTS`, `bytes` of the line with its
    newline, and `raw`: NULL, or the line because it is not beyond doubt."""
    left_out: Callable[[bytes], bool]
    """Is it a line that may be missing there?"""
    agents: bool = False
    """Does it need `AGENTS`?"""


def ways(form: Format, data: bytes, header: Fields) -> Iterator[tuple[Way | None, bytes]]:
    """The pieces of a block of whole lines, in order, each with its way; None: line by line."""
    match form.name:
        case "combined":
            yield _COMBINED, data
        case "json" if how := quick_json.layout(first_lines(data)):
            yield Way(lambda path: quick_json.fast(path, how), lambda line: quick_json.left_out(line, how)), data
        case "cloudfront":
            for names, piece in quick_table.runs(data, header):
                yield _of_table(names), piece
        case _:
            yield None, data


def first_lines(data: bytes) -> list[bytes]:
    """The lines by which a block is judged."""
    return [line for line in data[:FIRST_BYTES].split(b"\n")[:FIRST_LINES] if line.strip()]


def _of_table(names: Fields) -> Way | None:
    if not quick_table.fast("", names):
        return None
    return Way(lambda path: quick_table.fast(path, names), lambda line: quick_table.left_out(line, names))


_COLUMNS = {name: f'"{name}"' for name in EVENTS} | {
    "agent": "coalesce(meant, agent)",
    "host": "''",
    "cache": "''",
    "ms": "-1::DOUBLE",
    "session": "''",
}


def _combined(path: str) -> str:
    listed = ", ".join(f'{what} AS "{name}"' for name, what in _COLUMNS.items())
    scan = combined.fast(path, f"SELECT known, logged, meant FROM {AGENTS}")
    return f"SELECT {listed}, bytes, raw FROM ({scan}) LEFT JOIN {AGENTS} USING (known)"


_COMBINED = Way(_combined, combined.escapes_fast, agents=True)
