"""A plain HTTP/1.1 client that sends exactly what it is told and says how an answer ended."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lowercase, repeated ones joined by ', '."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    complete: bool
    """False when the connection ended before the announced length or the last chunk."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    """The raw head lines."""

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def __getitem__(self, header: str) -> str:
        return self.headers.get(header, "")


NOTHING = Answer(0, "", {}, b"", False)
"""The connection closed without an answer."""


def ask(
    url: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes = b"",
    within: float = 30.0,
) -> Answer:
    """One request on a fresh connection; `path` goes onto the wire as it is, after the path of `url`."""
    with connect(url, within) as sock:
        try:
            sock.sendall(request(url, path, headers, method=method, body=body))
            return read(sock, bare=method == "HEAD")
        except ConnectionError:
            return NOTHING


def connect(url: str, within: float = 30.0) -> socket.socket:
    """A connection to the host of `url`."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 80), within)


def request(
    url: str, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", body: bytes = b""
) -> bytes:
    """The bytes of one request that asks the server to close afterwards."""
    parts = urlsplit(url)
    fields = {"host": parts.netloc, "connection": "close", "accept-encoding": "identity", **(headers or {})}
    if body:
        fields["content-length"] = str(len(body))
    lines = [f"{method} {parts.path.rstrip('/')}{path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def read(sock: socket.socket, *, bare: bool = False) -> Answer:
    """Read one answer until it is complete or the connection ends."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return NOTHING
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    pieces = [rest]
    ended = False
    wanted = _wanted(head, bare)
    while not ended and not (wanted >= 0 and sum(map(len, pieces)) >= wanted):
        try:
            piece = sock.recv(1 << 20)
        except (ConnectionError, TimeoutError):
            ended = True
            break
        ended = not piece
        pieces.append(piece)
    return parsed(head, b"".join(pieces), bare=bare)


def _wanted(head: bytes, bare: bool) -> int:
    lines = [line.lower() for line in head.split(b"\r\n")]
    if bare or lines[0].split(b" ", 2)[1] in (b"204", b"304"):
        return 0
    return next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), -1)


def parsed(head: bytes, raw: bytes, *, bare: bool = False) -> Answer:
    """An answer from the bytes of its head and of what followed."""
    lines = head.decode("latin-1").split("\r\n")
    _, status, reason = (lines[0] + "  ").split(" ", 2)
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.lower()
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    body, complete = raw, True
    if bare or status in ("204", "304"):
        complete = not raw
    elif headers.get("transfer-encoding") == "chunked":
        body, complete = _unchunked(raw)
    elif "content-length" in headers:
        complete = len(raw) == int(headers["content-length"])
    return Answer(int(status), reason.strip(), headers, body, complete, tuple(lines))


def _unchunked(raw: bytes) -> tuple[bytes, bool]:
    body: list[bytes] = []
    while True:
        size, separator, raw = raw.partition(b"\r\n")
        if not separator:
            return b"".join(body), False
        length = int(size, 16)
        if length == 0:
            return b"".join(body), True
        body.append(raw[:length])
        if len(raw) < length + 2:
            return b"".join(body), False
        raw = raw[length + 2 :]


async def ask_many(url: str, paths: list[str], headers: Mapping[str, str] | None = None) -> list[Answer]:
    """All at once, one connection each."""
    parts = urlsplit(url)

    async def one(path: str) -> Answer:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        data = b""
        try:
            writer.write(request(url, path, headers))
            while more := await reader.read(2**16):
                data += more
        except ConnectionError:
            pass  # a transfer that was broken off: what came before counts
        finally:
            writer.close()
        head, separator, rest = data.partition(b"\r\n\r\n")
        return parsed(head, rest) if separator else NOTHING

    return await asyncio.gather(*(one(path) for path in paths))
