"""`subak run` with real processes: a stand-in gateway, real commands, real signals."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest

from subak.adoption.run import NOT_FOUND, Errand, environ_of_gateway, run, spared
from subak.adoption.settings import folder_for, settings_for
from subak.config import environment
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import ConfigError, StoreFailed, UpstreamDown
from subak.model.exchange import UNIDENTIFIED
from subak.store.folder import open_folder

STAND_IN = Path(__file__).with_name("stand_in.py")
SHOW = [sys.executable, "-c", "import os, sys; print(os.environ['PIP_INDEX_URL']); sys.exit(3)"]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def url() -> str:
    return f"http://127.0.0.1:{_free_port()}"


def _errand(tmp_path: Path, url: str, command: list[str], said: list[str], *more: str) -> Errand:
    return Errand(
        command=command, url=url, environ=environment(), folder=tmp_path / "data",
        serve=[sys.executable, str(STAND_IN), "--diary", str(tmp_path / "diary"), *more],
        now=time.time, say=said.append,
    )  # fmt: skip


def _diary(tmp_path: Path) -> list[str]:
    file = tmp_path / "diary"
    return file.read_text().splitlines() if file.exists() else []


@contextmanager
def _listening(ours: bool) -> Iterator[str]:
    sys.path.insert(0, str(STAND_IN.parent))
    try:
        import stand_in
    finally:
        sys.path.pop(0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), stand_in.Handler if ours else stand_in.Stranger)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_gateway_is_started_used_and_stopped(tmp_path: Path, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    assert run(_errand(tmp_path, url, SHOW, said)) == 3
    assert capfd.readouterr().out == f"{url}/pypi/simple/\n"
    started, stopped = _diary(tmp_path)
    assert stopped == "stopped"
    assert json.loads(started)["environ"].get("PIP_INDEX_URL") == environment().get("PIP_INDEX_URL")
    assert said == ["12 of 14 requests needed no registry, 34.2 MB came from copies"]


def test_a_running_gateway_is_used_and_left_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with _listening(ours=True) as url:
        assert run(_errand(tmp_path, url, SHOW, [])) == 3
        assert capfd.readouterr().out == f"{url}/pypi/simple/\n"
        assert _diary(tmp_path) == []


def test_an_address_taken_by_something_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    with _listening(ours=False) as url:
        assert run(_errand(tmp_path, url, SHOW, said)) == 3
    port = json.loads(_diary(tmp_path)[0])["port"]
    assert capfd.readouterr().out == f"http://127.0.0.1:{port}/pypi/simple/\n"
    assert not url.endswith(f":{port}")
    assert said[0].startswith(f"something else listens at {url}")


def test_the_data_folders_own_gateway_is_used_wherever_it_answers(
    tmp_path: Path, url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    with _listening(ours=True) as elsewhere:
        occupancy = open_folder(tmp_path / "data").occupy(elsewhere)
        try:
            assert run(_errand(tmp_path, url, SHOW, said)) == 3
        finally:
            occupancy.release()
    assert capfd.readouterr().out == f"{elsewhere}/pypi/simple/\n"
    assert said[0] == f"using the gateway at {elsewhere}"
    assert _diary(tmp_path) == []


def test_a_gateway_that_does_not_start_says_why(tmp_path: Path, url: str) -> None:
    with pytest.raises(UpstreamDown, match="on the moon"):
        run(_errand(tmp_path, url, SHOW, [], "--refuse"))


def test_no_gateway_is_started_on_other_machines(tmp_path: Path) -> None:
    with pytest.raises(UpstreamDown, match=r"gate\.invalid"):
        run(_errand(tmp_path, "http://gate.invalid:8765", SHOW, []))
    with pytest.raises(ConfigError):
        run(_errand(tmp_path, "gate.invalid", SHOW, []))


def test_a_command_that_does_not_exist_starts_nothing(tmp_path: Path, url: str) -> None:
    said: list[str] = []
    assert run(_errand(tmp_path, url, ["no-such-command"], said)) == NOT_FOUND
    assert said == ["no-such-command: command not found"]
    assert _diary(tmp_path) == []


def test_a_command_ended_by_a_signal(tmp_path: Path, url: str) -> None:
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    assert run(_errand(tmp_path, url, command, [])) == -signal.SIGKILL
    assert _diary(tmp_path)[-1] == "stopped"


def test_the_gateway_does_not_learn_the_settings_that_point_at_it(tmp_path: Path, url: str) -> None:
    environ = {**dict(settings_for((), url).environ), "NO_PROXY": "a.example", "PATH": "x"}
    errand = Errand(
        command=["x"], url=url, environ=environ | {"UV_DEFAULT_INDEX": "https://registry.example/"},
        folder=tmp_path, serve=[], now=time.time, say=print,
    )  # fmt: skip
    found = environ_of_gateway(errand, "http://127.0.0.1:9")
    assert found["UV_DEFAULT_INDEX"] == "https://registry.example/"
    assert found["NO_PROXY"] == "a.example"
    assert not any(url in value for value in found.values())


# ---------------------------------------------------------------- clients that no variable reaches

TOOL = Client(
    "tool", (("TOOL_CONFIG", "{folder}/tool.conf"), ("TOOL_OPTS", "-c {folder}")), "",
    files=(("tool.conf", "{base} for {upstream}\n"),), shims=(("tool", ("--from", "{base}")),),
)  # fmt: skip
ORPHAN = Client("orphan", (("ORPHAN", "{upstream}"),), "", version=("sh", "--version"))


def _of(name: str, client: Client) -> Ecosystem:
    return Ecosystem(
        name=name, title=name, routes=(), subject=lambda r, p: UNIDENTIFIED, source=lambda s, b: "", clients=(client,)
    )


SAMPLE = (_of("sample", TOOL), _of("none", ORPHAN))


def _with_tool(tmp_path: Path) -> dict[str, str]:
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.write_text('#!/bin/sh\necho "$@"\n')
    tool.chmod(0o755)
    return {**environment(), "PATH": f"{tool.parent}:{environment()['PATH']}", "TOOL_OPTS": "-q"}


def test_files_and_shims_are_there_for_the_command(tmp_path: Path, url: str, capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    script = 'cat "$TOOL_CONFIG"; echo "$TOOL_OPTS"; tool build; echo "${ORPHAN-unset}"'
    errand = dataclasses.replace(
        _errand(tmp_path, url, ["sh", "-c", script], said), ecosystems=SAMPLE, environ=_with_tool(tmp_path)
    )
    assert run(errand) == 0
    folder = folder_for(errand.folder, url)
    assert capfd.readouterr().out.splitlines() == [
        f"{url} for https://registry.example/a", f"-q -c {folder}", f"--from {url} build", "unset",
    ]  # fmt: skip
    assert said[0] == "not pointed here: orphan (none has no upstream)"
    seen = json.loads(_diary(tmp_path)[0])["environ"]
    assert (seen["TOOL_OPTS"], seen["PATH"], "TOOL_CONFIG" in seen) == ("-q", errand.environ["PATH"], False)


def test_a_gateway_started_below_another_run_does_not_learn_its_folder(tmp_path: Path, url: str) -> None:
    errand = dataclasses.replace(_errand(tmp_path, url, ["x"], []), ecosystems=SAMPLE, environ=_with_tool(tmp_path))
    ours = settings_for(
        (), url, environ=errand.environ, ecosystems=SAMPLE, folder=folder_for(errand.folder, url),
        upstreams={"sample": "https://registry.example/", "none": "https://x.example/"},
    )  # fmt: skip
    below = dataclasses.replace(errand, environ={**errand.environ, **dict(ours.environ)})
    found = environ_of_gateway(below, "http://127.0.0.1:9")
    for name in ("TOOL_CONFIG", "TOOL_OPTS", "PATH"):
        assert found.get(name) == errand.environ.get(name)


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "clients").write_text("")
    with _listening(ours=True) as url, pytest.raises(StoreFailed, match="settings of clients cannot be written"):
        run(dataclasses.replace(_errand(tmp_path, url, SHOW, []), ecosystems=SAMPLE))


@pytest.mark.parametrize("summary", [None, [], {}, {"overall": {"requests": 0}}, {"overall": {"requests": "many"}}])
def test_nothing_to_tell(summary: object) -> None:
    assert spared(summary) == ""


# ---------------------------------------------------------------- in processes of their own

DRIVER = f"""
import sys, time
from pathlib import Path
from subak.adoption.run import Errand, run
from subak.config import environment
url, folder, *command = sys.argv[1:]
serve = [sys.executable, {str(STAND_IN)!r}, "--diary", folder + "/diary"]
errand = Errand(command=command, url=url, environ=environment(), folder=Path(folder) / "data", serve=serve,
                now=time.time, say=lambda text: None)
sys.exit(run(errand) & 0xff)
"""
WAIT = "import sys; print('here', flush=True); sys.stdin.readline()"
TRAP = """
import os, signal, sys
def bye(number, frame):
    os.write(1, b"got %d\\n" % number)  # the print below may still be under way
    sys.exit(7)
signal.signal(signal.SIGTERM, bye)
signal.signal(signal.SIGINT, bye)
print("here", flush=True)
while True:
    signal.pause()
"""


def _drive(tmp_path: Path, url: str, code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, url, str(tmp_path), sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env={**environment(), "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )  # fmt: skip


def _stream(of: IO[str] | None) -> IO[str]:
    assert of is not None
    return of


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_the_command_and_its_code_comes_back(tmp_path: Path, url: str, number: signal.Signals) -> None:
    with _drive(tmp_path, url, TRAP) as driver:
        assert _stream(driver.stdout).readline() == "here\n"
        driver.send_signal(number)
        assert _stream(driver.stdout).read() == f"got {int(number)}\n"
        assert driver.wait() == 7
    assert _diary(tmp_path)[-1] == "stopped"


def test_whoever_leaves_last_switches_the_gateway_off(tmp_path: Path, url: str) -> None:
    with _drive(tmp_path, url, WAIT) as first:
        assert _stream(first.stdout).readline() == "here\n"
        with _drive(tmp_path, url, WAIT) as second:
            assert _stream(second.stdout).readline() == "here\n"
            first.communicate("\n")
            assert first.returncode == 0
            assert len(_diary(tmp_path)) == 1, "the gateway was stopped under the second run"
            second.communicate("\n")
            assert second.returncode == 0
    assert [line == "stopped" for line in _diary(tmp_path)] == [False, True]


def test_a_run_that_was_killed_leaves_its_gateway_to_the_next_one(tmp_path: Path, url: str) -> None:
    with _drive(tmp_path, url, WAIT) as first:
        assert _stream(first.stdout).readline() == "here\n"
        first.kill()
        first.wait()
    assert len(_diary(tmp_path)) == 1
    assert run(_errand(tmp_path, url, SHOW, [])) == 3
    assert [line == "stopped" for line in _diary(tmp_path)] == [False, True]
