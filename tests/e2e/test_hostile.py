"""Hostile paths, nonsense on the wire, header injection, ten thousand slow connections."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from e2e.asking import NOTHING, connect, parsed, read, request
from e2e.clients import unable
from e2e.running import IMPATIENT, Gateway, Start
from e2e.scene import Thing, good, publish
from registry.upstream import Registry
from registry.weather import Weather

HOSTILE = (
    "/pypi/simple/../../../etc/passwd",
    "/pypi/simple/..",
    "/pypi/simple/%2e%2e/%2e%2e/etc/passwd",
    "/pypi/simple/..%2f..%2fetc%2fpasswd/",
    "/pypi/simple/a%00b/",
    "/pypi/simple/a%0d%0aset-cookie:%20x=1/",
    "/pypi/simple/a%0aset-cookie:%20x=1",
    "/pypi/simple/%ff%fe/",
    "/pypi/simple/a%252e%252e/",
    "/pypi/simple/" + "a" * 10_000 + "/",
    "/pypi/simple//",
    "/pypi//simple/a/",
    "/pypi/simple/-/",
    "/pypi/files/../../etc/passwd",
    "/pypi/files/..%2f..%2f..%2fetc%2fpasswd",
    "/pypi/files/%2e%2e/%2e%2e/blobs/x.whl",
    "/pypi/files/169.254.169.254/latest/meta-data/a-1.0-py3-none-any.whl",
    "/pypi/files/http:/169.254.169.254/a-1.0-py3-none-any.whl",
    "/pypi/files/http%3a%2f%2f169.254.169.254%2fa-1.0-py3-none-any.whl",
    "/pypi/integrity/../../../etc/passwd",
    "/npm/..",
    "/npm/../pypi/simple/a/",
    "/npm/..%2f..%2fetc%2fpasswd",
    "/npm/@s%2f..%2fc",
    "/npm/@s%2f%2e%2e",
    "/npm/@s%252fc",
    "/npm/@s%2fc%2fd",
    "/npm/@",
    "/npm/@s",
    "/npm/@%2fc",
    "/npm/.hidden",
    "/npm/_hidden",
    "/npm/a%5c..%5cb",
    "/npm/a%00",
    "/npm/a%0d%0aset-cookie:%20x=1",
    "/npm/a/-/..%2f..%2fb-1.0.0.tgz",
    "/npm/a/-/../b",
    "/npm/a/-/%2e%2e",
    "/npm/a/-/" + "b" * 10_000 + ".tgz",
    "/npm/" + "a" * 10_000,
    "/npm/a//b",
    "/npm/%",
    "/npm/%zz",
    "/npm/%c0%ae%c0%ae",
    "/../etc/passwd",
    "//etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/etc/passwd",
    "/-/../-/metrics/..",
    "/-/nothing-here",
    "/k/../npm/a",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Gateway]]:
    with Registry() as upstream:
        upstream.add_npm("a", "1.0.0")
        data = tmp_path_factory.mktemp("hostile") / "data"
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Gateway(data, {**IMPATIENT, "server.header_timeout": "2s"}, urls) as gateway:
            yield upstream, gateway


@pytest.mark.parametrize("path", HOSTILE, ids=[p if len(p) < 70 else p[:20] + f"…{len(p)}" for p in HOSTILE])
def test_hostile_paths(shared: tuple[Registry, Gateway], path: str) -> None:
    upstream, gateway = shared
    upstream.forget()
    answer = gateway.ask(path)
    assert answer.status in (400, 401, 403, 404, 414), answer
    assert answer.complete
    assert answer["content-type"].startswith("application/problem+json"), answer.headers
    assert "set-cookie" not in answer.headers
    assert b"root:" not in answer.body
    for asked in upstream.requests:
        assert ".." not in asked.target
        assert "%2e" not in asked.target.lower()
        assert len(asked.target) < 5000
    assert "Traceback" not in gateway.log()


NONSENSE = {
    "absolute form": b"GET http://169.254.169.254/latest/ HTTP/1.1\r\nhost: x\r\n\r\n",
    "authority form": b"CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: x\r\n\r\n",
    "no slash": b"GET npm/a HTTP/1.1\r\nhost: x\r\n\r\n",
    "raw NUL": b"GET /npm/a\x00b HTTP/1.1\r\nhost: x\r\n\r\n",
    "raw high bytes": b"GET /npm/\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    "raw space": b"GET /npm/a b HTTP/1.1\r\nhost: x\r\n\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "two lengths": b"POST /npm/-/v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "length and chunks": b"POST /npm/-/v1/search HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "header without colon": b"GET /npm/a HTTP/1.1\r\nhost: x\r\nbroken\r\n\r\n",
    "folded header": b"GET /npm/a HTTP/1.1\r\nhost: x\r\nx-a: 1\r\n b\r\n\r\n",
    "huge header": b"GET /npm/a HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 300_000 + b"\r\n\r\n",
    "many headers": b"GET /npm/a HTTP/1.1\r\nhost: x\r\n" + b"x-a: b\r\n" * 20_000 + b"\r\n",
    "hostile host": b'GET /npm/a HTTP/1.1\r\nhost: a"><script>\r\n\r\n',
    "NUL in header": b"GET /npm/a HTTP/1.1\r\nhost: x\r\nuser-agent: a\x00b\r\n\r\n",
}


@pytest.mark.parametrize("raw", NONSENSE.values(), ids=NONSENSE)
def test_nonsense_on_the_wire(shared: tuple[Registry, Gateway], raw: bytes) -> None:
    upstream, gateway = shared
    upstream.forget()
    with connect(gateway.url, 10) as sock:
        try:
            sock.sendall(raw)
            answer = read(sock)
        except ConnectionError:
            answer = NOTHING
    assert answer.status in (0, 200, 400, 404, 405, 413, 431, 501), answer
    if answer.status == 200:
        assert b"<script>" not in answer.body
    assert "Traceback" not in gateway.log()
    assert gateway.ask("/npm/a").status == 200


def test_client_headers_are_not_injected_anywhere(shared: tuple[Registry, Gateway]) -> None:
    upstream, gateway = shared
    upstream.forget()
    hostile = {
        "user-agent": 'pip/1 {"a": "\x9b31m\t<script>"}',
        "x-request-id": "a\tb<script>",
        "if-none-match": '"a\tb',
        "accept": "text/html;q=x, " * 100,
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "javascript",
        "x-forwarded-prefix": "//evil.example/",
        "forwarded": "host=evil.example",
    }
    answer = gateway.ask("/npm/a", hostile)
    assert answer.status == 200
    assert b"evil.example" not in answer.body
    assert not [line for line in answer.lines if "evil" in line or "<script>" in line]
    assert "\x9b" not in gateway.log()
    assert not [r for r in upstream.requests if "evil" in str(r.headers) or "script" in str(r.headers)]


def test_upstream_headers_are_not_injected_anywhere(upstream: Registry, gateway: Gateway) -> None:
    thing = publish(upstream, "npm")
    injected = (("x-a", "1\r\nset-cookie: session=1\r\nx-injected: 2"), ("x-subak-cache", "hit"), ("location", "/evil"))
    upstream.weather.set("*", Weather(headers=injected, content_type="application/json;\x0bx=<script>"))
    for path in (thing.document, thing.path):
        answer = gateway.ask(path)
        assert answer.status in (200, 502)
        assert not {"set-cookie", "x-injected", "location", "x-a"} & set(answer.headers)
        assert answer["x-subak-cache"] in ("miss", "")
        assert not [line for line in answer.lines if "<script>" in line]
    upstream.weather.clear()
    upstream.weather.set(thing.document_theirs, Weather(no_validators=True, headers=(("etag", '"a\x01b\xff'),)))
    assert gateway.ask("/npm/thing/latest").status in (200, 502)


def test_documents_cannot_inject_markup_or_lines(upstream: Registry, gateway: Gateway) -> None:
    file = upstream.add_wheel("a", "1.0")
    file.yanked = '"><script>alert(1)</script>\r\nset-cookie: x=1'
    file.requires_python = '>=3"><script>'
    file.extra["filename"] = 'a-1.0"><script>-py3-none-any.whl'
    answer = gateway.ask("/pypi/simple/a/", {"accept": "text/html"})
    assert answer.status in (200, 502)
    assert b"<script>" not in answer.body
    assert "set-cookie" not in answer.headers


# ---------------------------------------------------------------- slow connections


@pytest.mark.slow
def test_10_000_slow_connections(upstream: Registry, start: Start) -> None:
    """They wait without hurting anybody, and are closed when their time is up."""
    wanted = 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted + 500:
        unable(f"the hard limit of open files is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 2000 if hard == resource.RLIM_INFINITY else hard, hard))
    try:
        gateway = start(upstream, {"server.header_timeout": "8s"})
        thing = publish(upstream, "npm", size=30_000)
        good(gateway, thing)
        slowest, closed = asyncio.run(_crowd(gateway.url, thing, wanted))
        assert slowest < 3.0
        assert closed == wanted
        good(gateway, thing)
        assert "Traceback" not in gateway.log()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _crowd(url: str, thing: Thing, number: int) -> tuple[float, int]:
    """Open so many half-sent requests, ask for the thing meanwhile: the slowest answer, and how many were closed."""
    parts = urlsplit(url)
    waiting = []
    for start in range(0, number, 500):
        opened = (asyncio.open_connection(parts.hostname, parts.port) for _ in range(min(500, number - start)))
        for reader, writer in await asyncio.gather(*opened):
            writer.write(b"GET /npm/thing HTTP/1.1\r\nhost: x\r\nx-slow:")
            waiting.append((reader, writer))
    slowest = 0.0
    for _ in range(20):
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(request(url, thing.path))
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        writer.close()
        assert parsed(head, body).body == thing.body
        slowest = max(slowest, time.monotonic() - began)

    async def ended(reader: asyncio.StreamReader) -> bool:
        try:
            await asyncio.wait_for(reader.read(-1), 30)
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    closed = sum(await asyncio.gather(*(ended(reader) for reader, _ in waiting)))
    for _, writer in waiting:
        writer.close()
    return slowest, closed


def test_clients_that_read_slowly_hold_nobody_up(upstream: Registry, gateway: Gateway) -> None:
    """Fifty clients that do not read a large file: others are served, memory does not grow with the file."""
    thing = publish(upstream, "npm", size=8_000_000)
    good(gateway, thing)
    socks = [connect(gateway.url) for _ in range(50)]
    try:
        for sock in socks:
            sock.sendall(request(gateway.url, thing.path))
        began = time.monotonic()
        good(gateway, thing)
        assert time.monotonic() - began < 3
        assert len(read(socks[7]).body) == len(thing.body)
    finally:
        for sock in socks:
            sock.close()
