"""Mutable documents: kept as upstream sent them, checked again when old, served stale when upstream fails."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from subak.ecosystems.base import Ecosystem, Page, Route, Site
from subak.errors import NotFound, StoreFailed, SubakError
from subak.model.exchange import Origin, Subject
from subak.pipeline.flight import turn
from subak.pipeline.freshness import Ask, Freshness, GiveUp, Seen, Upstream, Use, good_until, next_step
from subak.pipeline.inquiry import About, Answered, Inquiry, Limits
from subak.pipeline.pages import Kept, page_of
from subak.ports import Blobs, Catalogue, Document, Locks
from subak.ports import Upstream as UpstreamPort

log = logging.getLogger("subak.documents")


@dataclass(slots=True)
class _Asked:
    """What the questions of one exchange brought."""

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
        self._catalogue = catalogue
        self._blobs = blobs
        self._locks = locks
        self._upstream = upstream
        self._limits = limits
        self._now = now
        self._asking: dict[tuple[str, str], asyncio.Task[Answered]] = {}
        self.inquiry = Inquiry(catalogue, blobs, upstream, limits, now, changed, self._find_newer)
        self._signposts: dict[str, tuple[str, bytes]] = {}

    def freshness(self, route: Route) -> Freshness:
        """How long documents of this route are good."""
        limits = self._limits
        return Freshness(limits.fresh_for or route.fresh_for, limits.behind, limits.absent_for, route.optional)

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
                        self._ask(subject, ecosystem, route, document)
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

    async def _find_newer(self, subject: Subject, ecosystem: Ecosystem, newer_than: float) -> Kept:
        return await self.find(subject, ecosystem, newer_than=newer_than)

    async def _answer(
        self, subject: Subject, ecosystem: Ecosystem, route: Route, seen: Seen, asked: _Asked, patient: bool
    ) -> Seen:
        """Ask upstream and tell what is known afterwards."""
        task, first = self._ask(subject, ecosystem, route, seen.document)
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

    def _ask(
        self, subject: Subject, ecosystem: Ecosystem, route: Route, known: Document | None
    ) -> tuple[asyncio.Task[Answered], bool]:
        """The running question for this document, or a new one; True if this call started it."""
        key = (ecosystem.name, subject.key)
        task = self._asking.get(key)
        if task is not None:
            return task, False
        task = asyncio.create_task(self._question(subject, ecosystem, route, known))
        self._asking[key] = task

        def done(finished: asyncio.Task[Answered]) -> None:
            del self._asking[key]
            if not finished.cancelled():
                finished.exception()  # seen by whoever waits; nobody may wait for a check behind

        task.add_done_callback(done)
        return task, True

    async def _question(self, subject: Subject, ecosystem: Ecosystem, route: Route, known: Document | None) -> Answered:
        """Ask upstream once, alone among all processes of the data folder; `known` is what was not good enough."""
        name = hashlib.sha256(f"document\0{ecosystem.name}\0{subject.key}".encode()).hexdigest()
        # Not looked up here: another process may have asked since somebody decided to.
        before, checked = known, known.checked_at if known else -1.0
        site = await self.site(ecosystem, subject)
        try:
            lock = await turn(self._locks, name)
        except StoreFailed:
            return await self.inquiry.ask(About(subject, ecosystem, route, site, _held(before), name))
        try:
            before = self._catalogue.document(ecosystem.name, subject.key)
            if before is not None and before.checked_at > checked:
                return Answered()  # another process asked meanwhile
            return await self.inquiry.ask(About(subject, ecosystem, route, site, _held(before), name))
        finally:
            lock.release()

    # ---------------------------------------------------------------- for files and relays

    async def site(self, ecosystem: Ecosystem, asking: Subject) -> Site:
        """The upstream as the ecosystem needs to know it to find `asking`, its signpost read. Raises like `find`."""
        further = self._upstream.further(ecosystem.name)
        bare = Site(self._upstream.base(ecosystem.name), further=further)
        post = ecosystem.signpost(bare)
        if post is None or asking.key == post.key or not ecosystem.guided(asking):
            return bare
        try:
            kept = await self.find(post, ecosystem)
        except NotFound:
            return bare
        known = self._signposts.get(ecosystem.name)
        if known is None or known[0] != kept.document.blob:
            with self.page(kept) as page:
                known = self._signposts[ecosystem.name] = (kept.document.blob, bytes(page.body))
        return Site(bare.base, known[1], True, further)

    @contextmanager
    def page(self, kept: Kept) -> Iterator[Page]:
        """A kept document as a Page. Raises StoreFailed when its copy was evicted this instant."""
        try:
            with page_of(kept, self._blobs) as page:
                yield page
        except FileNotFoundError as error:
            self._catalogue.lose_blob(kept.document.blob)
            raise StoreFailed(f"our copy of {kept.document.key} was lost this instant", retry_after=1) from error

    def known_absent(self, ecosystem: Ecosystem, key: str) -> bool:
        """Whether upstream said not long ago that it has nothing at this key."""
        absence = self._catalogue.document(ecosystem.name, key)
        return (
            absence is not None and absence.status != 200 and self._now() - absence.checked_at < self._limits.absent_for
        )


def _held(before: Document | None) -> Document | None:
    return before if before is not None and before.status == 200 else None
