"""Maven's coordinates in paths: which group, artifact, version, classifier and type a path is about."""

from __future__ import annotations

import re
from typing import NamedTuple

from subak.ecosystems.maven.order import is_snapshot
from subak.errors import NotFound
from subak.model.purls import purl

ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
"""The checksum files that clients ask for, by extension."""

METADATA = "maven-metadata.xml"

_GROUP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\Z")
"""A piece of a group: its dots are slashes in paths, so that one group has one path."""

_ARTIFACT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_VERSION = re.compile(r"(?!\.)[^\\/:\"<>|?*\[\](){},\s]+\Z")
"""What Maven's model validator lets through, and what does not begin with a dot."""

_REST = re.compile(
    r"(?:-(?P<classifier>[^/]+?)\.(?P<plain>tar\.\w+|\w+)|\.(?P<bare>[A-Za-z][^/]*|[^./]+))(?P<signed>\.asc)?\Z"
)
_USUAL = re.compile(
    r"((?:[A-Za-z0-9_][A-Za-z0-9_-]*+/)+)([A-Za-z0-9_][A-Za-z0-9_.-]*+)/([A-Za-z0-9_][A-Za-z0-9_.-]*+)(?<!SNAPSHOT)"
    r"/\2-\3\.(jar|pom|module|aar|war)\Z"
).match
"""Most files, in one go; what it does not match is taken apart step by step."""
_BUILD = re.compile(r"(?P<build>\d{8}\.\d{6}-\d+)")


class Coordinates(NamedTuple):
    """What a file of a version is."""

    group: str
    """With dots."""
    artifact: str
    version: str
    """The version whose folder it is in: of a timestamped snapshot the one that ends in '-SNAPSHOT'."""
    classifier: str
    extension: str
    """'jar', 'tar.gz', 'pom.asc'."""
    moving: bool
    """A snapshot without timestamp: other bytes tomorrow."""

    @property
    def purl(self) -> str:
        """The type is left out where it is 'jar', which the purl specification has as default."""
        kind = "" if self.extension == "jar" else self.extension
        about = {"classifier": self.classifier, "type": kind} if self.classifier else {"type": kind} if kind else {}
        return purl("maven", self.group, self.artifact, self.version, about)


def project(folder: str) -> tuple[str, str]:
    """Group and artifact of 'org/example/lib'; the artifact is '' if there is but one piece.

    Raises NotFound for what is neither.
    """
    *pieces, artifact = folder.split("/")
    if not all(_GROUP.match(piece) for piece in pieces) or not _ARTIFACT.match(artifact):
        raise NotFound(f"no Maven artifact lives at {folder[:200]!r}")
    return (".".join(pieces), artifact) if pieces else (artifact, "")


def project_purl(group: str, artifact: str, version: str = "") -> str:
    """The purl of a project, or of one of its versions; '' for a group without artifact."""
    return purl("maven", group, artifact, version) if artifact else ""


def split_metadata(folder: str) -> tuple[str, str, str]:
    """Group, artifact and version of the folder that holds a maven-metadata.xml; the version is a snapshot's or ''.

    Whether 'org/example' is a group with plugins or the artifact 'example' only the document tells. Raises NotFound.
    """
    above, _, last = folder.rpartition("/")
    if "/" in above and is_snapshot(last):
        return *project(above), _checked(last)
    return *project(folder), ""


def split_file(path: str) -> Coordinates:
    """The coordinates of 'org/example/lib/1.0/lib-1.0.jar'. Raises NotFound unless the parts fit each other."""
    if usual := _USUAL(path):
        folder, artifact, version, extension = usual.groups()
        return Coordinates(folder[:-1].replace("/", "."), artifact, version, "", extension, False)
    folder, _, file = path.rpartition("/")
    above, _, version = folder.rpartition("/")
    group, artifact = project(above)
    if not artifact:
        raise NotFound(f"no Maven artifact lives at {folder[:200]!r}")
    rest, moving = _rest(file, artifact, _checked(version))
    found = _REST.match(rest)
    if found is None:
        raise NotFound(f"{file[:200]!r} is no file of {group}:{artifact}:{version}")
    extension = (found["plain"] or found["bare"]) + (found["signed"] or "")
    return Coordinates(group, artifact, version, found["classifier"] or "", extension, moving)


def split_checksum(path: str) -> tuple[str, str]:
    """The file that a checksum file is about, and the algorithm. Raises NotFound for checksums of checksums."""
    file, _, algorithm = path.rpartition(".")
    if algorithm not in ALGORITHMS or file.rpartition(".")[2] in ALGORITHMS:
        raise NotFound(f"{path[-200:]!r} is no checksum of a file")
    return file, algorithm


def _checked(version: str) -> str:
    if not _VERSION.match(version):
        raise NotFound(f"{version[:80]!r} is no version")
    return version


def _rest(file: str, artifact: str, version: str) -> tuple[str, bool]:
    """What follows '<artifact>-<version>' in a file's name, and whether it is a snapshot without timestamp.

    Plugins of sbt before 1.9 live in 'name_2.12_1.0' and call their files 'name-…'.
    """
    names = [artifact, *(artifact[: mark.start()] for mark in re.finditer("_", artifact))]
    name = next((name for name in names if file.startswith(f"{name}-")), None)
    rest = "" if name is None else file[len(name) + 1 :]
    if rest.startswith(version):
        return rest[len(version) :], is_snapshot(version)
    base = version.removesuffix("SNAPSHOT")
    build = _BUILD.match(rest, len(base)) if is_snapshot(version) and rest.startswith(base) else None
    return (rest[build.end() :], False) if build else ("", False)
