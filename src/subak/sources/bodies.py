"""Bodies as they come from an upstream: counted, decoded, and every way to end early told apart."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import aiohttp

from subak.errors import UpstreamDown, UpstreamLied

PIECE = 256 * 1024
"""Bytes read from a connection at once; also the most a decompressor may produce at once."""


async def plain(answer: aiohttp.ClientResponse, origin: str, counted: list[int]) -> AsyncIterator[bytes]:
    """The body as it comes, its bytes added to `counted[0]`. Raises UpstreamDown when it ends early or goes silent."""
    try:
        async for chunk in answer.content.iter_any():
            counted[0] += len(chunk)
            yield chunk
    except TimeoutError as error:
        raise UpstreamDown(f"{origin} went silent in the middle of a file") from error
    except (aiohttp.ClientError, OSError) as error:
        raise UpstreamDown(f"{origin} broke off in the middle of a file: {error}") from error


async def gunzip(chunks: AsyncIterator[bytes], origin: str) -> AsyncIterator[bytes]:
    """Decode gzip piece by piece; no input makes a piece larger than PIECE. Raises UpstreamLied, UpstreamDown."""
    decoder = zlib.decompressobj(wbits=31)
    try:
        async for chunk in chunks:
            data = chunk
            while data:
                if decoder.eof:  # RFC 1952 §2.2: several members follow each other
                    decoder = zlib.decompressobj(wbits=31)
                piece = decoder.decompress(data, PIECE)
                if piece:
                    yield piece
                data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        rest = b"" if decoder.eof else decoder.flush()
    except zlib.error as error:
        raise UpstreamLied(f"{origin} says gzip but sends something else") from error
    if rest:
        yield rest
    if not decoder.eof:
        raise UpstreamDown(f"{origin} broke off in the middle of a compressed body")


async def nothing() -> AsyncIterator[bytes]:
    """The body of an answer that has none."""
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece
