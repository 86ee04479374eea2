"""Where Cargo's things are: names, index paths, file paths and purls."""

from __future__ import annotations

import re

from packageurl import PackageURL

from subak.errors import NotFound
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

CONFIG = Subject("cargo", Kind.CONFIG, "config", "index/config.json")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}\Z")
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z", re.ASCII)
_CKSUM = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST_VERSION = 100


def prefix(name: str) -> str:
    """The folders of a name in an index: '1', '2', '3/a' or 'ab/cd'. Keeps case, as the marker `{prefix}` does."""
    return {1: "1", 2: "2", 3: f"3/{name[:1]}"}.get(len(name), f"{name[:2]}/{name[2:4]}")


def index(name: str) -> Subject:
    """The index file of a crate, lowercase whatever the crate's own spelling. Raises NotFound for no name."""
    if not _NAME.match(name):
        raise NotFound(f"no crate can be called {name[:80]!r}")
    name = name.lower()
    return Subject("cargo", Kind.INDEX, "index", f"index/{prefix(name)}/{name}", name, purl=_purl(name, ""))


def possible(version: str, cksum: str) -> bool:
    """Is this a version (SemVer) with a sha256 in lowercase hex?"""
    return len(version) <= _LONGEST_VERSION and bool(_VERSION.match(version) and _CKSUM.match(cksum))


def crate(name: str, version: str, cksum: str) -> Subject:
    """One version's archive. Raises NotFound for an impossible name, version or checksum."""
    return _file(name, version, "crate", cksum, f"{cksum}.crate")


def download(name: str, version: str) -> Subject:
    """An archive without its checksum: it is named by what the index says today. Raises NotFound as `crate`."""
    return _file(name, version, "download", "0" * 64, "download")


def _file(name: str, version: str, route: str, cksum: str, last: str) -> Subject:
    if not _NAME.match(name) or not possible(version, cksum):
        raise NotFound(f"no crate can be {name[:80]!r}, version {version[:80]!r}, checksum {cksum[:80]!r}")
    key = f"crates/{name}/{version}/{last}"
    return Subject("cargo", Kind.ARTIFACT, route, key, name, version, purl=_purl(name, version))


def _purl(name: str, version: str) -> str:
    """In lowercase: index paths do not tell `Lab_Up` from `lab_up`, the registry allows only one of them, and a rule
    about a crate must meet its index and its files alike."""
    return purl("cargo", "", name.lower(), version)


def path_of(purl: PackageURL) -> str:
    """Raises NotFound for another type of purl, a namespace, or a name that no crate can have."""
    if purl.type != "cargo" or purl.namespace:
        raise NotFound(f"{purl.to_string()} names no crate")
    return index(purl.name).key
