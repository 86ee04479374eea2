"""The second engine agrees, order and pieces do not matter, an empty log is no error, and names are checked."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

from metrics_world import START, Chdb, World, fill, load, make
from subak.analytics import slices
from subak.analytics.metrics import run
from subak.analytics.metrics.catalogue import DEFAULT, MEASURES
from subak.analytics.metrics.run import PARTED, PARTED_STEPS, Duck, Result, bounded_cache, measure, plain
from subak.analytics.metrics.shipped import shipped
from subak.analytics.schema import TABLES
from subak.errors import BadRequest

ALL = [name for name, m in MEASURES.items() if m.query != "bounded"]


def rows(found: dict[str, Result]) -> dict[str, object]:
    return {name: result.rows for name, result in found.items()}


def published(world: World) -> list[tuple[str, float]]:
    return [(i[4], START + 40_000 * (i[0] % 3)) for i in world.tables["items"]]


@pytest.mark.parametrize(("seed", "size"), [(11, 0), (12, 1), (13, 700), (14, 100_000)])
def test_clickhouse_agrees_on_every_measure(seed: int, size: int, tmp_path: Path) -> None:
    world = make(seed, size)
    with load(world, published=published(world)) as duck:
        second = Chdb(duck, tmp_path)
        try:
            for more in ({}, {"p": 0.2, "fresh": 60.0, "collapse": 5.0, "window": 1e6, "chase": 60.0, "catalogue": 77}):
                assert rows(measure(second, *ALL, **more)) == rows(measure(duck, *ALL, **more))
            for rung in ("address", "network", "consumer", "all"):
                assert bounded_cache(second, rung, 5_000) == bounded_cache(duck, rung, 5_000)
        finally:
            second.close()


def test_order_and_pieces_do_not_matter() -> None:
    world = make(15, 5_000)
    facts = list(world.tables["facts"])
    with load(world, published=published(world)) as engine:
        wanted = rows(measure(engine, *ALL))
        for seed in range(2):
            random.Random(seed).shuffle(facts)
            engine.execute("DELETE FROM facts")
            for shard in range(3):
                fill(engine, "facts", facts[shard::3])
            assert rows(measure(engine, *ALL)) == wanted


def test_threads_do_not_matter() -> None:
    with load(make(16, 3_000)) as engine:
        wanted = rows(measure(engine))
        engine.execute("SET threads = 1")
        assert rows(measure(engine)) == wanted


class Cut(Duck):
    """DuckDB that thinks it has room for a seventh of the pairs."""

    def parts(self) -> int:
        return 7


def test_parts_add_up() -> None:
    world = make(20, 4_000, days=0.2)
    with load(world, published=published(world)) as engine:
        assert Duck(engine).parts() == 1
        assert rows(measure(Cut(engine), *ALL)) == rows(measure(engine, *ALL))
        assert not engine.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
        assert not engine.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()


def test_there_are_as_many_parts_as_pairs_need(monkeypatch: pytest.MonkeyPatch) -> None:
    with load(make(20, 4_000, days=0.2)) as engine:
        ((requests, pairs, documents),) = engine.execute(
            "SELECT count(*), count(DISTINCT (client, item)), count(*) FILTER (document >= 0) FROM facts"
        ).fetchall()
        engine.execute("SET memory_limit = '16MiB'")
        monkeypatch.setattr(run, "PAIR_BYTES", 2**24 // requests)
        assert Duck(engine).parts() == 1  # no look at the pairs: all requests would fit
        monkeypatch.setattr(run, "PAIR_BYTES", 10 * 2**24 // requests)
        by_pairs = (1.1 * pairs * run.PAIR_BYTES + documents * run.DOCUMENT_BYTES) / 2**24
        assert by_pairs < 8
        assert Duck(engine).parts() == pytest.approx(by_pairs, abs=1)
        engine.execute("INSERT INTO facts FROM facts")  # and no new pair
        assert Duck(engine).parts() == pytest.approx(by_pairs, abs=1)


def test_a_large_log_is_kept_in_a_file_and_measured_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make(21, 3_000)
    with load(world, published=published(world)) as engine:
        wanted = rows(measure(engine, *ALL))
        engine.execute(f"SET temp_directory = '{tmp_path}'")
        engine.execute("SET memory_limit = '100MiB'")
        monkeypatch.setattr(slices, "REQUEST_BYTES", 100_000)
        slices.settle(engine)
        assert len(slices.cut(engine)) > 5
        assert rows(measure(Cut(engine), *ALL)) == wanted
        left = engine.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'large'").fetchall()
        assert left == [("facts",)]


def test_all_queries_about_pairs_are_asked_by_parts() -> None:
    sql = shipped("duckdb")
    of_pairs = {*PARTED_STEPS} - {"taken"}
    assert {name for name, query in sql.queries.items() if of_pairs & set(query.needs)} == set(PARTED)


def test_a_log_without_requests_has_no_shares() -> None:
    with load(make(0, 0)) as engine:
        found = measure(engine)
    assert set(found) == set(DEFAULT)
    for name in ("requests", "bytes", "downloads_npm_like", "downloads_counter_like", "revalidations"):
        assert found[name].value() == 0
    assert found["conditional_share"].value() is None
    assert found["top_share"].rows == found["lorenz"].rows == found["class_share"].rows == ()
    assert found["avoidable_files"].rows == tuple((r, 0, 0, 0, None, None) for r in ("address", "network", "consumer"))
    assert (found["requests"].n, found["requests"].since) == (0, 0.0)


def test_a_result_says_what_it_is() -> None:
    world = make(17, 200)
    with load(world) as engine:
        result = measure(engine, "top_share", p=0.05)["top_share"]
    assert result.measure.unit == "share"
    assert result.columns == ("rung", "weight", "units", "top_units", "share")
    assert result.dicts()[0]["rung"] == "address"
    assert result.parameters == {"top_millionths": 50_000}
    assert result.n == len(world.rows)
    assert result.since == min(r["at"] for r in world.rows)
    assert result.until == max(r["at"] for r in world.rows)


def test_nothing_is_left_behind() -> None:
    with load(make(18, 50)) as engine:
        measure(engine)
        assert {t for (t,) in engine.execute("SELECT table_name FROM duckdb_tables()").fetchall()} == {
            *TABLES,
            "published",
        }
        engine.execute("DROP TABLE items")
        with pytest.raises(duckdb.Error):
            measure(engine)
        assert not engine.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()


@pytest.mark.parametrize(
    ("names", "parameters", "said"),
    [
        (["top_shares"], {}, "did you mean 'top_share'"),
        (["avoidable_bounded"], {}, "capacity"),
        (["requests"], {"p": 0.0}, "p cannot be 0.0"),
        (["requests"], {"p": 1.5}, "p cannot be 1.5"),
        (["requests"], {"fresh": float("nan")}, "fresh cannot be nan"),
        (["requests"], {"window": -1.0}, "window cannot be -1.0"),
        (["requests"], {"freshh": 1.0}, "did you mean 'fresh'"),
    ],
)
def test_what_means_nothing_is_refused(names: list[str], parameters: dict[str, float], said: str) -> None:
    with duckdb.connect() as engine, pytest.raises(BadRequest, match=said):
        measure(engine, *names, **parameters)


def test_a_bounded_cache_needs_a_unit_and_a_size() -> None:
    with duckdb.connect() as engine:
        with pytest.raises(BadRequest, match="unit of account"):
            bounded_cache(Duck(engine), "planet", 1)
        with pytest.raises(BadRequest, match="fewer than 0 bytes"):
            bounded_cache(engine, "address", -1)


def test_a_warm_and_shared_cache_spares_more() -> None:
    world = make(19, 2_000)
    with load(world) as engine:
        cold, shared = (bounded_cache(engine, rung, 0) for rung in ("address", "all"))
        warm = bounded_cache(engine, "address", 0, warm_until=START + 1.5 * 86400)
    assert cold.requests < shared.requests
    assert warm.requests / warm.fetches > cold.requests / cold.fetches


def test_numbers_have_nine_digits() -> None:
    assert [plain(v) for v in (1 / 3, float("nan"), 10**20, "a", None)] == [0.333333333, None, 10**20, "a", None]
