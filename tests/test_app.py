"""What is checked before the gateway listens, what it prints and logs, and where it keeps its secrets."""

from __future__ import annotations

import logging
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from e2e.clients import unable
from e2e.running import Gateway
from registry.upstream import Registry
from subak import app
from subak.config import Config, load
from subak.errors import ConfigError, StoreFailed
from subak.gateway.door import Door


def config(**settings: Any) -> Config:
    return load(environ={}, **settings)


# ---------------------------------------------------------------- secrets and tokens


def test_a_secret_stays_the_same_and_is_its_owners(tmp_path: Path) -> None:
    first = app._secret(tmp_path / "secret")
    assert len(first) == 32
    assert app._secret(tmp_path / "secret") == first
    assert app._secret(tmp_path / "other") != first
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    assert first not in (tmp_path / "secret").read_bytes()


@pytest.mark.parametrize("torn", [b"", b"abc"])
def test_a_torn_secret_is_made_anew(tmp_path: Path, torn: bytes) -> None:
    (tmp_path / "secret").write_bytes(torn)
    (tmp_path / "twin").write_bytes(torn)
    assert app._secret(tmp_path / "secret") != app._secret(tmp_path / "twin")
    assert app._secret(tmp_path / "secret") == app._secret(tmp_path / "secret")


def test_a_secret_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="nowhere"):
        app._secret(tmp_path / "nowhere" / "secret")


def test_tokens_are_recognisable_and_different() -> None:
    tokens = {app.random_token() for _ in range(50)}
    assert len(tokens) == 50
    assert all(re.fullmatch(r"sbk_[A-Za-z0-9_-]{27}", token) for token in tokens)


# ---------------------------------------------------------------- listening


@pytest.mark.parametrize(
    ("settings", "host", "url"),
    [
        ({}, "127.0.0.1", "http://127.0.0.1:80"),
        ({}, "0.0.0.0", "http://127.0.0.1:80"),
        ({}, "::", "http://[::1]:80"),
        ({}, "fd00::5", "http://[fd00::5]:80"),
        ({"server__tls_cert": "c", "server__tls_key": "k"}, "192.0.2.1", "https://192.0.2.1:80"),
        ({"server__public_url": "https://gw.example/x/"}, "0.0.0.0", "https://gw.example/x"),
    ],
)
def test_the_url_to_print_works_from_here(settings: dict[str, str], host: str, url: str) -> None:
    assert app._url(config(**settings), host, 80) == url


def test_listening_where_something_listens_is_told() -> None:
    with app._listen(config(server__port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            app._listen(config(server__port=port))
        assert "--port" in caught.value.fix
        with socket.create_connection(("127.0.0.1", port)):
            pass


def test_a_host_that_does_not_exist_is_told() -> None:
    with pytest.raises(ConfigError, match="cannot listen on"):
        app._listen(config(server__host="no such host"))


def test_certificates_are_tried_before_listening(tmp_path: Path) -> None:
    app._check_tls(config())
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    wrong = config(server__tls_cert=str(tmp_path / "cert.pem"), server__tls_key=str(tmp_path / "key.pem"))
    with pytest.raises(ConfigError, match=r"cert\.pem"):
        app._check_tls(wrong)
    missing = config(server__tls_cert=str(tmp_path / "no.pem"), server__tls_key=str(tmp_path / "no.pem"))
    with pytest.raises(ConfigError, match=r"no\.pem"):
        app._check_tls(missing)


FURTHER = {"pypi-internal": "https://registry.example/simple/"}


def test_upstreams_of_unknown_ecosystems_are_refused() -> None:
    with pytest.raises(ConfigError, match="pypy"):
        app.upstreams(config(upstream__registries={"pypy": "https://registry.example/"}))
    (found,) = (f for f in app.upstreams(config(upstream__registries=FURTHER)) if f.ecosystem == "pypi-internal")
    assert found.url == FURTHER["pypi-internal"]


def test_uvicorn_is_told_what_the_settings_say() -> None:
    async def application(scope: object, receive: object, send: object) -> None: ...

    settings = app.uvicorn_settings(
        config(server__workers=3, server__shutdown_grace=0.2, server__idle_timeout=7.0),
        application,  # type: ignore[arg-type]  # any application
    )
    assert isinstance(settings, uvicorn.Config)
    settings.load()
    assert settings.http_protocol_class is Door
    assert settings.ws_protocol_class is None
    assert settings.workers == 3
    assert settings.timeout_graceful_shutdown == 1, "a short grace is not none"
    assert settings.timeout_keep_alive > 7, "the door's own time-out comes first"
    assert not settings.proxy_headers, "whom to believe is decided in gateway.asgi"
    assert settings.encoded_headers == []


# ---------------------------------------------------------------- logging


@pytest.fixture
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]


@pytest.mark.usefixtures("_logging")
def test_a_log_line_is_one_line_whatever_is_in_it(capfd: pytest.CaptureFixture[str]) -> None:
    app.prepare_logging(config())
    log = logging.getLogger("subak.test")
    log.warning("asked for %s", "/a\r\n2026 ERROR forged\x1b[31m\u2028x é")
    log.info("shown")
    log.debug("not shown")
    logging.getLogger("uvicorn.error").info("not shown")
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ WARNING subak\.test: asked for /a\\x0d\\x0a2026 ERROR", lines[0])
    assert "\x1b" not in lines[0]
    assert lines[0].endswith("x é")


@pytest.mark.usefixtures("_logging")
def test_a_bug_is_logged_with_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    app.prepare_logging(config(server__log_level="error"))
    try:
        raise KeyError("here")
    except KeyError:
        logging.getLogger("subak.test").exception("a bug")
    logging.getLogger("subak.test").warning("not shown")
    text = capfd.readouterr().err
    assert "Traceback" in text
    assert "KeyError: 'here'" in text
    assert "not shown" not in text


# ---------------------------------------------------------------- as a process


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"access.deny": "not a purl"}, "not a purl"),
        ({"server.tls_cert": "/nowhere/cert.pem", "server.tls_key": "/nowhere/key.pem"}, "/nowhere/cert.pem"),
        ({"server.host": "192.0.2.77"}, "192.0.2.77"),
        ({"server.workers": "0"}, "workers"),
    ],
    ids=["deny", "tls", "host", "workers"],
)
def test_what_cannot_be_served_ends_with_one_line_and_1(tmp_path: Path, settings: dict[str, str], word: str) -> None:
    gateway = Gateway(tmp_path / "data", settings, {"npm": "http://127.0.0.1:9/"})
    process = gateway.spawn()
    assert process.wait(30) == 1
    log = gateway.log()
    assert word in log
    assert "Traceback" not in log


def test_two_gateways_on_one_folder(upstream: Registry, tmp_path: Path) -> None:
    with Gateway(tmp_path / "data", {}, {"npm": upstream.npm_url}, log=tmp_path / "first.log") as first:
        second = Gateway(tmp_path / "data", {}, {"npm": upstream.npm_url}, log=tmp_path / "second.log")
        assert second.spawn().wait(30) == 1
        assert "is in use by another gateway" in second.log()
        assert first.url in second.log()
        assert first.ask("/-/health").status == 200


def test_it_prints_where_it_listens_and_speaks_tls(upstream: Registry, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
         "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
         str(cert)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        unable("no openssl command here")
    settings = {"server.tls_cert": str(cert), "server.tls_key": str(key)}
    gateway = Gateway(tmp_path / "data", settings, {"npm": upstream.npm_url})
    process = gateway.spawn()
    try:
        while not (found := re.search(r"https://127\.0\.0\.1:(\d+)", gateway.log())):
            assert process.poll() is None, gateway.log()
        context = ssl.create_default_context(cafile=str(cert))
        deadline = 200
        while True:
            try:
                plain = socket.create_connection(("127.0.0.1", int(found[1])), 5)
                break
            except OSError:
                deadline -= 1
                assert deadline
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
            sock.sendall(b"GET /-/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_importing_starts_nothing() -> None:
    code = "import subak.app, threading; print(threading.active_count())"
    environ = {**os.environ, "PYTHONPATH": str(Path(app.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == "1"
