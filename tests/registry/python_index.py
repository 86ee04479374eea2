"""The documents of a Python index: JSON and HTML pages, sidecars, provenance; or those of a bare mirror."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from dataclasses import dataclass, field

from registry.packages import PythonFile, normalise
from registry.server import Request
from registry.weather import Reply

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
PROVENANCE_TYPE = "application/vnd.pypi.integrity.v1+json"


@dataclass(slots=True)
class Project:
    """One project: its files in upload order and its status marker (PEP 792)."""

    name: str
    files: list[PythonFile] = field(default_factory=list)
    status: str = ""
    reason: str = ""
    extra: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class PythonIndex:
    """Everything the Python side of the local upstream knows."""

    projects: dict[str, Project] = field(default_factory=dict)
    stripped: bool = False
    """Like a bare mirror: HTML only, relative links, no validators, no sidecars, no times."""
    files_url: str = ""
    index_url: str = ""
    removed: dict[str, int] = field(default_factory=dict)
    """Paths that are no longer there, and the status that says so."""
    forgotten_sidecars: set[str] = field(default_factory=set)
    """File names whose sidecar is announced but answers 404."""

    def project(self, name: str) -> Project:
        return self.projects.setdefault(normalise(name), Project(normalise(name)))

    def answer(self, request: Request) -> Reply:
        """The index and, for a bare mirror, the files too."""
        path = request.path
        if path in self.removed:
            return absent(self.removed[path])
        if path == "/simple/":
            return self._listing(request)
        if path.startswith("/simple/"):
            return self._detail(request)
        if path.startswith("/packages/"):
            return self.file(request)
        if path.startswith("/integrity/") and not self.stripped:
            return self._provenance(request)
        return absent(404)

    def file(self, request: Request) -> Reply:
        """A file or its sidecar."""
        if request.path in self.removed:
            return absent(self.removed[request.path])
        path, sidecar = request.path.removesuffix(".metadata"), request.path.endswith(".metadata")
        for project in self.projects.values():
            for file in project.files:
                if file.path == path:
                    missing = self.stripped or not file.metadata or file.filename in self.forgotten_sidecars
                    if sidecar and missing:
                        return absent(404)
                    return self._bytes(file.metadata if sidecar else file.body)
        return absent(404)

    def _bytes(self, body: bytes) -> Reply:
        headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
        if not self.stripped:
            headers["etag"] = f'"{hashlib.md5(body).hexdigest()}"'
            headers["last-modified"] = "Mon, 06 May 2024 07:08:09 GMT"
            headers["cache-control"] = "max-age=365000000, immutable, public"
        return Reply(200, headers, body)

    # ---- pages

    def _detail(self, request: Request) -> Reply:
        name = request.path.removeprefix("/simple/")
        wanted = normalise(name.rstrip("/"))
        if "/" in wanted or wanted not in self.projects:
            return absent(404)
        if name != f"{wanted}/":
            return Reply(301, {"location": f"/simple/{wanted}/", "content-type": "text/plain"}, b"moved")
        project = self.projects[wanted]
        return self._page(request, self.detail_json(project), self.detail_html(project))

    def _listing(self, request: Request) -> Reply:
        names = sorted(self.projects)
        document: dict[str, object] = {
            "meta": {"api-version": "1.4", "_last-serial": self._serial()},
            "projects": [{"name": name, "_last-serial": 1} for name in names],
        }
        links = "".join(f'<a href="/simple/{name}/">{name}</a>\n' for name in names)
        return self._page(request, document, f"<!DOCTYPE html><html><body>\n{links}</body></html>\n")

    def _page(self, request: Request, document: dict[str, object], page: str) -> Reply:
        if self.stripped:
            return Reply(200, {"content-type": "text/html"}, page.encode())
        if JSON_TYPE in request.headers.get("accept", ""):
            content_type, body = JSON_TYPE, json.dumps(document).encode()
        else:
            content_type, body = "text/html; charset=utf-8", page.encode()
        headers = {
            "content-type": content_type,
            "etag": f'"{hashlib.md5(body).hexdigest()[:22]}"',
            "cache-control": "max-age=600, public",
            "vary": "Accept, Accept-Encoding",
            "x-pypi-last-serial": str(self._serial()),
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers["content-encoding"] = "gzip"
        return Reply(200, headers, body)

    def _serial(self) -> int:
        return 1000 + sum(len(p.files) for p in self.projects.values())

    def detail_json(self, project: Project) -> dict[str, object]:
        """PEP 691 with 700, 714, 740 and 792."""
        document: dict[str, object] = {
            "meta": {"api-version": "1.4", "_last-serial": self._serial()},
            "name": project.name,
            "versions": list(dict.fromkeys(f.version for f in project.files)),
            "files": [self._row(f) for f in project.files],
            **project.extra,
        }
        if project.status:
            document["project-status"] = {"status": project.status, "reason": project.reason}
        return document

    def _row(self, file: PythonFile) -> dict[str, object]:
        row: dict[str, object] = {
            "filename": file.filename,
            "url": self.files_url + file.path,
            "hashes": file.hashes,
            "requires-python": file.requires_python or None,
            "size": len(file.body),
            "upload-time": file.upload_time,
            "yanked": file.yanked,
            "provenance": self.provenance_url(file) if file.provenance else None,
            **file.extra,
        }
        announced = {"sha256": _sidecar_hash(file)} if file.metadata else False
        row["core-metadata"] = row["data-dist-info-metadata"] = announced
        return row

    def provenance_url(self, file: PythonFile) -> str:
        return f"{self.index_url}/integrity/{file.project}/{file.version}/{file.filename}/provenance"

    def detail_html(self, project: Project) -> str:
        """PEP 503 with 592, 629, 714 and 740; a bare mirror says less."""
        links = "".join(self._link(f) + "<br/>\n" for f in project.files)
        meta = '<meta name="pypi:repository-version" content="1.4">'
        if project.status:
            meta += f'<meta name="pypi:project-status" content="{project.status}">'
        head = f"<title>Links for {project.name}</title>" + ("" if self.stripped else meta)
        return f"<!DOCTYPE html>\n<html><head>{head}</head>\n<body>\n{links}</body></html>\n"

    def _link(self, file: PythonFile) -> str:
        base = "../.." if self.stripped else self.files_url
        fragment = "".join(f"#{k}={v}" for k, v in list(file.hashes.items())[:1])
        attributes = {"href": base + file.path + fragment}
        if file.requires_python:
            attributes["data-requires-python"] = file.requires_python
        if file.yanked is not False:
            attributes["data-yanked"] = file.yanked if isinstance(file.yanked, str) else ""
        if file.metadata and not self.stripped:
            announced = f"sha256={_sidecar_hash(file)}"
            attributes |= {"data-dist-info-metadata": announced, "data-core-metadata": announced}
        if file.provenance and not self.stripped:
            attributes["data-provenance"] = self.provenance_url(file)
        text = " ".join(f'{k}="{html.escape(v)}"' for k, v in attributes.items())
        return f"<a {text}>{file.filename}</a>"

    # ---- provenance

    def _provenance(self, request: Request) -> Reply:
        _, _, project, version, filename, _ = (request.path.split("/") + [""] * 6)[:6]
        for file in self.projects.get(project, Project(project)).files:
            if (file.version, file.filename, file.provenance) == (version, filename, True):
                body = json.dumps(provenance(file)).encode()
                return Reply(200, {"content-type": PROVENANCE_TYPE, "cache-control": "max-age=600"}, body)
        return absent(404)


def provenance(file: PythonFile) -> dict[str, object]:
    """A provenance object (PEP 740) with the shape of a real one; nobody signed it."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.filename, "digest": {"sha256": file.sha256}}],
        "predicateType": "https://docs.example/attestations/publish/v1",
        "predicate": None,
    }
    envelope = {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": "bm9ib2R5"}
    attestation = {"version": 1, "verification_material": {"certificate": "bm9uZQ=="}, "envelope": envelope}
    publisher = {"kind": "Forge", "repository": "example/example", "workflow": "release.yml"}
    return {"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": [attestation]}]}


def absent(status: int) -> Reply:
    """A short answer for what is not there."""
    return Reply(status, {"content-type": "text/plain"}, b"not here\n")


def _sidecar_hash(file: PythonFile) -> str:
    return file.metadata_sha256 or hashlib.sha256(file.metadata).hexdigest()
