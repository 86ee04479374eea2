"""Answers from readings: the measures asked for, by the dimensions asked for, from compacted and fresh rows alike."""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

import duckdb
import msgspec

from subak.analytics.compact import Shelf, day_name, json_rows, names, shelf
from subak.analytics.measures import DIMENSIONS, MEASURES
from subak.analytics.offline import OFFLINE
from subak.errors import BadRequest, StoreFailed
from subak.model.reading import COLUMNS

Value: TypeAlias = str | int | float | bool | None
"""None where a measure has no value, such as a ratio of nothing."""

ATTEMPTS = 10
FURTHEST = 1e11
"""Unix times beyond are cut to it; SQL knows no infinity in a literal."""
CLOCK_SLACK = 86400.0
"""A reading lies in the folder of the day its exchange ended, or earlier if a clock was put back."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of an answer; dimensions first, then measures."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]

    def dicts(self) -> list[dict[str, Value]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Summary(msgspec.Struct):
    """The answer of `subak stats`: registry traffic, our own pages left out. Rows carry every measure."""

    since: float
    """Unix time, inclusive."""
    until: float
    """Unix time, exclusive."""
    overall: dict[str, Value]
    ecosystems: list[dict[str, Value]]
    """By requests, the most first."""
    agents: list[dict[str, Value]]
    """By requests, the most first."""
    packages: list[dict[str, Value]]
    """By bytes sent, the most first."""


def stats(
    folder: Path,
    since: float,
    until: float,
    by: Sequence[str],
    measures: Sequence[str],
    *,
    where: Mapping[str, str] | None = None,
    limit: int = 0,
) -> Table:
    """Measures of the readings that arrived from `since` to before `until` (Unix seconds), grouped by dimensions.

    `folder` is the data folder's `readings/`. `where` keeps rows whose dimension has that text ('true'/'false' for
    ci). Sorted by time if the first dimension is one, else by the first measure, the largest first; `limit` 0 gives
    all rows. Raises BadRequest for an unknown name, StoreFailed.
    """
    where = where or {}
    _check(by, DIMENSIONS, "dimension")
    _check(where, DIMENSIONS, "dimension")
    _check(measures, MEASURES, "measure")
    if not by and not measures:
        raise BadRequest("ask for at least one dimension or measure")
    query = _query(by, measures, list(where), limit)
    return _ask(folder, since, until, lambda engine: _table(engine, query, list(where.values()), [*by, *measures]))


def summary(folder: Path, since: float, until: float, *, top: int = 10) -> Summary:
    """The overall figures and the largest ecosystems, agents and packages. Raises StoreFailed."""
    every = list(MEASURES)
    sent_first = ["bytes_sent", *(m for m in every if m != "bytes_sent")]

    def ask(engine: duckdb.DuckDBPyConnection) -> Summary:
        def rows(by: str, measures: list[str], limit: int) -> list[dict[str, Value]]:
            query = _query([by] if by else [], measures, [], limit, but="kind = 'own'", named=by == "package")
            return _table(engine, query, [], [by, *measures] if by else measures).dicts()

        return Summary(
            since=since,
            until=until,
            overall=rows("", every, 0)[0],
            ecosystems=rows("ecosystem", every, 0),
            agents=rows("agent", every, top),
            packages=rows("package", sent_first, top),
        )

    return _ask(folder, since, until, ask)


def _check(asked: Collection[str], known: Collection[str], what: str) -> None:
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise BadRequest(f"there is no {what} {name!r}; {hint}")


def _query(
    by: Sequence[str],
    measures: Sequence[str],
    where: Sequence[str],
    limit: int,
    *,
    but: str = "",
    named: bool = False,
) -> str:
    """The SQL of one answer; values of `where` are left as parameters, in order."""
    picked = [f'{DIMENSIONS[d].sql} AS "{d}"' for d in by] + [f'{MEASURES[m].sql} AS "{m}"' for m in measures]
    kept = [f"CAST({DIMENSIONS[d].sql} AS VARCHAR) = ?" for d in where]
    kept += [f"NOT ({but})"] if but else []
    kept += ["purl <> ''"] if named else []
    order = [str(n + 1) for n in range(len(by))]
    if measures and by and by[0] not in ("hour", "day"):
        order.insert(0, f"{len(by) + 1} DESC NULLS LAST")
    return " ".join(
        [
            f"SELECT {', '.join(picked)} FROM readings",
            f"WHERE {' AND '.join(kept)}" if kept else "",
            f"GROUP BY {', '.join(str(n + 1) for n in range(len(by)))}" if by else "",
            f"ORDER BY {', '.join(order)}" if by else "",
            f"LIMIT {limit:d}" if limit else "",
        ]
    )


def _table(engine: duckdb.DuckDBPyConnection, query: str, values: list[str], columns: Sequence[str]) -> Table:
    return Table(tuple(columns), engine.execute(query, values).fetchall())


def _ask(folder: Path, since: float, until: float, ask: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
    """Ask an engine that has the window's rows as `readings`; again if the compactor took a file away."""
    since, until = (min(max(t, -FURTHEST), FURTHEST) for t in (since, until))
    for attempt in range(1, ATTEMPTS + 1):
        found = shelf(folder, day_name(since - CLOCK_SLACK))
        try:
            with _engine(found, since, until) as engine:
                return ask(engine)
        except duckdb.Error as error:
            vanished = not all(path.exists() for path in (*found.parquet, *found.segments))
            if not vanished or attempt == ATTEMPTS:
                raise StoreFailed(
                    f"the readings in {folder} cannot be read: {str(error).splitlines()[0]}",
                    fix="Move the file named here out of the folder; every other one stays readable.",
                ) from error
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _engine(found: Shelf, since: float, until: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB in memory, with the rows of the window as `readings`."""
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    window = f'"at" >= {since!r} AND "at" < {until!r}'
    with duckdb.connect(config={**OFFLINE, "temp_directory": tempfile.gettempdir()}) as engine:
        typed = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        engine.execute(f"CREATE TABLE fresh ({typed})")
        if found.segments:  # parsed once, however many questions follow
            engine.execute(f"INSERT INTO fresh SELECT {columns} FROM {json_rows(found.segments)} WHERE {window}")
        rows = "SELECT * FROM fresh"
        if found.parquet:
            rows += f" UNION ALL SELECT {columns} FROM read_parquet({names(found.parquet)}) WHERE {window}"
        engine.execute(f"CREATE VIEW readings AS {rows}")
        yield engine
