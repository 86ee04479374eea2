"""Compressed indexes become text again, in bounded memory, or are refused."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.debian import unpack
from subak.ecosystems.debian.unpack import PIECE, unpacked
from subak.errors import UpstreamLied

Pack = Callable[[bytes], bytes]
PACKERS: dict[str, Pack] = {
    "gz": partial(gzip.compress, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": partial(lzma.compress, format=lzma.FORMAT_ALONE),
    "zst": zstandard.compress,
}
EACH = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
SEVERAL = pytest.mark.parametrize("pack", [pytest.param(p, id=n) for n, p in PACKERS.items() if n != "lzma"])
TEXT = b"Package: a\n\n" * 100_000


@EACH
def test_round_trip_in_pieces(pack: Pack) -> None:
    pieces = list(unpacked(pack(TEXT)))
    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= PIECE
    assert b"".join(unpacked(memoryview(pack(b"")))) == b""


@SEVERAL
def test_streams_may_follow_each_other(pack: Pack) -> None:
    assert b"".join(unpacked(pack(b"a: b\n") + pack(b"c: d\n"))) == b"a: b\nc: d\n"


def test_padding_between_xz_streams() -> None:
    body = lzma.compress(b"a") + bytes(8) + lzma.compress(b"b") + bytes(4)
    assert b"".join(unpacked(body)) == b"ab"


def test_plain_text_stays() -> None:
    assert b"".join(unpacked(TEXT)) == TEXT
    assert list(unpacked(b"")) == []


@EACH
def test_cut_short_is_refused(pack: Pack) -> None:
    body = pack(TEXT)
    with pytest.raises(UpstreamLied):
        list(unpacked(body[: len(body) // 2]))


@EACH
@given(data=st.data())
def test_broken_is_refused_or_read(pack: Pack, data: st.DataObject) -> None:
    body = bytearray(pack(b"Package: a\n\n" * 50))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(UpstreamLied):
        assert len(b"".join(unpacked(bytes(body)))) < PIECE


@EACH
def test_what_unpacks_without_end_is_refused(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST", PIECE)
    pieces = unpacked(pack(bytes(50 * PIECE)))
    with pytest.raises(UpstreamLied, match="more than"):
        list(pieces)


def test_memory_that_a_stream_may_ask_for_is_bounded() -> None:
    greedy = lzma.compress(b"a" * 1000, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 2**28}])
    with pytest.raises(UpstreamLied, match="emory"):
        list(unpacked(greedy))
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True)
    ).compressobj()
    with pytest.raises(UpstreamLied, match="unpack"):
        list(unpacked(wide.compress(b"a" * 1000) + wide.flush()))
