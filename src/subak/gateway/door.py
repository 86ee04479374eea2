"""The door: warm hits answered where the request head is parsed, everything else handed to the ordinary way.

It subclasses uvicorn's httptools protocol and so keeps its parsing, keep-alive, pipelining, flow control and
TLS. What it answers is what `House` remembers of the ordinary way's answers; a test sends every kind of
request both ways and compares answer and reading. The uvicorn version is pinned, and a test names every
attribute of uvicorn used here. Why: docs/decisions/0003-the-door.md.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from subak.gateway.house import CHOOSING, NAMING, Hot, House, Known

LARGEST_HEAD = 64 * 1024
"""Bytes of request line and headers; llhttp itself sets no bound."""

SEND_AT_ONCE = 2 * 2**20
"""Bytes per sendfile call, so that one fast client does not starve the others."""

IDLE, IN_HEAD, BUSY = 0, 1, 2


class Door(HttpToolsProtocol):
    """One client connection."""

    house: ClassVar[House]
    header_timeout: ClassVar[float] = 15.0
    idle_timeout: ClassVar[float] = 75.0

    _answered = False
    _stage = IDLE
    _since = 0.0
    _head_size = 0
    _sending: Sending | None = None
    _close_after = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.house.connections.add(self)
        self._since = self.house.clock
        self._stage = IN_HEAD  # a new connection owes us a head; only a kept-alive one may idle

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sending is not None:
            self._sending.stop(complete=False)
        self.house.connections.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._stage == IDLE:
            self._stage, self._since = IN_HEAD, self.house.clock
        if self._stage == IN_HEAD:
            self._head_size += len(data)
            super().data_received(data)
            if self._stage == IN_HEAD and self._head_size > LARGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The request head is larger than 64 KiB.")
        else:
            self._since = self.house.clock
            super().data_received(data)

    # ---------------------------------------------------------------- parser callbacks

    def on_message_begin(self) -> None:
        # The ASGI scope is only made when the ordinary way needs it.
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        self._stage, self._head_size = BUSY, 0
        self._answered = self._answer()
        if self._answered:
            return
        url, headers, expect = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, expect
        self.scope["headers"] = headers
        self.scope["subak.connection"] = self  # type: ignore[typeddict-unknown-key]
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._answered:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        self._stage, self._since = IDLE, self.house.clock
        super().on_response_complete()

    # ---------------------------------------------------------------- the short way

    def _answer(self) -> bool:
        """Answer a warm hit; False leaves the request to the ordinary way, untouched and uncounted."""
        house = self.house
        entry = house.entries.get(self.url)
        if entry is None:
            return False
        headers = dict(self.headers)
        get = headers.get
        hot = entry.fixed or entry.by.get(tuple([get(name) for name in CHOOSING]))
        if hot is None or len(headers) != len(self.headers):
            return False
        if b"range" in headers or b"via" in headers or b"content-length" in headers or b"transfer-encoding" in headers:
            return False
        method = self.parser.get_method()
        if (method != b"GET" and method != b"HEAD") or self.parser.get_http_version() != "1.1":
            return False
        if (self.cycle is not None and not self.cycle.response_complete) or self._sending is not None:
            return False  # pipelined behind a running answer
        if self.flow.write_paused or self.expect_100_continue or self.parser.should_upgrade():
            return False
        client = self.client
        known = house.callers.get((client[0] if client else "", *[get(name) for name in NAMING]))
        if known is None or (hot.keyed and not known.by_key):
            return False
        now = house.now()
        if now >= hot.good_until:
            return False
        condition = get(b"if-none-match")
        if condition is not None and condition != hot.etag and (b"," in condition or not condition.startswith(b'"')):
            return False  # lists, weak tags and '*': rare enough for the ordinary way
        unchanged = condition is not None and condition == hot.etag
        file = -1
        if hot.path is not None and not unchanged and method == b"GET":
            file = _open(hot)
            if file < 0:  # evicted since
                house.drop(*hot.document)
                return False
        if house.take(known.consumer, house.monotonic()):
            if file >= 0:
                os.close(file)
            return False  # the ordinary way refuses, and counts it
        hot.used = True
        self._send(hot, known, method, now, unchanged, file)
        return True

    def _send(self, hot: Hot, known: Known, method: bytes, now: float, unchanged: bool, file: int) -> None:
        house = self.house
        keep = self.parser.should_keep_alive()
        date = self.server_state.default_headers[0][1]
        close = b"" if keep else b"connection: close\r\n"
        if unchanged:
            status, sent, body = 304, 0, b""
            head = b"HTTP/1.1 304 Not Modified\r\ndate: %b\r\n%b%b%b" % (date, hot.head_304, close, house.request_id())
        else:
            status, sent, body = 200, hot.size, hot.body
            head = b"HTTP/1.1 200 OK\r\ndate: %b\r\n%b%b%b" % (date, hot.head, close, house.request_id())
            if method == b"HEAD":
                sent, body = 0, b""
            elif file >= 0:
                self._send_file(hot, known, head, now, keep, file)
                return
        self.transport.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            self.transport.write(body)
        house.pending.append((hot.asked, known.part, now, method, status, sent, house.now() - now))
        self._finish(keep)

    def _finish(self, keep: bool) -> None:
        self._stage, self._since = IDLE, self.house.clock
        self.server_state.total_requests += 1
        if not keep or self._close_after:
            self.transport.close()

    def _send_file(self, hot: Hot, known: Known, head: bytes, now: float, keep: bool, file: int) -> None:
        """Send a body from disk; the kernel copies where it can."""
        house = self.house
        self.transport.write(head)
        self.flow.pause_reading()

        def done(sent: int, complete: bool) -> None:
            self._sending = None
            house.pending.append((hot.asked, known.part, now, b"GET", 200, sent, house.now() - now))
            if self.transport.is_closing():
                return
            if not complete:
                self.transport.abort()
                return
            self._finish(keep)
            self.flow.resume_reading()

        self._sending = Sending(self, file, hot.size, done)
        self._sending.go()

    # ---------------------------------------------------------------- ends

    def break_off(self) -> None:
        """End the connection so that the client cannot take the answer for complete."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def shutdown(self) -> None:
        if self._sending is not None:
            self._close_after = True
        else:
            super().shutdown()

    def progressed(self) -> None:
        """Bytes left: not a stalled connection."""
        self._since = self.house.clock

    def expire(self, clock: float) -> None:
        """Close a connection that owes us something for too long. `clock` is house.clock."""
        waited = clock - self._since
        if self._stage == IN_HEAD:
            late = waited > self.header_timeout
        elif self._stage == IDLE:
            late = waited > self.idle_timeout
        else:
            uploading = not self._answered and self.cycle is not None and self.cycle.more_body
            stalled = self._sending is not None or (uploading and not self.cycle.response_complete)
            late = stalled and waited > self.idle_timeout
        if late and not self.transport.is_closing():
            self.transport.abort()


def _open(hot: Hot) -> int:
    """The body's file, -1 if it is not there as it was."""
    assert hot.path is not None
    try:
        file = os.open(hot.path, os.O_RDONLY)
    except OSError:
        return -1
    if os.fstat(file).st_size == hot.size:
        return file
    os.close(file)
    return -1


class Sending:
    """One file on its way to one socket with sendfile(2); chunked reads where TLS forbids it."""

    def __init__(self, door: Door, file: int, size: int, done: Callable[[int, bool], None]) -> None:
        self._door = door
        self._file = file
        self._size = size
        self._done = done
        self._position = 0
        self._socket = -1
        self._loop = door.loop
        self._tls = door.transport.get_extra_info("sslcontext") is not None

    def go(self) -> None:
        """Begin once the head has left the transport's own buffer."""
        if self._file < 0:
            return
        if self._tls:
            self._copy()
        elif self._door.transport.get_write_buffer_size():
            self._loop.call_later(0.002, self.go)
        else:
            # A descriptor of our own: the loop refuses to watch one that belongs to a transport.
            self._socket = os.dup(self._door.transport.get_extra_info("socket").fileno())
            self._push(watching=False)

    def _push(self, *, watching: bool = True) -> None:
        try:
            for _ in range(2):
                count = min(SEND_AT_ONCE, self._size - self._position)
                sent = os.sendfile(self._socket, self._file, self._position, count) if count else 0
                self._position += sent
                if self._position >= self._size:
                    self.stop(complete=True)
                    return
                if sent == 0:  # the file is shorter than it was
                    self.stop(complete=False)
                    return
                self._door.progressed()
                if sent < count:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self.stop(complete=False)
            return
        if not watching:
            self._loop.add_writer(self._socket, self._push)

    def _copy(self) -> None:
        """Through the transport: TLS has to see the bytes."""
        if self._file < 0:
            return
        if self._door.transport.get_write_buffer_size() > 2**20:
            self._loop.call_later(0.002, self._copy)
            return
        piece = os.pread(self._file, 262144, self._position)
        self._position += len(piece)
        if not piece:
            self.stop(complete=self._position >= self._size)
            return
        self._door.transport.write(piece)
        self._door.progressed()
        self._loop.call_soon(self._copy)

    def stop(self, *, complete: bool) -> None:
        """Give everything back and tell, once."""
        if self._file < 0:
            return
        if self._socket >= 0:
            self._loop.remove_writer(self._socket)
            os.close(self._socket)
        os.close(self._file)
        self._file = self._socket = -1
        self._done(self._position, complete)


async def sweep(house: House) -> None:
    """Every half second: move the coarse clock, close what owes us something, notice changed rules."""
    while True:
        house.clock = house.monotonic()
        for connection in list(house.connections):
            connection.expire(house.clock)
        house.check()
        await asyncio.sleep(0.5)
