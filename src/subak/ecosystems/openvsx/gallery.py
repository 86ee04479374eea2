"""Answers of the gallery API: extensions with their versions, each leading here, none that is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx.places import (
    PUBLIC_KEY,
    UNIVERSAL,
    Place,
    asset_url,
    dated,
    possible_name,
    possible_target,
    possible_version,
)
from subak.ecosystems.openvsx.question import NEWEST, NEWEST_OF_EACH
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Pin
from subak.model.exchange import Subject

T = TypeVar("T")

PRE_RELEASE = "Microsoft.VisualStudio.Code.PreRelease"


class _Property(msgspec.Struct):
    key: str
    value: str | None = None


class _File(msgspec.Struct, rename="camel"):
    asset_type: str
    source: str | None = None


class _Version(msgspec.Struct, rename="camel"):
    """One package of one version, as far as it matters here."""

    version: str
    target_platform: str | None = None
    last_updated: str | None = None
    asset_uri: str | None = None
    fallback_asset_uri: str | None = None
    files: list[_File] | None = None
    properties: list[_Property] | None = None

    @property
    def target(self) -> str:
        return self.target_platform or UNIVERSAL

    @property
    def pre_release(self) -> bool:
        return any(p.key == PRE_RELEASE and p.value == "true" for p in self.properties or ())


class _Publisher(msgspec.Struct, rename="camel"):
    publisher_name: str


class _Extension(msgspec.Struct, rename="camel"):
    extension_name: str
    publisher: _Publisher
    versions: list[Raw] | None = None


class _Result(msgspec.Struct, rename="camel"):
    extensions: list[Raw]
    result_metadata: Raw = msgspec.field(default_factory=lambda: Raw(b"[]"))


class _Answer(msgspec.Struct):
    results: list[_Result]


_answer: Callable[[bytes], _Answer] = msgspec.json.Decoder(_Answer).decode
_extension: Callable[[Raw], _Extension] = msgspec.json.Decoder(_Extension).decode
_version: Callable[[Raw], _Version] = msgspec.json.Decoder(_Version).decode
_members: Callable[[Raw], dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw]).decode
_rows: Callable[[Raw], list[object]] = msgspec.json.Decoder(list[object]).decode
_encode = msgspec.json.Encoder().encode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class _Told:
    """One extension while it is being told."""

    id: str
    total: int = 0
    """Packages upstream told of."""
    shown: list[bytes] = field(default_factory=list)
    updated: str = ""
    """Of the newest one shown."""
    withheld: bool = False


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """When each package was published: no digest is told here.

    Raises UpstreamLied unless the page answers a question, NotFound when it says that the one extension asked for is
    not there: that must not replace a copy that still lists versions.
    """
    found = [_read(_extension, raw) for result in _results(page) for raw in result.extensions]
    if subject.name and not any(_id(told) == subject.name.lower() for told in found):
        raise NotFound(f"the upstream has no extension {subject.name}")
    _check(subject, page)
    for told in found:
        named = possible_name(told.publisher.publisher_name) and possible_name(told.extension_name)
        for raw in told.versions or ():
            row = _read(_version, raw)
            if named and row.last_updated and possible_version(row.version) and possible_target(row.target):
                at = Place(told.publisher.publisher_name, told.extension_name, row.version, row.target)
                yield dated(at, row.last_updated)


def _check(subject: Subject, page: Page) -> None:
    """Raises UpstreamLied unless the page can be shown, whatever is withheld of it one day."""
    for result in _results(page):
        _read(_rows, result.result_metadata)
    for _ in _whole(subject, page, View("", "")):
        pass


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The answer, or for the route 'latest' the one extension itself.

    Raises UpstreamLied, and NotFound when 'latest' has nothing to show.
    """
    if subject.route == "latest":
        return iter((_latest(subject, page, view),))
    return _whole(subject, page, view)


def _latest(subject: Subject, page: Page, view: View) -> bytes:
    for result in _results(page):
        for raw in result.extensions:
            shown = _shown(subject, raw, view)
            if shown and _id(_read(_extension, Raw(shown))) == subject.name.lower():
                return shown
    raise NotFound(f"{subject.name} has no version that may be shown")


def _whole(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    yield b'{"results":['
    for number, result in enumerate(_results(page)):
        yield b',{"extensions":[' if number else b'{"extensions":['
        missing, first = 0, True
        for raw in result.extensions:
            shown = _shown(subject, raw, view)
            if not shown:
                missing += 1
                continue
            yield shown if first else b"," + shown
            first = False
        yield b'],"resultMetadata":' + _counted(result.result_metadata, missing) + b"}"
    yield b"]}"


def _results(page: Page) -> list[_Result]:
    try:
        return _answer(bytes(page.body)).results
    except _BROKEN as error:
        raise UpstreamLied(f"this is no answer of a gallery: {error}") from error


def _read(decode: Callable[[Raw], T], raw: Raw) -> T:
    try:
        return decode(raw)
    except _BROKEN as error:
        raise UpstreamLied(f"the gallery's answer cannot be read: {error}") from error


def _id(told: _Extension) -> str:
    return f"{told.publisher.publisher_name}.{told.extension_name}".lower()


def _shown(subject: Subject, raw: Raw, view: View) -> bytes:
    """One extension as this client must see it; b'' when nothing of it may be seen, or nobody asked for it."""
    told = _read(_extension, raw)
    at = Place(told.publisher.publisher_name, told.extension_name)
    if not possible_name(at.namespace) or not possible_name(at.name):
        return b""
    if subject.name and at.id != subject.name.lower():
        return b""  # what is hidden of another extension is not known here
    if told.versions is None:
        return bytes(raw)
    found = _versions(at, told.versions, view)
    if found.total and not found.shown:
        return b""
    members = _read(_members, raw)
    members["versions"] = Raw(b"[" + b",".join(found.shown) + b"]")
    if found.withheld and found.updated and "lastUpdated" in members:
        members["lastUpdated"] = Raw(_encode(found.updated))
    return bytes(_encode(members))


def _versions(at: Place, raws: list[Raw], view: View) -> _Told:
    """The packages that may be seen, newest first as upstream tells them: each once, and as many as were asked for."""
    told = _Told(at.id, total=len(raws))
    seen: set[tuple[object, ...]] = set()
    for raw in raws:
        row = _read(_version, raw)
        if row.version in view.hidden or f"{at.id}@{row.version}" in view.hidden:
            told.withheld = True  # every platform of it: else editors fall back to the universal package
            continue
        if not possible_version(row.version) or not possible_target(row.target):
            continue
        same: tuple[object, ...] = (row.version, row.target)
        if view.part == NEWEST:
            same = (row.target,)
        elif view.part == NEWEST_OF_EACH:
            same = (row.target, row.pre_release)
        if same not in seen:
            seen.add(same)
            told.shown.append(_linked(at, row, raw, view.base))
            told.updated = max(told.updated, row.last_updated or "")
    return told


def _linked(at: Place, row: _Version, raw: Raw, base: str) -> bytes:
    """One package with addresses of ours, built from what it is."""
    members = _read(_members, raw)
    target = "" if row.target == UNIVERSAL else row.target
    here = Place(at.namespace, at.name, row.version, target)
    folder = Raw(_encode(asset_url(base, here)))
    for name, value in (("assetUri", row.asset_uri), ("fallbackAssetUri", row.fallback_asset_uri)):
        if value is not None:
            members[name] = folder
    if row.asset_uri is not None:
        members["fallbackAssetUri"] = folder  # editors download from this one
    if row.files is not None:
        members["files"] = Raw(_encode([_file(here, f, base) for f in row.files]))
    return bytes(_encode(members))


def _file(at: Place, row: _File, base: str) -> dict[str, str]:
    """A public key is one for all packages, under an id that only upstream's address tells."""
    if row.asset_type == PUBLIC_KEY:
        key = (row.source or "").partition("?")[0].rpartition("/")[2]
        if possible_name(key):
            return {"assetType": row.asset_type, "source": f"{base}/api/-/public-key/{key}"}
    return {"assetType": row.asset_type, "source": asset_url(base, at, row.asset_type)}


def _counted(metadata: Raw, missing: int) -> bytes:
    """The result's metadata with TotalCount lowered by what was left out."""
    if not missing:
        return bytes(metadata)
    rows = _read(_rows, metadata)
    for row in rows:
        items = row.get("metadataItems") if isinstance(row, dict) else None
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and item.get("name") == "TotalCount" and isinstance(item.get("count"), int):
                item["count"] = max(0, item["count"] - missing)
    return bytes(_encode(rows))
