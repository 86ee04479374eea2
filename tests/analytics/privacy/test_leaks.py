"""The search for addresses finds them in every form; a search that finds nothing would pass everything."""

from __future__ import annotations

import gzip
import ipaddress
from pathlib import Path

import duckdb
import pytest
import zstandard

from analytics.privacy.leaks import leaks

FOUR, SIX = "240.17.34.51", "2001:db8:77::9"


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"x " + FOUR.encode() + b" y", "text"),
        (FOUR.encode() + b".", "text"),
        (SIX.encode(), "text"),
        (b"[2001:0DB8:0077:0:0:0:0:0009]:443", "text"),
        (b"\xff" + ipaddress.ip_address(FOUR).packed + b"\xff", "packed"),
        (b"\xff" + ipaddress.ip_address(FOUR).packed[::-1], "packed"),
        (b"\xff" + ipaddress.ip_address(SIX).packed, "packed"),
        (b"0xf0112233", "hex"),
        (b"20010DB8007700000000000000000009", "hex"),
        (b"at 4027654707 it", "number"),
    ],
)
def test_every_form_is_found(data: bytes, form: str) -> None:
    assert any(line.endswith(f"({form})") for line in leaks([FOUR, SIX], data))
    assert leaks([FOUR, SIX], data.decode("latin-1")) or form == "packed"


def test_other_things_are_not_found() -> None:
    assert leaks([FOUR, SIX], b"1240.17.34.51 240.17.34.510 240.17.34.5 2001:db8:77::90 f011223 " + bytes(100)) == []


def test_folders_and_compressed_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.gz").write_bytes(gzip.compress(FOUR.encode()))
    (tmp_path / "b.zst").write_bytes(zstandard.compress(SIX.encode() * 100))
    (tmp_path / "empty").write_bytes(b"")
    path = tmp_path / "c.parquet"
    with duckdb.connect() as engine:
        engine.execute(
            f"COPY (SELECT '{FOUR}' || '' AS a FROM range(100)) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        )
    found = leaks([FOUR, SIX], tmp_path)
    assert {line.split(":")[0] for line in found} == {"a.gz", "b.zst", "c.parquet"}
