"""How an analysis is said at a terminal, in a pipe, and while it runs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from subak.analytics.report.terminal import BAR, Sheet
from subak.cli import saying, showing

Type = Callable[..., Any]
SHEET = Sheet("Some", ("who", BAR, "bytes"), ("", BAR, "bytes"), (("=a\x1b[2J", 0.5, 2_000_000),))


def test_a_pipe_gets_plain_rows(capsys: pytest.CaptureFixture[str]) -> None:
    showing._table(SHEET)
    assert capsys.readouterr().out == "# Some\nwho\tbytes\n'=a\\x1b[2J\t2000000\n"
    showing._table(SHEET, alone=True)
    assert capsys.readouterr().out.startswith("who\tbytes\n")


def test_a_terminal_gets_bars_and_units(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (saying, showing.saying):
        monkeypatch.setattr(module, "pretty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    showing._table(SHEET)
    out = capsys.readouterr().out
    assert "███████" in out
    assert "2.0 MB" in out
    assert "\x1b[2J" not in out


def test_no_bar_while_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with showing.progress() as told:
        told("read", 1, 2)
    assert capsys.readouterr().err == ""


def test_a_bar_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with showing.progress() as told:
        told("read", 0, 0)
        told("read", 500_000, 1_000_000)
        told("classify", 0, 0)
        told("another stage", 0, 0)
    assert "another stage" in screen.getvalue()
    assert "0.5/1.0 MB" in screen.getvalue()


def test_measures_are_listed_with_their_definitions(cli: Type) -> None:
    out = cli("analyze", "--measures").out
    assert "# For --by and --where" in out
    assert "\nrequests\trequests\t" in out
    assert "\ntop_share\tshare\t" in out
    assert '"dimensions"' in cli("analyze", "--measures", "--json").out
