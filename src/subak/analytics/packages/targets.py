"""Where in somebody's paths a registry's own begin: targets in one spelling, and the prefixes of caching proxies."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_GARBAGE = re.compile(r"(?:%20|%0[aAdD9]|%2[27cC]|[\s\"'<>,;)\]}])+\Z")
"""What copying from prose and broken clients leave behind a URL."""
_CODE = re.compile(r"%[2-7][0-9A-Fa-f]")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
clean: Final = re.compile(r"(?:/[A-Za-z0-9_@.!~+=:-]++){1,64}+/?\Z").match
"""Whether a target is a path that `split` leaves as it is: nearly all are."""
_DOUBLED = re.compile(r"/{2,}")
_LONGEST: Final = 8192
"""Characters of a target that are read; the gateway refuses half of that."""


def split(target: str) -> tuple[str, str]:
    """Path and query of a target as logged: 'https://h/a?b' is ('/a', 'b'). What was encoded twice is encoded once."""
    if clean(target):
        return target, ""
    path, _, query = target[:_LONGEST].partition("#")[0].partition("?")
    if not path.startswith("/"):
        _, absolute, rest = path.partition("://")
        path = f"/{rest.partition('/')[2]}" if absolute else f"/{path}"
    path = _CODE.sub(_unreserved, path.replace("%25", "%"))
    path = _GARBAGE.sub("", path)
    return _DOUBLED.sub("/", path) or "/", query


def _unreserved(code: re.Match[str]) -> str:
    """The character itself where encoding it says nothing (RFC 3986 §6.2.2.2)."""
    character = chr(int(code[0][1:], 16))
    return character if character in _UNRESERVED else code[0]


class Below(NamedTuple):
    """A path below a repository of a caching proxy."""

    prefix: str = ""
    """What stands before the registry's own path."""
    words: tuple[str, ...] = ()
    """What the proxy's path and the repository's name say of its format."""


NOT_BELOW: Final = Below()

FIRST: Final = frozenset({"repository", "nexus", "artifactory", "api"})
"""The first segments of paths that `below` looks at."""

_KINDS = "cargo|composer|conda|deb|docker|gems|go|huggingfaceml|maven|npm|nuget|pypi"  # as Artifactory calls them
_PREFIXES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:/nexus)?/repository/()([^/]+)(?=/)",
        rf"(?:/artifactory)?/api/({_KINDS})(?:/v3)?/([^/]+)(?=/)",
        r"/artifactory/()(?!api/)([^/]+)(?=/)",
    )
)
"""Groups: the format, the repository's name."""
_WORD = re.compile(r"[a-z]+")


def below(path: str) -> Below:
    """The repository that a path is in, `NOT_BELOW` if in none: of Nexus and Artifactory, with and without context."""
    for pattern in _PREFIXES:
        if found := pattern.match(path):
            return Below(found[0], tuple(_WORD.findall(f"{found[1]} {found[2].lower()}")))
    return NOT_BELOW
