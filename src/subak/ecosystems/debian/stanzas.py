"""Indexes: what Packages, Sources, lists of patches and an installer's checksums say of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from subak.ecosystems.base import Page
from subak.ecosystems.debian.shapes import askable, index_folder, root_of
from subak.ecosystems.debian.unpack import unpacked
from subak.errors import UpstreamLied
from subak.model.digest import Pin, digest
from subak.model.exchange import Subject

LONGEST = 8 * 2**20
"""Bytes of one stanza; the longest real ones have a tenth of a megabyte."""

_FIELD = re.compile(
    rb"^(Package|Version|Filename|Size|SHA256|SHA512|Directory):[ \t]*([^\r\n]*?)[ \t\r]*$", re.MULTILINE
)
_ROWS = re.compile(rb"^Checksums-Sha(256|512):[^\n]*\n((?:[ \t]+\S[^\n]*(?:\n|\Z))+)", re.MULTILINE)
_PATCHES = re.compile(rb"^SHA(256|512)-Download:[^\n]*\n((?:[ \t]+\S[^\n]*(?:\n|\Z))+)", re.MULTILINE)
_SUM = re.compile(rb"([0-9a-fA-F]{64})[ \t]+\*?(\S+)[ \t\r]*\Z")
_CONTROL = re.compile(rb"\s*[A-Za-z][A-Za-z0-9-]*:(?:\s|\Z)")

_SPEAK_OF_NO_FILES = re.compile(r"(?:^|/)(?:i18n|dep11|cnf)/by-hash/")


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What a verified index announces. Bytes found by their hash may be any kind of index, or none.

    Raises UpstreamLied for a stream that cannot be unpacked, and for digests that cannot be read.
    """
    key = subject.key
    if subject.route == "sums":
        return _sums(key, page)
    if subject.route == "diffs" or ".diff/by-hash/" in key:
        return _patches(key, page)
    if _SPEAK_OF_NO_FILES.search(key):
        return iter(())
    return _indexed(subject, page)


# ---------------------------------------------------------------- Packages and Sources


def _indexed(subject: Subject, page: Page) -> Iterator[Pin]:
    pieces = unpacked(page.body)
    first = next(pieces, b"")
    if not _CONTROL.match(first):
        if subject.route == "index" and first.strip():
            raise UpstreamLied(f"{subject.key} is not an index of packages")
        return
    here, root = index_folder(subject.key), root_of(subject.key)
    for stanza in stanzas(chain((first,), pieces)):
        yield from _stanza(stanza, root, flat="dists/" not in here)


def stanzas(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut a stream at its empty lines. Raises UpstreamLied when none comes for LONGEST bytes."""
    rest = b""
    for piece in pieces:
        block, found, rest = (rest + piece).replace(b"\r\n", b"\n").rpartition(b"\n\n")
        if found:
            yield from block.split(b"\n\n")
        if len(rest) > LONGEST:
            raise UpstreamLied(f"an index with an entry of more than {LONGEST} bytes")
    yield rest


def _stanza(stanza: bytes, root: str, *, flat: bool) -> Iterator[Pin]:
    fields = {name: value.decode("utf-8", "replace") for name, value in _FIELD.findall(stanza)}
    name, version = fields.get(b"Package", ""), fields.get(b"Version", "")
    if b"Filename" in fields:
        path = _joined(root, fields[b"Filename"], flat=flat)
        strong = ((a, fields[k]) for a, k in (("sha256", b"SHA256"), ("sha512", b"SHA512")) if k in fields)
        algorithm, value = next(strong, ("", ""))
        if path and value:
            yield Pin(path, "", digest(algorithm, value), _size(fields.get(b"Size", "")), name, version)
    elif b"Directory" in fields:
        for algorithm, value, size, file in _rows(_ROWS, stanza):
            if path := _joined(root, f"{fields[b'Directory']}/{file}", flat=flat):
                yield Pin(path, "", digest(algorithm, value), _size(size), name, version)


def _joined(root: str, path: str, *, flat: bool) -> str:
    """A `Filename` as it is asked for here.

    A flat archive's counts from the URI in the client's sources, which its index does not know: where it repeats
    the end of the index's own folder, it counts from above that.
    """
    path = askable(path)
    if flat and root and path:
        above = next((root[:at] for at in _cuts(root) if path.startswith(root[at:])), root)
        return above + path
    return root + path if path else ""


def _cuts(folder: str) -> Iterator[int]:
    """Where the segments of 'a/b/' begin: 0, 2."""
    return (m.start() for m in re.finditer(r"[^/]+/", folder))


def _size(text: str) -> int:
    """Raises UpstreamLied unless it is a number."""
    if not text:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UpstreamLied(f"not a size: {text[:40]!r}")
    return int(text)


def _rows(pattern: re.Pattern[bytes], text: bytes) -> Iterator[tuple[str, str, str, str]]:
    """(algorithm, digest, size, file) of the strongest list we prefer. Raises UpstreamLied."""
    lists: dict[bytes, bytes] = dict(pattern.findall(text))
    bits = b"256" if b"256" in lists else b"512"
    for line in lists.get(bits, b"").decode("utf-8", "replace").split("\n"):
        words = line.split()
        if words and len(words) != 3:
            raise UpstreamLied(f"a row of an index is not 'digest size file': {line[:140]!r}")
        if words:
            yield f"sha{bits.decode()}", words[0], words[1], words[2]


# ---------------------------------------------------------------- patches and installer images


def _patches(key: str, page: Page) -> Iterator[Pin]:
    """The patches that lead from older indexes to today's."""
    text = b"".join(_limited(unpacked(page.body)))
    folder = index_folder(key)
    for algorithm, value, size, file in _rows(_PATCHES, text.replace(b"\r\n", b"\n")):
        if path := askable(file):
            yield Pin(folder + path, "", digest(algorithm, value), _size(size))


def _sums(key: str, page: Page) -> Iterator[Pin]:
    """`sha256sum` of everything in the folder."""
    folder = index_folder(key)
    for line in b"".join(_limited(unpacked(page.body))).split(b"\n"):
        if not line.strip():
            continue
        found = _SUM.match(line)
        if not found:
            raise UpstreamLied(f"a row of {key} is not 'digest file': {line[:140]!r}")
        if path := askable(found[2].decode("utf-8", "replace")):
            yield Pin(folder + path, "", digest("sha256", found[1].decode()))


def _limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Raises UpstreamLied beyond LONGEST bytes: these lists are short."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > LONGEST:
            raise UpstreamLied(f"a list of more than {LONGEST} bytes")
        yield piece
