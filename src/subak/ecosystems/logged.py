"""Other people's logs: the paths that registries themselves have, as each ecosystem tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass

SURE, LIKELY, POSSIBLE = 0, 1, 2
"""How much a path's shape says: no other registry has such paths; few have; a path like many others."""


@dataclass(frozen=True, slots=True)
class Own:
    """A form of path that the registry itself has where ours differs, or by which its logs are told from others'."""

    pattern: str
    """A regular expression of a whole raw path, without query. Its first group is what is kept."""
    to: str = ""
    """Put before that to have a path below our mount; or a format of all groups, '/a/{0}/{1}'."""
    _: KW_ONLY
    begins: tuple[str, ...] = ()
    """Looked at when the first segment is one of these; '@' stands for all that begin with it."""
    ends: tuple[str, ...] = ()
    """Looked at when the last segment ends in one of these, from its last dot on ('.gem'), or whole if it has none.
    Without `begins` and `ends` it is looked at last, for every path."""
    within: str = ""
    """For those looked at last and those that are not sure: what the path holds, since that is quickly found out."""
    level: int = SURE


Told = tuple[str, str, str, str, str, str]
"""Ecosystem, kind (a value of `Kind`), key, version, the purl without version and qualifiers, the purl."""

Paths = Sequence[str]
Parts = Sequence[tuple[str, ...]]
"""For each path all groups of the pattern, '' for those that did not take part."""

Columns = tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
"""Kinds, keys, versions, packages and purls, as in `Told`; one of each for each path."""


def with_versions(packages: Iterable[str], versions: Iterable[str]) -> list[str]:
    """The purls of versions that need no encoding."""
    return [f"{package}@{version}" for package, version in zip(packages, versions, strict=True)]


@dataclass(frozen=True, slots=True)
class Usual:
    """A form that most logged paths of one kind have, told many at a time: 1 µs each instead of 12.

    It says of a path nothing but what `own`, `routes` and `subject` say of it; a test holds one against the other. So
    it fits plain spellings only, and whatever else comes goes the long way.
    """

    pattern: str
    """A regular expression of a whole raw path without query. What it fits holds nothing but `A-Za-z0-9_@.~+=:-` in
    segments that are not empty and do not begin with a dot, the '%2f' of a scope, or Go's '!' for a capital."""
    told: Callable[[Paths, Parts], Columns]
    """What paths of this form are about, in their order."""
    begins: tuple[str, ...] = ()
    """As `Own.begins`, without '@'. Paths that begin as no ecosystem's sure ones do are looked up by their end."""
    ends: tuple[str, ...] = ()
    """Looked at when the path ends in one of these, of four characters each; without `begins` and `ends` otherwise."""
    unsure: bool = False
    """Of a path below our mount that only its place tells to be of this ecosystem; one of those in `own` that are not
    sure led there."""
