"""One pass of tidying: the size limit, orphans, strays, and what dead processes left behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subak.errors import StoreFailed
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.disk import disk_failed
from subak.store.folder import Folder
from subak.store.locks import Locks
from subak.store.renderings import Renderings

LOW_WATER = 0.9
"""Above the limit, copies are evicted down to this share of it, so that not every new file evicts another."""
RENDERINGS_SHARE = 0.1
"""Renderings may take this share of the limit on top of it."""
RECENT = 86400.0
"""Seconds. Blobs used within are not given up for the disk's reserve, only for our own limit: another program
that fills the disk must not empty the cache."""
ABSENCES_FOR = 86400.0
STRAY_AFTER = 600.0
"""Seconds between a blob's last byte and its row in the catalogue before it counts as forgotten."""
PARTS_IDLE = 3600.0
SHARDS = 8
"""Of the 256 shards, how many one pass compares with the catalogue."""
RENDERINGS_EVERY = 10
"""Passes; walking them is the longest part of one."""
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass did: numbers of things, and bytes freed on disk."""

    evicted: int = 0
    orphans: int = 0
    adopted: int = 0
    """Whole copies that the catalogue did not know."""
    broken: int = 0
    """Unknown copies that did not match their digest, removed."""
    missing: int = 0
    """Rows whose copy is gone."""
    parts: int = 0
    renderings: int = 0
    absences: int = 0
    bytes: int = 0


def sweep_parts(folder: Folder, locks: Locks, *, before: float = float("inf")) -> int:
    """Remove parts, heads and locks that nobody holds, last written before that Unix time; the number of flights.

    Without `before` only for whoever occupies the folder, before workers start. Raises StoreFailed.
    """
    swept = 0
    try:
        flights: dict[str, float] = {}
        for entry in _scan(folder.parts):
            name, _, kind = entry.name.partition(".")
            if kind in ("part", "head", "lock"):
                with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                    flights[name] = max(flights.get(name, 0.0), entry.stat().st_mtime)
        for name, written in flights.items():
            lock = locks.take(name) if written < before else None
            if lock:
                for kind in ("part", "head"):
                    (folder.parts / f"{name}.{kind}").unlink(missing_ok=True)
                lock.release()
                swept += 1
    except OSError as error:
        raise disk_failed("tidying parts", error) from error
    return swept


class Janitor:
    """Keeps one data folder within its limits; one process runs one, in a thread. `limit`, `reserve` in bytes."""

    def __init__(
        self, folder: Folder, catalogue: Catalogue, blobs: Blobs, renderings: Renderings, limit: int, reserve: int
    ) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._blobs = blobs
        self._renderings = renderings
        self._locks = Locks(folder)
        self._limit = limit
        self._reserve = reserve
        self._passes = 0
        self._suspects: frozenset[str] = frozenset()

    def sweep(self, now: float) -> Swept:
        """One pass at the Unix time `now`. Blocks for as long as the disk needs. Raises StoreFailed."""
        rendered = 0
        freed = 0
        if self._passes % RENDERINGS_EVERY == 0:
            removed = self._renderings.sweep(int(self._limit * RENDERINGS_SHARE), now)
            rendered, freed = removed.files, removed.bytes
        parts = sweep_parts(self._folder, self._locks, before=now - PARTS_IDLE)
        orphans, orphaned = self._free_orphans()
        evicted, given_up = self._evict(now)
        adopted, broken, missing = self._compare(now)
        absences = self._catalogue.forget_absences(now - ABSENCES_FOR)
        self._catalogue.tidy()
        self._passes += 1
        return Swept(evicted, orphans, adopted, broken, missing, parts, rendered, absences, freed + orphaned + given_up)

    def _evict(self, now: float) -> tuple[int, int]:
        """Give up the coldest blobs; (number, bytes)."""
        held = self._catalogue.totals().bytes + self._growing()
        above = held - int(self._limit * LOW_WATER) if held > self._limit else 0
        count, freed = self._give_up(above, float("inf"))
        short = self._reserve - self._blobs.free()
        more, further = self._give_up(short, now - RECENT)
        return count + more, freed + further

    def _give_up(self, wanted: int, unused_since: float) -> tuple[int, int]:
        count = freed = 0
        while freed < wanted:
            batch = self._catalogue.coldest(wanted - freed, unused_since=unused_since, most=_BATCH)
            if not batch:
                break
            for blob, size in batch:
                self._forget(blob)
                self._blobs.remove(blob)
                count, freed = count + 1, freed + size
        return count, freed

    def _forget(self, blob: str) -> None:
        """Row first, file second: a stray file costs room, a row without file costs a failed read. But on a
        full disk even forgetting needs room."""
        try:
            self._catalogue.lose_blob(blob)
        except StoreFailed:
            self._blobs.remove(blob)
            self._catalogue.lose_blob(blob)

    def _growing(self) -> int:
        """Bytes of unfinished copies; they count against the limit."""
        try:
            total = 0
            for entry in _scan(self._folder.parts):
                with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                    total += entry.stat().st_size
            return total
        except OSError as error:
            raise disk_failed("measuring parts", error) from error

    def _free_orphans(self) -> tuple[int, int]:
        """Free what was an orphan in the pass before too: a reader may still be about to open it."""
        count = freed = 0
        seen = dict(self._catalogue.orphans(_BATCH))
        for blob in self._suspects & seen.keys():
            if self._catalogue.lose_orphan(blob):
                self._blobs.remove(blob)
                count, freed = count + 1, freed + seen[blob]
        self._suspects = frozenset(seen)
        self._catalogue.forget_referenced()
        return count, freed

    def _compare(self, now: float) -> tuple[int, int, int]:
        """Hold some shards of the folder against the catalogue; (files adopted, removed, rows without file)."""
        adopted = broken = missing = 0
        first = self._passes * SHARDS
        for number in range(first, first + SHARDS):
            shard = f"{number % 256:02x}"
            present = self._present(shard)
            known = self._catalogue.blobs_in(shard)
            for blob in present.keys() - known.keys():
                size, written = present[blob]
                if written < now - STRAY_AFTER:
                    if self._blobs.recover(blob):
                        self._catalogue.adopt(blob, size, written)
                        adopted += 1
                    else:
                        broken += 1
            # A shard that is missing altogether looks like a disk that is not mounted: do not forget it all.
            for blob in known.keys() - present.keys() if present else ():
                if self._blobs.size(blob) < 0:
                    self._catalogue.lose_blob(blob)
                    missing += 1
        return adopted, broken, missing

    def _present(self, shard: str) -> dict[str, tuple[int, float]]:
        """{sha256: (bytes, Unix time it was published)} of the files in a shard."""
        found: dict[str, tuple[int, float]] = {}
        try:
            for entry in _scan(self._folder.blobs / shard):
                if len(entry.name) == 62:
                    with contextlib.suppress(FileNotFoundError):  # evicted meanwhile
                        seen = entry.stat()
                        found[shard + entry.name] = (seen.st_size, seen.st_ctime)
        except OSError as error:
            raise disk_failed("looking through copies", error) from error
        return found


def _scan(folder: Path) -> Iterable[os.DirEntry[str]]:
    """The entries of a folder, none if there is no folder. Raises OSError."""
    try:
        entries: Iterator[os.DirEntry[str]] = os.scandir(folder)
    except FileNotFoundError:
        return ()
    return list(entries)
