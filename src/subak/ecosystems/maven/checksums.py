"""What upstream says of a file's digest: in the answer's headers, or in the checksum file beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from subak.errors import UpstreamLied
from subak.model.digest import STRENGTH, UNPINNED, Digest, digest

_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}
_PREFIXES = ("x-checksum-", "x-goog-meta-checksum-", "x-amz-meta-checksum-")
_IN_ETAG = re.compile(r'"?\{SHA1\{([0-9a-f]{40})\}\}"?\Z', re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]+\Z", re.IGNORECASE)
_BSD = re.compile(rb"=[ \t]*([0-9a-f]+)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_LARGEST = 4096
"""Bytes of a checksum file that are read."""

_LOST_ZEROS = 4
"""Leading zeros that a writer of plain numbers may have dropped; more is no digest any more."""


def from_headers(headers: Mapping[str, str]) -> Digest:
    """The strongest digest that a file's response headers (lowercase names) announce; UNPINNED if none does.

    A value that is no digest counts as none: the checksum file is asked then.
    """
    for algorithm in reversed([a for a in STRENGTH if a in _LENGTHS]):
        for prefix in _PREFIXES:
            value = headers.get(prefix + algorithm, "").strip()
            if len(value) == _LENGTHS[algorithm] and _HEX.match(value):
                return digest(algorithm, value)
    named = _IN_ETAG.match(headers.get("etag", ""))
    return digest("sha1", named[1]) if named else UNPINNED


def from_file(body: memoryview | bytes, algorithm: str, what: str) -> Digest:
    """The digest that a checksum file holds: 'HASH', 'HASH  name', 'SHA1 (name) = HASH', or without leading zeros.

    Raises UpstreamLied for anything else, such as an error page sent with 200.
    """
    text = bytes(body[:_LARGEST])
    bsd = _BSD.search(text)
    words = [bsd[1]] if bsd else text.split()[:1]
    length = _LENGTHS[algorithm]
    for word in words:
        found = word.decode("latin-1")
        if length - _LOST_ZEROS <= len(found) <= length and _HEX.match(found):
            return digest(algorithm, found.zfill(length))
    raise UpstreamLied(f"{what} holds no {algorithm} digest")
