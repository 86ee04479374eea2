"""How the local upstream misbehaves: which requests, in which way, how often."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase


@dataclass(slots=True)
class Reply:
    """An answer before it goes onto the wire."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Callable[[], Iterator[bytes]] | None = None
    """Bodies too large for memory are made while they are sent; `length` is then their size."""
    length: int = -1

    @property
    def size(self) -> int:
        return self.length if self.stream else len(self.body)

    def pieces(self, size: int = 65536) -> Iterator[bytes]:
        """The body in pieces."""
        if self.stream:
            yield from self.stream()
            return
        view = memoryview(self.body)
        for start in range(0, len(view), size):
            yield bytes(view[start : start + size])


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """One kind of misbehaviour; fields combine. The default is fair weather."""

    times: int = -1
    """Only for so many requests, then fair again; -1 for ever."""
    reset: bool = False
    """Break the connection instead of answering."""
    silent: bool = False
    """Keep the connection, say nothing."""
    delay: float = 0.0
    """Seconds before the head."""
    status: int = 0
    """Answer with this status."""
    retry_after: str = ""
    body: bytes | None = None
    """Answer with these bytes instead, all else unchanged but for Content-Length and validators."""
    corrupt: bool = False
    """The right length, wrong bytes."""
    content_type: str | None = None
    """Another Content-Type; '' sends none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further header lines, written as they are, line breaks included."""
    redirect: str = ""
    """302 to this Location."""
    huge: int = 0
    """A packument or page of about so many bytes, made while it is sent."""
    gzipped: bool = False
    """Compress the body and say so in Content-Encoding, asked or not."""
    ignore_range: bool = False
    """Answer 200 with everything to a Range request."""
    no_validators: bool = False
    chunked: bool = False
    """No Content-Length."""
    length: int = 0
    """Add this to the Content-Length announced."""
    truncate: int = -1
    """Break off after so many body bytes: the connection closes, no last chunk is sent."""
    drip: float = 0.0
    """Seconds between pieces of `piece` bytes."""
    piece: int = 65536
    hold: int = -1
    """After so many body bytes wait until the sky is released."""


FAIR = Weather()


@dataclass(slots=True)
class _Rule:
    pattern: str
    weather: Weather
    left: int


class Sky:
    """Which weather a path meets. Safe to use from the test while the server runs."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self.released = threading.Event()

    def set(self, pattern: str, weather: Weather) -> None:
        """Paths that fit the shell pattern (`*` crosses slashes) now meet this weather; the latest rule wins."""
        with self._lock:
            self._rules = [r for r in self._rules if r.pattern != pattern]
            self._rules.append(_Rule(pattern, weather, weather.times))

    def clear(self) -> None:
        """Fair weather everywhere; whatever is held goes on."""
        with self._lock:
            self._rules.clear()
        self.release()

    def release(self) -> None:
        """Let held transfers go on."""
        self.released.set()

    def over(self, path: str) -> Weather:
        """The weather one request to `path` meets; uses up one of its `times`."""
        with self._lock:
            for rule in reversed(self._rules):
                if rule.left != 0 and fnmatchcase(path, rule.pattern):
                    rule.left -= 1
                    if rule.weather.hold >= 0:
                        self.released.clear()
                    return rule.weather
        return FAIR


def alter(reply: Reply, weather: Weather) -> Reply:
    """What bad weather makes of a whole (200) answer."""
    if weather.redirect:
        return Reply(302, {"location": weather.redirect, "content-type": "text/plain"}, b"moved")
    if weather.status:
        body = weather.body if weather.body is not None else b"<html><body>something is wrong</body></html>"
        headers = {"content-type": weather.content_type or "text/html"}
        if weather.retry_after:
            headers["retry-after"] = weather.retry_after
        return Reply(weather.status, headers, body)
    reply = replace(reply, headers=dict(reply.headers))
    if weather.huge:
        reply.stream, reply.length = _huge(weather.huge)
        reply.headers["etag"] = '"huge"'
        reply.headers.pop("content-encoding", None)
    if weather.body is not None:
        reply.body, reply.stream = weather.body, None
        for name in ("etag", "last-modified", "content-encoding"):
            reply.headers.pop(name, None)
    if weather.corrupt and reply.body:
        middle = len(reply.body) // 2
        reply.body = reply.body[:middle] + bytes([reply.body[middle] ^ 0xFF]) + reply.body[middle + 1 :]
    if weather.gzipped and "content-encoding" not in reply.headers:
        reply.body = gzip.compress(reply.body, mtime=0)
        reply.headers["content-encoding"] = "gzip"
    if weather.content_type is not None:
        reply.headers.pop("content-type", None)
        if weather.content_type:
            reply.headers["content-type"] = weather.content_type
    if weather.no_validators:
        for name in ("etag", "last-modified"):
            reply.headers.pop(name, None)
    return reply


def _huge(size: int) -> tuple[Callable[[], Iterator[bytes]], int]:
    """A well-formed packument of about `size` bytes and its exact length."""
    row = b'"0.0.%09d":{"name":"huge","version":"0.0.%09d","description":"' + b"x" * 900 + b'"}'
    one = len(row % (0, 0)) + 1
    count = max(size // one, 1)
    head = b'{"name":"huge","dist-tags":{"latest":"0.0.000000000"},"versions":{'
    tail = b"}}"

    def pieces() -> Iterator[bytes]:
        yield head
        for start in range(0, count, 256):
            rows = b",".join(row % (n, n) for n in range(start, min(start + 256, count)))
            yield rows if start == 0 else b"," + rows
        yield tail

    return pieces, len(head) + count * one - 1 + len(tail)
