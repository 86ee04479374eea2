"""A file in memory that the engine can read again and again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import pytest

from subak.analytics.logs.scratch import Scratch


def rows(path: str) -> list[tuple[str, ...]]:
    return duckdb.execute(f"SELECT * FROM read_csv('{path}', header=false, columns={{'a': 'VARCHAR'}})").fetchall()


def test_it_holds_what_was_put_last() -> None:
    with Scratch() as scratch:
        scratch.put(b"long line\nand another\n")
        assert rows(scratch.path) == [("long line",), ("and another",)]
        scratch.put(b"short\n")
        assert rows(scratch.path) == [("short",)]
        scratch.put(b"")
        assert Path(scratch.path).read_bytes() == b""


def test_nothing_is_left() -> None:
    with Scratch() as scratch:
        scratch.put(b"192.0.2.1\n")
        path = scratch.path
    assert not os.path.exists(path)
    scratch.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no files without names")
def test_it_has_no_name_on_a_disk() -> None:
    with Scratch() as scratch:
        scratch.put(b"192.0.2.1\n")
        assert os.readlink(scratch.path).startswith("/memfd:")
