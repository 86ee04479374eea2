"""npm's versions in SemVer order, and where a dist-tag goes when its version is withheld."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

Precedence = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]
"""Major, minor, patch, 1 for a release (0 for a pre-release, -1 for no SemVer at all), pre-release identifiers."""

SEMVER = re.compile(r"v?(\d{1,16})\.(\d{1,16})\.(\d{1,16})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?\Z", re.ASCII)


def precedence(version: str) -> Precedence:
    """A sort key in SemVer order (semver.org, item 11). What is no SemVer sorts below everything."""
    found = SEMVER.match(version)
    if not found:
        return (-1, -1, -1, -1, ())
    identifiers = found[4].split(".") if found[4] else []
    return (
        int(found[1]), int(found[2]), int(found[3]), 0 if identifiers else 1,
        tuple((0, len(i.lstrip("0")), i.lstrip("0")) if i.isdigit() else (1, 0, i) for i in identifiers),
    )  # fmt: skip


def repaired(
    tags: Mapping[str, str], shown: Collection[str], hidden: frozenset[str], deprecated: Callable[[str], bool]
) -> dict[str, str]:
    """The tags with none leading to a hidden version; `shown` are the versions that remain, at least one.

    `latest` moves to the highest release that is not above the old one and not deprecated; failing that, not
    above; failing that, to the highest release, then to the highest pre-release, again not above if there is
    one. Taking the highest or the newest
    at once would hand a canary or a nightly to everybody. Another tag stays inside its pre-release line
    (5.0.0-beta.3 → 5.0.0-beta.2) or goes.
    """
    kept: dict[str, str] = {}
    for tag, old in tags.items():
        if old not in hidden:
            kept[tag] = old
            continue
        if tag == "latest":
            kept[tag] = max(shown, key=_fitness(old, deprecated))
            continue
        line = [v for v in shown if _line(v) and _line(v) == _line(old) and precedence(v) < precedence(old)]
        if line:
            kept[tag] = max(line, key=precedence)
    return kept


_Fitness = tuple[bool, bool, bool, bool, Precedence]


def _fitness(old: str, deprecated: Callable[[str], bool]) -> Callable[[str], _Fitness]:
    """How well a version stands in for `old` as latest, as a sort key."""
    top = precedence(old)

    def key(version: str) -> _Fitness:
        rank = precedence(version)
        released, below = rank[3] == 1, rank <= top
        usable = released and below
        return (usable and not deprecated(version), usable, released, below, rank)

    return key


def _line(version: str) -> tuple[int, int, int, str] | tuple[()]:
    """What the pre-releases of one line share; () for a release."""
    major, minor, patch, released, identifiers = precedence(version)
    if released != 0:
        return ()
    return (major, minor, patch, identifiers[0][2] if identifiers[0][0] else "")
