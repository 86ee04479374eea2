"""NuGet's ids and versions: which are possible, how they are spelled, in which order they stand."""

from __future__ import annotations

import re

from subak.errors import NotFound

_LONGEST = 128
_ID = re.compile(r"\w+(?:[.-]\w+)*\Z")
_LABELS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"(\d{{1,10}})(?:\.(\d{{1,10}}))?(?:\.(\d{{1,10}}))?(?:\.(\d{{1,10}}))?(?:-({_LABELS}))?(?:\+{_LABELS})?\Z",
    re.ASCII,
)


def lower_id(text: str) -> str:
    """An id as it stands in paths: ids are compared without regard to case. Raises NotFound for what is none."""
    lowered = text.lower()
    if len(text) > _LONGEST or not _ID.match(lowered) or lowered.lower() != lowered:
        raise NotFound(f"no NuGet package can be called {text[:80]!r}")
    return lowered


def folded(text: str) -> str:
    """A version as it stands in paths and is compared: '1.02.0.0' and '1.2.0+build' are '1.2.0'; '' for what is none.

    NuGetVersion.ToNormalizedString, in lower case.
    """
    found = _VERSION.match(text) if len(text) <= _LONGEST else None
    if not found:
        return ""
    numbers = [int(number or 0) for number in found.group(1, 2, 3, 4)]
    shown = ".".join(map(str, numbers if numbers[3] else numbers[:3]))
    return f"{shown}-{found[5].lower()}" if found[5] else shown


def fold_version(text: str) -> str:
    """As `folded`; what is no version is only written in lower case."""
    return folded(text) or text.lower()


Rank = tuple[tuple[int, ...], bool, tuple[tuple[bool, int, str], ...]]


def rank(version: str) -> Rank:
    """The place of a folded version in ascending order: 1.0.0-a.2 < 1.0.0-a.10 < 1.0.0-b < 1.0.0 < 1.0.0.1."""
    release, _, labels = version.partition("-")
    numbers = tuple(map(int, release.split(".")))
    parts = tuple(
        (not label.isdigit(), int(label) if label.isdigit() else 0, label) for label in labels.split(".") if labels
    )
    return numbers, not labels, parts


def is_semver2(version: str) -> bool:
    """Whether only clients that know SemVer 2 understand a version or a bound of a range: '1.0.0-a.1', '1.0.0+b'."""
    return "+" in version or "." in version.partition("-")[2]
