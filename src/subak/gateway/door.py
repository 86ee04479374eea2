"""The door: warm hits answered where the request head is parsed, everything else handed to the ordinary way.

It subclasses uvicorn's httptools protocol and so keeps its parsing, keep-alive, pipelining, flow control and
TLS. What it answers is what `House` remembers of the ordinary way's answers; a test sends every kind of
request both ways and compares answer and reading. The uvicorn version is pinned, and a test names every
attribute of uvicorn used here. Why: docs/decisions/0003-the-door.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from subak.errors import BadRequest
from subak.gateway.house import CHOOSING, NAMING, Hot, House, Known
from subak.gateway.sending import Sending
from subak.model.exchange import Asked, Exchange, Origin
from subak.model.reading import compose, outcome_part
from subak.pipeline.refuse import refusal

log = logging.getLogger("subak.gateway")

LARGEST_HEAD = 64 * 1024
"""Bytes of request line and headers; llhttp itself sets no bound."""
LARGEST_BLOCK = 4096
"""Bytes of headers that a connection remembers."""
ODD = frozenset((b"range", b"via", b"content-length", b"transfer-encoding"))
"""Headers of requests that take the ordinary way."""
JOINED = 64 * 1024
"""Bytes up to which copying head and body together costs less than telling the kernel of two places."""

BETWEEN, HEAD, BODY, START = 0, 1, 2, 3
"""Where in the client's messages the parser stands. A new connection owes us a head; only a kept-alive one may idle."""


@dataclass(frozen=True, slots=True)
class Manner:
    """What the headers of a request mean, whatever its path."""

    choice: tuple[bytes | str | None, ...]
    known: Known
    condition: bytes | None
    """If-None-Match."""


class Door(HttpToolsProtocol):
    """One client connection."""

    house: ClassVar[House]
    header_timeout: ClassVar[float] = 15.0
    idle_timeout: ClassVar[float] = 75.0

    _answered = False
    """The message being parsed needs nothing more."""
    _running: RequestResponseCycle | Sending | None = None
    """The answer that is on its way."""
    _place = START
    _since = 0.0
    _size = 0
    """Bytes received since the parser last made something of them."""
    _unsent = 0
    _sending: Sending | None = None
    _manner: Manner | None = None
    """Of the last message that was answered here and may be learnt from."""
    _block = b""
    """The header lines of a request answered here, and what they mean: the next one is likely to repeat them."""
    _meaning: Manner
    _era = -1

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.house.connections.add(self)
        self._since = self.house.clock

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sending is not None:
            self._sending.stop("ClientGone")
        self.house.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        place = self._place
        if place == BETWEEN and self._running is None and self._again(data):
            return
        if place == BODY:
            self._since = self.house.clock
        self._size += len(data)
        super().data_received(data)
        if self._size > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse_head()
        elif self._manner is not None and place in (BETWEEN, START):
            self._learn(data, self._manner)

    # ---------------------------------------------------------------- parser callbacks

    def on_message_begin(self) -> None:
        # The ASGI scope is only made when the ordinary way needs it.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []
        self._place, self._manner = HEAD, None
        if self._running is None:
            self._since = self.house.clock

    def on_headers_complete(self) -> None:
        if self._size > LARGEST_HEAD and len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > LARGEST_HEAD:
            self._refuse_head()
        self._place, self._size = BODY, 0
        # After a last answer nothing more is read (RFC 9112 §9.6).
        self._answered = self.transport.is_closing() or self._answer()
        if self._answered:
            return
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expect
        self.scope["headers"] = headers
        self.scope["subak.connection"] = self  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()
        if self._running is None:
            self._running = self.cycle

    def on_body(self, body: bytes) -> None:
        self._size = 0
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._place, self._size = BETWEEN, 0
        if not self._answered:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._running, self._since = self.pipeline[-1][0] if self.pipeline else None, self.house.clock
        super().on_response_complete()
        self._unset_keepalive_if_required()  # `expire` sees to it

    # ---------------------------------------------------------------- the short way

    def _answer(self) -> bool:
        """Answer a warm hit; False leaves the request to the ordinary way, untouched and uncounted."""
        house, parser = self.house, self.parser
        entry = house.entries.get(self.url)
        if entry is None or self._running is not None:  # pipelined behind a running answer
            return False
        headers = dict(self.headers)
        get = headers.get
        if len(headers) != len(self.headers) or not ODD.isdisjoint(headers):
            return False
        method = parser.get_method()
        if (method != b"GET" and method != b"HEAD") or parser.get_http_version() != "1.1":
            return False
        if self.expect_100_continue or parser.should_upgrade():
            return False
        client = self.client
        known = house.callers.get((client[0] if client else "", *[get(name) for name in NAMING]))
        if known is None:
            return False
        if get(b"if-modified-since") is not None and get(b"if-none-match") is None:
            return False  # dates are compared the ordinary way
        choice = (*[get(name) for name in CHOOSING], known.base)
        manner = Manner(choice, known, get(b"if-none-match"))
        hot = entry.fixed or entry.by.get(choice)
        keep = parser.should_keep_alive()
        if hot is None or not self._give(hot, manner, method, keep=keep):
            return False
        if keep and method == b"GET":
            self._manner = manner
        return True

    def _learn(self, data: bytes, manner: Manner) -> None:
        """Remember the header lines of a segment that was exactly one request, answered here."""
        block = data.partition(b" HTTP/1.1\r\n")[2]
        if len(block) <= LARGEST_BLOCK and data.startswith(b"GET ") and data.find(b"\r\n\r\n") == len(data) - 4:
            self._block, self._meaning, self._era = block, manner, self.house.era

    def _again(self, data: bytes) -> bool:
        """Answer a request that differs from an earlier one of this connection in nothing but its path.

        Equal bytes parse equally, so the parser, which stands between two messages, need not see them.
        """
        line, _, block = data.partition(b" HTTP/1.1\r\n")
        house = self.house
        if block != self._block or self._era != house.era or line[:4] != b"GET ":
            return False
        entry = house.entries.get(line[4:])
        if entry is None:
            return False
        manner = self._meaning
        hot = entry.fixed or entry.by.get(manner.choice)
        return hot is not None and self._give(hot, manner, b"GET", keep=True)

    def _give(self, hot: Hot, manner: Manner, method: bytes, *, keep: bool) -> bool:
        """Send a ready answer, unless something about it needs the ordinary way."""
        house, known, condition = self.house, manner.known, manner.condition
        now, began = house.now(), house.monotonic()
        if now >= hot.good_until or self.flow.write_paused or (hot.keyed and not known.by_key):
            return False
        unchanged = False
        if condition is not None:
            unchanged = condition == hot.etag != b""
            if not unchanged and (b"," in condition or not condition.startswith(b'"')):
                return False  # lists, weak tags and '*': rare enough for the ordinary way
        file = -1
        if hot.path is not None and not unchanged and method == b"GET":
            file = _open(hot.path, hot.size)
            if file < 0:  # evicted since
                house.drop(*hot.document)
                return False
        if house.take(known.consumer, began):
            if file >= 0:
                os.close(file)
            return False  # the ordinary way refuses, and counts it
        hot.used_at = now
        ending = b"%x\r\n" % next(house.ids) if keep else b"%x\r\nconnection: close\r\n" % next(house.ids)
        if file >= 0:
            self._send_file(hot, known, house.ok + ending + hot.head, now, began, keep=keep, file=file)
            return True
        if unchanged:
            status, sent, answer = 304, 0, house.not_modified + ending + hot.head_304
        elif method == b"HEAD":
            status, sent, answer = 200, 0, house.ok + ending + hot.head
        else:
            status, sent, answer = 200, hot.size, hot.whole
            if len(answer) <= JOINED:
                answer = house.ok + ending + answer
            else:
                self.transport.write(house.ok + ending)
        self.transport.write(answer)
        house.pending.append((hot.asked, known.part, now, method, status, sent, house.monotonic() - began))
        self._since = house.clock
        if not keep:
            self.transport.close()
        return True

    def _send_file(
        self, hot: Hot, known: Known, head: bytes, now: float, began: float, *, keep: bool, file: int
    ) -> None:
        """Send a body from disk; the kernel copies where it can."""
        house = self.house

        def done(sent: int, error: str) -> None:
            self._sending = None
            took = house.monotonic() - began
            outcome = outcome_part(now, "GET", 200, sent, 0, Origin.CACHE, took, "", error)
            house.pending.append(compose(outcome, hot.asked, known.part))
            if error:
                log.log(logging.DEBUG if error == "ClientGone" else logging.ERROR, "%s: %s", error, hot.path)
                _reset(self.transport)
                self.transport.abort()
            elif not sending.keep_alive:
                self.transport.close()
            self.on_response_complete()

        self.transport.write(head)
        sending = self._running = self._sending = Sending(self, file, hot.size, keep_alive=keep, done=done)
        # Where uvicorn looks for a running answer: it queues pipelined requests and closes gracefully.
        self.cycle = sending  # type: ignore[assignment]
        sending.start()

    # ---------------------------------------------------------------- flow

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._sending is not None:
            self._sending.resume()

    def writable(self) -> bool:
        """See sending.Connection."""
        return not self.flow.write_paused

    def progressed(self) -> None:
        """Bytes left: not a stalled connection."""
        self._since = self.house.clock

    # ---------------------------------------------------------------- ends

    def _refuse_head(self) -> None:
        log.warning("refused a request head of more than 64 KiB from %s", self.client[0] if self.client else "nobody")
        self.send_400_response("the request head is larger than 64 KiB")

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read. Behind a running answer nothing may be written: the connection is broken."""
        if self._running is not None:
            self.break_off()
            return
        house = self.house
        number = house.request_id()
        told = refusal(BadRequest(msg), Exchange(Asked("", "")), {}, number)
        headers = {
            "date": formatdate(house.now(), usegmt=True),
            **dict(told.headers),
            "content-length": len(told.body),
            "x-request-id": number,
            "via": house.via,
            "x-content-type-options": "nosniff",
            "connection": "close",
        }
        lines = [f"HTTP/1.1 {told.status} {told.reason}", *(f"{name}: {value}" for name, value in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + told.body)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade we do not offer is ignored (RFC 9110 §7.8), silently: clients could fill the log."""

    def break_off(self) -> None:
        """End the connection so that the client cannot take the answer for complete."""
        if self._running is not None:
            self._running.disconnected = True
        _reset(self.transport)
        self.transport.abort()

    def expire(self, clock: float) -> None:
        """Close a connection that owes us something for too long. `clock` is house.clock."""
        unsent: int = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent = unsent
            if self._running is not None or self._place in (BETWEEN, BODY):
                self._since = clock
        limit = self.idle_timeout
        if self._running is not None:
            if not unsent and self._sending is None and self._place != BODY:
                return  # it is we who owe
        elif self._place in (HEAD, START):
            limit = self.header_timeout
        if clock - self._since > limit:
            self.transport.abort()


def _reset(transport: asyncio.Transport) -> None:
    """Let the connection end with RST instead of FIN: Ruby's HTTP client takes a body that ends with FIN for complete,
    whatever length was announced, and keeps half a gem in its cache."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _open(path: Path, size: int) -> int:
    """The body's file, -1 if it is not there as it was."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return -1
    if os.fstat(file).st_size == size:
        return file
    os.close(file)
    return -1


async def sweep(house: House) -> None:
    """Every half second: move the coarse clock, notice changed rules, close what owes us something."""
    while True:
        house.tick()
        for connection in list(house.connections):
            connection.expire(house.clock)
        await asyncio.sleep(0.5)
