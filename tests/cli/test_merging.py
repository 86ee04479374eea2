"""Sketches of several registries, added up as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subak.cli import merging

Type = Callable[..., Any]


@pytest.fixture
def sketches(cli: Type, tmp_path: Path) -> tuple[str, str]:
    """Of two logs: 30 addresses ask once, a first one 70 times more; 15 of them are in both."""
    for name, first in (("one", 0), ("two", 15)):
        asked = [f"240.{n}.0.1" for n in range(first, first + 30)] + [f"240.{first}.0.1"] * 70
        line = (
            '{} - - [05/Oct/2026:01:00:00 +0000] "GET /left-pad/-/left-pad-1.3.0.tgz HTTP/1.1" 200 100 "-" "npm/11"\n'
        )
        (tmp_path / f"{name}.log").write_text("".join(map(line.format, asked)))
        assert cli("analyze", f"{name}.log", "--sketch", f"{name}.sketch").code == 0
    return "one.sketch", "two.sketch"


def test_they_add_up(cli: Type, sketches: tuple[str, str]) -> None:
    said = cli("analyze", "--merge-sketches", *sketches)
    assert said.code == 0
    head, *rows = (line.split("\t") for line in said.out.splitlines())
    assert tuple(head) == merging.COLUMNS
    low, high = map(float, next(row[2:4] for row in rows if row[:2] == ["addresses", "requests"]))
    assert low <= 71 / 200 <= high
    assert "240." not in said.out
    assert "keep it to yourselves" in said.err
    assert json.loads(cli("analyze", "--merge-sketches", "--json", *sketches).out)["parts"] == 2


def test_a_terminal_gets_shares(
    cli: Type, sketches: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(merging.saying, "pretty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    merging.show_merged(list(sketches), json=False)
    assert " %" in capsys.readouterr().out


def test_strangers_and_nothing_are_refused(cli: Type, sketches: tuple[str, str], tmp_path: Path) -> None:
    assert cli("analyze", "--merge-sketches").code == 2
    assert cli("analyze", "--merge-sketches", "none.sketch").code == 1
    assert cli("analyze", "one.log", "--sketch", "old.sketch", "--epoch", "2026-01").code == 0
    said = cli("analyze", "--merge-sketches", "one.sketch", "old.sketch")
    assert (said.code, "different epochs" in said.err) == (1, True)
    (tmp_path / "bad.sketch").write_text("{}")
    assert cli("analyze", "--merge-sketches", "bad.sketch").code == 1
