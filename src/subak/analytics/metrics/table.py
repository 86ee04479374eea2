"""A table of measures by dimensions, of the requests that meet a condition; no cell tells of few clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from subak.analytics.metrics.catalogue import COLUMN_TYPES, DIMENSIONS, JOINS, SHOWN
from subak.analytics.metrics.conditions import Condition, parse, text_of
from subak.analytics.metrics.run import Value, known, plain
from subak.analytics.metrics.shipped import shipped
from subak.analytics.privacy.suppress import FEWEST
from subak.analytics.schema import FACTS
from subak.errors import BadRequest

_TIMES: Final = ("hour", "day", "weekday")
_NOTHING: Final = {"VARCHAR": "''", "BOOLEAN": "false", "INTEGER": "-1"}


@dataclass(frozen=True, slots=True)
class Table:
    """Dimensions first, then measures. The merged row, if any, is the last and is not counted by `limit`."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]
    merged: int
    """Cells in the merged row; 0: there is none."""
    left_out: int
    """Rows that `limit` left out."""

    def dicts(self) -> list[dict[str, Value]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def table(
    connection: duckdb.DuckDBPyConnection,
    by: Sequence[str],
    show: Sequence[str],
    *,
    where: str = "",
    limit: int = 0,
    k: int = FEWEST,
) -> Table:
    """Measures of `catalogue.SHOWN` by dimensions of `catalogue.DIMENSIONS`; `limit` 0 gives all rows.

    Sorted by time if the first dimension is one, else by the first measure, the largest first. Cells of fewer than `k`
    clients (addresses) are merged into one row, with the next smallest cell while that row would else be a single cell
    or itself of fewer than `k`; if even everything is, its measures are None. `k` 0 merges nothing. Raises BadRequest
    for names, a condition or numbers that mean nothing; duckdb.Error.
    """
    for name in by:
        known(name, DIMENSIONS, "dimension")
    for name in show:
        known(name, SHOWN, "measure of a table")
    if not show:
        raise BadRequest("ask for at least one measure")
    if len(set(by)) < len(by) or len(set(show)) < len(show):
        raise BadRequest("each dimension and measure can be asked for once")
    if limit < 0 or k < 0:
        raise BadRequest("limit and k cannot be below 0")
    condition = parse(where)
    return _Cells(connection, tuple(by), tuple(show), condition).table(limit, k)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Every cell in a temporary table, numbered from the one with the fewest clients."""

    connection: duckdb.DuckDBPyConnection
    by: tuple[str, ...]
    show: tuple[str, ...]
    condition: Condition

    def table(self, limit: int, k: int) -> Table:
        self._store()
        try:
            merged, clients = self._to_merge(k)
            order = "number" if not self.by else self._order()
            rows = self._ask(f"SELECT {self._picked()} FROM table_cells WHERE number > {merged:d} ORDER BY {order}")
            shown = rows[:limit] if limit else rows
            found = [self._row(row) for row in shown]
            if merged:
                found.append(self._merged(merged, clients, k))
            return Table((*self.by, *self.show), found, merged, len(rows) - len(shown))
        finally:
            self.connection.execute("DROP TABLE IF EXISTS temp.table_cells")

    def _store(self) -> None:
        measures = shipped("duckdb").measures
        numbers = [f"{measures[name].text} AS m{n}" for n, name in enumerate(self.show)]
        keys = [f'"{DIMENSIONS[name].column}" AS d{n}' for n, name in enumerate(self.by)]
        order = ["clients", *(f"d{n}" for n in range(len(keys)))]
        grouped = f"GROUP BY {', '.join(str(n + 1) for n in range(len(keys)))}" if keys else ""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE table_cells AS "
            f"SELECT *, row_number() OVER (ORDER BY {', '.join(order)}) AS number FROM ("
            f'SELECT {", ".join([*keys, *numbers])}, count(DISTINCT "client") AS clients '
            f"FROM ({self._rows()}) WHERE {self.condition.sql} {grouped})",
            list(self.condition.values),
        )

    def _rows(self) -> str:
        """The requests with the columns that are needed, each from where JOINS says."""
        measures = shipped("duckdb").measures
        needed = {c for name in self.show for c in measures[name].needs} | {"client"} | self.condition.columns
        needed |= {DIMENSIONS[name].column for name in self.by}
        picked = [f"{shipped('duckdb').times[name].text} AS {name}" for name in _TIMES if name in needed]
        joins: list[str] = []
        for alias, (own, source, columns) in reversed(list(JOINS.items())):
            wanted = [name for name in columns if name in needed]
            if wanted:
                needed.add(own)
                picked += [_known(alias, columns[name], name) for name in wanted]
                on = f'facts."{own}" = {alias}."{own}"' if own in FACTS else f"streams.agent = {alias}.agent"
                joins.insert(0, f'LEFT JOIN "{source}" AS {alias} ON {on}')
        picked += [f'facts."{name}"' for name in FACTS if name in needed]
        return f"SELECT {', '.join(picked)} FROM facts {' '.join(joins)} WHERE facts.kind <> 'own'"

    def _to_merge(self, k: int) -> tuple[int, int]:
        """How many cells, those of the fewest clients first, go into the merged row, and its clients."""
        ((cells, few),) = self._ask(
            f"SELECT count(*), count(*) FILTER (clients > 0 AND clients < {k:d}) FROM table_cells"
        )
        if not few or not k:
            return 0, 0
        merged = max(few, min(2, cells))
        clients = self._clients(merged)
        if clients < k and merged < cells:
            merged += 1
            clients = self._clients(merged)
        return merged, clients

    def _clients(self, merged: int) -> int:
        same = " AND ".join(f'r."{DIMENSIONS[name].column}" = c.d{n}' for n, name in enumerate(self.by))
        ((clients,),) = self._ask(
            f'SELECT count(DISTINCT r."client") FROM (SELECT * FROM ({self._rows()}) WHERE {self.condition.sql}) AS r '
            f"WHERE EXISTS (FROM table_cells AS c WHERE c.number <= {merged:d} AND {same or 'true'})",
            list(self.condition.values),
        )
        return int(clients)

    def _merged(self, merged: int, clients: int, k: int) -> tuple[Value, ...]:
        sums = ", ".join(f"sum(m{n})" for n in range(len(self.show)))
        (row,) = self._ask(f"SELECT {sums} FROM table_cells WHERE number <= {merged:d}")
        numbers = [clients if name == "addresses" else plain(v) for name, v in zip(self.show, row, strict=True)]
        label = [f"fewer than {k} clients", *[""] * len(self.by)][: len(self.by)]
        return (*label, *(numbers if clients >= k else [None] * len(numbers)))

    def _picked(self) -> str:
        return ", ".join([*(f"d{n}" for n in range(len(self.by))), *(f"m{n}" for n in range(len(self.show)))])

    def _order(self) -> str:
        keys = [f"d{n}" for n in range(len(self.by))]
        return ", ".join(keys if self.by[0] in _TIMES else ["m0 DESC", *keys])

    def _row(self, row: tuple[Any, ...]) -> tuple[Value, ...]:
        keys = [text_of(DIMENSIONS[name].shown, value) for name, value in zip(self.by, row, strict=False)]
        return (*keys, *map(plain, row[len(keys) :]))

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, list(values)).fetchall()


def _known(table: str, column: str, name: str) -> str:
    """A joined column under its name here, never NULL."""
    kind = COLUMN_TYPES[name]
    return f'coalesce(CAST({table}."{column}" AS {kind}), {_NOTHING[kind]}) AS "{name}"'
