"""Readings on their way to disk: one append per request, segments of JSON lines, running totals.

`readings/journal/` holds, per worker:

- `<YYYY-MM-DDTHH>-<worker>-<startns>.jsonl`, a segment. Its hour (UTC) is the hour in which its lines were
  written, that is in which their exchanges *ended*; it also names the day folder of the Parquet file made of it
  (`parquet_of`). A reading's own `at` is its arrival, so `at` never lies after that hour, and may lie before it.
  Whoever writes a segment holds an flock on it: one that can be locked is finished, or left by a dead process.
  Lines are only ever appended. A line counts if it parses, so a torn last one does not.
- `<worker>.totals`, what the worker counted since the file was first made, replaced atomically.
- `<worker>.lock`, held while a process uses the worker's name.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

import msgspec

from subak.model.reading import HIT, compose
from subak.store.totals import Totals, read_snapshots

log = logging.getLogger(__name__)

Plain: TypeAlias = tuple[bytes, bytes, float, bytes, int, int, float]
"""A plain hit: asked_part, caller_part, at, method, status, bytes sent, seconds taken (see model.reading.HIT)."""

Entry: TypeAlias = bytes | Plain

SEGMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)-([A-Za-z0-9._-]+)-(\d+)\.jsonl")
"""The name of a segment: day, hour, worker, start in nanoseconds."""

SEGMENT_LIMIT = 64 * 2**20
BATCH = 20_000
"""Lines per write, so that a long backlog still makes progress on a nearly full disk."""
PUBLISH_EVERY = 1.0
_PLAIN = compose(HIT, b"%b", b"%b")
"""The line of a plain hit as one format."""

# macOS has no fdatasync.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def parquet_of(folder: Path, segment: str) -> Path:
    """Where the Parquet file made of a segment is, or would be. Raises ValueError for another file's name."""
    found = SEGMENT.fullmatch(segment)
    if not found:
        raise ValueError(f"{segment!r} is not the name of a segment")
    day, hour, worker, start = found.groups()
    return folder / day / f"{hour}-{worker}-{start}.parquet"


class Journal:
    """The `Meter` that keeps its promise: what was noted is on disk `flush_every` seconds later.

    `folder` is the data folder's `readings/`, `worker` a name that a restarted worker gets again, so that its
    totals go on where they ended. A name in use by another process gets a suffix. `waiting` bounds the readings
    held in memory while the disk refuses them; beyond it the oldest are dropped and counted. `on_lines` sees every
    line once, in the flushing thread. `pending` stays the same list for life: the hot path may bind its `append`.
    """

    def __init__(
        self,
        folder: Path,
        worker: str,
        now: Callable[[], float],
        flush_every: float,
        waiting: int,
        on_lines: Callable[[list[bytes]], None] | None = None,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9._-]+", worker):
            raise ValueError(f"a worker's name is made of letters, digits, '.', '_' and '-', not {worker!r}")
        self.pending: list[Entry] = []
        self._folder = folder
        self._journal = folder / "journal"
        self._worker = worker
        self._now = now
        self._flush_every = flush_every
        self._waiting = waiting
        self._on_lines = on_lines
        self._flushing = threading.Lock()
        self._shears = threading.Lock()  # whoever cuts `pending` holds it; appending needs none
        self._backlog: list[bytes] = []
        self._segment: _Segment | None = None
        self._slot = -1
        self._name = worker
        self._totals = Totals()
        self._resumed = False
        self._published_at = 0.0
        self._failing = False
        self._dropped = 0

    @property
    def lost(self) -> int:
        """Readings dropped since the totals began."""
        return self._totals.lost

    def note(self, line: bytes) -> None:
        """Take one journal line (see model.reading)."""
        self.pending.append(line)

    def note_many(self, entries: Iterable[Entry]) -> None:
        """Take several lines or plain hits."""
        self.pending.extend(entries)

    async def run(self) -> None:
        """Flush every `flush_every` seconds until cancelled. The caller then calls `close`."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, "journal")  # the loop's own executor may be busy with slow disks
        try:
            while True:
                await asyncio.sleep(self._flush_every)
                task = loop.run_in_executor(thread, self.flush)
                while not task.done():
                    await asyncio.wait([task], timeout=max(self._flush_every, 0.05))
                    self._trim(backlog=False)
                try:
                    task.result()
                except Exception:  # a broken meter opens: traffic and the next flush go on
                    log.exception("flushing readings failed")
        finally:
            thread.shutdown(wait=False)

    def flush(self) -> None:
        """Bring everything noted so far to disk. Blocks; safe from any thread. A refusing disk does not raise."""
        with self._flushing:
            self._take()
            try:
                self._claim()
                self._write()
                self._publish(every=PUBLISH_EVERY)
            except OSError as error:
                self._trim(backlog=True)
                if not self._failing:
                    log.error("readings cannot be written to %s: %s; they wait in memory", self._journal, error)
                self._failing = True
            else:
                if self._failing:
                    log.warning("readings are written again; %d were lost meanwhile", self._dropped)
                self._failing, self._dropped = False, 0

    def close(self) -> None:
        """Flush for the last time, publish the totals and give the name back. Blocks; may be called twice."""
        self.flush()
        with self._flushing:
            try:
                if self._slot >= 0:
                    self._publish(every=0.0)
            except OSError as error:
                log.error("the totals cannot be written to %s: %s", self._journal, error)
            if self._backlog:
                log.error("%d readings are lost: the disk still refuses them", len(self._backlog))
            self._retire()
            if self._slot >= 0:
                os.close(self._slot)
                self._slot = -1

    # ------------------------------------------------------------ from memory to lines

    def _take(self) -> None:
        """Move what is pending to the backlog as lines, and count it."""
        with self._shears:
            batch = self.pending[:]
            del self.pending[: len(batch)]
        if not batch:
            return
        fresh: list[bytes] = []
        plain, count, keep = self._totals.plain, self._totals.count, fresh.append
        # Under load thousands of plain hits differ in nothing but their times: counted together, in C.
        alike: dict[tuple[bytes, bytes, int, int], list[float]] = {}
        for entry in batch:
            try:
                if isinstance(entry, tuple):
                    asked, caller, at, method, status, sent, took = entry
                    times = alike.get((asked, caller, status, sent))
                    if times is None:
                        plain(asked, caller, status)  # raises when these are no parts of a reading
                        times = alike[asked, caller, status, sent] = []
                    keep(_PLAIN % (at, method, status, sent, took * 1000, asked, caller))
                    times.append(took)
                else:
                    count(entry)
                    keep(entry)
            except (TypeError, ValueError) as error:  # ValueError includes msgspec's
                with self._shears:
                    self._totals.lose(1)
                log.error("not a reading, dropped: %.200r: %s", entry, error)
        for (asked, caller, status, sent), times in alike.items():
            plain(asked, caller, status).add_many(sent, times)
        self._backlog += fresh
        if self._on_lines:
            try:
                self._on_lines(fresh)
            except (OSError, ValueError) as error:  # a closed or broken standard output
                log.error("readings are not shown any more: %s", error)
                self._on_lines = None

    def _trim(self, *, backlog: bool) -> None:
        """Drop the oldest of what waits, beyond `waiting`. Only the flushing thread may cut the backlog."""
        with self._shears:
            excess = len(self._backlog) + len(self.pending) - self._waiting
            old = min(excess, len(self._backlog)) if backlog else 0
            new = min(excess - old, len(self.pending))
            if excess <= 0:
                return
            del self._backlog[:old]
            del self.pending[:new]
            self._totals.lose(old + new)
            self._dropped += old + new

    # ------------------------------------------------------------ from lines to disk

    def _claim(self) -> None:
        """Make the worker's name ours, or the next free one, and go on from its totals. Raises OSError."""
        if self._slot >= 0:
            return
        self._journal.mkdir(parents=True, exist_ok=True)
        for number in itertools.count(1):
            name = self._worker if number == 1 else f"{self._worker}.{number}"
            slot = os.open(self._journal / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            if _locked(slot):
                self._slot, self._name = slot, name
                break
        if not self._resumed:
            self._resumed = True
            for snapshot in read_snapshots(self._folder):
                if snapshot.worker == self._name:
                    self._totals.go_on_from(snapshot)

    def _write(self) -> None:
        """Append the backlog to the open segment. Raises OSError; what was not written stays in the backlog."""
        if not self._backlog and self._segment and self._segment.hour != _hour(self._now()):
            self._retire()
        while self._backlog:
            segment = self._open()
            batch = self._backlog[:BATCH]
            written, trouble = segment.append(batch)
            del self._backlog[:written]
            if trouble:
                raise trouble

    def _open(self) -> _Segment:
        """The segment to write to now, a new one if the hour, the size or the disk asks for it. Raises OSError."""
        now = self._now()
        if self._segment and not self._segment.usable(_hour(now)):
            self._retire()
        if self._segment is None:
            start = int(now * 1e9)
            while True:
                path = self._journal / f"{_hour(now)}-{self._name}-{start}.jsonl"
                if not parquet_of(self._folder, path.name).exists():
                    with contextlib.suppress(FileExistsError):
                        self._segment = _Segment.create(path, _hour(now))
                        if self._segment:
                            break
                start += 1
        return self._segment

    def _retire(self) -> None:
        if self._segment:
            self._segment.close()
            self._segment = None

    def _publish(self, every: float) -> None:
        """Replace the totals on disk if they changed and are `every` seconds old. Raises OSError."""
        now = self._now()
        if not self._totals.changed or abs(now - self._published_at) < every:
            return
        path = self._journal / f"{self._name}.totals"
        fresh = path.with_name(path.name + ".tmp")
        fresh.write_bytes(msgspec.json.encode(self._totals.snapshot(self._name)))
        fresh.replace(path)
        self._published_at, self._totals.changed = now, False


class _Segment:
    """A file of whole lines that we hold locked."""

    def __init__(self, path: Path, fd: int, hour: str) -> None:
        self.path = path
        self.hour = hour
        self._fd = fd
        self._size = 0
        self._sound = True

    @classmethod
    def create(cls, path: Path, hour: str) -> _Segment | None:
        """A new, locked, empty segment; None if a compactor was faster and took it for an abandoned one.

        Raises FileExistsError and other OSErrors.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o640)
        if not _locked(fd):
            return None
        if not os.fstat(fd).st_nlink:
            os.close(fd)
            return None
        try:
            sync_folder(path.parent)
        except OSError:
            os.close(fd)
            raise
        return cls(path, fd, hour)

    def usable(self, hour: str) -> bool:
        """May more lines go in? Not in another hour, not beyond the size, not after damage, not when unlinked."""
        return self._sound and hour == self.hour and self._size < SEGMENT_LIMIT and os.fstat(self._fd).st_nlink > 0

    def append(self, lines: list[bytes]) -> tuple[int, OSError | None]:
        """Add lines durably. Gives how many are in the file to stay, and the trouble if these are not all."""
        blob = b"\n".join(lines) + b"\n"
        view, done = memoryview(blob), 0
        try:
            while done < len(blob):
                done += os.write(self._fd, view[done:])
            _sync(self._fd)
        except OSError as trouble:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                # What arrived stays and counts, also a line that lacks only its newline: go on in a new file.
                self._sound = False
                return blob.count(b"\n", 0, done + 1), trouble
            # After a failed sync the kernel may call the same pages clean: never write to this file again.
            self._sound = done < len(blob)
            return 0, trouble
        self._size += len(blob)
        return len(lines), None

    def close(self) -> None:
        """Let go of it, for the compactor to take; an empty one is removed."""
        if self._size == 0 and self._sound:
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self._fd)


def sync_folder(folder: Path) -> None:
    """Make creations, renames and removals in a folder survive a power cut. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    """Lock the open file exclusively; False, and the file closed, if another process has it. Raises OSError."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if isinstance(error, BlockingIOError):
            return False
        raise
    return True


def _hour(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H", time.gmtime(at))
