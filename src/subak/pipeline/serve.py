"""Answer: conditions and ranges decided by a pure function, then bytes handed over."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Protocol

from subak.errors import StoreFailed
from subak.model.exchange import Asked, Sent
from subak.pipeline.answer import Found, Held

PIECE = 256 * 1024


class Reply(Protocol):
    """The connection to the client."""

    async def start(self, status: int, headers: list[tuple[str, str]], *, reason: str = "") -> None:
        """Send the head."""

    async def write(self, piece: bytes, *, more: bool) -> None:
        """Send body bytes; waits while the client is slow."""

    @property
    def gone(self) -> bool:
        """The client has left."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What exactly to send."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    start: int = 0
    stop: int = 0
    """End of the byte range, exclusive. start == stop: no body."""


@dataclass(slots=True)
class Progress:
    """How far serving got; true even when it was broken off."""

    status: int = 0
    bytes: int = 0
    complete: bool = False

    def sent(self, fetched: int, error: str = "") -> Sent:
        """The record for the exchange."""
        return Sent(self.status, self.bytes, fetched, self.complete, error)


def matches(condition: str, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110 §13.1.2)."""
    if not etag or not condition:
        return False
    if condition.strip() == "*":
        return True
    return etag in {tag.strip().removeprefix("W/") for tag in condition.split(",")}


_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


def plan(found: Found, headers: Mapping[str, str], size: int) -> Plan:
    """Apply If-None-Match, If-Modified-Since, Range and If-Range (RFC 9110 §13, §14) to a body of `size` bytes.

    Several ranges, malformed ones and a failing If-Range get the whole body, as the RFC permits.
    """
    if found.status != 200:
        return Plan(found.status, (), 0, size)
    if _not_changed(found, headers):
        return Plan(304)
    wanted = _RANGE.match(headers.get("range", "").replace(" ", "")) if found.ranges else None
    if wanted is None or not (wanted[1] or wanted[2]) or not _same_version(found, headers):
        return Plan(200, (), 0, size)
    if not wanted[1]:  # the last N bytes
        start, stop = max(0, size - int(wanted[2])), size
        if int(wanted[2]) == 0:
            return Plan(416, (("content-range", f"bytes */{size}"),))
        if size == 0:  # satisfiable, but Content-Range cannot say so
            return Plan(200, (), 0, size)
    else:
        start = int(wanted[1])
        stop = min(size, int(wanted[2]) + 1) if wanted[2] else size
        if wanted[2] and int(wanted[2]) < start:
            return Plan(200, (), 0, size)
        if start >= size:
            return Plan(416, (("content-range", f"bytes */{size}"),))
    return Plan(206, (("content-range", f"bytes {start}-{stop - 1}/{size}"),), start, stop)


def _not_changed(found: Found, headers: Mapping[str, str]) -> bool:
    """RFC 9110 §13.2.2: a date counts only when no tag is given."""
    if "if-none-match" in headers:
        return matches(headers["if-none-match"], found.etag)
    since, modified = _seconds(headers.get("if-modified-since", "")), _seconds(found.modified)
    return 0 < modified <= since


def _same_version(found: Found, headers: Mapping[str, str]) -> bool:
    """If-Range: a tag, or exactly the date that was sent (RFC 9110 §13.1.5)."""
    condition = headers.get("if-range", "")
    return not condition or condition in {found.etag, found.modified} - {""}


def _seconds(date: str) -> float:
    """Unix time of an HTTP date, 0 for anything else."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else 0.0
    except (TypeError, ValueError, OverflowError):
        return 0.0


async def serve(
    found: Found, asked: Asked, reply: Reply, progress: Progress, labels: tuple[tuple[str, str], ...] = ()
) -> None:
    """Send the answer, its head with `labels` added.

    Raises what the body raises; after the first byte that must break the connection.
    """
    body = found.body
    size = body.size if isinstance(body, Held) else body.length
    headers = dict(asked.headers)
    if asked.method != "GET":
        headers.pop("range", None)  # RFC 9110 §14.2: for other methods ranges mean nothing
    partial = found.ranges and "range" in headers
    if not isinstance(body, Held) and (partial or size < 0) and not _unchanged(found, asked):
        # Parts of a file that is not verified yet must not leave; an unknown length is known once it landed.
        try:
            body = await body.landed()
            size = body.size
        except StoreFailed:
            if partial:
                raise
    decided = plan(found, headers, size)
    progress.status = decided.status
    await reply.start(decided.status, [*_head(found, decided, size), *labels])
    if asked.method == "HEAD" or decided.status in (304, 416) or decided.start == decided.stop:
        await reply.write(b"", more=False)
        progress.complete = True
        return
    pieces = _held(body, decided) if isinstance(body, Held) else body.pieces()
    async with aclosing(_closable(pieces)) as flowing:
        async for piece in flowing:
            if reply.gone:
                return
            await reply.write(piece, more=True)
            progress.bytes += len(piece)
    await reply.write(b"", more=False)
    progress.complete = not reply.gone


def _unchanged(found: Found, asked: Asked) -> bool:
    return _not_changed(found, asked.headers)


def _head(found: Found, decided: Plan, size: int) -> list[tuple[str, str]]:
    headers = [*found.headers, *decided.headers]
    if found.etag:
        headers.append(("etag", found.etag))
    if found.modified:
        headers.append(("last-modified", found.modified))
    if decided.status != 304:
        if decided.status != 416:
            headers.append(("content-type", found.content_type))
        if size >= 0:
            headers.append(("content-length", str(decided.stop - decided.start)))
    if found.ranges:
        headers.append(("accept-ranges", "bytes"))
    return headers


async def _held(body: Held, decided: Plan) -> AsyncIterator[bytes]:
    """Bytes of a complete body. The file is opened once: eviction meanwhile does not matter."""
    if body.data is not None:
        yield body.data[decided.start : decided.stop]
        return
    if body.path is None:
        return
    try:
        file = os.open(body.path, os.O_RDONLY)
    except OSError as error:
        raise StoreFailed(f"cannot open a copy: {error.strerror}", retry_after=1) from error
    try:
        position = decided.start
        while position < decided.stop:
            length = min(PIECE, decided.stop - position)
            piece = (
                await asyncio.to_thread(os.pread, file, length, position)
                if length > 65536
                else os.pread(file, length, position)
            )
            if not piece:
                raise StoreFailed("a copy on disk is shorter than it was")
            position += len(piece)
            yield piece
    finally:
        os.close(file)


async def _closable(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same pieces, as a generator whose `aclose` reaches the source's own."""
    try:
        async for piece in pieces:
            yield piece
    finally:
        close = getattr(pieces, "aclose", None)
        if close is not None:
            await close()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A failure as an answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: str = ""
    """HTTP/1.1 reason phrase: the only text that several clients show."""
