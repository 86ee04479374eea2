"""Mutable documents: kept as upstream sent them, checked again when old, served stale when upstream fails."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import mmap
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Page, Route
from subak.errors import NotFound, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import Pin
from subak.model.exchange import Origin, Subject
from subak.pipeline.flight import turn
from subak.pipeline.freshness import Ask, Freshness, GiveUp, Seen, Upstream, Use, good_until, next_step
from subak.ports import Blobs, Catalogue, Document, Fetch, Locks, Part, Response
from subak.ports import Upstream as UpstreamPort

log = logging.getLogger("subak.documents")

UNKEPT = 50_000
"""Pins remembered in memory while the disk refuses them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document to serve from."""

    document: Document
    origin: Origin
    fetched: int = 0
    good_until: float = 0.0
    body: bytes | None = None
    """Set only when the store could not keep it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How documents are fetched."""

    largest: int
    patience: float
    behind: float
    absent_for: float
    fresh_for: float = 0.0
    """Overrides every route's own time when above 0."""


@dataclass(slots=True)
class _Asked:
    """What one question to upstream brought."""

    fetched: int = 0
    unkept: tuple[Document, bytes] | None = None
    caused: bool = False
    """This exchange caused the question: it was not spared, even if the answer was 'unchanged'."""


class Documents:
    """Finds documents. One question to upstream at a time for each, across requests and processes."""

    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        locks: Locks,
        upstream: UpstreamPort,
        limits: Limits,
        now: Callable[[], float],
        changed: Callable[[str, str], None] = lambda ecosystem, key: None,
    ) -> None:
        """`changed` is told (ecosystem, key) whenever other bytes than before were stored."""
        self._changed = changed
        self._catalogue = catalogue
        self._blobs = blobs
        self._locks = locks
        self._upstream = upstream
        self._limits = limits
        self._now = now
        self._asking: dict[tuple[str, str], asyncio.Task[_Asked]] = {}
        self.unkept: OrderedDict[tuple[str, str], Pin] = OrderedDict()

    def freshness(self, route: Route) -> Freshness:
        """How long documents of this route are good."""
        return Freshness(self._limits.fresh_for or route.fresh_for, self._limits.behind, self._limits.absent_for)

    async def find(self, subject: Subject, ecosystem: Ecosystem, *, newer_than: float = -1.0) -> Kept:
        """The document of a subject. Raises NotFound, UpstreamDown, UpstreamLied, NoUpstream, Loop, StoreFailed.

        With `newer_than` (Unix time) a copy last checked at or before it counts as old.
        """
        route = ecosystem.route(subject.route)
        freshness = self.freshness(route)
        seen = Seen(self._catalogue.document(ecosystem.name, subject.key))
        if seen.document is not None and seen.document.checked_at <= newer_than:
            freshness = replace(freshness, fresh_for=0.0, behind=0.0, absent_for=0.0)
        asked = _Asked()
        while True:
            match next_step(seen, freshness, self._now()):
                case Use(document, stale, behind):
                    if behind:
                        self._ask(subject, ecosystem, route)
                    fresh_origin = Origin.UPSTREAM if asked.caused else Origin.CACHE
                    origin = Origin.STALE if stale else fresh_origin
                    until = 0.0 if stale else good_until(document, self.freshness(route))
                    return Kept(document, origin, asked.fetched, until)
                case Ask(patient):
                    seen = await self._answer(subject, ecosystem, route, seen, asked, patient)
                    if asked.unkept:
                        return Kept(asked.unkept[0], Origin.UPSTREAM, asked.fetched, 0.0, asked.unkept[1])
                case GiveUp(error):
                    raise error

    async def _answer(
        self, subject: Subject, ecosystem: Ecosystem, route: Route, seen: Seen, asked: _Asked, patient: bool
    ) -> Seen:
        """Ask upstream and tell what is known afterwards."""
        task, first = self._ask(subject, ecosystem, route)
        try:
            # shield: this client's patience or disconnect must not stop what others wait for.
            got = await asyncio.wait_for(asyncio.shield(task), None if patient else self._limits.patience)
        except TimeoutError:
            log.warning("upstream slow, serving our copy: %s %s", ecosystem.name, subject.key)
            return replace(seen, upstream=Upstream.FAILED)
        except NotFound as error:
            return Seen(self._catalogue.document(ecosystem.name, subject.key), Upstream.ANSWERED, error)
        except SubakError as error:
            if first:
                log.warning("%s %s: %s: %s", ecosystem.name, subject.key, type(error).__name__, error)
            return replace(seen, upstream=Upstream.FAILED, error=error)
        if first:
            asked.fetched, asked.caused = got.fetched, True
        asked.unkept = got.unkept
        return Seen(self._catalogue.document(ecosystem.name, subject.key), Upstream.ANSWERED)

    def _ask(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> tuple[asyncio.Task[_Asked], bool]:
        """The running question for this document, or a new one; True if this call started it."""
        key = (ecosystem.name, subject.key)
        task = self._asking.get(key)
        if task is not None:
            return task, False
        task = asyncio.create_task(self._question(subject, ecosystem, route))
        self._asking[key] = task

        def done(finished: asyncio.Task[_Asked]) -> None:
            del self._asking[key]
            if not finished.cancelled():
                finished.exception()  # seen by whoever waits; nobody may wait for a check behind

        task.add_done_callback(done)
        return task, True

    async def _question(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> _Asked:
        """Ask upstream once, alone among all processes of the data folder."""
        name = hashlib.sha256(f"document\0{ecosystem.name}\0{subject.key}".encode()).hexdigest()
        before = self._catalogue.document(ecosystem.name, subject.key)
        checked = before.checked_at if before else -1.0
        try:
            lock = await turn(self._locks, name)
        except StoreFailed:
            return await self._fetch(subject, ecosystem, route, before, name)
        try:
            before = self._catalogue.document(ecosystem.name, subject.key)
            if before is not None and before.checked_at > checked:
                return _Asked()  # another process asked meanwhile
            return await self._fetch(subject, ecosystem, route, before, name)
        finally:
            lock.release()

    async def _fetch(
        self, subject: Subject, ecosystem: Ecosystem, route: Route, before: Document | None, name: str
    ) -> _Asked:
        held = before if before is not None and before.status == 200 else None
        ask = Fetch(
            ecosystem.name,
            ecosystem.source(subject, self._upstream.base(ecosystem.name)),
            accept=route.accept,
            etag=held.etag if held else "",
            last_modified=held.last_modified if held else "",
            identity=False,
        )
        try:
            return await self._exchange(ask, subject, ecosystem, held, name)
        except UpstreamDown:
            if self._limits.patience and held is not None:
                raise  # our copy serves; no need to insist
            # A kept-alive connection that died is the commonest failure: insist once.
            return await self._exchange(ask, subject, ecosystem, held, name)

    async def _exchange(
        self, ask: Fetch, subject: Subject, ecosystem: Ecosystem, held: Document | None, name: str
    ) -> _Asked:
        async with self._upstream.fetch(ask) as response:
            now = self._now()
            if response.status == 304 and held is not None:
                await asyncio.to_thread(
                    self._catalogue.confirm_document,
                    ecosystem.name,
                    subject.key,
                    now,
                    etag=response.headers.get("etag", ""),
                    last_modified=response.headers.get("last-modified", ""),
                )
                return _Asked(response.wire())
            if response.status in (404, 410, 451):
                await self._note_absence(subject, ecosystem, held, response, now)
                raise NotFound(f"the upstream of {ecosystem.name} has no {subject.key}")
            if response.status in (401, 403):
                raise UpstreamLied(
                    f"the upstream of {ecosystem.name} refuses {subject.key} with {response.status}",
                    fix="Check the credentials of the upstream.",
                )
            if response.status != 200:
                raise UpstreamLied(f"the upstream of {ecosystem.name} answered {response.status} for {subject.key}")
            document = Document(
                ecosystem.name,
                subject.key,
                response.url,
                200,
                _clean(response.headers.get("content-type", "")),
                _clean(response.headers.get("etag", "")),
                _clean(response.headers.get("last-modified", "")),
                now,
                now,
            )
            try:
                return await self._keep(document, subject, ecosystem, held, response, self._blobs.part(name))
            except NotFound:  # a page that says "unpublished" with status 200
                await self._note_absence(subject, ecosystem, held, response, now)
                raise
            except StoreFailed as error:
                log.error("cannot keep %s %s: %s", ecosystem.name, subject.key, error)
        return await self._pass(ask, document, subject, ecosystem)

    async def _note_absence(
        self, subject: Subject, ecosystem: Ecosystem, held: Document | None, response: Response, now: float
    ) -> None:
        try:
            if held is not None:
                # Unpublished: our copy stays (invariant 3).
                log.warning("%s %s is gone upstream; our copy stays", ecosystem.name, subject.key)
                await asyncio.to_thread(self._catalogue.confirm_document, ecosystem.name, subject.key, now, gone=True)
            else:
                absence = Document(ecosystem.name, subject.key, response.url, 404, fetched_at=now, checked_at=now)
                await asyncio.to_thread(self._catalogue.keep_document, absence, ())
        except StoreFailed as error:
            log.error("cannot note the absence of %s %s: %s", ecosystem.name, subject.key, error)

    async def _keep(
        self,
        document: Document,
        subject: Subject,
        ecosystem: Ecosystem,
        held: Document | None,
        response: Response,
        part: Part,
    ) -> _Asked:
        """Write the body, read its pins, catalogue both. Raises StoreFailed, UpstreamLied, UpstreamDown, NotFound."""
        address = hashlib.sha256()
        try:
            async for chunk in response.chunks:
                if part.size + len(chunk) > self._limits.largest:
                    raise UpstreamLied(
                        f"{ecosystem.name} {subject.key} is larger than {self._limits.largest} bytes",
                        fix="If that is right, raise cache.largest_document.",
                    )
                address.update(chunk)
                part.write(chunk)
            _whole(response, part.size, ecosystem.name, subject.key)
            document = replace(document, blob=address.hexdigest(), size=part.size)
            if held is not None and _same(held, document):
                await asyncio.to_thread(
                    self._catalogue.confirm_document,
                    ecosystem.name,
                    subject.key,
                    document.checked_at,
                    etag=document.etag,
                    last_modified=document.last_modified,
                )
            else:
                await asyncio.to_thread(self._catalogue_document, document, subject, ecosystem, part)
                self._changed(ecosystem.name, subject.key)
            return _Asked(response.wire())
        finally:
            part.discard()

    def _catalogue_document(self, document: Document, subject: Subject, ecosystem: Ecosystem, part: Part) -> None:
        """Blocking: publish and catalogue a document that lies in `part`.

        Reading the pins is also the check that this is such a document: if it raises, the catalogue rolls back
        and nothing was published.
        """

        def announced() -> Iterator[Pin]:
            yield from ecosystem.pins(subject, page)
            part.commit(document.blob, durable=False)  # rendering checks the digest again

        with MappedPage(part.path, document) as page:
            self._catalogue.keep_document(document, announced())

    async def _pass(self, ask: Fetch, document: Document, subject: Subject, ecosystem: Ecosystem) -> _Asked:
        """The store failed: fetch into memory, remember the pins in memory, keep nothing."""
        body = bytearray()
        async with self._upstream.fetch(replace(ask, etag="", last_modified="")) as response:
            if response.status != 200:
                raise UpstreamLied(f"the upstream of {ecosystem.name} answered {response.status} for {subject.key}")
            async for chunk in response.chunks:
                body += chunk
                if len(body) > min(self._limits.largest, 32 * 2**20):
                    raise StoreFailed(
                        f"{subject.key} is too large to be passed through without the data folder",
                        fix="Make room on the disk of the data folder.",
                        retry_after=60,
                    )
            _whole(response, len(body), ecosystem.name, subject.key)
        document = replace(document, blob=hashlib.sha256(body).hexdigest(), size=len(body))
        data = bytes(body)
        for pin in ecosystem.pins(subject, Page(data, document.content_type, document.url)):
            self.unkept[(ecosystem.name, pin.path)] = pin
            if len(self.unkept) > UNKEPT:
                self.unkept.popitem(last=False)
        return _Asked(len(data), (document, data))


class MappedPage:
    """A document on disk as a Page, mapped rather than read: a 50 MB packument costs no heap."""

    def __init__(self, path: Path, document: Document) -> None:
        self._path = path
        self._document = document

    def __enter__(self) -> Page:
        document = self._document
        with self._path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:  # cannot be mapped; torn, unless the document is empty
                return Page(b"", document.content_type, document.url)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return Page(memoryview(self._map), document.content_type, document.url)

    def __exit__(self, *_: object) -> None:
        # Not closed here: a generator or traceback may still hold a view; the map goes with the last of them.
        if hasattr(self, "_map"):
            del self._map


def _same(held: Document, document: Document) -> bool:
    """Whether nothing changed that pins or renderings depend on."""
    now = (document.blob, document.content_type, document.url)
    return (held.blob, held.content_type, held.url) == now


def _clean(value: str) -> str:
    """A header value safe to store and to send on: printable ASCII only, bounded."""
    return value if value.isascii() and value.isprintable() and len(value) <= 1024 else ""


def _whole(response: Response, size: int, ecosystem: str, key: str) -> None:
    if response.length not in (-1, size):
        raise UpstreamDown(f"{ecosystem} {key}: {size} bytes came, {response.length} were announced")
