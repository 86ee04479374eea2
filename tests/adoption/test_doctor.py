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
from subak.adoption.clientfolder import write
from subak.adoption.doctor import ASK, CHECKS, Finding, Patient, examine, worst
from subak.adoption.settings import folder_for, settings_for
from subak.config import Bytes, CacheConfig, Config
from subak.ecosystems import ALL
from subak.ecosystems.base import Client, Ecosystem, Route, Site
from subak.errors import ConfigError, NotFound
from subak.model.exchange import Kind, Subject
from subak.sources.discovery import CLIENT, OFF, Found

PIP = Client(
    "pip", (("PIP_INDEX_URL", "{base}/pypi/simple/"),), "pip config set x {base}", version=("pip", "--version")
)
YARN = Client("yarn", (), "yarn one {base}", version=("yarn", "--version"))
BERRY = Client("yarn-berry", (), "yarn two {base}", version=("yarn", "--version"))
SAMPLE = Ecosystem(
    name="pypi", title="Python", clients=(PIP, YARN, BERRY),
    routes=(Route("file", "/files/{a}/{b}", Kind.ARTIFACT), Route("index", "/simple/{name}/", Kind.INDEX)),
    subject=lambda route, params: Subject("pypi", route.kind, name=params["name"]),
    source=lambda subject, site: f"{site.base}{subject.name}/",
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
        Found("pypi", problem="it is switched off", by=OFF),
        Found("pypi", f"{URL}/", "from X"),
    )
    found = list(doctor.upstreams(_patient(tmp_path, upstreams=upstreams)))
    assert [f.state for f in found] == ["ok", "ok", "fail"]
    assert (found[0].text, found[0].fix) == ("not used here: none is built in", "")
    _install(tmp_path, "uv", "echo 1.0")
    assert doctor._upstream(SAMPLE, upstreams[0], _patient(tmp_path)).state == "ok", "uv is none of its clients"
    _install(tmp_path, "pip", "echo 26.3")
    finding = doctor._upstream(SAMPLE, upstreams[0], _patient(tmp_path))
    assert (finding.state, finding.fix) == ("warn", "export SUBAK_UPSTREAM_PYPI=URL")
    assert finding.text == "pip might use it, but none is built in"
    found = list(doctor.upstreams(_patient(tmp_path, upstreams=upstreams[2:], online=False)))
    assert [f.state for f in found] == ["ok"]


def test_a_setting_that_cannot_be_used_fails_without_any_client(tmp_path: Path) -> None:
    found = Found("pypi", problem="the address from X is not a URL", by=CLIENT)
    finding = _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,))))
    assert (finding.state, finding.fix) == ("fail", "export SUBAK_UPSTREAM_PYPI=URL")


def test_what_was_found_beside_the_address_is_told(tmp_path: Path) -> None:
    found = Found("pypi", f"{URL}/", "from X", further={"sumdb": "sum.example+0+A"}, notes=("a note",))
    text = _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,), online=False))).text
    assert text == f"{URL}/ (from X); sumdb sum.example+0+A; a note (not asked)"


def test_a_registry_that_sends_us_to_its_token_service_is_well(
    tmp_path: Path, registry: tuple[str, type[Registry]]
) -> None:
    found = Found("pypi", f"{registry[0]}/401/", "from X")
    with_tokens = (dataclasses.replace(SAMPLE, tokens=True),)
    assert _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,), ecosystems=with_tokens))).state == "ok"
    refused = dataclasses.replace(found, authorization="Basic c2VjcmV0")
    assert _only(doctor.upstreams(_patient(tmp_path, upstreams=(refused,), ecosystems=with_tokens))).state == "fail"


def test_the_signpost_is_what_is_asked_for(tmp_path: Path, registry: tuple[str, type[Registry]]) -> None:
    url, handler = registry
    signposted = dataclasses.replace(SAMPLE, signpost=lambda site: Subject("pypi", Kind.CONFIG, name="root"))
    found = Found("pypi", f"{url}/", "from X")
    assert _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,), ecosystems=(signposted,)))).state == "ok"
    assert handler.asked[0][1] == "/root/"


def test_an_upstream_without_a_page_to_ask_for(tmp_path: Path, registry: tuple[str, type[Registry]]) -> None:
    def nowhere(subject: Subject, site: Site) -> str:
        raise NotFound("it is elsewhere")

    url, handler = registry
    found = Found("pypi", f"{url}/base/", "from X")
    ecosystems = (dataclasses.replace(SAMPLE, source=nowhere),)
    assert _only(doctor.upstreams(_patient(tmp_path, upstreams=(found,), ecosystems=ecosystems))).state == "ok"
    assert handler.asked[0][1] == "/base/"


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
    found = _only(doctor.clients(_patient(tmp_path, upstreams=(Found("pypi", "https://x.example/"),))))
    assert (found.name, found.state, found.text) == ("client pip", "warn", "26.3, does not point here")
    assert found.fix == f"pip config set x {URL}"
    found = _only(doctor.clients(_patient(tmp_path)))
    assert (found.state, found.text, found.fix) == ("ok", "26.3, left alone: pypi has no upstream", "")


@pytest.mark.parametrize("told", [f"{URL}/pypi/simple/", f"{URL}/pypi/simple"])
def test_a_client_that_says_it_points_here(tmp_path: Path, told: str) -> None:
    _install(tmp_path, "pip", f'[ "$1" = config ] && echo {told} || echo pip 26.3 from /x')
    assert _only(doctor.clients(_patient(tmp_path))).text == "26.3, points here"


def test_a_client_that_a_variable_points_here(tmp_path: Path) -> None:
    _install(tmp_path, "pip", "[ $1 = config ] && exit 1; echo pip 26.3")
    environ = {"PATH": str(tmp_path / "bin"), "PIP_INDEX_URL": f"{URL}/pypi/simple"}
    assert _only(doctor.clients(_patient(tmp_path, environ=environ))).text == "26.3, points here"


TOOL = Client(
    "tool", (("TOOL_OPTS", "-c {folder}/tool.conf"),), "", files=(("tool.conf", "{base} for {upstream}\n"),),
    shims=(("tool", ("--x",)),), version=("tool", "--version"),
)  # fmt: skip


def test_a_client_that_files_and_shims_point_here(tmp_path: Path) -> None:
    _install(tmp_path, "tool", "echo tool 1.2")
    found = (Found("pypi", "https://x.example/"),)
    patient = _patient(tmp_path, upstreams=found, ecosystems=(dataclasses.replace(SAMPLE, clients=(TOOL,)),))
    assert _only(doctor.clients(patient)).state == "warn"
    folder = folder_for(patient.config.folder, URL)
    ours = settings_for(
        (), URL, environ={**patient.environ, "TOOL_OPTS": "-q"}, ecosystems=patient.ecosystems, folder=folder,
        upstreams={"pypi": "https://x.example/"},
    )  # fmt: skip
    pointed = dataclasses.replace(patient, environ=dict(ours.environ))
    assert _only(doctor.clients(pointed)).state == "warn", "its files are not written"
    write(ours, patient.environ)
    assert _only(doctor.clients(pointed)).text == "1.2, points here"
    assert _only(doctor.clients(patient)).state == "warn", "its variable is not set"
    moved = dataclasses.replace(pointed, upstreams=(Found("pypi", "https://y.example/"),))
    assert _only(doctor.clients(moved)).state == "warn", "its file names another upstream"


def test_a_client_that_a_copy_points_here(tmp_path: Path) -> None:
    _install(tmp_path, "tool", "echo tool 1.2")
    tool = dataclasses.replace(
        TOOL, files=(), shims=(), copies=((f"{tmp_path}/sources", "sources"),), environ=(("TOOL", "{folder}/sources"),)
    )
    found = (Found("pypi", "https://x.example/"), Found("pypi-old", "https://y.example/"))
    patient = _patient(tmp_path, upstreams=found, ecosystems=(dataclasses.replace(SAMPLE, clients=(tool,)),))
    ours = settings_for(
        (), URL, environ=patient.environ, ecosystems=patient.ecosystems, folder=folder_for(patient.config.folder, URL),
        upstreams={f.ecosystem: f.url for f in found},
    )  # fmt: skip
    pointed = dataclasses.replace(patient, environ=dict(patient.environ) | dict(ours.environ))
    for address, state in (("https://z.example/", "warn"), ("https://y.example/", "ok"), ("https://x.example/", "ok")):
        (tmp_path / "sources").write_text(address)
        assert _only(doctor.clients(pointed)).state == "warn", "the copy is older than the file"
        write(ours, patient.environ)
        assert _only(doctor.clients(pointed)).state == state


GO = Client("go", (("GOPROXY", "{base}/go"),), "go env -w GOPROXY={base}/go", version=("go", "version"))


@pytest.mark.parametrize(
    ("told", "text"),
    [(f"{URL}/go,off", "1.27, points here"), (f"https://registry.example,{URL}/go", "1.27, points here"),
     ("https://registry.example,direct", "1.27, does not point here"), (f"{URL}9/go", "1.27, does not point here")],
)  # fmt: skip
def test_an_address_anywhere_in_what_a_client_says(tmp_path: Path, told: str, text: str) -> None:
    _install(tmp_path, "go", f"[ $1 = env ] && echo '{told}' || echo go version go1.27")
    patient = _patient(
        tmp_path,
        upstreams=(Found("pypi", "https://x.example/"),),
        ecosystems=(dataclasses.replace(SAMPLE, clients=(GO,)),),
    )
    assert _only(doctor.clients(patient)).text == text


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Docker version 28.2.2, build 1", "28.2.2"),
        ("\x1b[1mApache Maven 3.8.7\x1b[m (x)", "3.8.7"),
        ("go version go1.27.3 linux/amd64", "1.27.3"),
        ("tool 1.0.0-rc.1+build5 (2026-01-01)", "1.0.0-rc.1+build5"),
        ("v2", ""),
    ],
)
def test_versions(said: str, version: str) -> None:
    assert doctor._version(said) == version


def test_clients_that_are_asked_exist() -> None:
    later = {"dotnet", "conda"}
    assert set(ASK) - later <= {client.name for ecosystem in ALL for client in ecosystem.clients}


def test_a_client_that_is_broken(tmp_path: Path) -> None:
    _install(tmp_path, "pip", "exit 1")
    assert "does not work" in _only(doctor.clients(_patient(tmp_path))).text


@pytest.mark.parametrize(("version", "name"), [("1.22.22", "client yarn"), ("4.9.1", "client yarn-berry")])
def test_the_two_yarns(tmp_path: Path, version: str, name: str) -> None:
    _install(tmp_path, "yarn", f"[ $1 = config ] && echo undefined || echo {version}")
    assert _only(doctor.clients(_patient(tmp_path))).name == name
