"""Engines fetch nothing."""

from __future__ import annotations

import duckdb
import pytest

from subak.analytics.offline import OFFLINE


def test_an_engine_fetches_no_extension() -> None:
    with duckdb.connect(config=OFFLINE) as engine:
        found = dict(engine.execute("SELECT name, value FROM duckdb_settings()").fetchall())
        assert {name: found[name] for name in OFFLINE} == dict.fromkeys(OFFLINE, "false")
        with pytest.raises(duckdb.Error):
            engine.execute("SELECT * FROM st_read('nothing.shp')")
