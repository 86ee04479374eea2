"""What the doctor finds, on machines that are well and machines that are not."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from subak.adoption import doctor
from subak.adoption.doctor import CHECKS, Finding, Patient, examine, worst
from subak.config import Bytes, CacheConfig, Config
from subak.ecosystems.base import Client, Ecosystem, Route
from subak.errors import ConfigError
from subak.model.exchange import Kind, Subject
from subak.sources.discovery import CHOSEN, Found

PIP = Client(
    "pip", (("PIP_INDEX_URL", "{base}/pypi/simple/"),), "pip config set x {base}", version=("pip", "--version")
)
YARN = Client("yarn", (), "yarn one {base}", version=("yarn", "--version"))
BERRY = Client("yarn-berry", (), "yarn two {base}", version=("yarn", "--version"))
SAMPLE = Ecosystem(
    name="pypi", title="Python", clients=(PIP, YARN, BERRY),
    routes=(Route("file", "/files/{a}/{b}", Kind.ARTIFACT), Route("index", "/simple/{name}/", Kind.INDEX)),
    subject=lambda route, params: Subject("pypi", route.kind, name=params["name"]),
    source=lambda subject, base: f"{base}{subject.name}/",
)  # fmt: skip
URL = "http://127.0.0.1:9"


def _patient(tmp_path: Path, **changes: Any) -> Patient:
    config = Config(cache=CacheConfig(data=str(tmp_path / "data"), reserve=Bytes(0)))
    well = Patient(
        config=config, trouble=None, upstreams=(), url=URL, environ={"PATH": str(tmp_path / "bin")}, now=time.time,
        ecosystems=(SAMPLE,),
    )  # fmt: skip
    return dataclasses.replace(well, **changes)


def _only(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_all_checks_run_in_order(tmp_path: Path) -> None:
    names = [f.name for f in examine(_patient(tmp_path))]
    assert names == ["settings", "data folder", "open files", "clock", "gateway"]
    assert len(CHECKS) == 7


def test_worst() -> None:
    rows = [Finding("a", "ok", ""), Finding("b", "warn", ""), Finding("c", "fail", "")]
    assert [worst(rows[:n]) for n in range(4)] == ["ok", "ok", "warn", "fail"]


def test_settings(tmp_path: Path) -> None:
    assert _only(doctor.settings(_patient(tmp_path))).state == "ok"
    found = _only(doctor.settings(_patient(tmp_path, trouble=ConfigError("unknown key 'prot'", fix="say port"))))
    assert (found.state, found.text, found.fix) == ("fail", "unknown key 'prot'", "say port")


def test_data_folder(tmp_path: Path) -> None:
    found = _only(doctor.data_folder(_patient(tmp_path)))
    assert "made at first start" in found.text
    assert not (tmp_path / "data").exists(), "looking must not make it"
    full = Config(cache=CacheConfig(data=str(tmp_path), reserve=Bytes(2**62)))
    assert _only(doctor.data_folder(_patient(tmp_path, config=full))).state == "fail"
    (tmp_path / "file").write_text("")
    below = Config(cache=CacheConfig(data=str(tmp_path / "file" / "data"), reserve=Bytes(0)))
    assert _only(doctor.data_folder(_patient(tmp_path, config=below))).state == "fail"


def test_clock(tmp_path: Path) -> None:
    assert _only(doctor.clock(_patient(tmp_path, now=lambda: 0.0))).state == "fail"
    assert _only(doctor.clock(_patient(tmp_path, now=lambda: doctor.EARLIEST + 1))).state == "ok"


# ---------------------------------------------------------------- other machines


class Registry(BaseHTTPRequestHandler):
    """Answers with the status named in the first segment of the path; 405 to HEAD below 'get-only'."""

    asked: list[tuple[str, str, str]]
    skew = 0.0

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        first = self.path.split("/")[1]
        status = 405 if first == "get-only" and self.command == "HEAD" else int(first) if first.isdigit() else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(time.time() + self.skew, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def registry() -> Iterator[tuple[str, type[Registry]]]:
    handler = type("Handler", (Registry,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("200", "ok"),
        ("404", "ok"),
        ("302", "ok"),
        ("get-only", "ok"),
        ("401", "fail"),
        ("403", "fail"),
        ("429", "fail"),
        ("502", "fail"),
    ],
)
def test_an_upstream_is_asked_one_small_page(
    tmp_path: Path, registry: tuple[str, type[Registry]], path: str, state: str
) -> None:
    url, handler = registry
    found = Found("pypi", f"{url}/{path}/", "from X", authorization="Basic c2VjcmV0")
    finding = _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,))))
    assert finding.state == state
    assert f"{url}/{path}/" in finding.text
    assert "c2VjcmV0" not in repr(finding)
    assert handler.asked[0] == ("HEAD", f"/{path}/pip/", "Basic c2VjcmV0")
    assert len(handler.asked) <= 2


def test_clocks_that_differ(tmp_path: Path, registry: tuple[str, type[Registry]]) -> None:
    url, handler = registry
    handler.skew = 4000
    finding = _only(doctor.upstreams(_patient(tmp_path, upstreams=(Found("pypi", f"{url}/", "from X"),))))
    assert finding.state == "warn"
    assert "clock" in finding.text


def test_upstreams_that_are_missing_silent_or_not_asked(tmp_path: Path) -> None:
    upstreams = (
        Found("pypi", problem="none is built in"),
        Found("pypi", problem="it is switched off", by=CHOSEN),
        Found("pypi", f"{URL}/", "from X"),
    )
    found = list(doctor.upstreams(_patient(tmp_path, upstreams=upstreams)))
    assert [f.state for f in found] == ["fail", "ok", "fail"]
    assert found[0].fix == "export SUBAK_UPSTREAM_PYPI=URL"
    found = list(doctor.upstreams(_patient(tmp_path, upstreams=upstreams[2:], online=False)))
    assert [f.state for f in found] == ["ok"]


def test_gateway(tmp_path: Path, registry: tuple[str, type[Registry]]) -> None:
    assert _only(doctor.gateway(_patient(tmp_path))).fix == "subak serve"
    assert _only(doctor.gateway(_patient(tmp_path, url=registry[0]))).state == "fail"


# ---------------------------------------------------------------- clients


def _install(tmp_path: Path, name: str, script: str) -> None:
    file = tmp_path / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_a_client_that_points_elsewhere_gets_the_line_to_type(tmp_path: Path) -> None:
    _install(tmp_path, "pip", '[ "$1" = config ] && echo https://registry.example/simple || echo pip 26.3 from /x')
    found = _only(doctor.clients(_patient(tmp_path)))
    assert (found.name, found.state, found.text) == ("client pip", "warn", "26.3, does not point here")
    assert found.fix == f"pip config set x {URL}"


@pytest.mark.parametrize("told", [f"{URL}/pypi/simple/", f"{URL}/pypi/simple"])
def test_a_client_that_says_it_points_here(tmp_path: Path, told: str) -> None:
    _install(tmp_path, "pip", f'[ "$1" = config ] && echo {told} || echo pip 26.3 from /x')
    assert _only(doctor.clients(_patient(tmp_path))).state == "ok"


def test_a_client_that_a_variable_points_here(tmp_path: Path) -> None:
    _install(tmp_path, "pip", "[ $1 = config ] && exit 1; echo pip 26.3")
    environ = {"PATH": str(tmp_path / "bin"), "PIP_INDEX_URL": f"{URL}/pypi/simple"}
    assert _only(doctor.clients(_patient(tmp_path, environ=environ))).state == "ok"


def test_a_client_that_is_broken(tmp_path: Path) -> None:
    _install(tmp_path, "pip", "exit 1")
    assert "does not work" in _only(doctor.clients(_patient(tmp_path))).text


@pytest.mark.parametrize(("version", "name"), [("1.22.22", "client yarn"), ("4.9.1", "client yarn-berry")])
def test_the_two_yarns(tmp_path: Path, version: str, name: str) -> None:
    _install(tmp_path, "yarn", f"[ $1 = config ] && echo undefined || echo {version}")
    assert _only(doctor.clients(_patient(tmp_path))).name == name
