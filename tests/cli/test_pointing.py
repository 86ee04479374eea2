"""Pointing clients here: what is printed, written and run, and with which exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subak.config import load

Type = Callable[..., Any]


def test_env_is_what_a_shell_can_eval(cli: Type) -> None:
    said = cli("env", "pip", "--url", "https://gate.example/subak/")
    assert "export PIP_INDEX_URL=https://gate.example/subak/pypi/simple/\n" in said.out
    assert "npm_config_registry" not in said.out
    assert cli("env", "--shell", "gitlab").out.startswith("variables:\n")


def test_env_as_json_and_from_the_settings(cli: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBAK_SERVER_PORT", "9999")
    found = json.loads(cli("env", "npm", "--json").out)
    assert found["environ"]["npm_config_registry"] == "http://127.0.0.1:9999/npm/"
    assert found["clients"] == ["npm"]


def test_init_writes_what_serve_reads(cli: Type, tmp_path: Path) -> None:
    said = cli("init")
    assert said.code == 0
    assert "from PIP_INDEX_URL" in said.out
    assert "credentials were not written down" in said.out
    assert load(str(tmp_path / "subak.toml"), {}).upstream.registries == {
        "pypi": "https://registry.example/simple/", "npm": "https://registry.example/npm/",
    }  # fmt: skip
    again = cli("init")
    assert again.code == 1
    assert "--force" in again.err


def test_init_looks_afresh(cli: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("init")
    monkeypatch.setenv("npm_config_registry", "https://files.example/")
    assert cli("init", "--force").code == 0
    assert load(str(tmp_path / "subak.toml"), {}).upstream.registries["npm"] == "https://files.example/"


def test_doctor_finds_what_is_wrong(cli: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    address = f"http://127.0.0.1:{free}"
    said = cli("doctor", "--offline", "--json", "--url", address)
    found = json.loads(said.out)
    assert {f["name"]: f["state"] for f in found["findings"]}["upstream pypi"] == "ok"
    assert (said.code, found["state"]) == (0, "warn")

    (tmp_path / "subak.toml").write_text("[server]\nprot = 1\n")
    said = cli("doctor", "--offline", "--url", address)
    assert said.code == 1
    assert said.out.startswith("FAIL\tsettings\t")


def test_doctor_tells_of_a_memory_it_cannot_read(cli: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "upstreams.json").write_text("{")
    said = cli("doctor", "--offline", "--url", "http://127.0.0.1:9")
    assert said.code == 1
    assert "cannot be understood" in said.out


def test_run_without_a_gateway_elsewhere(cli: Type) -> None:
    said = cli("run", "--url", "http://gate.invalid:1", "--", sys.executable, "-c", "")
    assert said.code == 1
    assert "no gateway answers at http://gate.invalid:1" in said.err
    assert cli("run", "no-such-command").code == 127


@pytest.mark.slow
def test_run_with_a_real_gateway(tmp_path: Path) -> None:
    """`python -m subak run` from nothing: it starts a gateway, passes code and signal on, leaves nothing running."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environ = {
        **os.environ, "SUBAK_DATA": str(tmp_path / "data"), "SUBAK_SERVER_PORT": str(port), "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "SUBAK_UPSTREAM_PYPI": "off", "SUBAK_UPSTREAM_NPM": "off",
    }  # fmt: skip
    code = """
import os, sys, urllib.request
with urllib.request.urlopen(os.environ["PIP_INDEX_URL"].replace("/pypi/simple/", "/-/health")) as answer:
    print(answer.status, os.environ["PIP_INDEX_URL"])
sys.stdout.flush()
if sys.argv[1] == "die":
    os.kill(os.getpid(), 15)
sys.exit(5)
"""
    for how, expected in (("exit", 5), ("die", -signal.SIGTERM)):
        command = [sys.executable, "-m", "subak", "run", "--", sys.executable, "-c", code, how]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.stdout == f"200 http://127.0.0.1:{port}/pypi/simple/\n", done.stderr
        assert done.returncode == expected, done.stderr
        with socket.socket() as again:
            assert again.connect_ex(("127.0.0.1", port)) != 0, "the gateway is still there"
