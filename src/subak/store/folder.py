"""The data folder: what lies where, whether it can be used, and which gateway lives in it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from subak.errors import ConfigError, StoreFailed
from subak.store.disk import fix_for

VERSION = 1
"""The layout below; a folder of a later one is refused."""


class Occupant(msgspec.Struct, frozen=True):
    """The gateway that lives in a data folder."""

    pid: int = 0
    url: str = ""
    """Where it answers; '' while it starts."""


NOBODY = Occupant()


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths inside an opened data folder."""

    root: Path

    @property
    def blobs(self) -> Path:
        """Complete copies, by sha256: `ab/cdef…`."""
        return self.root / "blobs" / "sha256"

    @property
    def parts(self) -> Path:
        """What is being fetched: NAME.part, NAME.head, NAME.lock."""
        return self.root / "parts"

    @property
    def renderings(self) -> Path:
        return self.root / "renderings"

    @property
    def readings(self) -> Path:
        return self.root / "readings"

    @property
    def database(self) -> Path:
        return self.root / "subak.db"

    @property
    def gateway(self) -> Path:
        """Locked while a gateway lives here."""
        return self.root / "gateway.lock"

    def occupy(self, url: str = "") -> Occupancy:
        """Be the one gateway of this folder. Raises StoreFailed naming the process and URL of the other one."""
        try:
            descriptor = os.open(self.gateway, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unusable(self.root, error) from error
        for patience in (0.02, 0.02, 0.0):  # `occupant` borrows the lock for microseconds
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(patience)
            except OSError as error:
                os.close(descriptor)
                fix = "Use a data folder on a disk that offers file locks."
                raise StoreFailed(f"{self.root} cannot be locked: {error.strerror}", fix=fix) from error
            else:
                occupancy = Occupancy(descriptor)
                occupancy.announce(url)
                return occupancy
        other = _read_occupant(descriptor)
        os.close(descriptor)
        raise StoreFailed(
            f"{self.root} is in use by another gateway (process {other.pid}, {other.url or 'still starting'})",
            fix="Use or stop that one, or give this one another folder with --data.",
        )

    def occupant(self) -> Occupant:
        """The living gateway of this folder, or NOBODY. Raises StoreFailed if the folder cannot be read."""
        try:
            descriptor = os.open(self.gateway, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return NOBODY
        except OSError as error:
            raise _unusable(self.root, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_occupant(descriptor)
        except OSError as error:
            raise _unusable(self.root, error) from error
        finally:
            os.close(descriptor)
        return NOBODY


class Occupancy:
    """This process's hold on a data folder; the kernel ends it with the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def announce(self, url: str) -> None:
        """Write down where we answer, for `occupant` and for whoever comes second. Raises StoreFailed."""
        text = msgspec.json.encode(Occupant(os.getpid(), url))
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)
        except OSError as error:
            raise StoreFailed(f"gateway.lock cannot be written: {error.strerror}", fix=fix_for(error)) from error

    def release(self) -> None:
        """Leave. Harmless when repeated; never raises."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)


def open_folder(root: Path) -> Folder:
    """Open the data folder, created readable by its owner alone if it is missing.

    Raises ConfigError when the path is no folder or its layout is of a later Subak, StoreFailed when it
    cannot be written. Both say what to do.
    """
    folder = Folder(root.absolute())
    try:
        folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_version(folder.root / "version")
        for inner in (folder.blobs, folder.parts, folder.renderings, folder.readings):
            inner.mkdir(mode=0o700, parents=True, exist_ok=True)
        _probe(folder.parts)
    except OSError as error:
        raise _unusable(folder.root, error) from error
    return folder


def _check_version(file: Path) -> None:
    try:
        text = file.read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        fresh = file.with_name(f"version.{os.getpid()}")
        fresh.write_text(f"{VERSION}\n", "ascii")
        fresh.replace(file)
        return
    if not text.isdecimal() or int(text) > VERSION:
        raise ConfigError(
            f"{file.parent} has layout {text[:20]!r}, this Subak knows {VERSION}",
            fix="Use a later Subak, or another data folder with --data.",
        )


def _probe(inside: Path) -> None:
    """Make and remove a file: permission bits do not tell of a read-only mount. An empty one, because a full
    disk does not keep us from serving what we hold."""
    probe = inside / f"probe.{os.getpid()}"
    probe.touch()
    probe.unlink(missing_ok=True)


def _read_occupant(descriptor: int) -> Occupant:
    try:
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Occupant)
    except msgspec.MsgspecError:  # just starting, its line is not written yet
        return NOBODY


def _unusable(root: Path, error: OSError) -> ConfigError | StoreFailed:
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return ConfigError(f"{root} cannot be the data folder: a file is in its way", fix="Set cache.data to a folder.")
    word = "read-only" if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) else "not usable"
    return StoreFailed(f"{root} is {word}: {error.strerror or error}", fix=fix_for(error))
