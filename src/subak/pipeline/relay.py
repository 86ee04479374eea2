"""Handing bytes through without keeping them: questions that must not be cached, and files when the disk is full."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from subak.ecosystems.base import Ecosystem
from subak.errors import Mismatch, NotFound, StoreFailed, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED
from subak.model.exchange import UNPROVEN, Asked, Origin, Proof, Subject
from subak.pipeline.answer import Flow, Found, Held
from subak.pipeline.flight import TAIL
from subak.ports import Fetch, File, Upstream
from subak.trust.verifier import Verifier

LARGEST = 64 * 2**20
"""Bytes of a relayed answer that are passed on."""

FORWARDED = ("content-type", "content-encoding", "accept", "npm-command", "npm-scope")
"""Request headers a relay passes on. Never credentials (invariant 9)."""


class PassingFile:
    """A Flow straight from upstream to one client, verified with its tail held back, kept nowhere."""

    def __init__(self, upstream: Upstream, ecosystem: str, key: str, file: File) -> None:
        self._upstream = upstream
        self._ask = Fetch(ecosystem, file.pin.url)
        self._what = f"{ecosystem} {key}"
        self._file = file
        self._stack = AsyncExitStack()
        self.length = -1
        self.proof = UNPROVEN
        self.fetched = 0

    async def open(self) -> None:
        """Ask upstream. Raises NotFound, UpstreamDown, UpstreamLied."""
        self._response = await self._stack.enter_async_context(self._upstream.fetch(self._ask))
        status = self._response.status
        if status != 200:
            await self._stack.aclose()
            if status in (404, 410, 451):
                raise NotFound(f"{self._what} is no longer at its upstream")
            raise UpstreamLied(f"the upstream answered {status} for {self._what}")
        self.length = self._response.length

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """See answer.Flow."""
        pin = self._file.pin
        first_seen = self._file.first_seen if not pin.digest else UNPINNED
        verifier = Verifier(pin.digest or first_seen, first_seen=not pin.digest)
        waiting: deque[bytes] = deque()
        held = skipped = 0
        try:
            async for chunk in self._response.chunks:
                verifier.update(chunk)
                self.fetched += len(chunk)
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
            if pin.size >= 0 and self.fetched != pin.size:
                raise Mismatch(f"{self._what}: {self.fetched} bytes came, its index announces {pin.size}")
            self.proof = verifier.finish(self._what)
            while waiting:
                yield waiting.popleft()
        finally:
            await self._stack.aclose()

    async def landed(self) -> Held:
        """See answer.Flow."""
        raise StoreFailed(f"{self._what} cannot be kept now, so parts of it cannot be served", retry_after=60)

    def close(self) -> None:
        """Nothing borrowed from the store; the connection ends with `pieces`."""


class Rescued:
    """A Flow that goes on from upstream when the store fails in the middle: a full disk breaks no build."""

    def __init__(self, flow: Flow, passing: Callable[[], PassingFile]) -> None:
        self._flow: Flow = flow
        self._passing = passing

    @property
    def length(self) -> int:
        return self._flow.length

    @property
    def proof(self) -> Proof:
        return self._flow.proof

    @property
    def fetched(self) -> int:
        return self._flow.fetched

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """See answer.Flow."""
        position = start
        try:
            async for piece in self._flow.pieces(start):
                position += len(piece)
                yield piece
            return
        except StoreFailed:
            passing = self._passing()
        await passing.open()
        self._flow = passing
        async for piece in passing.pieces(position):
            yield piece

    async def landed(self) -> Held:
        """See answer.Flow."""
        return await self._flow.landed()


@dataclass(frozen=True, slots=True)
class Relay:
    """Passes single questions on."""

    upstream: Upstream

    async def ask(self, asked: Asked, subject: Subject, ecosystem: Ecosystem, body: bytes) -> Found:
        """The upstream's answer, not kept. Raises NotFound, UpstreamDown, UpstreamLied, NoUpstream."""
        url = ecosystem.source(subject, self.upstream.base(ecosystem.name)) + (f"?{asked.query}" if asked.query else "")
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
