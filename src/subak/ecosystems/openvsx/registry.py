"""Documents of the registry API: extensions, their versions, searches; each leading here, none of what is hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote, urlsplit

import msgspec

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx.places import (
    ALIASES,
    UNIVERSAL,
    Place,
    dated,
    file_url,
    place_of,
    possible_file,
    possible_name,
    possible_target,
    possible_version,
    quoted,
)
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Pin
from subak.model.exchange import Subject

Row = dict[str, object]

_decode: Callable[[bytes], Row] = msgspec.json.Decoder(Row).decode
_encode = msgspec.json.Encoder().encode
_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_OURS = {"download": "vsix", "sha256": "sha256"}
"""Files whose names follow from their version, with what they end in."""
_PLATFORM = re.compile(r"/api/[^/]+/[^/]+/([^/]+)/[^/]+/file/[^/]+\Z")


# ---------------------------------------------------------------- reading


def _read(page: Page) -> Row:
    try:
        return _decode(bytes(page.body))
    except _BROKEN as error:
        raise UpstreamLied(f"this is no document of the registry API: {error}") from error


def _list(row: Row, name: str) -> list[Row]:
    """The objects in a list. Raises UpstreamLied when it is none; one that is not there is empty."""
    found = row.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise UpstreamLied(f"{name!r} in the registry's answer is no list of objects")
    return found


def _table(row: Row, name: str) -> Row:
    """An object in an object, as `_list`."""
    found = row.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UpstreamLied(f"{name!r} in the registry's answer is no object")
    return found


def _text(row: Row, name: str) -> str:
    found = row.get(name)
    return found if isinstance(found, str) else ""


def _segments(url: object) -> list[str]:
    """The segments of an address's path, decoded."""
    try:
        return unquote(urlsplit(url).path).split("/") if isinstance(url, str) and len(url) < 4096 else [""]
    except ValueError:
        return [""]


def _place(row: Row) -> Place | None:
    """What a row is about; None if it cannot be. Entries of a search tell their platform only in an address."""
    target = _text(row, "targetPlatform")
    if not target:
        found = _PLATFORM.search("/".join(_segments(_table(row, "files").get("download"))))
        target = found[1] if found and possible_target(found[1]) else ""
    at = Place(_text(row, "namespace"), _text(row, "name"), _text(row, "version"), target)
    named = possible_name(at.namespace) and possible_name(at.name)
    return at if named and possible_version(at.version) and possible_target(at.target or UNIVERSAL) else None


def _hidden(view: View, at: Place, version: str) -> bool:
    return version in view.hidden or f"{at.id}@{version}" in view.hidden


# ---------------------------------------------------------------- checking


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """When each package was published, where that is told: digests lie in documents of their own.

    Raises UpstreamLied unless the page is such a document, NotFound when it lists nothing of what was asked.
    """
    row = _read(page)
    found = _check(subject, row)
    return (dated(at, _text(item, "timestamp")) for at, item in found if _text(item, "timestamp"))


def _check(subject: Subject, row: Row) -> list[tuple[Place, Row]]:
    """The packages that the document describes. Raises as `pins`."""
    match subject.route:
        case "extension":
            packages = _packages(subject, row)
            if not packages:
                raise NotFound(f"the upstream has no {subject.key.removeprefix('api/')}")
            return packages
        case "version":
            at = _place(row)
            if at is None or at.id != subject.name.lower() or at.version != subject.version:
                raise UpstreamLied(f"the registry tells of something else than {subject.key.removeprefix('api/')}")
            return [(at, row)]
        case "queries":
            return [(at, item) for item in _list(row, "extensions") if (at := _place(item)) is not None]
        case "find":
            _list(row, "extensions")
        case "versions":
            _table(row, "versions")
        case "references":
            _list(row, "versions")
        case "namespace":
            _table(row, "extensions")
            if _text(row, "name").lower() != subject.name.lower():
                raise UpstreamLied(f"the registry tells of something else than the namespace {subject.name}")
        case "reviews":
            _list(row, "reviews")
    return []


# ---------------------------------------------------------------- showing


def render(subject: Subject, page: Page, view: View) -> bytes:
    """The document with addresses of ours and without what is hidden. Raises UpstreamLied, and NotFound when nothing
    is left of it."""
    row, at = _read(page), place_of(subject)
    match subject.route:
        case "extension":
            return bytes(_encode(_newest(subject, row, view)))
        case "version":
            if _hidden(view, at, at.version):
                raise NotFound(f"{subject.name} {at.version} is withheld here")
            shown = _shown(row, view, at.target)
            if shown is None:
                raise UpstreamLied(f"the registry does not say what {subject.name} is")
            return bytes(_encode(shown))
        case "versions":
            _versions(row, at, view)
        case "references":
            _references(row, "versions", at, view)
        case "namespace":
            names = [name for name in _table(row, "extensions") if possible_name(name)]
            row["extensions"] = {name: _address(view.base, subject.name, name) for name in names}
        case "reviews":
            row = {name: value for name, value in row.items() if name not in ("postUrl", "deleteUrl")}
        case _:
            _found(row, view, at.target)
    return bytes(_encode(row))


def _found(row: Row, view: View, scope: str) -> None:
    """The extensions that a search found."""
    before = _list(row, "extensions")
    after = [shown for found in before if (shown := _shown(found, view, scope)) is not None]
    row["extensions"] = after
    _lower(row, len(before) - len(after))


def _lower(row: Row, missing: int) -> None:
    total = row.get("totalSize")
    if missing and isinstance(total, int):
        row["totalSize"] = max(0, total - missing)


def _versions(row: Row, at: Place, view: View) -> None:
    """One page of {version: address}."""
    before = _table(row, "versions")
    row["versions"] = after = _linked(before, at, view, at.target)
    _lower(row, len(before) - len(after))


def _linked(versions: Iterable[str], at: Place, view: View, scope: str) -> Row:
    """{version: address}, aliases included."""
    return {
        version: _address(view.base, at.namespace, at.name, scope, version)
        for version in versions
        if version in ALIASES or (possible_version(version) and not _hidden(view, at, version))
    }


def _references(row: Row, name: str, at: Place, view: View) -> None:
    """A list of one object for each package."""
    before, after = _list(row, name), []
    for item in before:
        here = Place(at.namespace, at.name, _text(item, "version"), _text(item, "targetPlatform") or UNIVERSAL)
        if possible_version(here.version) and possible_target(here.target) and not _hidden(view, at, here.version):
            item["url"] = f"{view.base}/{quoted(here.folder())}"
            item["files"] = _files(_table(item, "files"), here, view.base)
            after.append(item)
    row[name] = after
    _lower(row, len(before) - len(after))


# ---------------------------------------------------------------- one extension


def _packages(subject: Subject, row: Row) -> list[tuple[Place, Row]]:
    """What upstream tells of the packages of one extension, for the platform asked; newest first."""
    wanted = place_of(subject)
    rows = [(at, item) for item in _list(row, "extensions") if (at := _place(item)) is not None]
    rows = [(at, item) for at, item in rows if at.id == wanted.id and wanted.target in ("", at.target)]
    return sorted(rows, key=lambda pair: (_rank(pair[0].version), pair[0].target == UNIVERSAL), reverse=True)


def _rank(version: str) -> tuple[tuple[int, ...], bool, list[tuple[bool, int, str]]]:
    """Sorts versions as SemVer 2.0.0 §11 does, and those that are none in some order."""
    release, dash, rest = version.partition("+")[0].partition("-")
    numbers = tuple(int(n) for n in re.findall(r"\d+", release)[:8] if len(n) < 40)
    identifiers = [(not i.isdigit(), int(i) if i.isdigit() and i.isascii() else 0, i) for i in rest.split(".")]
    return numbers, not dash, identifiers


def _newest(subject: Subject, row: Row, view: View) -> Row:
    """The package that an alias means: upstream's own, or the newest that is not hidden. Raises NotFound."""
    packages = [(at, item) for at, item in _packages(subject, row) if not _hidden(view, at, at.version)]
    alias = subject.part
    if alias == "pre-release":
        packages = [(at, item) for at, item in packages if item.get("preRelease") is True]
    own = [pair for pair in packages if alias in _aliases(pair[1])]
    released = [pair for pair in packages if pair[1].get("preRelease") is not True]
    if not packages:
        raise NotFound(f"{subject.name} has no {alias} version that may be shown")
    at, found = (own or released or packages)[0]
    found["versionAlias"] = sorted({*_aliases(found), alias})
    found["downloads"] = {other.target: "" for other, _ in packages if other.version == at.version}
    shown = _shown(found, view, place_of(subject).target)
    assert shown is not None  # it is a package, and not hidden
    return shown


def _aliases(row: Row) -> list[str]:
    found = row.get("versionAlias")
    return [alias for alias in found if alias in ALIASES] if isinstance(found, list) else []


def _shown(row: Row, view: View, scope: str) -> Row | None:
    """One version's metadata, or one entry of a search; None if it is hidden or no such thing. `scope` is the
    platform that was asked for, '' for any."""
    at = _place(row)
    if at is None or _hidden(view, at, at.version):
        return None
    base = view.base
    row["files"] = _files(_table(row, "files"), at, base)
    if "downloads" in row:
        targets = [t for t in _table(row, "downloads") if possible_target(t)]
        row["downloads"] = {t: _download(Place(at.namespace, at.name, at.version, t), base) for t in targets}
    if isinstance(row.get("allVersions"), list):
        _references(row, "allVersions", at, view)
    elif "allVersions" in row:
        row["allVersions"] = _linked(_table(row, "allVersions"), at, view, scope)
    if "allTargetPlatformVersions" in row:
        platforms = _list(row, "allTargetPlatformVersions")
        row["allTargetPlatformVersions"] = [p for p in platforms if not _hidden(view, at, _text(p, "version"))]
    _readdress(row, at, scope, base)
    return row


def _readdress(row: Row, at: Place, scope: str, base: str) -> None:
    """Lead the addresses of everything else here."""
    own = {
        "namespaceUrl": _address(base, at.namespace),
        "reviewsUrl": _address(base, at.namespace, at.name, "reviews"),
        "url": f"{base}/{quoted(at.folder())}" if "targetPlatform" in row else _address(base, at.namespace, at.name),
    }
    row.update((name, url) for name, url in own.items() if row.get(name) is not None)
    if row.get("allVersionsUrl") is not None:
        last = _segments(row["allVersionsUrl"])[-1]
        last = last if last in ("versions", "version-references") else "versions"
        row["allVersionsUrl"] = _address(base, at.namespace, at.name, scope, last)
    for name in ("dependencies", "bundledExtensions"):
        for item in _list(row, name):
            item.pop("url", None)
            namespace, extension = _text(item, "namespace"), _text(item, "extension")
            if possible_name(namespace) and possible_name(extension):
                item["url"] = _address(base, namespace, extension)
    if row.get("replacement") is not None:
        replacement = _table(row, "replacement")
        names = [part for part in _segments(replacement.pop("url", None)) if possible_name(part)][-2:]
        if len(names) == 2:
            replacement["url"] = _address(base, *names)


def _address(base: str, *segments: str) -> str:
    return f"{base}/{quoted('/'.join(('api', *filter(None, segments))))}"


def _download(at: Place, base: str) -> str:
    bare = Place(at.namespace, at.name, at.version, "" if at.target == UNIVERSAL else at.target)
    return file_url(base, bare, bare.file("vsix"))


def _files(files: Row, at: Place, base: str) -> Row:
    """{type: address}: names of packages follow from their version, others are upstream's own."""
    here = Place(at.namespace, at.name, at.version, "" if at.target == UNIVERSAL else at.target)
    found: Row = {}
    for kind, url in files.items():
        last = _segments(url)[-1]
        if kind in _OURS:
            found[kind] = file_url(base, here, here.file(_OURS[kind]))
        elif kind == "publicKey" and possible_name(last):
            found[kind] = f"{base}/api/-/public-key/{quoted(last)}"
        elif possible_file(last):
            found[kind] = file_url(base, here, last)
    return found
