"""Asking upstreams: what is sent, what is refused, and what every kind of bad weather becomes."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from registry.server import Request, Server
from registry.weather import Reply, Weather
from subak.config import Seconds, UpstreamConfig
from subak.errors import Loop, NoUpstream, SubakError, UpstreamDown, UpstreamLied
from subak.ports import Fetch, Response
from subak.sources.bodies import PIECE
from subak.sources.client import Registries, Registry
from subak.sources.tokens import Challenge

BODY = bytes(range(256)) * 400
PUBLIC = "http://1.1.1.1/"
"""An upstream at a public address; never contacted."""


@pytest.fixture(autouse=True)
def direct(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxies and no .netrc of whoever runs the tests."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def answer(request: Request) -> Reply:
    if request.path == "/missing":
        return Reply(404, {"content-type": "text/plain"}, b"no")
    headers = {"content-type": "text/plain", "etag": '"e1"', "last-modified": "Mon", "accept-ranges": "bytes"}
    return Reply(200, headers, BODY)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("index", "files"), answer)
    made.start()
    yield made
    made.stop()


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def registries(
    registry: Registry | str, clock: Callable[[], float] | None = None, tokens: tuple[str, ...] = (), **settings: Any
) -> AsyncIterator[Registries]:
    made = Registries(
        {"pypi": Registry(registry) if isinstance(registry, str) else registry},
        UpstreamConfig(**settings),
        agent="subak/1 (+ops@subak.example)",
        instance="abc123",
        monotonic=clock or Clock(),
        tokens=tokens,
    )
    try:
        yield made
    finally:
        await made.close()


def at(server: Server, path: str = "/", door: str = "index", host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.ports[door]}{path}"


async def got(client: Registries, ask: Fetch) -> tuple[Response, bytes]:
    async with client.fetch(ask) as response:
        return response, b"".join([chunk async for chunk in response.chunks])


async def failure(client: Registries, ask: Fetch) -> SubakError:
    with pytest.raises(SubakError) as caught:
        await got(client, ask)
    return caught.value


# ---------------------------------------------------------------- fair weather


async def test_a_plain_answer(server: Server) -> None:
    async with registries(at(server)) as client:
        response, body = await got(client, Fetch("pypi", at(server, "/simple/a/"), accept="text/html"))
    assert (response.status, body, response.length, response.wire()) == (200, BODY, len(BODY), len(BODY))
    assert response.headers["etag"] == '"e1"'
    assert response.url == at(server, "/simple/a/")
    (asked,) = server.requests
    assert asked.headers["accept"] == "text/html"
    assert asked.headers["user-agent"] == "subak/1 (+ops@subak.example)"
    assert asked.headers["via"] == "1.1 abc123"
    assert asked.headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie", "range", "if-none-match", "referer"} & set(asked.headers)


async def test_the_path_arrives_as_announced(server: Server) -> None:
    async with registries(at(server)) as client:
        for path in ("/a%2Bb/c%2f%7E~+.whl", "/@s%2fc", "/a?x=%2B&y=1"):
            await got(client, Fetch("pypi", at(server, path)))
    assert [r.target for r in server.requests] == ["/a%2Bb/c%2f%7E~+.whl", "/@s%2fc", "/a?x=%2B&y=1"]


async def test_conditions(server: Server) -> None:
    async with registries(at(server)) as client:
        response, body = await got(client, Fetch("pypi", at(server), etag='"e1"', last_modified="Mon"))
    assert (response.status, body) == (304, b"")
    assert server.requests[0].headers["if-modified-since"] == "Mon"


@pytest.mark.parametrize(("etag", "condition"), [('"e1"', '"e1"'), ('W/"e1"', ""), ("", "")])
async def test_resuming(server: Server, etag: str, condition: str) -> None:
    """A weak validator must not stand in If-Range (RFC 9110 §13.1.5)."""
    async with registries(at(server)) as client:
        response, body = await got(client, Fetch("pypi", at(server), start=100, etag=etag, last_modified="Mon"))
    assert (response.status, body, response.length) == (206, BODY[100:], len(BODY) - 100)
    headers = server.requests[0].headers
    assert (headers["range"], headers.get("if-range", "")) == ("bytes=100-", condition)
    assert not {"if-none-match", "if-modified-since"} & set(headers)


@pytest.mark.parametrize(("etag", "status"), [('"e1"', 304), ('"e0"', 206), ('W/"e0"', 206), ("", 206)])
async def test_asking_what_was_appended(server: Server, etag: str, status: int) -> None:
    ask = Fetch("pypi", at(server), start=100, etag=etag, grown=True, identity=False)
    async with registries(at(server)) as client:
        response, body = await got(client, ask)
    assert (response.status, body) == (status, BODY[100:] if status == 206 else b"")
    headers = server.requests[0].headers
    assert (headers["range"], headers.get("if-none-match", "")) == ("bytes=100-", etag)
    assert headers["accept-encoding"] == "identity", "a range of the packed body would be something else"
    assert "if-range" not in headers


@pytest.mark.parametrize(
    ("weather", "status", "length"),
    [(Weather(), 200, len(BODY)), (Weather(chunked=True), 200, -1), (Weather(gzipped=True), 200, -1),
     (Weather(length=5), 200, len(BODY) + 5), (Weather(status=404), 404, 44)],
)  # fmt: skip
async def test_a_head_has_a_length_and_no_body(server: Server, weather: Weather, status: int, length: int) -> None:
    server.weather.set("*", weather)
    async with registries(at(server)) as client:
        for _ in range(2):
            response, body = await got(client, Fetch("pypi", at(server), method="HEAD"))
            assert (response.status, body, response.length, response.wire()) == (status, b"", length, 0)
    assert [r.method for r in server.requests] == ["HEAD", "HEAD"]


async def test_a_head_follows_redirects_as_a_head(server: Server) -> None:
    server.weather.set("/a", Weather(redirect="/b"))
    async with registries(at(server)) as client:
        response, _ = await got(client, Fetch("pypi", at(server, "/a"), method="HEAD"))
    assert (response.url, response.headers["etag"]) == (at(server, "/b"), '"e1"')
    assert [(r.method, r.path) for r in server.requests] == [("HEAD", "/a"), ("HEAD", "/b")]


async def test_what_was_found_beside_the_address() -> None:
    async with registries(Registry(PUBLIC, further={"sumdb": "a+b+c"})) as client:
        assert client.further("pypi") == {"sumdb": "a+b+c"}
        assert client.further("cargo") == {}


async def test_a_post(server: Server) -> None:
    ask = Fetch("pypi", at(server, "/audit"), method="POST", body=b"{}", headers={"content-type": "application/json"})
    async with registries(at(server)) as client:
        await got(client, ask)
    (asked,) = server.requests
    assert (asked.method, asked.body, asked.headers["content-type"]) == ("POST", b"{}", "application/json")


@pytest.mark.parametrize("status", [404, 410, 403, 401, 416, 418])
async def test_other_statuses_are_returned(server: Server, status: int) -> None:
    server.weather.set("*", Weather(status=status))
    async with registries(at(server)) as client:
        response, _ = await got(client, Fetch("pypi", at(server)))
        assert response.status == status
        assert not client.cooling("pypi")


async def test_a_body_that_nobody_reads_does_no_harm(server: Server) -> None:
    async with registries(at(server)) as client:
        for _ in range(3):
            await got(client, Fetch("pypi", at(server)))
        async with client.fetch(Fetch("pypi", at(server))):
            pass  # nobody read the body
        await got(client, Fetch("pypi", at(server)))
    assert len(server.requests) == 5


async def test_no_upstream() -> None:
    registries_without = {"pypi": Registry("", problem="found nothing"), "npm": Registry(PUBLIC)}
    client = Registries(registries_without, UpstreamConfig(), agent="a", instance="i", monotonic=Clock())
    with pytest.raises(NoUpstream, match="no upstream is set for pypi: found nothing") as caught:
        client.base("pypi")
    assert "SUBAK_UPSTREAM_PYPI" in caught.value.fix
    with pytest.raises(NoUpstream, match="no upstream is set for cargo"):
        client.base("cargo")
    assert client.base("npm") == PUBLIC
    assert client.cooling("cargo") is False
    await client.close()


# ---------------------------------------------------------------- compression


async def test_gzip_is_decoded_and_counted_as_it_came(server: Server) -> None:
    server.weather.set("*", Weather(gzipped=True))
    async with registries(at(server)) as client:
        response, body = await got(client, Fetch("pypi", at(server), identity=False))
    assert (body, response.length) == (BODY, -1)
    assert response.wire() == len(packed(BODY))
    assert server.requests[0].headers["accept-encoding"] == "gzip"


def encoded(body: bytes, encoding: str = "gzip") -> Server:
    return Server(("index", "files"), lambda _: Reply(200, {"content-encoding": encoding}, body))


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("body", "want"),
    [
        (packed(b""), b""),
        (packed(b"one") + packed(b"two"), b"onetwo"),
        (packed(b"one") + b"garbage", UpstreamLied),
        (b"not gzip at all", UpstreamLied),
        (zlib.compress(b"zlib, not gzip"), UpstreamLied),
        (packed(BODY)[:-20], UpstreamDown),
        (packed(BODY)[:-4], UpstreamDown),
        (packed(b"one")[:-8] + b"\0" * 8, UpstreamLied),
    ],
    ids=["empty", "two members", "garbage behind", "no gzip", "zlib", "torn", "torn check sum", "wrong check sum"],
)
async def test_every_kind_of_gzip(body: bytes, want: bytes | type[SubakError]) -> None:
    server = encoded(body)
    server.start()
    try:
        async with registries(at(server)) as client:
            if isinstance(want, bytes):
                assert (await got(client, Fetch("pypi", at(server))))[1] == want
            else:
                assert type(await failure(client, Fetch("pypi", at(server)))) is want
    finally:
        server.stop()


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
async def test_an_encoding_nobody_asked_for(encoding: str) -> None:
    server = encoded(b"x", encoding)
    server.start()
    try:
        async with registries(at(server)) as client:
            assert "was not asked for" in str(await failure(client, Fetch("pypi", at(server))))
    finally:
        server.stop()


async def test_a_bomb_explodes_in_small_pieces() -> None:
    size = 100 * 2**20
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 2**20) for _ in range(100)) + packer.flush()
    assert len(bomb) < size / 500
    server = encoded(bomb)
    server.start()
    try:
        async with registries(at(server)) as client, client.fetch(Fetch("pypi", at(server))) as response:
            total = largest = 0
            async for chunk in response.chunks:
                total, largest = total + len(chunk), max(largest, len(chunk))
    finally:
        server.stop()
    assert total == size
    assert largest <= PIECE


# ---------------------------------------------------------------- bad weather


@pytest.mark.parametrize(
    ("weather", "kind", "said"),
    [
        (Weather(reset=True), UpstreamDown, "cannot be reached"),
        (Weather(silent=True), UpstreamDown, "did not answer within 0.2 s"),
        (Weather(status=500), UpstreamDown, "answered 500"),
        (Weather(status=503), UpstreamDown, "answered 503"),
        (Weather(status=429), UpstreamDown, "answered 429"),
        (Weather(status=508), Loop, "leads back to itself"),
        (Weather(truncate=1000), UpstreamDown, "broke off in the middle"),
        (Weather(truncate=0), UpstreamDown, "broke off in the middle"),
        (Weather(truncate=1000, chunked=True), UpstreamDown, "broke off in the middle"),
        (Weather(length=5), UpstreamDown, "broke off in the middle"),
        (Weather(hold=1000), UpstreamDown, "went silent in the middle"),
        (Weather(truncate=100, gzipped=True), UpstreamDown, "broke off in the middle"),
        (Weather(headers=(("no colon at all", "\r\n\x00bad"),)), UpstreamLied, "not HTTP"),
        (Weather(headers=(("x", "y" * 70_000),)), UpstreamLied, "not HTTP"),
    ],
)
async def test_weather(server: Server, weather: Weather, kind: type[SubakError], said: str) -> None:
    server.weather.set("*", weather)
    async with registries(at(server), idle_timeout=Seconds(0.3)) as client:
        error = await failure(client, Fetch("pypi", at(server), first_byte_within=0.2))
        assert type(error) is kind
        assert said in str(error)
        server.weather.clear()
        assert (await got(client, Fetch("pypi", at(server))))[1] == BODY


async def test_nobody_listens(server: Server) -> None:
    server.down()
    async with registries(at(server)) as client:
        error = await failure(client, Fetch("pypi", at(server)))
    assert isinstance(error, UpstreamDown)
    assert f"http://127.0.0.1:{server.ports['index']} cannot be reached" in str(error)
    assert error.retry_after > 0


async def test_a_name_that_does_not_exist() -> None:
    async with registries("http://registry.invalid/") as client:
        assert isinstance(await failure(client, Fetch("pypi", "http://registry.invalid/")), UpstreamDown)


async def test_the_configured_time_for_the_head(server: Server) -> None:
    server.weather.set("*", Weather(silent=True))
    async with registries(at(server), first_byte_timeout=Seconds(0.1)) as client:
        assert "within 0.1 s" in str(await failure(client, Fetch("pypi", at(server))))


# ---------------------------------------------------------------- leaving it alone


async def test_repeated_failures_cool_down(server: Server) -> None:
    clock = Clock()
    server.weather.set("*", Weather(status=500))
    async with registries(at(server), clock, cool_down=Seconds(10)) as client:
        for _ in range(5):
            assert "answered 500" in str(await failure(client, Fetch("pypi", at(server))))
        assert client.cooling("pypi")
        error = await failure(client, Fetch("pypi", at(server)))
        assert "left alone for 10 s" in str(error)
        assert error.retry_after == 11
        assert len(server.requests) == 5
        clock.at += 10
        server.weather.clear()
        await got(client, Fetch("pypi", at(server)))
        assert not client.cooling("pypi")


@pytest.mark.parametrize(
    ("status", "header", "told", "pause"),
    [
        (429, "7", 7, 7), (503, "7", 7, 7), (500, "7", 7, 0), (429, "", 10, 0), (429, "soon", 60, 60),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", 60, 60), (429, "99999999", 86400, 300), (429, "-5", 60, 60),
        (429, "9" * 5000, 86400, 300), (429, "²", 60, 60), (429, "0", 10, 0),
    ],
)  # fmt: skip
async def test_retry_after(server: Server, status: int, header: str, told: int, pause: float) -> None:
    clock = Clock()
    value = header.encode().decode("latin-1")
    server.weather.set("*", Weather(status=status, retry_after=value))
    async with registries(at(server), clock) as client:
        error = await failure(client, Fetch("pypi", at(server)))
        assert isinstance(error, UpstreamDown)
        assert error.retry_after == told
        assert client.cooling("pypi") == bool(pause)
        clock.at += pause - 0.5
        assert client.cooling("pypi") == bool(pause)
        clock.at += 1
        assert not client.cooling("pypi")


async def test_each_host_has_its_own_health(server: Server) -> None:
    server.weather.set("/index", Weather(status=429, retry_after="60"))
    async with registries(at(server)) as client:
        await failure(client, Fetch("pypi", at(server, "/index")))
        assert (await got(client, Fetch("pypi", at(server, "/file", "files"))))[1] == BODY


# ---------------------------------------------------------------- redirects


async def test_redirects_within_the_upstream(server: Server) -> None:
    server.weather.set("/a", Weather(redirect="/b?x=1"))
    server.weather.set("/b", Weather(redirect=at(server, "/c/"), times=1))
    async with registries(at(server)) as client:
        response, body = await got(client, Fetch("pypi", at(server, "/a")))
    assert (response.url, body) == (at(server, "/c/"), BODY)
    assert [r.target for r in server.requests] == ["/a", "/b?x=1", "/c/"]


async def test_endless_redirects(server: Server) -> None:
    server.weather.set("*", Weather(redirect="/again"))
    async with registries(at(server)) as client:
        error = await failure(client, Fetch("pypi", at(server)))
    assert isinstance(error, UpstreamLied)
    assert "more than 5 times" in str(error)
    assert len(server.requests) == 6


async def test_a_redirect_to_a_host_that_no_document_named(server: Server) -> None:
    server.weather.set("/a", Weather(redirect=at(server, "/trap", "files")))
    async with registries(at(server)) as client:
        error = await failure(client, Fetch("pypi", at(server, "/a")))
    assert isinstance(error, UpstreamLied)
    assert "which no document of this upstream names" in str(error)
    assert "allow_hosts" in error.fix
    assert not server.seen("/trap")


async def test_once_a_document_named_it_redirects_may_lead_there(server: Server) -> None:
    server.weather.set("/a", Weather(redirect=at(server, "/b", "files")))
    async with registries(at(server)) as client:
        await got(client, Fetch("pypi", at(server, "/from-a-document", "files")))
        assert (await got(client, Fetch("pypi", at(server, "/a"))))[1] == BODY


async def test_operators_may_name_hosts(server: Server) -> None:
    server.weather.set("/a", Weather(redirect=at(server, "/b", "files", "localhost")))
    async with registries(at(server), allow_hosts=["LOCALHOST"]) as client:
        assert (await got(client, Fetch("pypi", at(server, "/a"))))[1] == BODY


async def test_files_may_roam(server: Server) -> None:
    """One redirect to a storage host opens it for that file, not for what comes later."""
    server.weather.set("/a", Weather(redirect=at(server, "/b", "files")))
    async with registries(Registry(at(server), authorization="Basic c2VjcmV0")) as client:
        response, body = await got(client, Fetch("pypi", at(server, "/a"), roams=True))
        assert (response.url, body) == (at(server, "/b", "files"), BODY)
        assert isinstance(await failure(client, Fetch("pypi", at(server, "/a"))), UpstreamLied)
    assert [r.headers.get("authorization", "") for r in server.seen("/b")] == [""]


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("http://127.0.0.1:1/", "private address"),
        ("http://2130706433/", "private address"),
        ("http://[::1]/", "private address"),
        ("http://１２７.1/", "not an http(s) URL"),
        ("ftp://files.example/", "not a safe address"),
    ],
)
async def test_roaming_ends_at_our_own_doors(
    server: Server, monkeypatch: pytest.MonkeyPatch, location: str, said: str
) -> None:
    """The upstream lies, as far as anybody knows, at a public address: it is reached through a proxy."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.ports['files']}")
    server.weather.set("*", Weather(redirect=location.encode().decode("latin-1")))
    async with registries(PUBLIC) as client:
        error = await failure(client, Fetch("pypi", f"{PUBLIC}a", roams=True))
    assert isinstance(error, UpstreamLied)
    assert said in str(error)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("file:///etc/passwd", "not a safe address"),
        ("ftp://registry.example/", "not a safe address"),
        ("javascript:alert(1)", "not a safe address"),
        ("http://[", "not a URL"),
        ("http://registry.example:99999/", "not a URL"),
        ("http://registry.example:x/", "not a URL"),
        ("//stranger.example/", "no document"),
        ("http://user:secret@stranger.example/", "no document"),
        ("http://127.0.0.1:1/", "no document"),
        ("http://１２７.1/", "no document"),
    ],
)
async def test_redirects_to_nowhere_good(server: Server, location: str, said: str) -> None:
    server.weather.set("*", Weather(redirect=location.encode().decode("latin-1")))
    async with registries(at(server)) as client:
        error = await failure(client, Fetch("pypi", at(server)))
    assert isinstance(error, UpstreamLied)
    assert said in str(error)
    assert "secret" not in str(error) + error.fix
    assert len(server.requests) == 1


async def test_a_redirect_to_nowhere_at_all(server: Server) -> None:
    server.weather.set("*", Weather(status=302))
    async with registries(at(server)) as client:
        assert "not a safe address" in str(await failure(client, Fetch("pypi", at(server))))


async def test_encryption_is_never_dropped() -> None:
    async with registries("https://registry.example/") as client:
        with pytest.raises(UpstreamLied, match="not a safe address"):
            client._follow("pypi", "https://registry.example/a", "http://registry.example/a")
        with pytest.raises(UpstreamLied, match="not a safe address"):
            client._follow("pypi", "https://registry.example/a", "http://files.example/a", roams=True)
        assert client._follow("pypi", "https://registry.example/a", "/b") == "https://registry.example/b"


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "LOCALHOST", "[::1]"])
async def test_a_public_upstream_cannot_lead_inside(server: Server, host: str) -> None:
    async with registries(PUBLIC) as client:
        error = await failure(client, Fetch("pypi", at(server, "/secret", host=host)))
    assert isinstance(error, UpstreamLied)
    assert "private address" in str(error)
    assert not server.requests


@pytest.mark.parametrize("host", ["１２７.0.0.1", "１２７.1", "regi\u017ftry.example"])
async def test_hosts_must_be_ascii(server: Server, host: str) -> None:
    async with registries(PUBLIC) as client:
        assert "not an http(s) URL" in str(await failure(client, Fetch("pypi", at(server, host=host))))
    assert not server.requests


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
async def test_a_private_upstream_may(server: Server, host: str) -> None:
    async with registries(at(server)) as client:
        assert (await got(client, Fetch("pypi", at(server, door="files", host=host))))[1] == BODY


async def test_an_upstream_known_by_a_private_name(server: Server) -> None:
    async with registries(at(server, host="localhost")) as client:
        assert (await got(client, Fetch("pypi", at(server, host="localhost"))))[1] == BODY
        assert (await got(client, Fetch("pypi", at(server, door="files"))))[1] == BODY


@pytest.mark.parametrize(
    "url", ["", "x", "ftp://registry.example/", "http://", "http://[/", "http://a:99999/", "http://a:b/"]
)
async def test_what_cannot_be_fetched(url: str) -> None:
    async with registries(PUBLIC) as client:
        assert isinstance(await failure(client, Fetch("pypi", url)), UpstreamLied)


async def test_complaints_never_show_credentials() -> None:
    async with registries(PUBLIC) as client:
        for url in ("http://user:secret@127.0.0.1/", "http://user:secret@a:b/", "gopher://user:secret@a/"):
            assert "secret" not in str(await failure(client, Fetch("pypi", url)))


# ---------------------------------------------------------------- credentials


async def test_credentials_go_to_their_origin_only(server: Server) -> None:
    server.weather.set("/a", Weather(redirect=at(server, "/b", "files")))
    registry = Registry(at(server), authorization="Basic c2VjcmV0")
    assert "c2VjcmV0" not in repr(registry)
    async with registries(registry) as client:
        await got(client, Fetch("pypi", at(server, "/file", "files")))
        await got(client, Fetch("pypi", at(server, "/a")))
        await got(client, Fetch("npm", at(server, "/other-ecosystem")))
        await got(client, Fetch("pypi", at(server, "/name", host="localhost")))
    sent = {r.path: r.headers.get("authorization", "") for r in server.requests}
    assert sent == {"/file": "", "/a": "Basic c2VjcmV0", "/b": "", "/other-ecosystem": "", "/name": ""}


async def test_a_netrc_is_not_ours_to_read(server: Server, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login somebody password secret\n")
    async with registries(Registry(at(server), authorization="Basic c2VjcmV0")) as client:
        await got(client, Fetch("pypi", at(server, "/a")))
        await got(client, Fetch("pypi", at(server, "/b", "files")))
    assert [r.headers.get("authorization", "") for r in server.requests] == ["Basic c2VjcmV0", ""]


async def test_cookies_are_not_kept(server: Server) -> None:
    server.weather.set("*", Weather(headers=(("set-cookie", "a=b; Path=/"),)))
    async with registries(at(server)) as client:
        for _ in range(2):
            await got(client, Fetch("pypi", at(server)))
    assert all("cookie" not in r.headers for r in server.requests)


# ---------------------------------------------------------------- proxies


async def test_the_environments_proxy_is_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"localhost:{server.ports['files']}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with registries("http://registry.example/simple/") as client:
        assert (await got(client, Fetch("pypi", "http://registry.example/simple/a/")))[1] == BODY
        assert server.requests[0].target == "http://registry.example/simple/a/"
    async with registries(at(server)) as client:
        await got(client, Fetch("pypi", at(server, "/direct")))
    assert server.requests[1].target == "/direct"


# ---------------------------------------------------------------- token services


class TokenService:
    """A registry at the door 'index' that sends whoever asks to a token service at the door 'files'."""

    def __init__(self) -> None:
        self.server = Server(("index", "files"), self._answer)
        self.realm = ""
        self.lasts = 300
        self.issued = 0
        self.valid: set[str] = set()
        """The Authorization values that the registry takes."""
        self.service_status = 200
        self.service_body = b""

    def _answer(self, request: Request) -> Reply:
        if request.door == "files":
            if request.path != "/token":
                return Reply(200, {}, BODY)
            self.issued += 1
            self.valid.add(f"Bearer t{self.issued}")
            told = {"token": f"t{self.issued}", "expires_in": self.lasts}
            return Reply(self.service_status, {}, self.service_body or json.dumps(told).encode())
        if request.headers.get("authorization", "") in self.valid:
            return Reply(200, {}, BODY)
        name = "/".join(request.path.split("/")[2:-2])
        realm = self.realm or at(self.server, "/token?a=b", "files")
        challenge = f'Basic realm="x", Bearer realm="{realm}",service="reg & co",scope="repository:{name}:pull"'
        return Reply(401, {"www-authenticate": challenge}, b"who are you?")

    def sent(self, pattern: str = "/v2/*") -> list[str]:
        return [r.headers.get("authorization", "") for r in self.server.seen(pattern)]


@pytest.fixture
def service() -> Iterator[TokenService]:
    made = TokenService()
    made.server.start()
    yield made
    made.server.stop()


def manifest(service: TokenService, name: str = "library/hello", kind: str = "manifests/1") -> Fetch:
    return Fetch("pypi", at(service.server, f"/v2/{name}/{kind}"))


async def test_a_token_is_fetched_once_for_each_scope(service: TokenService) -> None:
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        assert (await got(client, manifest(service)))[1] == BODY
        assert service.sent() == ["", "Bearer t1"]
        (asked,) = service.server.seen("/token")
        assert asked.query == "a=b&service=reg+%26+co&scope=repository%3Alibrary%2Fhello%3Apull"
        assert "authorization" not in asked.headers
        assert (await got(client, manifest(service, kind="blobs/sha256:0")))[1] == BODY
        assert service.sent() == ["", "Bearer t1", "Bearer t1"], "the scope is known: no second 401"
        assert (await got(client, manifest(service, "library/other")))[1] == BODY
    assert (service.sent()[3:], service.issued) == (["", "Bearer t2"], 2)


async def test_ecosystems_without_tokens_get_the_401(service: TokenService) -> None:
    async with registries(at(service.server, "/v2/")) as client:
        response, body = await got(client, manifest(service))
    assert (response.status, body, service.issued) == (401, b"who are you?", 0)


async def test_a_token_is_thrown_away_in_time(service: TokenService) -> None:
    clock = Clock()
    async with registries(at(service.server, "/v2/"), clock, tokens=("pypi",)) as client:
        for moved, issued in ((0, 1), (269, 1), (2, 2)):
            clock.at += moved
            await got(client, manifest(service))
            assert service.issued == issued


async def test_a_token_that_is_no_longer_taken_is_replaced(service: TokenService) -> None:
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        await got(client, manifest(service))
        service.valid.clear()
        assert (await got(client, manifest(service)))[0].status == 200
        service.valid = {"nobody's"}
        assert (await got(client, manifest(service)))[0].status == 200
        assert service.sent()[2:] == ["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3"]


async def test_a_registry_that_takes_no_token_is_asked_twice_only(service: TokenService) -> None:
    service.service_body = b'{"access_token": "unknown"}'
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        assert (await got(client, manifest(service)))[0].status == 401
    assert service.sent() == ["", "Bearer unknown"]


async def test_credentials_are_shown_to_registry_and_token_service_and_nobody_else(service: TokenService) -> None:
    registry = Registry(at(service.server, "/v2/"), authorization="Basic c2VjcmV0")
    service.server.weather.set("/v2/a/blobs/*", Weather(redirect=at(service.server, "/storage", "files")))
    async with registries(registry, tokens=("pypi",)) as client:
        await got(client, manifest(service, "a"))
        await got(client, Fetch("pypi", at(service.server, "/v2/a/blobs/1"), roams=True))
    assert service.sent("/token") == ["Basic c2VjcmV0"]
    assert service.sent() == ["Basic c2VjcmV0", "Bearer t1", "Bearer t1"]
    assert service.sent("/storage") == [""]


async def test_only_the_registry_itself_may_send_us_to_a_token_service(service: TokenService) -> None:
    async with registries(at(service.server, "/v2/", "files"), tokens=("pypi",)) as client:
        assert (await got(client, manifest(service)))[0].status == 401
    assert service.issued == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_service_that_refuses_leaves_the_registrys_answer(service: TokenService, status: int) -> None:
    service.service_status = status
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        response, body = await got(client, manifest(service))
    assert (response.status, body) == (401, b"who are you?")


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (200, b"<html>", UpstreamLied, "not a token"),
        (200, b"[]", UpstreamLied, "not a token"),
        (200, b"{}", UpstreamLied, "not a token"),
        (200, b'{"token": "a b"}', UpstreamLied, "not a token"),
        (200, b'{"token": "a\\r\\nx: y"}', UpstreamLied, "not a token"),
        (200, b"x" * 2**19, UpstreamLied, "not a token"),
        (302, b"x", UpstreamLied, "redirects"),
        (429, b"x", UpstreamDown, "answered 429"),
        (503, b"x", UpstreamDown, "answered 503"),
    ],
)
async def test_a_service_that_is_ill(
    service: TokenService, status: int, body: bytes, kind: type[SubakError], said: str
) -> None:
    service.service_status, service.service_body = status, body
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        error = await failure(client, manifest(service))
        assert type(error) is kind
        assert said in str(error)
        service.service_status, service.service_body = 200, b""


@pytest.mark.parametrize(
    ("realm", "said"),
    [
        ("http://127.0.0.1:1/token", "private address"),
        ("http://files.example/token", "without encryption"),
        ("file:///etc/passwd", "not an http(s) URL"),
        ("", "not an http(s) URL"),
    ],
)
async def test_realms_that_are_not_asked(realm: str, said: str) -> None:
    async with registries("https://1.1.1.1/v2/", tokens=("pypi",)) as client:
        with pytest.raises(UpstreamLied, match=re.escape(said)):
            await client._ask_realm("pypi", Challenge(realm), "Basic c2VjcmV0", 1.0)


async def test_many_who_want_the_same_token_ask_once(service: TokenService) -> None:
    async with registries(at(service.server, "/v2/"), tokens=("pypi",)) as client:
        answers = await asyncio.gather(*(got(client, manifest(service, kind=f"blobs/{n}")) for n in range(8)))
    assert {response.status for response, _ in answers} == {200}
    assert service.issued == 1
