"""Go's h1 digests: a hash over the hashes of a module's files (Go Modules Reference, 'go.sum files')."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from pathlib import Path

from subak.errors import Mismatch

LARGEST = 500 * 2**20
"""Unpacked bytes of a module zip that the go command itself accepts."""
MOST = 200_000
"""Files in one zip."""
PIECE = 2**20
END = 22
"""Bytes of a zip's closing record, without its comment."""


def of_zip(path: Path) -> str:
    """Hex of the h1 digest of a module zip. Blocks. Raises Mismatch when it is no zip that go would unpack."""
    lines: list[tuple[bytes, str]] = []
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            _must_end(path, len(archive.comment))
            members = archive.infolist()
            if len(members) > MOST or len({m.filename for m in members}) != len(members):
                raise Mismatch("the module zip holds too many files, or one of them twice")
            for member in members:
                if "\n" in member.filename:
                    raise Mismatch("the module zip holds a file name with a line break")
                digest = hashlib.sha256()
                with archive.open(member) as stream:
                    while piece := stream.read(PIECE):
                        total += len(piece)
                        if total > LARGEST:  # the sizes in the directory may lie
                            raise Mismatch(f"the module zip unpacks to more than {LARGEST} bytes")
                        digest.update(piece)
                lines.append((member.filename.encode("utf-8", "surrogateescape"), digest.hexdigest()))
    # What zipfile raises for torn, encrypted, unknown or broken compression.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Mismatch(f"the module zip cannot be read: {error}") from error
    return _over(sorted(lines))


def _must_end(path: Path, comment: int) -> None:
    """Python finds the closing record (APPNOTE 4.3.16) also before bytes that do not belong to it; go does not."""
    with path.open("rb") as file:
        file.seek(-(END + comment), os.SEEK_END)
        record = file.read(END)
    if not record.startswith(b"PK\x05\x06") or int.from_bytes(record[-2:], "little") != comment:
        raise Mismatch("the module zip does not end with its closing record")


def of_mod(sha256: str) -> str:
    """Hex of the h1 digest of a go.mod, given the hex of its sha256."""
    return _over([(b"go.mod", sha256)])


def _over(lines: list[tuple[bytes, str]]) -> str:
    listing = hashlib.sha256()
    for name, digest in lines:
        listing.update(f"{digest}  ".encode() + name + b"\n")
    return listing.hexdigest()
