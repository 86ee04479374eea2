"""The process that the gateway and the command line start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from subak.analytics.__main__ import main
from subak.model.exchange import Agent, Caller, Kind, Origin, Subject
from subak.model.reading import asked_part, caller_part, compose, outcome_part
from subak.store.journal import Journal

NOON = 1_790_078_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    journal = Journal(tmp_path, "w0", lambda: NOON, 0.5, 10)
    asked = asked_part(Subject(ecosystem="npm", kind=Kind.ARTIFACT, purl="pkg:npm/demo@1"))
    caller = caller_part(Caller(agent=Agent("npm", "1", True)))
    for at in (NOON - 100, NOON - 10, NOON - 5):
        journal.note(compose(outcome_part(at, "GET", 200, 10, 0, Origin.CACHE, 0.1, "", ""), asked, caller))
    journal.close()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object], str]:
    status = main(["--now", str(NOON), *arguments])
    shown = capsys.readouterr()
    return status, json.loads(shown.out or "{}"), shown.err


def test_stats_and_compact(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found, _ = run(capsys, "stats", str(folder), "--since", "50", "--json")
    assert (status, found["overall"]["requests"]) == (0, 2)  # type: ignore[index]  # JSON
    status, done, _ = run(capsys, "compact", str(folder), "--keep", "86400")
    assert (status, done["segments"], done["rows"]) == (0, 1, 3)
    status, table, _ = run(
        capsys, "stats", str(folder), "--since", "500", "--by", "agent,ci", "--show", "hits,requests"
    )
    assert table == {"columns": ["agent", "ci", "hits", "requests"], "rows": [["npm", True, 3, 3]]}


def test_failures_and_misuse_have_their_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, told = run(capsys, "stats", str(folder), "--since", "50", "--by", "agents")
    assert status == 2
    assert "did you mean 'agent'" in told
    (folder / "2026-09-22").mkdir()
    (folder / "2026-09-22" / "day-1.parquet").write_bytes(b"damaged")
    status, _, told = run(capsys, "stats", str(folder), "--since", "50")
    assert status == 1
    assert "day-1.parquet" in told
    (folder / "2026-09-22" / "merge.json").write_bytes(b"damaged")
    status, done, told = run(capsys, "compact", str(folder))
    assert (status, done["segments"], done["failed"]) == (1, 1, 1)
    assert "merge.json" in told
    with pytest.raises(SystemExit) as usage:
        main(["stats", str(folder)])
    assert usage.value.code == 2


def test_as_a_process(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "subak.analytics", "stats", str(folder), "--since", "1e9", "--json"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["overall"]["requests"] in (0, 3)  # the real clock may lie before the readings


def test_workers_never_load_the_engine() -> None:
    code = "import sys, subak.store.journal, subak.gateway.metrics; sys.exit('duckdb' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
