"""Who answers at an address."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from subak.adoption.asking import Who, ask_json, probe, upstreams_at
from subak.errors import NotFound, UpstreamDown


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def _answering(server: socket.socket, raw: bytes) -> str:
    def answer() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(raw)

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("raw", "who", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Subak-Cache: own\r\n\r\n", Who.SUBAK, 200),
        (b"HTTP/1.1 200 OK\r\nVia: 1.1 subak-3f\r\n\r\n", Who.SUBAK, 200),
        (b'HTTP/1.1 503 Busy\r\n\r\n{"name":"subak"}', Who.SUBAK, 503),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", Who.OTHER, 200),
        (b"HTTP/1.1 302 Found\r\nLocation: http://registry.example/\r\n\r\n", Who.OTHER, 302),
        (b"HTTP/1.1 404 No\r\n\r\n", Who.OTHER, 404),
        (b"SSH-2.0-x\r\n", Who.OTHER, 0),
        (b"", Who.OTHER, 0),
    ],
)
def test_probe(listener: socket.socket, raw: bytes, who: Who, status: int) -> None:
    answer = probe(_answering(listener, raw))
    assert (answer.who, answer.status) == (who, status)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert probe(url).who is Who.NOBODY
    assert probe("http://gate.invalid:1").who is Who.NOBODY
    with pytest.raises(UpstreamDown, match="no gateway answers"):
        ask_json(url, "/-/api/v1/stats")


def test_a_listener_that_says_nothing(listener: socket.socket) -> None:
    assert probe(f"http://127.0.0.1:{listener.getsockname()[1]}", within=0.05).who is Who.OTHER


def test_a_proxy_in_the_environment_is_not_asked(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert probe(_answering(listener, b"HTTP/1.1 200 OK\r\nX-Subak-Cache: own\r\n\r\n")).who is Who.SUBAK


@pytest.mark.parametrize(
    ("raw", "error"),
    [(b"HTTP/1.1 200 OK\r\n\r\n<html>", UpstreamDown), (b"HTTP/1.1 404 No\r\n\r\n", NotFound)],
)
def test_answers_that_are_no_json(listener: socket.socket, raw: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask_json(_answering(listener, raw), "/-/api/v1/stats?since=1")


def test_json(listener: socket.socket) -> None:
    assert ask_json(_answering(listener, b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}'), "/x") == {"a": 1}


@pytest.mark.parametrize(
    ("told", "want"),
    [
        ('{"upstreams": {"a": {"url": "https://x.example/"}, "b": {"url": ""}, "c": 3}}', {"a": "https://x.example/"}),
        ('{"upstreams": []}', {}),
        ("[]", {}),
    ],
)
def test_upstreams(listener: socket.socket, told: str, want: dict[str, str]) -> None:
    assert upstreams_at(_answering(listener, f"HTTP/1.1 200 OK\r\n\r\n{told}".encode())) == want
