"""Mutual exclusion between the worker processes of one data folder, by the kernel's file locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from pathlib import Path

from subak.store.disk import disk_failed
from subak.store.folder import Folder

_NAME = re.compile(r"[0-9a-f]{8,128}\Z")


def flight(name: str) -> str:
    """The name of a flight, which becomes a file name: hexadecimal made by the caller, or ValueError."""
    if not _NAME.match(name):
        raise ValueError(f"not the name of a flight: {name[:140]!r}")
    return name


class Lock:
    """A held lock; see `ports.Lock`."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    def release(self) -> None:
        """Give it back, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            # Unlinked while still locked: whoever opened this file before us sees in `take` that it is not
            # the one the name leads to any more.
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(descriptor)


class Locks:
    """`ports.Locks` by flock(2): exclusive between processes and between two takers in one process."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder.parts

    def take(self, name: str) -> Lock | None:
        path = self._folder / f"{flight(name)}.lock"
        try:
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if _leads_to(path, descriptor):
                        return Lock(descriptor, path)
                except BlockingIOError:
                    os.close(descriptor)
                    return None
                except OSError:
                    os.close(descriptor)
                    raise
                os.close(descriptor)  # its holder unlinked it between our open and our lock: again
        except OSError as error:
            raise disk_failed("locking in the data folder", error) from error


def _leads_to(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False
