"""The documents of a JavaScript registry: packuments, tarballs, tags, keys, search, audit; or a bare mirror's."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from registry.packages import NpmVersion
from registry.python_index import absent
from registry.server import Request
from registry.weather import Reply

ABBREVIATED = "application/vnd.npm.install-v1+json"
KEPT = (
    "name", "version", "deprecated", "dependencies", "optionalDependencies", "devDependencies", "bundleDependencies",
    "peerDependencies", "peerDependenciesMeta", "acceptDependencies", "bin", "directories", "dist", "engines", "cpu",
    "os", "libc", "funding", "hasInstallScript", "_hasShrinkwrap",
)  # fmt: skip
"""What an abbreviated version carries."""

KEYS = {
    "keys": [
        {
            "expires": None,
            "keyid": "SHA256:exampleexampleexampleexampleexampleexample0",
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": "bm90IGEga2V5",
        }
    ]
}


@dataclass(slots=True)
class NpmPackage:
    """One package: versions in publish order, tags, and what else its document carries."""

    name: str
    versions: dict[str, NpmVersion] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    readme: str = "# read me"
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class NpmRegistry:
    """Everything the JavaScript side of the local upstream knows."""

    packages: dict[str, NpmPackage] = field(default_factory=dict)
    stripped: bool = False
    """Like a bare mirror: one form, no validators, no signatures, none of the `/-/` services."""
    url: str = ""
    removed: dict[str, int] = field(default_factory=dict)
    advisories: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    without_time: bool = False

    def package(self, name: str) -> NpmPackage:
        return self.packages.setdefault(name, NpmPackage(name))

    def answer(self, request: Request) -> Reply:
        """Whatever an npm client asks; scoped names in all spellings."""
        path = unquote(request.path)
        if request.path in self.removed or path in self.removed:
            return absent(self.removed.get(path, 404))
        if path.startswith("/-/"):
            return absent(404) if self.stripped else self._service(request, path)
        if request.method not in ("GET", "HEAD"):
            return absent(405)
        parts = path.removeprefix("/").split("/")
        name, rest = ("/".join(parts[:2]), parts[2:]) if path.startswith("/@") else (parts[0], parts[1:])
        package = self.packages.get(name)
        if package is None:
            return _json(404, {"error": "Not found"})
        match rest:
            case []:
                return self._packument(request, package)
            case ["-", _]:
                return self._tarball(package, path)
            case [wanted] if not self.stripped:
                version = package.tags.get(wanted, wanted)
                if version in package.versions:
                    return _json(200, self.manifest(package.versions[version]))
        return _json(404, {"error": "Not found"})

    # ---- documents

    def _packument(self, request: Request, package: NpmPackage) -> Reply:
        full = self.packument(package)
        if self.stripped:
            return Reply(200, {"content-type": "application/json"}, json.dumps(full).encode())
        wanted = request.headers.get("accept", "").split(",")[0]
        abbreviated = ABBREVIATED in wanted
        body = json.dumps(abbreviate(full) if abbreviated else full).encode()
        headers = {
            "content-type": ABBREVIATED if abbreviated else "application/json",
            "etag": f'"{hashlib.md5(body).hexdigest()}"',
            "last-modified": "Mon, 06 May 2024 07:08:09 GMT",
            "cache-control": "public, max-age=300",
            "vary": "accept-encoding, accept",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers["content-encoding"] = "gzip"
        return Reply(200, headers, body)

    def packument(self, package: NpmPackage) -> dict[str, object]:
        """The full document."""
        versions = package.versions.values()
        time = {v.version: v.time for v in versions}
        if not self.stripped and time:
            time = {"created": min(time.values()), "modified": max(time.values()), **time}
        document: dict[str, object] = {
            "_id": package.name,
            "_rev": "7-0123456789abcdef",
            "name": package.name,
            "dist-tags": package.tags,
            "versions": {v.version: self.manifest(v) for v in versions},
            "time": time,
            "maintainers": [{"name": "somebody", "email": "somebody@example.org"}],
            "license": "MIT",
            "readme": package.readme,
            "readmeFilename": "README.md",
            **package.extra,
        }
        if self.without_time:
            del document["time"]
        return document

    def manifest(self, version: NpmVersion) -> dict[str, object]:
        """One version as the packument shows it."""
        dist: dict[str, object] = {"tarball": version.tarball_url or self.url + version.path}
        body = version.body if version.integrity != "wrong" else b"other bytes"
        if version.integrity != "none":
            dist["shasum"] = hashlib.sha1(body).hexdigest()
        if version.integrity in ("sha512", "wrong"):
            dist["integrity"] = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
            dist |= {"fileCount": 3, "unpackedSize": 300}
        if not self.stripped:
            dist["signatures"] = [{"keyid": KEYS["keys"][0]["keyid"], "sig": "bm9ib2R5"}]
            dist["attestations"] = {
                "url": f"{self.url}/-/npm/v1/attestations/{version.name}@{version.version}",
                "provenance": {"predicateType": "https://slsa.example/provenance/v1"},
            }
        return {
            "_id": f"{version.name}@{version.version}",
            "name": version.name,
            "version": version.version,
            "main": "index.js",
            "_npmUser": {"name": "somebody", "email": "somebody@example.org"},
            **version.manifest,
            "dist": dist,
        }

    def _tarball(self, package: NpmPackage, path: str) -> Reply:
        for version in package.versions.values():
            if version.path == path:
                headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
                if not self.stripped:
                    headers["etag"] = f'"{hashlib.md5(version.body).hexdigest()}"'
                    headers["last-modified"] = "Mon, 06 May 2024 07:08:09 GMT"
                    headers["cache-control"] = "public, immutable, max-age=31557600"
                return Reply(200, headers, version.body)
        return absent(404)

    # ---- services

    def _service(self, request: Request, path: str) -> Reply:
        if path == "/-/ping":
            return _json(200, {})
        if path == "/-/npm/v1/keys":
            return _json(200, KEYS)
        if path.startswith("/-/npm/v1/attestations/"):
            return self._attestations(path.removeprefix("/-/npm/v1/attestations/"))
        if path == "/-/npm/v1/security/advisories/bulk" and request.method == "POST":
            body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
            return _json(200, {name: self.advisories[name] for name in json.loads(body) if name in self.advisories})
        if path == "/-/v1/search":
            text = parse_qs(request.query).get("text", [""])[0]
            found = [{"package": {"name": n, "version": "1.0.0"}} for n in self.packages if text in n]
            return _json(200, {"objects": found, "total": len(found), "time": "now"})
        if path.startswith("/-/package/") and path.endswith("/dist-tags"):
            package = self.packages.get(path.removeprefix("/-/package/").removesuffix("/dist-tags"))
            return _json(200, package.tags) if package else _json(404, {"error": "Not found"})
        return _json(404, {"error": "Not found"})

    def _attestations(self, spec: str) -> Reply:
        name, _, version = spec.rpartition("@")
        if name not in self.packages or version not in self.packages[name].versions:
            return _json(404, {"error": "Not found"})
        kinds = ("https://npm.example/publish/v0.1", "https://slsa.example/provenance/v1")
        return _json(200, {"attestations": [{"predicateType": kind, "bundle": {"of": spec}} for kind in kinds]})


def abbreviate(full: dict[str, object]) -> dict[str, object]:
    """The `install-v1` form of a full document."""
    versions = full["versions"]
    time = full.get("time", {})
    assert isinstance(versions, dict)
    assert isinstance(time, dict)
    short: dict[str, object] = {
        "name": full["name"],
        "dist-tags": full["dist-tags"],
        "versions": {v: {k: m[k] for k in KEPT if k in m} for v, m in versions.items()},
    }
    if "modified" in time:
        short["modified"] = time["modified"]
    return short


def _json(status: int, value: object) -> Reply:
    return Reply(status, {"content-type": "application/json"}, json.dumps(value).encode())
