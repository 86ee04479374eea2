"""The quick way through logs of one JSON object a line; see `quick` for what that promises.

A server writes its keys always in the same order. `layout` learns that order from the first lines; `fast` splits each
line at `,"` (which inside of a string would be `,\\"`), checks that every part begins and ends as learnt, and takes the
values out. Lines with other keys, with other escapes than `\\"` in the agent and with odd values stay doubtful.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from subak.analytics.logs import formats, objects, quick
from subak.analytics.logs.combined import PROTOCOLS
from subak.analytics.logs.dialects import DIALECTS, Dialect
from subak.analytics.logs.event import Event
from subak.analytics.logs.fields import LATEST

SEPARATORS = (',"', ', "')
QUOTE = '"'
MOST_PARTS = 60
FEW = 4
"""A part with at most so many texts is compared with them."""

_KEY = r'[^"\\]+": ?'
_VALUE = r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|null|true|false|\{\}|\[\]'
_PART = re.compile(rf'((?:{_KEY})(?:\{{ ?"{_KEY})*\[?)({_VALUE})([\]}} ]*)')
_FIRST = re.compile(rf'[^{{]{{0,511}}(\{{ ?"{_KEY}(?:\{{ ?"{_KEY})*\[?)({_VALUE})([\]}} ]*)')
_NAME = re.compile(r'([^"{\[]+)": ?')
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_TIMES = {
    "unix": r'"?\d{9,20}(\.\d{1,9})?"?',
    "zulu": r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z"',
    "second": r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]00:?00)"',
    "clf": r'"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000"',
}
"""The ways of writing a time that the engine reads."""


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two separators."""

    place: str
    """Of the value, as in a dialect: `http>useragent`."""
    before: str
    """Up to the value."""
    after: str
    """Brackets behind the value."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The order of the keys of one log."""

    dialect: Dialect
    separator: str
    parts: tuple[Part, ...]
    usual: tuple[tuple[str, ...], ...] = field(compare=False)
    """For each part the few texts that it has, () if it has many."""
    kinds: tuple[str, ...] = field(compare=False)
    """What the values of each part are: 'string', 'bare' (a number, null and the like) or 'mixed'."""
    time: str = field(compare=False)
    """One of `_TIMES`."""

    def numbers(self, name: str) -> list[int]:
        """The parts that may tell a field of the event, the preferred one first."""
        return _numbers(self.dialect, self.parts, name)


# ---------------------------------------------------------------- learning


def layout(lines: Sequence[bytes]) -> Layout | None:
    """The layout of at least half of these lines, None if they have none or one that only the exact way knows."""
    seen: dict[tuple[str, tuple[Part, ...]], list[list[str]]] = {}
    for line in lines:
        text = "" if formats.readable(line) else formats.text(line)
        if not isinstance(objects.objects(text, ()), Event):
            continue
        for separator in SEPARATORS:
            texts = text.split(separator)
            if parts := _parts(texts):
                seen.setdefault((separator, parts), []).append(texts)
    if not seen:
        return None
    (separator, parts), rows = max(seen.items(), key=lambda item: (len(item[1]), len(item[0][1])))
    dialect = _dialect(parts)
    if not dialect or 2 * len(rows) < len(lines):
        return None
    columns = [sorted(set(column)) for column in zip(*rows, strict=True)]
    kinds = tuple(_kind(parts[n].before, column) for n, column in enumerate(columns))
    usual = tuple(tuple(found) if n and len(found) <= FEW else () for n, found in enumerate(columns))
    time = _time(parts, rows, _numbers(dialect, parts, "at")[:1])
    return Layout(dialect, separator, parts, usual, kinds, time) if time else None


def _parts(texts: Sequence[str]) -> tuple[Part, ...]:
    """What the texts between the separators of one line have in common with other lines; () if that is not clear."""
    parts: list[Part] = []
    inside: list[str] = []
    if not 2 < len(texts) <= MOST_PARTS:
        return ()
    for n, text in enumerate(texts):
        match = (_PART if n else _FIRST).fullmatch(text)
        if not match:
            return ()
        *outer, name = _NAME.findall(match[1])
        inside += outer
        parts.append(Part(">".join([*inside, name]), match[1], match[3]))
        closed = match[3].count("}") - (n == len(texts) - 1)
        if not 0 <= closed <= len(inside):
            return ()
        inside = inside[: len(inside) - closed]
    return tuple(parts) if len({part.place for part in parts}) == len(parts) else ()


def _kind(before: str, texts: Sequence[str]) -> str:
    found = {text[text.find(before) + len(before)] == QUOTE for text in texts}
    return "mixed" if len(found) > 1 else "string" if found.pop() else "bare"


def _dialect(parts: Sequence[Part]) -> Dialect | None:
    places = {part.place for part in parts}
    for place in list(places):
        while ">" in place:
            place = place.rpartition(">")[0]
            places.add(place)
    dialect = next(d for d in DIALECTS if all(mark in places for mark in d.marks))
    return None if dialect.states or places & {"x-edge-location", "log", "MESSAGE"} else dialect


def _numbers(dialect: Dialect, parts: Sequence[Part], name: str) -> list[int]:
    at = {part.place: n for n, part in enumerate(parts)}
    return [at[place] for place in dialect.places.get(name, ()) if place in at]


def _time(parts: Sequence[Part], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    """The usual way of writing the time, '' if it is another one."""
    found: Counter[str] = Counter()
    for n in numbers:
        before, after = parts[n].before, parts[n].after
        for row in rows:
            value = row[n][row[n].find(before) + len(before) : len(row[n]) - len(after)]
            found.update(kind for kind, shape in _TIMES.items() if re.fullmatch(shape, value, re.ASCII))
    return found.most_common(1)[0][0] if found else ""


# ---------------------------------------------------------------- the query


def left_out(line: bytes, how: Layout) -> bool:
    """Is it a line that `fast` may leave out?"""
    return quick.left_out(line, how.separator, len(how.parts) + 1)


def fast(path: str, how: Layout) -> str:
    """SQL over a file of lines, most of which should have this layout."""
    most = len(how.parts) + 1
    used = sorted({n for name in how.dialect.places for n in how.numbers(name)})
    source = (
        f"SELECT *, substr(p0, strpos(p0, '{{')) AS q0, {quick.size(how.separator, most)} AS bytes "
        f"FROM {quick.rows(path, how.separator, most)}"
    )
    for more in (
        [f"{_text(n, how)} AS t{n}" for n in used],
        [f"{_told(how, name)} AS x_{name}" for name in _NAMES],
        [
            f"{_moment(how.time)[0]} AS moment",
            f"{quick.status('x_status')[0]} AS state",
            f"{quick.whole('x_sent')[0]} AS whole",
            *(f"split_part(x_request, ' ', {n}) AS r{n}" for n in (1, 2, 3) if how.numbers("request")),
        ],
        [f"{_url(how)} AS url"],
        [
            "x_host AS place"
            if how.numbers("host")
            else "split_part(substr(url, strpos(url, '://') + 3), '/', 1) AS place"
        ],
        ["starts_with(url, '/') AS here"],
    ):
        source = f"SELECT *, {', '.join(more)} FROM ({source})"
    columns, sure = _columns(how)
    shapes = [
        f"p{most - 1} IS NULL AND p{most - 2} IS NOT NULL AND strpos(p0, '{{') BETWEEN 1 AND 512",
        *(_shape(n, how, used=n in used) for n in range(len(how.parts))),
    ]
    return quick.events(columns, [*shapes, *sure], how.separator, most, source)


_NAMES = (
    "at", "client", "request", "method", "host", "target", "query", "status", "sent", "agent", "referer", "username",
    "cache", "ms", "seconds", "session",
)  # fmt: skip
_FREE = ("agent", "referer", "username", "session")
"""Fields that may hold any text."""


_AFTER = "substr(url, strpos(url, '://') + 3)"


def _column(n: int) -> str:
    return f"p{n}" if n else "q0"


def _cut(n: int, before: str, after: str) -> str:
    """What stands between the two."""
    column = _column(n)
    return f"substr({column}, {len(before) + 1}, length({column}) - {len(before) + len(after)})"


def _text(n: int, how: Layout) -> str:
    """The value as text, '' for null."""
    column, before, after = _column(n), how.parts[n].before, how.parts[n].after
    if how.kinds[n] == "string":
        return _cut(n, before + QUOTE, QUOTE + after)
    if how.kinds[n] == "bare":
        return _cut(n, before, after)
    return (
        f"CASE WHEN starts_with({column}, {quick.literal(before + QUOTE)}) "
        f"THEN {_cut(n, before + QUOTE, QUOTE + after)} "
        f"WHEN {column} = {quick.literal(before + 'null' + after)} THEN '' ELSE {_cut(n, before, after)} END"
    )


def _told(how: Layout, name: str) -> str:
    """The text of the first part that tells the field, '' if none does."""
    found = how.numbers(name)[:1] if name == "at" else how.numbers(name)
    if not found:
        return "''"
    cases = " ".join(f"WHEN t{n} NOT IN ('', '-') THEN t{n}" for n in found)
    text = f"CASE {cases} ELSE '' END" if len(found) > 1 else f"t{found[0]}"
    if name == "agent":
        text = f"replace({text}, '\\\"', '\"')"
    return quick.dashed(text) if name in _FREE else text


def _url(how: Layout) -> str:
    if not how.numbers("request"):
        return "x_target"
    return "CASE WHEN x_target <> '' THEN x_target ELSE r2 END" if how.numbers("target") else "r2"


def _shape(n: int, how: Layout, *, used: bool) -> str:
    """Is the part as learnt, with a value that is sound?"""
    column, before, after = _column(n), how.parts[n].before, how.parts[n].after
    inner = f"t{n}" if used else _cut(n, before + QUOTE, QUOTE + after)
    if n in how.numbers("agent"):
        inner = f"replace({inner}, '\\\"', '')"
    opens = f"starts_with({column}, {quick.literal(before + QUOTE)})"
    string = (
        f"ends_with({column}, {quick.literal(QUOTE + after)}) AND length({column}) > {len(before + after) + 1} "
        f"AND NOT contains({inner}, '\"') AND NOT contains({inner}, '\\')"
    )
    value = _cut(n, before, after)
    bare = f"starts_with({column}, {quick.literal(before)}) AND ends_with({column}, {quick.literal(after)})"
    numeric = any(n in how.numbers(name) for name in ("at", "status", "sent", "ms", "seconds"))
    # of times, states and sizes more is asked below
    if how.kinds[n] == "mixed" or not any(how.numbers(name) == [n] for name in ("at", "status", "sent")):
        number = f"regexp_matches({value}, '{_NUMBER}')" if numeric or not used else "false"
        bare += f" AND ({value} = 'null' OR {number}"
        bare += ")" if used else f" OR {value} IN ('true', 'false', '{{}}', '[]'))"
    match how.kinds[n]:
        case "string":
            sound = f"{opens} AND {string}"
        case "bare":
            sound = bare
        case _:
            sound = f"CASE WHEN {opens} THEN {string} ELSE {bare} END"
    if how.usual[n] and not used:
        known = " ".join(f"WHEN {quick.literal(text)} THEN true" for text in how.usual[n])
        sound = f"CASE {column} {known} ELSE {sound} END"
    for places, word in ((how.dialect.marks, "null"), (how.dialect.duplicates, "false")):
        if how.parts[n].place in places:
            sound += f" AND {column} <> {quick.literal(before + word + after)}"
    return f"({sound})"


def _columns(how: Layout) -> tuple[Mapping[str, str], Sequence[str]]:
    """The columns of an event, and when they are sure, from x_…, moment, state, whole, r1 to r3, url, place, here."""
    client, client_sure = quick.client("x_client")
    cache, cache_sure = quick.cache("x_cache")
    ticks = [(f"x_{name}", tick) for name, tick in (("ms", how.dialect.tick), ("seconds", 1000.0)) if how.numbers(name)]
    took = " ".join(f"WHEN {_millis(*one)} < {LATEST} THEN round({_millis(*one)}, 6)" for one in ticks)
    method, path = "x_method", "CASE WHEN here THEN url ELSE substr(url, strpos(url, '://') + 3 + length(place)) END"
    sure = [
        f"regexp_full_match(x_at, '{_moment(how.time)[1]}')", quick.believed("moment"), client_sure,
        "strlen(x_status) = 3 AND state BETWEEN 100 AND 999 AND CAST(state AS VARCHAR) = x_status",
        "(here OR (starts_with(url, concat('https://', place, '/')) "
        "OR starts_with(url, concat('http://', place, '/'))) "
        "AND regexp_full_match(place, '[a-z0-9._-]+') AND place NOT IN ('-', 'null'))",
        *(f"(x_{name} = '' OR regexp_full_match(x_{name}, '[0-9]+([.][0-9]+)?'))" for name in ("ms", "seconds")),
    ]  # fmt: skip
    if how.numbers("request"):
        method = "CASE WHEN x_method <> '' THEN x_method ELSE r1 END"
        sure.append(
            f"(x_request = '' OR strlen(r1) + strlen(r2) + strlen(r3) + 2 = strlen(x_request) AND {quick.method('r1')} "
            f"AND starts_with(r2, '/') AND {quick.one_of('r3', PROTOCOLS)})"
        )
    if how.numbers("host"):
        sure.append(f"(regexp_full_match(x_host, '[a-z0-9._-]+') AND NOT {quick.one_of('x_host', quick.ABSENT)})")
    if how.numbers("sent"):
        sure.append("(x_sent = '' OR whole >= 0 AND strlen(x_sent) < 19 AND CAST(whole AS VARCHAR) = x_sent)")
    if how.numbers("query"):
        sure.append(f"(x_query = '' OR x_query[1] <> '?' AND NOT {quick.one_of('x_query', quick.ABSENT)})")
    if how.numbers("cache"):
        sure.append(cache_sure)
    columns = {
        "at": "moment",
        "client": client,
        "method": method,
        "host": "x_host" if how.numbers("host") else "CASE WHEN here THEN '' ELSE place END",
        "target": f"CASE WHEN x_query = '' OR contains(url, '?') THEN {path} ELSE concat({path}, '?', x_query) END",
        "status": "state",
        "sent": "coalesce(whole, -1)",
        "agent": "x_agent",
        "referer": "x_referer",
        "username": "x_username",
        "cache": cache if how.numbers("cache") else "''",
        "ms": f"CASE {took} ELSE -1 END" if took else "-1::DOUBLE",
        "session": "x_session",
    }
    return columns, [*sure, quick.method(method)]


def _millis(value: str, tick: float) -> str:
    return f"(TRY_CAST({value} AS DOUBLE) * {tick!r})"


def _moment(kind: str) -> tuple[str, str]:
    """Unix seconds of x_at, and the shape that they are sure for."""
    if kind == "unix":
        number = "TRY_CAST(x_at AS DOUBLE)"
        at = (
            f"CASE WHEN {number} < {LATEST} THEN {number} WHEN {number} < 1e14 THEN {number} / 1e3 "
            f"WHEN {number} < 1e17 THEN {number} / 1e6 ELSE {number} / 1e9 END"
        )
        shape = r"[1-9][0-9]{8,12}(\.[0-9]{1,9})?|[1-9][0-9]{13,17}"
    elif kind == "clf":
        at = "epoch(try_strptime(substr(x_at, 1, 20), '%d/%b/%Y:%H:%M:%S'))"
        shape = r"[0-3][0-9]/[A-Z][a-z][a-z]/[0-9]{4}:([0-1][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] \+0000"
    else:
        length = "least(26, strlen(x_at) - 1)" if kind == "zulu" else "19"
        at = f"epoch(TRY_CAST(substr(x_at, 1, {length}) AS TIMESTAMP))"
        tail = r"\.[0-9]{1,9}Z" if kind == "zulu" else r"(Z|[+-]00:?00)"
        shape = r"[0-9]{4}-[0-1][0-9]-[0-3][0-9]T([0-1][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]" + tail
    return at, shape
