"""Where conda's things are: channels, platforms, file names, purls, and how versions are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packageurl import PackageURL

from subak.errors import NotFound
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

SHARDS_INDEX = "repodata_shards.msgpack.zst"
SHARD_ENDING = ".msgpack.zst"

# ---------------------------------------------------------------- paths

_SUBDIR = re.compile(
    r"noarch|(?:linux|osx|win|freebsd|netbsd|openbsd|android|ios|emscripten|wasi|zos)-[a-z0-9_]+", re.ASCII
)
"""A platform. Every channel has 'noarch', even if nothing is in it."""

_SEGMENT = re.compile(r"[A-Za-z0-9_~@][A-Za-z0-9._~+@-]*\Z", re.ASCII)
_LONGEST_CHANNEL = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of files: one platform of one channel."""

    channel: str
    """One or more segments: 'lab', 'pkgs/main', 'lab/label/rc'."""
    subdir: str

    @property
    def path(self) -> str:
        """Below the mount, ends in '/'."""
        return f"{self.channel}/{self.subdir}/"


def channel_of(text: str) -> str:
    """Raises NotFound for what no channel can be called."""
    segments = text.split("/")
    # 't' is where a token would stand: it must never become part of a name that is stored
    if len(text) > _LONGEST_CHANNEL or segments[0] == "t" or not all(map(_SEGMENT.match, segments)):
        raise NotFound("no conda channel can be called so")
    return text


def place(channel: str, subdir: str) -> Place:
    """Raises NotFound for an impossible channel or an unknown platform."""
    if not _SUBDIR.fullmatch(subdir):
        raise NotFound(f"{subdir[:60]!r} is not a platform that conda knows")
    return Place(channel_of(channel), subdir)


def split_place(path: str) -> tuple[Place, str]:
    """The place that a path begins with, and the rest: 'lab/noarch/shards/x'. Raises NotFound."""
    segments = path.split("/")
    at = next((i for i in range(len(segments) - 2, 0, -1) if _SUBDIR.fullmatch(segments[i])), 0)
    if not at:
        raise NotFound("this path names no platform of a channel")
    return place("/".join(segments[:at]), segments[at]), "/".join(segments[at + 1 :])


def document(where: Place, route: str, file: str) -> Subject:
    """An index of a place."""
    return Subject("conda", Kind.LISTING, route, where.path + file)


# ---------------------------------------------------------------- files

_TYPES = ("conda", "tar.bz2", "whl")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!~-]*\Z", re.ASCII)
_LONGEST_FILE = 255


@dataclass(frozen=True, slots=True)
class Built:
    """What a file name tells."""

    name: str
    """In lower case."""
    version: str
    build: str
    type: str
    """conda | tar.bz2 | whl."""


def built(file: str) -> Built:
    """'name-version-build.conda', read from its right: names hold hyphens. Raises NotFound for another file name."""
    type_ = next((t for t in _TYPES if file.endswith(f".{t}")), "")
    stem = file.removesuffix(f".{type_}")
    parts = stem.rsplit("-", 2)
    if not type_ or len(parts) != 3 or not all(parts) or not _FILE.match(file) or len(file) > _LONGEST_FILE:
        raise NotFound(f"{file[:100]!r} is not the name of a package file")
    return Built(parts[0].lower(), parts[1], parts[2], type_)


def package(where: Place, file: str) -> Subject:
    """A package's file. Raises NotFound for a name that none has."""
    told = built(file)
    qualifiers = {"build": told.build, "channel": where.channel, "subdir": where.subdir, "type": told.type}
    text = purl("conda", "", told.name, told.version, qualifiers)
    return Subject("conda", Kind.ARTIFACT, "package", where.path + file, told.name, told.version, purl=text)


def path_of(purl: PackageURL) -> str:
    """The package's file: channels have no document about one package. Raises NotFound.

    Purls leave out much; then it is a file that may not exist, in the channel that conda asks when none is named.
    """
    told = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
    type_ = told.get("type", "conda")
    if purl.type != "conda" or purl.namespace or not purl.version or type_ not in _TYPES:
        raise NotFound(f"no path is known for {purl.to_string()[:100]}")
    where = place(told.get("channel", "defaults"), told.get("subdir", "noarch"))
    file = f"{purl.name.lower()}-{purl.version}-{told.get('build', '0')}.{type_}"
    if (found := built(file)).name != purl.name.lower() or found.version != purl.version:
        raise NotFound(f"no file is called {file[:100]!r}")
    return where.path + file


# ---------------------------------------------------------------- versions

_RUN = re.compile(r"[0-9]+|[^0-9]+", re.ASCII)


def fold_version(version: str) -> str:
    """A version as conda compares it (VersionOrder): '0!1.0', '1.0.0' and '1_0' are one release.

    Letters fold to lower case, '_' to '.', '-' to '_' where there is no other '_'; numbers lose leading zeros, and
    a component or an end that is only zero counts as absent. A last '_' is kept: it sorts before the release.
    """
    text = version.strip().lower()
    if "-" in text and "_" not in text:
        text = text.replace("-", "_")
    epoch, bang, rest = text.rpartition("!")
    public, plus, local = rest.partition("+")
    number = epoch.lstrip("0") if bang else ""
    return (f"{number}!" if number else "") + _components(public) + (f"+{_components(local)}" if plus else "")


def _components(text: str) -> str:
    last = "_" if text.endswith("_") else ""
    found = [_component(part) for part in (text.removesuffix("_").replace("_", ".") + last).split(".")]
    while len(found) > 1 and found[-1] == "0":
        found.pop()
    return ".".join(found)


def _component(part: str) -> str:
    runs = [run.lstrip("0") or "0" if run.isdigit() else run for run in _RUN.findall(part)]
    if not runs or not runs[0].isdigit():
        runs.insert(0, "0")
    while len(runs) > 1 and runs[-1] == "0":
        runs.pop()
    return "".join(runs)
