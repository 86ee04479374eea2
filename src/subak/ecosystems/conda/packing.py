"""Zstandard, piece by piece: indexes unpack to hundreds of megabytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import zstandard

from subak.ecosystems.base import Page
from subak.errors import UpstreamLied

PIECE = 2**20
LARGEST = 4 * 2**30
"""Bytes that a packed index may unpack to. The largest known has a third of a gigabyte."""

LEVEL = 6
"""Of what is packed here: half as many seconds as the levels that indexers use, and a tenth more bytes."""


def pieces(body: memoryview | bytes) -> Iterator[bytes]:
    """The bytes as they are."""
    view = memoryview(body)
    for at in range(0, len(view), PIECE):
        yield bytes(view[at : at + PIECE])


def unpacked(page: Page, *, packed: bool, largest: int = LARGEST) -> Iterator[bytes]:
    """A page's bytes, out of one or several zstd frames if `packed`. Raises UpstreamLied.

    A frame that breaks off ends early without a word: whoever reads what is inside must notice.
    """
    if not packed:
        yield from pieces(page.body)
        return
    left = largest
    try:
        with zstandard.ZstdDecompressor().stream_reader(page.body, read_across_frames=True, closefd=False) as reader:
            while piece := reader.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise UpstreamLied(f"an index that unpacks to more than {largest} bytes")
                yield piece
    except zstandard.ZstdError as error:
        raise UpstreamLied(f"an index that is not packed with zstd: {error}") from error


def repacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """One zstd frame. Equal input gives equal bytes."""
    encoder = zstandard.ZstdCompressor(level=LEVEL).compressobj()
    for part in parts:
        if piece := encoder.compress(part):
            yield piece
    yield encoder.flush()
