"""Plain text for pipes, colours for people, JSON for programs."""

from __future__ import annotations

import json

import pytest

from subak.cli import saying
from subak.errors import NotFound


def test_a_complaint_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    saying.complain(NotFound("gone", fix="Look elsewhere."))
    saying.complain(NotFound("gone"))
    assert capsys.readouterr() == ("", "error: gone\nfix: Look elsewhere.\nerror: gone\n")


def test_piped_tables_are_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    saying.table("T", ("a", "b"), [("x", "1"), ("[red]y", "2")], numbers=1)
    saying.marked("fail", "disk", "full", "free some")
    saying.marked("ok", "clock", "right", "")
    saying.heading("H")
    assert capsys.readouterr().out == "a\tb\nx\t1\n[red]y\t2\nFAIL\tdisk\tfull\tfree some\nok\tclock\tright\nH\n"


def test_on_a_terminal_names_are_no_markup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saying, "pretty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    saying.table("T", ("a", "b"), [("[red]y", "2")], numbers=1)
    long_line = "x" * 90
    saying.marked("warn", "client", "[bold]text", long_line)
    saying.heading("[b]H")
    out = capsys.readouterr().out
    for text in ("[red]y", "[bold]text", "[b]H", long_line):
        assert text in out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    saying.as_json({"a": ["é"]})
    assert json.loads(capsys.readouterr().out) == {"a": ["é"]}
