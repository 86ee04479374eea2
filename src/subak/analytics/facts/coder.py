"""Requests become rows of numbers as they are read; every text goes to `Naming` once, whatever number of lines has it.

The engine's 64-bit hash of a text is its number until `tables` gives dense ones. Among 100 million texts two are taken
for one with a chance of one in 4,000.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import duckdb

from subak.analytics.logs import fields
from subak.analytics.schema import CACHES

HITS = {
    "at": "DOUBLE",
    "client": "UBIGINT",
    "asked": "UBIGINT",
    "agent": "UBIGINT",
    "user": "UBIGINT",  # 0 none
    "run": "UBIGINT",  # 0 none
    "status": "SMALLINT",
    "sent": "BIGINT",
    "cache": "cache_state",
}
_SEEN = ("client", "asked", "agent", "user")

_RUN = r"'^(bundler/.*) ([0-9a-f]{16})( |$)'"
_AGENT = (
    f"CASE WHEN starts_with(agent, 'bundler/') THEN hash(regexp_replace(agent, {_RUN}, '\\1\\3')) ELSE hash(agent) END"
)
"""Bundler invents a name for every run; without it, its agents are few."""
_RUN_OF = (
    f"CASE WHEN starts_with(agent, 'bundler/') AND regexp_matches(agent, {_RUN}) "
    f"THEN hash(regexp_extract(agent, {_RUN}, 2)) ELSE 0::UBIGINT END"
)

Asked: TypeAlias = tuple[int, str, str, str]
"""Number, method, host, target."""
Named: TypeAlias = tuple[int, str]
"""Number and text."""


class Batch:
    """Texts that were not there before."""

    __slots__ = ("agents", "asked", "clients", "users")

    def __init__(self) -> None:
        self.clients: list[Named] = []
        self.agents: list[Named] = []
        self.asked: list[Asked] = []
        self.users: list[Named] = []


class Coding:
    """The `Coder` and `Absorb` of the log readers: fills the table `hits`."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, since: float, until: float) -> None:
        self._engine = engine
        self.since, self.until = since, until
        """Unix times; hits outside are left out."""
        self._window = f'"at" >= {since!r} AND "at" < {until!r}'
        self.fresh: list[Batch] = []
        """What nobody has named yet; whoever does takes it away."""
        states = ", ".join(f"'{state}'" for state in CACHES)
        engine.execute(f"CREATE TYPE cache_state AS ENUM ({states})")
        listed = ", ".join(f'"{name}" {kind}' for name, kind in HITS.items())
        engine.execute(f"CREATE TABLE hits ({listed})")
        for kind in _SEEN:
            engine.execute(f"CREATE TABLE seen_{kind} (id UBIGINT)")

    # ------------------------------------------------------------ rows without texts

    def stage(self, relation: str) -> tuple[int, int, list[int]]:
        """See `logs.desk.Coder`."""
        self._engine.execute(
            'CREATE OR REPLACE TEMP TABLE staged AS SELECT "at", hash(client) AS client, hash(asked) AS asked, '
            f"{_AGENT} AS agent, {_RUN_OF} AS run, status, sent, size, doubt, client AS client_text, "
            f"asked AS asked_text, agent AS agent_text FROM ({relation})"
        )
        sums = "SELECT count(*), coalesce(sum(size), 0)::BIGINT, count(*) FILTER (doubt) FROM staged"
        rows, size, doubtful = self._engine.execute(sums).fetchall()[0]
        places = self._engine.execute("SELECT rowid FROM staged WHERE doubt").fetchall() if doubtful else []
        return rows, size, [place for (place,) in places]

    def keep(self) -> None:
        """See `logs.desk.Coder`."""
        batch = Batch()
        kept = f"FROM staged WHERE NOT doubt AND {self._window}"
        for number, logged in self._new("agent", kept):
            batch.agents.append((number, fields.dash(fields.unescape(logged))))
        for number, logged in self._new("client", kept):
            batch.clients.append((number, fields.address(logged)))
        for number, logged in self._new("asked", kept):
            batch.asked.append((number, *fields.request(logged)))
        self._engine.execute(
            'INSERT INTO hits SELECT "at", client, asked, agent, 0::UBIGINT, run, status, sent, '
            f"''::cache_state {kept}"
        )
        self.fresh.append(batch)

    def _new(self, kind: str, rows: str) -> list[tuple[int, str]]:
        """Numbers that are new, with their texts."""
        first = f"SELECT {kind} AS id, min(rowid) AS place {rows} GROUP BY {kind}"
        unseen = f"({first}) f ANTI JOIN seen_{kind} USING (id)"
        return self._remembered(kind, f"SELECT id, {kind}_text FROM {unseen} JOIN staged s ON s.rowid = place")

    def _remembered(self, kind: str, found: str) -> list[Any]:
        self._engine.execute(f"CREATE OR REPLACE TEMP TABLE unseen AS {found}")
        self._engine.execute(f"INSERT INTO seen_{kind} SELECT id FROM unseen")
        return self._engine.execute("FROM unseen").fetchall()

    # ------------------------------------------------------------ whole events

    def absorb(self, table: str) -> None:
        """Take over a table with the columns of `events`."""
        batch = Batch()
        rows = f"FROM {table} WHERE {self._window}"
        agent, asked = _AGENT, "hash(method, host, target)"
        batch.agents += self._texts("agent", agent, "agent", rows)
        batch.clients += self._texts("client", "hash(client)", "client", rows)
        batch.users += self._texts("user", "hash(username)", "username", f"{rows} AND username <> ''")
        batch.asked += self._texts("asked", asked, "method", rows, "host), any_value(target")
        self._engine.execute(
            f'INSERT INTO hits SELECT "at", hash(client), {asked}, {agent}, '
            "CASE username WHEN '' THEN 0::UBIGINT ELSE hash(username) END, "
            f"CASE session WHEN '' THEN {_RUN_OF} ELSE hash(session) END, status, sent, "
            f"coalesce(TRY_CAST(cache AS cache_state), ''::cache_state) {rows}"
        )
        self.fresh.append(batch)

    def _texts(self, kind: str, number: str, column: str, rows: str, further: str = "") -> list[Any]:
        also = f", any_value({further})" if further else ""
        found = f"SELECT {number} AS id, any_value({column}){also} {rows} GROUP BY 1"
        return self._remembered(kind, f"FROM ({found}) ANTI JOIN seen_{kind} USING (id)")
