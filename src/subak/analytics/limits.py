"""Limits to try out, as people write them: `limit=1000/hour per=address where purpose!=caching-proxy`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from subak.analytics.schema import KINDS, METHODS, ORIGINS
from subak.analytics.software.record import PURPOSES
from subak.errors import BadRequest

WINDOWS: Final = {"minute": 60, "hour": 3600, "6h": 21_600, "day": 86_400, "month": 0}
"""Seconds; windows begin at whole multiples in UTC. 0: calendar months."""
PER: Final = {"address": "client", "network": "network", "consumer": "consumer", "stream": "stream"}
"""What has the allowance, and its column in `facts`. A stream is one software at one address."""
FIELDS: Final = {
    "purpose": "s.purpose", "software": "s.software", "origin": "c.origin", "provider": "c.provider",
    "consumer": "o.name", "grade": "o.grade", "ecosystem": "f.ecosystem", "kind": "f.kind", "method": "f.method",
}  # fmt: skip
"""What `where` may ask for, as SQL over facts f, streams s, clients c, consumers o."""
KNOWN: Final[dict[str, Sequence[str]]] = {
    "purpose": PURPOSES, "origin": ORIGINS, "kind": KINDS, "method": METHODS, "grade": ("A", "B", "C", "D"),
}  # fmt: skip
"""Fields with a fixed list of values: others are mistakes."""
SIZES: Final = {
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40,
}  # fmt: skip

_LIMIT: Final = re.compile(r"(\d{1,15})(?:\s*([KMGT]I?B))?/(\w+)\Z", re.IGNORECASE | re.ASCII)
_CONDITION: Final = re.compile(r"(\w+)(!?=)(.*)\Z", re.ASCII | re.DOTALL)
_GRAMMAR: Final = "Write it like: limit=1000/hour per=address kinds=artifact where purpose!=caching-proxy,mirror"


@dataclass(frozen=True, slots=True)
class Condition:
    """A field has one of these values, or none of them."""

    field: str
    values: tuple[str, ...]
    wanted: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """So much for each unit in each window; what comes after it is refused."""

    limit: int
    bytes: bool
    """The limit is of bytes: the request that exceeds it is still served. Otherwise of requests."""
    window: str
    """One of WINDOWS."""
    per: str = "address"
    """One of PER."""
    where: tuple[Condition, ...] = ()
    """Requests that it is about; all conditions hold."""
    name: str = ""

    def __str__(self) -> str:
        amount = f"{self.limit}{' bytes' if self.bytes else ' requests'}"
        asked = " and ".join(f"{c.field}{'=' if c.wanted else '!='}{','.join(c.values)}" for c in self.where)
        return f"{amount} per {self.per} and {self.window}" + (f" where {asked}" if asked else "")


def parse_rule(text: str) -> Rule:
    """Read one rule, `name: …` in front if it is to have one. Raises BadRequest, saying what is wrong."""
    head, colon, rest = text.partition(":")
    name, body = (head.strip(), rest) if colon and "=" not in head else ("", text)
    before, _, after = body.partition(" where ")
    limit: tuple[int, bool, str] | None = None
    per, where = "", list[Condition]()
    for word in before.split():
        key, _, value = word.partition("=")
        if key == "limit" and limit is None:
            limit = _limit(value)
        elif key == "per" and not per:
            per = _one_of(value, PER, "unit")
        elif key == "kinds":
            where.append(_condition("kind=" + value))
        else:
            raise BadRequest(f"{word[:40]!r} is no part of a limit{_near(key, ('limit', 'per', 'kinds', 'where'))}")
    if limit is None:
        raise BadRequest("A rule needs a limit", fix=_GRAMMAR)
    where += [_condition(word) for word in re.split(r"\s+and\s+", after.strip()) if after.strip()]
    if not name.isprintable() or len(name) > 60:
        raise BadRequest("The name of a rule has at most 60 printable characters")
    return Rule(*limit, per=per or "address", where=tuple(where), name=name)


def parse_tiers(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Several rules; a request is under the first one that is about it. Raises BadRequest."""
    rules = tuple(parse_rule(text) for text in texts)
    if not rules:
        raise BadRequest("No limit to try out", fix=_GRAMMAR)
    named = [rule.name for rule in rules if rule.name]
    if len(set(named)) < len(named):
        raise BadRequest("Two rules have the same name")
    return rules


def _limit(text: str) -> tuple[int, bool, str]:
    found = _LIMIT.match(text)
    if not found:
        raise BadRequest(f"{text[:40]!r} is no limit", fix="Write a number and a window: 1000/hour, 10GB/day.")
    amount, size, window = int(found[1]), (found[2] or "").upper(), found[3].lower()
    return amount * SIZES.get(size, 1), bool(size), _one_of(window, WINDOWS, "window")


def _condition(text: str) -> Condition:
    found = _CONDITION.match(text)
    if not found:
        raise BadRequest(f"{text[:60]!r} is no condition", fix="Write FIELD=VALUE,VALUE or FIELD!=VALUE.")
    field = _one_of(found[1], FIELDS, "field")
    values = tuple(value.strip() for value in found[3].split(","))
    if field in KNOWN:
        values = tuple(_one_of(value, KNOWN[field], field) for value in values)
    return Condition(field, values, found[2] == "=")


def _one_of(value: str, known: Sequence[str] | dict[str, int] | dict[str, str], what: str) -> str:
    if value not in known:
        fix = "Known are: " + ", ".join(filter(None, known))
        raise BadRequest(f"{value[:40]!r} is no {what}{_near(value, known)}", fix=fix)
    return value


def _near(value: str, known: Sequence[str] | dict[str, int] | dict[str, str]) -> str:
    near = difflib.get_close_matches(value, [name for name in known if name], 1)
    return f"; did you mean {near[0]!r}?" if near else ""
