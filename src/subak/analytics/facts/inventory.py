"""Writes what is asked for into the engine: each thing and each package once, and for each text which they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

import duckdb

from subak.analytics.facts.coder import number
from subak.analytics.facts.columns import insert, insert_laid
from subak.analytics.facts.things import Things
from subak.analytics.logs.numbers import COSTS
from subak.analytics.schema import as_columns
from subak.analytics.workers.lay import Laid

FILES: Final = ("artifact", "metadata", "derived")
"""Kinds of what never changes: files, and what is told of one."""
DOCUMENTS: Final = ("index", "listing", "config")

ROWS: Final[dict[str, dict[str, str]]] = {
    "goods": {"id": "UBIGINT", "way": "USMALLINT", "thing": "INTEGER", "package": "INTEGER"},  # -1: none
    "things": {
        "number": "INTEGER",
        "way": "USMALLINT",  # one of those in which it was asked for: ecosystem and kind are the same in all
        "package": "INTEGER",
        "version": "VARCHAR",
        "purl": "VARCHAR",
        "key": "VARCHAR",
        "known": "UBIGINT",  # its `STABLE`, of what was saved without its key
    },
    "named_packages": {"number": "INTEGER", "ecosystem": "VARCHAR", "purl": "VARCHAR"},
    "ways_asked": {"way": "USMALLINT", "ecosystem": "VARCHAR", "kind": "VARCHAR", "method": "VARCHAR"},
}
"""What is written here, by table."""
STABLE: Final = f"coalesce(t.known, {number('w.ecosystem', 'w.kind', 't.key')})"
"""SQL: a number that a thing has in every analysis, of the tables things AS t and ways_asked AS w."""

_MARKED: Final = {"mark": "UTINYINT"}
_THINGS: Final = {**_MARKED, **{name: kind for name, kind in ROWS["things"].items() if name != "known"}}
_PACKAGES: Final = {**_MARKED, **ROWS["named_packages"]}
_MERGED: Final = (
    f"""CREATE TABLE same AS SELECT t.number, (dense_rank() OVER (ORDER BY {STABLE}) - 1)::INTEGER AS thing
        FROM things t JOIN ways_asked w USING (way)""",
    """CREATE OR REPLACE TABLE goods AS SELECT g.id, g.way, coalesce(s.thing, -1) AS thing, g.package
        FROM goods g LEFT JOIN same s ON g.thing = s.number""",
    """CREATE OR REPLACE TABLE things AS SELECT s.thing AS number, min(t.way) AS way, min(t.package) AS package,
        min(t.version) AS version, min(t.purl) AS purl, max(t.key) AS key, min(t.known) AS known
        FROM things t JOIN same s USING (number) GROUP BY s.thing""",
    "DROP TABLE same",
)


class Inventory:
    """Knows what is there. Several threads may add to it."""

    def __init__(self, engine: duckdb.DuckDBPyConnection, key: bytes, memory: int) -> None:
        """`key`: 16 secret bytes; `memory`: bytes that its numbers may take, about. Makes the tables of ROWS."""
        self._things = Things(key, (*FILES, *DOCUMENTS), memory // COSTS)
        self._repeated = False
        self._lock = Lock()
        for table, columns in ROWS.items():
            engine.execute(f"CREATE TABLE {table} ({as_columns(columns)})")

    def add(self, engine: duckdb.DuckDBPyConnection, pieces: Iterable[Sequence[Laid]], *, known: bool = False) -> None:
        """Add goods, as columns of `TOLD`. `known`: their keys are what `STABLE` gave in another analysis.

        Raises duckdb.Error.
        """
        goods: list[list[Laid]] = []
        things: list[list[Laid]] = []
        packages: list[list[Laid]] = []
        new_things = new_packages = 0
        with self._lock:
            for id, ecosystem, kind, key, version, package, purl, method in pieces:
                found = self._things.take(
                    id.rows, ecosystem.buffers, kind.buffers, key.buffers, package.buffers, method.buffers, known
                )
                way, thing, number, mark = (Laid(id.rows, (column,)) for column in found)
                goods.append([id, way, thing, number])
                things.append([mark, thing, way, number, version, purl, key])
                packages.append([mark, number, ecosystem, package])
                marks = bytes(found[3])
                both = marks.count(3)
                new_things += marks.count(1) + both
                new_packages += marks.count(2) + both
            self._repeated |= known
        insert_laid(engine, "goods", ROWS["goods"], goods)
        told = "'', key::UBIGINT" if known else "key, NULL"
        select = f"number, way, package, version, purl, {told}"
        insert_laid(engine, "things", _THINGS, things, select, where="mark & 1 = 1", expected=new_things)
        select = "number, ecosystem, purl"
        insert_laid(engine, "named_packages", _PACKAGES, packages, select, where="mark & 2 = 2", expected=new_packages)

    def finish(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Tell the ways, and make one of all that has several numbers. Raises duckdb.Error."""
        if ways := self._things.ways:
            insert(engine, "ways_asked", ROWS["ways_asked"], (range(len(ways)), *zip(*ways, strict=True)))
        if self._repeated or self._things.forgot:
            for step in _MERGED:
                engine.execute(step)
