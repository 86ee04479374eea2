"""The store in memory: what the real one does, in the fewest lines. Both pass the suites in conformance/.

Blobs and renderings are files all the same, because their ports hand out paths: give the fakes a tmp_path.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from subak.model.digest import UNPINNED, Digest, Pin
from subak.ports import Document, File, Key, Totals


class FakeCatalogue:
    """`ports.Catalogue` on dicts."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Document] = {}
        self.files: dict[tuple[str, str], File] = {}
        self.blobs: dict[str, tuple[float, int]] = {}

    def document(self, ecosystem: str, key: str) -> Document | None:
        return self.documents.get((ecosystem, key))

    def keep_document(self, document: Document, pins: Iterable[Pin]) -> None:
        announced = list(pins)
        if document.blob:
            self._keep_blob(document.blob, document.size, document.fetched_at)
        self.documents[document.ecosystem, document.key] = document
        self.keep_pins(document.ecosystem, announced)

    def keep_pins(self, ecosystem: str, pins: Iterable[Pin]) -> None:
        for pin in pins:
            at = (ecosystem, pin.path)
            old = self.files.get(at, File(pin))
            if pin.dates:
                known = replace(old.pin, published=pin.published, dates=False)
                self.files[at] = replace(old, pin=known)
            else:
                dated = replace(pin, published=pin.published or old.pin.published)
                self.files[at] = self._announced(old, dated)

    def confirm_document(
        self,
        ecosystem: str,
        key: str,
        checked_at: float,
        *,
        etag: str = "",
        last_modified: str = "",
        gone: bool = False,
    ) -> None:
        old = self.documents.get((ecosystem, key))
        if old:
            self.documents[ecosystem, key] = replace(
                old,
                checked_at=checked_at,
                gone=gone,
                etag=etag or old.etag,
                last_modified=last_modified or old.last_modified,
            )

    def file(self, ecosystem: str, path: str) -> File | None:
        return self.files.get((ecosystem, path))

    def hold_file(
        self,
        ecosystem: str,
        pin: Pin,
        blob: str,
        size: int,
        at: float,
        *,
        first_seen: Digest = UNPINNED,
        kept: Mapping[str, str] | None = None,
        further: Mapping[str, str] | None = None,
    ) -> None:
        self._keep_blob(blob, size, at)
        old = self.files.get((ecosystem, pin.path), File(pin))
        other = not pin.digest and old.first_seen and first_seen and old.first_seen != first_seen
        told_late = not old.pin.digest and not old.first_seen
        if (old.pin.digest == pin.digest or told_late) and not other:
            known = replace(old.pin, digest=pin.digest, published=old.pin.published or pin.published)
            self.files[ecosystem, pin.path] = File(
                known, blob, size, old.first_seen or first_seen, dict(kept or {}), dict(further or {})
            )

    def lose_blob(self, blob: str) -> None:
        self.blobs.pop(blob, None)
        self.documents = {at: d for at, d in self.documents.items() if not blob or d.blob != blob}
        self.files = {
            at: replace(f, blob="", size=-1) if blob and f.blob == blob else f for at, f in self.files.items()
        }

    def touch(self, blobs: Mapping[str, float]) -> None:
        for blob, at in blobs.items():
            if blob in self.blobs:
                self._keep_blob(blob, self.blobs[blob][1], at)

    def coldest(self, free: int) -> Sequence[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for _, blob, size in sorted((at, blob, size) for blob, (at, size) in self.blobs.items()):
            if free <= 0:
                break
            found.append((blob, size))
            free -= size
        return found

    def totals(self) -> Totals:
        return Totals(
            documents=sum(d.blob != "" for d in self.documents.values()),
            files=len(self.files),
            held=sum(f.blob != "" for f in self.files.values()),
            blobs=len(self.blobs),
            bytes=sum(size for _, size in self.blobs.values()),
        )

    def _announced(self, old: File, pin: Pin) -> File:
        was, now = old.pin.digest, pin.digest
        still_true = now in (was, UNPINNED) or (not was and now == old.first_seen)
        blob, size = (old.blob, old.size) if still_true else ("", -1)
        if not blob and now.algorithm == "sha256" and now.hex in self.blobs:
            blob, size = now.hex, self.blobs[now.hex][1]
        same = bool(old.blob) and still_true
        seen = was if was and not now else old.first_seen
        return File(pin, blob, size, seen, old.kept if same else {}, old.further if same else {})

    def _keep_blob(self, blob: str, size: int, at: float) -> None:
        self.blobs[blob] = (max(at, self.blobs.get(blob, (at, 0))[0]), size)


class FakeKeys:
    """`ports.Keys` on a dict."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.generation = 0

    def find_key(self, hash: str) -> Key | None:
        return next((key for key in self.keys.values() if key.hash == hash), None)

    def keep_key(self, key: Key) -> None:
        self.keys[key.id] = key
        self.generation += 1

    def revoke_key(self, id: str, at: float) -> bool:
        key = self.keys.get(id)
        if key and not key.revoked_at:
            self.keep_key(replace(key, revoked_at=at))
        return key is not None

    def all_keys(self) -> Sequence[Key]:
        return sorted(self.keys.values(), key=lambda key: (key.created_at, key.id))

    def keys_generation(self) -> int:
        return self.generation


@dataclass
class FakePart:
    """`ports.Part` without a thought for power cuts."""

    path: Path
    blobs: FakeBlobs
    size: int = 0
    open: bool = True

    def write(self, chunk: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(chunk)
        self.size += len(chunk)

    def restart(self) -> None:
        self.path.write_bytes(b"")
        self.size = 0

    def commit(self, sha256: str, *, durable: bool = True) -> None:
        target = self.blobs.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(target)
        self.open = False

    def discard(self) -> None:
        if self.open:
            self.path.unlink(missing_ok=True)
            self.open = False


class FakeBlobs:
    """`ports.Blobs` in a folder. `room` is how many bytes still fit, whatever is written."""

    def __init__(self, folder: Path, room: int = 2**40) -> None:
        self.folder = folder
        self.room = room
        (folder / "parts").mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        return self.folder / "blobs" / sha256

    def size(self, sha256: str) -> int:
        return self.path(sha256).stat().st_size if self.path(sha256).exists() else -1

    def part(self, name: str) -> FakePart:
        self.growing(name).unlink(missing_ok=True)
        self.growing(name).touch()
        return FakePart(self.growing(name), self)

    def growing(self, name: str) -> Path:
        return self.folder / "parts" / f"{name}.part"

    def room_for(self, size: int) -> bool:
        return max(size, 0) <= self.room

    def remove(self, sha256: str) -> None:
        self.path(sha256).unlink(missing_ok=True)


class FakeRenderings:
    """`ports.Renderings` in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.exists() else None

    def keep(self, name: str, chunks: Iterable[bytes]) -> Path:
        body = b"".join(chunks)
        draft = self.folder / f"{name}.draft"
        draft.write_bytes(body)
        return draft.rename(self.folder / name)

    def clear(self) -> None:
        shutil.rmtree(self.folder)
        self.folder.mkdir()


@dataclass
class FakeLock:
    """`ports.Lock`: a name in a set."""

    name: str
    taken: set[str]
    held: bool = True

    def release(self) -> None:
        if self.held:
            self.taken.discard(self.name)
            self.held = False


@dataclass
class FakeLocks:
    """`ports.Locks` of one process. Two that share `taken` behave like two processes."""

    taken: set[str] = field(default_factory=set)

    def take(self, name: str) -> FakeLock | None:
        if name in self.taken:
            return None
        self.taken.add(name)
        return FakeLock(name, self.taken)
