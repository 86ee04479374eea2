"""A package itself: a zip whose manifest must say what the package was asked as."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import msgspec

from subak.ecosystems.base import Page
from subak.ecosystems.openvsx.places import place_of
from subak.errors import UpstreamLied
from subak.model.exchange import Subject

MANIFEST = "extension/package.json"
LARGEST = 8 * 2**20
"""Bytes of a manifest that are read."""

_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, EOFError, OSError, ValueError, OverflowError,
    RuntimeError, NotImplementedError, msgspec.MsgspecError, RecursionError,
)  # fmt: skip


class _Manifest(msgspec.Struct):
    publisher: str
    name: str
    version: str


_decode = msgspec.json.Decoder(_Manifest).decode


class _Bytes(io.RawIOBase):
    """A seekable file over bytes that are not copied: packages of a hundred megabytes lie in the page cache."""

    def __init__(self, body: memoryview | bytes) -> None:
        self._view = memoryview(body)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence]
        if start + offset < 0:
            raise OSError("a position before the beginning")
        self._at = start + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        end = len(self._view) if size is None or size < 0 else self._at + size
        piece = bytes(self._view[self._at : end])
        self._at += len(piece)
        return piece

    def close(self) -> None:
        self._view.release()
        super().close()


def check(subject: Subject, page: Page) -> None:
    """Raises UpstreamLied unless the page is the package that was asked for: where no digest is announced, this
    alone tells it from another one."""
    with _Bytes(page.body) as file:
        try:
            with zipfile.ZipFile(file) as archive, archive.open(MANIFEST) as entry:
                text = entry.read(LARGEST + 1)
            if len(text) > LARGEST:
                raise UpstreamLied(f"the manifest in {subject.key} is larger than {LARGEST} bytes")
            found = _decode(text.removeprefix(b"\xef\xbb\xbf"))
        except _UNREADABLE as error:
            raise UpstreamLied(f"{subject.key} is no package of an extension: {error}") from error
    at = place_of(subject)
    if f"{found.publisher}.{found.name}".lower() != at.id or found.version != at.version:
        raise UpstreamLied(f"{subject.key} is {found.publisher[:80]}.{found.name[:80]} {found.version[:80]} inside")
