"""Bytes arrive whole from every kind of source, and what is damaged counts up to the damage."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.logs import sources
from subak.analytics.logs.combined import LONGEST
from subak.analytics.logs.sources import Block, Broken, Overlong, Piece, Source, blocks, expand, extent, opened
from subak.errors import BadRequest

TEXT = b"".join(b"line %d of the log\n" % n for n in range(5000))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstd,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "pzstd": lambda data: b"\x50\x2a\x4d\x18\x04\0\0\0\x10\0\0\0" + zstd(data),
}


def read(data: bytes) -> bytes:
    return b"".join(Source(io.BytesIO(data)).chunks())


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("data", [b"", b"x", TEXT, TEXT * 25], ids=["none", "one", "some", "many"])
def test_compression_is_told_by_the_first_bytes(kind: str, data: bytes) -> None:
    packed = PACK[kind](data)
    source = Source(io.BytesIO(packed))
    chunks = list(source.chunks())
    assert b"".join(chunks) == data
    assert source.delivered == len(data)
    assert source.position == len(packed)
    assert all(len(chunk) <= 2**25 for chunk in chunks)


@pytest.mark.parametrize("kind", PACK)
def test_streams_one_after_the_other(kind: str) -> None:
    pack = PACK[kind]
    assert read(pack(b"a\n") + pack(b"") + pack(TEXT) + pack(b"b")) == b"a\n" + TEXT + b"b"


def test_zeros_behind_a_gzip_stream() -> None:
    assert read(gzip.compress(TEXT) + b"\0" * 512) == TEXT


@pytest.mark.parametrize("kind", [kind for kind in PACK if kind != "plain"])
@pytest.mark.parametrize("damage", ["cut", "spoilt", "junk"])
def test_what_came_before_damage_counts(kind: str, damage: str) -> None:
    lines = os.urandom(2**16).hex().encode() + b"\n"
    packed = PACK[kind](TEXT) + PACK[kind](lines)
    match damage:
        case "cut":
            packed = packed[: -len(packed) // 3]
        case "spoilt":
            packed = packed[:-2000] + bytes(1000) + packed[-1000:]
        case _:
            packed += b"junk behind the end"
    pieces = list(blocks(Source(io.BytesIO(packed)).chunks(), 2**16))
    assert isinstance(pieces[-1], Broken)
    assert "damaged" in pieces[-1].reason
    assert whole(pieces[:-1]).startswith(TEXT)


def test_a_source_that_fails() -> None:
    def failing() -> Iterator[bytes]:
        yield b"a\nb"
        raise OSError(5, "Input/output error")

    assert list(blocks(failing(), 100)) == [Block(b"a\nb"), Broken("Input/output error")]


# ---------------------------------------------------------------- blocks


def whole(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces if isinstance(piece, Block))


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([b"a\n", b"\n", b"long line " * 9, b"b", b"c\r\n", b"\0"]), max_size=60),
    st.integers(1, 40),
    st.integers(1, 60),
)
def test_blocks_are_whole_lines(parts: list[bytes], size: int, chunk: int) -> None:
    data = b"".join(parts)
    pieces = list(blocks((data[at : at + chunk] for at in range(0, len(data), chunk)), size))
    assert whole(pieces) == data
    for piece in pieces:
        assert isinstance(piece, Block)
        assert piece is pieces[-1] or piece.data.endswith(b"\n")


@pytest.mark.parametrize("line", [b"one of many\n", b"x" * 4094 + b"\n", b"x" * 9_999 + b"\n"], ids=len)
@pytest.mark.parametrize("size", [1_000, 70_000, 2**22])
def test_a_plain_file_comes_by_whole_lines(tmp_path: Path, line: bytes, size: int) -> None:
    """Where the line's end is near; nothing is lost where it is not."""
    data = line * (3 * 2**20 // len(line)) + b"the end"
    (tmp_path / "a.log").write_bytes(data)
    with opened(str(tmp_path / "a.log"), io.BytesIO()) as raw:
        source = Source(raw, size)
        chunks = list(source.chunks())
    assert b"".join(chunks) == data
    assert source.delivered == source.position == len(data)
    assert all(chunk.endswith(b"\n") for chunk in chunks[1:-1]) or len(line) > 4096
    assert all(size <= len(chunk) <= size + 4096 for chunk in chunks[1:-1])
    with opened(str(tmp_path / "a.log"), io.BytesIO()) as raw:
        pieces = list(blocks(Source(raw, size).chunks(), size))
    assert whole(pieces) == data
    assert all(piece.data.endswith(b"\n") for piece in pieces[:-1] if isinstance(piece, Block))


def test_a_pipe_has_no_place_to_look_at(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor(1) as thread:
        written = thread.submit((tmp_path / "pipe").write_bytes, TEXT * 3)
        with opened(str(tmp_path / "pipe"), io.BytesIO()) as raw:
            assert whole(list(blocks(Source(raw, 1_000).chunks(), 1_000))) == TEXT * 3
        assert written.result() == 3 * len(TEXT)


def test_a_line_that_cannot_be_held() -> None:
    long = b"x" * (LONGEST * 3)
    data = b"a\n" + long + b"\nb\nc"
    pieces = list(blocks((data[at : at + 10_000] for at in range(0, len(data), 10_000)), 50_000))
    assert Overlong(b"x" * 1024, len(long) + 1) in pieces
    assert whole(pieces) == b"a\nb\nc"
    assert list(blocks(iter([long]), 100)) == [Overlong(b"x" * 1024, len(long))]


# ---------------------------------------------------------------- names


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    for name in ("b.log", "a.log.gz", "deep/c.log", ".hidden", "deep/.git/x", "a.log.gz.sha256", "deep/d.parquet"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"12345")
    return tmp_path


def names(found: list[str], folder: Path) -> list[str]:
    return [os.path.relpath(name, folder) for name in found]


def test_folders_patterns_and_files(logs: Path) -> None:
    assert names(expand([str(logs)]), logs) == ["a.log.gz", "b.log", "deep/c.log"]
    assert names(expand([f"{logs}/*.log", f"{logs}/**/*.log", f"{logs}/./b.log"]), logs) == ["b.log", "deep/c.log"]
    assert names(expand([f"{logs}/.hidden"]), logs) == [".hidden"]
    assert expand(["-", "-"]) == ["-"]


def test_a_name_that_is_also_a_pattern(logs: Path) -> None:
    (logs / "[1].log").write_bytes(b"")
    assert names(expand([f"{logs}/[1].log"]), logs) == ["[1].log"]


@pytest.mark.parametrize("name", ["missing.log", "*.none", "deep/.git/../../none/"])
def test_a_name_that_means_nothing(logs: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="there is no log"):
        expand([f"{logs}/{name}"])


def test_a_folder_without_logs(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="there is no log"):
        expand([str(tmp_path)])


def test_extent(logs: Path) -> None:
    assert extent(expand([str(logs)])) == 15
    assert extent([*expand([str(logs)]), "-"]) == 0
    assert extent([str(logs / "gone")]) == 0
    os.mkfifo(logs / "pipe")
    assert extent([str(logs / "pipe")]) == 0


def test_opened(logs: Path) -> None:
    stdin = io.BytesIO(b"from stdin")
    with opened("-", stdin) as raw:
        assert raw.read() == b"from stdin"
    assert not stdin.closed
    with opened(str(logs / "b.log"), stdin) as raw:
        assert raw.read(3) == b"123"
    with pytest.raises(OSError, match="No such file"):
        opened(str(logs / "gone"), stdin)


def test_names_are_shown_without_credentials_and_harmless() -> None:
    assert sources.shown("https://jo:secret@logs.example/a.gz?X-Signature=abc") == "https://logs.example/a.gz"
    assert sources.shown("a\x1b[31m?b.log") == r"a\x1b[31m?b.log"
