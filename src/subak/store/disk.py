"""The few ways we write to a disk, and what it complains about in words that tell an operator what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from subak.errors import StoreFailed

FULL = "Free space on the disk of the data folder, or lower cache.limit."
READ_ONLY = "Make the data folder writable, or set cache.data to a folder that is."

_FIXES: dict[int, str] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: "Raise the disk quota of the user Subak runs as, or lower cache.limit.",
    errno.EFBIG: "Raise the limit on the size of files (ulimit -f) of the user Subak runs as.",
    errno.EROFS: READ_ONLY,
    errno.EACCES: "Give the user Subak runs as permission to write in the data folder.",
    errno.EPERM: "Give the user Subak runs as permission to write in the data folder.",
    errno.EMFILE: "Raise the number of files a process may open (ulimit -n).",
    errno.ENFILE: "Raise the number of files this machine may open.",
    errno.EIO: "Check the disk: it reports errors.",
}

# macOS has no fdatasync; where there is one, it writes the file's length too (fdatasync(2)).
sync_data = getattr(os, "fdatasync", os.fsync)


def fix_for(error: OSError) -> str:
    """What an operator does about it."""
    return _FIXES.get(error.errno or 0, READ_ONLY)


def disk_failed(doing: str, error: OSError) -> StoreFailed:
    """The operating system's complaint as ours. `doing` ('writing a copy') names no path: clients read it too."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return StoreFailed(f"{doing} failed: {reason}", fix=fix_for(error))


def write_all(descriptor: int, chunk: bytes) -> int:
    """Write all of it, however little write(2) takes at a time; the number of bytes. Raises OSError."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    return len(chunk)


def sync_folder(folder: Path) -> None:
    """Make a rename in it survive a power cut. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
