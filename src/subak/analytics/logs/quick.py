"""SQL that the quick readers share: splitting at a separator without any quoting, and checks of single values.

A quick reader is SQL over a file of whole lines (valid UTF-8; no NUL, no CR), one row a line: the columns of `EVENTS`,
`bytes` of the line with its newline, and `raw`: NULL, or the line because it is not beyond doubt (then the other
columns mean nothing). What it does not doubt, it reads exactly as the format's `parse` does; a test holds the two
together. Lines of which `left_out` is true may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from subak.analytics.logs.combined import LONGEST, METHODS
from subak.analytics.logs.event import EVENTS
from subak.analytics.logs.fields import CACHE_WORDS, LATEST

NOTHING = "\x01none"
"""Stands for NULL: a line that holds it must not be given to a quick reader."""
ABSENT = ("", "-", '""', "(null)", "null")
"""The marks of `fields.dash`, and nothing at all."""


def literal(text: str) -> str:
    """A string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def rows(path: str, separator: str, most: int) -> str:
    """The lines of a file, split into the columns p0, p1, … of which there are `most`; those that lack are NULL."""
    listed = ", ".join(f"'p{n}': 'VARCHAR'" for n in range(most))
    return (
        f"read_csv('{path}', delim={literal(separator)}, quote='', escape='', nullstr='{NOTHING}', header=false, "
        f"auto_detect=false, null_padding=true, ignore_errors=true, strict_mode=false, "
        f"max_line_size={LONGEST * 2}, columns={{{listed}}})"
    )


def left_out(line: bytes, separator: str, most: int) -> bool:
    """Is it a line that `rows` may leave out?"""
    return not line or len(line) > LONGEST or line.count(separator.encode()) >= most


def size(separator: str, most: int) -> str:
    """The bytes of a line with its newline."""
    rest = "".join(f" + coalesce(strlen(p{n}) + {len(separator)}, 0)" for n in range(1, most))
    return f"(strlen(p0){rest} + 1)"


def line(separator: str, most: int) -> str:
    """The line itself."""
    return f"concat_ws({literal(separator)}, {', '.join(f'p{n}' for n in range(most))})"


def events(columns: Mapping[str, str], sure: Iterable[str], separator: str, most: int, source: str) -> str:
    """The whole query: expressions for the columns of `EVENTS`, conditions, and what they speak about."""
    listed = ", ".join(f'{columns[name]} AS "{name}"' for name in EVENTS)
    conditions = "\n  AND ".join(sure)
    return (
        f"SELECT {listed}, bytes,\n"
        f"CASE WHEN coalesce(bytes <= {LONGEST}\n  AND {conditions}, false) THEN NULL ELSE {line(separator, most)} END "
        f"AS raw\nFROM ({source})"
    )


def one_of(value: str, words: Iterable[str]) -> str:
    """Is it one of the words? For IN the engine would make a join of it."""
    return f"CASE {value} " + " ".join(f"WHEN {literal(word)} THEN true" for word in words) + " ELSE false END"


def dashed(value: str) -> str:
    """`fields.dash`."""
    return f"CASE {value} " + " ".join(f"WHEN {literal(word)} THEN ''" for word in ABSENT) + f" ELSE {value} END"


def method(value: str) -> str:
    """Is it a usual method?"""
    return one_of(value, METHODS)


def client(value: str) -> tuple[str, str]:
    """`fields.address`, and when that is sure."""
    plain = f"CASE WHEN {value} LIKE '%:%:%' THEN {value} ELSE split_part({value}, ':', 1) END"
    sure = (
        f"(strlen({value}) > 2 AND {value}[1] <> '[' AND NOT contains({value}, ',') AND NOT contains({value}, ' ') "
        f"AND NOT {one_of(value, ABSENT)})"
    )
    return plain, sure


def host(value: str) -> tuple[str, str]:
    """`fields.hostname`, and when that is sure."""
    sure = f"(NOT contains({value}, ':') AND {value}[1] <> '[' AND length({value}) = strlen({value}))"
    return f"lower({dashed(value)})", sure


def status(value: str) -> tuple[str, str]:
    """`fields.status`, and when that is sure."""
    number = f"TRY_CAST({value} AS SMALLINT)"
    return number, f"(strlen({value}) = 3 AND {number} BETWEEN 100 AND 999 AND CAST({number} AS VARCHAR) = {value})"


def whole(value: str) -> tuple[str, str]:
    """A number of bytes, and when that is sure."""
    number = f"TRY_CAST({value} AS BIGINT)"
    return number, f"({number} >= 0 AND strlen({value}) < 19 AND CAST({number} AS VARCHAR) = {value})"


def moment(day: str, clock: str) -> tuple[str, str]:
    """Unix seconds of `2026-10-05` and `08:00:06`, and when that is sure."""
    date, time = f"TRY_CAST({day} AS DATE)", f"TRY_CAST({clock} AS TIME)"
    at = f"epoch({date}) + epoch({time})"
    sure = (
        f"(CAST({date} AS VARCHAR) = {day} AND CAST({time} AS VARCHAR) = {clock} AND {clock} < '24' AND {believed(at)})"
    )
    return at, sure


def believed(at: str) -> str:
    """`fields.believed`."""
    return f"({at} >= 0 AND {at} < {LATEST:.0f})"


USUAL_STATES = (
    "hit", "miss", "pass", "error", "expired", "stale", "updating", "bypass", "dynamic", "revalidated", "refreshhit",
    "originshieldhit", "hit-cluster", "miss-cluster", "hit-stale", "limitexceeded", "capacityexceeded",
    "none", "unknown", "redirect",
)  # fmt: skip


def cache(value: str) -> tuple[str, str]:
    """`fields.cache_word`, and when that is sure."""
    word = f"lower({value})"
    cases = " ".join(f"WHEN '{one}' THEN '{CACHE_WORDS[one]}'" for one in USUAL_STATES if one in CACHE_WORDS)
    return f"CASE {word} {cases} ELSE '' END", f"({value} IN ('', '-') OR {one_of(word, USUAL_STATES)})"
