"""From hits and names to the tables of `schema.TABLES`: dense numbers, one row a request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import duckdb

from subak.analytics.facts.inventory import DOCUMENTS, FILES, STABLE
from subak.analytics.schema import AGENTS, KINDS, METHODS


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_SPOKEN: Final = ", ".join(f'"{name}"' for name in AGENTS if name != "agent")

_WHO: Final = (
    "CREATE TABLE networks AS SELECT (row_number() OVER (ORDER BY name) - 1)::INTEGER AS network, name "
    "FROM (SELECT DISTINCT network AS name FROM named_clients)",
    """CREATE TABLE consumers AS SELECT (row_number() OVER (ORDER BY name) - 1)::INTEGER AS consumer, name, grade FROM (
        SELECT name, min(grade) AS grade FROM (
            SELECT consumer AS name, grade FROM named_clients UNION ALL SELECT consumer, 'A' FROM named_users)
        GROUP BY name)""",
    """CREATE TABLE clients AS SELECT (row_number() OVER (ORDER BY c.name) - 1)::INTEGER AS client, c.name, n.network,
        o.consumer, c.version, c.provider, c.origin FROM (
            SELECT name, any_value(network) AS network, any_value(consumer) AS consumer, any_value(version) AS version,
                any_value(provider) AS provider, any_value(origin) AS origin FROM named_clients GROUP BY name) c
        JOIN networks n ON c.network = n.name JOIN consumers o ON c.consumer = o.name""",
    f"""CREATE TABLE agents AS SELECT (row_number() OVER (ORDER BY {_SPOKEN}) - 1)::INTEGER AS agent, *
        FROM (SELECT DISTINCT {_SPOKEN} FROM named_agents)""",
    """CREATE TABLE declared AS SELECT agent, split_part(told, '=', 1) AS purpose,
        CAST(split_part(told, '=', 2) AS DOUBLE) AS weight
        FROM (SELECT agent, unnest(string_split(declared, ',')) AS told FROM agents WHERE declared <> '')""",
    f"CREATE TABLE spoken AS SELECT n.id, n.run, a.* FROM named_agents n JOIN agents a USING ({_SPOKEN})",
    """CREATE TABLE pairs AS
        SELECT h.id, h.requests, a.run, coalesce(c.client, -1) AS client, coalesce(c.network, -1) AS network,
            coalesce(u.consumer, c.consumer, -1) AS consumer, a.agent, a.software, a.kind
        FROM (SELECT id, client, agent, "user", requests
            FROM (SELECT asker, count(*) AS requests FROM requests GROUP BY asker) JOIN askers ON asker = id) h
        LEFT JOIN (SELECT k.id, c.client, c.network, c.consumer FROM named_clients k JOIN clients c USING (name)) c
            ON h.client = c.id
        LEFT JOIN (SELECT k.id, o.consumer FROM named_users k JOIN consumers o ON k.consumer = o.name) u
            ON h."user" = u.id
        JOIN spoken a ON h.agent = a.id""",
    """CREATE TABLE streams AS
        SELECT (row_number() OVER (ORDER BY client, software) - 1)::INTEGER AS stream, client, software,
            any_value(kind) AS software_kind, arg_max(agent, (requests, -agent)) AS agent,
            '' AS purpose, 0::DOUBLE AS posterior, '' AS flags
        FROM (SELECT client, software, kind, agent, sum(requests) AS requests FROM pairs GROUP BY ALL)
        GROUP BY client, software""",
    """CREATE TABLE known AS SELECT p.id, p.run, p.client, p.network, p.consumer, p.agent, s.stream
        FROM pairs p JOIN streams s USING (client, software)""",
)
_WHAT: Final = (
    # Few words on many rows: an ENUM takes a byte and is compared as a number.
    *(
        f"CREATE TYPE {name} AS ENUM ({_listed(words)})"
        for name, words in (("kind_name", KINDS), ("method_name", METHODS))
    ),
    "CREATE TYPE ecosystem_name AS ENUM (SELECT DISTINCT ecosystem FROM ways_asked UNION SELECT '' ORDER BY 1)",
    """CREATE TABLE packages_of AS
        SELECT number, (dense_rank() OVER (ORDER BY ecosystem, purl) - 1)::INTEGER AS package, ecosystem, purl
        FROM named_packages""",
    f"""CREATE TABLE wanted AS SELECT g.id, w.ecosystem::ecosystem_name AS ecosystem, w.kind::kind_name AS kind,
            w.method::method_name AS method, if(w.kind IN {FILES}, g.thing, -1) AS item,
            if(w.kind IN {DOCUMENTS}, g.thing, -1) AS document, coalesce(p.package, -1) AS package
        FROM goods g JOIN ways_asked w USING (way) LEFT JOIN packages_of p ON g.package = p.number""",
)
_THINGS: Final = f"""SELECT t.number AS {{number}}, coalesce(p.package, -1) AS package, w.ecosystem, w.kind, {{texts}}
    {STABLE} AS key FROM things t JOIN ways_asked w USING (way) LEFT JOIN packages_of p ON t.package = p.number
    WHERE w.kind IN """
_REST: Final = (
    "CREATE TABLE packages AS SELECT DISTINCT package, ecosystem, purl FROM packages_of",
    # Only what is asked for of them is made.
    f"CREATE VIEW items AS {_THINGS.format(number='item', texts='t.purl, t.version,')} {FILES}",
    f"CREATE VIEW documents AS {_THINGS.format(number='document', texts='')} {DOCUMENTS}",
)
_FACTS: Final = """CREATE TABLE facts AS
    SELECT h."at", a.client, a.network, a.consumer, a.stream, a.agent,
        CASE h.run WHEN 0 THEN a.run ELSE h.run END AS run,  -- greatest() of joined columns took a third of all this
        w.ecosystem, w.kind, w.item, w.document, w.package, w.method, h.status, h.sent, h.cache
    FROM requests h JOIN known a ON h.asker = a.id JOIN wanted w ON h.asked = w.id"""
_BETWEEN: Final = ("spoken", "pairs", "known", "wanted")
_SOURCES: Final = (
    "later", "goods", "named_packages", "named_clients", "named_users", "named_agents", "hits", "scanned", "askers",
)  # fmt: skip


def build(engine: duckdb.DuckDBPyConnection, settle: Callable[[], None] = lambda: None) -> None:
    """Make the tables; what they were made from is still to be dropped, see `tidy`.

    `settle` completes `goods`, while who asked is found out. Raises AssertionError if a request got lost.
    """
    with engine.cursor() as beside, ThreadPoolExecutor(1, "who") as thread:
        who = thread.submit(_run, beside, _WHO)
        settle()
        _run(engine, _WHAT)
        who.result()
        rest = thread.submit(_run, beside, _REST)
        engine.execute(_FACTS)
        rest.result()
    hits, facts = (engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in ("requests", "facts"))
    if hits != facts:
        raise AssertionError(f"{facts} facts of {hits} hits")
    for view in _names(engine, "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"):
        engine.execute(f'DROP VIEW "{view}"')
    for table in _names(engine, "SELECT table_name FROM duckdb_tables() WHERE temporary"):
        engine.execute(f'DROP TABLE "{table}"')


def tidy(engine: duckdb.DuckDBPyConnection) -> None:
    """Drop what the tables were made from: some of it holds addresses. Raises duckdb.Error."""
    engine.execute("DROP VIEW requests")
    for table in (*_SOURCES, *_BETWEEN, *_seen(engine)):
        engine.execute(f'DROP TABLE "{table}"')


def _run(engine: duckdb.DuckDBPyConnection, steps: Sequence[str]) -> None:
    for step in steps:
        engine.execute(step)


def _seen(engine: duckdb.DuckDBPyConnection) -> list[str]:
    return _names(engine, "SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'seen_')")


def _names(engine: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [name for (name,) in engine.execute(query).fetchall()]
