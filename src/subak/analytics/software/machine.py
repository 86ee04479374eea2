"""Operating system, processor and language implementation, as agents write them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Machine(NamedTuple):
    """Where the software runs, in common names; '' for what is not told."""

    os: str = ""
    arch: str = ""
    runtime: str = ""


_OS: Final = {
    "linux": "linux", "gnu/linux": "linux", "manylinux": "linux", "ubuntu": "linux", "debian": "linux",
    "fedora": "linux", "alpine": "linux", "darwin": "macos", "macos": "macos", "mac os": "macos", "macintosh": "macos",
    "windows": "windows", "win32": "windows", "win64": "windows", "mingw": "windows", "mingw32": "windows",
    "mswin": "windows", "cygwin": "windows", "freebsd": "freebsd", "openbsd": "openbsd", "netbsd": "netbsd",
    "android": "android", "iphone": "ios", "ipad": "ios", "cros": "chromeos", "sunos": "solaris", "aix": "aix",
}  # fmt: skip
_ARCH: Final = {
    "x86_64": "x86_64", "x86-64": "x86_64", "amd64": "x86_64", "x64": "x86_64", "wow64": "x86_64",
    "aarch64": "aarch64", "arm64": "aarch64", "armv6l": "arm", "armv7l": "arm", "armv8l": "arm", "armhf": "arm",
    "arm": "arm", "i386": "x86", "i486": "x86", "i586": "x86", "i686": "x86", "x86": "x86", "ia32": "x86",
    "ppc64le": "ppc64le", "ppc64el": "ppc64le", "s390x": "s390x", "riscv64": "riscv64",
}  # fmt: skip
_RUNTIME: Final = {"python": "cpython", "go": "go"}
"""Names that are written in more than one way; others stay as they are."""


def _any_of(names: dict[str, str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


# One pass over the text for both: a second search costs as much as the first.
_PLACE: Final = re.compile(rf"(?<![a-z])(?:(?P<os>{_any_of(_OS)})|(?P<arch>{_any_of(_ARCH)}))(?![a-z])", re.ASCII)
_ENGINE: Final = re.compile(
    r"(?<![a-z+-])(cpython|pypy|graalpy|python|node|java|jruby|truffleruby|ruby|php|perl|go|bun|deno)"
    r"(?:[/ ](?:v|go|r)?|(?=\d))(\d[\w.]{0,15})",
    re.ASCII,
)
# An Android phone and a Chromebook also say Linux, an iPhone also says Mac OS: the more particular name wins.
_PARTICULAR: Final = ("android", "ios", "chromeos")
_FOREIGN: Final = ("linux", "macos", "windows")


def machine(text: str) -> Machine:
    """What the text tells of the machine; the first name of each sort, but the more particular system."""
    os = arch = ""
    text = text.lower()  # once, instead of ignoring case at every character
    for found in _PLACE.finditer(text):
        if found.lastgroup == "os":
            name = _OS[found["os"]]
            if not os or (os in _FOREIGN and name in _PARTICULAR):
                os = name
        elif not arch:
            arch = _ARCH[found["arch"]]
    return Machine(os, arch, runtime(text))


def runtime(text: str) -> str:
    """The first language implementation with a version that the text names, '' if none."""
    found = _ENGINE.search(text.lower())
    if not found:
        return ""
    name = found[1]
    return f"{_RUNTIME.get(name, name)} {found[2].rstrip('.')}"


def system(name: str) -> str:
    """The common name of an operating system, '' for an unknown one."""
    return _OS.get(name.strip().lower(), "")


def processor(name: str) -> str:
    """The common name of a processor, '' for an unknown one."""
    return _ARCH.get(name.strip().lower(), "")
