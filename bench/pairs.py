"""Every measure over many distinct pairs of a client and a file, in one process. Prints how long each part took.

pairs.py PAIRS FOLDER [MEMORY] — facts are made by DuckDB itself; what does not fit into MEMORY goes to FOLDER.
"""

from __future__ import annotations

import resource
import sys
import time
from contextlib import ExitStack

import duckdb

from subak.analytics.facts.gather import Options, opened
from subak.analytics.metrics.catalogue import DEFAULT
from subak.analytics.metrics.run import measure
from subak.analytics.privacy.epochs import derive
from subak.analytics.schema import CACHES, KINDS, METHODS, TABLES, as_columns
from subak.analytics.slices import settle

CLIENTS, FILES = 200_000, 1_000_000
ENGINE = "1GB"
"""What the process may take; `opened` leaves a part of it to Python, and to what an engine holds beside its buffers."""
STEP = 9973
"""Coprime to FILES: a client's files are FILES / gcd different ones, so no pair comes twice."""
WEEK = 604_800

FACTS = f"""
INSERT INTO facts BY NAME SELECT 1790000000 + i % {WEEK} AS "at", client, client // 50 AS network,
  client // 3 AS consumer, client AS stream, 0 AS agent, 0 AS run, 'npm' AS ecosystem, 'artifact' AS kind, item,
  -1 AS document, item // 10 AS package, 'GET' AS method, 200 AS status, 1000 + item % 100000 AS sent, '' AS cache
FROM (SELECT i, i % {CLIENTS} AS client, ((i // {CLIENTS}) * {STEP} + i % {CLIENTS}) % {FILES} AS item
  FROM range(?::BIGINT) r(i))
"""
OTHERS = (
    "clients BY NAME SELECT i AS client, 'a-' || i AS name, i // 50 AS network, i // 3 AS consumer, 4 AS version, "
    f"'' AS provider, '' AS origin FROM range({CLIENTS}) r(i)",
    f"networks BY NAME SELECT i AS network, 'n-' || i AS name FROM range({CLIENTS // 50}) r(i)",
    f"consumers BY NAME SELECT i AS consumer, 'c-' || i AS name, 'D' AS grade FROM range({CLIENTS // 3 + 1}) r(i)",
    "streams BY NAME SELECT i AS stream, i AS client, 'npm' AS software, 'installer' AS software_kind, 0 AS agent, "
    f"'dev-install' AS purpose, 0.9 AS posterior, '' AS flags FROM range({CLIENTS}) r(i)",
    "items BY NAME SELECT i AS item, i // 10 AS package, 'npm' AS ecosystem, 'artifact' AS kind, "
    f"'pkg:npm/p' || i // 10 || '@1.' || i % 10 AS purl, '1.' || i % 10 AS version FROM range({FILES}) r(i)",
    "packages BY NAME SELECT i AS package, 'npm' AS ecosystem, 'pkg:npm/p' || i AS purl "
    f"FROM range({FILES // 10}) r(i)",
)


def fill(engine: duckdb.DuckDBPyConnection, pairs: int) -> None:
    """The tables of an analysis with so many facts, no two of the same client and file."""
    words = {"ecosystem": ("", "npm"), "kind": KINDS, "method": METHODS, "cache": CACHES}
    for name, values in words.items():
        engine.execute(f"CREATE TYPE {name}_name AS ENUM {values!r}")
    for name, columns in TABLES.items():
        own = {**columns, **{word: f"{word}_name" for word in words}} if name == "facts" else columns
        engine.execute(f"CREATE TABLE {name} ({as_columns(own)})")
    engine.execute(FACTS, [pairs])
    for query in OTHERS:
        engine.execute(f"INSERT INTO {query}")


def main(pairs: int, folder: str, memory: str = ENGINE) -> None:
    """Raises ValueError if there cannot be so many pairs, AssertionError if a pair was lost."""
    if pairs > CLIENTS * FILES:
        raise ValueError(f"at most {CLIENTS * FILES} pairs")
    with ExitStack() as stack:
        engine = stack.enter_context(
            opened(folder, Options(keys=derive(bytes(32), "2026-09"), memory=memory, threads=1))
        )
        began = time.perf_counter()
        fill(engine, pairs)
        engine.execute("SET preserve_insertion_order = false")  # as `gather` does when everything is read
        settle(engine)  # the same
        made = time.perf_counter()
        found = measure(engine, *DEFAULT)
        ended = time.perf_counter()
    (factor,) = {row["repeat_factor"] for row in found["repeat_factor"].dicts() if row["rung"] == "address"}
    if factor != 1:
        raise AssertionError(f"pairs were counted twice or lost: {factor}")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"made in {made - began:.1f} s, measured in {ended - made:.1f} s, at most {most:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
