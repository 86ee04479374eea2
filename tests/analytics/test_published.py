"""When versions were published."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from subak.analytics import published
from subak.errors import ConfigError, StoreFailed


def test_times_in_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(
        "purl,time\npkg:npm/a@1,2026-10-05T00:00:00Z\n\npkg:npm/b@1,1791158401\npkg:npm/c@1,2026-10-05T02:00:02+02:00\n"
    )
    with duckdb.connect() as engine:
        assert published.load_published(engine, path) == 3
        rows = engine.execute('SELECT purl, "at" - 1791158400 FROM published ORDER BY purl').fetchall()
    assert rows == [("pkg:npm/a@1", 0), ("pkg:npm/b@1", 1), ("pkg:npm/c@1", 2)]


def test_large_lists_come_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "BATCH", 2)
    path = tmp_path / "p.csv"
    path.write_text("".join(f"pkg:npm/a@{n},{n}\n" for n in range(5)))
    with duckdb.connect() as engine:
        assert published.load_published(engine, path) == 5
        assert engine.execute('SELECT count(*), sum("at") FROM published').fetchall() == [(5, 10)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"pkg:npm/a@1\n", "line 1: a purl and a time"),
        (b"purl,at\nleft-pad,1\n", "line 2: a purl and a time"),
        (b"pkg:npm/a@1,yesterday\n", "'yesterday' is no time"),
        (b"pkg:npm/a@1,nan\n", "is no time"),
        (b"pkg:npm/a@1,\xff\n", "is no text"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(text: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(text)
    with duckdb.connect() as engine, pytest.raises(ConfigError, match=says):
        published.load_published(engine, tmp_path / "p.csv")


def test_a_missing_file(tmp_path: Path) -> None:
    with duckdb.connect() as engine, pytest.raises(StoreFailed, match=r"Reading no\.csv failed"):
        published.load_published(engine, tmp_path / "no.csv")
