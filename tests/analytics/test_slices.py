"""What is made slice by slice is what is made at once, and what is too large for memory is in a file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from subak.analytics import slices
from subak.analytics.slices import BY_TIME, LARGE, SLOT, cut, drop, forget, roomy, settle, several, store

MINUTES = 'SELECT floor("at" / 60)::BIGINT AS minute, stream, count(*) AS n FROM facts GROUP BY minute, stream'


@pytest.fixture
def engine(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """10 000 requests, two a second of two streams, in an engine that thinks it has room for 1000."""
    engine = duckdb.connect(config={"temp_directory": str(tmp_path), "memory_limit": "64MiB"})
    engine.execute('CREATE TABLE facts AS SELECT i // 2 + 0.5 AS "at", i % 2 AS stream FROM range(10000) r(i)')
    return engine


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten times as many requests as fit; as many slices."""
    monkeypatch.setattr(slices, "REQUEST_BYTES", 10 * 2**26 // 10_000)
    monkeypatch.setattr(slices, "SMALLER", 1)


def everything(engine: duckdb.DuckDBPyConnection, name: str) -> list[tuple[int, ...]]:
    return engine.execute(f"FROM {name} ORDER BY ALL").fetchall()


def kinds(engine: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    query = "SELECT table_catalog, table_type FROM information_schema.tables WHERE table_name = ? ORDER BY ALL"
    return engine.execute(query, [name]).fetchall()


def test_a_small_log_is_not_cut_and_stays_in_memory(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    settle(engine)
    assert cut(engine) == []
    store(engine, "minutes", MINUTES)
    assert kinds(engine, "facts") == kinds(engine, "minutes") == [("memory", "BASE TABLE")]
    assert not [*tmp_path.iterdir()]


@pytest.mark.usefixtures("small")
def test_slices_are_even_and_begin_at_slots(engine: duckdb.DuckDBPyConnection) -> None:
    begins = cut(engine)
    assert begins == sorted(set(begins))
    assert len(begins) == 9
    assert {begin % SLOT for begin in begins} == {0}
    sizes = [last - first for first, last in zip([0, *begins], [*begins, 5000], strict=True)]
    assert max(sizes) <= 500 + SLOT
    assert cut(engine, "SELECT stream AS place, count(*) AS n FROM facts GROUP BY stream") == [1]


@pytest.mark.usefixtures("small")
def test_everything_in_one_slot_cannot_be_cut(engine: duckdb.DuckDBPyConnection) -> None:
    engine.execute('UPDATE facts SET "at" = 7')
    assert cut(engine) == []
    engine.execute("DELETE FROM facts")
    assert cut(engine, BY_TIME) == []


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("settled", [False, True])
def test_slices_add_up(engine: duckdb.DuckDBPyConnection, *, settled: bool) -> None:
    store(engine, "whole", MINUTES)
    if settled:
        settle(engine)
    expected = [("large", "BASE TABLE"), ("memory", "VIEW")] if settled else [("memory", "BASE TABLE")]
    for _ in range(2):  # a second one replaces the first
        store(engine, "minutes", MINUTES, cut(engine))
        assert kinds(engine, "minutes") == kinds(engine, "facts") == expected
        assert everything(engine, "minutes") == everything(engine, "whole")
    of_slots = "SELECT minute // 2 AS slot, sum(n) AS n FROM minutes GROUP BY slot"
    store(engine, "slots", of_slots, [begin // 60 for begin in cut(engine)], "minutes", "minute")
    assert everything(engine, "slots") == everything(engine, f"({of_slots})")
    with engine.cursor() as other:
        assert everything(other, "slots") == everything(engine, "slots")
    for name in ("minutes", "slots", "whole", "nothing"):
        drop(engine, name)
        assert kinds(engine, name) == []
    assert engine.execute("SELECT count(*) FROM facts").fetchall() == [(10_000,)]


@pytest.mark.usefixtures("small")
def test_a_failure_shows_everything_again(engine: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        store(engine, "broken", "SELECT nothing FROM facts", cut(engine))
    assert engine.execute("SELECT count(*) FROM facts").fetchall() == [(10_000,)]


@pytest.mark.usefixtures("small")
def test_the_file_is_in_the_folder_and_goes(tmp_path: Path) -> None:
    folder = tmp_path / "it's private"
    folder.mkdir()
    with duckdb.connect(config={"temp_directory": str(folder), "memory_limit": "64MiB"}) as engine:
        engine.execute('CREATE TABLE facts AS SELECT i AS "at" FROM range(10000) r(i)')
        settle(engine)
        assert (folder / f"{LARGE}.duckdb").exists()
        limit = engine.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchall()
        assert limit == [(48 * 2**20,)]
        assert engine.execute('SELECT sum("at") FROM facts').fetchall() == [(49_995_000,)]
    forget(str(folder))
    assert not [*folder.glob(f"{LARGE}*")]
    forget(str(folder))


def test_the_engine_has_one_thread_less_where_two_ask_it(
    engine: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def threads() -> list[tuple[int, ...]]:
        return engine.execute("SELECT current_setting('threads')").fetchall()

    for given, left in ((1, 1), (2, 1), (4, 3)):
        engine.execute(f"SET threads = {given}")
        assert roomy(engine)
        assert several(engine) == given
        assert threads() == [(left,)]
    monkeypatch.setattr(slices, "AT_ONCE", 10 * slices.AT_ONCE * 2**26 // 10_000)
    assert not roomy(engine)
    assert several(engine) == 3
    assert threads() == [(3,)]
