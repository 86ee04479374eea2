"""Where log lines come from: files plain or compressed, folders, patterns, object stores, standard input; by blocks."""

from __future__ import annotations

import bz2
import glob
import io
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import IO, Protocol, TypeAlias

import zstandard

from subak.analytics.logs import fields, remote
from subak.analytics.logs.combined import LONGEST
from subak.analytics.logs.remote import Reader
from subak.errors import BadRequest

STDIN = "-"
CHUNK = 2**20
NEAR = 2**12
"""Bytes behind a block in which the end of its last line is looked for."""
MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    *((bytes([0x50 + n]) + b"\x2a\x4d\x18", "zstd") for n in range(16)),  # frames to be skipped, as pzstd's first one
)
"""Compression is told by the first bytes, not by the name: standard input has none."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one source."""

    data: bytes
    """Each line ends with a newline, but the last one of the source may lack it."""


@dataclass(frozen=True, slots=True)
class Overlong:
    """A line too long to be held."""

    head: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The source cannot be read further; what came before counts."""

    reason: str


Piece: TypeAlias = Block | Overlong | Broken


@dataclass(slots=True)
class Source:
    """An open log."""

    raw: Reader
    block: int = CHUNK
    """About so many bytes of a plain file come at a time."""
    delivered: int = 0
    """Bytes after decompression."""
    position: int = 0
    """Bytes read before decompression."""
    _ahead: bytes = field(default=b"", repr=False)

    def read(self, most: int = CHUNK) -> bytes:
        """Raw bytes. Raises OSError."""
        ahead, self._ahead = self._ahead, b""
        data = ahead or self.raw.read(most)
        self.position += len(data)
        return data

    def chunks(self) -> Iterator[bytes]:
        """Bytes after decompression, a bounded piece at a time. Raises OSError for damage, told in words."""
        while len(self._ahead) < 6 and (more := self.raw.read(CHUNK)):
            self._ahead += more
        kind = next((kind for magic, kind in MAGIC if self._ahead.startswith(magic)), "")
        try:
            for chunk in _UNPACK[kind](self):
                self.delivered += len(chunk)
                yield chunk
        except (zlib.error, zstandard.ZstdError, lzma.LZMAError, EOFError, ValueError) as error:
            raise OSError(f"the {kind} data are damaged: {error}") from error


# ---------------------------------------------------------------- names


NO_LOGS = (".parquet", ".duckdb", ".md5", ".sha1", ".sha256", ".sig", ".asc", ".pid", ".lock", ".tmp", ".part")
"""Files of a folder that are passed over, as hidden ones are."""


def expand(sources: Sequence[str], stores: remote.Connect = remote.connect) -> list[str]:
    """The files and objects that names mean, each once, in the order given. Raises BadRequest.

    A name is a file, a folder (the logs below it, sorted), a pattern, a URL (see `remote`) or '-'.
    """
    found: dict[str, str] = {}
    for name in sources:
        if name == STDIN:
            names = [name]
        elif os.path.isdir(name):
            names = _below(name)
        elif os.path.exists(name):
            names = [name]
        elif remote.remote(name):
            names = [one for one, _ in remote.listed(name, stores)]
        elif glob.has_magic(name):
            names = sorted(n for n in glob.glob(name, recursive=True) if not os.path.isdir(n))
        else:
            names = []
        if not names:
            raise BadRequest(f"there is no log {fields.printable(remote.shown(name))!r}")
        for one in names:
            found.setdefault(one if one == STDIN or remote.remote(one) else os.path.realpath(one), one)
    return list(found.values())


def _below(folder: str) -> list[str]:
    return sorted(
        os.path.join(where, name)
        for where, _, names in os.walk(folder)
        for name in names
        if not any(part.startswith(".") for part in os.path.relpath(os.path.join(where, name), folder).split(os.sep))
        and not name.endswith(NO_LOGS)
    )


def extent(names: Sequence[str], stores: remote.Connect = remote.connect) -> int:
    """Bytes of all files together; 0 if that cannot be known."""
    total = 0
    far = [name for name in names if remote.remote(name)]
    for name in names:
        if not remote.remote(name):
            try:
                found = os.stat(name)
            except OSError:
                return 0
            if not stat.S_ISREG(found.st_mode):
                return 0
            total += found.st_size
    try:
        return total + (remote.extent(far, stores) if far else 0)
    except OSError:
        return 0


def opened(name: str, stdin: IO[bytes], stores: remote.Connect = remote.connect) -> AbstractContextManager[Reader]:
    """The raw bytes of a source. Raises OSError."""
    if name == STDIN:
        return nullcontext(stdin)
    return nullcontext(remote.opened(name, stores)) if remote.remote(name) else open(name, "rb", buffering=0)


def shown(name: str) -> str:
    """The name as it may be shown: no terminal obeys it, and it carries no credential."""
    return fields.printable(remote.shown(name))


# ---------------------------------------------------------------- compression


def _plain(source: Source) -> Iterator[bytes]:
    while chunk := source.read(_reach(source)):
        yield chunk


def _reach(source: Source) -> int:
    """How much to read. A block of a file, and on to the end of the line there if that is near: whole lines need no
    cutting and joining in `blocks`, and so no copying."""
    if not isinstance(source.raw, io.FileIO) or not source.raw.seekable():
        return CHUNK
    ahead = os.pread(source.raw.fileno(), NEAR, source.raw.tell() + source.block)
    return source.block + ahead.find(b"\n") + 1


class _Decompressor(Protocol):
    """What bz2 and lzma have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _streams(source: Source, make: Callable[[], _Decompressor]) -> Iterator[bytes]:
    """Any number of streams one after the other."""
    unpack, data = make(), source.read()
    while data:
        yield from _drained(unpack, data)
        data = unpack.unused_data or source.read()
        if unpack.eof and data:
            unpack = make()
    if not unpack.eof:
        raise EOFError("they end too early")


def _drained(unpack: _Decompressor, data: bytes) -> Iterator[bytes]:
    yield _piece(unpack, data)
    while not unpack.eof and not unpack.needs_input:
        yield _piece(unpack, b"")


def _piece(unpack: _Decompressor, data: bytes) -> bytes:
    try:
        return unpack.decompress(data, CHUNK)
    except OSError as error:  # what bz2 raises for damage
        raise ValueError(str(error)) from error


def _gzip(source: Source) -> Iterator[bytes]:
    unpack, data = zlib.decompressobj(31), source.read()
    while data:
        yield unpack.decompress(data, CHUNK)
        data = unpack.unconsumed_tail or unpack.unused_data.lstrip(b"\0") or source.read()
        if unpack.eof and data:
            unpack = zlib.decompressobj(31)
    while not unpack.eof and (rest := unpack.decompress(b"", CHUNK)):
        yield rest
    if not unpack.eof:
        raise EOFError("they end too early")


def _zstd(source: Source) -> Iterator[bytes]:
    # In small pieces, because this library bounds no output: 1 KiB can become 32 MiB at the very worst.
    unpack, data = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj(), source.read()
    while data:
        for at in range(0, len(data), 1024):
            yield unpack.decompress(data[at : at + 1024])
            if unpack.eof:
                data = unpack.unused_data + data[at + 1024 :]
                break
        else:
            data = b""
        data = data or source.read()
        if unpack.eof and data:
            unpack = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    if not unpack.eof:
        raise EOFError("they end too early")


_UNPACK: dict[str, Callable[[Source], Iterator[bytes]]] = {
    "": _plain,
    "gzip": _gzip,
    "zstd": _zstd,
    "bzip2": lambda source: _streams(source, bz2.BZ2Decompressor),
    "xz": lambda source: _streams(source, lzma.LZMADecompressor),
}

# ---------------------------------------------------------------- blocks


def blocks(chunks: Iterator[bytes], size: int) -> Iterator[Piece]:
    """Cut a stream into blocks of whole lines of about `size` bytes; a stream that breaks off ends with Broken."""
    parts: list[bytes] = []
    held = 0
    trouble: Broken | None = None
    try:
        for chunk in chunks:
            parts.append(chunk)
            held += len(chunk)
            if held < size:
                continue
            cut = chunk.rfind(b"\n") + 1
            if cut:  # nearly always: everything is copied once
                parts[-1] = chunk[:cut]
                yield Block(b"".join(parts))
                parts = [chunk[cut:]] if cut < len(chunk) else []
                held = len(chunk) - cut
                continue
            data = b"".join(parts)
            cut = data.rfind(b"\n") + 1
            if cut:
                yield Block(data[:cut])
            rest = data[cut:]
            if len(rest) > max(LONGEST, size):
                long, rest = _pass_over(rest, chunks)
                yield long
            parts, held = [rest], len(rest)
    except OSError as error:
        trouble = Broken(error.strerror or str(error))
    if held:
        yield Block(b"".join(parts))
    if trouble:
        yield trouble


def _pass_over(head: bytes, chunks: Iterator[bytes]) -> tuple[Overlong, bytes]:
    """Skip the rest of a line; gives it and what follows. Raises OSError."""
    size = len(head)
    for chunk in chunks:
        end = chunk.find(b"\n") + 1
        if end:
            return Overlong(head[:1024], size + end), chunk[end:]
        size += len(chunk)
    return Overlong(head[:1024], size), b""
