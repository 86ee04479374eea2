"""The ordinary way: an ASGI application that runs the whole sentence for every request."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from subak.errors import BadRequest
from subak.gateway.phrases import phrased
from subak.model.exchange import Asked, Exchange
from subak.pipeline.run import BrokenOff, Gate, Request, run

log = logging.getLogger("subak.gateway")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_HOST = re.compile(r"[A-Za-z0-9._\-]+(?::\d{1,5})?\Z|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?\Z")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~\-]+)*/?\Z")


class Forwarding:
    """What a request looks like from outside, given the reverse proxies we trust."""

    def __init__(self, public_url: str, trusted: Sequence[str]) -> None:
        self._public = public_url.rstrip("/")
        self._trusted = [ipaddress.ip_network(n, strict=False) for n in trusted]

    def trusts(self, address: str) -> bool:
        """Whether this peer's X-Forwarded-* headers are believed."""
        if not self._trusted:
            return False
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped  # how a socket that listens on :: shows an IPv4 peer
        return any(parsed in network for network in self._trusted)

    def client(self, peer: str, headers: Mapping[str, str]) -> str:
        """The client's address: from right to left, the first hop that is not one of our proxies."""
        if not self.trusts(peer):
            return peer
        for hop in reversed([_address(h) for h in headers.get("x-forwarded-for", "").split(",")]):
            if hop and not self.trusts(hop):
                return hop
        return peer

    def base(self, peer: str, scheme: str, headers: Mapping[str, str]) -> str:
        """Our URL as this client sees it, without trailing slash. Raises BadRequest for a hostile Host."""
        if self._public:
            return self._public
        host, prefix = headers.get("host", ""), ""
        if self.trusts(peer):
            scheme = _last(headers.get("x-forwarded-proto", "")) or scheme
            host = _last(headers.get("x-forwarded-host", "")) or host
            prefix = _last(headers.get("x-forwarded-prefix", ""))
        if not _HOST.match(host) or scheme not in ("http", "https") or not _PREFIX.match(prefix):
            raise BadRequest("the Host header (or a forwarded one) is not a host name")
        return f"{scheme}://{host}{prefix.rstrip('/')}"


def _address(hop: str) -> str:
    """One element of X-Forwarded-For without the port and brackets that some proxies write."""
    hop = hop.strip().strip('"')
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _last(value: str) -> str:
    """The value set by the proxy nearest to us."""
    return value.rpartition(",")[2].strip()


class AsgiReply:
    """pipeline.serve.Reply over ASGI and, for what ASGI does not tell, the connection behind it."""

    def __init__(self, send: Send, connection: Any, via: bytes) -> None:
        self._send = send
        self._connection = connection
        self._via = via
        self._over = False

    @property
    def gone(self) -> bool:
        # After a last answer uvicorn closes the connection itself: that is no client who left.
        return not self._over and bool(self._connection is not None and self._connection.transport.is_closing())

    async def start(self, status: int, headers: list[tuple[str, str]], *, reason: str = "") -> None:
        raw = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
        raw += [(b"via", self._via), (b"x-content-type-options", b"nosniff")]
        await self._send({"type": "http.response.start", "status": phrased(status, reason), "headers": raw})

    async def write(self, piece: bytes, *, more: bool) -> None:
        if not more:
            self._over = not self.gone
        await self._send({"type": "http.response.body", "body": piece, "more_body": more})
        if self._connection is not None:
            self._connection.progressed()


class Application:
    """ASGI 3. `remember` is told of every served answer, so that the door may answer the next one itself."""

    def __init__(
        self,
        gate: Gate,
        forwarding: Forwarding,
        *,
        now: Callable[[], float],
        request_id: Callable[[], str],
        largest_body: int,
        remember: Callable[[Scope, Request, Exchange], None],
        startup: Callable[[], Awaitable[None]],
        shutdown: Callable[[], Awaitable[None]],
    ) -> None:
        self.gate = gate
        self._forwarding = forwarding
        self._now = now
        self._request_id = request_id
        self._largest_body = largest_body
        self._remember = remember
        self._startup = startup
        self._shutdown = shutdown
        self._via = f"1.1 {gate.instance}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _joined(scope["headers"])
        peer = scope["client"][0] if scope.get("client") else ""
        reply = AsgiReply(send, scope.get("subak.connection"), self._via)
        base, client = "", self._forwarding.client(peer, headers)
        try:
            base = self._forwarding.base(peer, scope["scheme"], headers)
        except BadRequest:
            headers = {**headers, "host": ""}  # told by the sentence below, with a reading
        asked = Asked(
            scope["method"],
            scope["raw_path"].decode("latin-1") if base else "",
            scope["query_string"].decode("latin-1"),
            headers,
            client,
            base,
            self._now(),
        )

        async def body() -> bytes:
            return await _read_body(receive, self._largest_body)

        request = Request(asked, self._request_id(), body)
        try:
            exchange = await run(request, self.gate, reply)
        except BrokenOff:
            connection = scope.get("subak.connection")
            if connection is not None:
                connection.break_off()
                return
            raise
        connection = scope.get("subak.connection")
        if not exchange.sent.complete and connection is not None:
            connection.break_off()  # the client left; nobody must take the rest for an answer
        if request.found is not None:
            self._remember(scope, request, exchange)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._startup()
                except Exception as error:
                    log.exception("the gateway cannot start")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _joined(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header names are lowercase already; repeated ones are joined as RFC 9110 §5.3 permits."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def _read_body(receive: Receive, limit: int) -> bytes:
    """The request body. Raises BadRequest above `limit` bytes or when the client leaves."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("the client left before its request was complete")
        body += message.get("body", b"")
        if len(body) > limit:
            raise BadRequest(f"the request body is larger than {limit} bytes")
        if not message.get("more_body", False):
            return bytes(body)
