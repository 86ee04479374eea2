"""Cargo's documents: config.json, and an index file with one JSON line for each version."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.cargo.places import crate, index, possible
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

CHUNK = 64 * 1024
"""Bytes of one yielded piece, about."""

CHECKSUM = "{sha256-checksum}"
"""Cargo's marker (since 1.56): our download URLs name the very bytes, so a crate is found without its index."""

# ---------------------------------------------------------------- config.json


class Config(msgspec.Struct):
    """The upstream's config.json, as far as it matters here."""

    dl: str
    api: str | None = None


_config: Callable[[bytes | memoryview], Config] = msgspec.json.Decoder(Config).decode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_WEB = ("https://", "http://")


def read_config(body: bytes | memoryview) -> Config:
    """Raises UpstreamLied for anything but a registry's config.json."""
    try:
        found = _config(body)
    except _BROKEN as error:
        raise UpstreamLied(f"config.json is not a registry's: {error}") from error
    if not found.dl.startswith(_WEB) or (found.api and not found.api.startswith(_WEB)):
        raise UpstreamLied("config.json names no http(s) address for its files or its API")
    return found


# ---------------------------------------------------------------- the index


class _Line(msgspec.Struct):
    """One version, as far as it matters here."""

    name: str
    vers: str
    cksum: str
    pubtime: str | None = None


_line: Callable[[bytes], _Line] = msgspec.json.Decoder(_Line).decode
_members: Callable[[bytes], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


def _lines(subject: Subject, page: Page) -> Iterator[tuple[_Line, bytes]]:
    """Each version that can be read, with its line as it came.

    Lines that are JSON but tell no name, version and checksum are left out: Cargo passes over what it cannot read,
    and what we cannot read we can neither check nor withhold. Raises UpstreamLied when a line is no JSON (cut off,
    an error page) or about another crate, NotFound for an empty file: that is an absence, and must not replace a
    copy that still lists versions.
    """
    raws = [raw for raw in bytes(page.body).split(b"\n") if raw.strip()]
    if not raws:
        raise NotFound(f"the index file of {subject.name} is empty")
    readable = 0
    for raw in raws:
        try:
            line = _line(raw)
            _members(raw)  # so that it can be shown as withheld one day
        except msgspec.ValidationError:
            continue
        except _BROKEN as error:
            raise UpstreamLied(f"the index file of {subject.name} is not made of JSON lines: {error}") from error
        if not line.name.isascii() or line.name.lower() != subject.name:
            raise UpstreamLied(f"the index file of {subject.name} tells about {line.name[:80]!r}")
        if possible(line.vers, line.cksum):
            readable += 1
            yield line, raw
    if not readable:
        raise UpstreamLied(f"no line in the index file of {subject.name} can be read")


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each version; none of config.json, which is only checked."""
    if subject.kind is Kind.CONFIG:
        read_config(page.body)
        return iter(())
    return _pins(subject, page)


def _pins(subject: Subject, page: Page) -> Iterator[Pin]:
    seen: set[str] = set()
    for line, _ in _lines(subject, page):
        file = crate(line.name, line.vers, line.cksum)
        if file.key not in seen:
            seen.add(file.key)
            yield Pin(
                file.key, "", Digest("sha256", line.cksum), name=line.name, version=line.vers,
                published=_moment(line.pubtime or ""),
            )  # fmt: skip


def _moment(text: str) -> float:
    """'2026-03-20T00:12:37Z' as Unix time; 0 when it is none: an unknown time, for which policy has a rule."""
    try:
        return max(0.0, datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return 0.0


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The index file with hidden versions marked as yanked: new resolutions pass over them, builds with a lock file
    still find their line (their file is up to the rules). Or config.json, leading here."""
    if subject.kind is Kind.CONFIG:
        return iter((_shown_config(page, view, keyed=subject.keyed),))
    return _shown_lines(subject, page, view)


def _shown_config(page: Page, view: View, *, keyed: bool) -> bytes:
    """Ours alone: Cargo knows no other members, and an unknown one may lead past us."""
    config = read_config(page.body)
    shown: dict[str, object] = {"dl": f"{view.base}/crates/{{crate}}/{{version}}/{CHECKSUM}.crate"}
    if config.api:
        shown["api"] = view.base
    if keyed:
        shown["auth-required"] = True  # else Cargo keeps its token to itself when it asks for the index and files
    return _encode(shown)


def _shown_lines(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    waiting = bytearray()
    for line, raw in _lines(subject, page):
        waiting += _yanked(raw) if line.vers in view.hidden else raw
        waiting += b"\n"
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _yanked(raw: bytes) -> bytes:
    """The line, unknown members included. The yank is not upstream's: it changes no pin."""
    try:
        members = _members(raw)
    except _BROKEN as error:
        raise UpstreamLied(f"a line of the index cannot be read: {error}") from error
    return _encode({**members, "yanked": Raw(b"true")})


def settle(subject: Subject, page: Page) -> Subject:
    """The archive that the index announces for this version. Raises NotFound, UpstreamLied."""
    for line, _ in _lines(index(subject.name), page):
        if line.vers == subject.version:
            return crate(line.name, line.vers, line.cksum)
    raise NotFound(f"{subject.name} has no version {subject.version}")
