"""The ordinary way: what is believed of a request, and how an answer reaches the connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.here import Here, raw
from registry.upstream import Registry
from subak.errors import BadRequest
from subak.gateway.asgi import AsgiReply, Forwarding, _joined, _read_body

NEAR, FAR = Forwarding("", ["10.0.0.0/8", "fd00::/8", "127.0.0.1"]), Forwarding("", [])

# ---------------------------------------------------------------- whom to believe


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),  # what the client wrote itself is on the left
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7,10.9.9.9 ,  10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.1"),  # nobody from outside
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.7:5123", "203.0.113.7"),
        ("10.0.0.1", '"203.0.113.7"', "203.0.113.7"),
        ("10.0.0.1", '"[2001:db8::1]:443"', "2001:db8::1"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "1.1.1.1, unknown", "unknown"),  # never skip what we cannot read
        ("fd00::1", "203.0.113.7, fd00::2", "203.0.113.7"),
        ("::ffff:10.0.0.1", "203.0.113.7, ::ffff:10.0.0.2", "203.0.113.7"),
        ("192.0.2.9", "203.0.113.7", "192.0.2.9"),  # not one of our proxies
        ("::ffff:192.0.2.9", "203.0.113.7", "::ffff:192.0.2.9"),
        ("", "203.0.113.7", ""),
    ],
)
def test_the_client_is_the_first_hop_that_is_not_ours(peer: str, forwarded: str, client: str) -> None:
    assert NEAR.client(peer, {"x-forwarded-for": forwarded}) == client


def test_without_trusted_proxies_nothing_is_believed() -> None:
    headers = {
        "host": "here", "x-forwarded-for": "1.2.3.4", "x-forwarded-host": "there", "x-forwarded-proto": "https",
        "x-forwarded-prefix": "/x",
    }  # fmt: skip
    for peer in ("127.0.0.1", "10.0.0.1", "::1"):
        assert FAR.client(peer, headers) == peer
        assert FAR.base(peer, "http", headers) == "http://here"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"host": "gw.example:8765"}, "http://gw.example:8765"),
        ({"host": "[::1]:8765"}, "http://[::1]:8765"),
        ({"host": "a", "x-forwarded-proto": "https"}, "https://a"),
        ({"host": "a", "x-forwarded-host": "b.example"}, "http://b.example"),
        ({"host": "a", "x-forwarded-host": "evil.example, b.example"}, "http://b.example"),
        ({"host": "a", "x-forwarded-proto": "ftp, https"}, "https://a"),
        ({"host": "a", "x-forwarded-prefix": "/packages/"}, "http://a/packages"),
        ({"host": "a", "x-forwarded-prefix": "/a/b.c~d"}, "http://a/a/b.c~d"),
        ({"host": "a", "x-forwarded-prefix": "/"}, "http://a"),
        ({"host": "a", "x-forwarded-host": "", "x-forwarded-proto": "", "x-forwarded-prefix": ""}, "http://a"),
    ],
)
def test_our_url_as_a_trusted_proxy_tells_it(headers: dict[str, str], base: str) -> None:
    assert NEAR.base("10.0.0.1", "http", headers) == base


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"host": ""}, {"host": "a b"}, {"host": "a/b"}, {"host": "a?b"}, {"host": "a@b"}, {"host": "a, b"},
        {"host": "a:b"}, {"host": "a:123456"}, {"host": "[::1"}, {"host": "<script>"}, {"host": "a\\b"},
        {"host": "a", "x-forwarded-host": "b/c"}, {"host": "a", "x-forwarded-proto": "javascript"},
        {"host": "a", "x-forwarded-prefix": "x"}, {"host": "a", "x-forwarded-prefix": "//evil.example"},
        {"host": "a", "x-forwarded-prefix": "/a?b"}, {"host": "a", "x-forwarded-prefix": "/a b"},
    ],
    ids=str,
)  # fmt: skip
def test_a_hostile_host_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        NEAR.base("10.0.0.1", "http", headers)


def test_a_public_url_settles_it() -> None:
    forwarding = Forwarding("https://gw.example/packages/", ["10.0.0.0/8"])
    assert forwarding.base("10.0.0.1", "http", {"host": "<>", "x-forwarded-host": "b"}) == "https://gw.example/packages"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_whatever_they_send_our_url_stays_harmless(host: str, proto: str, prefix: str) -> None:
    try:
        base = NEAR.base("10.0.0.1", "http", {"host": host, "x-forwarded-proto": proto, "x-forwarded-prefix": prefix})
    except BadRequest:
        return
    assert base.startswith(("http://", "https://"))
    assert not set(base) & set("\r\n\t <>\"'\\?#@,")
    assert not base.endswith("/")


# ---------------------------------------------------------------- the pieces


def test_repeated_headers_are_joined() -> None:
    assert _joined([(b"accept", b"a"), (b"x", b"\xe9"), (b"accept", b"b")]) == {"accept": "a, b", "x": "é"}


async def test_bodies_are_read_up_to_a_limit() -> None:
    def receiving(*messages: Mapping[str, Any]) -> Any:
        left = iter(messages)

        async def receive() -> Mapping[str, Any]:
            return next(left)

        return receive

    def piece(body: bytes, more: bool) -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": more}

    assert await _read_body(receiving(piece(b"ab", True), piece(b"c", False)), 3) == b"abc"
    with pytest.raises(BadRequest, match="larger than 3"):
        await _read_body(receiving(piece(b"ab", True), piece(b"cd", True)), 3)
    with pytest.raises(BadRequest, match="left"):
        await _read_body(receiving(piece(b"ab", True), {"type": "http.disconnect"}), 3)


class _Connection:
    def __init__(self) -> None:
        self.closing = False
        self.transport = self

    def is_closing(self) -> bool:
        return self.closing

    def progressed(self) -> None: ...


async def test_a_connection_that_we_close_ourselves_is_no_client_who_left() -> None:
    connection = _Connection()

    async def send(message: Mapping[str, Any]) -> None:
        connection.closing = not message.get("more_body", True)  # as uvicorn does after a last answer

    reply = AsgiReply(send, connection, b"1.1 x")
    await reply.start(200, [])
    await reply.write(b"abc", more=False)
    assert not reply.gone
    connection.closing = True
    assert AsgiReply(send, connection, b"1.1 x").gone
    late = AsgiReply(send, connection, b"1.1 x")
    await late.write(b"", more=False)
    assert late.gone


# ---------------------------------------------------------------- through a connection


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    with Registry() as upstream:
        upstream.add_npm("left", "1.0.0", padding=2000)
        upstream.add_wheel("wheel", "1.0")
        data = tmp_path_factory.mktemp("asgi") / "data"
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Here(data, urls, server__trusted_proxies=["127.0.0.1"], server__largest_body=1000) as here:
            yield here


PROXIED = {
    "host": "127.0.0.1:1", "x-forwarded-proto": "https", "x-forwarded-host": "gw.example",
    "x-forwarded-prefix": "/packages", "x-forwarded-for": "203.0.113.7",
}  # fmt: skip


def test_behind_a_proxy_links_lead_back_through_it(here: Here) -> None:
    for _ in range(4):  # the ordinary way, then the door
        document = json.loads(here.ask("/npm/left", PROXIED).body)
        tarball = document["versions"]["1.0.0"]["dist"]["tarball"]
        assert tarball == "https://gw.example/packages/npm/left/-/left-1.0.0.tgz"
        plain = json.loads(here.ask("/npm/left").body)
        assert plain["versions"]["1.0.0"]["dist"]["tarball"] == f"http://{here.host}/npm/left/-/left-1.0.0.tgz"
    assert here.ask("/npm", PROXIED)["location"] == "https://gw.example/packages/npm/"


def test_behind_a_proxy_the_client_is_accounted_for(here: Here) -> None:
    here.warm("/npm/left/-/left-1.0.0.tgz", PROXIED)
    here.skip_readings()
    clients = ("10.1.1.7", "10.1.1.7", "10.1.1.9", "10.1.1.7")
    for client in clients:
        here.ask("/npm/left/-/left-1.0.0.tgz", {**PROXIED, "x-forwarded-for": f"10.6.6.6, {client}"})
    assert [r.consumer for r in here.next_readings(4)] == [f"addr:{client}" for client in clients]


@pytest.mark.parametrize("path", ["/npm/left", "/npm/left/-/left-1.0.0.tgz", "/-/health", "/"])
@pytest.mark.parametrize("host", ["a b", "a/b", "", "x, y"])
def test_a_hostile_host_gets_a_problem_document_also_for_what_is_warm(here: Here, path: str, host: str) -> None:
    if path.startswith("/npm"):
        here.warm(path)
    here.skip_readings()
    told = here.ask(path, {"host": host})
    assert (told.status, told["content-type"]) == (400, "application/problem+json")
    assert told["x-request-id"]
    reading = here.next_readings(1)[0]
    assert (reading.status, reading.error) == (400, "BadRequest")


def test_two_hosts_are_refused(here: Here) -> None:
    here.warm("/npm/left")
    told = here.ask("/npm/left", (("host", here.host), ("host", "other.example")))
    assert told.status == 400


def test_a_request_body_that_is_too_large_is_refused(here: Here) -> None:
    with here.connect() as line:
        path = "/npm/-/npm/v1/security/advisories/bulk"
        headers = {"content-length": "5000", "content-type": "application/json"}
        line.send(raw(path, here.host, headers, method="POST", body=b"{" * 5000))
        assert line.read().status == 400
        line.send(raw("/-/health", here.host))
        assert line.read().status == 200


def test_every_answer_says_who_and_which(here: Here) -> None:
    here.warm("/npm/left")
    for path in ("/npm/left", "/npm/absent", "/-/health", "/nothing"):
        told = here.ask(path)
        assert told["via"] == "1.1 0123456789ab"
        assert told["x-request-id"]
        assert told["x-content-type-options"] == "nosniff"
