"""From hits and names to tables: a request that has no name is noticed."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from tests.analytics.facts.named import naming

from subak.analytics.facts.coder import Coding
from subak.analytics.facts.tables import build, tidy
from subak.analytics.workers.batch import Asked, Batch

WHEEL = "/packages/aa/bb/cc/demo_pkg-1.4.0-py3-none-any.whl"


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two clients, of which one writes its address in two ways, with three hits on one file and its index."""
    with duckdb.connect() as engine:
        Coding(engine, 0.0, 1e11)
        engine.execute("CREATE UNIQUE INDEX one ON askers (id)")
        batch = Batch()
        batch.clients = [(1, "192.0.2.1"), (2, "::ffff:192.0.2.1"), (3, "192.0.2.9")]
        batch.agents = [(1, "uv/0.9.9", 0), (2, "uv/0.9.8", 7)]
        batch.asked = Asked(
            *zip(*[(1, "GET", "", WHEEL), (2, "HEAD", "", WHEEL), (3, "GET", "", "/simple/demo-pkg/")], strict=True)
        )
        hits = [(1, 1, 1), (2, 1, 1), (2, 2, 2), (3, 3, 1)]
        for at, (client, asked, agent) in enumerate(hits):
            engine.execute("INSERT INTO hits VALUES (?, ?, ?, 0, 200, 10, '')", [at, 10 * client + agent, asked])
            engine.execute("INSERT OR IGNORE INTO askers VALUES (?, ?, ?, 0)", [10 * client + agent, client, agent])
        with naming(engine) as names:
            names.take(batch)
            names.finish()
            names.settle()
        yield engine


def test_spellings_become_one(engine: duckdb.DuckDBPyConnection) -> None:
    build(engine)
    assert engine.execute("SELECT count(*), count(DISTINCT network) FROM clients").fetchall() == [(2, 1)]
    assert engine.execute('SELECT client, item, document, method FROM facts ORDER BY "at"').fetchall()[0][2] == -1
    assert engine.execute(
        "SELECT count(*), count(DISTINCT client), count(DISTINCT item) FILTER (item >= 0) FROM facts"
    ).fetchall() == [(4, 2, 1)]
    assert engine.execute("SELECT purl FROM packages").fetchall() == [("pkg:pypi/demo-pkg",)]


def test_a_stream_has_the_agent_that_it_sent_most(engine: duckdb.DuckDBPyConnection) -> None:
    build(engine)
    rows = engine.execute(
        "SELECT s.software, a.version, count(*) FROM streams s JOIN agents a USING (agent) GROUP BY ALL"
    ).fetchall()
    assert rows == [("uv", "0.9.9", 2)]


def test_an_agent_may_tell_the_run(engine: duckdb.DuckDBPyConnection) -> None:
    build(engine)
    assert engine.execute('SELECT run FROM facts ORDER BY "at"').fetchall() == [(0,), (0,), (7,), (0,)]


@pytest.mark.parametrize("table", ["goods", "named_agents"])
def test_a_request_that_got_lost_is_noticed(engine: duckdb.DuckDBPyConnection, table: str) -> None:
    engine.execute(f"DELETE FROM {table} WHERE id = 1")
    with pytest.raises(AssertionError, match="facts of 4 hits"):
        build(engine)


def test_a_client_without_address_has_no_number(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute("DELETE FROM named_clients WHERE id = 3")
    build(engine)
    assert engine.execute('SELECT client, network, consumer FROM facts WHERE "at" = 3').fetchall() == [(-1, -1, -1)]


def test_what_the_tables_were_made_from_goes(engine: duckdb.DuckDBPyConnection) -> None:
    build(engine)
    tidy(engine)
    left = {name for (name,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert not left & {"hits", "askers", "named_clients", "named_users", "goods", "later"}
    assert engine.execute("SELECT purl, version, kind FROM items").fetchall() == [
        ("pkg:pypi/demo-pkg@1.4.0", "1.4.0", "artifact")
    ]
    assert engine.execute("SELECT document >= 0, kind FROM documents").fetchall() == [(True, "index")]
