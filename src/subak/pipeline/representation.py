"""A document as this client must see it: form negotiated, links rewritten, compressed, remembered on disk."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Form, Page, View, negotiate
from subak.errors import StoreFailed
from subak.model.exchange import Asked, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.documents import Kept, MappedPage
from subak.ports import Blobs, Catalogue, Renderings

log = logging.getLogger("subak.representation")

EDITION = b"1"
"""Part of every rendering's name: raise it when rendering changes, and old ones are never served."""

WORTH_COMPRESSING = 1400
"""Bytes: smaller answers fit one packet anyway."""


@dataclass(frozen=True, slots=True)
class Representations:
    """Turns stored documents into answers."""

    blobs: Blobs
    catalogue: Catalogue
    renderings: Renderings
    running: dict[str, asyncio.Task[Path]]

    async def find(
        self, kept: Kept, asked: Asked, subject: Subject, ecosystem: Ecosystem, hidden: frozenset[str]
    ) -> Found:
        """The representation this request asks for. Raises NotFound, UpstreamLied, Refused, StoreFailed."""
        forms = ecosystem.route(subject.route).forms
        form = negotiate(forms, asked.headers.get("accept", "")) if forms else None
        compressed = _accepts_gzip(asked.headers.get("accept-encoding", "")) and kept.document.size > WORTH_COMPRESSING
        mount = f"{asked.base}{'/k' if subject.keyed else ''}{ecosystem.mount}"
        view = View(form.name if form else "", mount, subject.part, hidden)
        name = _name(kept, view, compressed)
        content_type = form.content_type if form else _harmless(kept.document.content_type)
        found = Found(
            kept.origin,
            Held(0),
            200,
            content_type,
            f'"{name[:40]}"',
            _headers(forms, compressed),
            fetched=kept.fetched,
            good_until=kept.good_until,
            blob=kept.document.blob,
        )
        if kept.body is not None:
            page = Page(kept.body, kept.document.content_type, kept.document.url)
            data = b"".join(_chunks(ecosystem, subject, page, view, compressed))
            return replace(found, body=Held(len(data), data))
        path = self.renderings.find(name)
        if path is None:
            path = await self._render(name, kept, subject, ecosystem, view, compressed)
        try:
            return replace(found, body=Held(path.stat().st_size, path=path))
        except FileNotFoundError as error:
            raise StoreFailed("a rendering was tidied away this instant", retry_after=1) from error

    async def _render(
        self, name: str, kept: Kept, subject: Subject, ecosystem: Ecosystem, view: View, compressed: bool
    ) -> Path:
        """Make a rendering once, however many ask for it at the same time."""
        task = self.running.get(name)
        if task is None:
            work = asyncio.to_thread(self._make, name, kept, subject, ecosystem, view, compressed)
            task = self.running[name] = asyncio.create_task(work)
            task.add_done_callback(lambda _: self.running.pop(name))
        return await asyncio.shield(task)

    def _make(
        self, name: str, kept: Kept, subject: Subject, ecosystem: Ecosystem, view: View, compressed: bool
    ) -> Path:
        document = kept.document
        try:
            with MappedPage(self.blobs.path(document.blob), document) as page:
                # Documents are published without fsync: after a power loss the file may be torn.
                if hashlib.sha256(page.body).hexdigest() != document.blob:
                    self.blobs.remove(document.blob)  # else equal bytes, fetched again, would count as held already
                    raise FileNotFoundError(document.blob)
                return self.renderings.keep(name, _chunks(ecosystem, subject, page, view, compressed))
        except FileNotFoundError as error:
            self.catalogue.lose_blob(document.blob)
            raise StoreFailed(
                f"our copy of {document.key} was lost; it will be fetched again", retry_after=1
            ) from error


def _chunks(ecosystem: Ecosystem, subject: Subject, page: Page, view: View, compressed: bool) -> Iterable[bytes]:
    chunks = ecosystem.render(subject, page, view)
    return _gzip(chunks) if compressed else chunks


def _gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """gzip without a time stamp, so that equal input gives equal bytes. Level 1: packuments shrink by 80 %
    already, and a cold client waits for it."""
    encoder = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        piece = encoder.compress(chunk)
        if piece:
            yield piece
    yield encoder.flush()


def _name(kept: Kept, view: View, compressed: bool) -> str:
    """The rendering's identity: equal names mean equal bytes, so it is also the ETag."""
    document = kept.document
    parts = (
        EDITION,
        document.blob.encode(),
        document.url.encode(),
        document.content_type.encode(),
        view.form.encode(),
        view.base.encode(),
        view.part.encode(),
        ",".join(sorted(view.hidden)).encode(),
        b"gzip" if compressed else b"",
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _headers(forms: tuple[Form, ...], compressed: bool) -> tuple[tuple[str, str], ...]:
    vary = "Accept, Accept-Encoding" if len(forms) > 1 else "Accept-Encoding"
    # Clients may skip a minute of asking; beyond that a conditional request costs next to nothing.
    headers = (("cache-control", "public, max-age=60"), ("vary", vary))
    return (*headers, ("content-encoding", "gzip")) if compressed else headers


def _accepts_gzip(header: str) -> bool:
    """Whether `Accept-Encoding` (RFC 9110 §12.5.3) admits gzip."""
    for item in header.lower().split(","):
        coding, _, quality = item.partition(";")
        if coding.strip() in ("gzip", "x-gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _harmless(content_type: str) -> str:
    """An upstream's own type for documents we do not rewrite; never one that a browser would run."""
    lowered = content_type.lower()
    return content_type if content_type and "html" not in lowered and "svg" not in lowered else "application/json"
