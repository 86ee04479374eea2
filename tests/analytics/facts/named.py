"""Names as in an analysis, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import duckdb

from subak.analytics.facts.apart import employed
from subak.analytics.facts.meanings import Askers, Targets
from subak.analytics.facts.naming import Naming
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Names
from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES, Ranges

NAMES = Names(derive(b"k" * 32, "2026-10"))


@contextmanager
def naming(engine: duckdb.DuckDBPyConnection, ranges: Ranges = NO_RANGES) -> Iterator[Naming]:
    """Somebody who names, in this process."""
    with (
        closing(employed(Askers(NAMES, ranges, NO_CONSUMERS), apart=False)) as askers,
        closing(employed(Targets(Recogniser()), apart=False)) as targets,
        closing(Naming(engine, askers, targets)) as made,
    ):
        yield made
