"""Where lines go: plain, gzip or zstandard by the name's ending; the same bytes for the same lines."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import zstandard


class Sink:
    """A file that takes text."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("wb")
        self._shrink: Callable[[bytes], bytes]
        self._end: Callable[[], bytes]
        if path.suffix == ".gz":
            packer = zlib.compressobj(1, zlib.DEFLATED, 31)
            self._shrink, self._end = packer.compress, packer.flush
        elif path.suffix == ".zst":
            frames = zstandard.ZstdCompressor(level=3).compressobj()
            self._shrink, self._end = frames.compress, frames.flush
        else:
            self._shrink, self._end = bytes, bytes
        self._held: list[str] = []
        self._size = 0

    def take(self, lines: list[str]) -> None:
        """Lines, in order."""
        self._held += lines
        self._size += len(lines)
        if self._size > 20_000:
            self._write()

    def _write(self) -> None:
        self._file.write(self._shrink("".join(self._held).encode("utf-8", "surrogateescape")))
        self._held, self._size = [], 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write()
        self._file.write(self._end())
        self._file.close()
