"""Content-addressed bytes on disk: complete and verified under their sha256, or growing as a part."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from pathlib import Path

from subak.store.disk import disk_failed, sync_data, sync_folder, write_all
from subak.store.folder import Folder
from subak.store.locks import flight

SEAL = 978_307_200 * 10**9
"""The modification time of every published blob (2001-01-01). Whatever writes to a blob afterwards breaks the
seal, so a hit need not be hashed again to notice damage by programs (bit rot is the disk's own business)."""

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class Part:
    """A growing file; see `ports.Part`. Not for several threads at once."""

    def __init__(self, path: Path, blobs: Blobs) -> None:
        self.path = path
        self.size = 0
        self._blobs = blobs
        try:
            # A dead flight's leftover goes by unlinking, not by truncating: who still reads it keeps a whole file.
            path.unlink(missing_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk_failed("starting a copy", error) from error

    def write(self, chunk: bytes) -> None:
        """Append all of it. Raises StoreFailed: restart or discard it then."""
        try:
            self.size += write_all(self._descriptor, chunk)
        except OSError as error:
            raise disk_failed("writing a copy", error) from error

    def restart(self) -> None:
        """Back to zero bytes. Raises StoreFailed."""
        try:
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
        except OSError as error:
            raise disk_failed("starting a copy again", error) from error
        self.size = 0

    def commit(self, sha256: str, *, durable: bool = True) -> None:
        """Publish under its digest, which the caller has checked. Raises StoreFailed; discard it then.

        Without `durable` nothing waits for the disk: a power cut may then leave a torn file, so only for bytes that
        are hashed again when read.
        """
        target = self._blobs.path(sha256)
        if self._blobs.size(sha256) == self.size:
            self.discard()  # somebody else was faster; their bytes are ours
            return
        try:
            os.fchmod(self._descriptor, 0o444)
            os.utime(self._descriptor, ns=(SEAL, SEAL))
            if durable:
                sync_data(self._descriptor)
            try:
                os.rename(self.path, target)
            except FileNotFoundError:  # the first blob of this shard
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.rename(self.path, target)
                sync_folder(target.parent.parent)
            if durable:
                sync_folder(target.parent)
        except OSError as error:
            raise disk_failed("keeping a copy", error) from error
        self._close()

    def discard(self) -> None:
        """Remove it, unless it was committed. Never raises."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):  # the sweep finds what cannot be removed now
                self.path.unlink()
            self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):  # close(2) reports only what fdatasync would have
            os.close(descriptor)


class Blobs:
    """`ports.Blobs` in the data folder. `reserve` is in bytes."""

    def __init__(self, folder: Folder, reserve: int) -> None:
        self._root = folder.blobs
        self._parts = folder.parts
        self._reserve = reserve

    def path(self, sha256: str) -> Path:
        """Where the blob is, or would be. Raises ValueError for what is no digest."""
        if not _SHA256.match(sha256):
            raise ValueError(f"not a sha256: {sha256[:140]!r}")
        return self._root / sha256[:2] / sha256[2:]

    def size(self, sha256: str) -> int:
        """Bytes, -1 if absent or written to since it was published. Raises StoreFailed."""
        try:
            found = os.stat(self.path(sha256))
            return found.st_size if found.st_mtime_ns == SEAL else -1
        except FileNotFoundError:
            return -1
        except OSError as error:
            raise disk_failed("looking for a copy", error) from error

    def part(self, name: str) -> Part:
        """A new empty part; whoever calls holds the lock of that name. Raises StoreFailed."""
        return Part(self.growing(name), self)

    def growing(self, name: str) -> Path:
        """Where the part of that flight is, whichever process writes it."""
        return self._parts / f"{flight(name)}.part"

    def room_for(self, size: int) -> bool:
        """Whether `size` more bytes (unknown: -1) leave the reserve free. Raises StoreFailed."""
        return self.free() - self._reserve >= max(size, 0)

    def free(self) -> int:
        """Bytes that we could still write to this disk. Raises StoreFailed."""
        try:
            disk = os.statvfs(self._root)
        except OSError as error:
            raise disk_failed("measuring the disk", error) from error
        return disk.f_bavail * disk.f_frsize

    def remove(self, sha256: str) -> None:
        """Unlink; whoever has it open reads on. Harmless when absent. Raises StoreFailed."""
        try:
            self.path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise disk_failed("removing a copy", error) from error

    def recover(self, sha256: str) -> bool:
        """Hash a file that nobody vouches for: seal it if its bytes are right, remove it if not. Raises StoreFailed."""
        path = self.path(sha256)
        try:
            with open(path, "rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
                    os.utime(file.fileno(), ns=(SEAL, SEAL))
                    return True
                if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):  # not just replaced by a good one
                    path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise disk_failed("examining a copy", error) from error
        return False
