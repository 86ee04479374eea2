"""Names of distinct texts: what is written about each, and that nothing breaks the way to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.analytics.facts.named import naming

from subak.analytics.facts import naming as naming_module
from subak.analytics.facts.coder import Coding
from subak.analytics.facts.naming import BATCH
from subak.analytics.ranges import NO_RANGES, Ranges, load_ranges
from subak.analytics.workers.batch import Asked, Batch


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        Coding(engine, 0.0, 1e11)
        yield engine


def named(engine: duckdb.DuckDBPyConnection, *batches: Batch, ranges: Ranges = NO_RANGES) -> None:
    with naming(engine, ranges) as names:
        for batch in batches:
            names.take(batch)
        names.finish()
        names.settle()


def test_all_spellings_of_a_client_have_one_name(engine: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    texts = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:DB8::2%eth0", "proxy.example", ""]
    batch.clients = list(enumerate(texts))
    named(engine, batch)
    rows = engine.execute("SELECT id, name, version, consumer, grade FROM named_clients ORDER BY id").fetchall()
    assert [row[2] for row in rows] == [4, 4, 6, 6, 0]
    assert len({row[1] for row in rows}) == 3
    assert all(row[3] == f"c-{row[1][2:]}" and row[4] == "D" for row in rows)


def test_hostile_texts_arrive_as_one_row_each(engine: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    hostile = ["a\x1fb", "a\nb", 'a"b', "a\0b", "a\rb", "\x01", "a\\x", "é\u2028", "\ud800", "NULL", "," * 9]
    batch.clients = [(n, text) for n, text in enumerate(hostile)]
    batch.agents = [(n, f"tool/{text}", n) for n, text in enumerate(hostile)]
    batch.asked = Asked(*zip(*[(n, "GET", text, f"/simple/{text}/") for n, text in enumerate(hostile)], strict=True))
    batch.users = [(n, text) for n, text in enumerate(hostile)]
    named(engine, batch)
    for table in ("named_clients", "named_agents", "named_users", "goods"):
        assert engine.execute(f"SELECT count(*), count(DISTINCT id) FROM {table}").fetchall() == [(11, 11)], table


def test_a_path_that_says_little_is_named_by_most_agents_that_asked_for_it(engine: duckdb.DuckDBPyConnection) -> None:
    batch = Batch()
    batch.agents = [(1, "npm/11.0.0 node/v22.3.0 linux x64", 0), (2, "curl/8.5", 0), (3, "cargo/1.93.0", 0)]
    batch.asked = Asked(*zip(*[(10, "GET", "", "/left-pad"), (11, "GET", "", "/nothing/known?here")], strict=True))
    for agent in (1, 1, 2, 2, 2, 3):
        engine.execute("INSERT INTO hits VALUES (0, ?, 10, 0, 200, 1, '')", [agent])
    engine.execute("INSERT INTO askers SELECT DISTINCT asker, 0, asker, 0 FROM hits")
    named(engine, batch)
    assert engine.execute(
        """SELECT g.id, w.ecosystem, w.kind, p.purl FROM goods g JOIN ways_asked w USING (way)
            LEFT JOIN named_packages p ON g.package = p.number ORDER BY g.id"""
    ).fetchall() == [(10, "npm", "index", "pkg:npm/left-pad"), (11, "", "unknown", None)]


def test_what_a_batch_raises_is_told(engine: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(naming_module, "insert_laid", broken)
    batch = Batch()
    batch.clients = [(1, "192.0.2.1")]
    with naming(engine) as names:
        names.take(batch)
        with pytest.raises(ValueError, match="broken"):
            names.finish()


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, BATCH + 1])
def test_however_many_there_are_all_arrive(engine: duckdb.DuckDBPyConnection, count: int) -> None:
    batches = [Batch(), Batch()]
    for start, batch in zip((0, count), batches, strict=True):
        batch.asked = Asked(
            *zip(*[(n, "GET", "", f"/simple/demo-{n}/") for n in range(start, start + count)], strict=True)
        )
    named(engine, *batches)
    counts = "SELECT count(*), count(DISTINCT id), count(DISTINCT thing), count(DISTINCT package) FROM goods"
    assert engine.execute(counts).fetchall() == [(2 * count,) * 4]
    assert engine.execute("SELECT count(DISTINCT purl) FROM things").fetchall() == [(2 * count,)]


def test_neighbours_are_one_consumer_where_the_network_is_a_companys(
    engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (tmp_path / "ranges.csv").write_text("192.0.2.0/24,Acme,enterprise\n198.51.100.0/24,Cloud,hyperscaler\n")
    batch = Batch()
    batch.clients = list(enumerate(["192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"]))
    named(engine, batch, ranges=load_ranges([tmp_path / "ranges.csv"], 0.0))
    rows = engine.execute("SELECT network, consumer, grade, provider FROM named_clients ORDER BY id").fetchall()
    assert rows[0] == rows[1] == (rows[0][0], f"c-{rows[0][0][2:]}", "D", "Acme")
    assert rows[2][0] == rows[3][0]
    assert rows[2][1] != rows[3][1]
