"""Has the distinct texts of a log named beside its reading, and what is told of them written into the engine."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

import duckdb

from subak.analytics.facts.columns import insert, insert_laid
from subak.analytics.facts.inventory import Inventory
from subak.analytics.schema import as_columns
from subak.analytics.software.record import Software
from subak.analytics.workers.apart import Worker
from subak.analytics.workers.batch import Asked, Batch, Logged
from subak.analytics.workers.lay import Laid, lay
from subak.analytics.workers.staff import Staff
from subak.analytics.workers.told import CALL, TOLD, Told, spoken_of

_TOGETHER = ("enterprise", "education")
"""Whose network is accounted for as one."""
# In clouds and at homes neighbours are strangers, whom only the operator may add up.
_INFERRED: Final = f"concat('c-', substr(CASE WHEN origin IN {_TOGETHER} THEN network ELSE name END, 3))"
_WRITTEN: Final = {
    "named_clients": f"""id, name, network, version, provider, origin,
        CASE consumer WHEN '' THEN {_INFERRED} ELSE consumer END, CASE consumer WHEN '' THEN 'D' ELSE grade END""",
}
"""What becomes of what was told, where it does not stay as it is."""

BATCH = 50_000
"""Rows that go to the engine at a time, about: each time costs 2 ms, however few they are."""
MOST = 400_000
"""Texts that may wait to be named, about: they are in memory. Reading is done long before all are named."""


class Naming:
    """Has batches named by two workers, and writes meanwhile what they told."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, staff: Staff, key: bytes, memory: int) -> None:
        """For `key` and `memory` see `Inventory`."""
        self._engine = engine.cursor()
        self._inventory = Inventory(self._engine, key, memory)
        for table, columns in TOLD.items():
            if table != "goods":
                self._engine.execute(f"CREATE TABLE {table} ({as_columns(columns)})")
        self._who = _Answers(engine, staff.askers, self._inventory)
        self._what = _Answers(engine, staff.targets, self._inventory)

    def take(self, batch: Batch) -> None:
        """Name these some time soon; waits when much is waiting. Raises what naming earlier ones raised."""
        texts = len(batch.agents) + len(batch.clients) + len(batch.users)
        self._who.ask(texts, "tell", batch.agents, batch.clients, batch.users)
        asked = batch.asked
        self._what.ask(len(asked.ends if isinstance(asked, Logged) else asked.numbers), "tell", asked)

    def write_agents(self, agents: Iterable[tuple[int, Software]]) -> None:
        """Add agents that are read already."""
        if rows := [(id, 0, *spoken_of(software)) for id, software in agents]:
            table = "named_agents"
            insert(self._engine, table, TOLD[table], zip(*rows, strict=True))

    def write_goods(self, rows: duckdb.DuckDBPyConnection, *, known: bool = False) -> None:
        """Add goods that are told already, rows of `TOLD`; see `Inventory.add`."""
        while some := rows.fetchmany(BATCH):
            self._inventory.add(self._engine, [lay(TOLD["goods"], zip(*some, strict=True))], known=known)

    def finish(self) -> None:
        """Wait until everybody who asks has a name; of what they ask for `settle` does."""
        self._who.finish()

    def close(self) -> None:
        """Stop, whatever is still to be named."""
        self._who.close()
        self._what.close()
        self._engine.close()

    def settle(self) -> None:
        """Complete `goods`, and name what needed to know the whole log; the hits must be complete.

        The hint is the ecosystem of most agents that asked for it.
        """
        self._what.finish()
        found = self._engine.execute(
            """SELECT l.*, coalesce(h.ecosystem, '') FROM later l LEFT JOIN (
                SELECT asked, arg_max(ecosystem, (n, ecosystem)) AS ecosystem FROM (
                    SELECT h.asked, a.ecosystem, count(*) AS n
                    FROM requests h JOIN askers k ON h.asker = k.id JOIN named_agents a ON k.agent = a.id
                    WHERE a.ecosystem <> '' AND h.asked IN (SELECT id FROM later) GROUP BY ALL)
                GROUP BY asked) h ON l.id = h.asked"""
        )
        while rows := found.fetchmany(CALL):
            *asked, hints = zip(*rows, strict=True)
            self._what.ask(len(rows), "settle", Asked(*asked), hints)
        self._what.finish()
        self._inventory.finish(self._engine)


class _Answers:
    """What one worker tells, written by a thread as it comes."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, worker: Worker, inventory: Inventory) -> None:
        self._engine = engine.cursor()
        self._worker, self._inventory = worker, inventory
        self._thread = ThreadPoolExecutor(1, "names")
        self._pending: deque[tuple[int, Future[None]]] = deque()
        self._waiting: dict[str, list[list[Laid]]] = {table: [] for table in TOLD}

    def ask(self, texts: int, method: str, *arguments: Any) -> None:
        """Have so many texts named; waits when much is waiting. Raises what naming and writing earlier ones raised."""
        while self._pending and (self._pending[0][1].done() or sum(texts for texts, _ in self._pending) > MOST):
            self._pending.popleft()[1].result()
        told = self._worker.ask(method, *arguments)
        self._pending.append((texts, self._thread.submit(self._add, told)))

    def finish(self) -> None:
        """Wait until all is written. Raises what naming and writing raised."""
        while self._pending:
            self._pending.popleft()[1].result()
        for table in TOLD:
            self._send(table)

    def close(self) -> None:
        """Stop."""
        self._thread.shutdown(cancel_futures=True)
        self._engine.close()

    def _add(self, coming: Future[Told]) -> None:
        """Take what is told, and write as soon as there is enough; the worker goes on meanwhile."""
        for table, columns in coming.result().items():
            waiting = self._waiting[table]
            waiting.append(columns)
            if sum(columns[0].rows for columns in waiting) >= BATCH:
                self._send(table)

    def _send(self, table: str) -> None:
        if pieces := self._waiting[table]:
            self._waiting[table] = []
            if table == "goods":
                self._inventory.add(self._engine, pieces)
            else:
                insert_laid(self._engine, table, TOLD[table], pieces, _WRITTEN.get(table, "*"))
