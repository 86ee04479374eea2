"""How Python projects, versions and files are named: PEP 440, 503, 508, 625, and what came before them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from packaging.version import Version

from subak.model import purls

MOST_CANDIDATES = 4
"""How many readings of an ambiguous file name are worth an index page each."""

SUFFIXES: tuple[str, ...] = (
    ".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".egg", ".exe", ".msi", ".tar.xz", ".tar.z", ".tar", ".rpm",
    ".deb", ".dmg",
)  # fmt: skip
"""What a distribution's file name ends with, compared in lower case."""

_BUILT = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg")

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z")
_RUNS = re.compile(r"[-_.]+")
_PLATFORM = re.compile(
    r"(?:-py[23](?:\.\d+)?(?:-.+)?"
    r"|[.-](?:win32|win-(?:amd64|arm64|ia64)|linux|macosx|darwin|freebsd|cygwin|solaris)(?:[-.\d_].*)?"
    r"|-\d+\.(?:noarch|src|i\d86|x86_64))\Z",
    re.IGNORECASE | re.ASCII,
)
"""What eggs, installers, dumb binaries and RPMs write after the version."""


@dataclass(frozen=True, slots=True)
class Named:
    """A normalised project name and a canonical version, '' where the file name does not tell."""

    name: str = ""
    version: str = ""


def is_name(text: str) -> bool:
    """Can a project be called that (PEP 508)?"""
    return _NAME.match(text) is not None


def normalise(name: str) -> str:
    """The one spelling of a project's name (PEP 503)."""
    return _RUNS.sub("-", name).lower()


def canonical_version(text: str) -> str:
    """PEP 440's normal spelling, trailing zeros kept; the text itself if it is no such version."""
    return _parsed(text) or text


@lru_cache(maxsize=8192)
def folded_version(text: str) -> str:
    """For comparing: 1.0, 1.0.0 and v1 are one release (PEP 440, "Zero padding")."""
    from packaging.utils import canonicalize_version  # takes 25 ms, and only rules compare versions

    parsed = _parsed(text)
    return canonicalize_version(parsed) if parsed else text


@lru_cache(maxsize=8192)
def _parsed(text: str) -> str:
    # a wheel's file name writes the '-' of an implicit post release as '_'
    for spelling in (text, text.replace("_", "-")):
        try:
            return str(Version(spelling))
        except ValueError:  # InvalidVersion, or more digits than int() reads
            continue
    return ""


def is_distribution(filename: str) -> bool:
    """Does the file name end as a distribution's does?"""
    return filename.lower().endswith(SUFFIXES)


def _stem(filename: str) -> str:
    """The file name without its suffix, '' if it has none of `SUFFIXES`."""
    lower = filename.lower()
    if not lower.endswith(SUFFIXES):
        return ""
    return filename[: -len(next(s for s in SUFFIXES if lower.endswith(s)))]


def version_of(filename: str, project: str) -> str:
    """The canonical version in a file name of a known project (normalised); '' if it does not tell.

    Legacy names hold '-' in the name or the version, so the project's name is taken off as a prefix.
    """
    stem = _stem(filename)
    if filename[-4:].lower() == ".whl":
        parts = stem.split("-")
        if len(parts) in (5, 6):
            return canonical_version(parts[1])
    found = _after(project).match(stem)
    return _version_in(found[1], filename) or found[1] if found else ""


@lru_cache(maxsize=256)
def _after(project: str) -> re.Pattern[str]:
    return re.compile("[-_.]+".join(map(re.escape, project.split("-"))) + r"-(.+)\Z", re.IGNORECASE | re.ASCII)


def _version_in(text: str, filename: str) -> str:
    """The PEP 440 version that `text` is, or begins with before a platform tag; else ''."""
    bare = _PLATFORM.sub("", text)
    # a tag may read as part of a local version, 1.0+cu121-py2.7: built files always have one, archives seldom
    return _parsed(bare) or _parsed(text) if filename.lower().endswith(_BUILT) else _parsed(text) or _parsed(bare)


@lru_cache(maxsize=4096)
def candidates(filename: str) -> tuple[Named, ...]:
    """Every plausible project and version of a file name, most likely first, at most `MOST_CANDIDATES`.

    A wheel has one reading. An sdist is split at each '-': first where the rest is a version (the
    longest first: a project's name seldom ends in one), then where it begins with a digit, then the rest.
    """
    wheel = filename[-4:].lower() == ".whl"
    stem = filename[:-4] if wheel else _stem(filename)
    parts = stem.split("-")
    if wheel:
        good = len(parts) in (5, 6) and is_name(parts[0])
        return (Named(normalise(parts[0]), canonical_version(parts[1])),) if good else ()
    if len(parts) == 1:
        return (Named(normalise(stem)),) if is_name(stem) else ()
    ranked: list[tuple[int, int, Named]] = []
    for cut in range(1, min(len(parts), 32)):
        name, rest = "-".join(parts[:cut]), "-".join(parts[cut:])
        if not rest or not is_name(name):
            continue
        version = _version_in(rest, filename)
        rank = 0 if version else 1 if rest[0].isdigit() else 2
        ranked.append((rank, cut if rank < 2 else -cut, Named(normalise(name), version or rest)))
    ranked.sort(key=lambda row: row[:2])
    return tuple(named for _, _, named in ranked[:MOST_CANDIDATES])


def purl(name: str, version: str = "") -> str:
    """`pkg:pypi/name@version`, '' without a name."""
    return purls.purl("pypi", "", name, version) if name else ""
