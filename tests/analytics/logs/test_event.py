"""The tables and the records have the same columns."""

from __future__ import annotations

import duckdb
import msgspec

from subak.analytics.logs.event import EVENTS, REJECTS, Event, Reject, as_columns


def test_columns_are_those_of_the_records() -> None:
    assert tuple(EVENTS) == Event.__struct_fields__
    assert tuple(REJECTS) == Reject.__struct_fields__


def test_types_are_those_of_the_records() -> None:
    types = {"DOUBLE": float, "VARCHAR": str, "SMALLINT": int, "BIGINT": int}
    for columns, record in ((EVENTS, Event), (REJECTS, Reject)):
        assert {f.name: f.type for f in msgspec.structs.fields(record)} == {n: types[k] for n, k in columns.items()}
        duckdb.execute(f"CREATE OR REPLACE TEMP TABLE t ({as_columns(columns)})")
