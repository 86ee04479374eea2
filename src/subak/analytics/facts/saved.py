"""Tables that were saved come back as hits: shards of one log, read one by one, add up to the log.

What a path is about was decided when it was read: paths of which only the rest of the log tells the ecosystem (npm's
'/name' on a host that nothing else was asked of) stay what they were taken for in their shard.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from subak.analytics.facts.coder import Coding, asker, number
from subak.analytics.facts.naming import Naming
from subak.analytics.schema import AGENTS, TABLES
from subak.errors import StoreFailed

NEEDED: Final = ("facts", "clients", "networks", "consumers", "agents", "items", "documents", "packages")

_AGENTS: Final = ", ".join(f'"{name}"' for name in AGENTS if name != "agent")
_CLIENT: Final = number("'saved'", "c.name")
_USER: Final = number("'saved'", "name")
_AGENT: Final = number("'saved'", _AGENTS)
_GOOD: Final = number("'saved'", "f.ecosystem", "f.kind", "f.method", "coalesce(t.key, 0)", "coalesce(p.purl, '')")
_WHO: Final = asker("client", "agent", '"user"')
_GOODS: Final = """SELECT DISTINCT ON (id) id, ecosystem, kind, key::VARCHAR, version, package, purl, method
    FROM saved_goods WHERE id NOT IN (SELECT id FROM goods)"""
_STEPS: Final = (
    f"""INSERT INTO named_clients SELECT {_CLIENT}, c.name, n.name, c.version, c.provider, c.origin, o.name, o.grade
        FROM saved_clients c JOIN saved_networks n USING (network) JOIN saved_consumers o USING (consumer)
        WHERE {_CLIENT} NOT IN (SELECT id FROM named_clients)""",
    f"""INSERT INTO named_users SELECT {_USER}, name FROM saved_consumers
        WHERE grade = 'A' AND {_USER} NOT IN (SELECT id FROM named_users)""",
    f"""INSERT INTO named_agents SELECT {_AGENT}, 0, {_AGENTS} FROM saved_agents
        WHERE {_AGENT} NOT IN (SELECT id FROM named_agents)""",
    f"""CREATE TEMP TABLE saved_goods AS
        SELECT {_GOOD} AS id,
            f.item, f.document, f.package AS number, f.ecosystem, f.kind, f.method,
            coalesce(t.key, 0) AS key, coalesce(t.version, '') AS version, coalesce(p.purl, '') AS package,
            coalesce(t.purl, '') AS purl
        FROM (SELECT DISTINCT item, document, package, ecosystem, kind, method FROM saved_facts) f
        LEFT JOIN (SELECT item, -1 AS document, key, version, purl FROM saved_items
            UNION ALL SELECT -1, document, key, '', '' FROM saved_documents) t
            ON f.item = t.item AND f.document = t.document
        LEFT JOIN saved_packages p ON f.package = p.package""",
    f"""CREATE TEMP TABLE saved_hits AS
        SELECT f."at", coalesce({_CLIENT}, {number("''")}) AS client, a.id AS agent, coalesce(u.id, 0) AS "user",
            g.id AS asked, f.run, f.status, f.sent, f.cache
        FROM saved_facts f LEFT JOIN saved_clients c USING (client)
        JOIN (SELECT agent, {_AGENT} AS id FROM saved_agents) a USING (agent)
        JOIN saved_goods g ON f.item = g.item AND f.document = g.document AND f.package = g.number
            AND f.ecosystem = g.ecosystem AND f.kind = g.kind AND f.method = g.method
        LEFT JOIN (SELECT consumer, {_USER} AS id FROM saved_consumers WHERE grade = 'A') u
            ON f.consumer = u.consumer
        WHERE f."at" >= $since AND f."at" < $until""",
    f"""INSERT INTO askers FROM (SELECT DISTINCT {_WHO} AS id, client, agent, "user" FROM saved_hits)
        ANTI JOIN askers USING (id)""",
    f"""INSERT INTO hits SELECT "at", {_WHO}, asked, run, status, sent, cache::cache_state FROM saved_hits""",
)


def is_saved(path: Path) -> bool:
    """Is it a folder that `subak analyze --parquet` wrote?"""
    return (path / "facts.parquet").is_file()


def add(engine: duckdb.DuckDBPyConnection, folder: Path, coding: Coding, naming: Naming) -> int:
    """Add the requests of a saved analysis to the hits. Gives how many. Raises StoreFailed."""
    missing = [name for name in NEEDED if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise StoreFailed(f"{folder} lacks {', '.join(missing)}", fix="Save the analysis again.")
    try:
        for name in NEEDED:
            listed = ", ".join(f'"{column}"' for column in TABLES[name])
            path = str(folder / f"{name}.parquet").replace("'", "''")
            engine.execute(f"CREATE OR REPLACE TEMP VIEW saved_{name} AS SELECT {listed} FROM read_parquet('{path}')")
        for step in _STEPS:
            values = {"since": coding.since, "until": coding.until} if "$since" in step else {}
            engine.execute(step, values)
        naming.write_goods(engine.execute(_GOODS), known=True)
        rows = engine.execute(
            'SELECT count(*) FROM saved_facts WHERE "at" >= ? AND "at" < ?', [coding.since, coding.until]
        ).fetchall()
    except duckdb.Error as error:
        raise StoreFailed(f"{folder} cannot be read: {str(error).splitlines()[0]}") from error
    for name in NEEDED:
        engine.execute(f"DROP VIEW saved_{name}")
    engine.execute("DROP TABLE saved_goods")
    engine.execute("DROP TABLE saved_hits")
    return int(rows[0][0])
