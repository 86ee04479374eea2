"""Large files on their way: by sendfile and over TLS, left by clients, cut by shutdowns, followed by more requests."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.clients import unable
from gateway.here import Counting, Here, descriptors, eventually
from registry.upstream import Registry

HUGE, LEFT = "/npm/huge/-/huge-1.0.0.tgz", "/npm/left/-/left-1.0.0.tgz"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Registry]:
    with Registry() as upstream:
        upstream.add_npm("left", "1.0.0")
        upstream.add_npm("huge", "1.0.0", padding=50_000_000)
        yield upstream


@pytest.fixture(scope="module")
def body(upstream: Registry) -> bytes:
    return upstream.npm.package("huge").versions["1.0.0"].body


@pytest.fixture(scope="module")
def data(upstream: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the files already."""
    data = tmp_path_factory.mktemp("sending") / "data"
    with Here(data, {"npm": upstream.npm_url}) as here:
        assert here.ask(HUGE).complete
        eventually(lambda: here.ask(HUGE)["x-subak-cache"] == "hit")
    return data


@pytest.fixture
def here(data: Path, upstream: Registry) -> Iterator[Here]:
    with Here(data, {"npm": upstream.npm_url}) as here:
        here.warm(LEFT)
        here.warm(HUGE)
        yield here


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        unable("no openssl command here")
    return folder / "cert.pem", folder / "key.pem"


def test_fifty_megabytes_are_right_and_the_connection_goes_on(here: Here, body: bytes) -> None:
    before = Counting.answered
    with here.connect() as line:
        for path in (HUGE, LEFT, HUGE, "/-/health", HUGE):
            line.send(here.raw(path))
            told = line.read()
            assert told.status == 200
            assert (told.body == body) == (path == HUGE)
    assert Counting.answered == before + 4


def test_requests_that_arrive_meanwhile_are_answered_afterwards(here: Here, body: bytes) -> None:
    with here.connect(receive=65536) as line:
        line.send(here.raw(HUGE))
        time.sleep(0.1)
        line.send(here.raw(LEFT) + here.raw("/npm/absent") + here.raw(HUGE))
        assert line.read().body == body
        assert [line.read().status, line.read().status] == [200, 404]
        assert line.read().body == body
        line.send(here.raw(LEFT))
        assert line.read().status == 200


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_client_that_leaves_midway_leaves_nothing_behind(here: Here, how: str) -> None:
    here.skip_readings()
    with descriptors():
        for _ in range(20):
            line = here.connect(receive=65536)
            line.send(here.raw(HUGE))
            line.sock.recv(100_000)
            if how == "reset":
                line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif how == "half":
                line.sock.shutdown(socket.SHUT_WR)
                line.sock.recv(100_000)
            line.sock.close()
        eventually(lambda: not here.house.connections)
    readings = here.next_readings(20)
    assert {(r.error, r.status, r.origin) for r in readings} == {("ClientGone", 200, "hit")}
    assert all(0 <= r.sent < 50_000_000 for r in readings)


def test_many_at_once(here: Here, body: bytes) -> None:
    digests: list[str] = []

    def fetch() -> None:
        digests.append(hashlib.sha256(here.ask(HUGE).body).hexdigest())

    threads = [threading.Thread(target=fetch) for _ in range(6)]
    with descriptors():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert set(digests) == {hashlib.sha256(body).hexdigest()}


def test_a_large_file_does_not_wait_for_a_timer(here: Here) -> None:
    """The head leaves in the same turn of the loop; the body begins in the next."""
    times = []
    with here.connect() as line:
        for _ in range(5):
            line.send(here.raw(HUGE))
            line.read()
            began = time.perf_counter()
            line.send(here.raw(HUGE))
            while len(line._rest) < 2000:
                assert line._more()
            times.append(time.perf_counter() - began)
            line.read()
    assert min(times) < 0.015


def test_a_shutdown_lets_a_transfer_finish(data: Path, upstream: Registry, body: bytes) -> None:
    with Here(data, {"npm": upstream.npm_url}) as here:
        here.warm(HUGE)
        with here.connect(receive=65536) as line, here.connect() as idle:
            idle.send(here.raw("/-/health"))
            assert idle.read().status == 200
            line.send(here.raw(HUGE))
            line.sock.recv(1000, socket.MSG_PEEK)
            here.server.should_exit = True
            assert idle.closed(), "idle connections go at once"
            assert line.read().body == body
            assert line.closed()


def test_a_shutdown_waits_no_longer_than_the_grace(data: Path, upstream: Registry) -> None:
    with Here(data, {"npm": upstream.npm_url}, server__shutdown_grace=1.0) as here:
        here.warm(HUGE)
        here.skip_readings()
        with here.connect(receive=4096) as line:
            line.send(here.raw(HUGE))
            line.sock.recv(1000)
            began = time.monotonic()
            here.stop()
            assert time.monotonic() - began < 5
            assert here.next_readings(1)[0].error == "ClientGone"


def test_a_file_that_shrank_is_not_served(here: Here, tmp_path: Path) -> None:
    """Its size is looked at before, and the end of the file noticed after."""
    (hot,) = here.house.entries[HUGE.encode()].hots()
    short, growing = tmp_path / "short", tmp_path / "growing"
    short.write_bytes(b"x" * 1000)
    growing.write_bytes(b"x" * hot.size)
    hot.path = growing
    with here.connect(receive=4096) as line:
        line.send(here.raw(HUGE))
        line.sock.recv(100, socket.MSG_PEEK)
        os.truncate(growing, 20_000_000)
        assert not line.read().complete
    here.skip_readings()
    assert any(r.error == "StoreFailed" for r in here.readings())
    here.warm(HUGE)
    here.house.entries[HUGE.encode()].hots()[0].path = short
    before = Counting.answered
    assert len(here.ask(HUGE).body) == hot.size
    assert Counting.answered == before


# ---------------------------------------------------------------- TLS


def test_over_tls(data: Path, upstream: Registry, body: bytes, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    settings = {"server__tls_cert": str(certificate[0]), "server__tls_key": str(certificate[1])}
    with Here(data, {"npm": upstream.npm_url}, **settings) as here, here.connect(context, host="127.0.0.1") as line:
        for path in (LEFT, HUGE):
            for _ in range(2):
                line.send(here.raw(path))
                assert line.read().status == 200
        before = Counting.answered
        line.send(here.raw(HUGE) + here.raw(LEFT) + here.raw(HUGE))
        assert line.read().body == body
        assert line.read().status == 200
        assert line.read().body == body
        assert Counting.answered > before
        line.send(here.raw("/npm/left"))
        document = line.read()
        assert f"https://{here.host}/npm/left/-/left-1.0.0.tgz" in document.body.decode()
        with descriptors():
            for _ in range(5):
                leaving = here.connect(context, host="127.0.0.1", receive=65536)
                leaving.send(here.raw(HUGE))
                leaving.sock.recv(1000)
                leaving.sock.close()
            eventually(lambda: len(here.house.connections) == 1)


def test_tls_holds_little_in_memory_for_a_slow_client(
    data: Path, upstream: Registry, certificate: tuple[Path, Path]
) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    settings = {"server__tls_cert": str(certificate[0]), "server__tls_key": str(certificate[1])}
    with Here(data, {"npm": upstream.npm_url}, server__idle_timeout=1.0, **settings) as here:
        with here.connect(context, host="127.0.0.1") as line:
            for _ in range(2):
                line.send(here.raw(HUGE))
                assert line.read().complete
        with here.connect(context, host="127.0.0.1", receive=4096) as line:
            line.send(here.raw(HUGE))
            eventually(lambda: any(c._sending for c in here.house.connections))
            (connection,) = here.house.connections
            eventually(lambda: not connection.writable())
            assert connection.transport.get_write_buffer_size() < 2**20
            eventually(lambda: not here.house.connections, within=8)
