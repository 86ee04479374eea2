"""How gems, their versions and their files are called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from subak.errors import NotFound

NAME = re.compile(r"[A-Za-z0-9._-]{1,255}\Z")
"""Case-sensitive, never normalised: '-' and '_' differ."""

_REST = re.compile(r"-(?=(?P<version>[0-9]+(?:\.[0-9A-Za-z]+)*)(?:-(?P<platform>[^/]+))?\Z)")
_PLATFORM = re.compile(
    r"(?:java|jruby|dalvik|mswin|mingw|universal|x86|x64|i[3-6]86|amd64|arm|aarch64|power|ppc|s390|riscv|sparc|mips|loong"
    r"|wasm|linux|darwin|freebsd|openbsd|netbsd|solaris|aix|cygwin|hpux)",
    re.IGNORECASE,
)
"""How the platforms begin that published gems name."""

_SEGMENT = re.compile(r"[0-9]+|[A-Za-z]+")
_LONGEST = 512
_MOST = 4
"""Readings of one file name that are looked up, each with one document."""


@dataclass(frozen=True, slots=True)
class FullName:
    """One reading of `name-version[-platform]`."""

    name: str
    version: str
    platform: str = ""
    """'' for what runs everywhere ('ruby')."""


def readings(stem: str) -> tuple[FullName, ...]:
    """What a file's name without its ending may mean, most likely first. Raises NotFound when it means nothing.

    Names and platforms hold '-', so 'a-2-1.0' may be a-2 1.0 or a 2 for the platform '1.0'. A platform that we
    know is believed, else the last version; only the gem's index is sure.
    """
    splits = _REST.finditer(stem if len(stem) <= _LONGEST else "")
    found = [
        FullName(stem[: split.start()], split["version"], split["platform"] or "")
        for split in splits
        if NAME.match(stem[: split.start()])
    ]
    if not found:
        raise NotFound(f"no gem can have a file called {stem[:80]!r}")
    return tuple(sorted(found, key=_doubt)[:_MOST])


def _doubt(reading: FullName) -> int:
    if not reading.platform:
        return 1
    if _PLATFORM.match(reading.platform):
        return 0
    return 3 if reading.platform[0].isdigit() else 2


def fold_version(version: str) -> str:
    """A version as Gem::Version compares it: '1.0.0', '1.0' and '1' are one release, '1.0.rc1' is '1.rc.1'."""
    segments = _SEGMENT.findall(version.replace("-", ".pre."))
    first_word = next((i for i, segment in enumerate(segments) if segment[0].isalpha()), len(segments))
    kept = [*_without_zeros(segments[:first_word]), *_without_zeros(segments[first_word:])]
    return ".".join(kept) or ("0" if segments else version)


def _without_zeros(segments: list[str]) -> list[str]:
    numbers = [segment.lstrip("0") or "0" if segment[0].isdigit() else segment for segment in segments]
    while numbers and numbers[-1] == "0":
        numbers.pop()
    return numbers
