"""What a path of an archive means, told by its shape, and what a package file's name gives away."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DISTS = r"(?:.+?/)?dists/"
_INSTALLER = r".+/installer-[^/]+/"
_PACKED = r"(?:\.(?:xz|gz|bz2|zst|lzma))?"

_SHAPES: tuple[tuple[str, str], ...] = (
    ("inrelease", r"(?:.+/)?InRelease"),
    ("signature", r"(?:.+/)?Release\.gpg"),
    (
        "listed",
        _DISTS + r".+/(?:binary-[^/]+|source)/Release",
    ),  # the small one of a component, which the suite's one lists
    ("release", r"(?:.+/)?Release"),
    # Neither MD5Sum nor SHA1: what they name could be forged, and apt then asks by the canonical name.
    ("by-hash", r"(?:.+/)?by-hash/(?:SHA256/[0-9a-f]{64}|SHA512/[0-9a-f]{128})"),
    ("", r"(?:.+/)?by-hash/.*"),
    ("diffs", r"(?:.+/)?[^/]+\.diff/Index"),
    ("patch", r"(?:.+/)?[^/]+\.diff/[^/]+"),
    ("index", rf"(?:.+/)?(?:Packages|Sources){_PACKED}"),
    ("sums", _INSTALLER + r".+/SHA256SUMS"),
    ("listed", _INSTALLER + r".+/MD5SUMS"),
    ("image", _INSTALLER + r".+"),
    ("deb", r".+\.[ud]?deb"),
    ("package", r"(?:.+/)?pool/.+|.+\.dsc"),
    ("listed", _DISTS + r".+"),
    ("listed", r"(?:.+/)?(?:Contents|Translation|Components|Commands)-[^/]+"),
    ("package", r".+\.(?:tar(?:\.\w+)?(?:\.asc)?|diff\.gz|buildinfo|changes)"),
    ("other", r".+"),
)
"""(route, pattern of the whole path), the first that fits; '' is nothing that we serve."""

_COMPILED = tuple((route, re.compile(pattern)) for route, pattern in _SHAPES)
_UNMARKED = _COMPILED[[route for route, _ in _SHAPES].index("deb") :]


def _marked(path: str) -> bool:
    """Whether it holds what all the shapes before 'deb' have: most paths do not."""
    indexes = "Release" in path or "Packages" in path or "Sources" in path
    return indexes or "by-hash/" in path or ".diff/" in path or "/installer-" in path


def route_of(path: str) -> str:
    """The name of the route that a decoded path (no leading slash) belongs to; '' if to none."""
    if path.endswith("/"):
        return ""  # a folder's listing
    shapes = _COMPILED if _marked(path) else _UNMARKED
    return next((route for route, pattern in shapes if pattern.fullmatch(path)), "")


# ---------------------------------------------------------------- spellings

_REPEATED = re.compile(r"/(?:\.?/)+")
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_NEVER = re.compile(r"[\x00-\x20\x7f\\%?#]|(?:^|/)\.{1,2}(?:/|$)|//")


def spell(raw: str) -> str:
    """`/./Packages` → `/Packages`: of a flat archive (`deb URI ./`) apt asks every file that way."""
    return _REPEATED.sub("/", raw) if "//" in raw or "/./" in raw else raw


def askable(path: str) -> str:
    """A path that an index names, as it is asked for here; '' when no request could name it."""
    if _ODD.search(path):
        path = _REPEATED.sub("/", f"/{path}").lstrip("/").removeprefix("./")
    return "" if not path or _NEVER.search(path) or path.endswith("/") else path


# ---------------------------------------------------------------- where things are


def folder_of(path: str) -> str:
    """'a/b/' of 'a/b/c', '' of 'c'."""
    return path[: path.rfind("/") + 1]


def index_folder(path: str) -> str:
    """The folder that an index belongs to, also when it was asked for by its hash."""
    return re.sub(r"by-hash/[^/]+/[^/]+\Z", "", path) if "by-hash/" in path else folder_of(path)


def root_of(path: str) -> str:
    """Of an index of a suite: the archive's root, which `Filename` counts from; of a flat one: its own folder."""
    found = re.match(r"((?:.+?/)?)dists/", path)
    return found[1] if found else index_folder(path)


_PART = re.compile(r"(?:binary|installer)-.+|source|i18n|dep11|cnf|debian-installer")
"""The folder below a component, which is the folder below a suite."""

_DEEPEST = 3
"""Segments of a suite's name that are tried."""


def suites(path: str) -> tuple[str, ...]:
    """The folders whose Release may list a path, most likely first. Suites may hold slashes ('stable/updates')."""
    found = re.match(rf"({_DISTS})(.+)\Z", path)
    if not found:
        return (index_folder(path),)
    dists, segments = found[1], found[2].split("/")[:-1]
    part = next((n for n, s in enumerate(segments) if _PART.fullmatch(s)), len(segments))
    likely = sorted(range(1, min(part, _DEEPEST) + 1), key=lambda n: (n != max(part - 1, 1), n))
    return tuple(f"{dists}{'/'.join(segments[:n])}/" for n in likely)


# ---------------------------------------------------------------- packages

_DEB = re.compile(r"([A-Za-z0-9][A-Za-z0-9.+-]*)_([^_/]+)_([A-Za-z0-9-]+)\.[ud]?deb\Z")
_SOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9.+-]*)_([^_/]+?)\.(?:dsc|debian\.tar\.\w+|diff\.gz)\Z")


@dataclass(frozen=True, slots=True)
class Named:
    """What a file's name says of its package. The epoch is not in it, so the version is a guess."""

    name: str = ""
    version: str = ""
    architecture: str = ""


NOT_NAMED = Named()


def named(path: str) -> Named:
    """Of 'pool/main/h/hello/hello_2.10-3_amd64.deb': hello, 2.10-3, amd64. Nothing of other names."""
    file = path.rpartition("/")[2]
    if found := _DEB.match(file):
        return Named(found[1], found[2], found[3])
    if found := _SOURCE.match(file):
        return Named(found[1], found[2], "source")
    return NOT_NAMED
