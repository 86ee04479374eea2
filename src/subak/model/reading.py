"""The accounting row of one exchange: flat, append-only, facts only.

A reading is one JSON line. Its text is composed of three parts — what was asked, who asked, how it
went — so that the hot path can keep the first two ready-made and only format the third.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from subak.model.exchange import Caller, Exchange, Origin, Subject


class Reading(NamedTuple):
    """One row. Every column is always present; absence is '' or 0."""

    at: float  # Unix time of arrival, seconds
    ecosystem: str
    kind: str
    purl: str
    consumer: str
    tier: str
    agent: str
    agent_version: str
    ci: bool
    method: str
    status: int
    sent: int  # body bytes to the client
    fetched: int  # body bytes from upstream, caused by this exchange
    origin: str  # hit | stale | miss | peer | own | none
    ms: float  # milliseconds from arrival to the last byte
    rule: str  # the rule that refused, or ''
    error: str  # the class of the failure, or ''


COLUMNS: dict[str, str] = {
    "at": "DOUBLE",
    "ecosystem": "VARCHAR",
    "kind": "VARCHAR",
    "purl": "VARCHAR",
    "consumer": "VARCHAR",
    "tier": "VARCHAR",
    "agent": "VARCHAR",
    "agent_version": "VARCHAR",
    "ci": "BOOLEAN",
    "method": "VARCHAR",
    "status": "SMALLINT",
    "sent": "BIGINT",
    "fetched": "BIGINT",
    "origin": "VARCHAR",
    "ms": "DOUBLE",
    "rule": "VARCHAR",
    "error": "VARCHAR",
}
"""Column names and SQL types, in the order of `Reading`."""

_encode = msgspec.json.Encoder().encode


def asked_part(subject: Subject) -> bytes:
    """The columns that depend only on what was asked, as the inside of a JSON object."""
    return _inside({"ecosystem": subject.ecosystem, "kind": str(subject.kind), "purl": subject.purl})


def caller_part(caller: Caller) -> bytes:
    """The columns that depend only on who asked."""
    agent = caller.agent
    return _inside(
        {
            "consumer": caller.consumer,
            "tier": caller.tier,
            "agent": agent.family,
            "agent_version": agent.version,
            "ci": agent.ci,
        }
    )


def outcome_part(
    at: float, method: str, status: int, sent: int, fetched: int, origin: Origin, took: float, rule: str, error: str
) -> bytes:
    """The columns that differ from request to request. `took` is in seconds."""
    return _inside(
        {
            "at": round(at, 3),
            "method": method,
            "status": status,
            "sent": sent,
            "fetched": fetched,
            "origin": str(origin),
            "ms": round(took * 1000, 3),
            "rule": rule,
            "error": error,
        }
    )


HIT = b'"at":%.3f,"method":"%b","status":%d,"sent":%d,"fetched":0,"origin":"hit","ms":%.3f,"rule":"","error":""'
"""`outcome_part` of a plain hit as a format; a test holds the two together."""


def compose(outcome: bytes, asked: bytes, caller: bytes) -> bytes:
    """One line of a journal, without the newline."""
    return b"{%b,%b,%b}" % (outcome, asked, caller)


def meter(x: Exchange) -> bytes:
    """The reading of an exchange as a journal line."""
    return compose(
        outcome_part(
            x.asked.at,
            x.asked.method,
            x.sent.status,
            x.sent.bytes,
            x.sent.fetched,
            x.origin,
            x.took,
            x.verdict.rule,
            x.sent.error,
        ),
        asked_part(x.subject),
        caller_part(x.caller),
    )


def parse(line: bytes) -> Reading:
    """Read a journal line back. Raises ValueError for a torn or foreign line."""
    try:
        row = msgspec.json.decode(line, type=dict[str, object])
        return Reading(**row)  # type: ignore[arg-type]  # a foreign row fails right here
    except (msgspec.MsgspecError, TypeError) as error:
        raise ValueError(f"not a reading: {line[:80]!r}") from error


def _inside(row: dict[str, object]) -> bytes:
    return _encode(row)[1:-1]
