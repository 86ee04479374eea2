"""Digests and pins: what a file has to hash to, and where an upstream keeps it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from subak.errors import UpstreamLied

STRENGTH: tuple[str, ...] = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""Algorithms we verify with, weakest first."""

SPECIAL: tuple[str, ...] = ("h1", "h1-mod", "git-blob")
"""Digests that are not of the bytes alone. h1: Go's dirhash of the files in a module zip (Go Modules Reference,
'go.sum files'); h1-mod: the same over a single go.mod; git-blob: git's SHA-1 of 'blob <size>', NUL and the bytes."""

_HEX_LENGTH = {
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128,
    "h1": 64, "h1-mod": 64, "git-blob": 40,
}  # fmt: skip
_HEX = re.compile(r"[0-9a-f]+\Z")


@dataclass(frozen=True, slots=True)
class Digest:
    """A checked digest: an algorithm of `STRENGTH` or `SPECIAL` and lowercase hex of its length."""

    algorithm: str
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}" if self.hex else "unpinned"

    def __bool__(self) -> bool:
        return bool(self.hex)


UNPINNED = Digest("", "")
"""The upstream announced no digest that we can check."""


def digest(algorithm: str, hexadecimal: str) -> Digest:
    """Check and build a digest. Raises UpstreamLied for an unknown algorithm or a wrong length."""
    algorithm, hexadecimal = algorithm.lower(), hexadecimal.lower()
    if algorithm not in SPECIAL:
        algorithm = algorithm.replace("-", "")
    if _HEX_LENGTH.get(algorithm) != len(hexadecimal) or not _HEX.match(hexadecimal):
        raise UpstreamLied(f"not a {algorithm or 'known'} digest: {hexadecimal[:140]!r}")
    return Digest(algorithm, hexadecimal)


def strongest(hashes: dict[str, str]) -> Digest:
    """The strongest digest among `{algorithm: hex}`; UNPINNED if none is known.

    A malformed value of a known algorithm raises UpstreamLied: a pin that cannot be read must not
    silently become no pin.
    """
    known = {name.lower().replace("-", ""): value for name, value in hashes.items()}
    for algorithm in reversed(STRENGTH):
        if algorithm in known:
            return digest(algorithm, known[algorithm])
    return UNPINNED


def from_sri(integrity: str) -> Digest:
    """The strongest digest of a W3C Subresource Integrity string (`sha512-<base64> sha1-…`)."""
    found: dict[str, str] = {}
    for token in integrity.split():
        algorithm, _, encoded = token.partition("-")
        if algorithm.lower() in _HEX_LENGTH:
            try:
                raw = base64.b64decode(encoded.partition("?")[0], validate=True)
            except ValueError as error:
                raise UpstreamLied(f"integrity is not base64: {token[:140]!r}") from error
            found.setdefault(algorithm.lower(), raw.hex())
    return strongest(found)


@dataclass(frozen=True, slots=True)
class Pin:
    """What an index document announces of one file."""

    path: str
    """The file's path on this gateway, below the ecosystem's mount, decoded, no leading slash."""
    url: str
    """Where the upstream keeps it, absolute; '' when `Ecosystem.source` tells."""
    digest: Digest = UNPINNED
    size: int = -1
    """Bytes, -1 when not announced."""
    name: str = ""
    version: str = ""
    published: float = 0.0
    """Unix time, 0 when not announced. Never our own fetch time."""
    content_type: str = ""
    """As the upstream announces it, for routes whose Content-Type is upstream's own."""
    dates: bool = False
    """Says only when the file was published: nothing else that is known of it changes."""
