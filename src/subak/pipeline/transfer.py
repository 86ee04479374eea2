"""Bringing one file from upstream into a part: begun, broken, resumed, verified."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Route
from subak.errors import Mismatch, NotFound, StoreFailed, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Subject
from subak.pipeline.flight import Flight
from subak.pipeline.inquiry import clean, remembered
from subak.ports import Blobs, Fetch, File, Part, Response, Upstream
from subak.trust.verifier import Verifier

PAUSE = 0.2
"""Seconds before the second attempt; doubled for each further one."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to bring."""

    ecosystem: Ecosystem
    subject: Subject
    route: Route
    pin: Pin
    """Its URL is where to fetch from."""
    first_seen: Digest = UNPINNED
    look: Callable[[], Awaitable[File]] | None = None
    """Asks the indexes what the file must be, when neither the pin nor the answer's head says so. Raises NotFound
    if none announces it."""
    announce: Callable[[Path], None] | None = None
    """Blocking: reads the verified file for what it announces itself. Raises UpstreamLied."""


class Transfer:
    """Runs transfers; holds no state of its own."""

    def __init__(self, upstream: Upstream, blobs: Blobs, attempts: int) -> None:
        self._upstream = upstream
        self._blobs = blobs
        self._attempts = max(1, attempts)

    async def run(self, flight: Flight, order: Order) -> Part:
        """Fetch, write, verify. Leaves the flight verified and the part complete but not committed.

        Raises NotFound, UpstreamDown, UpstreamLied, Mismatch, StoreFailed; the part is gone then.
        """
        flight.pin = order.pin
        ecosystem, verifier = order.ecosystem, None
        part = self._blobs.part(flight.name)
        try:
            etag = ""
            for attempt in range(self._attempts):
                resumed = etag if part.size else ""
                ask = Fetch(
                    ecosystem.name,
                    order.pin.url,
                    accept=order.route.accept,
                    start=part.size,
                    etag=resumed,
                    roams=order.route.roams,
                )
                try:
                    async with self._upstream.fetch(ask) as response:
                        _must_be_file(response, order, flight.pin)
                        etag = response.headers.get("etag", "")
                        if verifier is None:
                            flight.remembered = _worth_keeping(order.route, response.headers)
                            flight.pin = await _pinned(order, response)
                            verifier = _verifier(order, flight.pin, response)
                        await self._copy(response, flight, part, verifier, flight.pin)
                    break
                except UpstreamDown:
                    if attempt + 1 == self._attempts:
                        raise
                    await asyncio.sleep(PAUSE * 2**attempt)
            assert verifier is not None  # the loop ends with a break or an error
            reread = verifier.whole
            if reread:
                proof = await asyncio.to_thread(verifier.finish, flight.what, part.path)
            else:
                proof = verifier.finish(flight.what)
            flight.further = verifier.further
            if order.announce is not None:
                await asyncio.to_thread(order.announce, part.path)
        except BaseException:
            part.discard()
            raise
        finally:
            with suppress(OSError):
                _head(part.path).unlink()
        flight.verify(proof, verifier.sha256)
        return part

    async def _copy(self, response: Response, flight: Flight, part: Part, verifier: Verifier, pin: Pin) -> None:
        """Append the body to the part. Raises UpstreamDown when it ends early, Mismatch when it is another file."""
        held = _resumed_at(response, part.size)
        total = held + response.length if response.length >= 0 else -1
        if pin.size >= 0 and total >= 0 and total != pin.size:
            raise Mismatch(f"{flight.what}: upstream sends {total} bytes, its index announces {pin.size}")
        if flight.begun and 0 <= flight.length != total >= 0:
            raise Mismatch(f"{flight.what}: upstream sends {total} bytes when asked again, {flight.length} before")
        if not flight.begun:
            length = total if total >= 0 else pin.size
            with suppress(OSError):  # only other processes read it, to stream along; they can also wait
                _head(part.path).write_text(json.dumps({"length": length}))
            flight.begin(part.path, length)
        position = held
        async for chunk in response.chunks:
            flight.fetched += len(chunk)
            fresh = chunk
            if position < part.size:
                # The upstream began again although we asked to resume: what was sent on must not change.
                known = min(len(chunk), part.size - position)
                if _read(part.path, known, position) != chunk[:known]:
                    raise Mismatch(f"{flight.what}: upstream sent other bytes when asked again")
                fresh = chunk[known:]
            position += len(chunk)
            if 0 <= flight.length < position:
                # Followers were promised a length: they would take the first bytes of a longer file for the whole.
                raise Mismatch(f"{flight.what}: upstream sends more than {flight.length} bytes")
            if fresh:
                verifier.update(fresh)
                part.write(fresh)
                flight.advance(part.size)
        if total >= 0 and position != total:
            raise UpstreamDown(f"{flight.what}: {position} of {total} bytes came")
        if 0 <= flight.length != position:
            raise Mismatch(f"{flight.what}: {position} bytes came instead of {flight.length}")
        if total < 0 and not pin.digest and "chunked" not in response.headers.get("transfer-encoding", "").lower():
            raise UpstreamLied(f"{flight.what}: neither length nor digest is known, so completeness cannot be told")


async def _pinned(order: Order, response: Response) -> Pin:
    """The pin, with what the head of the answer or an index says of the digest when nobody did before."""
    pin = order.pin
    if pin.digest or order.first_seen:
        return pin
    told = order.ecosystem.announced(order.subject, response.headers)
    if told:
        return replace(pin, digest=told)
    if order.look is None:
        return pin
    try:
        found = (await order.look()).pin  # the body waits meanwhile
    except NotFound:
        return pin
    return replace(found, url=pin.url)


def _verifier(order: Order, pin: Pin, response: Response) -> Verifier:
    size = pin.size if pin.size >= 0 else response.length
    return Verifier(pin.digest or order.first_seen, first_seen=not pin.digest, size=size, also=order.ecosystem.also)


def _worth_keeping(route: Route, headers: Mapping[str, str]) -> dict[str, str]:
    kept = remembered(route, headers)
    names = ("last-modified",) if route.content_type else ("last-modified", "content-type")
    return kept | {name: value for name in names if (value := clean(headers.get(name, "")))}


def _must_be_file(response: Response, order: Order, pin: Pin) -> None:
    """Raises NotFound, UpstreamLied unless the answer can be the file."""
    ecosystem, subject, status = order.ecosystem, order.subject, response.status
    if status in order.route.absent:
        raise NotFound(f"the upstream of {ecosystem.name} no longer has {subject.key}")
    if status in (401, 403):
        raise UpstreamLied(f"the upstream of {ecosystem.name} refuses {subject.key} with {status}")
    if status not in (200, 206):
        raise UpstreamLied(f"the upstream of {ecosystem.name} answered {status} for {subject.key}")
    page = response.headers.get("content-type", "").lower().startswith("text/html")
    if page and not pin.digest and not subject.key.endswith((".html", ".htm")):
        raise UpstreamLied(f"the upstream of {ecosystem.name} sent a web page instead of {subject.key}")


def _resumed_at(response: Response, wanted: int) -> int:
    """Where the body begins: `wanted` for a fitting 206, else 0. Raises UpstreamLied for a range not asked for."""
    if response.status != 206:
        return 0
    found = response.headers.get("content-range", "")
    if not found.lower().startswith(f"bytes {wanted}-") or wanted == 0:
        raise UpstreamLied(f"upstream answered with the range {found!r} instead of bytes {wanted}-")
    return wanted


def _head(part: Path) -> Path:
    return part.with_suffix(".head")


def _read(path: Path, size: int, offset: int) -> bytes:
    try:
        file = os.open(path, os.O_RDONLY)
        try:
            return os.pread(file, size, offset)
        finally:
            os.close(file)
    except OSError as error:
        raise StoreFailed(f"cannot read back {path.name}: {error.strerror}") from error
