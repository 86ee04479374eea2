"""Compressed indexes as a stream of text, in bounded memory whatever they unpack to."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import zstandard

from subak.errors import UpstreamLied

PIECE = 256 * 1024
LARGEST = 4 * 2**30
"""Unpacked bytes that are read. The largest index of a distribution has a tenth of them."""

_WINDOW = 128 * 2**20
"""Memory that a compressed stream may ask for."""

_SIP = 1024
"""Bytes unpacked at a time: not all formats can be told to stop, and none makes more than 128 KiB of 4 bytes."""


def unpacked(body: memoryview | bytes) -> Iterator[bytes]:
    """The text in pieces of PIECE bytes at most. What begins as no compression we know is taken for plain.

    Raises UpstreamLied when the stream is broken, ends early or unpacks to more than LARGEST bytes.
    """
    view = memoryview(body)
    begin = next((begin for magic, begin in _FORMATS if bytes(view[: len(magic)]) == magic), None)
    total = 0
    try:
        for text in _unpacked(view, begin) if begin else (view,):
            total += len(text)
            if total > LARGEST:
                raise UpstreamLied(f"an index that unpacks to more than {LARGEST} bytes")
            for start in range(0, len(text), PIECE):
                yield bytes(text[start : start + PIECE])
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise UpstreamLied(f"an index that cannot be unpacked: {error}") from error


class _Decompressor(Protocol):
    """What all four libraries offer."""

    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


_FORMATS: tuple[tuple[bytes, Callable[[], _Decompressor]], ...] = (
    (b"\x1f\x8b", lambda: zlib.decompressobj(zlib.MAX_WBITS | 16)),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(memlimit=_WINDOW)),
    (b"\x5d\0\0", lambda: lzma.LZMADecompressor(memlimit=_WINDOW)),
    (b"\x28\xb5\x2f\xfd", lambda: zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()),
)
"""By the first bytes: gzip, bzip2, xz, lzma, zstd."""


def _unpacked(body: memoryview, begin: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Streams may follow each other, with zeros between them (xz format §2.2)."""
    position = 0
    while position < len(body):
        reader = begin()
        while not reader.eof:
            sip = bytes(body[position : position + _SIP])
            if not sip:
                raise EOFError("it ends in the middle of a stream")
            position += len(sip)
            yield reader.decompress(sip)
        position -= len(reader.unused_data)
        while position < len(body) and body[position] == 0:
            position += 1
