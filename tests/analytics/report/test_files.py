"""What an analysis leaves on a disk."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from tests.analytics.report.harvest import REQUESTS

from subak.analytics.report import files
from subak.analytics.report.model import Report
from subak.analytics.schema import TABLES
from subak.errors import BadRequest, StoreFailed


def test_a_file_is_whole_private_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    files.write(path, [b"one"])
    files.write(path, [b"t", b"wo"])
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(StoreFailed, match="Writing x failed"):
        files.write(tmp_path / "no" / "x", [b""])


def test_tables_and_report_go_into_a_folder(engine: duckdb.DuckDBPyConnection, report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "o'clock"
    files.tables(engine, folder, report)
    files.tables(engine, folder, report)
    names = {path.name for path in folder.iterdir()}
    assert names == {"report.json", *(f"{name}.parquet" for name in TABLES)}
    engine.execute("SELECT count(*) FROM read_parquet($1)", [str(folder / "facts.parquet")])
    assert engine.fetchall() == [(REQUESTS,)]
    assert files.read_report(folder) == files.read_report(folder / "report.json") == report
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_with_anything_else_is_left_alone(
    engine: duckdb.DuckDBPyConnection, report: Report, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadRequest, match="is not empty"):
        files.tables(engine, tmp_path, report)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_cannot_be_read_is_said_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match=r"^Reading r\.json failed"):
        files.read_report(tmp_path / "r.json")


def test_rejected_lines_as_csv_that_no_spreadsheet_obeys(engine: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    files.rejected(engine, tmp_path / "r.csv")
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["source", "line", "bytes", "reason", "sample"]
    assert rows[1] == ["a.log", "3", "7", "short", "'=cmd()"]
    assert rows[3][4] == "'@x"
    assert all(cell.isprintable() for row in rows for cell in row)
