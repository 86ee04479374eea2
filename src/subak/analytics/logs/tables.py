"""Logs whose `#Fields:` lines name their columns: W3C extended (IIS and others) and CloudFront's standard logs.

The columns may change in the middle of a file. CloudFront separates by tabs and percent-encodes its values once more
(agents sometimes twice); tools that copied its logs may have written spaces for the tabs. W3C separates by spaces and
writes `+` for a space in agents.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from subak.analytics.logs import fields
from subak.analytics.logs.event import Event, Fields, Parsed

DIRECTIVE = re.compile(r"#(Version|Fields|Software|Start-Date|End-Date|Date|Remark):", re.IGNORECASE)

CLOUDFRONT: Fields = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(host)", "cs-uri-stem", "sc-status",
    "cs(referer)", "cs(user-agent)", "cs-uri-query", "cs(cookie)", "x-edge-result-type", "x-edge-request-id",
    "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "fle-status", "fle-encrypted-fields", "c-port",
    "time-to-first-byte", "x-edge-detailed-result-type", "sc-content-type", "sc-content-len", "sc-range-start",
    "sc-range-end",
)  # fmt: skip
"""For a piece of a file that lacks its header; fields were only ever added at the end."""
FEWEST = 12
"""Columns that every CloudFront line had from the beginning."""
MOST = 200
"""Columns that no line exceeds."""

REALTIME: Fields = (
    "timestamp", "c-ip", "time-to-first-byte", "sc-status", "sc-bytes", "cs-method", "cs-protocol", "cs-host",
    "cs-uri-stem", "cs-bytes", "x-edge-location", "x-edge-request-id", "x-host-header", "time-taken",
    "cs-protocol-version", "c-ip-version", "cs-user-agent", "cs-referer", "cs-cookie", "cs-uri-query",
    "x-edge-response-result-type", "x-forwarded-for", "ssl-protocol", "ssl-cipher", "x-edge-result-type",
)  # fmt: skip
"""CloudFront's real-time lines have no header; when all fields are chosen they begin like this."""
RENAMED = {"cs-user-agent": "cs(user-agent)", "cs-referer": "cs(referer)", "cs-host": "cs(host)"}
"""Names of real-time logs -> those of standard logs."""
ENCODED = ("cs-uri-stem", "cs-uri-query", "cs(referer)", "cs(user-agent)")
"""What is percent-encoded once more than in the request."""

_WORD = re.compile(r'"[^"]*"|[^ ]+')
_TWICE = re.compile(r"%[0-9A-Fa-f]{2}")
_EDGE = re.compile(r"[A-Z]{3}\d{1,3}(?:-[A-Z0-9]{1,4})?")


def named(directive: str) -> Fields | None:
    """The columns that a `#Fields:` line names, None for any other directive."""
    name, _, rest = directive.partition(":")
    return tuple(rest.lower().split()) if name.lower() == "#fields" else None


def cloudfront(line: str, header: Fields) -> Parsed:
    """A line of CloudFront's standard log, or of a real-time log with all fields; spaces may stand for tabs."""
    values = line.split("\t" if "\t" in line else " ", MOST)
    names = header or _unnamed(values)
    if len(values) < FEWEST or len(values) != len(names) or "x-edge-location" not in names:
        return f"{len(values)} columns between tabs, {len(names)} were announced"
    return edge(dict(zip(names, values, strict=True)))


def _unnamed(values: list[str]) -> Fields:
    """The columns of a line that no header announced."""
    if len(values) >= FEWEST and _EDGE.fullmatch(values[2]) and fields.is_address(values[4]):
        return CLOUDFRONT[: len(values)]
    if len(values) >= len(REALTIME) and fields.is_address(values[1]):
        return REALTIME + ("",) * (len(values) - len(REALTIME))
    return ()


def edge(logged: Mapping[str, str]) -> Parsed:
    """What CloudFront logged under its names in lower case, percent-encoded as logged."""
    row = {RENAMED.get(name, name): value for name, value in logged.items()}
    for name in ENCODED:
        if "%" in row.get(name, ""):
            row[name] = fields.unpercent(row[name])
    agent = row.get("cs(user-agent)", "")
    if _TWICE.search(agent):
        row["cs(user-agent)"] = fields.unpercent(agent)
    row["cs-host"] = fields.dash(row.get("x-host-header", "")) or row.get("cs(host)", "")
    return _event(row, seconds=True)


def w3c(line: str, header: Fields) -> Parsed:
    """A line of a W3C extended log."""
    if not header:
        return "no #Fields line yet"
    values = line.split("\t", MOST) if "\t" in line else _WORD.findall(line)
    if len(values) != len(header):
        return f"{len(values)} columns, {len(header)} were announced"
    row = dict(zip(header, (value.strip('"') for value in values), strict=True))
    for name in ("cs(user-agent)", "cs(referer)"):
        if name in row and "\t" not in line:
            row[name] = row[name].replace("+", " ")
    return _event(row, seconds="." in row.get("time-taken", ""))


def _event(row: dict[str, str], *, seconds: bool) -> Parsed:
    at = fields.iso_time(f"{row.get('date', '')}T{row.get('time', '')}")
    if at is None:
        at = fields.any_time(row.get("timestamp") or row.get("x-timestamp"))
    if at is None:
        return "no date and time"
    host, target = fields.located(fields.dash(row.get("cs-uri-stem", "")) or fields.dash(row.get("cs-uri", "")))
    query = fields.dash(row.get("cs-uri-query", ""))
    if not target:
        return "no cs-uri-stem"
    state = row.get("x-edge-result-type") or row.get("x-cache") or row.get("s-action", "")
    return Event(
        at=at,
        client=fields.address(row.get("c-ip", "")),
        method=fields.dash(row.get("cs-method", "")),
        host=host or fields.hostname(row.get("cs-host") or row.get("cs(host)", "")),
        target=f"{target}?{query}" if query and "?" not in target else target,
        status=fields.status(row.get("sc-status", "")),
        sent=fields.size(row.get("sc-bytes", "")),
        agent=fields.dash(row.get("cs(user-agent)", "")),
        referer=fields.dash(row.get("cs(referer)", "")),
        username=fields.dash(row.get("cs-username", "")),
        cache=fields.cache_word(state),
        ms=fields.millis(row.get("time-taken", ""), 1000.0 if seconds else 1.0),
    )
