"""CEP-16: an index of shards, and a shard, which tells about all files of one name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.conda.names import SHARD_ENDING, Place, split_place
from subak.ecosystems.conda.packing import pieces, repacked, unpacked
from subak.ecosystems.conda.repodata import Folder, elsewhere, folder_of, joined, pin
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Kind, Subject

LARGEST = 128 * 2**20
"""Bytes that an index of shards, or a shard, may unpack to; the largest known have some megabytes."""

_ROUTE = "shard"
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_BELOW = re.compile(r"(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)*\Z", re.ASCII)
_FAR = "shards/"
"""The folder, here, of shards that upstream keeps outside of the channel."""

_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_encode = msgspec.msgpack.Encoder().encode

# ---------------------------------------------------------------- the index


class _Info(msgspec.Struct):
    base_url: str = ""
    shards_base_url: str = ""


class _Index(msgspec.Struct):
    info: _Info
    shards: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class _Read:
    """An index of shards, and where what it lists is."""

    where: Place
    shards: Mapping[str, bytes]
    info: _Info
    below: str
    """The shards' folder, here, below that of the index; ends in '/' or is ''."""
    far: str
    """The shards' folder upstream, when it is not that one."""
    packages: str
    """The packages' folder upstream, when it is not that of the index."""

    def shard(self, name: str) -> str:
        """The path of a shard, here."""
        return f"{self.where.path}{self.below}{self.shards[name].hex()}{SHARD_ENDING}"


def _raw(page: Page) -> bytes:
    return b"".join(unpacked(page, packed=True, largest=LARGEST))


def _read(where: Place, page: Page) -> _Read:
    """Raises UpstreamLied for anything but an index of shards."""
    try:
        index = msgspec.msgpack.decode(_raw(page), type=_Index)
    except _BROKEN as error:
        raise UpstreamLied(f"{where.path} has no index of shards, but something else: {error}") from error
    if any(len(digest) != hashlib.sha256().digest_size for digest in index.shards.values()):
        raise UpstreamLied(f"the index of shards of {where.path} names one by what is no SHA-256")
    info, folder = index.info, folder_of(page.url)
    place = joined(page.url, info.shards_base_url) if info.shards_base_url else folder
    place = place if place.endswith("/") else f"{place}/"
    below = place.removeprefix(folder) if place.startswith(folder) else "?"
    near = bool(_BELOW.match(below))
    return _Read(
        where, index.shards, info, below if near else _FAR, "" if near else place, elsewhere(info.base_url, page.url)
    )


def index_pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """Of shards whose own path does not tell where they are. Raises UpstreamLied for anything but such an index."""
    read = _read(split_place(subject.key)[0], page)
    if not read.far:
        return
    for name, digest in read.shards.items():
        yield Pin(read.shard(name), f"{read.far}{digest.hex()}{SHARD_ENDING}", Digest("sha256", digest.hex()))


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The index, leading nowhere but here; byte by byte upstream's where nothing changes.

    Raises NotFound where shards would tell too much or too little, and clients have to take the whole repodata: of a
    name from which policy withholds a version (a shard is named by its own hash, so it cannot be changed here), and
    of packages that lie outside of the channel (shards do not tell where).
    """
    read = _read(split_place(subject.key)[0], page)
    if any(entry.rpartition("@")[0] in read.shards for entry in view.hidden):
        raise NotFound("policy withholds versions here: take repodata.json.zst instead of its shards")
    if read.packages:
        raise NotFound("this channel's packages are elsewhere: take repodata.json.zst instead of its shards")
    wanted = {"base_url": "", "shards_base_url": read.below}
    told = {"base_url": read.info.base_url, "shards_base_url": read.info.shards_base_url}
    changed = {key: value for key, value in wanted.items() if not _relative(told[key])}
    if not changed and not read.far:
        return pieces(page.body)
    members = msgspec.msgpack.decode(_raw(page), type=dict[str, Raw])
    info = msgspec.msgpack.decode(members["info"], type=dict[str, Raw])
    members["info"] = Raw(_encode(info | {key: Raw(_encode(value)) for key, value in wanted.items()}))
    return repacked((_encode(members),))


def _relative(link: str) -> bool:
    """'', './' or 'shards/': whatever the index was fetched from, this leads there."""
    return bool(_BELOW.match(link.removeprefix("./").removeprefix(".")))


# ---------------------------------------------------------------- shards


def shard(path: str) -> Subject:
    """Raises NotFound for what is no shard's path."""
    split_place(path)
    if not _HASH.match(path.rpartition("/")[2].removesuffix(SHARD_ENDING)):
        raise NotFound("a shard is named by its SHA-256")
    return Subject("conda", Kind.ARTIFACT, _ROUTE, path)


def named(subject: Subject) -> Digest:
    """The digest in a shard's own name."""
    if subject.route != _ROUTE:
        return UNPINNED
    return Digest("sha256", subject.key.rpartition("/")[2].removesuffix(SHARD_ENDING))


def leads(subject: Subject, page: Page) -> Subject | None:
    """For a package, and the index of shards: the shard of its name, when its path tells where that is."""
    read = _read(split_place(subject.key)[0], page)
    if subject.name not in read.shards or read.far or read.packages:
        return None
    return shard(read.shard(subject.name))


class _Shard(msgspec.Struct):
    packages: dict[str, dict[str, Any]] = {}
    conda: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict, name="packages.conda")
    v3: dict[str, dict[str, dict[str, Any]]] = {}


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """One pin for each file of a shard. Raises UpstreamLied for other bytes than its name says."""
    if hashlib.sha256(page.body).hexdigest() != named(subject).hex:
        raise UpstreamLied(f"{subject.key} is not what its name says")
    try:
        found = msgspec.msgpack.decode(_raw(page), type=_Shard)
    except _BROKEN as error:
        raise UpstreamLied(f"{subject.key} is no shard: {error}") from error
    where, _ = split_place(subject.key)
    folder = Folder(where, page.url)
    rows = [*found.packages.items(), *found.conda.items()]
    rows += [(f"{key}.{type_}", r) for type_ in ("conda", "tar.bz2") for key, r in found.v3.get(type_, {}).items()]
    for file, record in rows:
        # A wheel's address is in its record, and a shard cannot be changed: those are fetched elsewhere.
        if known := pin(folder, file, {key: value for key, value in record.items() if key != "url"}):
            yield known
