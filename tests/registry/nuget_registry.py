"""A NuGet feed: service index, flat container, registrations in pages, catalog, search; or a bare one without these."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs

from registry.local import Local
from registry.packages import noise, zipped
from registry.server import Request
from registry.weather import Reply

FEED, FILES, SEARCH = "feed", "files", "search"
PUBLISHED = "2024-05-06T07:08:09.123+00:00"
INLINED, A_PAGE = 128, 64
"""A registration with this many versions is cut into pages of so many; in a smaller one they stand in the index."""
JSON = {"content-type": "application/json"}


@dataclass(slots=True)
class Package:
    """One version of one package."""

    id: str
    version: str
    """As its author wrote it."""
    dependencies: Mapping[str, str] = field(default_factory=dict)
    padding: int = 0
    hashed: bytes = b""
    """What the catalog's digest is of, when it is not of the package itself."""
    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.body = build(self)

    @property
    def name(self) -> str:
        return self.id.lower()

    @property
    def folded(self) -> str:
        return self.version.lower().partition("+")[0]

    @property
    def path(self) -> str:
        """In a flat container."""
        return f"{self.name}/{self.folded}/{self.name}.{self.folded}.nupkg"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def nuspec(self) -> bytes:
        rows = "".join(f'<dependency id="{name}" version="{wanted}"/>' for name, wanted in self.dependencies.items())
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<package><metadata>'
            f"<id>{self.id}</id><version>{self.version}</version><authors>somebody</authors>"
            f"<description>made up</description><dependencies>{rows}</dependencies></metadata></package>\n"
        ).encode()


def build(package: Package) -> bytes:
    """A nupkg: a zip with a nuspec and the two members that packages of this kind always have."""
    return zipped(
        {
            f"{package.id}.nuspec": package.nuspec,
            "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>',
            "lib/netstandard2.0/_._": noise(package.padding, f"{package.id} {package.version}"),
        }
    )


class NugetRegistry(Local):
    """`with NugetRegistry() as upstream:` serves on three loopback ports: the feed, its file host, its search.

    `bare` has only a service index and a flat container.
    """

    doors: ClassVar = (FEED, FILES, SEARCH)

    def __init__(self, *, bare: bool = False) -> None:
        self.bare = bare
        self.packages: list[Package] = []
        self.advisories: dict[str, list[dict[str, Any]]] = {}

    @property
    def url(self) -> str:
        """The service index: what people configure."""
        return f"{self.at(FEED)}/v3/index.json"

    def add(
        self,
        id: str,
        version: str,
        dependencies: Mapping[str, str] | None = None,
        *,
        padding: int = 0,
        hashed: bytes = b"",
    ) -> Package:
        package = Package(id, version, dependencies or {}, padding, hashed)
        self.packages.append(package)
        return package

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        door, path = request.door, request.path
        if door == SEARCH:
            return self._search(parse_qs(request.query), path)
        if door == FILES:
            return self._flat(path.removeprefix("/flat/"))
        match path.split("/")[1:]:
            case ["v3", "index.json"]:
                return told(self._service())
            case ["reg", name, *rest] if not self.bare:
                return self._registration(name, "/".join(rest))
            case ["catalog0", "data", file]:
                return self._entry(file.removesuffix(".json"))
            case ["v3", "vulnerabilities", "index.json"]:
                row = {"@name": "base", "@id": f"{self.at(FEED)}/v3-vulnerabilities/base.json", "@updated": PUBLISHED}
                return told([row])
            case ["v3-vulnerabilities", "base.json"]:
                return told(self.advisories)
        return Reply(404)

    def _service(self) -> Any:
        feed, search = self.at(FEED), self.at(SEARCH)
        rows = {"PackageBaseAddress/3.0.0": f"{self.at(FILES)}/flat/", "PackagePublish/2.0.0": f"{feed}/publish"}
        if not self.bare:
            rows |= {
                "RegistrationsBaseUrl": f"{feed}/reg/", "RegistrationsBaseUrl/3.6.0": f"{feed}/reg/",
                "SearchQueryService": f"{search}/query", "SearchQueryService/3.5.0": f"{search}/query",
                "SearchAutocompleteService/3.5.0": f"{search}/autocomplete",
                "RepositorySignatures/5.0.0": f"{feed}/signatures.json",
                "VulnerabilityInfo/6.7.0": f"{feed}/v3/vulnerabilities/index.json",
                "Catalog/3.0.0": f"{feed}/catalog0/index.json",
            }  # fmt: skip
        return {"version": "3.0.0", "resources": [{"@id": at, "@type": kind} for kind, at in rows.items()]}

    def _of(self, name: str) -> list[Package]:
        return [package for package in self.packages if package.name == name]

    def _flat(self, path: str) -> Reply:
        name, _, rest = path.partition("/")
        if rest == "index.json" and (found := self._of(name)):
            return told({"versions": [package.folded for package in found]})
        for package in self._of(name):
            if path == package.path:
                headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes", "etag": '"0x1"'}
                return Reply(200, headers, package.body)
            if rest == f"{package.folded}/{name}.nuspec":
                return Reply(200, {"content-type": "application/xml"}, package.nuspec)
        return Reply(404, {"content-type": "application/xml"}, b"<Error><Code>BlobNotFound</Code></Error>")

    # ---- registrations

    def _registration(self, name: str, rest: str) -> Reply:
        found, folder = self._of(name), f"{self.at(FEED)}/reg/{name}"
        if rest == "index.json" and found:
            pages = _cut(found) if len(found) >= INLINED else [found]
            rows = [self._page(folder, page, inlined=len(found) < INLINED) for page in pages]
            return packed({"@id": f"{folder}/index.json", "@context": {}, "count": len(rows), "items": rows})
        for page in _cut(found):
            if rest == self._place(page):
                return packed(self._page(folder, page, inlined=True))
        leaf = next((package for package in found if rest == f"{package.folded}.json"), None)
        if leaf is None:
            return Reply(404)
        return packed(self._leaf(leaf) | {"catalogEntry": self._entry_at(leaf), "listed": True, "published": PUBLISHED})

    def _place(self, page: Sequence[Package]) -> str:
        return f"page/{page[0].folded}/{page[-1].folded}.json"

    def _page(self, folder: str, page: Sequence[Package], *, inlined: bool) -> dict[str, Any]:
        row: dict[str, Any] = {
            "@id": f"{folder}/{self._place(page)}", "@type": "catalog:CatalogPage", "count": len(page),
            "lower": page[0].version, "upper": page[-1].version, "parent": f"{folder}/index.json",
        }  # fmt: skip
        if inlined:
            row["items"] = [self._leaf(package) | {"catalogEntry": self._told(package)} for package in page]
        return row

    def _leaf(self, package: Package) -> dict[str, Any]:
        folder = f"{self.at(FEED)}/reg/{package.name}"
        return {
            "@id": f"{folder}/{package.folded}.json", "@type": "Package",
            "packageContent": f"{self.at(FILES)}/flat/{package.path}", "registration": f"{folder}/index.json",
        }  # fmt: skip

    def _told(self, package: Package) -> dict[str, Any]:
        at = self._entry_at(package)
        wanted = [
            {"@id": f"{at}#{name}", "id": name, "range": f"[{v}, )", "registration": f"{self.at(FEED)}/reg/{name}"}
            for name, v in package.dependencies.items()
        ]  # fmt: skip
        return {
            "@id": at, "@type": "PackageDetails", "id": package.id, "version": package.version, "listed": True,
            "published": PUBLISHED, "packageContent": f"{self.at(FILES)}/flat/{package.path}",
            "projectUrl": "https://project.example/",
            "dependencyGroups": [{"@id": f"{at}#group", "targetFramework": "netstandard2.0", "dependencies": wanted}],
        }  # fmt: skip

    def _entry_at(self, package: Package) -> str:
        return f"{self.at(FEED)}/catalog0/data/{package.name}.{package.folded}.json"

    def _entry(self, file: str) -> Reply:
        package = next((p for p in self.packages if f"{p.name}.{p.folded}" == file), None)
        if package is None:
            return Reply(404)
        digest = base64.b64encode(hashlib.sha512(package.hashed or package.body).digest()).decode()
        return told(
            self._told(package)
            | {"packageHash": digest, "packageHashAlgorithm": "SHA512", "packageSize": len(package.body)}
        )

    # ---- search

    def _search(self, asked: Mapping[str, list[str]], path: str) -> Reply:
        wanted = asked.get("q", [""])[0].lower()
        names = sorted({package.name for package in self.packages if wanted in package.name})
        if path == "/autocomplete":
            data = (
                [p.version for p in self._of(asked["id"][0])] if "id" in asked else [self._of(n)[0].id for n in names]
            )
            return told({"@context": {}, "totalHits": len(data), "data": data})
        hits = []
        for name in names:
            found, at = self._of(name), f"{self.at(FEED)}/reg/{name}"
            rows = [{"@id": f"{at}/{p.folded}.json", "version": p.version, "downloads": 1} for p in found]
            hit = {"id": found[-1].id, "version": found[-1].version, "description": "made up", "versions": rows}
            hits.append(hit | {"@id": f"{at}/index.json", "registration": f"{at}/index.json", "totalDownloads": 1})
        return told({"@context": {"@base": self.at(FEED)}, "totalHits": len(hits), "data": hits})


def _cut(found: Sequence[Package]) -> list[Sequence[Package]]:
    return [found[start : start + A_PAGE] for start in range(0, len(found), A_PAGE)]


def told(tree: Any) -> Reply:
    """JSON with a validator."""
    body = json.dumps(tree).encode()
    return Reply(200, {**JSON, "etag": f'"{hashlib.md5(body).hexdigest()}"'}, body)


def packed(tree: Any) -> Reply:
    """As the registrations are served: compressed whether asked for or not, with a mark at the beginning."""
    body = gzip.compress(b"\xef\xbb\xbf" + json.dumps(tree).encode(), mtime=0)
    return Reply(200, {**JSON, "content-encoding": "gzip", "etag": f'"{hashlib.md5(body).hexdigest()}"'}, body)
