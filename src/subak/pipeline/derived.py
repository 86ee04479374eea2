"""Small files made from an artifact: sidecars cut out of it, checksum files told from its record."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from subak.ecosystems.base import Ecosystem, Route
from subak.errors import NotFound, StoreFailed
from subak.model.digest import UNPINNED
from subak.model.exchange import Proof, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.artifacts import Artifacts
from subak.pipeline.copies import body_of, described, facts_of, landing
from subak.pipeline.flight import turn
from subak.ports import Blobs, Catalogue, File, Locks
from subak.trust.verifier import Verifier

BELIEVED = 300.0
"""Seconds that a checksum file is answered without looking at its artifact again."""
PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Derived:
    """Makes them."""

    artifacts: Artifacts
    catalogue: Catalogue
    blobs: Blobs
    locks: Locks
    now: Callable[[], float]

    async def cut(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> Found:
        """An announced sidecar that upstream does not serve: cut it out of the artifact itself and keep it.

        pip and uv fail hard on a sidecar that was announced and is missing. Raises like `Artifacts.find`.
        """
        whole = ecosystem.companion(subject)
        file = self.catalogue.file(ecosystem.name, subject.key)
        if whole is None or file is None:
            raise NotFound(f"the upstream of {ecosystem.name} has no {subject.key}")
        found, held = await self._whole(whole, ecosystem)
        if held.path is None:
            raise NotFound(f"{subject.key} cannot be made now")
        name = hashlib.sha256(f"cut\0{ecosystem.name}\0{subject.key}".encode()).hexdigest()
        lock = await turn(self.locks, name)
        try:
            file = self.catalogue.file(ecosystem.name, subject.key) or file
            if not file.blob or body_of(file.blob, self.blobs) is None:  # else somebody else was faster
                file = await asyncio.to_thread(self._cut, name, subject, ecosystem, file, held.path)
        finally:
            lock.release()
        return described(found.origin, landing(file.blob, self.blobs), file, subject, ecosystem, route, found.fetched)

    def _cut(self, name: str, subject: Subject, ecosystem: Ecosystem, file: File, artifact: Path) -> File:
        """Blocking: cut, verify, keep."""
        with artifact.open("rb") as whole:
            data = ecosystem.cut(subject, whole)
        verifier = Verifier(file.pin.digest)
        verifier.update(data)
        proof = verifier.finish(f"{ecosystem.name} {subject.key}")
        seen = proof.digest if proof.first_seen else UNPINNED
        part = self.blobs.part(name)
        try:
            part.write(data)
            part.commit(verifier.sha256)
            self.catalogue.hold_file(ecosystem.name, file.pin, verifier.sha256, len(data), self.now(), first_seen=seen)
        finally:
            part.discard()
        return replace(file, blob=verifier.sha256, size=len(data), first_seen=file.first_seen or seen)

    async def tell(self, subject: Subject, ecosystem: Ecosystem, route: Route) -> Found:
        """What a DERIVED subject says of its artifact, which is fetched if need be. Raises like `Artifacts.find`."""
        whole = ecosystem.companion(subject)
        if whole is None:
            raise NotFound(f"{subject.key} is about no file")
        found, held = await self._whole(whole, ecosystem)
        file = self.catalogue.file(ecosystem.name, whole.key)
        if file is None or held.path is None:
            raise StoreFailed(f"{whole.key} is not kept now, so nothing can be told of it", retry_after=60)
        if not set(ecosystem.also) <= set(file.further):  # its bytes came under another name
            file = replace(file, further=await asyncio.to_thread(_hashed, held.path, ecosystem.also))
        body = ecosystem.derive(subject, facts_of(file, held.size))
        return Found(
            found.origin,
            Held(len(body), body),
            content_type=route.content_type,
            etag=f'"{hashlib.sha256(body).hexdigest()}"',
            headers=(("cache-control", "public, max-age=60"),),
            proof=Proof(found.proof.digest, found.proof.first_seen),
            fetched=found.fetched,
            good_until=self.now() + BELIEVED,
            blob=file.blob,
            modified=file.kept.get("last-modified", ""),
        )

    async def _whole(self, whole: Subject, ecosystem: Ecosystem) -> tuple[Found, Held]:
        """The artifact, complete."""
        found = await self.artifacts.find(whole, ecosystem, ecosystem.route(whole.route))
        try:
            held = found.body if isinstance(found.body, Held) else await found.body.landed()
        finally:
            found.last()
        return replace(found, fetched=found.fetched + getattr(found.body, "fetched", 0)), held


def _hashed(path: Path, algorithms: tuple[str, ...]) -> dict[str, str]:
    verifier = Verifier(also=algorithms)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            verifier.update(piece)
    return verifier.further
