"""Immutable files: from our copies, or fetched once for everybody, verified while they stream."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Route
from subak.errors import Mismatch, NotFound, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Pin
from subak.model.exchange import Origin, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.copies import body_of, dated, described, landing, proof_of
from subak.pipeline.documents import Documents
from subak.pipeline.flight import POLL, Flight, Follower
from subak.pipeline.inquiry import clean
from subak.pipeline.learning import Learning
from subak.pipeline.pages import mapped
from subak.pipeline.relay import PassingFile, Rescued
from subak.pipeline.transfer import Order, Transfer
from subak.ports import Blobs, Catalogue, Fetch, File, Lock, Locks, Part, Upstream

log = logging.getLogger("subak.artifacts")

SMALL = 64 * 1024
"""Files up to this size are answered only after verification: a mismatch is then a clean problem document."""


class Artifacts:
    """Finds files. One transfer at a time for each, across requests and processes."""

    def __init__(
        self,
        catalogue: Catalogue,
        blobs: Blobs,
        locks: Locks,
        upstream: Upstream,
        documents: Documents,
        *,
        attempts: int,
        now: Callable[[], float],
    ) -> None:
        self._catalogue = catalogue
        self._blobs = blobs
        self._locks = locks
        self._upstream = upstream
        self._documents = documents
        self._learning = Learning(catalogue, documents, now)
        self._attempts = attempts
        self._now = now
        self._flights: dict[str, Flight] = {}
        self._full = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, subject: Subject, ecosystem: Ecosystem, route: Route, *, head: bool = False) -> Found:
        """The bytes of a file. With `head` a file that we do not hold is described, not fetched.

        Raises NotFound, UpstreamDown, UpstreamLied, Mismatch, NoUpstream, StoreFailed.
        """
        file = self._catalogue.file(ecosystem.name, subject.key)
        if file is not None and file.blob:
            held = body_of(file.blob, self._blobs)
            if held is not None and held.size == file.size:
                return described(Origin.CACHE, held, file, subject, ecosystem, route)
            log.error("%s is catalogued but missing or damaged on disk; it is fetched again", file.blob)
            await asyncio.to_thread(self._catalogue.lose_blob, file.blob)
            file = replace(file, blob="", size=-1)
        learnt = 0
        if not route.open and (file is None or _only_dated(file)):
            file, learnt = await self._learning.learn(subject, ecosystem)
            if file.blob and (held := body_of(file.blob, self._blobs)) is not None:
                return described(Origin.CACHE, held, file, subject, ecosystem, route, learnt)
        if file is None:
            if self._documents.known_absent(ecosystem, subject.key):
                raise NotFound(f"the upstream of {ecosystem.name} has no {subject.key}")
            file = self._learning.by_path(subject, ecosystem)
        if (adopted := await self._adopted(file, ecosystem, route)) is not None:
            return described(Origin.CACHE, self._landed(adopted.blob), adopted, subject, ecosystem, route, learnt)
        placed = replace(file.pin, url=await self._learning.placed(file, subject, ecosystem))
        file = replace(file, pin=placed)
        underway = _flight_name(subject, ecosystem) in self._flights
        if head and not underway and (shown := await self._shown(subject, ecosystem, route, file)) is not None:
            return shown
        if self._disk_is_full(file.pin.size):
            return await self._pass(subject, ecosystem, route, file)
        try:
            return await self._follow(subject, ecosystem, route, file, learnt)
        except StoreFailed:  # told by the flight
            return await self._pass(subject, ecosystem, route, file)

    async def _adopted(self, file: File, ecosystem: Ecosystem, route: Route) -> File | None:
        """The file, if the very bytes that its pin names are held under another name."""
        blob = file.pin.digest.hex if file.pin.digest.algorithm == "sha256" else ""
        size = self._blobs.size(blob) if blob else -1
        # Without its type a copy of a route that sends upstream's own would be another answer.
        if size < 0 or file.pin.size not in (-1, size) or not (route.content_type or file.pin.content_type):
            return None
        try:
            await asyncio.to_thread(self._catalogue.hold_file, ecosystem.name, file.pin, blob, size, self._now())
        except StoreFailed as error:
            log.warning("cannot note that %s is held: %s", file.pin.path, error)
        return replace(file, blob=blob, size=size)

    def _disk_is_full(self, size: int) -> bool:
        """Whether the reserve forbids `size` more bytes; told once, not for every file."""
        full = not self._blobs.room_for(max(size, 0))
        if full != self._full:
            self._full = full
            if full:
                log.error("the disk is at its reserve: files are verified and handed through, but not kept")
            else:
                log.warning("the disk has room again: files are kept")
        return full

    async def _shown(self, subject: Subject, ecosystem: Ecosystem, route: Route, file: File) -> Found | None:
        """The head of a file that we do not hold, from its pin or from upstream's own head; None if neither tells."""
        if file.pin.digest and file.pin.size >= 0:
            return described(Origin.CACHE, Held(file.pin.size), file, subject, ecosystem, route)
        ask = Fetch(ecosystem.name, file.pin.url, accept=route.accept, method="HEAD", roams=route.roams)
        async with self._upstream.fetch(ask) as response:
            if response.status in route.absent:
                raise await self._gone(ecosystem, subject, route, file.pin.url)
            if response.status != 200 or response.length < 0:
                return None
            digest = file.pin.digest or ecosystem.announced(subject, response.headers)
            told = {name: clean(response.headers.get(name, "")) for name in ("content-type", "last-modified")}
            kept = {name: clean(response.headers.get(name, "")) for name in route.keeps} | told
            known = replace(file, pin=replace(file.pin, digest=digest), kept={n: v for n, v in kept.items() if v})
            found = described(Origin.UPSTREAM, Held(response.length), known, subject, ecosystem, route)
            return found if found.proof.digest else replace(found, ranges=False)  # nothing of it was proven

    # ---------------------------------------------------------------- in flight

    async def _follow(self, subject: Subject, ecosystem: Ecosystem, route: Route, file: File, learnt: int) -> Found:
        """Join the transfer of this file, or start it."""
        name = _flight_name(subject, ecosystem)
        flight = self._flights.get(name)
        if flight is not None and flight.pin.digest and file.pin.digest not in (UNPINNED, flight.pin.digest):
            # The index changed its mind since: those bytes are right by yesterday's word only.
            old = flight
            with suppress(SubakError):
                await old.until(lambda: old.kept)
            return await self.find(subject, ecosystem, route)
        leads = flight is None
        if flight is None:
            flight = self._flights[name] = Flight(name, f"{ecosystem.name} {subject.key}")
            task = asyncio.create_task(self._fly(flight, subject, ecosystem, route, file))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await flight.until(lambda: flight.begun or flight.kept)
        # Whoever rides along on somebody else's transfer, here or in another process, costs the registry nothing.
        leads = leads and flight.ours
        if not flight.ours and not route.content_type:
            await flight.until(lambda: flight.kept)  # only the catalogue will tell what type it is
        origin = Origin.UPSTREAM if leads else Origin.CACHE
        try:
            follower = None if flight.kept else Follower(flight, leads=leads, held=self._landed)
        except FileNotFoundError:  # renamed this instant: it is about to land
            await flight.until(lambda: flight.kept)
            follower = None
        if follower is None:
            fetched = learnt + (flight.fetched if leads else 0)
            return self._as_kept(origin, flight, file, subject, ecosystem, route, fetched)
        try:
            # Small, or all there but not proven yet: then all that clients may ask about it is known in a moment.
            if route.whole or 0 <= flight.length <= max(SMALL, flight.size):
                await flight.until(lambda: flight.verified)
            known = replace(file, pin=flight.pin or file.pin, blob=flight.blob, kept=flight.remembered)
            known = replace(known, further=flight.further)
            found = described(origin, Held(flight.length), known, subject, ecosystem, route, learnt)
        except BaseException:
            follower.close()
            raise
        flow = Rescued(follower, lambda: PassingFile(self._upstream, ecosystem.name, subject.key, known, route))
        return replace(found, body=flow, last=follower.close, good_until=0.0)

    def _as_kept(
        self,
        origin: Origin,
        flight: Flight,
        file: File,
        subject: Subject,
        ecosystem: Ecosystem,
        route: Route,
        fetched: int,
    ) -> Found:
        """A file that landed, with all that was catalogued of it."""
        known = self._catalogue.file(ecosystem.name, subject.key) or file
        if known.blob != flight.blob:  # the index announced other bytes this instant; these are proven all the same
            known = replace(file, blob=flight.blob, kept=flight.remembered, further=flight.further)
        return described(origin, self._landed(flight.blob), known, subject, ecosystem, route, fetched)

    def _landed(self, blob: str) -> Held:
        return landing(blob, self._blobs)

    async def _fly(self, flight: Flight, subject: Subject, ecosystem: Ecosystem, route: Route, file: File) -> None:
        """Lead the transfer, detached from whoever asked first, so that no disconnect stops it."""
        lock: Lock | None = None
        try:
            lock = self._locks.take(flight.name) or await self._shadow(flight)
            held = self._catalogue.file(ecosystem.name, subject.key)
            if held is not None and held.blob and self._blobs.size(held.blob) >= 0:
                flight.path = self._blobs.path(held.blob)
                flight.advance(self._blobs.size(held.blob))
                flight.verify(proof_of(held), held.blob)
                flight.land()
                return
            if flight.begun:  # followers have been shown bytes of a transfer that broke off elsewhere
                raise UpstreamDown("the transfer of another worker broke off", retry_after=1)
            flight.ours = True
            transfer = Transfer(self._upstream, self._blobs, self._attempts)
            part = await transfer.run(flight, self._order(subject, ecosystem, route, file))
            published = file.pin.published or (dated(flight.remembered) if route.dated else 0.0)
            # Where a path alone tells the place, no URL is kept: the upstream may move.
            url = file.pin.url if not route.open else ""
            pin = replace(flight.pin, url=url, published=published)
            await asyncio.to_thread(self._keep, flight, ecosystem, pin, part)
            flight.land()
        except SubakError as error:
            flight.fail(await self._told(error, flight, subject, ecosystem, route, file))
        except BaseException as error:
            flight.fail(UpstreamDown("the transfer was interrupted", retry_after=1))
            if isinstance(error, Exception):
                log.exception("%s: transfer failed in an unforeseen way", flight.what)
            else:
                raise
        finally:
            del self._flights[flight.name]
            if lock is not None:
                lock.release()

    def _order(self, subject: Subject, ecosystem: Ecosystem, route: Route, file: File) -> Order:
        async def look() -> File:
            return (await self._learning.learn(subject, ecosystem))[0]

        def announce(path: Path) -> None:
            with mapped(path, route.content_type, file.pin.url) as page:
                self._catalogue.keep_pins(ecosystem.name, ecosystem.pins(subject, page))

        return Order(
            ecosystem,
            subject,
            route,
            file.pin,
            file.first_seen if not file.pin.digest else UNPINNED,
            look if route.open else None,
            announce if route.announces else None,
        )

    async def _told(
        self, error: SubakError, flight: Flight, subject: Subject, ecosystem: Ecosystem, route: Route, file: File
    ) -> SubakError:
        """Tell the operator what went wrong, and learn from it for the next request."""
        if isinstance(error, (Mismatch, UpstreamLied)):
            log.error("%s: %s: %s", flight.what, type(error).__name__, error)
            if file.pin.digest and isinstance(error, Mismatch):
                try:  # our index may be older than the file: whoever asks again meets a fresh one
                    await self._learning.learn_afresh(subject, ecosystem)
                except SubakError as failure:
                    log.info("%s: its index cannot be asked afresh: %s", flight.what, failure)
        elif isinstance(error, NotFound):
            return await self._gone(ecosystem, subject, route, file.pin.url) if route.open else error
        else:
            log.warning("%s: %s: %s", flight.what, type(error).__name__, error)
        return error

    async def _gone(self, ecosystem: Ecosystem, subject: Subject, route: Route, url: str) -> NotFound:
        """Remember for a while that upstream has no such file, where no index says so."""
        if route.open:
            try:
                await self._documents.inquiry.note_absence(ecosystem, subject.key, url)
            except StoreFailed as error:
                log.error("cannot note the absence of %s %s: %s", ecosystem.name, subject.key, error)
        return NotFound(f"the upstream of {ecosystem.name} has no {subject.key}")

    def _keep(self, flight: Flight, ecosystem: Ecosystem, pin: Pin, part: Part) -> None:
        """Blocking: make verified bytes a blob and catalogue them."""
        try:
            part.commit(flight.blob)
            seen = flight.proof.digest if flight.proof.first_seen else UNPINNED
            self._catalogue.hold_file(
                ecosystem.name,
                pin,
                flight.blob,
                flight.size,
                self._now(),
                first_seen=seen,
                kept=flight.remembered,
                further=flight.further,
            )
        finally:
            part.discard()

    async def _shadow(self, flight: Flight) -> Lock:
        """Another process leads: show its growing part to our followers until its lock is free, then return ours."""
        growing = self._blobs.growing(flight.name)
        while True:
            lock = self._locks.take(flight.name)
            if lock is not None:
                return lock
            try:
                if not flight.begun:
                    length = json.loads(growing.with_suffix(".head").read_bytes())["length"]
                    growing.stat()
                    flight.begin(growing, length)
                flight.advance(max(flight.size, growing.stat().st_size))
            except (OSError, ValueError, KeyError):
                pass  # not begun yet, or already renamed: the lock will tell
            await asyncio.sleep(POLL)

    async def _pass(self, subject: Subject, ecosystem: Ecosystem, route: Route, file: File) -> Found:
        """The disk takes nothing more: hand the file through, verified, without keeping it."""
        if route.open and not file.pin.digest:
            try:
                known, _ = await self._learning.learn(subject, ecosystem)
                file = replace(known, pin=replace(known.pin, url=file.pin.url))
            except NotFound:
                log.debug("%s is not announced by any index", subject.key)
        passing = PassingFile(self._upstream, ecosystem.name, subject.key, file, route)
        await passing.open()
        found = described(Origin.UPSTREAM, Held(passing.length), file, subject, ecosystem, route)
        return replace(found, body=passing, last=passing.close, ranges=False, good_until=0.0)


def _flight_name(subject: Subject, ecosystem: Ecosystem) -> str:
    return hashlib.sha256(f"file\0{ecosystem.name}\0{subject.key}".encode()).hexdigest()


def _only_dated(file: File) -> bool:
    """Whether nothing is known that a file could be fetched or checked by."""
    return not (file.pin.digest or file.pin.url or file.first_seen or file.blob)
