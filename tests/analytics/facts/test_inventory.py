"""Goods in the engine: each thing and package once, whoever told of them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from subak.analytics.facts.inventory import STABLE, Inventory
from subak.analytics.workers.lay import lay
from subak.analytics.workers.told import TOLD

KEY = b"sixteen bytes ok"
Row = tuple[int, str, str, str, str, str, str, str]
ROWS: list[Row] = [
    (1, "pypi", "artifact", "a-1.whl", "1", "pkg:pypi/a", "pkg:pypi/a@1", "GET"),
    (2, "pypi", "artifact", "a-1.whl", "1", "pkg:pypi/a", "pkg:pypi/a@1", "HEAD"),
    (3, "pypi", "index", "a", "", "pkg:pypi/a", "pkg:pypi/a", "GET"),
    (4, "", "unknown", "", "", "", "", "GET"),
]
PICTURE = f"""SELECT g.id, w.ecosystem, w.kind, w.method, t.version, t.purl, p.purl, {STABLE}
    FROM goods g JOIN ways_asked w USING (way) LEFT JOIN things t ON g.thing = t.number
    LEFT JOIN named_packages p ON g.package = p.number ORDER BY g.id"""


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        yield engine


def add(inventory: Inventory, engine: duckdb.DuckDBPyConnection, rows: list[Row], *, known: bool = False) -> None:
    inventory.add(engine, [lay(TOLD["goods"], zip(*rows, strict=True))], known=known)


def test_each_thing_and_package_is_there_once(engine: duckdb.DuckDBPyConnection) -> None:
    inventory = Inventory(engine, KEY, 2**20)
    add(inventory, engine, ROWS[:2])
    inventory.add(engine, [lay(TOLD["goods"], zip(*ROWS[place : place + 1], strict=True)) for place in (2, 3)])
    inventory.finish(engine)
    assert engine.execute("SELECT count(*), count(DISTINCT number) FROM things").fetchall() == [(2, 2)]
    assert engine.execute("SELECT ecosystem, purl FROM named_packages").fetchall() == [("pypi", "pkg:pypi/a")]
    assert [row[:7] for row in engine.execute(PICTURE).fetchall()] == [
        (1, "pypi", "artifact", "GET", "1", "pkg:pypi/a@1", "pkg:pypi/a"),
        (2, "pypi", "artifact", "HEAD", "1", "pkg:pypi/a@1", "pkg:pypi/a"),
        (3, "pypi", "index", "GET", "", "pkg:pypi/a", "pkg:pypi/a"),
        (4, "", "unknown", "GET", None, None, None),
    ]


def stable(rows: list[tuple[object, ...]]) -> list[Row]:
    """What was found, as it is saved: with the numbers that things have everywhere instead of their keys."""
    return [(id + 100, e, kind, str(number), v or "", package or "", purl or "", method)  # type: ignore[operator, misc]
            for id, e, kind, method, v, purl, package, number in rows if kind != "unknown"]  # fmt: skip


def test_what_another_analysis_saved_is_the_same_thing(engine: duckdb.DuckDBPyConnection) -> None:
    inventory = Inventory(engine, KEY, 2**20)
    add(inventory, engine, ROWS)
    inventory.finish(engine)
    saved = stable(engine.execute(PICTURE).fetchall())
    for known_first in (False, True):
        with duckdb.connect() as other:
            inventory = Inventory(other, KEY, 2**20)
            for known in (known_first, not known_first):
                add(inventory, other, saved if known else ROWS, known=known)
            inventory.finish(other)
            assert other.execute("SELECT count(*) FROM things").fetchall() == [(2,)]
            found = other.execute(PICTURE).fetchall()
            assert [row[0] for row in found] == [1, 2, 3, 4, 101, 102, 103]
            assert [row[1:] for row in found[:3]] == [row[1:] for row in found[4:]]


def test_with_little_memory_all_is_the_same(engine: duckdb.DuckDBPyConnection) -> None:
    many: list[Row] = [
        (n, "npm", "artifact", f"k{n % 70}", f"{n % 70}", f"pkg:npm/p{n % 7}", f"pkg:npm/p{n % 7}@{n % 70}", "GET")
        for n in range(300)
    ]
    inventory = Inventory(engine, KEY, 32 * 40)
    for start in range(0, 300, 10):
        add(inventory, engine, many[start : start + 10])
    assert engine.execute("SELECT count(*) > 70 FROM things").fetchall() == [(True,)]
    inventory.finish(engine)
    assert engine.execute("SELECT count(*), min(number), max(number) FROM things").fetchall() == [(70, 0, 69)]
    found = engine.execute(
        "SELECT g.id, t.version, t.purl FROM goods g JOIN things t ON g.thing = t.number ORDER BY 1"
    ).fetchall()
    assert found == [(row[0], row[4], row[6]) for row in many]
