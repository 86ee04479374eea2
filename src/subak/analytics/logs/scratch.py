"""A file that DuckDB reads and that never reaches a disk where the system can help it: logs hold addresses."""

from __future__ import annotations

import os
import sys
import tempfile
from types import TracebackType


class Scratch:
    """One file, overwritten again and again; use it with `with`."""

    def __init__(self) -> None:
        self.path = ""
        self._fd = -1

    def put(self, data: bytes) -> None:
        """Make the file hold these bytes and nothing else. Raises OSError."""
        if self._fd < 0:
            self._open()
        view, at = memoryview(data), 0
        while at < len(data):
            at += os.pwrite(self._fd, view[at:], at)
        os.ftruncate(self._fd, len(data))

    def _open(self) -> None:
        if sys.platform == "linux":
            self._fd = os.memfd_create("subak-log", os.MFD_CLOEXEC)
            self.path = f"/proc/self/fd/{self._fd}"
        else:
            self._fd, self.path = tempfile.mkstemp(prefix="subak-log-")

    def close(self) -> None:
        """Give the memory back. Raises OSError."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
            if sys.platform != "linux":
                os.unlink(self.path)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
