"""Zstandard in pieces: frames that break off, that are none, that never end."""

from __future__ import annotations

import pytest
import zstandard

from subak.ecosystems.base import Page
from subak.ecosystems.conda.packing import PIECE, pieces, repacked, unpacked
from subak.errors import UpstreamLied

BODY = bytes(range(256)) * 9000


def page(body: bytes) -> Page:
    return Page(memoryview(body), "", "https://registry.example/lab/noarch/repodata.json.zst")


def test_pieces_make_up_the_whole() -> None:
    assert b"".join(pieces(BODY)) == b"".join(pieces(memoryview(BODY))) == BODY
    assert max(map(len, pieces(BODY))) == PIECE
    assert list(pieces(b"")) == []


def test_what_is_not_packed_comes_as_it_is() -> None:
    assert b"".join(unpacked(page(BODY), packed=False)) == BODY


@pytest.mark.parametrize("frames", [1, 3])
def test_frames_follow_each_other(frames: int) -> None:
    assert b"".join(unpacked(page(zstandard.compress(BODY) * frames), packed=True)) == BODY * frames


def test_packing_is_the_same_every_time_and_unpacks() -> None:
    packed = b"".join(repacked(pieces(BODY)))
    assert packed == b"".join(repacked(pieces(BODY)))
    assert b"".join(unpacked(page(packed), packed=True)) == BODY


@pytest.mark.parametrize("body", [b"<html>", b'{"packages":{}}', zstandard.compress(BODY) + b"more"])
def test_what_is_no_frame(body: bytes) -> None:
    with pytest.raises(UpstreamLied, match="zstd"):
        list(unpacked(page(body), packed=True))


def test_a_broken_frame_is_noticed_or_ends_early() -> None:
    whole = zstandard.compress(BODY)
    assert len(b"".join(unpacked(page(whole[: len(whole) // 2]), packed=True))) < len(BODY)


def test_a_little_that_unpacks_to_a_lot() -> None:
    bomb = zstandard.compress(bytes(50 * PIECE))
    came: list[int] = []
    with pytest.raises(UpstreamLied, match="more than"):
        came.extend(map(len, unpacked(page(bomb), packed=True, largest=2 * PIECE)))
    assert sum(came) <= 2 * PIECE
