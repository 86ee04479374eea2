"""Every step of the layout can be taken from the one before."""

from __future__ import annotations

import sqlite3

import pytest

from subak.store.schema import MIGRATIONS


@pytest.mark.parametrize("start", range(len(MIGRATIONS)))
def test_from_every_step_to_the_last(start: int) -> None:
    raw = sqlite3.connect(":memory:")
    for step in (*MIGRATIONS[:start], *MIGRATIONS[start:]):
        for statement in step:
            raw.execute(statement)
    tables = {name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"documents", "files", "blobs", "loose", "keys", "counts"}


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("SELECT 1 FROM files WHERE ecosystem = ? AND path = ?", "PRIMARY KEY"),
        ("SELECT 1 FROM documents WHERE ecosystem = ? AND key = ?", "PRIMARY KEY"),
        ("UPDATE files SET blob = '' WHERE blob = ? AND blob <> ''", "files_blob"),
        ("UPDATE documents SET blob = '' WHERE blob = ? AND blob <> ''", "documents_blob"),
        ("DELETE FROM documents WHERE blob = '' AND checked_at < ?", "documents_empty"),
        ("SELECT sha256, size FROM blobs WHERE (used_at, sha256) > (?, ?) ORDER BY used_at, sha256", "COVERING INDEX"),
        ("SELECT sha256, size FROM blobs WHERE sha256 >= ? AND sha256 < ? || 'g'", "PRIMARY KEY"),
        ("SELECT 1 FROM keys WHERE hash = ?", "sqlite_autoindex_keys"),
    ],
)
def test_no_question_reads_a_whole_table(sql: str, plan: str) -> None:
    raw = sqlite3.connect(":memory:")
    for step in MIGRATIONS:
        for statement in step:
            raw.execute(statement)
    found = " ".join(row[3] for row in raw.execute("EXPLAIN QUERY PLAN " + sql, ("",) * sql.count("?")))
    assert "SEARCH" in found
    assert "SCAN" not in found
    assert plan in found
