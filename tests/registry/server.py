"""An HTTP/1.1 server for tests: several ports, one thread, every byte under control."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from http import HTTPStatus

from registry.weather import Reply, Sky, Weather, alter

_LOST = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What a client does to a connection it no longer wants."""


@dataclass(slots=True)
class Request:
    """One request as it arrived and what became of it; `door` is the name of the port it came in by."""

    door: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    at: float = 0.0
    status: int = 0
    """The status it was answered with, 0 if it was not."""
    sent: int = 0
    """Body bytes handed to the connection."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


def conditional(request: Request, reply: Reply, weather: Weather) -> Reply:
    """304 and 206/416 where the request asks for them (RFC 9110 §13, §14)."""
    if reply.status != 200 or request.method not in ("GET", "HEAD"):
        return reply
    etag, modified = reply.headers.get("etag", ""), reply.headers.get("last-modified", "")
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",") if tag.strip()]
    since = request.headers.get("if-modified-since", "")
    if (etag and etag in known) or (not known and modified and since == modified):
        return Reply(304, {k: v for k, v in reply.headers.items() if k in ("etag", "vary", "cache-control")})
    wanted = request.headers.get("range", "")
    if not wanted or reply.stream or weather.ignore_range or reply.headers.get("accept-ranges") != "bytes":
        return reply
    if request.headers.get("if-range", etag or modified) not in (etag, modified):
        return reply
    span = byte_range(wanted, len(reply.body))
    if span is None:
        return Reply(416, {"content-range": f"bytes */{len(reply.body)}"})
    first, last = span
    headers = {**reply.headers, "content-range": f"bytes {first}-{last}/{len(reply.body)}"}
    return Reply(206, headers, reply.body[first : last + 1])


def byte_range(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte of `bytes=a-b`, `bytes=a-` or `bytes=-n`; None if it cannot be satisfied."""
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not first:
        start, end = max(size - int(last), 0), size - 1
    else:
        start, end = int(first), min(int(last) if last else size - 1, size - 1)
    return (start, end) if 0 <= start <= end < size else None


class Server:
    """Listens on one loopback port per door and answers with `answer(request)`, as the sky permits."""

    def __init__(self, doors: tuple[str, ...], answer: Callable[[Request], Reply]) -> None:
        self.doors = doors
        self.weather = Sky()
        self.requests: list[Request] = []
        self.ports: dict[str, int] = {}
        self.swallow = False
        """Blackhole: connections are accepted, nothing is read or said."""
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._sockets: dict[str, socket.socket] = {}
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="upstream", daemon=True)

    # ---- life

    def start(self) -> None:
        self._thread.start()
        self._call(self._listen())

    def stop(self) -> None:
        self.weather.clear()
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        for sock in self._sockets.values():
            sock.close()

    def down(self) -> None:
        """Refuse connections; the ports stay reserved."""
        self._call(self._close())
        for door in self.doors:
            self._sockets[door] = _bound(self.ports[door])

    def up(self) -> None:
        """Listen again on the same ports."""
        self._call(self._listen())

    def _call(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _listen(self) -> None:
        for door in self.doors:
            sock = self._sockets.get(door) or _bound(0)
            self.ports[door] = sock.getsockname()[1]
            self._sockets[door] = sock

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, door: str = door) -> None:
                task = asyncio.current_task()
                assert task is not None
                self._connections[task] = writer
                try:
                    await self._connection(door, reader, writer)
                except (
                    ConnectionError,
                    asyncio.IncompleteReadError,
                    asyncio.LimitOverrunError,
                    asyncio.CancelledError,
                ):
                    pass
                finally:
                    self._connections.pop(task, None)
                    writer.transport.abort()

            self._servers.append(await asyncio.start_server(serve, sock=sock, backlog=4096))

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        self._sockets.clear()
        for task, writer in list(self._connections.items()):
            writer.transport.abort()
            task.cancel()
        await asyncio.sleep(0)

    # ---- what was asked

    def seen(self, pattern: str = "*", door: str = "", method: str = "") -> list[Request]:
        """The recorded requests whose path fits the shell pattern."""
        return [
            r
            for r in list(self.requests)
            if fnmatchcase(r.path, pattern) and door in ("", r.door) and method in ("", r.method)
        ]

    def wait(self, pattern: str, number: int = 1, within: float = 10.0) -> list[Request]:
        """Wait until so many fitting requests have arrived. Raises TimeoutError."""
        deadline = time.monotonic() + within
        while len(found := self.seen(pattern)) < number:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(found)} of {number} requests for {pattern} within {within} s")
            time.sleep(0.005)
        return found

    # ---- one connection

    async def _connection(self, door: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.swallow:
            await asyncio.sleep(3600)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            record = _parsed(door, head)
            body = await _body(reader, record.headers)
            record = replace(record, body=body)
            self.requests.append(record)
            weather = self.weather.over(record.path)
            if not await self._respond(record, weather, writer):
                return
            if record.headers.get("connection", "").lower() == "close":
                await writer.drain()
                writer.close()
                await writer.wait_closed()
                return

    async def _respond(self, record: Request, weather: Weather, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection is spoilt."""
        if weather.delay:
            await asyncio.sleep(weather.delay)
        if weather.reset:
            return False
        if weather.silent or self.swallow:
            await asyncio.sleep(3600)
        reply = conditional(record, alter(self._answer(record), weather), weather)
        record.status = reply.status
        writer.write(_head(reply, weather))
        bare = record.method == "HEAD" or reply.status in (204, 304)
        whole = True if bare else await self._send(record, reply, weather, writer)
        await writer.drain()
        if not whole:
            await _finish(writer)
        return whole

    async def _send(self, record: Request, reply: Reply, weather: Weather, writer: asyncio.StreamWriter) -> bool:
        limit = weather.truncate if weather.truncate >= 0 else reply.size + 1
        for piece in _cut(reply, weather):
            part = piece[: limit - record.sent]
            if part:
                writer.write(b"%x\r\n%b\r\n" % (len(part), part) if weather.chunked else part)
                record.sent += len(part)
                await writer.drain()
            if record.sent >= limit:
                return False
            if weather.hold >= 0 and record.sent >= weather.hold:
                await self._held()
            if weather.drip:
                await asyncio.sleep(weather.drip)
        if weather.truncate >= 0:
            return False
        if weather.chunked:
            writer.write(b"0\r\n\r\n")
        return weather.length == 0

    async def _held(self) -> None:
        await asyncio.to_thread(self.weather.released.wait, 60)


def _cut(reply: Reply, weather: Weather) -> Iterable[bytes]:
    if weather.hold > 0 and not reply.stream:
        return [reply.body[: weather.hold], reply.body[weather.hold :]]
    return reply.pieces(weather.piece)


def _head(reply: Reply, weather: Weather) -> bytes:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [f"HTTP/1.1 {reply.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in reply.headers.items()]
    lines += [f"{name}: {value}" for name, value in weather.headers]
    if reply.status in (204, 304):
        pass
    elif weather.chunked:
        lines.append("transfer-encoding: chunked")
    else:
        lines.append(f"content-length: {reply.size + weather.length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _finish(writer: asyncio.StreamWriter) -> None:
    """Close with a FIN after what was sent: the way a crashed server looks from afar."""
    with contextlib.suppress(ConnectionError):
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        await asyncio.sleep(0.05)


def _parsed(door: str, head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            name = name.strip().lower()
            headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    return Request(door, method, target, headers, at=time.time())


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readline()
        return body
    return await reader.readexactly(int(headers.get("content-length") or 0))


def _bound(port: int) -> socket.socket:
    """A bound socket that does not listen yet: connections are refused and nobody else gets the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.setblocking(False)
    return sock
