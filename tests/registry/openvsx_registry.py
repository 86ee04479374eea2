"""A local gallery of editor extensions: the gallery API, the registry API, and files behind a redirect."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote
from uuid import NAMESPACE_DNS, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.local import Local
from registry.packages import noise, zipped
from registry.server import Request
from registry.weather import Reply

GALLERY, FILES = "gallery", "files"
SERVICES, CODE = "Microsoft.VisualStudio.Services", "Microsoft.VisualStudio.Code"
VSIX, MANIFEST, DETAILS = f"{SERVICES}.VSIXPackage", f"{CODE}.Manifest", f"{SERVICES}.Content.Details"
SIGNATURE, PUBLIC_KEY = f"{SERVICES}.VsixSignature", f"{SERVICES}.PublicKey"
JSON = {"content-type": "application/json"}

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY_ID = "3f2b7c1e-0000-4000-8000-000000000001"
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass(slots=True)
class Package:
    """One version for one platform."""

    namespace: str
    name: str
    version: str
    target: str = "universal"
    timestamp: str = "2024-05-06T07:08:09.123Z"
    pre_release: bool = False
    padding: int = 0
    announced: str = ""
    """Another sha256 than that of the bytes."""
    manifest: dict[str, object] = field(default_factory=dict)
    inside: dict[str, object] = field(default_factory=dict)
    """What the manifest inside says otherwise."""
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        engines = {"vscode": "^1.60.0"}
        told = {"name": self.name, "publisher": self.namespace, "version": self.version, "engines": engines}
        self.manifest = {**told, **self.manifest}
        files = {
            "extension/package.json": json.dumps({**self.manifest, **self.inside}).encode(),
            "extension/README.md": f"# {self.name} {self.version}\n".encode(),
            "extension.vsixmanifest": b"<PackageManifest/>",
        }
        if self.padding:
            files["extension/noise.bin"] = noise(self.padding, self.filename("vsix"))
        self.body = zipped(files)

    @property
    def id(self) -> str:
        return f"{self.namespace}.{self.name}"

    @property
    def uuid(self) -> str:
        return str(uuid5(NAMESPACE_DNS, self.id))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    def filename(self, suffix: str) -> str:
        at = "" if self.target == "universal" else f"@{self.target}"
        return f"{self.id}-{self.version}{at}.{suffix}"

    @property
    def folder(self) -> str:
        at = "" if self.target == "universal" else f"/{self.target}"
        return f"/api/{self.namespace}/{self.name}{at}/{self.version}"

    def files(self) -> dict[str, tuple[str, str, bytes]]:
        """{type in the registry API: (asset type in the gallery API, file name, body)}"""
        sigzip = zipped({".signature.sig": KEY.sign(self.body), ".signature.manifest": b"{}", ".signature.p7s": b""})
        text = self.announced or self.sha256
        return {
            "download": (VSIX, self.filename("vsix"), self.body),
            "sha256": ("", self.filename("sha256"), text.encode()),
            "manifest": (MANIFEST, "package.json", json.dumps(self.manifest).encode()),
            "readme": (DETAILS, "README.md", f"# {self.name} {self.version}\n".encode()),
            "signature": (SIGNATURE, self.filename("sigzip"), sigzip),
        }


def rank(package: Package) -> tuple[list[int], bool, str]:
    """Newest first, the universal package first of its version."""
    numbers = [-int(part) for part in package.version.partition("-")[0].split(".")]
    return numbers, package.target != "universal", package.target


@dataclass(slots=True)
class OpenVsxRegistry(Local):
    """`with OpenVsxRegistry() as upstream:` serves until the block ends, on two ports of loopback.

    Files are redirected to the second, as registries do that keep them at a storage service. `bare` is an older
    registry: it tells no sha256 and no signature.
    """

    doors: ClassVar = (GALLERY, FILES)
    bare: bool = False
    packages: list[Package] = field(default_factory=list)

    # ---- contents

    def add(self, namespace: str, name: str, version: str, target: str = "universal", **more: Any) -> Package:
        """Build and publish one package."""
        found = Package(namespace, name, version, target, **more)
        self.packages.append(found)
        return found

    def _of(self, identifier: str) -> list[Package]:
        """The packages of an extension, by name in any case or by UUID; newest first."""
        low = identifier.lower()
        return sorted((p for p in self.packages if low in (p.id.lower(), p.uuid)), key=rank)

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        parts = [unquote(part) for part in request.path.split("/")[1:]]
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        if request.door == FILES:
            return self._stored(parts)
        match parts:
            case ["vscode", "gallery", "extensionquery"] if request.method == "POST":
                return self._asked(json.loads(request.body))
            case ["vscode", "asset", namespace, name, version, kind]:
                target = query.get("targetPlatform", "universal")
                return self._moved(self._one(namespace, name, version, target), kind)
            case ["vscode", "unpkg", namespace, name, version, *path]:
                return self._inside(self._one(namespace, name, version, "universal"), "/".join(path))
            case ["api", "version"]:
                return _json({"version": "v1.2.3"})
            case ["api", "-", "public-key", key] if key == KEY_ID:
                return Reply(200, {"content-type": "text/plain"}, PEM)
            case ["api", "-", "search"]:
                return self._search(query)
            case ["api", "-", "query"] | ["api", "v2", "-", "query"]:
                return self._query(query)
            case ["api", *rest]:
                return self._registry(rest, query)
        return absent("no such path")

    def _one(self, namespace: str, name: str, version: str, target: str) -> Package | None:
        found = self._of(f"{namespace}.{name}")
        return next((p for p in found if (p.version, p.target) == (version, target)), None)

    def _moved(self, package: Package | None, kind: str) -> Reply:
        """302 to the storage service, by an asset's type or a file's name."""
        for what, filename, _ in package.files().values() if package else ():
            if kind.lower() in (what.lower(), filename.lower()) and not self._left_out(filename):
                assert package
                location = f"{self.at(FILES)}/{quote(package.id)}/{package.version}/{package.target}/{quote(filename)}"
                return Reply(302, {"location": location})
        return absent("no such file")

    def _left_out(self, filename: str) -> bool:
        return self.bare and filename.endswith((".sha256", ".sigzip"))

    def _stored(self, parts: list[str]) -> Reply:
        identifier, version, target, wanted = parts
        package = self._one(*identifier.split("."), version, target)
        for _, filename, body in package.files().values() if package else ():
            if filename == wanted:
                kind = "application/json" if filename.endswith(".json") else "application/octet-stream"
                tag = f'"{hashlib.md5(body).hexdigest()}"'
                return Reply(200, {"content-type": kind, "accept-ranges": "bytes", "etag": tag}, body)
        return Reply(403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")

    def _inside(self, package: Package | None, path: str) -> Reply:
        if package is None:
            return absent("no such version")
        with zipfile.ZipFile(io.BytesIO(package.body)) as archive:
            names = archive.namelist()
            if path in names:
                return Reply(200, {"content-type": "application/octet-stream"}, archive.read(path))
        folder = f"{path}/" if path else ""
        below = sorted({folder + n[len(folder) :].split("/")[0] for n in names if n.startswith(folder)})
        base = f"{self.url}vscode/unpkg/{package.namespace}/{package.name}/{package.version}/"
        return _json([base + name for name in below]) if below else absent("no such file")

    # ---- the gallery API

    def _asked(self, body: dict[str, Any]) -> Reply:
        criteria, flags = body["filters"][0]["criteria"], body["flags"]
        ids = [c["value"] for c in criteria if c["filterType"] in (4, 7)]
        if not ids:
            text = next((c["value"] for c in criteria if c["filterType"] == 10), "").lower()
            ids = sorted({p.id for p in self.packages if text in p.id.lower()})
        found = [packages for identifier in ids if (packages := self._of(identifier))]
        count = [{"metadataType": "ResultCount", "metadataItems": [{"name": "TotalCount", "count": len(found)}]}]
        return _json({"results": [{"extensions": [self._told(p, flags) for p in found], "resultMetadata": count}]})

    def _told(self, packages: list[Package], flags: int) -> dict[str, Any]:
        first, seen, versions = packages[0], set(), []
        for package in packages:
            if not (flags & 0x200 and package.target in seen) and flags & 0x211:
                seen.add(package.target)
                versions.append(self._told_version(package, flags))
        return {
            "extensionId": first.uuid, "extensionName": first.name, "displayName": first.name.title(),
            "publisher": {"publisherName": first.namespace, "publisherId": str(uuid5(NAMESPACE_DNS, first.namespace))},
            "versions": versions, "lastUpdated": first.timestamp, "flags": "", "statistics": [],
        }  # fmt: skip

    def _told_version(self, package: Package, flags: int) -> dict[str, Any]:
        uri = f"{self.url}vscode/asset/{package.namespace}/{package.name}/{package.version}"
        row: dict[str, Any] = {
            "version": package.version, "lastUpdated": package.timestamp, "targetPlatform": package.target,
            "properties": [{"key": f"{CODE}.Engine", "value": "^1.60.0"}],
        }  # fmt: skip
        if package.pre_release:
            row["properties"].append({"key": f"{CODE}.PreRelease", "value": "true"})
        if flags & 0x80:
            row |= {"assetUri": uri, "fallbackAssetUri": uri}
        if flags & 0x2:
            row["files"] = [
                {"assetType": kind, "source": f"{self.url.rstrip('/')}{package.folder}/file/{quote(name)}"}
                for kind, name, _ in package.files().values() if kind and not self._left_out(name)
            ]  # fmt: skip
            if not self.bare:
                row["files"].append({"assetType": PUBLIC_KEY, "source": f"{self.url}api/-/public-key/{KEY_ID}"})
        return row

    # ---- the registry API

    def _registry(self, parts: Sequence[str], query: dict[str, str]) -> Reply:
        match parts:
            case [namespace]:
                names = sorted({p.name for p in self.packages if p.namespace.lower() == namespace.lower()})
                urls = {name: f"{self.url}api/{namespace}/{name}" for name in names}
                return _json({"name": namespace, "extensions": urls}) if names else absent("no such namespace")
            case [namespace, name, version, "file", filename]:
                return self._moved(self._one(namespace, name, version, "universal"), filename)
            case [namespace, name, target, version, "file", filename]:
                return self._moved(self._one(namespace, name, version, target), filename)
        found, last = self._of(".".join(parts[:2])), parts[-1] if len(parts) > 2 else ""
        if len(parts) > 2 and parts[2] in {"universal", *(p.target for p in found)}:
            found = [p for p in found if p.target == parts[2]]
        if not found:
            return absent("Extension not found")
        if last == "reviews":
            return _json({"postUrl": f"{self.url}api/x/y/review", "reviews": []})
        if last in ("versions", "version-references"):
            size, offset = int(query.get("size", "18")), int(query.get("offset", "0"))
            return _json(self._versions(found, size, offset, references=last != "versions"))
        same = [p for p in found if p.version == last]
        return _json(self._described(same[0], found)) if same else absent("Extension not found")

    def _versions(self, found: list[Package], size: int, offset: int, *, references: bool) -> dict[str, Any]:
        if references:
            rows: Any = [
                {"version": p.version, "targetPlatform": p.target, "url": self._url(p), "files": self._files(p)}
                for p in found[offset : offset + size]
            ]
            return {"offset": offset, "totalSize": len(found), "versions": rows}
        versions = list(dict.fromkeys(p.version for p in found))
        base = f"{self.url}api/{found[0].namespace}/{found[0].name}/"
        rows = {v: base + v for v in versions[offset : offset + size]}
        return {"offset": offset, "totalSize": len(versions), "versions": rows}

    def _query(self, query: dict[str, str]) -> Reply:
        namespace, name = query.get("namespaceName", ""), query.get("extensionName", "")
        found = self._of(query.get("extensionId") or f"{namespace}.{name}")
        if "targetPlatform" in query:
            found = [p for p in found if p.target == query["targetPlatform"]]
        shown = found if query.get("includeAllVersions") == "true" else found[:1]
        return _json({"offset": 0, "totalSize": len(shown), "extensions": [self._described(p, found) for p in shown]})

    def _search(self, query: dict[str, str]) -> Reply:
        text = query.get("query", "").lower()
        ids = sorted({p.id for p in self.packages if text in p.id.lower()})
        rows = [self._entry(self._of(identifier)[0]) for identifier in ids]
        return _json({"offset": 0, "totalSize": len(rows), "extensions": rows})

    def _entry(self, package: Package) -> dict[str, Any]:
        return {
            "url": f"{self.url}api/{package.namespace}/{package.name}", "files": self._files(package),
            "name": package.name, "namespace": package.namespace, "version": package.version,
            "timestamp": package.timestamp, "displayName": package.name.title(),
        }  # fmt: skip

    def _url(self, package: Package) -> str:
        return f"{self.url}api/{package.namespace}/{package.name}/{package.target}/{package.version}"

    def _files(self, package: Package) -> dict[str, str]:
        base = f"{self.url.rstrip('/')}{package.folder}/file/"
        urls = {k: base + quote(name) for k, (_, name, _) in package.files().items() if not self._left_out(name)}
        return urls if self.bare else {**urls, "publicKey": f"{self.url}api/-/public-key/{KEY_ID}"}

    def _described(self, package: Package, all_of_it: Iterable[Package]) -> dict[str, Any]:
        found = list(all_of_it)
        base = f"{self.url}api/{package.namespace}/{package.name}"
        aliases = ["latest"] if package is found[0] else []
        versions = ["latest", *dict.fromkeys(p.version for p in found)]
        return {
            "namespaceUrl": f"{self.url}api/{package.namespace}", "reviewsUrl": f"{base}/reviews",
            "files": self._files(package), "name": package.name, "namespace": package.namespace,
            "targetPlatform": package.target, "version": package.version, "preRelease": package.pre_release,
            "allVersions": {version: f"{base}/{version}" for version in versions},
            "allVersionsUrl": f"{base}/versions", "versionAlias": aliases, "timestamp": package.timestamp,
            "downloads": {p.target: self._files(p)["download"] for p in found if p.version == package.version},
            "dependencies": [{"namespace": "acme", "extension": "base", "url": f"{self.url}api/acme/base"}],
            "bundledExtensions": [], "url": self._url(package), "engines": {"vscode": "^1.60.0"},
        }  # fmt: skip


def _json(value: object) -> Reply:
    return Reply(200, dict(JSON), json.dumps(value).encode())


def absent(why: str) -> Reply:
    """404 as the registry says it."""
    return Reply(404, dict(JSON), json.dumps({"error": why}).encode())
