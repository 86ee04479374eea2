"""repodata.json, packed or not: what it announces, and what is left of it when versions are withheld."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from subak.ecosystems.base import Page, View
from subak.ecosystems.conda.names import Place, built, fold_version, split_place
from subak.ecosystems.conda.packing import PIECE, pieces, repacked, unpacked
from subak.ecosystems.conda.scanning import Closed, Member, Opened, scan
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Pin, strongest
from subak.model.exchange import Subject

_GROUPS = {"packages": 1, "packages.conda": 1, "v3": 2, "signatures": 1}
_ENTRIES = ("packages", "packages.conda", "v3")
_SECONDS = 253402300799
"""The last second of the year 9999: greater timestamps are milliseconds, as conda reads them."""

# ---------------------------------------------------------------- where packages lie


def elsewhere(base_url: object, page_url: str) -> str:
    """CEP-15: the folder of the packages, '' when that is the folder of the index. Raises UpstreamLied."""
    if not isinstance(base_url, str) or base_url in ("", ".", "./"):
        return ""
    folder = joined(page_url, base_url if base_url.endswith("/") else f"{base_url}/")
    return "" if folder == folder_of(page_url) else folder


def joined(page_url: str, link: str) -> str:
    """An address in a document. Raises UpstreamLied when it is none that can be fetched."""
    try:
        found = urljoin(page_url, link)
        usable = urlsplit(found).scheme in ("http", "https") and found.isprintable() and " " not in found
    except ValueError:
        usable = False
    if not usable:
        raise UpstreamLied(f"an index that leads to what is no web address: {link[:140]!r}")
    return found


def folder_of(url: str) -> str:
    """The URL up to its last slash, without query."""
    return url.partition("?")[0].rpartition("/")[0] + "/"


# ---------------------------------------------------------------- one record


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the records of an index lie, here and upstream."""

    where: Place
    url: str
    """Of the index."""
    elsewhere: str = ""
    """See `elsewhere`."""


def pin(folder: Folder, file: str, record: Mapping[str, object]) -> Pin | None:
    """What a record announces of its file; None of one that nobody can ask for. Raises UpstreamLied."""
    try:
        told = built(file)
    except NotFound:
        return None
    link, size = record.get("url"), record.get("size")
    if isinstance(link, str) and link:
        url = joined(folder.elsewhere or folder.url, link)
    else:
        url = folder.elsewhere + quote(file) if folder.elsewhere else ""
    digests = {name: _hex(record[name], file) for name in ("sha256", "md5") if record.get(name)}
    return Pin(
        folder.where.path + file, url, strongest(digests), size if isinstance(size, int) and size >= 0 else -1,
        told.name, told.version, _moment(record),
    )  # fmt: skip


def _hex(value: object, file: str) -> str:
    """Text in JSON, bytes in most shards."""
    if isinstance(value, bytes):
        return value.hex()
    if not isinstance(value, str):
        raise UpstreamLied(f"the index announces a digest of {file} that is none")
    return value


def _moment(record: Mapping[str, object]) -> float:
    """Unix time: when the channel indexed the file, else when it was built; 0 when neither is told."""
    for name in ("indexed_timestamp", "timestamp"):
        told = record.get(name)
        if isinstance(told, (int, float)) and 0 < told < math.inf:
            return told / 1000 if told > _SECONDS else float(told)
    return 0.0


def withheld(file: str, record: Mapping[str, object], hidden: frozenset[str]) -> bool:
    """Whether policy withholds what this record, or its file's name, says it is. `hidden` holds 'name@version'."""
    said = [(str(record.get("name", "")).lower(), str(record.get("version", "")))]
    try:
        told = built(file)
        said.append((told.name, told.version))
    except NotFound:
        pass  # a name that means nothing: what the record says counts
    return any(f"{name}@{fold_version(version)}" in hidden for name, version in said)


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record of an index."""

    file: str
    record: Mapping[str, object]


def check(page: Page, *, packed: bool) -> None:
    """Raises UpstreamLied unless it is a JSON object to its end."""
    for _ in scan(unpacked(page, packed=packed), _GROUPS):
        pass


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each file. Raises UpstreamLied for what is no index of packages."""
    packed = subject.key.endswith(".zst")
    where, _ = split_place(subject.key)
    folder = Folder(where, page.url, elsewhere(_base_url(page, packed=packed), page.url))
    path: list[str] = []
    known = False
    for event in scan(unpacked(page, packed=packed), _GROUPS):
        match event:
            case Opened(key):
                path.append(key)
                known = known or key in _ENTRIES
            case Closed():
                path.pop()
            case Member():
                entry = _entry(path, event)
                found = pin(folder, entry.file, entry.record) if entry else None
                if found:
                    yield found
    if not known:
        raise UpstreamLied("a JSON document that lists no packages")


def _base_url(page: Page, *, packed: bool) -> object:
    """What `info` says of the packages' place. It comes first nearly everywhere, and nothing else is read then."""
    for event in scan(unpacked(page, packed=packed), _GROUPS):
        if isinstance(event, Member) and event.key == "info":
            return event.value.get("base_url") if isinstance(event.value, dict) else None
    return None


def _entry(path: list[str], member: Member) -> _Entry | None:
    """A member that is a record; None for all others. In `v3` its key lacks the ending. Raises UpstreamLied."""
    match path:
        case ["", "packages" | "packages.conda"]:
            file = member.key
        case ["", "v3", ending]:
            file = f"{member.key}.{ending}"
        case _:
            if len(path) == 1 and member.key in _ENTRIES:
                raise UpstreamLied(f"an index whose {member.key!r} is no object")
            return None
    if not isinstance(member.value, dict):
        raise UpstreamLied(f"an index whose entry {file[:100]!r} is no object")
    return _Entry(file, member.value)


# ---------------------------------------------------------------- what clients see


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The index without hidden versions, leading nowhere but here; byte by byte upstream's where nothing changes."""
    packed = subject.key.endswith(".zst")
    base_url = _base_url(page, packed=packed)
    if view.hidden or (base_url and base_url not in (".", "./")) or _mentions(page, b'"url"', packed=packed):
        edited = _edited(page, view.hidden, packed=packed)
        return repacked(edited) if packed else edited
    return pieces(page.body)


def _mentions(page: Page, word: bytes, *, packed: bool) -> bool:
    tail = b""
    for piece in unpacked(page, packed=packed):
        if word in tail + piece:
            return True
        tail = piece[-len(word) :]
    return False


def _edited(page: Page, hidden: frozenset[str], *, packed: bool) -> Iterator[bytes]:
    path: list[str] = []
    waiting: list[str] = []
    size, comma = 0, ""
    for event in scan(unpacked(page, packed=packed), _GROUPS):
        match event:
            case Opened(key):
                text = comma + (f"{json.dumps(key)}:{{" if path else "{")
                path.append(key)
                comma = ""
            case Closed():
                path.pop()
                text, comma = "}", ","
            case Member():
                shown = _shown(path, event, hidden)
                if not shown:
                    continue
                text, comma = f"{comma}{json.dumps(event.key)}:{shown}", ","
        waiting.append(text)
        size += len(text)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting.clear()
            size = 0
    yield "".join(waiting).encode()


def _shown(path: list[str], member: Member, hidden: frozenset[str]) -> str:
    """The value of a member as clients see it, '' when they do not."""
    if path == [""] and member.key == "info" and isinstance(member.value, dict):
        return json.dumps({k: v for k, v in member.value.items() if k != "base_url"}, separators=(",", ":"))
    entry = _entry(path, member)
    if entry is None:
        return member.written
    if hidden and withheld(entry.file, entry.record, hidden):
        return ""
    if "url" in entry.record:
        return json.dumps({**entry.record, "url": entry.file}, separators=(",", ":"))
    return member.written
