"""What a limit would have done to the traffic of a log: who would have been hit, and how many people.

Nobody reacts in a simulation: refused clients neither wait nor try again, and a proxy that is told to slow down asks no
less. It is a first look at whom a limit is about, not a forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import duckdb
import msgspec

from subak.analytics.limits import FIELDS, PER, WINDOWS, Condition, Rule

CI: Final = ("ci-hosted", "ci-selfhosted")
PROXIES: Final = ("caching-proxy", "mirror")
STEPS: Final = (1.5, 2, 5, 10, 100)
"""Where the distribution of how far over is cut, in multiples of the limit."""
LONGEST: Final = 50
"""Kinds of software that are listed."""

Values: TypeAlias = dict[str, int | float | str | list[str]]


class Hit(msgspec.Struct, frozen=True):
    """One kind of traffic under a limit."""

    name: str
    requests: int
    """Under the limit, served or not."""
    bytes: int
    refused: int
    """Requests."""
    refused_bytes: int


class People(msgspec.Struct, frozen=True):
    """Who is behind refused requests."""

    dev_streams: int
    """Of purpose dev-install: about one person's tool each, or several people's at one address."""
    dev_addresses: int
    """Addresses where those are."""
    shared_addresses: int
    """Of these, addresses with several such streams: offices, universities, carriers."""
    bystanders: int
    """Streams of purpose dev-install that stayed within the limit by themselves whenever they were refused: hit only
    because others share what the limit counts."""
    ci_streams: int
    ci_runs: int
    """Runs that name themselves; others cannot be told apart."""
    proxies: int
    """Streams of caching proxies and mirrors."""


class Outcome(msgspec.Struct, frozen=True):
    """What one rule did."""

    rule: str
    name: str
    per: str
    requests: int
    """Under the rule; of `total_requests` in the log."""
    bytes: int
    total_requests: int
    total_bytes: int
    units: int
    units_hit: int
    windows: int
    """Of all units."""
    windows_hit: int
    refused: int
    refused_bytes: int
    purposes: tuple[Hit, ...]
    """By refused requests, the most first; traffic of no known stream is ''."""
    software: tuple[Hit, ...]
    people: People
    over: tuple[tuple[str, int], ...]
    """How many windows were over by how much: ('to 1.5', 12), …, ('beyond 100', 1) multiples of the limit."""
    furthest: float
    """The greatest multiple."""


def simulate(engine: duckdb.DuckDBPyConnection, rule: Rule) -> Outcome:
    """Try one limit on the tables of `facts.schema`."""
    return tiers(engine, (rule,))[0]


def tiers(engine: duckdb.DuckDBPyConnection, rules: Sequence[Rule]) -> tuple[Outcome, ...]:
    """Try several; a request is under the first rule that is about it, whether or not it has its unit."""
    return tuple(_Trial(engine, rule, rules[:number]).outcome() for number, rule in enumerate(rules))


class _Trial:
    """One rule, with its temporary tables. Only windows that exceed the limit are looked at request by request."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, rule: Rule, before: Sequence[Rule]) -> None:
        self._engine = engine
        self._rule = rule
        self._values: Values = {}
        unit = f"f.{PER[rule.per]}"
        conditions = [f"{unit} >= 0", self._holds(rule.where)]
        conditions += [f"NOT {self._holds(earlier.where)}" for earlier in before]
        self._matched = (
            f'SELECT {unit} AS unit, {_window(rule.window)} AS win, f."at" AS moment, f.stream, f.client, f.run,'
            " greatest(f.sent, 0) AS sent, coalesce(s.purpose, '') AS purpose, coalesce(s.software, '') AS software"
            " FROM facts f LEFT JOIN streams s USING (stream) LEFT JOIN clients c ON f.client = c.client"
            f" LEFT JOIN consumers o ON f.consumer = o.consumer WHERE {' AND '.join(conditions)}"
        )

    def _holds(self, where: Sequence[Condition]) -> str:
        """SQL that is never NULL; values are parameters."""
        parts = []
        for condition in where:
            key = f"v{len(self._values)}"
            self._values[key] = list(condition.values)
            inside = f"list_contains(${key}, coalesce({FIELDS[condition.field]}, ''))"
            parts.append(inside if condition.wanted else f"NOT {inside}")
        return f"({' AND '.join(parts)})" if parts else "true"

    def _rows(self, sql: str, **values: int | float | list[str]) -> list[tuple[int, ...]]:
        needed = {key: value for key, value in (self._values | values).items() if f"${key}" in sql}
        return self._engine.execute(sql, needed).fetchall()

    def outcome(self) -> Outcome:
        amount = "sent" if self._rule.bytes else "requests"
        try:
            self._rows(
                "CREATE OR REPLACE TEMP TABLE sim_windows AS SELECT unit, win, count(*) AS requests,"
                f" sum(sent)::BIGINT AS sent FROM ({self._matched}) GROUP BY unit, win"
            )
            self._rows(
                "CREATE OR REPLACE TEMP TABLE sim_over AS SELECT unit, win FROM sim_windows"
                f" WHERE {amount} > {self._rule.limit}"
            )
            self._rows(f"CREATE OR REPLACE TEMP TABLE sim_hit AS {self._refused()}")
            return self._told(amount)
        finally:
            for table in ("sim_windows", "sim_over", "sim_hit"):
                self._engine.execute(f"DROP TABLE IF EXISTS {table}")

    def _refused(self) -> str:
        """Refused requests by unit, window, stream and run, next to how much each of these asked for in that window.

        Within a second requests have no order of their own in most logs; one is given to them that does not depend on
        the order of lines.
        """
        before = (
            "coalesce(sum(sent) OVER (earlier ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)"
            if self._rule.bytes
            else "row_number() OVER earlier - 1"
        )
        return (
            "SELECT unit, win, stream, client, run, purpose, software, count(*) AS requests, sum(sent)::BIGINT AS sent,"
            f" count(*) FILTER (had >= {self._rule.limit}) AS refused,"
            f" coalesce(sum(sent) FILTER (had >= {self._rule.limit}), 0)::BIGINT AS refused_sent"
            f" FROM (SELECT *, {before} AS had FROM ({self._matched}) SEMI JOIN sim_over USING (unit, win)"
            " WINDOW earlier AS (PARTITION BY unit, win ORDER BY moment, hash(stream, run, sent), stream, run, sent))"
            " GROUP BY ALL"
        )

    def _told(self, amount: str) -> Outcome:
        ((total, total_sent),) = self._rows("SELECT count(*), coalesce(sum(greatest(sent, 0)), 0)::BIGINT FROM facts")
        ((units, windows, requests, sent),) = self._rows(
            "SELECT count(DISTINCT unit), count(*), coalesce(sum(requests), 0)::BIGINT, coalesce(sum(sent), 0)::BIGINT"
            " FROM sim_windows"
        )
        ((units_hit, windows_hit, refused, refused_sent),) = self._rows(
            "SELECT count(DISTINCT unit), count(DISTINCT (unit, win)), coalesce(sum(refused), 0)::BIGINT,"
            " coalesce(sum(refused_sent), 0)::BIGINT FROM sim_hit WHERE refused > 0"
        )
        over, furthest = self._over(amount)
        return Outcome(
            rule=str(self._rule), name=self._rule.name, per=self._rule.per,
            requests=requests, bytes=sent, total_requests=total, total_bytes=total_sent,
            units=units, units_hit=units_hit, windows=windows, windows_hit=windows_hit,
            refused=refused, refused_bytes=refused_sent,
            purposes=self._by("purpose"), software=self._by("software")[:LONGEST],
            people=self._people(amount), over=over, furthest=furthest,
        )  # fmt: skip

    def _by(self, column: str) -> tuple[Hit, ...]:
        rows = self._engine.execute(
            f"SELECT {column}, asked.requests, asked.sent, coalesce(hit.refused, 0)::BIGINT,"
            " coalesce(hit.refused_sent, 0)::BIGINT"
            f" FROM (SELECT {column}, count(*) AS requests, sum(sent)::BIGINT AS sent FROM ({self._matched})"
            f" GROUP BY {column}) asked LEFT JOIN (SELECT {column}, sum(refused) AS refused,"
            f" sum(refused_sent) AS refused_sent FROM sim_hit GROUP BY {column}) hit USING ({column})"
            f" ORDER BY 4 DESC, 2 DESC, {column}",
            self._values,
        ).fetchall()
        return tuple(Hit(*row) for row in rows)

    def _people(self, amount: str) -> People:
        ((streams, addresses, shared),) = self._rows(
            "WITH hit AS (SELECT DISTINCT stream, client FROM sim_hit"
            " WHERE refused > 0 AND purpose = 'dev-install' AND stream >= 0)"
            " SELECT count(*), count(DISTINCT client), count(DISTINCT client) FILTER (client IN (SELECT client FROM"
            " streams WHERE purpose = 'dev-install' GROUP BY client HAVING count(*) > 1)) FROM hit"
        )
        ((bystanders,),) = self._rows(
            "SELECT count(*) FROM (SELECT stream FROM (SELECT stream, unit, win, sum(refused) AS refused,"
            f" sum({amount}) AS own FROM sim_hit WHERE purpose = 'dev-install' AND stream >= 0 GROUP BY ALL)"
            f" WHERE refused > 0 GROUP BY stream HAVING max(own) <= {self._rule.limit})"
        )
        ((ci_streams, ci_runs, proxies),) = self._rows(
            "SELECT count(DISTINCT stream) FILTER (list_contains($ci, purpose)),"
            " count(DISTINCT run) FILTER (list_contains($ci, purpose) AND run > 0),"
            " count(DISTINCT stream) FILTER (list_contains($proxies, purpose)) FROM sim_hit WHERE refused > 0",
            ci=list(CI),
            proxies=list(PROXIES),
        )
        return People(streams, addresses, shared, bystanders, ci_streams, ci_runs, proxies)

    def _over(self, amount: str) -> tuple[tuple[tuple[str, int], ...], float]:
        """Windows in which something was refused, by how many times the limit was asked for."""
        names = [f"to {step:g}" for step in STEPS] + [f"beyond {STEPS[-1]:g}"]
        limit = max(1, self._rule.limit)
        counts = ", ".join(
            f"count(*) FILTER (times > {low} AND times <= {high})"
            for low, high in zip((0, *STEPS), (*STEPS, 1e300), strict=True)
        )
        ((*found, furthest),) = self._engine.execute(
            f"SELECT {counts}, coalesce(max(times), 0) FROM (SELECT {amount} / {limit}::DOUBLE AS times"
            " FROM sim_windows SEMI JOIN (SELECT DISTINCT unit, win FROM sim_hit WHERE refused > 0) USING (unit, win))"
        ).fetchall()
        return tuple(zip(names, found, strict=True)), furthest


def _window(name: str) -> str:
    """SQL for the number of a request's window."""
    if WINDOWS[name]:
        return f'floor(f."at" / {WINDOWS[name]})::BIGINT'
    return "datediff('month', TIMESTAMP '1970-01-01', make_timestamp(floor(f.\"at\" * 1000000)::BIGINT))"
