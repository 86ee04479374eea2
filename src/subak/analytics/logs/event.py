"""The event: what one line of any access log says, in the same columns whatever wrote it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Event(msgspec.Struct, frozen=True, gc=False):
    """One accepted line. Absence is '' or the number told below."""

    at: float
    """Unix time, seconds."""
    client: str = ""
    """The address as logged, without port. It must not leave memory."""
    method: str = ""
    host: str = ""
    """Lower case, no port."""
    target: str = ""
    """Path and query; the log's own quoting undone, the URL's percent-encoding kept."""
    status: int = 0
    """0 unknown."""
    sent: int = -1
    """Bytes to the client; -1 unknown."""
    agent: str = ""
    referer: str = ""
    username: str = ""
    cache: str = ""
    """'hit', 'miss' or another of the words of `fields.CACHE_WORDS`."""
    ms: float = -1.0
    """Milliseconds to the last byte; -1 unknown."""
    session: str = ""


class Reject(msgspec.Struct, frozen=True, gc=False):
    """One line that is no event."""

    source: str
    line: int
    """1-based."""
    bytes: int
    """Its newline included."""
    reason: str
    sample: str
    """At most 200 printable characters, addresses masked."""


EVENTS: dict[str, str] = {
    "at": "DOUBLE",
    "client": "VARCHAR",
    "method": "VARCHAR",
    "host": "VARCHAR",
    "target": "VARCHAR",
    "status": "SMALLINT",
    "sent": "BIGINT",
    "agent": "VARCHAR",
    "referer": "VARCHAR",
    "username": "VARCHAR",
    "cache": "VARCHAR",
    "ms": "DOUBLE",
    "session": "VARCHAR",
}
"""Columns and SQL types, in the order of `Event`."""

REJECTS: dict[str, str] = {
    "source": "VARCHAR",
    "line": "BIGINT",
    "bytes": "BIGINT",
    "reason": "VARCHAR",
    "sample": "VARCHAR",
}
"""Columns and SQL types, in the order of `Reject`."""

Fields: TypeAlias = tuple[str, ...]
"""What the last `#Fields:` line of a log named; () before the first one."""

Parsed: TypeAlias = Event | str
"""The event, or in a few words why there is none."""


def as_columns(columns: dict[str, str]) -> str:
    """The inside of CREATE TABLE."""
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
