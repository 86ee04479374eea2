"""Bodies piece by piece; whole answers are in test_client.py."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import UpstreamDown
from subak.sources.bodies import PIECE, gunzip, nothing


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@given(st.binary(max_size=2000), st.integers(1, 50))
async def test_gzip_in_pieces_of_any_size(body: bytes, size: int) -> None:
    packed = gzip.compress(body, mtime=0)
    assert b"".join([piece async for piece in gunzip(pieces(packed, size), "x")]) == body


async def test_pieces_are_bounded() -> None:
    packed = gzip.compress(b"\0" * (4 * PIECE), mtime=0)
    assert {len(piece) <= PIECE async for piece in gunzip(pieces(packed, len(packed)), "x")} == {True}


async def test_a_compressed_body_that_never_begins() -> None:
    with pytest.raises(UpstreamDown, match="broke off in the middle of a compressed body"):
        assert [piece async for piece in gunzip(nothing(), "https://files.example")] == []


async def test_nothing() -> None:
    assert [piece async for piece in nothing()] == []
