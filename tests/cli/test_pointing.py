"""Pointing clients here: what is printed, written and run, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subak.adoption.settings import folder_for
from subak.config import load
from subak.ecosystems import ALL

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


def test_env_writes_files_and_shims_into_the_data_folder(
    cli: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every client of today's list that needs files; with one program of each installed, as far as it needs a shim."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    needy = [c for e in ALL for c in e.clients if c.files or c.shims]
    (tmp_path / "bin").mkdir()
    for name in {name for client in needy for name, _ in client.shims}:
        (tmp_path / "bin" / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    for ecosystem in ALL:
        monkeypatch.setenv(f"SUBAK_UPSTREAM_{ecosystem.name.upper()}", "https://registry.example/all/")
    said = cli("env", *(c.name for c in needy), "--url", url)
    folder = folder_for(tmp_path / "data", url)
    assert said.err == ""
    for client in needy:
        for path, _ in client.files:
            assert not re.search(r"\{(base|netloc|plain|folder|upstream\w*)\}", (folder / path).read_text())
        for name, arguments in client.shims:
            done = subprocess.run(["sh", "-c", f"{said.out}{name} mine"], capture_output=True, text=True, check=True)
            assert done.stdout.startswith(arguments[0])
            assert done.stdout.endswith(" mine\n")


def test_env_for_other_machines_leaves_out_what_needs_files(cli: Type, tmp_path: Path) -> None:
    said = cli("env", "cargo", "pip", "--shell", "gitlab")
    assert "PIP_INDEX_URL" in said.out
    assert "PATH" not in said.out
    assert said.err == "subak: not pointed here: cargo (it needs files, which are for this machine only)\n"
    assert not (tmp_path / "data").exists()


def test_env_in_a_folder_that_cannot_be_written(cli: Type, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    said = cli("env", "cargo")
    assert said.code == 1
    assert "the settings of clients cannot be written" in said.err
    assert "SUBAK_DATA" in said.err
    assert cli("env", "pip").code == 0


def test_init_writes_what_serve_reads(cli: Type, tmp_path: Path) -> None:
    said = cli("init")
    assert said.code == 0
    assert "from PIP_INDEX_URL" in said.out
    assert "credentials were not written down" in said.out
    registries = load(str(tmp_path / "subak.toml"), {}).upstream.registries
    assert registries["pypi"] == "https://registry.example/simple/"
    assert registries["npm"] == "https://registry.example/npm/"
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
