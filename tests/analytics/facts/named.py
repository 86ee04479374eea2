"""Names as in an analysis, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from subak.analytics.facts.naming import Naming
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Names
from subak.analytics.ranges import NO_RANGES, Ranges
from subak.analytics.workers.staff import hired

KEYS = derive(b"k" * 32, "2026-10")
NAMES = Names(KEYS)


@contextmanager
def naming(engine: duckdb.DuckDBPyConnection, ranges: Ranges = NO_RANGES) -> Iterator[Naming]:
    """Somebody who names, in this process."""
    with hired(KEYS, ranges=ranges) as staff, closing(Naming(engine, staff, b"k" * 16, 2**27)) as made:
        yield made
