"""The command line as a whole: help, usage, failures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import subak

Type = Callable[..., Any]


def test_version_and_help(cli: Type) -> None:
    assert cli("--version").out == f"subak {subak.__version__}\n"
    text = cli("--help").out
    for command in ("serve", "run", "env", "init", "doctor", "stats", "explain", "keys"):
        assert command in text
        assert cli(command, "--help").code == 0
    for command in ("create", "list", "revoke", "rotate"):
        assert cli("keys", command, "--help").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("serv",),
        ("env", "--shell", "tcsh"),
        ("env", "no-such-client"),
        ("stats", "--since", "soon"),
        ("run",),
        ("serve", "--port", "x"),
    ],
)
def test_wrong_usage_is_2(cli: Type, arguments: tuple[str, ...]) -> None:
    assert cli(*arguments).code == 2


def test_a_failure_is_1_and_says_what_to_do(cli: Type, tmp_path: Path) -> None:
    (tmp_path / "subak.toml").write_text("[server]\nprot = 1\n")
    said = cli("env")
    assert said.code == 1
    assert said.err.startswith("error: ")
    assert "did you mean 'port'" in said.err
    assert cli("serve", "--config", "none.toml").err.endswith("fix: Check the path given with --config.\n")


def test_help_does_not_load_the_engine() -> None:
    code = "import sys, subak.cli; print([m for m in ('duckdb', 'aiohttp', 'uvicorn', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
