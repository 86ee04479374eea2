"""Who and what is greatest: the rows of a report that are about one consumer, one package, one hour.

Asked of the tables of an analysis (`subak.analytics.schema`) and of some that the measures leave behind:
`visits`, requests by day, stream and ecosystem, `ways`, requests by kind of answer, and what `keep` added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import duckdb
import msgspec

from subak.analytics.report.model import Consumer, Mix, Package, Purpose, Rows, Software, Timeline

DOWNLOAD: Final = "kind = 'artifact' AND status = 200 AND method IN ('GET', '')"
"""The preset npm-like, in terms of `ways`."""
HOURS: Final = 15
"""Days up to which a timeline shows hours."""
SLIVER: Final = 0.01
"""Part of an hour or day at the end of a window that is counted with the one before."""
MOST: Final = 200
"""Rows of a ranking."""

_DECLARES: Final = """
    (c.purpose IN ('ci-hosted', 'ci-selfhosted') AND coalesce(a.ci, false))
    OR c.purpose = c.software_kind OR (c.purpose = 'sca-scanner' AND c.software_kind = 'scanner')
    OR (c.purpose = 'search' AND c.software_kind = 'preview')"""
"""Does the agent itself say what it is for? Nobody declares that a person types."""
_UNDECIDED: Final = "('', 'unknown', 'script-unknown')"

Row = TypeVar("Row")


def asked(engine: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> list[dict[str, Any]]:
    """The rows of an answer by name of column. Raises duckdb.Error."""
    answer = engine.execute(query, parameters)
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _typed(kind: type[Row], rows: list[dict[str, Any]]) -> list[Row]:
    return [msgspec.convert(row, kind) for row in rows]


def purposes(engine: duckdb.DuckDBPyConnection) -> Rows[Purpose]:
    """Classes with what they declare, and what they could at most be: everything undecided might be any of them."""
    rows = asked(
        engine,
        f"""
        WITH sums AS (
            SELECT c.purpose AS name, count(DISTINCT c.stream)::BIGINT AS streams, sum(requests)::BIGINT AS requests,
                sum(bytes)::BIGINT AS bytes, coalesce(sum(requests) FILTER ({_DECLARES}), 0) AS declared
            FROM visits c LEFT JOIN streams s USING (stream) LEFT JOIN agents a ON a.agent = s.agent
            GROUP BY c.purpose
        ), whole AS (
            SELECT sum(requests) AS requests, sum(bytes) AS bytes,
                coalesce(sum(requests) FILTER (name IN {_UNDECIDED}), 0) AS undecided FROM sums
        )
        SELECT if(s.name = '', 'unknown', s.name) AS name, s.streams, s.requests, s.bytes,
            s.requests / w.requests AS share_requests, s.bytes / nullif(w.bytes, 0) AS share_bytes,
            (s.declared / w.requests)::DOUBLE AS declared,
            ((s.requests + if(s.name IN {_UNDECIDED}, 0, undecided)) / w.requests)::DOUBLE AS at_most
        FROM sums s, whole w ORDER BY s.requests DESC, s.name
        """,
    )
    return Rows(of="classes", n=len(rows), rows=_typed(Purpose, rows))


def timeline(engine: duckdb.DuckDBPyConnection, start: float, end: float) -> Timeline:
    """Requests by class, hour by hour; day by day in long windows."""
    bucket = 3600 if end - start <= HOURS * 86400 else 86400
    first = int(start // bucket)
    last = max(first, int((end - SLIVER * bucket) // bucket))
    found = asked(
        engine,
        f"""
        SELECT coalesce(nullif(s.purpose, ''), 'unknown') AS name, slot, sum(n)::BIGINT AS n FROM (
            SELECT stream, minute // {bucket // 60} AS slot, sum(requests::INTEGER) AS n FROM spells WHERE kind <> 'own'
            GROUP BY stream, slot
        ) LEFT JOIN streams s USING (stream) GROUP BY name, slot ORDER BY name, slot
        """,
    )
    series: dict[str, list[int]] = {}
    for row in found:
        line = series.setdefault(row["name"], [0] * (last - first + 1))
        line[min(max(row["slot"], first), last) - first] += row["n"]
    return Timeline(bucket=bucket, starts=[float(bucket * slot) for slot in range(first, last + 1)], series=series)


_AGAIN: Final = """
    WITH single AS (
        SELECT consumer FROM visits SEMI JOIN heaviest USING (consumer) GROUP BY consumer
        HAVING min(client) = max(client)
    ), several AS (FROM heaviest ANTI JOIN single USING (consumer)),
    pairs AS (
        SELECT consumer, artifact, requests, bytes, largest FROM fetched SEMI JOIN single USING (consumer)
        UNION ALL
        SELECT consumer, bool_or(artifact), sum(requests), sum(bytes), max(largest)
        FROM fetched SEMI JOIN several USING (consumer) GROUP BY consumer, item
    )
    SELECT consumer, sum(requests - 1) AS requests, sum(bytes - largest) AS bytes,
        sum(if(artifact, requests, 0)) AS downloads, count_if(artifact) AS pairs FROM pairs GROUP BY consumer"""
"""Of consumers what they fetched again. What one client fetched are its pairs already."""
_DOWNLOADED: Final = """
    SELECT i.package, sum(t.downloads) AS downloads FROM taken t JOIN items i USING (item) WHERE i.package >= 0
    GROUP BY i.package"""
"""Of packages how often they were downloaded."""
_FETCHERS: Final = f"""
    WITH top AS (FROM downloaded ORDER BY downloads DESC, package LIMIT {4 * MOST}), each AS (
        SELECT i.package, f.consumer, f.item, sum(f.bytes) AS bytes, max(f.largest) AS largest
        FROM (SELECT item, package FROM items SEMI JOIN top USING (package)) i JOIN fetched f USING (item)
        WHERE f.artifact GROUP BY i.package, f.consumer, f.item)
    SELECT package, count(DISTINCT consumer) FILTER (consumer >= 0) AS consumers, max(consumer) < 0 AS nobody,
        sum(bytes) AS bytes, sum(bytes - largest) AS avoidable FROM each GROUP BY package"""


_HEAVIEST: Final = f"""
    SELECT consumer FROM visits WHERE consumer >= 0 GROUP BY consumer
    ORDER BY sum(bytes) DESC, sum(requests) DESC, consumer LIMIT {MOST}"""
KEPT: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "heaviest": (_HEAVIEST, ()),
    "downloaded": (_DOWNLOADED, ()),
    "again": (_AGAIN, ("heaviest",)),
    "fetchers": (_FETCHERS, ("downloaded",)),
}
"""What rankings need of `fetched` and `taken`: tables, and which others have to be there."""


def make(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make one table of KEPT, of all fetches. Raises duckdb.Error."""
    engine.execute(f"CREATE OR REPLACE TABLE {name} AS {KEPT[name][0]}")


def keep(engine: duckdb.DuckDBPyConnection, *, first: bool) -> None:
    """Add up what KEPT needs of `fetched`, the fetches of one part of all packages, before it is dropped.

    `first` begins anew; `taken` is of all parts so far. Raises duckdb.Error.
    """
    for name, (query, _) in KEPT.items():
        if first or name == "downloaded":
            make(engine, name)
        elif name != "heaviest":
            engine.execute(f"INSERT INTO {name} {query}")


def consumers(engine: duckdb.DuckDBPyConnection, *, limit: int = MOST) -> Rows[Consumer]:
    """The heaviest by bytes, at most MOST; by requests where no bytes are known."""
    rows = asked(
        engine,
        """
        WITH whole AS (SELECT sum(requests) AS requests, sum(bytes) AS bytes FROM visits),
        top AS (
            SELECT consumer, count(DISTINCT client) FILTER (client >= 0) AS addresses, sum(requests) AS requests,
                sum(bytes) AS bytes, sum(downloads) AS downloads,
                bool_or(software_kind = 'caching-proxy' OR purpose = 'caching-proxy') AS proxied,
                coalesce(sum(downloads) FILTER (software_kind <> 'caching-proxy'
                    AND purpose <> 'caching-proxy'), 0) AS direct
            FROM visits SEMI JOIN heaviest USING (consumer) GROUP BY consumer
            ORDER BY bytes DESC, requests DESC, consumer LIMIT ?
        ), classed AS (
            SELECT consumer, arg_min(purpose, (-n, purpose)) AS purpose FROM (
                SELECT consumer, purpose, sum(requests) AS n FROM visits SEMI JOIN top USING (consumer)
                GROUP BY consumer, purpose) GROUP BY consumer
        ), placed AS (
            SELECT consumer, arg_max(provider, (n, provider)) AS provider FROM (
                SELECT c.consumer, k.provider, sum(requests) AS n FROM visits c SEMI JOIN top USING (consumer)
                JOIN clients k ON k.client = c.client GROUP BY c.consumer, k.provider) GROUP BY consumer
        ), repeated AS (
            SELECT consumer, sum(requests) AS requests, sum(bytes) AS bytes, sum(downloads) / sum(pairs) AS factor
            FROM again GROUP BY consumer
        )
        SELECT n.name, n.grade, coalesce(nullif(l.purpose, ''), 'unknown') AS purpose,
            coalesce(p.provider, '') AS provider, t.addresses::BIGINT AS addresses, t.requests::BIGINT AS requests,
            t.downloads::BIGINT AS downloads, t.bytes::BIGINT AS bytes,
            (t.requests / w.requests)::DOUBLE AS share_requests, coalesce(a.requests, 0)::BIGINT AS avoidable_requests,
            coalesce(a.bytes, 0)::BIGINT AS avoidable_bytes,
            a.factor::DOUBLE AS repeat_factor,
            if(t.proxied, (t.direct / nullif(t.downloads, 0))::DOUBLE, NULL) AS shadow_share
        FROM top t JOIN consumers n USING (consumer) LEFT JOIN classed l USING (consumer)
            LEFT JOIN placed p USING (consumer) LEFT JOIN repeated a USING (consumer), whole w
        ORDER BY t.bytes DESC, t.requests DESC, n.name
        """,
        limit,
    )
    (count,) = engine.execute("SELECT count(DISTINCT consumer) FROM visits WHERE consumer >= 0").fetchall()[0]
    return Rows(of="consumers", n=count, rows=_typed(Consumer, rows))


def packages(engine: duckdb.DuckDBPyConnection, k: int, *, limit: int = MOST) -> Rows[Package]:
    """The most downloaded ones, at most MOST, that at least k consumers asked for: a rare name may say whose it is.

    Where the log does not tell consumers apart there is nobody whom a name could give away, and none is withheld.
    """
    ((count, whole),) = engine.execute(
        "SELECT count(*), coalesce(sum(downloads), 0)::BIGINT FROM downloaded"
    ).fetchall()
    rows = asked(
        engine,
        """
        WITH top AS (FROM downloaded ORDER BY downloads DESC, package LIMIT $1)
        SELECT p.purl AS name, p.ecosystem, s.consumers::BIGINT AS consumers, t.downloads::BIGINT AS downloads,
            s.bytes::BIGINT AS bytes, (t.downloads / $2)::DOUBLE AS share_downloads,
            s.avoidable::BIGINT AS avoidable_bytes, s.consumers < $3 AND NOT s.nobody AS few
        FROM top t JOIN fetchers s USING (package) JOIN packages p USING (package) ORDER BY t.downloads DESC, p.purl
        """,
        4 * limit,
        whole,
        k,
    )
    few = [row.pop("few") for row in rows]
    told = [place for place, hidden in enumerate(few) if not hidden][:limit]
    above = told[-1] if len(told) == limit else len(rows)
    return Rows(
        of="packages", n=count, rows=_typed(Package, [rows[place] for place in told]), withheld=sum(few[:above])
    )


def mixed(engine: duckdb.DuckDBPyConnection, column: str, of: str) -> Rows[Mix]:
    """Requests by one column of `ways`: 'status', 'cache'."""
    rows = asked(
        engine,
        f"""
        SELECT {column}::VARCHAR AS name, sum(requests)::BIGINT AS requests, sum(bytes)::BIGINT AS bytes,
            coalesce(sum(requests) FILTER ({DOWNLOAD}), 0)::BIGINT AS downloads,
            (sum(requests) / sum(sum(requests)) OVER ())::DOUBLE AS share_requests
        FROM ways GROUP BY {column} ORDER BY requests DESC, name
        """,
    )
    return Rows(of=of, n=len(rows), rows=_typed(Mix, rows))


def software(engine: duckdb.DuckDBPyConnection, k: int) -> Rows[Software]:
    """Families of clients. One that no pack knows and that fewer than k addresses use is left out: anybody can put a
    company's name, or an insult, into an agent."""
    rows = asked(
        engine,
        """
        WITH strange AS (
            SELECT DISTINCT software FROM agents WHERE regexp_matches(flags, '(^|,)(guessed|named)(,|$)')
        ), sums AS (
            SELECT software AS name, software_kind AS kind, count(DISTINCT stream)::BIGINT AS streams,
                count(DISTINCT client) AS clients, max(client) < 0 AS nobody, sum(requests)::BIGINT AS requests,
                sum(downloads)::BIGINT AS downloads, sum(bytes)::BIGINT AS bytes
            FROM visits GROUP BY software, software_kind
        )
        SELECT name, kind, streams, requests, downloads, bytes,
            coalesce(downloads / nullif(sum(downloads) OVER (), 0), 0)::DOUBLE AS share_downloads,
            clients < $1 AND NOT nobody AND name IN (FROM strange) AS few
        FROM sums ORDER BY downloads DESC, requests DESC, name
        """,
        k,
    )
    told = [row for row in rows if not row.pop("few")]
    return Rows(of="programs", n=len(rows), rows=_typed(Software, told[:MOST]), withheld=len(rows) - len(told))
