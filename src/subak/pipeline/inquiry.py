"""One question to an upstream about a document: has it changed, what was appended, what is it now."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Page, Route, Site
from subak.errors import NotFound, StoreFailed, UpstreamDown, UpstreamLied
from subak.model.digest import Pin
from subak.model.exchange import Subject
from subak.pipeline.pages import Kept, mapped, page_of
from subak.ports import Blobs, Catalogue, Document, Fetch, Part, Response
from subak.ports import Upstream as UpstreamPort

log = logging.getLogger("subak.documents")

UNKEPT = 50_000
"""Pins remembered in memory while the disk refuses them."""
PASSED = 32 * 2**20
"""Bytes of a document that are passed through memory when the disk takes nothing."""
PIECE = 2**20


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
class Answered:
    """What one question to upstream brought."""

    fetched: int = 0
    unkept: tuple[Document, bytes] | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What is asked about, and what was known before."""

    subject: Subject
    ecosystem: Ecosystem
    route: Route
    site: Site
    held: Document | None
    name: str
    """Of the part that the answer is written to."""

    @property
    def what(self) -> str:
        return f"{self.ecosystem.name} {self.subject.key}"


class Inquiry:
    """Asks upstream and keeps the answer. Nothing that is not such a document is ever kept."""

    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        upstream: UpstreamPort,
        limits: Limits,
        now: Callable[[], float],
        changed: Callable[[str, str], None],
        find: Callable[[Subject, Ecosystem, float], Awaitable[Kept]],
    ) -> None:
        """`find` brings the documents that prove another one, checked after a given time."""
        self._catalogue = catalogue
        self._blobs = blobs
        self._upstream = upstream
        self._limits = limits
        self._now = now
        self._changed = changed
        self._find = find
        self.unkept: OrderedDict[tuple[str, str], Pin] = OrderedDict()

    async def ask(self, about: About) -> Answered:
        """Raises NotFound, UpstreamDown, UpstreamLied, StoreFailed."""
        try:
            return await self._insist(about)
        except UpstreamDown:
            if self._limits.patience and about.held is not None:
                raise  # our copy serves; no need to insist
            # A kept-alive connection that died is the commonest failure: insist once.
            return await self._insist(about)

    async def _insist(self, about: About) -> Answered:
        held, route = about.held, about.route
        whole = Fetch(
            about.ecosystem.name,
            about.ecosystem.source(about.subject, about.site),
            accept=route.accept,
            etag=held.etag if held else "",
            last_modified=held.last_modified if held else "",
            identity=route.grows,
            method="POST" if about.subject.question else "GET",
            body=about.subject.question,
            headers={"Content-Type": "application/json"} if about.subject.question else {},
            roams=route.roams,
        )
        if held is not None and route.heads and await self._same_by_head(about, whole, held):
            await self._confirm(about, {})
            return Answered()
        if held is not None and route.grows and held.size > 1:
            grown = await self._grown(about, whole, held)
            if grown is not None:
                return grown
        return await self._whole(about, whole)

    # ---------------------------------------------------------------- asking for less than the whole

    async def _same_by_head(self, about: About, ask: Fetch, held: Document) -> bool:
        """Whether HEAD says that nothing changed. Raises UpstreamDown, UpstreamLied."""
        async with self._upstream.fetch(replace(ask, method="HEAD", etag="", last_modified="")) as response:
            if response.status != 200:
                return False
            announced = about.ecosystem.announced(about.subject, response.headers)
            if announced:
                return announced.algorithm == "sha256" and announced.hex == held.blob
            return bool(held.etag) and response.headers.get("etag", "") == held.etag

    async def _grown(self, about: About, ask: Fetch, held: Document) -> Answered | None:
        """The document with what was appended since; None when it must be fetched whole."""
        start = held.size - 1  # one byte of overlap tells an appended file from a rebuilt one
        async with self._upstream.fetch(replace(ask, start=start, grown=True, last_modified="")) as response:
            if response.status == 304:
                await self._confirm(about, response.headers)
                return Answered(response.wire())
            begins = response.headers.get("content-range", "").lower().startswith(f"bytes {start}-")
            if response.status == 200:
                return await self._answered(about, ask, response)
            if response.status != 206 or not begins:
                return None
            try:
                return await self._keep(about, response, self._blobs.part(about.name), before=held)
            except _Rebuilt:
                return None

    async def _whole(self, about: About, ask: Fetch) -> Answered:
        async with self._upstream.fetch(ask) as response:
            if response.status == 304 and about.held is not None:
                await self._confirm(about, response.headers)
                return Answered(response.wire())
            return await self._answered(about, ask, response)

    # ---------------------------------------------------------------- what the answer means

    async def _answered(self, about: About, ask: Fetch, response: Response) -> Answered:
        """Judge and keep a complete answer."""
        name, key = about.ecosystem.name, about.subject.key
        if response.status in about.route.absent:
            await self._note_absence(about, response.url)
            raise NotFound(f"the upstream of {name} has no {key}")
        if response.status in (401, 403):
            raise UpstreamLied(
                f"the upstream of {name} refuses {key} with {response.status}",
                fix="Check the credentials of the upstream.",
            )
        if response.status != 200:
            raise UpstreamLied(f"the upstream of {name} answered {response.status} for {key}")
        try:
            return await self._keep(about, response, self._blobs.part(about.name))
        except NotFound:  # a page that says "unpublished" with status 200
            await self._note_absence(about, response.url)
            raise
        except StoreFailed as error:
            log.error("cannot keep %s: %s", about.what, error)
        return await self._pass(about, ask)

    async def _confirm(self, about: About, headers: Mapping[str, str]) -> None:
        await asyncio.to_thread(
            self._catalogue.confirm_document,
            about.ecosystem.name,
            about.subject.key,
            self._now(),
            etag=clean(headers.get("etag", "")),
            last_modified=clean(headers.get("last-modified", "")),
        )

    async def _note_absence(self, about: About, url: str) -> None:
        try:
            if about.held is not None:
                # Unpublished: our copy stays (invariant 3).
                log.warning("%s is gone upstream; our copy stays", about.what)
                await asyncio.to_thread(
                    self._catalogue.confirm_document, about.ecosystem.name, about.subject.key, self._now(), gone=True
                )
            else:
                await self.note_absence(about.ecosystem, about.subject.key, url)
        except StoreFailed as error:
            log.error("cannot note the absence of %s: %s", about.what, error)

    async def note_absence(self, ecosystem: Ecosystem, key: str, url: str) -> None:
        """Remember that upstream has nothing at this key. Raises StoreFailed."""
        now = self._now()
        absence = Document(ecosystem.name, key, url, 404, fetched_at=now, checked_at=now)
        await asyncio.to_thread(self._catalogue.keep_document, absence, ())

    # ---------------------------------------------------------------- keeping

    def _described(self, about: About, response: Response) -> Document:
        headers, now = response.headers, self._now()
        return Document(
            about.ecosystem.name,
            about.subject.key,
            response.url,
            200,
            clean(headers.get("content-type", "")),
            clean(headers.get("etag", "")),
            clean(headers.get("last-modified", "")),
            now,
            now,
            kept=remembered(about.route, headers),
        )

    async def _keep(self, about: About, response: Response, part: Part, before: Document | None = None) -> Answered:
        """Write the body, prove it, read its pins, catalogue both. With `before` the body is what was appended to it.

        Raises StoreFailed, UpstreamLied, UpstreamDown, NotFound, and _Rebuilt when it was not just appended to.
        """
        address = hashlib.sha256()
        document = self._described(about, response)
        try:
            came = 0
            async for chunk in self._body(response, part, before):
                if part.size + len(chunk) > self._limits.largest:
                    raise UpstreamLied(
                        f"{about.what} is larger than {self._limits.largest} bytes",
                        fix="If that is right, raise cache.largest_document.",
                    )
                address.update(chunk)
                part.write(chunk)
            came = part.size - (before.size - 1 if before else 0)
            if response.length not in (-1, came):
                raise UpstreamDown(f"{about.what}: {came} bytes came, {response.length} were announced")
            document = replace(document, blob=address.hexdigest(), size=part.size)
            if about.route.heads:
                _check_announced(about, response, document.blob)
            _check_repr_digest(about.what, response, address.digest(), appended=before is not None)
            if about.held is not None and _same(about.held, document):
                await self._confirm(about, response.headers)
            else:
                await self._prove(about, document, part.path)
                await asyncio.to_thread(self._catalogue_document, document, about, part)
                self._changed(about.ecosystem.name, about.subject.key)
            return Answered(response.wire())
        finally:
            part.discard()

    async def _body(self, response: Response, part: Part, before: Document | None) -> AsyncIterator[bytes]:
        """The whole body piece by piece: what we hold, then what came."""
        first = before is not None
        if before is not None:
            position, end = 0, before.size - 1
            with self._blobs.path(before.blob).open("rb") as file:
                while position < end:
                    piece = await asyncio.to_thread(file.read, min(PIECE, end - position))
                    if not piece:
                        raise _Rebuilt("our copy is shorter than it was")
                    position += len(piece)
                    yield piece
                last = file.read(1)
        async for chunk in response.chunks:
            if first and chunk:
                if chunk[:1] != last:
                    raise _Rebuilt("the upstream's document does not continue ours")
                first = False
            yield chunk
        if first:
            raise _Rebuilt("nothing came, not even the byte that we hold already")

    async def _prove(self, about: About, document: Document, path: Path) -> None:
        """Raises UpstreamLied, or what fetching the evidence raises."""
        with mapped(path, document.content_type, document.url) as page:
            needed = about.ecosystem.evidence(about.subject, page, about.site)
            if not needed:
                about.ecosystem.prove(about.subject, page, about.site, {})
                return
            try:
                about.ecosystem.prove(about.subject, page, about.site, await self._evidence(needed, about))
            except UpstreamLied as error:
                log.warning("%s: %s; its evidence is asked for afresh", about.what, error)
                fresh = await self._evidence(needed, about, newer_than=document.checked_at - 1.0)
                about.ecosystem.prove(about.subject, page, about.site, fresh)

    async def _evidence(self, needed: tuple[Subject, ...], about: About, newer_than: float = -1.0) -> dict[str, Page]:
        """The pages by key, fetched side by side. They are small."""

        async def one(subject: Subject) -> Page:
            try:
                kept = await self._find(subject, about.ecosystem, newer_than)
                with page_of(kept, self._blobs) as page:
                    return Page(bytes(page.body), page.content_type, page.url)
            except NotFound as error:
                raise UpstreamLied(f"{about.what} cannot be proved: the upstream has no {subject.key}") from error
            except FileNotFoundError as error:
                raise StoreFailed(f"our copy of {subject.key} was lost this instant", retry_after=1) from error

        pages = await asyncio.gather(*(one(subject) for subject in needed))
        return {subject.key: page for subject, page in zip(needed, pages, strict=True)}

    def _catalogue_document(self, document: Document, about: About, part: Part) -> None:
        """Blocking: publish and catalogue a document that lies in `part`.

        Reading the pins is also the check that this is such a document: if it raises, the catalogue rolls back
        and nothing was published.
        """

        def announced() -> Iterator[Pin]:
            yield from about.ecosystem.pins(about.subject, page)
            part.commit(document.blob, durable=False)  # rendering checks the digest again

        with mapped(part.path, document.content_type, document.url) as page:
            self._catalogue.keep_document(document, announced())

    async def _pass(self, about: About, ask: Fetch) -> Answered:
        """The store failed: fetch into memory, remember the pins in memory, keep nothing."""
        body = bytearray()
        async with self._upstream.fetch(replace(ask, etag="", last_modified="")) as response:
            if response.status != 200:
                raise UpstreamLied(f"the upstream answered {response.status} for {about.what}")
            document = self._described(about, response)
            async for chunk in response.chunks:
                body += chunk
                if len(body) > min(self._limits.largest, PASSED):
                    raise StoreFailed(
                        f"{about.what} is too large to be passed through without the data folder",
                        fix="Make room on the disk of the data folder.",
                        retry_after=60,
                    )
            if response.length not in (-1, len(body)):
                raise UpstreamDown(f"{about.what}: {len(body)} bytes came, {response.length} were announced")
        document = replace(document, blob=hashlib.sha256(body).hexdigest(), size=len(body))
        data = bytes(body)
        page = Page(data, document.content_type, document.url)
        if about.ecosystem.evidence(about.subject, page, about.site):
            raise StoreFailed(f"{about.what} cannot be proved without the data folder", retry_after=60)
        about.ecosystem.prove(about.subject, page, about.site, {})
        for pin in about.ecosystem.pins(about.subject, page):
            self.unkept[(about.ecosystem.name, pin.path)] = pin
            if len(self.unkept) > UNKEPT:
                self.unkept.popitem(last=False)
        return Answered(len(data), (document, data))


class _Rebuilt(Exception):
    """The upstream's document is not ours with something appended."""


def _same(held: Document, document: Document) -> bool:
    """Whether nothing changed that pins, renderings or headers depend on."""
    now = (document.blob, document.content_type, document.url, document.kept)
    return (held.blob, held.content_type, held.url, held.kept) == now


def _check_announced(about: About, response: Response, blob: str) -> None:
    """Where a HEAD tells by its digest whether a document changed, the GET has to agree. Raises UpstreamLied."""
    told = about.ecosystem.announced(about.subject, response.headers)
    if told.algorithm == "sha256" and told.hex != blob:
        raise UpstreamLied(f"{about.what} does not match the digest that came with it: {told}")


def _check_repr_digest(what: str, response: Response, sha256: bytes, *, appended: bool) -> None:
    """Compare the whole body with the upstream's Repr-Digest (RFC 9530 §3), when it sent one.

    Raises UpstreamLied, or _Rebuilt when the body was put together here.
    """
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        return  # the digest is of the encoded bytes
    found = re.search(r"(?:^|[\s,])sha-256=:([A-Za-z0-9+/=]+):", response.headers.get("repr-digest", ""))
    try:
        wanted = base64.b64decode(found[1], validate=True) if found else sha256
    except binascii.Error:
        wanted = b""
    if wanted != sha256:
        if appended:
            raise _Rebuilt("what was appended does not add up to the announced digest")
        raise UpstreamLied(f"{what} does not match the Repr-Digest that came with it")


def remembered(route: Route, headers: Mapping[str, str]) -> dict[str, str]:
    """The response headers that the route wants remembered."""
    return {name: value for name in route.keeps if (value := clean(headers.get(name, "")))}


def clean(value: str) -> str:
    """A header value safe to store and to send on: printable ASCII only, bounded."""
    return value if value.isascii() and value.isprintable() and len(value) <= 1024 else ""
