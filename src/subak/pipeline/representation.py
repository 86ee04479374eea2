"""A document as this client must see it: form negotiated, links rewritten, compressed, remembered on disk."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Facts, Form, Page, Route, View, negotiate
from subak.errors import StoreFailed
from subak.model.digest import Digest
from subak.model.exchange import UNPROVEN, Asked, Proof, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.copies import dated
from subak.pipeline.pages import Kept, mapped
from subak.ports import Blobs, Catalogue, Document, Renderings

log = logging.getLogger("subak.representation")

EDITION = b"2"
"""Part of every rendering's name: raise it when rendering changes, and old ones are never served."""

MOST_DIGESTS = 10_000
"""Renderings whose digests are remembered."""

NOTHING_REVISED: Mapping[str, str] = {}

WORTH_COMPRESSING = 1400
"""Bytes: smaller answers fit one packet anyway."""


@dataclass(frozen=True, slots=True)
class Representations:
    """Turns stored documents into answers."""

    blobs: Blobs
    catalogue: Catalogue
    renderings: Renderings
    running: dict[str, asyncio.Task[Path]]
    digests: dict[str, tuple[str, str]] = field(default_factory=dict)
    """md5 and sha256 (hex) of renderings that announce them, by name."""

    async def find(
        self,
        kept: Kept,
        asked: Asked,
        subject: Subject,
        ecosystem: Ecosystem,
        hidden: frozenset[str],
        revised: Mapping[str, str] = NOTHING_REVISED,
        since: float = 0.0,
    ) -> Found:
        """The representation this request asks for. Raises NotFound, UpstreamLied, Refused, StoreFailed."""
        route = ecosystem.route(subject.route)
        forms = route.forms
        form = negotiate(forms, asked.headers.get("accept", "")) if forms else None
        accepts = not route.plain and _accepts_gzip(asked.headers.get("accept-encoding", ""))
        compressed = accepts and kept.document.size > WORTH_COMPRESSING
        mount = f"{asked.base}{'/k' if subject.keyed else ''}{ecosystem.mount}"
        view = View(form.name if form else "", mount, subject.part, hidden, revised)
        name = _name(kept, subject, view, compressed)
        content_type = form.content_type if form else _harmless(kept.document.content_type)
        found = Found(
            kept.origin,
            Held(0),
            200,
            content_type,
            f'"{name[:40]}"',
            (*_headers(forms, compressed), *ecosystem.headers(subject, _facts(kept, mount))),
            fetched=kept.fetched,
            # What a range is cut from was checked against this digest when it was rendered.
            proof=Proof(Digest("sha256", kept.document.blob), first_seen=True) if route.ranges else UNPROVEN,
            ranges=route.ranges and not compressed,
            good_until=kept.good_until,
            blob=kept.document.blob,
            modified=_modified(kept.document, since),
        )
        if kept.body is not None:
            page = Page(kept.body, kept.document.content_type, kept.document.url)
            data = b"".join(_chunks(ecosystem, subject, page, view, compressed))
            found = replace(found, body=Held(len(data), data))
            return _announcing(found, route, _digests_of((data,)))
        path = self.renderings.find(name)
        if path is None:
            path = await self._render(name, kept, subject, ecosystem, view, compressed)
        try:
            found = replace(found, body=Held(path.stat().st_size, path=path))
            return _announcing(found, route, await self._digests(name, path) if _announces(route) else ("", ""))
        except FileNotFoundError as error:
            raise StoreFailed("a rendering was tidied away this instant", retry_after=1) from error

    async def _digests(self, name: str, path: Path) -> tuple[str, str]:
        """Of a rendering; a big one is read once per worker."""
        known = self.digests.get(name)
        if known is None:
            known = await asyncio.to_thread(lambda: _digests_of(_read(path)))
            if len(self.digests) >= MOST_DIGESTS:
                self.digests.clear()
            self.digests[name] = known
        return known

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
            with mapped(self.blobs.path(document.blob), document.content_type, document.url) as page:
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


def _facts(kept: Kept, mount: str) -> Facts:
    document = kept.document
    told = {"content-type": document.content_type, "last-modified": document.last_modified}
    digest = Digest("sha256", document.blob)
    return Facts(digest, document.size, document.blob, kept={**document.kept, **told}, base=mount)


def _modified(document: Document, since: float) -> str:
    """Upstream's own date, else when these bytes came first; no earlier than the last change of policy (`since`).

    Clients that know no tags ask by date, and must not be told "unchanged" when something else is withheld now.
    """
    if since and since > dated({"last-modified": document.last_modified}):
        return formatdate(max(since, document.fetched_at), usegmt=True)
    return document.last_modified or (formatdate(document.fetched_at, usegmt=True) if document.fetched_at else "")


def _announces(route: Route) -> bool:
    return bool(route.etag) or route.digest_fields


def _announcing(found: Found, route: Route, digests: tuple[str, str]) -> Found:
    """The answer with its digests in the header fields that the route asks for."""
    md5, sha256 = digests
    if route.etag:
        found = replace(found, etag=f'"{md5 if route.etag == "md5" else sha256}"')
    if route.digest_fields:
        encoded = base64.b64encode(bytes.fromhex(sha256)).decode()
        fields = (("repr-digest", f"sha-256=:{encoded}:"), ("digest", f"sha-256={encoded}"))
        found = replace(found, headers=(*found.headers, *fields))
    return found


def _digests_of(chunks: Iterable[bytes]) -> tuple[str, str]:
    """md5 and sha256, hexadecimal."""
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    for chunk in chunks:
        md5.update(chunk)
        sha256.update(chunk)
    return md5.hexdigest(), sha256.hexdigest()


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(2**20):
            yield piece


def _name(kept: Kept, subject: Subject, view: View, compressed: bool) -> str:
    """The rendering's identity: equal names mean equal bytes, so it is also the ETag."""
    document = kept.document
    parts = (
        EDITION,
        subject.route.encode(),
        document.blob.encode(),
        document.url.encode(),
        document.content_type.encode(),
        view.form.encode(),
        view.base.encode(),
        view.part.encode(),
        ",".join(sorted(view.hidden)).encode(),
        ",".join(f"{name}={digest}" for name, digest in sorted(view.revised.items())).encode(),
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
