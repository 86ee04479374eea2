"""Python's columns arrive in the engine as they are."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterator

import duckdb
import pytest

from subak.analytics.facts.columns import insert, insert_laid
from subak.analytics.workers.lay import lay

COLUMNS = {"id": "UBIGINT", "moment": "DOUBLE", "n": "SMALLINT", "text": "VARCHAR", "ci": "BOOLEAN"}


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE t (id UBIGINT, moment DOUBLE, n SMALLINT, text VARCHAR, ci BOOLEAN)")
        yield engine


def test_what_goes_in_comes_out(engine: duckdb.DuckDBPyConnection) -> None:
    texts = ["", "a", "é\u2028", "\ud800", "a\0b", "\n", "x" * 3000, "NULL", '"']
    count = len(texts)
    data = [array("Q", [2**64 - 1] * count), [0.5] * count, memoryview(array("h", [-3] * count)), texts, [True] * count]
    insert(engine, "t", COLUMNS, data, "* REPLACE (CAST(ci AS BOOLEAN) AS ci)")
    found = engine.execute("FROM t").fetchall()
    assert [row[3] for row in found] == ["", "a", "é\u2028", "\\ud800", "a b", "\n", "x" * 3000, "NULL", '"']
    assert {(row[0], row[1], row[2], row[4]) for row in found} == {(2**64 - 1, 0.5, -3, True)}


def test_rows_are_added(engine: duckdb.DuckDBPyConnection) -> None:
    for n in range(3):
        insert(engine, "t", {"id": "UBIGINT"}, [range(n * 1000, n * 1000 + 1000)], "id, 0, 0, '', false")
    assert engine.execute("SELECT count(DISTINCT id) FROM t").fetchall() == [(3000,)]


def test_pieces_may_have_been_elsewhere_and_arrive_in_order(engine: duckdb.DuckDBPyConnection) -> None:
    columns = {"id": "UBIGINT", "text": "VARCHAR"}
    pieces = [lay(columns, [range(n, n + 3), [f"{n} é", "", "x" * n]]) for n in range(0, 30, 3)]
    sent = pickle.loads(pickle.dumps(pieces))
    insert_laid(engine, "t", columns, sent, "id, 0, 0, text, false")
    assert engine.execute("SELECT id FROM t").fetchall() == [(n,) for n in range(30)]
    assert engine.execute("SELECT text FROM t WHERE id >= 27").fetchall() == [("27 é",), ("",), ("x" * 27,)]


def test_a_row_that_does_not_arrive_is_noticed(engine: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(AssertionError, match="1 of 2 rows arrived in t"):
        insert(engine, "t", {"id": "UBIGINT"}, [[1, 2]], "id, 0, 0, '', false FROM (SELECT 1 AS id) --")
    with pytest.raises(ValueError, match="zip"):
        insert(engine, "t", COLUMNS, [[1]])


def test_some_rows_may_be_meant(engine: duckdb.DuckDBPyConnection) -> None:
    columns = {"id": "UBIGINT", "mark": "UTINYINT", "n": "INTEGER"}
    pieces = [lay(columns, [range(6), [0, 1, 2, 3, 0, 1], range(-3, 3)])]
    insert_laid(engine, "t", columns, pieces, "id, 0, n, '', false", where="mark & 1 = 1", expected=3)
    assert engine.execute("SELECT id, n FROM t").fetchall() == [(1, -2), (3, 0), (5, 2)]
    with pytest.raises(AssertionError, match="3 of 4 rows arrived in t"):
        insert_laid(engine, "t", columns, pieces, "id, 0, n, '', false", where="mark & 1 = 1", expected=4)


def test_what_has_no_place_in_its_type_is_refused(engine: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(OverflowError):
        insert(engine, "t", {"id": "UBIGINT"}, [[-1]], "id, 0, 0, '', false")
    assert engine.execute("SELECT count(*) FROM t").fetchall() == [(0,)]
