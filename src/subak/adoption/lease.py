"""Several `subak run` may share one gateway; whoever leaves last switches it off.

Three lock files in the data folder, held with flock(2), so that the kernel frees them whatever happens to a
process: `run.start` serialises arriving and leaving, `run.users` is held (shared) by every run, `run.gateway` is
held by the gateway itself, which inherits it, and holds its process id. A gateway that a person started holds none
of them and is therefore never stopped.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from subak.errors import StoreFailed

PAUSE = 0.05
"""Seconds between two looks at a gateway that is starting or stopping."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The lock files of one data folder, which has one gateway at most."""

    folder: Path

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Only one run at a time arrives or leaves. Raises StoreFailed when the folder cannot be written."""
        with self._open("start") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def using(self, grace: float) -> Iterator[None]:
        """Use the gateway; afterwards, if nobody else does and a run had started it, stop it and wait for its end,
        at most `grace` seconds. Enter it while `deciding`."""
        users = self._open("users")
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            yield
        finally:
            users.close()
            with self.deciding(), self._open("users") as again:
                if _taken(again):
                    self._stop(grace)

    def gateway_lock(self) -> IO[str]:
        """An open, locked file for the gateway to inherit. Raises StoreFailed."""
        file = self._open("gateway")
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def started(self, file: IO[str], pid: int) -> None:
        """Note who holds the gateway lock, and let go of our own share of it."""
        file.truncate(0)
        file.write(str(pid))
        file.close()

    def log(self) -> Path:
        """Where a gateway that we start writes what it has to say."""
        return self.folder / "run.log"

    def _stop(self, grace: float) -> None:
        with self._open("gateway") as file:
            if _taken(file):
                return  # no run started it, or it is gone
            pid = int(file.read() or 0)
            if pid:
                os.kill(pid, signal.SIGTERM)
            for _ in range(round(grace / PAUSE)):
                if _taken(file):
                    return
                time.sleep(PAUSE)

    def _open(self, name: str) -> IO[str]:
        path = self.folder / f"run.{name}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+", encoding="ascii")
        except OSError as error:
            raise StoreFailed(
                f"cannot write {path}: {error.strerror}", fix="Set SUBAK_DATA to a writable folder."
            ) from error


def _taken(file: IO[str]) -> bool:
    """Take the lock if nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
