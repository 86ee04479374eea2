"""A repository for Composer 2: root, minified metadata, services; archives at a code host that redirects further."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote_plus

from registry.local import Local
from registry.packages import noise, zipped
from registry.server import Request
from registry.weather import Reply

REPOSITORY, CODE, FILES = "repository", "code", "files"
CREATED = "2024-05-06T07:08:09+00:00"
_FIRST = 1_714_979_289


@dataclass(slots=True)
class Release:
    """One version: its archive, and what the metadata says of it."""

    name: str
    version: str
    require: Mapping[str, str] = field(default_factory=dict)
    shasum: str = "none"
    """right | wrong (of other bytes) | none (as for nearly all packages of the public repository)."""
    time: str = CREATED
    padding: int = 0

    body: bytes = field(init=False)
    reference: str = field(init=False)

    def __post_init__(self) -> None:
        self.reference = hashlib.sha1(f"{self.name} {self.version}".encode()).hexdigest()
        self.body = build_zip(self)

    @property
    def dev(self) -> bool:
        return self.version.startswith("dev-")

    @property
    def normalised(self) -> str:
        return self.version if self.dev else f"{self.version.removeprefix('v')}.0"

    @property
    def plain(self) -> str:
        """The version as the gateway's paths spell it."""
        return self.version.removeprefix("v").replace("/", "~2f")

    @property
    def path(self) -> str:
        """The archive's path below the gateway's mount."""
        return f"dists/{self.name}/{self.plain}/{self.reference}.zip"

    @property
    def theirs(self) -> str:
        """The archive's path at the code host, and at the file host it redirects to."""
        return f"/{self.name}/zip/{self.reference}"


def build_zip(release: Release) -> bytes:
    """An archive as code hosts generate it: one folder, named after the commit."""
    folder = f"{release.name.replace('/', '-')}-{release.reference[:7]}"
    about = {"name": release.name, "require": dict(release.require), "autoload": {"files": ["lib.php"]}}
    files = {
        f"{folder}/composer.json": json.dumps(about).encode(),
        f"{folder}/lib.php": f"<?php\nconst {release.name.replace('/', '_').upper()} = '{release.version}';\n".encode(),
    }
    if release.padding:
        files[f"{folder}/noise.bin"] = noise(release.padding, release.reference)
    return zipped(files)


class ComposerRegistry(Local):
    """`with ComposerRegistry() as upstream:` serves on three loopback ports until the block ends.

    `bare` leaves out search, list and advisories, as most private repositories do.
    """

    doors: ClassVar = (REPOSITORY, CODE, FILES)

    def __init__(self, *, bare: bool = False) -> None:
        self.releases: list[Release] = []
        self.bare = bare
        self.advisories: dict[str, list[dict[str, object]]] = {}
        self.root_extra: dict[str, object] = {}
        self.served: dict[str, bytes] = {}
        """Other bytes for an archive than those it was published with, by its path at the code host."""
        self._changes = 0

    # ---- contents

    def add(self, name: str, version: str, require: Mapping[str, str] | None = None, **more: Any) -> Release:
        """Build and publish a version, the newest so far."""
        release = Release(name, version, require or {}, **more)
        self.releases.insert(0, release)
        self._changes += 1
        return release

    def root(self) -> dict[str, object]:
        """packages.json."""
        here = self.at(REPOSITORY)
        found: dict[str, object] = {
            "packages": [],
            "metadata-url": "/p2/%package%.json",
            "notify-batch": f"{here}/downloads/",
            "available-packages": sorted({release.name for release in self.releases}),
            "mirrors": [{"dist-url": f"{self.at(CODE)}/never/%package%/%reference%.%type%", "preferred": True}],
        }
        if not self.bare:
            found |= {
                "search": f"{here}/search.json?q=%query%&type=%type%",
                "list": f"{here}/packages/list.json",
                "providers-api": f"{here}/providers/%package%.json",
                "security-advisories": {"metadata": False, "api-url": f"{here}/api/security-advisories/"},
            }
        return found | self.root_extra

    def metadata(self, name: str, *, dev: bool) -> dict[str, object]:
        """A package's tags or branches, minified."""
        entries = [self._entry(release) for release in self.releases if release.name == name and release.dev is dev]
        return {"packages": {name: minified(entries)}, "minified": "composer/2.0", "security-advisories": []}

    def _entry(self, release: Release) -> dict[str, object]:
        announced = {"none": "", "right": release.body, "wrong": b"other bytes"}[release.shasum]
        entry: dict[str, object] = {
            "name": release.name,
            "description": f"{release.name} for tests",
            "version": release.version,
            "version_normalized": release.normalised,
            "type": "library",
            "time": release.time,
            "require": dict(release.require),
            "autoload": {"files": ["lib.php"]},
            "notification-url": f"{self.at(REPOSITORY)}/downloads/",
            "dist": {
                "type": "zip",
                "url": self.at(CODE) + release.theirs,
                "reference": release.reference,
                "shasum": hashlib.sha1(announced).hexdigest() if isinstance(announced, bytes) else "",
            },
        }
        return entry

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        if request.door == REPOSITORY:
            return self._repository(request)
        release = next((release for release in self.releases if release.theirs == request.path), None)
        if release is None:
            return _json({"message": "Not Found"}, 404)
        if request.door == CODE:
            return Reply(302, {"location": self.at(FILES) + release.theirs, "content-type": "text/html"}, b"moved")
        body = self.served.get(release.theirs, release.body)
        return Reply(200, {"content-type": "application/zip", "etag": f'"{hashlib.sha256(body).hexdigest()}"'}, body)

    def _repository(self, request: Request) -> Reply:
        path = request.path
        if path == "/packages.json":
            return self._document(self.root())
        if path.startswith("/p2/") and path.endswith(".json"):
            name = path.removeprefix("/p2/").removesuffix(".json")
            dev = name.endswith("~dev")
            name = name.removesuffix("~dev")
            if any(release.name == name for release in self.releases):
                return self._document(self.metadata(name, dev=dev))
        elif not self.bare:
            return self._service(request, parse_qs(request.query))
        return Reply(404, {"content-type": "text/html"}, b"<html>not found</html>")

    def _document(self, value: object) -> Reply:
        body = json.dumps(value).encode()
        modified = formatdate(_FIRST + 3600 * self._changes, usegmt=True)
        headers = {"content-type": "application/json", "last-modified": modified, "cache-control": "max-age=900"}
        return Reply(200, headers | {"etag": f'"{hashlib.md5(body).hexdigest()}"'}, body)

    def _service(self, request: Request, query: Mapping[str, Sequence[str]]) -> Reply:
        names = sorted({release.name for release in self.releases})
        match request.method, request.path:
            case "GET", "/search.json":
                found = [{"name": n, "description": "x"} for n in names if query.get("q", [""])[0] in n]
                return _json({"results": found, "total": len(found)})
            case "GET", "/packages/list.json":
                vendor = query.get("vendor", [""])[0]
                return _json({"packageNames": [n for n in names if n.startswith(vendor)]})
            case "GET", "/all-filters.json":
                return _json({"filter": {}})
            case "POST", "/api/security-advisories/":
                asked = {v for k, vs in parse_qs(unquote_plus(request.body.decode())).items() for v in vs}
                return _json({"advisories": {n: rows for n, rows in self.advisories.items() if n in asked}})
            case "POST", "/api/f":
                return _json({"filter": []})
        if request.path.startswith("/providers/"):
            return _json({"providers": [{"name": names[0], "description": "x", "type": "library"}]})
        return _json({"status": "error"}, 404)


def minified(entries: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """As Composer's MetadataMinifier writes it: what differs from the entry before."""
    found: list[dict[str, object]] = []
    last: Mapping[str, object] = {}
    for entry in entries:
        changed = {key: value for key, value in entry.items() if key not in last or last[key] != value}
        found.append(changed | {key: "__unset" for key in last if key not in entry})
        last = entry
    return found


def _json(value: object, status: int = 200) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())
