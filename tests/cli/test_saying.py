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


def test_long_findings_hang_below_their_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saying, "pretty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    saying.marked("ok", "upstream debian-security", "https://registry.example/ " + "word " * 10, "do it", width=26)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "ok    upstream debian-security  https://registry.example/"
    assert len(rest) == 3
    assert all(line.startswith(" " * 32) and line[32] != " " and len(line) <= 60 for line in rest)


@pytest.mark.parametrize(
    ("width", "kept"),
    [(40, "name a b c"), (15, "name a b c"), (14, "name a b"), (12, "name a b"), (11, "name a"), (3, "name a")],
)
def test_columns_that_fit(width: int, kept: str) -> None:
    columns = ("name", "a", "b", "c")
    rows = [("long", "10", "1", "0"), ("x", "9", "12", "-")]
    expendable = ("b", "c")  # but nothing is in c
    assert [columns[i] for i in saying.fitting(columns, rows, width, expendable)] == kept.split()


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    saying.as_json({"a": ["é"]})
    assert json.loads(capsys.readouterr().out) == {"a": ["é"]}
