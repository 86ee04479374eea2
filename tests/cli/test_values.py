"""Values of options: what is plain is taken as it is, and is what Typer would have made of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from subak.cli.values import QuickCommand, QuickGroup, Unlike, plain

Got = dict[str, Any]
PLAIN = ["one.log", "two.log", "--text", "a b", "--file", "out.html", "--files", "a", "--files", "b", "--on"]


NAMES = typer.Argument(None)
FILE = typer.Option(None)
THERE = typer.Option(None, exists=True)


def told(cls: type[Any] | None, arguments: list[str]) -> Got:
    """What a command gets that was typed with these arguments."""
    got: Got = {}

    def command(
        names: list[str] | None = NAMES,
        text: str = "none",
        file: Path | None = FILE,
        files: list[Path] | None = FILE,
        there: Path | None = THERE,
        many: list[str] | None = FILE,
        number: int = typer.Option(20, min=1),
        share: float = 0.5,
        on: bool = False,
        either: bool | None = typer.Option(None, "--either/--neither"),
    ) -> None:
        got.update(locals())
        del got["got"]

    app = typer.Typer(cls=QuickGroup, add_completion=False)
    app.command(cls=cls)(command)
    get_command(app)(arguments, standalone_mode=False)
    return got


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        PLAIN,
        ["--number", "3"],
        ["--share", "1"],
        ["--either"],
        ["--neither"],
        ["--text", ""],
        ["--text", "Größe"],
        ["--text", "\udcff"],
        ["größe.log"],
        ["--there", "/"],
        ["--file", "/"],
        ["--file", "-"],
        ["--many", "a", "--many", "ö"],
    ],
)
def test_a_command_gets_what_typer_would_make_of_it(arguments: list[str]) -> None:
    quick, checked = told(QuickCommand, arguments), told(None, arguments)
    assert quick == checked
    assert {name: type(value) for name, value in quick.items()} == {n: type(v) for n, v in checked.items()}


@pytest.mark.parametrize("arguments", [["--number", "0"], ["--number", "x"], ["--share", "x"], ["--there", "/no/such"]])
def test_what_is_wrong_is_refused_in_the_same_words(arguments: list[str]) -> None:
    said = []
    for cls in (QuickCommand, None):
        with pytest.raises(typer.BadParameter) as refused:
            told(cls, arguments)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_plain_values_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "typer._adapters", None)  # an import of it fails
    assert told(QuickCommand, PLAIN)["files"] == [Path("a"), Path("b")]


def test_a_required_value_is_left_to_typer() -> None:
    def command(name: str = typer.Argument(...)) -> None: ...

    app = typer.Typer(add_completion=False)
    app.command()(command)
    (param,) = get_command(app).params
    with pytest.raises(Unlike):
        plain(param, "anybody")


def test_a_callback_is_called_with_it(capsys: pytest.CaptureFixture[str], cli: Callable[..., Any]) -> None:
    assert cli("--version").out.startswith("subak ")
