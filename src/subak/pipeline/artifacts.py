"""Immutable files: from our copies, or fetched once for everybody, verified while they stream."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Route
from subak.errors import Mismatch, NotFound, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Origin, Proof, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.documents import Documents
from subak.pipeline.flight import POLL, Flight, Follower, turn
from subak.pipeline.relay import PassingFile, Rescued
from subak.pipeline.transfer import Transfer
from subak.ports import Blobs, Catalogue, File, Lock, Locks, Part, Upstream
from subak.trust.verifier import Verifier

log = logging.getLogger("subak.artifacts")

SMALL = 64 * 1024
"""Files up to this size are answered only after verification: a mismatch is then a clean problem document."""

YOUNG = 5.0
"""Seconds: an index checked less than this ago is not asked again for a file it does not announce."""


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
        self._attempts = attempts
        self._now = now
        self._flights: dict[str, Flight] = {}
        self._full = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> Found:
        """The bytes of a file. Raises NotFound, UpstreamDown, UpstreamLied, Mismatch, NoUpstream, StoreFailed."""
        file = self._catalogue.file(ecosystem.name, subject.key)
        if file is not None and file.blob:
            held = self.held(file.blob)
            if held is not None and held.size == file.size:
                return self._found(Origin.CACHE, held, file.blob, route, _proof(file))
            log.error("%s is catalogued but missing or damaged on disk; it is fetched again", file.blob)
            await asyncio.to_thread(self._catalogue.lose_blob, file.blob)
        learnt = 0
        if file is None:
            file, learnt = await self._learn(subject, ecosystem)
            if file.blob and (held := self.held(file.blob)) is not None:
                return self._found(Origin.CACHE, held, file.blob, route, _proof(file), learnt)
        if self._disk_is_full(file.pin.size):
            return await self._pass(subject, ecosystem, route, file)
        try:
            return await self._follow(subject, ecosystem, route, file, learnt)
        except StoreFailed:  # told by the flight
            return await self._pass(subject, ecosystem, route, file)

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

    async def cut(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> Found:
        """An announced sidecar that upstream does not serve: cut it out of the artifact itself and keep it.

        pip and uv fail hard on a sidecar that was announced and is missing. Raises like `find`.
        """
        whole = ecosystem.companion(subject)
        file = self._catalogue.file(ecosystem.name, subject.key)
        if whole is None or file is None:
            raise NotFound(f"the upstream of {ecosystem.name} has no {subject.key}")
        found = await self.find(whole, ecosystem, ecosystem.route(whole.route))
        try:
            held = found.body if isinstance(found.body, Held) else await found.body.landed()
        finally:
            found.last()
        if held.path is None:
            raise NotFound(f"{subject.key} cannot be made now")
        flight = Flight(hashlib.sha256(f"cut\0{ecosystem.name}\0{subject.key}".encode()).hexdigest(), subject.key)
        lock = await turn(self._locks, flight.name)
        try:
            file = self._catalogue.file(ecosystem.name, subject.key) or file
            if file.blob and (cut := self.held(file.blob)) is not None:  # somebody else was faster
                return self._found(Origin.CACHE, cut, file.blob, route, _proof(file), found.fetched)
            await asyncio.to_thread(self._cut, flight, subject, ecosystem, file, held.path)
        finally:
            lock.release()
        return self._found(found.origin, self._landed(flight.blob), flight.blob, route, flight.proof, found.fetched)

    def _cut(self, flight: Flight, subject: Subject, ecosystem: Ecosystem, file: File, artifact: Path) -> None:
        """Blocking: cut, verify, keep."""
        with artifact.open("rb") as whole:
            data = ecosystem.cut(subject, whole)
        verifier = Verifier(file.pin.digest)
        verifier.update(data)
        proof = verifier.finish(flight.what)
        part = self._blobs.part(flight.name)
        try:
            part.write(data)
            flight.size, flight.blob, flight.proof = len(data), verifier.sha256, proof
        except StoreFailed:
            part.discard()
            raise
        self._keep(flight, ecosystem, file.pin, part)

    def held(self, blob: str) -> Held | None:
        """The blob as a body, None if it is not on disk."""
        size = self._blobs.size(blob)
        return Held(size, path=self._blobs.path(blob)) if size >= 0 else None

    async def _learn(self, subject: Subject, ecosystem: Ecosystem) -> tuple[File, int]:
        """Find the pin of a file nobody announced to us yet, by fetching its project's index.

        Lock files ask for files without asking any index first. Raises NotFound if no index announces it.
        """
        key = (ecosystem.name, subject.key)
        fetched = 0
        failure: SubakError = NotFound(f"no index of {ecosystem.name} announces {subject.key}")
        for home in ecosystem.homes(subject):
            try:
                kept = await self._documents.find(home, ecosystem, newer_than=self._now() - YOUNG)
            except NotFound:
                continue
            except SubakError as error:
                failure = error
                continue
            fetched += kept.fetched
            file = self._catalogue.file(ecosystem.name, subject.key)
            if file is not None:
                return file, fetched
            if key in self._documents.unkept:
                return File(self._documents.unkept[key]), fetched
        raise failure

    async def _follow(self, subject: Subject, ecosystem: Ecosystem, route: Route, file: File, learnt: int) -> Found:
        """Join the transfer of this file, or start it."""
        name = hashlib.sha256(f"file\0{ecosystem.name}\0{subject.key}".encode()).hexdigest()
        flight = self._flights.get(name)
        leads = flight is None
        if flight is None:
            flight = self._flights[name] = Flight(name, f"{ecosystem.name} {subject.key}")
            task = asyncio.create_task(self._fly(flight, subject, ecosystem, file))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await flight.until(lambda: flight.begun or flight.kept)
        # Whoever rides along on somebody else's transfer, here or in another process, costs the registry nothing.
        leads = leads and flight.ours
        origin = Origin.UPSTREAM if leads else Origin.CACHE
        try:
            follower = None if flight.kept else Follower(flight, leads=leads, held=self._landed)
        except FileNotFoundError:  # renamed this instant: it is about to land
            await flight.until(lambda: flight.kept)
            follower = None
        if follower is None:
            fetched = learnt + (flight.fetched if leads else 0)
            return self._found(origin, self._landed(flight.blob), flight.blob, route, flight.proof, fetched)
        try:
            if 0 <= flight.length <= SMALL:
                await flight.until(lambda: flight.verified)
            found = self._found(origin, Held(flight.length), flight.blob, route, flight.proof, learnt)
        except BaseException:
            follower.close()
            raise
        flow = Rescued(follower, lambda: PassingFile(self._upstream, ecosystem.name, subject.key, file))
        return replace(found, body=flow, last=follower.close, good_until=0.0)

    def _landed(self, blob: str) -> Held:
        held = self.held(blob)
        if held is None:
            raise UpstreamDown("the file was evicted while it was being fetched", retry_after=1)
        return held

    async def _fly(self, flight: Flight, subject: Subject, ecosystem: Ecosystem, file: File) -> None:
        """Lead the transfer, detached from whoever asked first, so that no disconnect stops it."""
        lock: Lock | None = None
        try:
            lock = self._locks.take(flight.name) or await self._shadow(flight)
            held = self._catalogue.file(ecosystem.name, subject.key)
            if held is not None and held.blob and self._blobs.size(held.blob) >= 0:
                flight.path = self._blobs.path(held.blob)
                flight.advance(self._blobs.size(held.blob))
                flight.verify(_proof(held), held.blob)
                flight.land()
                return
            if flight.begun:  # followers have been shown bytes of a transfer that broke off elsewhere
                raise UpstreamDown("the transfer of another worker broke off", retry_after=1)
            flight.ours = True
            transfer = Transfer(self._upstream, self._blobs, self._attempts)
            first_seen = file.first_seen if not file.pin.digest else UNPINNED
            part = await transfer.run(flight, ecosystem, subject, file.pin, first_seen)
            await asyncio.to_thread(self._keep, flight, ecosystem, file.pin, part)
            flight.land()
        except SubakError as error:
            if isinstance(error, (Mismatch, UpstreamLied)):
                log.error("%s: %s: %s", flight.what, type(error).__name__, error)
            elif not isinstance(error, NotFound):
                log.warning("%s: %s: %s", flight.what, type(error).__name__, error)
            flight.fail(error)
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

    def _keep(self, flight: Flight, ecosystem: Ecosystem, pin: Pin, part: Part) -> None:
        """Blocking: make verified bytes a blob and catalogue them."""
        try:
            part.commit(flight.blob)
            seen = flight.proof.digest if flight.proof.first_seen else UNPINNED
            self._catalogue.hold_file(ecosystem.name, pin, flight.blob, flight.size, self._now(), first_seen=seen)
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
        passing = PassingFile(self._upstream, ecosystem.name, subject.key, file)
        await passing.open()
        blob = file.pin.digest.hex if file.pin.digest.algorithm == "sha256" else ""
        found = self._found(Origin.UPSTREAM, Held(passing.length), blob, route, _proof(file))
        return replace(found, body=passing, last=passing.close, ranges=False, good_until=0.0)

    def _found(self, origin: Origin, body: Held, blob: str, route: Route, proof: Proof, fetched: int = 0) -> Found:
        digest = blob or (proof.digest.hex if proof.digest.algorithm == "sha256" else "")
        return Found(
            origin,
            body,
            200,
            route.content_type,
            f'"{digest}"' if digest else "",
            (("cache-control", "public, max-age=31536000, immutable"),),
            proof,
            fetched,
            ranges=True,
            good_until=float("inf"),
            blob=blob,
        )


def _proof(file: File) -> Proof:
    if file.pin.digest:
        return Proof(file.pin.digest)
    seen = file.first_seen or (Digest("sha256", file.blob) if file.blob else UNPINNED)
    return Proof(seen, first_seen=True)
