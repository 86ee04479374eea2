"""The quick way through CloudFront's standard logs; see `quick` for what that promises.

The columns of a file may change in its middle: `runs` cuts a block where they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from subak.analytics.logs import formats, quick, tables
from subak.analytics.logs.event import Fields

_DIRECTIVE = re.compile(rb"^#(?i:Fields):[^\n]*\n?", re.MULTILINE)
_SPOILT = "%(00|[89A-Fa-f][0-9A-Fa-f])"
"""What the engine might decode in its own way."""


def runs(data: bytes, header: Fields) -> Iterator[tuple[Fields, bytes]]:
    """The block in pieces of whole lines, each with the columns that hold for all of its lines.

    A directive that names other columns than before is the first line of its piece; all pieces together are the block.
    """
    begin = 0
    for match in _DIRECTIVE.finditer(data):
        found = tables.named(formats.text(match[0].rstrip(b"\r\n"))) or header
        if found != header:
            if match.start() > begin:
                yield header, data[begin : match.start()]
            begin, header = match.start(), found
    if begin < len(data):
        yield header, data[begin:]


def left_out(line: bytes, header: Fields) -> bool:
    """Is it a line that `fast` may leave out?"""
    return quick.left_out(line, "\t", len(header or tables.CLOUDFRONT) + 1)


def fast(path: str, header: Fields) -> str:
    """SQL over a file of lines that have these columns (() for those of a piece without header).

    '' for columns that only the exact way knows.
    """
    names = header or tables.CLOUDFRONT
    at = {tables.RENAMED.get(name, name): f"p{n}" for n, name in enumerate(names)}
    if not {"date", "time", "cs-method", "cs-uri-stem", "x-edge-location"} <= at.keys() or at.keys() & {
        "cs-username",
        "cs-uri",
    }:
        return ""
    if "x-edge-result-type" not in at and at.keys() & {"x-cache", "s-action"}:
        return ""
    most = len(names) + 1
    inner = _decoded(at, path, most)
    when, when_sure = quick.moment(at["date"], at["time"])
    took = at.get("time-taken", "'-'")
    told = {
        "client": ("c-ip", quick.client, "''"),
        "status": ("sc-status", quick.status, "0"),
        "sent": ("sc-bytes", quick.whole, "-1"),
        "cache": ("x-edge-result-type", quick.cache, "''"),
    }
    sure = [
        f"p{most - 1} IS NULL AND p{most - 2} IS NOT NULL",
        when_sure, quick.method(at["cs-method"]), quick.host("named_host")[1],
        *(check(at[column])[1] for column, check, _ in told.values() if column in at),
        "starts_with(stem, '/') AND query NOT IN ('\"\"', '(null)', 'null')",
        f"({took} = '-' OR strlen({took}) BETWEEN 5 AND 14 AND {took}[-4] = '.' "
        f"AND translate({took}, '0123456789', '') = '.')",
        *(f"NOT spoilt_{name}" for name in _ENCODED),
        "NOT spoilt_again",
    ]  # fmt: skip
    columns = {
        "at": when,
        "method": at["cs-method"],
        "host": quick.host("named_host")[0],
        "target": "CASE WHEN query IN ('', '-') OR contains(stem, '?') THEN stem ELSE concat(stem, '?', query) END",
        "agent": quick.dashed("agent"),
        "referer": quick.dashed("referer"),
        "username": "''",
        "ms": f"CASE {took} WHEN '-' THEN -1.0::DOUBLE ELSE TRY_CAST(replace({took}, '.', '') AS BIGINT)::DOUBLE END",
        "session": "''",
        **{name: check(at[column])[0] if column in at else none for name, (column, check, none) in told.items()},
    }
    return quick.events(columns, sure, "\t", most, inner)


_ENCODED = {"stem": "cs-uri-stem", "query": "cs-uri-query", "referer": "cs(referer)", "once": "cs(user-agent)"}


def _decoded(at: dict[str, str], path: str, most: int) -> str:
    """The rows, and beside them what is percent-encoded as it was meant; agents are decoded again if that is needed."""
    told = {name: at.get(column, "''") for name, column in _ENCODED.items()}
    spoilt = ", ".join(f"{_is_spoilt(value)} AS spoilt_{name}" for name, value in told.items())
    decoded = ", ".join(f"{_undone(value, f'spoilt_{name}')} AS {name}" for name, value in told.items())
    named, other = at.get("x-host-header", "''"), at.get("cs(host)", "''")
    return f"""
        SELECT *, {_undone("once", "spoilt_again")} AS agent
        FROM (SELECT *, {_is_spoilt("once")} AS spoilt_again
        FROM (SELECT *, {decoded}, {quick.size(chr(9), most)} AS bytes,
            CASE WHEN {quick.one_of(named, quick.ABSENT)} THEN {other} ELSE {named} END AS named_host
        FROM (SELECT *, {spoilt} FROM {quick.rows(path, chr(9), most)})))"""


def _is_spoilt(value: str) -> str:
    return f"CASE WHEN contains({value}, '%') THEN regexp_matches({value}, '{_SPOILT}') ELSE false END"


def _undone(value: str, spoilt: str) -> str:
    return f"CASE WHEN {spoilt} OR NOT contains({value}, '%') THEN {value} ELSE url_decode({value}) END"
