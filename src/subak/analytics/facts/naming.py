"""What the distinct texts of a log mean: clients, agents and targets, each once, beside the reading of the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import duckdb

from subak.analytics.facts.coder import Agent, Asked, Batch, Named, number
from subak.analytics.facts.columns import insert
from subak.analytics.packages.good import Goods
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.privacy.pseudonyms import Names, canonical_all
from subak.analytics.ranges import Consumers, Ranges
from subak.analytics.schema import AGENTS, KINDS, METHODS, as_columns
from subak.analytics.software.parse import parse
from subak.analytics.software.record import Software

Row: TypeAlias = tuple[object, ...]

ROWS = {
    "named_clients": {
        "id": "UBIGINT",
        "name": "VARCHAR",
        "network": "VARCHAR",
        "version": "TINYINT",
        "provider": "VARCHAR",
        "origin": "VARCHAR",
        "consumer": "VARCHAR",
        "grade": "VARCHAR",
    },
    "named_users": {"id": "UBIGINT", "consumer": "VARCHAR"},
    "named_agents": {
        "id": "UBIGINT",
        "run": "UBIGINT",
        **{name: kind for name, kind in AGENTS.items() if name != "agent"},
    },
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
    "later": {"id": "UBIGINT", "method": "VARCHAR", "host": "VARCHAR", "target": "VARCHAR"},
}
"""What is written here, by table. Few words on many rows are ENUMs: a byte, compared as a number."""
KEY: Final = number("ecosystem", "kind", "key")
PACKED: Final = number("ecosystem", "package")
_TOLD: Final = {
    "id": "UBIGINT",
    **dict.fromkeys(("ecosystem", "kind", "key", "version", "package", "purl", "method"), "VARCHAR"),
}
"""Columns of goods as they are told."""

_TOGETHER = ("enterprise", "education")
"""Whose network is accounted for as one; elsewhere each client by itself."""

CALL = 2_000
"""Requests that are told at a time: fewer cost more each, more do not fit the processor's cache."""
BATCH = 50_000
"""Rows that go to the engine at a time, at most."""
FEW = 4_000
"""Rows that wait for more of their table: each time costs 2 ms, however few they are."""
AHEAD = 8
"""Batches that may wait: their texts are in memory."""


@dataclass(frozen=True, slots=True)
class Books:
    """Where meanings come from."""

    names: Names
    ranges: Ranges
    consumers: Consumers
    recogniser: Recogniser


class Naming:
    """Names batches in a thread of its own, so that the engine reads on meanwhile."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, books: Books) -> None:
        self._engine = engine.cursor()
        self._other = engine.cursor()
        self._books = books
        self._thread = ThreadPoolExecutor(1, "naming")
        self._pending: deque[Future[None]] = deque()
        self._waiting: dict[str, list[Row]] = {table: [] for table in ROWS}
        self._goods = _goods()
        for name, words in (("kind_name", KINDS), ("method_name", METHODS)):
            listed = ", ".join(f"'{word}'" for word in words)
            self._engine.execute(f"CREATE TYPE {name} AS ENUM ({listed})")
        for table, columns in ROWS.items():
            self._engine.execute(f"CREATE TABLE {table} ({as_columns(columns)})")

    def take(self, batch: Batch) -> None:
        """Name these some time soon; waits when much is waiting. Raises what naming earlier ones raised."""
        while self._pending and (self._pending[0].done() or len(self._pending) > AHEAD):
            self._pending.popleft().result()
        self._pending.append(self._thread.submit(self._name, batch))

    def write_agents(self, agents: Iterable[tuple[int, Software]]) -> None:
        """Add agents that are read already."""
        self._put("named_agents", [(id, 0, *_columns(software)) for id, software in agents], self._other)

    def finish(self) -> None:
        """Wait until everything has its name, or is known to need `settle`."""
        for future in self._pending:
            future.result()
        for table, rows in self._waiting.items():
            self._put(table, rows, self._engine)
        self._flush(self._engine)

    def close(self) -> None:
        """Stop, whatever is still to be named."""
        self._thread.shutdown(cancel_futures=True)
        self._engine.close()
        self._other.close()

    # ------------------------------------------------------------ one batch

    def _name(self, batch: Batch) -> None:
        self._name_agents(batch.agents)
        self._name_clients(batch.clients)
        self._write("named_users", [(id, self._books.names.consumer(text)) for id, text in batch.users])
        self._name_asked(batch.asked)

    def _name_agents(self, agents: Sequence[Agent]) -> None:
        spoken = {text: _columns(parse(text)) for text in {text for _, text, _ in agents}}
        self._write("named_agents", [(id, run, *spoken[text]) for id, text, run in agents])

    def _name_clients(self, clients: Sequence[Named]) -> None:
        known = [(id, text) for id, text in clients if text]
        books, forms = self._books, canonical_all([text for _, text in known])
        nets = dict.fromkeys(forms.networks)
        networks = dict(zip(nets, books.names.networks.names(nets), strict=True))
        rows: list[Row] = []
        for (id, _), version, place, name, (provider, origin), (consumer, grade) in zip(
            known,
            forms.versions,
            forms.networks,
            books.names.clients.names(forms.clients),
            books.ranges.lookup_all(forms.clients),
            books.consumers.lookup_all(forms.clients),
            strict=True,
        ):
            network = networks[place]
            if not consumer:  # In clouds and at homes neighbours are strangers, whom only the operator may add up.
                consumer, grade = f"c-{(network if origin in _TOGETHER else name)[2:]}", "D"
            rows.append((id, name, network, version, provider, origin, consumer, grade))
        self._write("named_clients", rows)

    def _name_asked(self, asked: Asked) -> None:
        later: list[Row] = []
        for start in range(0, len(asked.numbers), CALL):
            some = asked.part(start, start + CALL)
            goods, left = self._books.recogniser.tell(*some[1:])
            self._add(goods, some, self._engine)
            later += [tuple(column[place] for column in some) for place in left]
        self._write("later", later)

    def settle(self) -> None:
        """Name what needed to know the whole log; the table `hits` must be complete.

        The hint is the ecosystem of most agents that asked for it.
        """
        found = self._engine.execute(
            """SELECT l.*, coalesce(h.ecosystem, '') FROM later l LEFT JOIN (
                SELECT asked, arg_max(ecosystem, (n, ecosystem)) AS ecosystem FROM (
                    SELECT h.asked, a.ecosystem, count(*) AS n
                    FROM hits h JOIN askers k ON h.asker = k.id JOIN named_agents a ON k.agent = a.id
                    WHERE a.ecosystem <> '' AND h.asked IN (SELECT id FROM later) GROUP BY ALL)
                GROUP BY asked) h ON l.id = h.asked"""
        )
        while rows := found.fetchmany(CALL):
            *asked, hints = zip(*rows, strict=True)
            some = Asked(*asked)
            self._add(self._books.recogniser.settle_all(*some[1:], hints), some, self._other)
        self._flush(self._other)

    def _add(self, goods: Goods, asked: Asked, engine: duckdb.DuckDBPyConnection) -> None:
        """Add what is told of those that were asked."""
        numbers, methods = asked.numbers, asked.methods
        told = self._goods
        told[0] += [numbers[place] for place in goods.places]
        told[-1] += [method if (method := methods[place]) in METHODS else "other" for place in goods.places]
        for column, further in zip(told[1:-1], goods.columns, strict=True):
            column += further
        if len(told[0]) >= BATCH:
            self._flush(engine)

    def _flush(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Give the engine the goods that wait."""
        if self._goods[0]:
            select = f"id, ecosystem, kind, {KEY}, version, package, purl, method, {PACKED}"
            insert(engine, "goods", _TOLD, self._goods, select)
        self._goods = _goods()

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table, as soon as there are some."""
        waiting = self._waiting[table]
        waiting += rows
        if len(waiting) >= FEW:
            self._put(table, waiting, self._engine)
            waiting.clear()

    def _put(self, table: str, rows: Sequence[Row], engine: duckdb.DuckDBPyConnection) -> None:
        select = ", ".join(f'CAST("{name}" AS {kind})' for name, kind in ROWS[table].items())
        for first in range(0, len(rows), BATCH):
            insert(engine, table, ROWS[table], zip(*rows[first : first + BATCH], strict=True), select)


def _goods() -> list[list[Any]]:
    return [[] for _ in _TOLD]


def _columns(software: Software) -> tuple[object, ...]:
    """A row of `schema.AGENTS` but for its number."""
    hosted = {True: "yes", False: "no", None: ""}[software.self_hosted]
    return (
        software.family, software.version, software.kind, bool(software.ci), software.ci_vendor, hosted, software.os,
        software.arch, software.runtime, software.command, software.ecosystem, ",".join(software.flags),
        ",".join(f"{purpose}={weight:g}" for purpose, weight in software.purposes),
    )  # fmt: skip
