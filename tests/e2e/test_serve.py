"""`subak serve` and its neighbours as a person meets them: pages, logs, TLS, stats, explain, run."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from e2e.clients import unable
from e2e.running import IMPATIENT, Gateway, Start, clean_environment
from e2e.scene import eventually, found, good, publish
from registry.upstream import Registry


def subak(gateway: Gateway, *arguments: str, **environ: str) -> str:
    """What a command prints. Fails the test when it does not end with 0."""
    env = {**clean_environment(), **environ, "PYTHONPATH": gateway.environment()["PYTHONPATH"]}
    env |= {"SUBAK_DATA": str(gateway.data), "HOME": str(gateway.data.parent)}
    env |= {f"SUBAK_UPSTREAM_{k.upper()}": v for k, v in gateway.upstreams.items()}
    command = [sys.executable, "-m", "subak", *arguments]
    done = subprocess.run(command, env=env, cwd=gateway.data.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Gateway]]:
    with Registry() as upstream:
        data = tmp_path_factory.mktemp("serve") / "data"
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Gateway(data, {**IMPATIENT, "server.access_log": "true"}, urls) as gateway:
            yield upstream, gateway


def test_the_first_words(world: tuple[Registry, Gateway]) -> None:
    """Where it listens, what it fetches from, and one line for each client."""
    upstream, gateway = world
    said = gateway.log()
    assert f"listens on {gateway.url}" in said
    assert upstream.pypi_url.rstrip("/") in said
    assert upstream.npm_url.rstrip("/") in said
    for client in ("pip", "uv", "npm", "pnpm", "yarn"):
        assert re.search(rf"\b{client}\b", said), client


def test_front_page(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = gateway.ask("/", {"accept": "text/html"})
    assert answer.status == 200
    assert answer["content-type"].startswith("text/html")
    page = answer.body.decode()
    assert f"{gateway.url}/pypi/simple/" in page
    assert f"{gateway.url}/npm/" in page


def test_life_signs_and_description(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    assert gateway.ask("/-/health").status == 200
    assert gateway.ask("/-/ready").status == 200
    assert gateway.ask("/-/api/openapi.json").json()["openapi"].startswith("3.")


def test_metrics_count(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    thing = publish(upstream, "npm", name="metered")
    good(gateway, thing)
    good(gateway, thing)
    text = gateway.ask("/-/metrics").body.decode()
    assert "subak_" in text
    assert re.search(r'^subak_\w+\{[^}]*ecosystem="npm"[^}]*\} [1-9]', text, re.M)


def test_access_log(world: tuple[Registry, Gateway]) -> None:
    """One JSON line per request, with every column of a reading."""
    upstream, gateway = world
    thing = found(publish(upstream, "pypi", name="logged"), gateway)
    gateway.ask(thing.path, {"user-agent": 'pip/26.3 {"ci":true,"installer":{"name":"pip","version":"26.3"}}'})

    def lines() -> list[dict[str, object]]:
        rows = [json.loads(line) for line in gateway.log().splitlines() if line.startswith("{")]
        return [row for row in rows if row.get("purl") == "pkg:pypi/logged@1.0"]

    eventually(lines)
    (row,) = lines()
    assert row["kind"] == "artifact"
    assert row["agent"] == "pip"
    assert row["agent_version"] == "26.3"
    assert row["ci"] is True
    assert row["status"] == 200
    assert row["sent"] == row["fetched"] == len(thing.body)
    assert row["origin"] == "miss"


def test_stats_tell_what_was_spared(upstream: Registry, gateway: Gateway) -> None:
    thing = publish(upstream, "npm")
    good(gateway, thing)
    gateway.restart()  # so that whatever follows is a hit: no flight outlives its process
    for _ in range(9):
        good(gateway, thing)

    def npm() -> dict[str, object]:
        document = json.loads(subak(gateway, "stats", "--json", "--url", gateway.url))
        return next((row for row in document["ecosystems"] if row["ecosystem"] == "npm"), {})

    eventually(lambda: npm().get("requests") == 10)
    row = npm()
    assert (row["hits"], row["misses"]) == (9, 1)
    assert row["bytes_spared"] == 9 * len(thing.body)
    assert "npm" in subak(gateway, "stats", "--url", gateway.url)


@pytest.mark.parametrize("asked", ["/pypi/simple/thing/", "/npm/thing", "/npm/@types%2fnode"])
def test_explain_tells_the_story(upstream: Registry, gateway: Gateway, asked: str) -> None:
    publish(upstream, "npm")
    publish(upstream, "pypi")
    publish(upstream, "npm", name="@types/node")
    gateway.ask(asked)
    story = subak(gateway, "explain", asked)
    for stage in ("identify", "classify", "admit", "resolve", "verify", "serve", "meter"):
        assert stage in story


def test_run_points_a_command_here(upstream: Registry, gateway: Gateway) -> None:
    upstream.add_wheel("thing", "1.0")
    pip = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "-d", "down", "thing")
    subak(gateway, "run", "--url", gateway.url, "--", *pip)
    assert list((gateway.data.parent / "down").glob("thing-1.0-*.whl"))
    assert upstream.count("/simple/thing/") == 1


def test_run_starts_a_gateway_when_none_answers(upstream: Registry, tmp_path: Path) -> None:
    upstream.add_wheel("thing", "1.0")
    idle = Gateway(tmp_path / "data", {}, {"pypi": upstream.pypi_url, "npm": upstream.npm_url})
    pip = (sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "-d", "down", "thing")
    subak(idle, "run", "--", *pip, SUBAK_SERVER_PORT=str(_free_port()))
    assert list((tmp_path / "down").glob("thing-1.0-*.whl"))
    assert upstream.count("/simple/thing/") == 1


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def test_tls(upstream: Registry, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        unable("openssl is needed to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    thing = publish(upstream, "npm")
    settings = {**IMPATIENT, "server.tls_cert": str(certificate), "server.tls_key": str(key)}
    gateway = Gateway(tmp_path / "data", settings, {"npm": upstream.npm_url})
    context = ssl.create_default_context(cafile=str(certificate))
    process = gateway.spawn()
    try:
        eventually(lambda: "listens on https://" in gateway.log(), within=20)
        url = re.search(r"listens on (https://\S+)", gateway.log())
        assert url
        base = f"https://127.0.0.1:{urlsplit(url[1]).port}"
        for _ in range(2):  # the ordinary way, then the door's
            with urllib.request.urlopen(base + thing.path, context=context) as answer:
                assert answer.read() == thing.body
        with urllib.request.urlopen(base + thing.document, context=context) as answer:
            document = json.loads(answer.read())
        assert document["versions"]["1.0.0"]["dist"]["tarball"] == base + thing.path
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("workers", [1, 2])
def test_stops_with_0_and_starts_again(upstream: Registry, start: Start, workers: int) -> None:
    gateway = start(upstream, workers=workers)
    thing = publish(upstream, "npm")
    good(gateway, thing)
    assert gateway.stop() == 0
    gateway.start()
    assert good(gateway, thing)["x-subak-cache"] == "hit"
