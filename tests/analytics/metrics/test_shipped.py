"""The SQL in the package is what the expressions compile to, and says what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tools import queries

from subak.analytics.metrics.catalogue import MEASURES
from subak.analytics.metrics.run import PARTS
from subak.analytics.metrics.shipped import DIALECTS, parse, shipped
from subak.analytics.schema import TABLES
from subak.errors import BadRequest


def test_the_files_are_those_that_the_expressions_give() -> None:
    assert queries.main(["--check"]) == 0


def test_a_file_that_differs_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(queries, "DIALECTS", ("duckdb",))
    monkeypatch.setattr(queries, "HEAD", "-- Something else.\n")
    assert queries.main(["--check"]) == 1
    assert "duckdb.sql" in capsys.readouterr().err


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_measure_has_its_query_in_every_dialect(dialect: str) -> None:
    found = shipped(dialect)
    for measure in MEASURES.values():
        for query in PARTS.get(measure.query, (measure.query,)):
            assert query in found.queries or query == "bounded"
    known = {*TABLES, "parameters", "published"}
    for name, step in found.steps.items():
        assert set(step.needs) <= known, name
        known.add(name)
    assert all(set(query.needs) <= known for query in found.queries.values())


def test_only_the_steps_that_are_needed_are_stored() -> None:
    found = shipped("duckdb")
    assert found.steps_for(["totals"]) == ["spells", "ways", "days", "visits"]
    assert found.steps_for(["concentration"]) == ["spells", "days", "unit_days", "units", "ranked"]
    assert found.steps_for([]) == []


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(BadRequest, match="no measures for the dialect"):
        shipped("../secrets")


def test_a_file_is_read_by_its_heads() -> None:
    found = parse("-- Head.\n\n-- step a: facts x\nSELECT\n 1\n;\n\n-- measure m: \ncount(*)\n;\n")
    assert (found.steps["a"].text, found.steps["a"].needs) == ("SELECT\n 1", ("facts", "x"))
    assert (found.measures["m"].text, found.measures["m"].needs) == ("count(*)", ())


def test_measuring_imports_no_ibis() -> None:
    code = "import sys, subak.analytics.metrics.run, subak.analytics.metrics.table; print('ibis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
