"""Rewritten documents on disk: the results of pure functions, safe to lose at any time.

A rendering is `ab/cdef…/LENGTH`: its file name is its length in bytes. It is not synchronised to the disk,
so a power cut may leave a published file short or empty; then name and length disagree and it is not found.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subak.store.disk import disk_failed, write_all
from subak.store.folder import Folder

_NAME = re.compile(r"[0-9a-f]{16,128}\Z")
_ABANDONED = 3600.0
"""Seconds after which an unfinished rendering belongs to nobody."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a sweep removed."""

    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    used_at: float
    size: int
    path: Path
    complete: bool


class Renderings:
    """`ports.Renderings` in the data folder."""

    def __init__(self, folder: Folder) -> None:
        self._root = folder.renderings
        self._counter = itertools.count()

    def find(self, name: str) -> Path | None:
        """The complete rendering. Raises StoreFailed when the disk cannot be asked."""
        home = self._home(name)
        try:
            for entry in os.listdir(home):
                path = os.path.join(home, entry)
                if entry.isdecimal() and os.stat(path).st_size == int(entry):
                    return Path(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise disk_failed("looking for a rendering", error) from error
        return None

    def keep(self, name: str, chunks: Iterable[bytes]) -> Path:
        """Write all chunks, then publish. Nothing stays behind when `chunks` raises."""
        home = self._home(name)
        draft = self._root / f"draft.{os.getpid()}.{threading.get_ident()}.{next(self._counter)}"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_failed("writing a rendering", error) from error
        try:
            return _publish(draft, home, sum(_pour(descriptor, chunks)))
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        finally:
            os.close(descriptor)

    def sweep(self, limit: int, now: float) -> Removed:
        """Remove the least recently used until at most `limit` bytes stay, torn and abandoned ones always.

        Raises StoreFailed.
        """
        try:
            found = sorted(self._all(now), key=lambda f: (f.complete, f.used_at))
            total = sum(f.size for f in found)
            files = freed = 0
            for one in found:
                if one.complete and total - freed <= limit:
                    break
                one.path.unlink(missing_ok=True)
                if one.path.parent != self._root:
                    with contextlib.suppress(OSError):  # not empty: somebody just rendered it again
                        one.path.parent.rmdir()
                files, freed = files + 1, freed + one.size
            return Removed(files, freed)
        except OSError as error:
            raise disk_failed("tidying renderings", error) from error

    def clear(self) -> None:
        """Remove all of them. Raises StoreFailed."""
        try:
            for entry in list(os.scandir(self._root)):
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
        except OSError as error:
            raise disk_failed("removing renderings", error) from error

    def _home(self, name: str) -> str:
        if not _NAME.match(name):
            raise ValueError(f"not the name of a rendering: {name[:140]!r}")
        return f"{self._root}/{name[:2]}/{name[2:]}"

    def _all(self, now: float) -> Iterator[_Found]:
        """Every file below the folder, but for drafts that may still be written."""
        for path in [Path(top, name) for top, _, names in os.walk(self._root) for name in names]:
            try:
                seen = path.stat()
            except FileNotFoundError:  # a draft that was published, or another sweep
                continue
            used_at = max(seen.st_atime, seen.st_mtime)
            if path.parent != self._root:
                complete = path.name.isdecimal() and int(path.name) == seen.st_size
                yield _Found(used_at, seen.st_size, path, complete)
            elif now - used_at > _ABANDONED:
                yield _Found(used_at, seen.st_size, path, complete=False)


def _pour(descriptor: int, chunks: Iterable[bytes]) -> Iterator[int]:
    for chunk in chunks:
        try:
            yield write_all(descriptor, chunk)
        except OSError as error:
            raise disk_failed("writing a rendering", error) from error


def _publish(draft: Path, home: str, size: int) -> Path:
    """Give the draft its place: name and length together, at once."""
    place = Path(home, str(size))
    tries = 10
    while True:
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return draft.rename(place)
        except (FileNotFoundError, FileExistsError) as error:
            # A sweep may remove the folder it emptied, before our rename or in the middle of mkdir.
            tries -= 1
            if not tries:
                raise disk_failed("keeping a rendering", error) from error
        except OSError as error:
            raise disk_failed("keeping a rendering", error) from error
