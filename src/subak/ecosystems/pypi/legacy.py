"""The older JSON documents: a project or a version with its files, and the provenance of one file (PEP 740)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import Raw
from packaging.version import InvalidVersion, Version

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.documents import chunked, link_to
from subak.ecosystems.pypi.names import folded_version
from subak.ecosystems.pypi.pages import check_text, decode
from subak.ecosystems.pypi.places import Places
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Subject

_encode = msgspec.json.Encoder().encode


class _File(msgspec.Struct):
    filename: str
    url: str


def check_members(page: Page, *needed: str) -> None:
    """Raises UpstreamLied unless the page is a JSON object that has one of those members."""
    if not set(needed) & set(_members(page)):
        raise UpstreamLied(f"the upstream's JSON has no {' or '.join(map(repr, needed))}")
    check_text(page.body)


def check_legacy(page: Page) -> None:
    """Raises UpstreamLied unless the page is such a document, with all that is written anew of it readable."""
    check_members(page, "info", "urls", "releases")
    for _ in _pieces(_without(_members(page), frozenset()), page.url, ""):
        pass


def _members(page: Page) -> dict[str, Raw]:
    media = page.content_type.partition(";")[0].strip().lower()
    if not (media.startswith("application/") and media.endswith(("/json", "+json"))):
        raise UpstreamLied(f"the upstream's page has the media type {media[:100]!r}, not JSON")
    return decode(page.body, dict[str, Raw])


def render_legacy(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document with our file URLs and without the hidden versions. Raises UpstreamLied, and NotFound when it is
    about a hidden version alone."""
    members: dict[str, Raw] = _members(page)
    hidden = frozenset(map(folded_version, view.hidden))
    if subject.version and folded_version(subject.version) in hidden:
        raise NotFound(f"{subject.name} {subject.version} is withheld by policy")
    if hidden:
        members = _without(members, hidden)
    return chunked(_pieces(members, page.url, view.base))


def _pieces(members: Mapping[str, Raw], url: str, base: str) -> Iterator[bytes]:
    before = b"{"
    for key, raw in members.items():
        yield before + _encode(key) + b":"
        before = b","
        if key == "urls":
            yield _encode(_rewritten(raw, Places(url), base))
        elif key == "releases":
            yield from _releases(raw, url, base)
        else:
            yield bytes(memoryview(raw))
    yield b"}" if members else b"{}"


def _releases(raw: Raw, url: str, base: str) -> Iterator[bytes]:
    places = Places(url)
    releases = decode(raw, dict[str, Raw])
    before = b"{"
    for version, files in releases.items():
        yield before + _encode(version) + b":" + _encode(_rewritten(files, places, base))
        before = b","
    yield b"}" if releases else b"{}"


def _rewritten(files: Raw, places: Places, base: str) -> list[Mapping[str, object]]:
    """The entries with our absolute URLs, unknown keys kept; those we could not serve are left out."""
    entries: list[Mapping[str, object]] = []
    for raw in decode(files, list[Raw]):
        file = decode(raw, _File)
        place = places.find(file.url, file.filename)
        if place:
            entries.append({**decode(raw, dict[str, Raw]), "url": f"{base}/{link_to(place.path)}"})
    return entries


# ---------------------------------------------------------------- hidden versions


def _without(members: Mapping[str, Raw], hidden: frozenset[str]) -> dict[str, Raw]:
    """Cut the hidden versions; if the newest is one of them, the document becomes that of the newest left.

    What the cut version required is unknown of the other one, so it is null rather than wrong.
    """
    kept = dict(members)
    releases = decode(members["releases"], dict[str, Raw]) if "releases" in members else {}
    left = {version: files for version, files in releases.items() if folded_version(version) not in hidden}
    if "releases" in members:
        kept["releases"] = Raw(_encode(left))
    info = decode(members["info"], dict[str, Raw]) if "info" in members else {}
    current = decode(info["version"], str) if "version" in info else ""
    if folded_version(current) in hidden:
        newest = _newest(left)
        info |= {"version": Raw(_encode(newest)), "requires_dist": Raw(b"null"), "requires_python": Raw(b"null")}
        kept["info"] = Raw(_encode(info))
        kept["urls"] = left.get(newest, Raw(b"[]"))
    return kept


def _newest(releases: Mapping[str, Raw]) -> str:
    """The highest version that has files, final ones first (PEP 440); '' if there is none."""
    best, best_rank = "", (False, Version("0.dev0"))
    for text, files in releases.items():
        try:
            version = Version(text)
        except InvalidVersion:
            continue
        rank = (not version.is_prerelease, version)
        if rank > best_rank and bytes(memoryview(files)).strip(b"[] \t\r\n"):
            best, best_rank = text, rank
    return best
