"""The checksum database: signed heads and records, read and proved (C2SP signed-note, tlog-checkpoint, tlog-tiles)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subak.ecosystems.base import Page, Site
from subak.ecosystems.go.names import commit_time, escape
from subak.ecosystems.go.tlog import (
    HASH,
    Tile,
    prove_inclusion,
    record_hash,
    tile_of,
    tiles_needed,
)
from subak.errors import ConfigError, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Kind, Subject

if TYPE_CHECKING:  # loaded where it is used: most processes prove no signature, and it takes 20 ms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LARGEST = 2**20
"""Bytes of a lookup or a head that are read; real ones have 400."""

_ED25519 = b"\x01"
_SIGNATURES = 100


# ---------------------------------------------------------------- the database's key


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    hash: bytes
    public: Ed25519PublicKey


def database(site: Site) -> str:
    """The name of the database that this site's modules are checked against, '' when none is known."""
    return site.further.get("sumdb", "").partition("+")[0]


def _key(text: str) -> _Key:
    """'<name>+<hash>+<key>'. Raises ConfigError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, hexadecimal, encoded = ([*text.split("+", 2), "", ""])[:3]
    try:
        raw = base64.b64decode(encoded, validate=True)
        short = bytes.fromhex(hexadecimal)
        if short != hashlib.sha256(f"{name}\n".encode() + raw).digest()[:4] or raw[:1] != _ED25519:
            raise ValueError("the hash is not that of the key, or the key is not of Ed25519")
        return _Key(name, short, Ed25519PublicKey.from_public_bytes(raw[1:]))
    except ValueError as error:
        raise ConfigError(
            f"the key of the checksum database {name[:80]!r} cannot be read: {error}",
            fix="Set GOSUMDB to the database's name and key, or to 'off'.",
        ) from error


# ---------------------------------------------------------------- notes


@dataclass(frozen=True, slots=True)
class Head:
    """How many records the log had, and the root of the tree over them."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the database answers about one version."""

    record: int
    text: bytes
    """Lines of a go.sum file."""
    note: bytes
    """The signed head of a tree that holds the record."""


_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")


def _checked(body: memoryview | bytes) -> bytes:
    """The body of a lookup or a head. Raises UpstreamLied for what cannot be text of the database."""
    if len(body) > LARGEST:
        raise UpstreamLied(f"{len(body)} bytes are too many for an answer of the checksum database")
    text = bytes(body)
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UpstreamLied("the answer of the checksum database is not UTF-8") from error
    if _CONTROL.search(text):
        raise UpstreamLied("the answer of the checksum database holds control characters")
    return text


_LOOKUP = re.compile(rb"(0|[1-9][0-9]{0,18})\n([^\n]+\n(?:[^\n]+\n)*)\n(.+)\Z", re.DOTALL)
_HEAD = re.compile(rb"go\.sum database tree\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")
_SIGNATURE = re.compile("— ([^\\s+]+) ([A-Za-z0-9+/=]+)".encode())


def read_lookup(page: Page) -> Lookup:
    """Raises UpstreamLied."""
    found = _LOOKUP.match(_checked(page.body))
    if found is None:
        raise UpstreamLied("this is no answer of a checksum database")
    read_head(found[3])
    return Lookup(int(found[1]), found[2], found[3])


def read_head(note: memoryview | bytes) -> Head:
    """The head that a note tells of, nothing verified. Raises UpstreamLied."""
    text, _ = _split(_checked(note))
    found = _HEAD.match(text)
    if found is None:
        raise UpstreamLied("this is no head of a checksum database's log")
    return Head(int(found[1]), base64.b64decode(found[2]))


def _split(note: bytes) -> tuple[bytes, list[bytes]]:
    """A note's text, and its signature lines."""
    text, blank, signatures = note.rpartition(b"\n\n")
    if not blank or not signatures.endswith(b"\n"):
        raise UpstreamLied("the head of the checksum database's log is not signed")
    return text + b"\n", signatures.splitlines()[:_SIGNATURES]


def signed_head(note: memoryview | bytes, key: str) -> Head:
    """The head that a note tells of, signed by the database. Raises UpstreamLied, ConfigError."""
    from cryptography.exceptions import InvalidSignature

    wanted = _key(key)
    head = read_head(note)
    text, lines = _split(bytes(note))
    for line in lines:
        found = _SIGNATURE.fullmatch(line)
        if found is None or found[1].decode("utf-8", "replace") != wanted.name:
            continue
        try:
            raw = base64.b64decode(found[2], validate=True)
            if raw[:4] == wanted.hash:
                wanted.public.verify(raw[4:], text)
                return head
        except (ValueError, InvalidSignature) as error:
            raise UpstreamLied(f"the signature of {wanted.name} on the head of its log is wrong") from error
    raise UpstreamLied(f"the head of the checksum database's log is not signed by {wanted.name} with the known key")


# ---------------------------------------------------------------- what is announced, and its proof


def sums(subject: Subject, page: Page) -> Iterator[Pin]:
    """The pins of a version's zip and go.mod. Raises UpstreamLied unless the record announces both."""
    text = read_lookup(page).text.decode()
    base = f"{escape(subject.name)}/@v/{escape(subject.version)}"
    for suffix, extension, algorithm in (("", ".zip", "h1"), ("/go.mod", ".mod", "h1-mod")):
        want = _sum(text, f"{subject.name} {subject.version}{suffix} h1:", algorithm)
        if not want:
            raise UpstreamLied(f"the record of {subject.name} {subject.version} has no h1 sum of its {extension[1:]}")
        yield Pin(base + extension, "", want, -1, subject.name, subject.version, commit_time(subject.version))


def _sum(text: str, prefix: str, algorithm: str) -> Digest:
    """The sum in the line that begins so; UNPINNED without one. Two that differ are a lie."""
    found = {line.removeprefix(prefix) for line in text.splitlines() if line.startswith(prefix)}
    if not found:
        return UNPINNED
    try:
        (encoded,) = found
        return digest(algorithm, base64.b64decode(encoded, validate=True).hex())
    except ValueError as error:  # also for two of them
        raise UpstreamLied(f"the sums of {prefix!r} cannot be read") from error


def _tile(name: str, tile: Tile) -> Subject:
    return Subject("go", Kind.CONFIG, "tile", f"sumdb/{name}/{tile.path}")


def evidence(page: Page, site: Site) -> tuple[Subject, ...]:
    """The tiles that prove a lookup. Raises UpstreamLied, ConfigError."""
    lookup = read_lookup(page)
    head = signed_head(lookup.note, site.further["sumdb"])
    return tuple(_tile(database(site), tile) for tile in tiles_needed(lookup.record, head.size))


def prove_lookup(page: Page, site: Site, tiles: Mapping[str, Page]) -> None:
    """Raises UpstreamLied unless the record lies in the tree whose head the database signed."""
    lookup = read_lookup(page)
    head = signed_head(lookup.note, site.further["sumdb"])
    prefix = f"sumdb/{database(site)}/"
    bodies = {tile_of(key.removeprefix(prefix)): bytes(tile.body) for key, tile in tiles.items()}
    prove_inclusion(lookup.record, record_hash(lookup.text), head.size, head.root, bodies)


def check_tile(subject: Subject, page: Page) -> None:
    """Raises UpstreamLied unless it is as long as its path says. What it holds is proved with a lookup."""
    tile = tile_of(subject.key[subject.key.index("/tile/") + 1 :])
    if tile.level < 0:
        if bytes(page.body[-2:]) != b"\n\n":
            raise UpstreamLied(f"{tile.path} of the checksum database does not end with a record")
    elif len(page.body) != tile.width * HASH:
        raise UpstreamLied(f"{tile.path} of the checksum database holds {len(page.body)} bytes")


def check_yes(page: Page) -> None:
    """A proxy's word that it speaks for the database: its status says so, and most send no body. Raises UpstreamLied
    for a web page, which would count as a yes until long after somebody has logged in."""
    if bytes(page.body[:256]).lstrip().startswith(b"<"):
        raise UpstreamLied("a web page came instead of the proxy's word on its checksum database")
