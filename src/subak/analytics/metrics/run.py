"""Asks an engine for measures: stores the steps they share once, then one query for those that have it in common."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Protocol, TypeAlias

import duckdb

from subak.analytics.metrics.catalogue import ALL_RUNGS, DEFAULT, EACH, MEASURES, PARAMETERS, Measure
from subak.analytics.metrics.lanes import Board, Task, carry_out
from subak.analytics.metrics.shipped import shipped
from subak.analytics.metrics.walk import Spared, added, again, bounded
from subak.analytics.slices import cut, drop, store
from subak.errors import BadRequest

Value: TypeAlias = str | int | float | None
"""None where a measure has no value, such as a ratio of nothing."""
Row: TypeAlias = tuple[Any, ...]

DIGITS: Final = 9
"""Significant digits to which engines agree on what is not a whole number."""
MOMENTS: Final = ("since", "until")
"""Unix times, which nine digits would cut off."""
BATCH: Final = 10_000
PAIR_BYTES: Final = 300
"""What an engine holds at most for a pair while it groups, sorts and keeps pairs."""
DOCUMENT_BYTES: Final = 150
"""The same for a request for a document, all of which are kept for a while."""
PARTED_STEPS: Final = ("fetched", "taken", "near", "near_wide", "chained")
PARTED: Final = ("files", "short", "long", "counter")
"""Queries about pairs: of each part by itself, and added up. `taken` grows from part to part, and stays."""
COLUMN_OF: Final = {"address": "client", "network": "network", "consumer": "consumer", "all": "all"}


class Engine(Protocol):
    """Something that holds the tables of an analysis and answers SQL."""

    @property
    def dialect(self) -> str:
        """One of `shipped.DIALECTS`."""

    def store(self, name: str, query: str) -> None:
        """Keep the answer as a table of that name; replaces an older one."""

    def extend(self, name: str, query: str) -> None:
        """Add the answer to the table of that name."""

    def drop(self, name: str) -> None:
        """Forget a stored table."""

    def parts(self) -> int:
        """Into how many parts pairs of a client and what it asked for should be cut, so that each fits into memory."""

    def only(self, part: int, parts: int) -> None:
        """Show of `facts` only this part of so many, counted from 0; all of them again if there is one.

        A file, or a document, is in one part, and so is a package.
        """

    def ask(self, query: str) -> tuple[Sequence[str], Iterator[Row]]:
        """Names of columns, and rows, which are to be read before anything else is asked."""

    def beside(self) -> Engine:
        """The same tables for another thread, with all of `facts`; or itself, if one thing at a time is all it does."""


@dataclass(frozen=True, slots=True)
class Duck:
    """DuckDB, with the tables of `schema` in the connection. Its methods raise duckdb.Error."""

    connection: duckdb.DuckDBPyConnection
    dialect: str = "duckdb"

    def store(self, name: str, query: str) -> None:
        """As a table that the connections of other threads see; a temporary one they would not.

        Spells are about as many as requests in the worst case, and are made slice by slice.
        """
        store(self.connection, name, query, cut(self.connection) if name == "spells" else ())

    def extend(self, name: str, query: str) -> None:
        """The table must be one that was stored."""
        self.connection.execute(f'INSERT INTO "{name}" {query}')

    def drop(self, name: str) -> None:
        """Forget it."""
        if name == "spells":
            drop(self.connection, name)
        else:
            self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')

    def parts(self) -> int:
        """By the number of requests, since there are no more pairs; by that of pairs, if that would be too many."""
        requests: int
        memory: int
        ((requests, memory),) = self.connection.execute(
            "SELECT count(*), parse_formatted_bytes(current_setting('memory_limit'))::BIGINT FROM facts"
        ).fetchall()
        if requests * PAIR_BYTES <= memory:
            return 1
        pairs: int
        documents: int
        ((pairs, documents),) = self.connection.execute(
            "SELECT approx_count_distinct(client * 4294967296 + item), count(*) FILTER (document >= 0) FROM facts"
        ).fetchall()  # an estimate within a few percent
        needed = min(requests * PAIR_BYTES, 1.1 * pairs * PAIR_BYTES + documents * DOCUMENT_BYTES)
        return max(1, math.ceil(needed / memory))

    def only(self, part: int, parts: int) -> None:
        """By a copy of the part, and a view of it that hides the table: that one is large, and read once for each."""
        self.connection.execute("DROP VIEW IF EXISTS temp.facts")
        self.connection.execute("DROP TABLE IF EXISTS temp.part_of_facts")
        if parts > 1:
            number = "if(package >= 0, package, greatest(item, document) + 1)"
            ((database,),) = self.connection.execute("SELECT current_database()").fetchall()
            self.connection.execute(
                f'CREATE TEMP TABLE part_of_facts AS FROM "{database}".main.facts WHERE {number} % {parts:d} = {part:d}'
            )
            self.connection.execute("CREATE TEMP VIEW facts AS FROM part_of_facts")

    def ask(self, query: str) -> tuple[Sequence[str], Iterator[Row]]:
        """Rows come in batches."""
        self.connection.execute(query)
        return [column[0] for column in self.connection.description or ()], self._batches()

    def beside(self) -> Duck:
        """By a cursor."""
        return Duck(self.connection.cursor())

    def _batches(self) -> Iterator[Row]:
        while batch := self.connection.fetchmany(BATCH):
            yield from batch


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one measure."""

    name: str
    measure: Measure
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    n: int
    """Requests in the window."""
    since: float
    """Unix time of the first request; 0 if there is none."""
    until: float
    """Of the last one."""
    parameters: Mapping[str, float]

    def dicts(self) -> list[dict[str, Value]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def value(self) -> Value:
        """The only number of a measure that is one number."""
        ((value,),) = self.rows
        return value


@dataclass(slots=True)
class _Session:
    """Answers of queries, each asked once; what it stored is dropped at the end."""

    engine: Engine
    parameters: Mapping[str, float]
    answers: dict[str, list[dict[str, Value]]] = field(default_factory=dict)
    walked: dict[str, Spared] = field(default_factory=dict)
    """What the query `long` gave, by rung."""
    stored: list[str] = field(default_factory=list)

    def lay(self, steps: Iterable[str]) -> None:
        """Store the parameters, and steps in an order in which each needs only earlier ones."""
        self._settle_parameters()
        for name in steps:
            self._store(name, self._step(name))

    def prepare(self, queries: Collection[str]) -> None:
        """Store the steps that queries share and ask them all, several at a time; those about pairs part by part if
        pairs are too many for that, and then the others when they are needed."""
        steps = shipped(self.engine.dialect).steps_for(queries)
        asked = [query for query in PARTED if query in queries]
        parts = self.engine.parts() if asked else 1
        if parts == 1:
            self._settle_parameters()
            others = [query for query in shipped(self.engine.dialect).queries if query in {*queries} - {*asked}]
            beside = self.engine.beside()
            tasks = [*map(self.storing, steps), *map(self._asking, (*asked, *others))]
            carry_out(tasks, [self.engine] if beside is self.engine else [self.engine, beside])
        else:
            self.lay(name for name in steps if name not in PARTED_STEPS)
            self._ask_parts([name for name in steps if name in PARTED_STEPS], asked, parts)

    def storing(self, step: str) -> Task[Engine]:
        """The task of storing a step."""
        sql = shipped(self.engine.dialect).steps[step]

        def store(engine: Engine) -> None:
            engine.store(step, sql.text)
            self.stored.append(step)

        return Task(step, frozenset(sql.needs), store)

    def _asking(self, query: str) -> Task[Engine]:
        def ask(engine: Engine) -> None:
            if query == "long":
                self.walked = self._again(engine)
            else:
                self.answers[query] = self._asked(engine, query)

        return Task(f"? {query}", frozenset(shipped(self.engine.dialect).queries[query].needs), ask)

    def _ask_parts(self, steps: Sequence[str], queries: Sequence[str], parts: int) -> None:
        try:
            for part in range(parts):
                self.engine.only(part, parts)
                for name in steps:
                    if name == "taken" and part:
                        self.engine.extend(name, self._step(name))
                    else:
                        self._store(name, self._step(name))
                for query in queries:
                    if query == "long":
                        added(self.walked, self._again(self.engine))
                    else:
                        self.answers[query] = summed([*self.answers.get(query, ()), *self._asked(self.engine, query)])
                for name in reversed(steps):
                    if name != "taken":
                        self._drop(name)
        finally:
            self.engine.only(0, 1)

    def _settle_parameters(self) -> None:
        values = ", ".join(f"CAST({self.parameters[name]!r} AS {p.sql}) AS {name}" for name, p in PARAMETERS.items())
        self._store("parameters", f"SELECT {values}")

    def _step(self, name: str) -> str:
        return shipped(self.engine.dialect).steps[name].text

    def _store(self, name: str, query: str) -> None:
        self.engine.store(name, query)
        self.stored.append(name)

    def _drop(self, name: str) -> None:
        self.engine.drop(name)
        self.stored.remove(name)

    def close(self) -> None:
        for name in [*self.stored]:
            self._drop(name)

    def ask(self, query: str) -> list[dict[str, Value]]:
        if query not in self.answers:
            self.answers[query] = self._asked(self.engine, query)
        return self.answers[query]

    def _asked(self, engine: Engine, query: str) -> list[dict[str, Value]]:
        columns, rows = engine.ask(shipped(engine.dialect).queries[query].text)
        return [{c: v if c in MOMENTS else plain(v) for c, v in zip(columns, row, strict=True)} for row in rows]

    def _again(self, engine: Engine) -> dict[str, Spared]:
        return again(engine.ask(shipped(engine.dialect).queries["long"].text)[1], self.parameters["fresh"])

    def stream(self, query: str) -> Iterator[Row]:
        return self.engine.ask(shipped(self.engine.dialect).queries[query].text)[1]


def measure(engine: Engine | duckdb.DuckDBPyConnection, *names: str, **parameters: float) -> dict[str, Result]:
    """Measures by name, all of DEFAULT if none is named.

    `parameters` are those of `catalogue.PARAMETERS`, and `p` (0 < p <= 1) for `top_millionths`. `publish_lag` and
    `freshness_chase` read a table published(purl VARCHAR, at DOUBLE), purl naming a version as in `items`; for
    `avoidable_bounded` see `bounded_cache`. Raises BadRequest for an unknown name or a value out of range; the
    engine's own errors.
    """
    names = names or DEFAULT
    for name in names:
        known(name, MEASURES, "measure")
        if MEASURES[name].query == "bounded":
            raise BadRequest(f"{name} needs a capacity and is walked by itself")
    settings = _settings(parameters)
    queries = {q for name in names for q in PARTS.get(MEASURES[name].query, (MEASURES[name].query,))} | {"window"}
    session = _Session(Duck(engine) if isinstance(engine, duckdb.DuckDBPyConnection) else engine, settings)
    try:
        session.prepare(queries)
        (window,) = session.ask("window")
        return {name: _result(session, name, window) for name in names}
    finally:
        session.close()


def ahead(engine: Duck, steps: Iterable[str], later: Iterable[str]) -> Board[duckdb.DuckDBPyConnection]:
    """Tasks that store steps, for parameters as they are if nothing is said of them; `later`: see `Board`.

    An engine may then keep what it has when `measure` tells it to store one of them. Raises the engine's own errors.
    """
    session = _Session(engine, _settings({}))
    tasks = []
    if steps := list(steps):
        session.lay(())
        tasks = [session.storing(step) for step in steps]

    def by(task: Task[Engine]) -> Task[duckdb.DuckDBPyConnection]:
        return Task(task.name, task.needs, lambda connection: task.do(Duck(connection)))

    return Board([by(task) for task in tasks], later)


def bounded_cache(
    engine: Engine | duckdb.DuckDBPyConnection,
    rung: str,
    capacity: int,
    *,
    warm_until: float = float("-inf"),
    progress: Callable[[int], None] = lambda done: None,
) -> Spared:
    """What least-recently-used caches of `capacity` bytes (0: unlimited) would have spared; see `walk.bounded`.

    `rung` is 'address', 'network' or 'consumer' for a cache of each unit, 'all' for one that serves everybody.
    Raises BadRequest for another one or a negative capacity; the engine's own errors.
    """
    known(rung, COLUMN_OF, "unit of account")
    if capacity < 0:
        raise BadRequest("a cache cannot have fewer than 0 bytes")
    session = _Session(Duck(engine) if isinstance(engine, duckdb.DuckDBPyConnection) else engine, {})
    rows = session.stream(f"bounded_{COLUMN_OF[rung]}")
    return bounded(rows, capacity, warm_until=warm_until, progress=progress)


def summed(rows: Iterable[Mapping[str, Value]]) -> list[dict[str, Value]]:
    """One row a rung, in the order of their names: the numbers of all its rows added up, and their ratio again."""
    found: dict[Value, dict[str, Any]] = {}
    for row in rows:
        sums = found.setdefault(row.get("rung"), {})
        for name, value in row.items():
            sums[name] = value if name == "rung" else sums.get(name, 0) + (value or 0)
    for sums in found.values():
        if "repeat_factor" in sums:
            pairs = sums["download_pairs"]
            sums["repeat_factor"] = plain(sums["downloads"] / pairs) if pairs else None
    return sorted(found.values(), key=lambda row: str(row.get("rung")))


def known(name: str, names: Iterable[str], what: str) -> None:
    """Raises BadRequest with the near miss if the name is none of them."""
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        raise BadRequest(f"there is no {what} {name[:60]!r}; {hint}")


def plain(value: Any) -> Value:
    """Whole numbers as int, others as float to DIGITS, NULL and what is no number as None."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value  # type: ignore[no-any-return]


def _settings(given: Mapping[str, float]) -> dict[str, float]:
    found = {name: p.default for name, p in PARAMETERS.items()}
    for name, value in given.items():
        known(name, [*PARAMETERS, "p"], "parameter")
        if not math.isfinite(value) or value < 0 or (name == "p" and not 0 < value <= 1):
            raise BadRequest(f"{name} cannot be {value}")
        if name == "p":
            found["top_millionths"] = max(1, round(value * 1_000_000))
        else:
            found[name] = value
    return found


def _result(session: _Session, name: str, window: Mapping[str, Value]) -> Result:
    measure = MEASURES[name]
    answer = SPECIAL[measure.query](session) if measure.query in SPECIAL else session.ask(measure.query)
    since, until, n = (window[c] or 0 for c in ("since", "until", "requests"))
    return Result(
        name,
        measure,
        measure.columns,
        tuple(tuple(row[c] for c in measure.columns) for row in answer),
        int(n),
        float(since),
        float(until),
        {p: session.parameters[p] for p in measure.parameters},
    )


def _avoidable(session: _Session, rung: str, parts: Iterable[Mapping[str, Any] | Spared]) -> dict[str, Value]:
    (totals,) = session.ask("totals")
    found: dict[str, Any] = {"rung": rung, "requests": 0, "bytes": 0, "unsized": 0}
    for part in parts:
        for name in ("requests", "bytes", "unsized"):
            found[name] += getattr(part, name) if isinstance(part, Spared) else part[name]
    for name in ("requests", "bytes"):
        whole = totals[name]
        found[f"{name}_share"] = plain(found[name] / whole) if whole else None
    return found


def _files(session: _Session) -> list[dict[str, Value]]:
    rows = {row["rung"]: row for row in session.ask("files")}
    return [_avoidable(session, rung, [rows[rung]]) for rung in ALL_RUNGS]


def _documents(session: _Session) -> list[dict[str, Value]]:
    """By query where a chain is shorter than a lifetime, by walking it where it is not."""
    walked = session.walked
    short = {row["rung"]: row for row in session.ask("short")}
    return [
        _avoidable(session, rung, [part[own] for part in (short, walked) for own in (rung, EACH) if own in part])
        for rung in ALL_RUNGS
    ]


def _lorenz(session: _Session) -> list[dict[str, Value]]:
    """Sums up to each percent; percents that no unit falls in are as the one before."""
    sums: dict[tuple[Any, Any], dict[int, int]] = {}
    for row in session.ask("lorenz"):
        sums.setdefault((row["rung"], row["weight"]), {})[int(row["percent"] or 0)] = int(row["value"] or 0)
    found: list[dict[str, Value]] = []
    for (rung, weight), values in sums.items():
        whole, below = sum(values.values()), 0
        for percent in range(101):
            below += values.get(percent, 0)
            share = plain(below / whole) if whole else None
            found.append({"rung": rung, "weight": weight, "percent": percent, "share": share})
    return found


PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "avoidable_files": ("files", "totals"),
    "avoidable_documents": ("short", "long", "totals"),
}
"""Queries whose answers are put together here."""
SPECIAL: Final[Mapping[str, Callable[[_Session], list[dict[str, Value]]]]] = {
    "avoidable_files": _files,
    "avoidable_documents": _documents,
    "lorenz": _lorenz,
}
