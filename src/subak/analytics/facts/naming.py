"""Has the distinct texts of a log named beside its reading, and what is told of them written into the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import duckdb

from subak.analytics.facts.apart import Worker
from subak.analytics.facts.coder import Asked, Batch, number
from subak.analytics.facts.columns import Laid, insert, insert_laid
from subak.analytics.facts.meanings import CALL, TOLD, Told, spoken_of
from subak.analytics.schema import KINDS, METHODS, as_columns
from subak.analytics.software.record import Software

ROWS: Final[dict[str, dict[str, str]]] = {
    **TOLD,
    "goods": {
        "id": "UBIGINT",
        "ecosystem": "VARCHAR",  # a gateway's readings may name registries that only its settings know
        "kind": "kind_name",
        "key": "UBIGINT",  # the same for the same good in every analysis
        "version": "VARCHAR",
        "package": "VARCHAR",
        "purl": "VARCHAR",
        "method": "method_name",
        "packed": "UBIGINT",  # the same for the same package
    },
}
"""What is written here, by table. Few words on many rows are ENUMs: a byte, compared as a number."""
KEY: Final = number("ecosystem", "kind", "key")
PACKED: Final = number("ecosystem", "package")

_TOGETHER = ("enterprise", "education")
"""Whose network is accounted for as one."""
# In clouds and at homes neighbours are strangers, whom only the operator may add up.
_INFERRED: Final = f"concat('c-', substr(CASE WHEN origin IN {_TOGETHER} THEN network ELSE name END, 3))"
_WRITTEN: Final = {
    "named_clients": f"""id, name, network, version, provider, origin,
        CASE consumer WHEN '' THEN {_INFERRED} ELSE consumer END, CASE consumer WHEN '' THEN 'D' ELSE grade END""",
    "goods": f"id, ecosystem, kind, {KEY}, version, package, purl, method, {PACKED}",
}
"""What becomes of what was told; elsewhere it is only cast."""

BATCH = 50_000
"""Rows that go to the engine at a time, about: each time costs 2 ms, however few they are."""
AHEAD = 8
"""Batches that may wait: their texts are in memory."""


class Naming:
    """Has batches named by two workers, and writes meanwhile what they told."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, askers: Worker, targets: Worker) -> None:
        """The workers are `meanings.Askers` and `meanings.Targets`, see `apart`."""
        self._engine = engine.cursor()
        self._other = engine.cursor()
        self._askers, self._targets = askers, targets
        self._thread = ThreadPoolExecutor(1, "naming")
        self._pending: deque[Future[None]] = deque()
        self._writer = ThreadPoolExecutor(1, "names")
        self._written: Future[None] = Future()
        self._written.set_result(None)
        self._waiting: dict[str, list[list[Laid]]] = {table: [] for table in ROWS}
        for name, words in (("kind_name", KINDS), ("method_name", METHODS)):
            listed = ", ".join(f"'{word}'" for word in words)
            self._engine.execute(f"CREATE TYPE {name} AS ENUM ({listed})")
        for table, columns in ROWS.items():
            self._engine.execute(f"CREATE TABLE {table} ({as_columns(columns)})")

    def take(self, batch: Batch) -> None:
        """Name these some time soon; waits when much is waiting. Raises what naming earlier ones raised."""
        while self._pending and (self._pending[0].done() or len(self._pending) > AHEAD):
            self._pending.popleft().result()
        who = self._askers.ask("tell", batch.agents, batch.clients, batch.users)
        what = self._targets.ask("tell", batch.asked)
        self._pending.append(self._thread.submit(self._add, who, what))

    def write_agents(self, agents: Iterable[tuple[int, Software]]) -> None:
        """Add agents that are read already."""
        if rows := [(id, 0, *spoken_of(software)) for id, software in agents]:
            table = "named_agents"
            insert(self._other, table, TOLD[table], zip(*rows, strict=True), _written(table))

    def finish(self) -> None:
        """Wait until everybody has a name, and it is known of all else what it means or that it needs `settle`."""
        for future in self._pending:
            future.result()
        self._send("named_clients", "named_users", "named_agents")
        self._written.result()

    def close(self) -> None:
        """Stop, whatever is still to be named."""
        self._thread.shutdown(cancel_futures=True)
        self._writer.shutdown()
        self._engine.close()
        self._other.close()

    def settle(self) -> None:
        """Complete `goods`, and name what needed to know the whole log; the table `hits` must be complete.

        The hint is the ecosystem of most agents that asked for it.
        """
        self._send("later")
        self._written.result()
        found = self._other.execute(
            """SELECT l.*, coalesce(h.ecosystem, '') FROM later l LEFT JOIN (
                SELECT asked, arg_max(ecosystem, (n, ecosystem)) AS ecosystem FROM (
                    SELECT h.asked, a.ecosystem, count(*) AS n
                    FROM hits h JOIN askers k ON h.asker = k.id JOIN named_agents a ON k.agent = a.id
                    WHERE a.ecosystem <> '' AND h.asked IN (SELECT id FROM later) GROUP BY ALL)
                GROUP BY asked) h ON l.id = h.asked"""
        )
        coming: deque[Future[Told]] = deque()
        while rows := found.fetchmany(CALL):
            *asked, hints = zip(*rows, strict=True)
            coming.append(self._targets.ask("settle", Asked(*asked), hints))
            if len(coming) > AHEAD:
                self._add(coming.popleft())
        self._add(*coming)
        self._send("goods")
        self._written.result()

    def _add(self, *coming: Future[Told]) -> None:
        """Take what is told, and write as soon as there is enough. Raises what writing earlier ones raised."""
        for told in coming:
            for table, columns in told.result().items():
                waiting = self._waiting[table]
                waiting.append(columns)
                if sum(columns[0].rows for columns in waiting) >= BATCH:
                    self._send(table)

    def _send(self, *tables: str) -> None:
        for table in tables:
            self._written.result()
            if pieces := self._waiting[table]:
                self._written = self._writer.submit(
                    insert_laid, self._engine, table, TOLD[table], pieces, _written(table)
                )
                self._waiting[table] = []


def _written(table: str) -> str:
    """SQL: the columns of a table, out of what was told."""
    casts = ", ".join(f'CAST("{name}" AS {kind})' for name, kind in ROWS[table].items())
    return _WRITTEN.get(table, casts)
