"""What a request, a download, a robot and a unit are: ibis expressions over the tables, from which all measures follow.

Nothing that `subak analyze` runs imports this: `python -m tools.queries` compiles it to `queries/*.sql`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.catalogue import PARAMETERS, ROBOT_KINDS, ROBOT_PURPOSES
from subak.analytics.schema import TABLES

_TYPES: Final = {
    "DOUBLE": "float64", "BIGINT": "int64", "INTEGER": "int32", "SMALLINT": "int16", "TINYINT": "int8",
    "UBIGINT": "uint64", "VARCHAR": "string", "BOOLEAN": "boolean",
}  # fmt: skip
DAY: Final = 86400
HOUR: Final = 3600
LONG_AGO: Final = -1e18
"""Instead of NULL for "no earlier one": engines differ on what LAG gives where there is nothing."""


def source(name: str, columns: Mapping[str, str]) -> Any:
    """A table that exists; `columns` maps names to SQL types as in `schema`."""
    return ibis.table({column: _TYPES[kind] for column, kind in columns.items()}, name=name)


facts, clients, streams, agents, items, documents, packages = (
    source(name, TABLES[name]) for name in ("facts", "clients", "streams", "agents", "items", "documents", "packages")
)
parameters = source("parameters", {name: p.sql for name, p in PARAMETERS.items()})
published = source("published", {"purl": "VARCHAR", "at": "DOUBLE"})


def parameter(name: str) -> Any:
    """A parameter, read from the one row of its table."""
    return parameters[name].as_scalar()


def wide(number: Any) -> Any:
    """A whole number that sums cannot overflow: 38 digits."""
    return number.cast("decimal(38, 0)")


def total(number: Any, where: Any = None) -> Any:
    """The exact sum; 0 of nothing."""
    return wide(number).sum(where=where).fill_null(0)


def whole_sum(number: Any) -> Any:
    """The sum of a group's whole numbers, kept in 64 bits: exact up to 2^53, 9 petabytes a group.

    Adding as floating point keeps the engine from widening what is then grouped again and again.
    """
    return number.cast("float64").sum().cast("int64")


def ratio(part: Any, whole: Any) -> Any:
    """part / whole; none of nothing."""
    return part.cast("float64") / whole.cast("float64").nullif(0)


def asked(row: Any) -> Any:
    """A GET, or the log does not tell methods."""
    return row.method.isin(["GET", ""])


def robot(row: Any) -> Any:
    """Software or purpose of a robot, as `catalogue` lists them."""
    return row.software_kind.isin(list(ROBOT_KINDS)) | row.purpose.isin(list(ROBOT_PURPOSES))


def _artifact(row: Any, *statuses: int) -> Any:
    return asked(row) & row.status.isin(list(statuses)) & (row.kind == "artifact")


def own_tool(row: Any) -> Any:
    """An installer asks the registry it was made for."""
    return (row.software_kind == "installer") & (row.tool_ecosystem == row.ecosystem) & (row.ecosystem != "")


def _everything(row: Any) -> Any:
    return row.status == row.status


WHICH: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "requests": (_everything, "requests"),
    "bytes": (_everything, "bytes"),
    "bytes_unknown": (_everything, "unsized"),
    "downloads_npm_like": (lambda r: _artifact(r, 200), "requests"),
    "downloads_ruby_like": (lambda r: _artifact(r, 200, 304), "requests"),
    "downloads_rust_like": (lambda r: _artifact(r, 200) & own_tool(r), "requests"),
    "download_bytes": (lambda r: _artifact(r, 200), "bytes"),
    "revalidations": (lambda r: r.status == 304, "requests"),
    "conditional": (lambda r: r.status.isin([200, 304]), "requests"),
    "metadata_requests": (
        lambda r: r.kind.isin(["index", "listing", "metadata", "config", "derived"]),
        "requests",
    ),
    "errors": (lambda r: r.status >= 400, "requests"),
    "cache_hits": (lambda r: r["cache"].isin(["hit", "revalidated", "stale", "peer"]), "requests"),
    "cache_asked": (lambda r: r["cache"].isin(["hit", "revalidated", "stale", "peer", "miss", "bypass"]), "requests"),
    "cache_hit_bytes": (lambda r: r["cache"].isin(["hit", "revalidated", "stale", "peer"]), "bytes"),
    "cache_asked_bytes": (
        lambda r: r["cache"].isin(["hit", "revalidated", "stale", "peer", "miss", "bypass"]),
        "bytes",
    ),
}
"""Additive numbers: which requests, and what of them is added up. Rows are ways, or facts with their stream."""


def tally(table: Any, *names: str) -> dict[str, Any]:
    """Additive numbers of a table of ways, exact sums."""
    found = {}
    for name in names:
        which, weight = WHICH[name]
        found[name] = total(table[weight], None if which is _everything else which(table))
    return found


def counted() -> Any:
    """Every request of the log that was not for our own pages."""
    return facts.filter(facts.kind != "own")


def with_stream(table: Any) -> Any:
    """With the software, purpose and the tool's ecosystem of each row's stream; '' for what is unknown."""
    named = streams.left_join(agents, streams.agent == agents.agent).select(
        "stream",
        "software",
        "software_kind",
        "purpose",
        tool_ecosystem=agents.ecosystem.fill_null(""),
    )
    joined = table.left_join(named, table.stream == named.stream)
    return joined.select(
        *table.columns,
        *(named[c].fill_null("").name(c) for c in ("software", "software_kind", "purpose", "tool_ecosystem")),
    )


def step(name: str, expression: Any) -> Any:
    """The table that the expression will be stored as."""
    return ibis.table(expression.schema(), name=name)


RUNGS: Final = (("address", "client"), ("network", "network"), ("consumer", "consumer"))
"""Units and the column that numbers them."""


def by_rung(make: Callable[[str], Any]) -> Any:
    """What `make` gives for the column of each rung, one below the other, with the rung's name first."""
    tables = [(rung, make(column)) for rung, column in RUNGS]
    parts = [table.select(ibis.literal(rung).name("rung"), *table.columns) for rung, table in tables]
    return reduce(lambda above, below: above.union(below), parts)


def _spells() -> Any:
    rows = facts
    return rows.group_by(
        minute=(rows["at"] / 60).floor().cast("int32"),
        stream=rows.stream,
        client=rows.client,
        network=rows.network,
        consumer=rows.consumer,
        ecosystem=rows.ecosystem,
        kind=rows.kind,
        method=rows.method,
        status=rows.status,
        cache=rows["cache"],
    ).agg(
        requests=rows.count(),
        bytes=whole_sum(ibis.greatest(rows.sent, 0)),
        unsized=rows.count(where=rows.sent < 0),
        began=rows["at"].min(),
        low=rows.package.min(where=rows.package >= 0),
        high=rows.package.max(),
    )


spells_of = _spells()
spells = step("spells", spells_of)
"""What one stream asked for within one minute, by what it was and how it was answered; `low` and `high` are packages.

A tenth of the rows of `facts`, and all that whatever only adds up needs. Our own pages are in it.
"""


def spelled() -> Any:
    """Spells of what was not for our own pages."""
    return spells.filter(spells.kind != "own")


def _ways() -> Any:
    rows = spelled()
    return rows.group_by(kind=rows.kind, method=rows.method, status=rows.status, cache=rows["cache"]).agg(
        requests=whole_sum(rows.requests), bytes=total(rows.bytes), unsized=whole_sum(rows.unsized)
    )


ways_of = _ways()
ways = step("ways", ways_of)
"""Everything that was asked, by what it was and how it was answered: a few hundred rows at most."""


def _days() -> Any:
    rows = spelled()
    return rows.group_by(
        day=(rows.minute // 1440).cast("int32"),
        stream=rows.stream,
        client=rows.client,
        network=rows.network,
        consumer=rows.consumer,
        ecosystem=rows.ecosystem,
    ).agg(
        requests=whole_sum(rows.requests),
        downloads=whole_sum(ibis.ifelse(WHICH["downloads_npm_like"][0](rows), rows.requests, 0)),
        bytes=whole_sum(rows.bytes),
    )


days_of = _days()
days = step("days", days_of)
"""What one stream asked of one ecosystem on one day."""

visits_of = with_stream(days)
visits = step("visits", visits_of)
"""The same, and what is known of the stream: complete only when streams are classified."""


def numbered(make: Callable[[str], Any]) -> Any:
    """The same with the rung's number: where there are many rows, engines group numbers faster than names."""
    tables = [make(column) for _, column in RUNGS]
    parts = [t.select(ibis.literal(number, "int8").name("rung"), *t.columns) for number, t in enumerate(tables)]
    return reduce(lambda above, below: above.union(below), parts)


def named(table: Any) -> Any:
    """With the rungs' names instead of their numbers."""
    names = ibis.cases(*((table.rung == number, rung) for number, (rung, _) in enumerate(RUNGS)), else_="")
    return table.select(names.name("rung"), *(name for name in table.columns if name != "rung"))


def _unit_days(column: str) -> Any:
    rows = days.filter(days[column] >= 0)
    return rows.group_by(unit=rows[column], day=rows.day).agg(requests=whole_sum(rows.requests), bytes=rows.bytes.sum())


unit_days_of = numbered(_unit_days)
unit_days = step("unit_days", unit_days_of)


def fetches() -> Any:
    """Whole transfers of immutable files."""
    rows = counted()
    return rows.filter((rows.item >= 0) & (rows.status == 200) & asked(rows))


def _fetched() -> Any:
    """By client, consumer and file: a file is an artifact or not."""
    rows = fetches()
    return rows.group_by(client=rows.client, consumer=rows.consumer, item=rows.item).agg(
        artifact=(rows.kind == "artifact").any(),
        requests=rows.count(),
        bytes=whole_sum(ibis.ifelse(rows.sent > 0, rows.sent, 0)),  # greatest() takes a fifth longer in DuckDB
        largest=ibis.greatest(rows.sent.max(), 0),
    )


fetched_of = _fetched()
fetched = step("fetched", fetched_of)


def _taken() -> Any:
    rows = fetched.filter(fetched.artifact)
    return rows.group_by("item").agg(downloads=whole_sum(rows.requests))


taken_of = _taken()
taken = step("taken", taken_of)
"""The files that were downloaded, and how often."""


def _minutes() -> Any:
    rows = spelled()
    return rows.group_by("minute").agg(requests=whole_sum(rows.requests))


minutes_of = _minutes()
minutes = step("minutes", minutes_of)
