"""What the distinct texts of a log mean: clients, agents and targets, each once, beside the reading of the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import duckdb

from subak.analytics.facts.coder import Asked, Batch, Named
from subak.analytics.logs.scratch import Scratch
from subak.analytics.packages.good import LATER
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.privacy.pseudonyms import Names, canonical
from subak.analytics.ranges import Consumers, Ranges
from subak.analytics.schema import AGENTS, METHODS, as_columns
from subak.analytics.software.parse import parse
from subak.analytics.software.record import Software

SEPARATOR = "\x1f"
"""Between columns on the way to the engine; what holds it or a line break is cleaned."""
_CLEAN = str.maketrans({SEPARATOR: " ", "\n": " ", "\r": " ", "\0": " "})

Row = tuple[object, ...]

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
    "named_agents": {"id": "UBIGINT", **{name: kind for name, kind in AGENTS.items() if name != "agent"}},
    "goods": {
        "id": "UBIGINT",
        "ecosystem": "VARCHAR",
        "kind": "VARCHAR",
        "key": "VARCHAR",
        "version": "VARCHAR",
        "package": "VARCHAR",
        "purl": "VARCHAR",
        "method": "VARCHAR",
    },
    "later": {"id": "UBIGINT", "method": "VARCHAR", "host": "VARCHAR", "target": "VARCHAR"},
}
"""What is written here, by table; of the key of a good, only its hash is kept."""
_KEY = "* REPLACE (hash(ecosystem, kind, key) AS key)"

_TOGETHER = ("enterprise", "education")
"""Whose network is accounted for as one; elsewhere each client by itself."""

BATCH = 50_000
"""Rows that go to the engine at a time, at most."""
FEW = 4_000
"""Rows that wait for more of their table: each time costs 2 ms, however few they are."""


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
        self._scratches = {id(self._engine): Scratch(), id(self._other): Scratch()}
        self._thread = ThreadPoolExecutor(1, "naming")
        self._pending: list[Future[None]] = []
        self._waiting: dict[str, list[Row]] = {table: [] for table in ROWS}
        for table, columns in ROWS.items():
            listed = as_columns({**columns, "key": "UBIGINT"} if "key" in columns else columns)
            self._engine.execute(f"CREATE TABLE {table} ({listed})")

    def take(self, batches: list[Batch]) -> None:
        """Name these some time soon. Raises what naming earlier ones raised."""
        for done in [future for future in self._pending if future.done()]:
            done.result()
            self._pending.remove(done)
        self._pending += [self._thread.submit(self._name, batch) for batch in batches]

    def write_agents(self, agents: Iterable[tuple[int, Software]]) -> None:
        """Add agents that are read already."""
        self._put("named_agents", [(id, *_columns(software)) for id, software in agents], self._other)

    def finish(self) -> None:
        """Wait until everything has its name; the table `hits` must be complete."""
        try:
            for future in self._pending:
                future.result()
            for table, rows in self._waiting.items():
                self._put(table, rows, self._engine)
            self._settle()
        finally:
            self.close()

    def close(self) -> None:
        """Stop, whatever is still to be named."""
        self._thread.shutdown(cancel_futures=True)
        for scratch in self._scratches.values():
            scratch.close()
        self._engine.close()
        self._other.close()

    # ------------------------------------------------------------ one batch

    def _name(self, batch: Batch) -> None:
        self._name_agents(batch.agents)
        self._name_clients(batch.clients)
        self._write("named_users", [(id, self._books.names.consumer(text)) for id, text in batch.users])
        self._name_asked(batch.asked)

    def _name_agents(self, agents: Sequence[Named]) -> None:
        self._write("named_agents", [(id, *_columns(parse(text))) for id, text in agents])

    def _name_clients(self, clients: Sequence[Named]) -> None:
        known = [(id, canonical(text)) for id, text in clients if text]
        books, texts = self._books, [form.client for _, form in known]
        networks = {form.network: "" for _, form in known}
        networks = dict(zip(networks, books.names.networks.names(networks), strict=True))
        rows: list[Row] = []
        for (id, form), name, (provider, origin), (consumer, grade) in zip(
            known,
            books.names.clients.names(texts),
            books.ranges.lookup_all(texts),
            books.consumers.lookup_all(texts),
            strict=True,
        ):
            network = networks[form.network]
            if not consumer:  # In clouds and at homes neighbours are strangers, whom only the operator may add up.
                consumer, grade = f"c-{(network if origin in _TOGETHER else name)[2:]}", "D"
            rows.append((id, name, network, form.version, provider, origin, consumer, grade))
        self._write("named_clients", rows)

    def _name_asked(self, asked: Sequence[Asked]) -> None:
        later: list[Asked] = []
        goods: list[Row] = []
        told = self._books.recogniser.told
        for row in asked:
            id, method, host, target = row
            good = told(method, host, target)
            if good is LATER:
                later.append(row)
            else:
                goods.append((id, *good, method if method in METHODS else "other"))
        self._write("goods", goods)
        self._write("later", later)

    def _settle(self) -> None:
        """Name what needed to know the whole log: the hint is the ecosystem of most agents that asked for it."""
        found = self._engine.execute(
            """SELECT l.*, coalesce(h.ecosystem, '') FROM later l LEFT JOIN (
                SELECT asked, arg_max(ecosystem, (n, ecosystem)) AS ecosystem FROM (
                    SELECT h.asked, a.ecosystem, count(*) AS n FROM hits h JOIN named_agents a ON h.agent = a.id
                    WHERE a.ecosystem <> '' AND h.asked IN (SELECT id FROM later) GROUP BY ALL)
                GROUP BY asked) h ON l.id = h.asked"""
        )
        while rows := found.fetchmany(BATCH):
            settle = self._books.recogniser.settle
            settled = [(row[0], *settle(*row[1:]), row[1] if row[1] in METHODS else "other") for row in rows]
            self._put("goods", settled, self._other)

    def _write(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows to a table, as soon as there are some."""
        waiting = self._waiting[table]
        waiting += rows
        if len(waiting) >= FEW:
            self._put(table, waiting, self._engine)
            waiting.clear()

    def _put(self, table: str, rows: Sequence[Row], engine: duckdb.DuckDBPyConnection) -> None:
        for first in range(0, len(rows), BATCH):
            self._flush(table, _lines(rows[first : first + BATCH], len(ROWS[table])), engine)

    def _flush(self, table: str, text: str, engine: duckdb.DuckDBPyConnection) -> None:
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in ROWS[table].items())
        what = _KEY if "key" in ROWS[table] else "*"
        scratch = self._scratches[id(engine)]
        scratch.put((text + "\n").encode("utf-8", "backslashreplace"))
        found = engine.execute(
            f"INSERT INTO {table} SELECT {what} FROM read_csv('{scratch.path}', delim='{SEPARATOR}', quote='', "
            f"escape='', header=false, auto_detect=false, nullstr='\x01', max_line_size=2097152, columns={{{columns}}})"
        ).fetchall()
        expected = text.count("\n") + 1
        if found[0][0] != expected:
            raise AssertionError(f"{found[0][0]} of {expected} rows arrived in {table}")


def _columns(software: Software) -> tuple[object, ...]:
    """A row of `schema.AGENTS` but for its number."""
    hosted = {True: "yes", False: "no", None: ""}[software.self_hosted]
    return (
        software.family, software.version, software.kind, bool(software.ci), software.ci_vendor, hosted, software.os,
        software.arch, software.runtime, software.command, software.ecosystem, ",".join(software.flags),
        ",".join(f"{purpose}={weight:g}" for purpose, weight in software.purposes),
    )  # fmt: skip


def _lines(rows: Sequence[Row], columns: int) -> str:
    """One line for each row. What breaks the way to the engine is seldom, so all are looked at together."""
    line = SEPARATOR.join(["%s"] * columns)
    text = "\n".join([line % row for row in rows])
    breaks = text.count("\n") != len(rows) - 1 or text.count(SEPARATOR) != len(rows) * (columns - 1)
    if breaks or "\r" in text or "\0" in text:
        return "\n".join([SEPARATOR.join([str(value).translate(_CLEAN) for value in row]) for row in rows])
    return text
