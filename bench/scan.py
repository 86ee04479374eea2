"""Reads a combined log and does nothing with it: the least that any analysis must take. Prints seconds.

scan.py bare FILE — DuckDB's own reader with typed columns, count(*) and sum(bytes), 2 threads.
scan.py ours FILE — our reading with every field checked, into rows of numbers; what is new waits to be named.
"""

from __future__ import annotations

import sys
import time

import duckdb

COLUMNS = {
    "client": "VARCHAR", "ident": "VARCHAR", "user": "VARCHAR", "day": "VARCHAR", "zone": "VARCHAR",
    "request": "VARCHAR", "status": "SMALLINT", "bytes": "BIGINT", "referer": "VARCHAR", "agent": "VARCHAR",
}  # fmt: skip
BARE = (
    "SELECT count(*), sum(bytes) FROM read_csv(?, delim=' ', quote='\"', escape='\\', header=false, "
    "auto_detect=false, nullstr='-', columns=?)"
)


def bare(file: str) -> float:
    """Seconds that the query takes, without starting Python and DuckDB."""
    with duckdb.connect() as engine:
        engine.execute("SET threads=2")
        began = time.perf_counter()
        engine.execute(BARE, [file, COLUMNS]).fetchall()
        return time.perf_counter() - began


def ours(file: str) -> float:
    """Seconds that reading takes, without starting Python and importing."""
    from subak.analytics.facts.coder import Coding
    from subak.analytics.logs.read import read
    from subak.analytics.logs.scanning import scanner

    with duckdb.connect() as engine:
        began = time.perf_counter()
        coding = Coding(engine, 0.0, 1e11, scanner(bytes(16), 0.0, 1e11))
        read(engine, [file], absorb=coding.absorb, coder=coding)
        coding.flush()
        coding.close()
        return time.perf_counter() - began


if __name__ == "__main__":
    print({"bare": bare, "ours": ours}[sys.argv[1]](sys.argv[2]))
