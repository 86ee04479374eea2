"""A small HTTP/1.1 client whose every moment can be timed."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Seconds count from just before the connection is made."""

    status: int
    headers: Mapping[str, str]
    """Lowercase names."""
    body: bytes
    first_byte: float
    """Until the first byte of the body, of the head where there is no body."""
    total: float


def ask(url: str, headers: Mapping[str, str] | None = None, *, within: float = 120.0, keep: bool = True) -> Answer:
    """GET on a connection of its own. Raises OSError, ValueError. Without `keep` the body is read and dropped."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1", f"host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    began = time.perf_counter()
    with socket.create_connection((parts.hostname or "", parts.port or 80), within) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(("\r\n".join(lines) + "\r\nconnection: close\r\n\r\n").encode("latin-1"))
        return _read(sock, began, keep=keep)


def _read(sock: socket.socket, began: float, *, keep: bool) -> Answer:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionError("the connection ended within the head")
        head += piece
    at = time.perf_counter()
    head, _, rest = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split()[1])
    wanted = 0 if status in (204, 304) else int(headers.get("content-length", "-1"))
    body = bytearray(rest) if keep else bytearray()
    got, first_byte = len(rest), at if rest or not wanted else 0.0
    buffer = bytearray(262144)
    while wanted < 0 or got < wanted:
        count = sock.recv_into(buffer)
        first_byte = first_byte or time.perf_counter()
        if not count:
            break
        got += count
        if keep:
            body += buffer[:count]
    if wanted >= 0 and got != wanted:
        raise ConnectionError(f"{got} of {wanted} bytes came")
    whole = _unchunked(bytes(body)) if headers.get("transfer-encoding", "").lower() == "chunked" else bytes(body)
    return Answer(status, headers, whole, first_byte - began, time.perf_counter() - began)


def _unchunked(body: bytes) -> bytes:
    """RFC 9112 §7.1. Raises ValueError for a body that ends early."""
    out, position = b"", 0
    while True:
        end = body.index(b"\r\n", position)
        size = int(body[position:end].partition(b";")[0], 16)
        if not size:
            return out
        out += body[end + 2 : end + 2 + size]
        position = end + 4 + size
