"""Type a command, see what it says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from subak.cli import main


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Type = Callable[..., Said]


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command in an empty folder of a person whose clients name an example registry."""
    clients = ("PIP_", "UV_", "NPM_", "YARN_", "PNPM_", "BUN_", "GO", "CARGO_", "COMPOSER_", "GEM", "BUNDLE_", "MAVEN_")
    for name in list(os.environ):
        if name.upper().startswith(("SUBAK_", "NO_PROXY", "XDG_", *clients)):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBAK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:secret@registry.example/simple")
    monkeypatch.setenv("npm_config_registry", "https://registry.example/npm/")
    monkeypatch.setenv("SHELL", "/bin/bash")

    def typed(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["subak", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "secret" not in out + err
        assert "Traceback" not in err
        return Said(int(ended.value.code or 0), out, err)

    return typed
