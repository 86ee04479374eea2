r"""Combined and common lines through the engine's CSV reader: fast, and believed only where sums prove it right.

A quoted field may hold `\"` (Apache) or `\x22` (nginx) but, in one block, not both. The reader drops what has another
number of columns, and takes away quotes and the backslashes before them without a word. So a block counts only if
as many rows came as it has lines, and if the bytes that were taken away are as many as its quotes: then no line
was swallowed, split or shortened. Rows that could mean something else to `combined.combined` are marked as doubtful,
and found again by their place: rows come in the order of the lines.
"""

from __future__ import annotations

from dataclasses import dataclass

from subak.analytics.logs import fields
from subak.analytics.logs.combined import LONGEST

BUFFER = 8 * 2**20
"""Bytes that one thread reads at a time; a block must hold several, or one processor waits."""
MOST_FURTHER = 3
"""Columns behind the agent."""

_HEAD = ("client", "ident", "username", "day", "east", "asked", "s", "b")
_TAIL = ("referer", "agent")


@dataclass(frozen=True, slots=True)
class Shape:
    """How the lines of a block look."""

    columns: tuple[str, ...]
    escape: str
    r"""What stands before a quote inside quotes: '\' or '' (nginx writes \x22)."""


def shape_of(lines: list[bytes]) -> Shape | None:
    """The shape of the first lines of a block if all have the same, else None."""
    seen = {_columns(line) for line in lines}
    if len(seen) != 1 or not (columns := seen.pop()):
        return None
    apache = any(b'\\"' in line for line in lines)
    nginx = any(b"\\x22" in line for line in lines)
    return None if apache and nginx else Shape(columns, "" if nginx else "\\")


def _columns(line: bytes) -> tuple[str, ...]:
    """The columns of a line as the CSV reader would see them, () for none that we know."""
    count, inside = 1, False
    for byte in line.replace(b'\\"', b""):
        if byte == 0x22:
            inside = not inside
        elif byte == 0x20 and not inside:
            count += 1
    further = count - len(_HEAD) - len(_TAIL)
    if count == len(_HEAD):
        return _HEAD
    if 0 <= further <= MOST_FURTHER:
        return (*_HEAD, *_TAIL, *(f"x{n}" for n in range(further)))
    return ()


def relation(path: str, shape: Shape) -> str:
    """SQL over a file of whole lines (UTF-8, no NUL, no CR): one row a line, in order, if all is well.

    Columns: "at", client, asked and agent (texts as logged, but for `\\"`), status, sent, `size` (bytes of what the
    reader left of the line, with separators and newline) and `doubt`.
    """
    listed = ", ".join(f"'{name}': 'VARCHAR'" for name in shape.columns)
    full = "agent" in shape.columns
    size = " + ".join(f"coalesce(strlen({name}), 1)" for name in shape.columns if name not in ("east", "day"))
    further = [name for name in shape.columns if name.startswith("x")]
    sound = [
        "ident IS NULL AND username IS NULL",
        "strlen(client) > 2 AND NOT starts_with(client, '(') AND client <> 'null'",
        "(NOT contains(client, ':') OR client LIKE '%:%:%' AND client[1] <> '[')",
        "NOT contains(client, '\"') AND NOT contains(client, '\\')",
        "strlen(day) = 21 AND day LIKE '[__/___/____:__:__:__'",
        f'"at" >= 0 AND "at" < {fields.LATEST:.0f}',
        "status BETWEEN 100 AND 999 AND CAST(status AS VARCHAR) = s",
        "(b IS NULL OR sent >= 0 AND CAST(sent AS VARCHAR) = b AND strlen(b) <= 18)",
        "NOT contains(asked, '\"') AND NOT contains(asked, '\\')",
        *(["NOT coalesce(contains(referer, '\"') OR contains(referer, '\\'), false)"] if full else []),
        *(f"NOT coalesce(regexp_matches({name}, '[A-Z][A-Z]|[\"]'), false)" for name in further),
    ]
    return f"""
        SELECT "at", client, asked, {"coalesce(agent, '-')" if full else "'-'"} AS agent,
            coalesce(status, 0::SMALLINT) AS status, coalesce(sent, 0) AS sent,
            {size} + strlen(day) + strlen(east) + {len(shape.columns)} AS size,
            NOT coalesce({" AND ".join(sound)}, false) AS doubt
        FROM (SELECT *, TRY_CAST(s AS SMALLINT) AS status, TRY_CAST(b AS BIGINT) AS sent,
            epoch(try_strptime(day, '[%d/%b/%Y:%H:%M:%S')) + CASE WHEN east = '+0000]' THEN 0
                WHEN regexp_full_match(east, '[+-](0[0-9]|1[0-4])[0-5][0-9]\\]')
                THEN (CAST(east[2:3] AS INTEGER) * 60 + CAST(east[4:5] AS INTEGER))
                    * (CASE east[1] WHEN '-' THEN 60 ELSE -60 END) END AS "at"
        FROM read_csv('{path}', delim=' ', quote='"', escape='{shape.escape}', nullstr='-', header=false,
            auto_detect=false, ignore_errors=true, max_line_size={LONGEST * 2}, buffer_size={BUFFER},
            columns={{{listed}}}))"""


def taken(block: bytes, size: int) -> bool:
    """Is the number of bytes that the reader took from a block the number of its quotes?"""
    return len(block) - size == block.count(b'"')


def sifted(block: bytes, shape: Shape) -> tuple[bytes, list[bytes]]:
    r"""A block without the lines that have a backslash not before a quote, as in `\x16`, and those lines."""
    if not shape.escape or block.count(b"\\") == block.count(b'\\"'):
        return block, []
    sound: list[bytes] = []
    junk: list[bytes] = []
    for line in block.split(b"\n")[:-1]:
        (sound if line.count(b"\\") == line.count(b'\\"') else junk).append(line)
    return b"".join(line + b"\n" for line in sound), junk
