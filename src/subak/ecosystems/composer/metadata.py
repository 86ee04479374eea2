"""A package's metadata (`p2`): what it pins, and how clients must see it.

The minified form holds in each entry only what differs from the entry before, so no entry is ever changed in place:
each is expanded, edited, and written as the difference from the one last shown. Whatever is not edited leaves as it
came. `source` stays: withholding versions does not depend on it, and projects that develop a dependency need it; it
leads clients to the code host when an archive cannot be had, which only a network policy can forbid.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.composer.members import encode, items, members, text
from subak.ecosystems.composer.releases import canonical, escape, folded, is_dev
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Subject

CHUNK = 64 * 1024
"""Bytes of one yielded piece, about."""

MINIFIED = "composer/2.0"
_UNSET = Raw(b'"__unset"')
_NULL = Raw(b"null")

_MOST_MEMBERS = 256
"""Of one entry. Some forty are known; without a bound a small minified document could stand for a huge one."""

_OF_A_ROOT = frozenset({
    "metadata-url", "providers-url", "provider-includes", "includes", "notify", "notify-batch", "mirrors", "search",
    "list", "providers-api", "available-packages", "available-package-patterns", "metadata-changes-url",
})  # fmt: skip
"""Members by which a root, read for a package that stands in it, is told from a package's own document."""

_MEDIA = {"zip": "application/zip", "tar": "application/x-tar", "gzip": "application/gzip", "xz": "application/x-xz"}


def dist_path(name: str, version: str, file: str) -> str:
    """A dist's path below the mount; `version` is canonical, `file` its reference and type."""
    return f"dists/{name}/{escape(version)}/{escape(file)}"


# ---------------------------------------------------------------- hooks


def announced(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each dist, in the document's order. Raises UpstreamLied for anything but this package's metadata,
    and for a digest that cannot be read."""
    document = _open(subject, page)
    seen: set[str] = set()
    for release in _releases(document):
        place = _place(document, release)
        if place is None or place.path in seen:
            continue
        seen.add(place.path)
        yield Pin(
            path=place.path,
            url=place.url,
            digest=place.digest,
            name=document.name,
            version=release.version,
            published=_moment(release.fields),
            content_type=_MEDIA.get(place.type, ""),
        )


def shown(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The metadata with dists that lead here, without the hidden versions. Raises UpstreamLied.

    When all versions are hidden the list is empty: a name that is known here, so that the next repository is not
    asked. A document that does not know the name stays one.
    """
    return _pieces(_shown(_open(subject, page), view))


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    fields: dict[str, Raw]
    known: bool
    """Whether it lists the package at all, be it without versions."""
    entries: list[Raw]
    minified: bool
    dev: bool
    """Whether branches are wanted."""
    root: bool


@dataclass(frozen=True, slots=True)
class _Release:
    version: str
    """Canonical."""
    pretty: str
    fields: dict[str, Raw]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a dist is."""

    path: str
    url: str
    type: str
    digest: Digest
    dist: dict[str, Raw]


def _open(subject: Subject, page: Page) -> _Document:
    name = subject.name
    fields = members(page.body, name)
    if "packages" not in fields:
        raise UpstreamLied(f"the upstream was asked for {name} and sent a document without packages")
    packages = {key.lower(): raw for key, raw in members(fields["packages"], f"{name}: packages").items()}
    root = not _OF_A_ROOT.isdisjoint(fields)
    if packages and name not in packages and not root:
        raise UpstreamLied(f"the upstream was asked for {name} and sent a document of {min(packages)!r}")
    minified = text(fields, "minified", name)
    if minified not in ("", MINIFIED):
        raise UpstreamLied(f"{name}: minified in a way that is not known here: {minified[:80]!r}")
    entries = items(packages[name], name) if name in packages else []
    dev = subject.key.endswith("~dev.json")
    return _Document(name, fields, name in packages, entries, bool(minified), dev, root)


def _releases(document: _Document) -> Iterator[_Release]:
    """Each entry, expanded; of a root, which lists tags and branches together, the half that was asked for."""
    fields: dict[str, Raw] = {}
    for number, raw in enumerate(document.entries):
        what = f"{document.name}: entry {number}"
        changes = members(raw, what)
        fields = {k: v for k, v in {**fields, **changes}.items() if v != _UNSET} if document.minified else changes
        if len(fields) > _MOST_MEMBERS:
            raise UpstreamLied(f"{what} has more than {_MOST_MEMBERS} members")
        pretty, name = text(fields, "version", what), text(fields, "name", what)
        if not pretty.strip():
            raise UpstreamLied(f"{what} has no version")
        if name.lower() not in ("", document.name):
            raise UpstreamLied(f"{what} is of {name[:140]!r}")
        if not document.root or is_dev(pretty) == document.dev:
            yield _Release(canonical(pretty), pretty, fields)


def _place(document: _Document, release: _Release) -> _Place | None:
    """Where the release's dist is, here and upstream; None when it has none that could be fetched."""
    what = f"{document.name} {release.version}"
    raw = release.fields.get("dist", _NULL)
    dist = {} if raw == _NULL else members(raw, f"{what}: dist")
    type_, url = text(dist, "type", what), text(dist, "url", what)
    reference, shasum = text(dist, "reference", what), text(dist, "shasum", what)
    if "%" in url:
        url = _filled(url, document.name, release, reference, type_)
    if not type_ or not _fetchable(url):
        return None
    try:
        pin = digest("sha1", shasum) if shasum else UNPINNED
    except UpstreamLied as error:
        raise UpstreamLied(f"{what}: {error}") from error
    # without a reference, other bytes are told by another digest or another address
    sign = reference or shasum or hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
    path = dist_path(document.name, release.version, f"{sign}.{type_}")
    return _Place(path, url, type_, pin, dist)


def _filled(url: str, name: str, release: _Release, reference: str, type_: str) -> str:
    """A dist's URL is a template, too (ComposerMirror::processUrl); a '%' that begins no placeholder is left."""

    def md5(value: str) -> str:
        return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()

    normal = text(release.fields, "version_normalized", name) or folded(release.pretty)
    values = {
        "%package%": name,
        "%version%": md5(normal) if "/" in normal else normal,
        "%reference%": reference if re.fullmatch(r"[a-f0-9]*|%reference%", reference) else md5(reference),
        "%type%": type_,
        "%prettyVersion%": release.pretty,
    }
    for placeholder, value in values.items():
        url = url.replace(placeholder, value)
    return url


def _fetchable(url: str) -> bool:
    """Whether it is an absolute web address; Composer resolves no relative ones either."""
    return url.startswith(("https://", "http://")) and url.isprintable() and " " not in url


def _moment(fields: Mapping[str, Raw]) -> float:
    """`time` as Unix time; 0 when there is none: an unknown time, for which policy has a rule. It is the commit's."""
    raw = fields.get("time", Raw(b""))
    try:
        moment = datetime.fromisoformat(bytes(raw).decode().strip('"'))
        return max(0.0, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return 0.0


# ---------------------------------------------------------------- writing


def _shown(document: _Document, view: View) -> Iterator[bytes]:
    before = b"{"
    for key, raw in document.fields.items():
        if key == "packages":
            yield before + b'"packages":'
            yield from _packages(document, view)
        elif not document.root:  # a root's other members are about the whole repository
            yield before + encode(key) + b":"
            yield bytes(raw)
        else:
            continue
        before = b","
    yield b"}"


def _packages(document: _Document, view: View) -> Iterator[bytes]:
    if not document.known:
        yield b"{}"
        return
    yield b"{" + encode(document.name) + b":"
    hidden = frozenset(map(folded, view.hidden))
    before, last = b"[", dict[str, Raw]()
    for release in _releases(document):
        if folded(release.version) in hidden:
            continue
        fields = _edited(document, release, view)
        if document.minified:  # in the order in which a reader finds them: then rendering again changes nothing
            fields = {key: fields[key] for key in {**last, **fields} if key in fields}
        yield before + encode(_difference(last, fields) if document.minified else fields)
        before, last = b",", fields
    yield b"[]}" if before == b"[" else b"]}"


def _edited(document: _Document, release: _Release, view: View) -> dict[str, Raw]:
    """The release with a dist that leads here, or with none; and with no address to report installs to."""
    fields = {key: raw for key, raw in release.fields.items() if key not in ("dist", "notification-url")}
    place = _place(document, release)
    if place is not None:
        dist = {key: raw for key, raw in place.dist.items() if key != "mirrors"}  # other hosts, asked before this one
        fields["dist"] = Raw(encode(dist | {"url": Raw(encode(f"{view.base}/{place.path}"))}))
    return fields


def _difference(last: Mapping[str, Raw], fields: Mapping[str, Raw]) -> dict[str, Raw]:
    changed = {key: raw for key, raw in fields.items() if last.get(key) != raw}
    return changed | {key: _UNSET for key in last if key not in fields}


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts joined into pieces of about CHUNK bytes."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
