"""NuGet's documents: what they pin, and how clients must see them.

Every address in them is written afresh from ids and versions; those of upstream are dropped unread, but for the few
that only upstream knows (pages, catalog entries, lists of advisories), which our paths carry along.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from subak.ecosystems.base import Page, View
from subak.ecosystems.nuget import places
from subak.ecosystems.nuget.members import (
    Members,
    as_array,
    as_object,
    bare,
    bare_entry,
    document,
    read,
    text,
    version_of,
    withheld,
)
from subak.ecosystems.nuget.places import FULL, OLD, entry_of, file_of, placed
from subak.ecosystems.nuget.registration import Registration, check
from subak.ecosystems.nuget.versions import folded, lower_id, rank
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Subject

_encode = msgspec.json.Encoder().encode


# ---------------------------------------------------------------- pins


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What catalog entries announce; of the other documents that they are what was asked for. Raises UpstreamLied."""
    match subject.route:
        case "service":
            places.services(bytes(page.body))
        case "versions":
            _versions(subject, page)
        case "registration" | "page":
            check(subject, document(subject, page))
        case "leaf" | "entry":
            return _announced(subject, document(subject, page))
        case "search" | "autocomplete":
            document(subject, page, "data")
        case "vulnerabilities":
            for row in as_array(read(subject, page), subject.key):
                _elsewhere(subject, as_object(row, subject.key), View("", ""))
        case _:
            for name, rows in document(subject, page).items():
                as_array(rows, f"{subject.key}: {name[:80]}")
    return iter(())


def _announced(subject: Subject, found: Members) -> Iterator[Pin]:
    """The pin of a version, from the catalog, or from its registration where a feed writes it there."""
    entry = (found.get("catalogEntry") or {}) if subject.route == "leaf" else found
    if subject.route == "leaf" and not {"catalogEntry", "packageContent"} & found.keys():
        raise UpstreamLied(f"{subject.key} is no registration of a version")
    if isinstance(entry, str) or not as_object(entry, subject.key):
        return  # it stands in the catalog, or nowhere
    if version_of(subject, entry) != subject.version:
        raise UpstreamLied(f"{subject.key} tells about version {text(entry, 'version')[:80]!r}")
    pinned, size = _hash(subject, entry), entry.get("packageSize")
    if pinned:
        yield Pin(
            file_of(subject.name, subject.version, "nupkg").key, "", pinned,
            size if isinstance(size, int) and 0 <= size < 2**63 else -1, subject.name, subject.version,
            _published(entry),
        )  # fmt: skip


def _hash(subject: Subject, entry: Members) -> Digest:
    encoded = text(entry, "packageHash")
    if not encoded:
        return UNPINNED
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise UpstreamLied(f"{subject.key}: packageHash is not base64: {encoded[:140]!r}") from error
    return digest(text(entry, "packageHashAlgorithm") or "SHA512", raw.hex())


def _published(entry: Members) -> float:
    """Unix time; 0 when it is not told. An unlisted version is 'published' in 1900."""
    for key in ("published", "created", "commitTimeStamp"):
        try:
            moment = datetime.fromisoformat(text(entry, key))
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            continue
        if seconds > 0:
            return seconds
    return 0.0


def leads(subject: Subject, page: Page) -> Subject | None:
    """The catalog entry that a version's registration names, which alone holds the digest."""
    entry = document(subject, page).get("catalogEntry")
    url = text(entry, "@id") if isinstance(entry, dict) else entry
    place = placed(url) if isinstance(url, str) and "#" not in url else ""
    return entry_of(subject.name, subject.version, place) if place else None


# ---------------------------------------------------------------- what clients see


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document leading here, without hidden versions. Where all are hidden the list is empty: after 'not found'
    clients ask the next source. Raises UpstreamLied; of one version Refused, and NotFound from a hive without it."""
    try:
        yield _encode(_shown(subject, page, view))
    except (RecursionError, OverflowError) as error:
        raise UpstreamLied(f"{subject.key} cannot be written again: {error}") from error


def _shown(subject: Subject, page: Page, view: View) -> object:
    match subject.route:
        case "service":
            return _own_service(places.services(bytes(page.body)), view.base)
        case "versions":
            return {"versions": [version for version in _versions(subject, page) if version not in view.hidden]}
        case "registration":
            return Registration(subject, view).index(document(subject, page))
        case "page":
            return Registration(subject, view).page(document(subject, page))
        case "leaf":
            return Registration(subject, view).leaf(document(subject, page))
        case "entry":
            if subject.version in view.hidden:
                raise withheld(subject)
            return bare_entry(document(subject, page), f"{view.base}/{FULL}") | {"@id": f"{view.base}/{subject.key}"}
        case "search":
            return _found(subject, page, view)
        case "autocomplete":
            return _completed(subject, page, view)
        case "vulnerabilities":
            return [_elsewhere(subject, row, view) for row in read(subject, page)]
    return document(subject, page)


def _own_service(known: Mapping[str, str], base: str) -> object:
    """Nothing of upstream's: no publishing, no signatures (their resource must be https, else clients give up), no
    pages for people. Bases end in '/': clients append to them as they are."""
    hives = places.FULL_HIVES + places.OLD_HIVES
    rows = [
        (places.FLAT, "v3/flat/", places.FLAT),
        (hives, f"{OLD}/", places.OLD_HIVES),
        (hives, f"{FULL}/", places.FULL_HIVES),
        (places.SEARCH, "v3/query", places.SEARCH),
        (places.COMPLETE, "v3/autocomplete", places.COMPLETE),
        (places.VULNERABLE, "v3/vulnerabilities/index.json", places.VULNERABLE),
    ]
    offered = [(path, kind) for theirs, path, ours in rows if places.first(known, theirs) for kind in ours]
    return {"version": "3.0.0", "resources": [{"@id": f"{base}/{path}", "@type": kind} for path, kind in offered]}


def _versions(subject: Subject, page: Page) -> list[str]:
    """Folded and ascending; what is no version is left out, as clients do. Raises UpstreamLied when none is one."""
    listed = document(subject, page, "versions")["versions"]
    found = {folded(version) for version in listed if isinstance(version, str)} - {""}
    if listed and not found:
        raise UpstreamLied(f"no version in {subject.key} can be read")
    return sorted(found, key=rank)


def _elsewhere(subject: Subject, row: Members, view: View) -> object:
    """A line of the index of advisories. One that cannot be shown must not be passed over: clients would take its
    absence for 'no vulnerabilities'."""
    place = placed(row.get("@id"))
    if not place:
        raise UpstreamLied(f"{subject.key} names a page that cannot be asked for: {row.get('@id')!r:.140}")
    return bare(row) | {"@id": f"{view.base}/v3/vulnerabilities/{place}.json"}


# ---------------------------------------------------------------- questions


def _found(subject: Subject, page: Page, view: View) -> object:
    """What a search found. Of a package whose latest version is hidden the next one is shown."""
    found = document(subject, page, "data")
    hits = [shown for row in found["data"] if (shown := _hit(as_object(row, subject.key), view))]
    return bare(found, "data") | {"data": hits}


def _hit(row: Members, view: View) -> dict[str, Any]:
    """{} for a package that no client could ask for, or of which nothing is left."""
    try:
        name = lower_id(text(row, "id"))
    except NotFound:
        return {}
    listed, latest = row.get("versions"), text(row, "version")
    rows = {folded(text(v, "version")): v for v in (listed if isinstance(listed, list) else []) if isinstance(v, dict)}
    left = {version: v for version, v in rows.items() if version and f"{name}@{version}" not in view.hidden}
    if f"{name}@{folded(latest)}" in view.hidden:
        if not left:
            return {}
        latest = text(left[max(left, key=rank)], "version")
    address = f"{view.base}/{FULL}/{name}"
    shown: dict[str, Any] = {"@id": f"{address}/index.json", "registration": f"{address}/index.json", "version": latest}
    if isinstance(listed, list):
        shown["versions"] = [{**bare(v), "@id": f"{address}/{version}.json"} for version, v in left.items()]
    return bare(row, "versions") | shown


def _completed(subject: Subject, page: Page, view: View) -> object:
    """Ids; or, with `id`, the versions of a package."""
    found = document(subject, page, "data")
    data = [row for row in found["data"] if isinstance(row, str)]
    if subject.name:
        data = [version for version in data if f"{subject.name}@{folded(version)}" not in view.hidden]
    return bare(found, "data") | {"data": data}
