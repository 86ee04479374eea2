r"""Logs of one JSON object a line: Fastly, Caddy, Envoy, Traefik, the clouds, nginx and others with keys of one's own.

A head before the object (syslog, container runtimes) is skipped, an object inside of Docker's taken out. nginx without
`escape=json` writes `\x22`, which is no JSON: put right first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from subak.analytics.logs import fields, tables
from subak.analytics.logs.dialects import DIALECTS, Dialect, Keys
from subak.analytics.logs.event import Event, Fields, Parsed
from subak.model import reading

OPERATIONS = {"GetBlob": "GET", "GetBlobProperties": "HEAD", "ListBlobs": "GET", "PutBlob": "PUT"}
"""A blob store names what it did, not how it was asked."""

_BYTES = re.compile(r"(?:\\x[0-9A-Fa-f]{2})+")
_CONTROL = re.compile(r"[\x01-\x1f]")
_decode = msgspec.json.Decoder().decode


def objects(line: str, header: Fields) -> Parsed:
    """A line with a JSON object of any dialect."""
    row = _object(line)
    if isinstance(row, dict) and (inner := inside(row)):
        row = _object(inner)
    if isinstance(row, str):
        return row
    if "x-edge-location" in row:
        return tables.edge({name.lower(): _text(value) for name, value in row.items()})
    return _event(row, next(d for d in DIALECTS if all(_at(row, mark) is not None for mark in d.marks)))


def inside(row: Mapping[str, object]) -> str:
    """The line that Docker or systemd's journal wrapped into an object of its own, '' if it is none of theirs."""
    for name, mark in (("log", "stream"), ("MESSAGE", "__REALTIME_TIMESTAMP")):
        line = row.get(name)
        if mark in row and isinstance(line, str):
            return line.rstrip("\r\n")
    return ""


def unwrapped(line: str) -> str:
    """The same of a line."""
    row = _object(line)
    return inside(row) if isinstance(row, dict) else ""


def _event(row: dict[str, object], dialect: Dialect) -> Parsed:
    found = {name: _first(row, keys) for name, keys in dialect.places.items()}
    at = fields.any_time(found["at"])
    if at is None:
        return "no time"
    if any(_at(row, place) is False for place in dialect.duplicates):
        return "told again by the edge"
    method, host, target = fields.request(_text(found.get("request")))
    where, target = fields.located(_text(found["target"]) or target)
    query = _text(found.get("query"))
    if query and "?" not in target:
        target += "?" + query.removeprefix("?")
    client, state = _text(found["client"]), fields.status(_text(found["status"]))
    if not target or not (client or state):
        return "no address, target and status"
    ms = fields.millis(_text(found.get("ms")), dialect.tick)
    named = _text(found["method"])
    cache = next((word for place, word in dialect.states.items() if _at(row, place) is True), "")
    return Event(
        at=at,
        client=fields.address(client.rpartition(",")[2].strip()),
        method=OPERATIONS.get(named, named) or method,
        host=fields.hostname(_text(found.get("host"))) or where or host,
        target=target,
        status=state,
        sent=_whole(found["sent"]),
        agent=_text(found["agent"]),
        referer=_text(found["referer"]),
        username=_text(found.get("username")),
        cache=cache or fields.cache_word(_text(found.get("cache"))),
        ms=ms if ms >= 0 else fields.millis(_text(found.get("seconds")).removesuffix("s"), 1000.0),
        session=_text(found.get("session")),
    )


def _object(line: str) -> dict[str, object] | str:
    start = line.find("{", 0, 512)
    if start < 0:
        return "no JSON object"
    text = line[start:]
    try:
        row = _decode(text)
    except msgspec.DecodeError:
        try:
            row = _decode(_CONTROL.sub(_as_escape, _BYTES.sub(_as_json, text)))
        except msgspec.DecodeError:
            return "no JSON object"
    return row if isinstance(row, dict) else "no JSON object"


def _as_json(match: re.Match[str]) -> str:
    return msgspec.json.encode(fields.decoded(bytes.fromhex(match[0].replace(r"\x", ""))))[1:-1].decode()


def _as_escape(match: re.Match[str]) -> str:
    """Servers that escape quotes alone leave control characters as they are."""
    return f"\\u{ord(match[0]):04x}"


def _at(row: object, place: str) -> object:
    for key in place.split(">"):
        if not isinstance(row, dict):
            return None
        row = row.get(key)
    return row


def _first(row: dict[str, object], keys: Keys) -> object:
    for key in keys:
        value = _at(row, key) if ">" in key else row.get(key)
        if isinstance(value, list):
            value = value[0] if value else None
        if value not in (None, "", "-") and not isinstance(value, dict):
            return value
    return None


def _text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    return fields.dash(str(value).replace("\0", r"\x00"))


def _whole(value: object) -> int:
    if isinstance(value, float) and value.is_integer() and 0 <= value < fields.MOST:
        return int(value)
    return fields.size(str(value)) if isinstance(value, (int, str)) and not isinstance(value, bool) else -1


def readings(line: str, header: Fields) -> Parsed:
    """A line of our own journal. It knows no path: `target` is the purl, `host` the ecosystem, `referer` the kind.

    `client` is the consumer (a pseudonym), `agent` its family and version, ` ci` behind it where that was declared.
    """
    try:
        row = reading.parse(line.encode())
        at = fields.any_time(row.at)
        known = isinstance(row.status, int) and isinstance(row.sent, int) and isinstance(row.ms, (int, float))
        words = (row.ecosystem, row.kind, row.purl, row.consumer, row.agent, row.agent_version, row.method, row.origin)
    except ValueError:
        return "no reading"
    if at is None or not known or not all(isinstance(word, str) for word in words):
        return "no reading"
    agent = f"{row.agent}/{row.agent_version}" if row.agent_version else row.agent
    return Event(
        at=at,
        client=row.consumer,
        method=row.method,
        host=row.ecosystem,
        target=row.purl,
        status=row.status if 0 <= row.status < 1000 else 0,
        sent=row.sent if 0 <= row.sent < fields.MOST else -1,
        agent=f"{agent} ci" if row.ci else agent,
        referer=row.kind,
        cache=fields.cache_word(row.origin),
        ms=float(row.ms) if 0 <= row.ms < fields.LATEST else -1.0,
    )
