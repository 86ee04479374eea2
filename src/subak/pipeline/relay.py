"""Handing bytes through without keeping them: questions that must not be cached, and files when the disk is full."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from subak.ecosystems.base import Ecosystem, Route, Site
from subak.errors import Mismatch, NotFound, StoreFailed, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED
from subak.model.exchange import UNPROVEN, Asked, Origin, Proof, Subject
from subak.pipeline.answer import Flow, Found, Held
from subak.pipeline.flight import TAIL
from subak.ports import Fetch, File, Response, Upstream
from subak.trust.verifier import Verifier

LARGEST = 64 * 2**20
"""Bytes of a relayed answer that are passed on."""

FORWARDED = ("content-type", "content-encoding", "accept", "npm-command", "npm-scope")
"""Request headers a relay passes on. Never credentials (invariant 9)."""


class PassingFile:
    """A Flow straight from upstream to one client, verified with its tail held back, kept nowhere."""

    def __init__(self, upstream: Upstream, ecosystem: str, key: str, file: File, route: Route) -> None:
        self._upstream = upstream
        self._ask = Fetch(ecosystem, file.pin.url, accept=route.accept, roams=route.roams)
        self._what = f"{ecosystem} {key}"
        self._file = file
        self._route = route
        self._stack = AsyncExitStack()
        self._hanging_up: asyncio.Task[None] | None = None
        self.length = -1
        self.proof = UNPROVEN
        self.fetched = 0

    async def open(self) -> None:
        """Ask upstream. Raises NotFound, UpstreamDown, UpstreamLied, Mismatch."""
        self._response = await self._stack.enter_async_context(self._upstream.fetch(self._ask))
        try:
            self._check(self._response)
        except BaseException:
            await self._stack.aclose()
            raise

    def _check(self, response: Response) -> None:
        """Raises NotFound, UpstreamLied, Mismatch unless the answer can be the file; learns its length."""
        if response.status in self._route.absent:
            raise NotFound(f"{self._what} is no longer at its upstream")
        if response.status != 200:
            raise UpstreamLied(f"the upstream answered {response.status} for {self._what}")
        announced = self._file.pin.size
        if announced >= 0 and response.length >= 0 and response.length != announced:
            raise Mismatch(f"{self._what}: upstream sends {response.length} bytes, its index announces {announced}")
        self.length = response.length if response.length >= 0 else announced
        if self.length == 0:  # complete with its head: nothing could be held back
            self._verifier().finish(self._what)

    def _verifier(self) -> Verifier:
        pin = self._file.pin
        first_seen = self._file.first_seen if not pin.digest else UNPINNED
        size = pin.size if pin.size >= 0 else self.length
        return Verifier(pin.digest or first_seen, first_seen=not pin.digest, size=size)

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """See answer.Flow."""
        verifier = self._verifier()
        waiting: deque[bytes] = deque()
        held = skipped = 0
        try:
            async for chunk in self._response.chunks:
                verifier.update(chunk)
                self.fetched += len(chunk)
                if 0 <= self.length < self.fetched:
                    # Whoever counts bytes would take the first `length` of them for the whole.
                    raise Mismatch(f"{self._what}: upstream sends more than {self.length} bytes")
                fresh = chunk[max(0, start - skipped) :] if skipped < start else chunk
                skipped += len(chunk)
                if fresh:
                    waiting.append(fresh)
                    held += len(fresh)
                while waiting and held - len(waiting[0]) >= TAIL:
                    held -= len(waiting[0])
                    yield waiting.popleft()
            if self.length >= 0 and self.fetched != self.length:
                raise UpstreamDown(f"{self._what}: {self.fetched} of {self.length} bytes came")
            self.proof = verifier.finish(self._what)
            while waiting:
                yield waiting.popleft()
        finally:
            await self._stack.aclose()

    async def landed(self) -> Held:
        """See answer.Flow."""
        raise StoreFailed(f"{self._what} cannot be kept now, so parts of it cannot be served", retry_after=60)

    def close(self) -> None:
        """Hang up, if nobody wanted the pieces; else the connection ended with them."""
        self._hanging_up = asyncio.get_running_loop().create_task(self._stack.aclose())


class Rescued:
    """A Flow that goes on from upstream when the store fails in the middle: a full disk breaks no build."""

    def __init__(self, flow: Flow, passing: Callable[[], PassingFile]) -> None:
        self._flow: Flow = flow
        self._passing = passing
        self._fetched_before = 0

    @property
    def length(self) -> int:
        return self._flow.length

    @property
    def proof(self) -> Proof:
        return self._flow.proof

    @property
    def fetched(self) -> int:
        return self._fetched_before + self._flow.fetched

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """See answer.Flow."""
        position = start
        try:
            async for piece in self._flow.pieces(start):
                position += len(piece)
                yield piece
            return
        except StoreFailed:
            passing, promised = self._passing(), self._flow.length
        await passing.open()
        if promised >= 0 and passing.length not in (-1, promised):
            passing.close()
            raise Mismatch(f"upstream sends {passing.length} bytes when asked again, {promised} before")
        passing.length = max(passing.length, promised)
        self._fetched_before, self._flow = self._flow.fetched, passing
        try:
            async for piece in passing.pieces(position):
                yield piece
        finally:
            passing.close()

    async def landed(self) -> Held:
        """See answer.Flow."""
        return await self._flow.landed()


@dataclass(frozen=True, slots=True)
class Relay:
    """Passes single questions on."""

    upstream: Upstream
    site: Callable[[Ecosystem, Subject], Awaitable[Site]]

    async def ask(self, asked: Asked, subject: Subject, ecosystem: Ecosystem, body: bytes) -> Found:
        """The upstream's answer, not kept. Raises NotFound, UpstreamDown, UpstreamLied, NoUpstream."""
        url = ecosystem.source(subject, await self.site(ecosystem, subject)) + (
            f"?{asked.query}" if asked.query else ""
        )
        headers = _passed_on(asked.headers)
        ask = Fetch(
            ecosystem.name,
            url,
            accept=headers.pop("accept", "*/*"),
            identity=False,
            method=asked.method if asked.method == "POST" else "GET",
            body=body,
            headers=headers,
        )
        async with self.upstream.fetch(ask) as response:
            if response.status in (404, 405, 501):
                polite = ecosystem.absent.get(subject.route)
                if polite is None:
                    raise NotFound(f"this upstream of {ecosystem.name} does not offer {subject.route}")
                return Found(Origin.UPSTREAM, Held(len(polite), polite), content_type="application/json")
            if response.status != 200:
                raise UpstreamLied(f"the upstream of {ecosystem.name} answered {response.status} to {subject.route}")
            data = bytearray()
            async for chunk in response.chunks:
                data += chunk
                if len(data) > LARGEST:
                    raise UpstreamLied(f"the answer to {subject.route} is larger than {LARGEST} bytes")
            kind = response.headers.get("content-type", "application/json")
            kind = kind if kind.isascii() and kind.isprintable() and "html" not in kind.lower() else "application/json"
            return Found(
                Origin.UPSTREAM,
                Held(len(data), bytes(data)),
                content_type=kind,
                headers=(("cache-control", "no-store"),),
                fetched=response.wire(),
            )


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in FORWARDED if name in headers}
