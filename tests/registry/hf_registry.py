"""A hub of models and datasets: revisions, lists of files in pages, small files, large ones behind a redirect."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlencode

from registry.local import Local
from registry.server import Request
from registry.weather import Reply

HUB, STORAGE = "hub", "storage"
JSON = {"content-type": "application/json; charset=utf-8"}
A_PAGE = 60
"""Files in one page of a list."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's bytes."""

    body: bytes
    large: bool = False
    """Kept at the storage service and named by its sha256; git holds a pointer only."""

    @property
    def oid(self) -> str:
        """What git calls the file; of a large one its pointer."""
        body = b"pointer to " + self.sha256.encode() if self.large else self.body
        return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.oid


@dataclass(slots=True)
class Repository:
    """`commits` by id, the files of each by path; `refs` name some of them."""

    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, Blob], *refs: str) -> str:
        """A new commit with these files; branches that then point at it."""
        made = json.dumps([sorted((path, blob.oid) for path, blob in files.items()), len(self.commits)])
        commit = hashlib.sha1(made.encode()).hexdigest()
        self.commits[commit] = files
        self.refs |= dict.fromkeys(refs or ("main",), commit)
        return commit


class Hub(Local):
    """`with Hub() as upstream:` serves on two loopback ports: the hub, and the storage service it redirects to."""

    doors: ClassVar = (HUB, STORAGE)

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        """By 'models/acme/m'."""

    @property
    def url(self) -> str:
        return self.at(HUB)

    def repository(self, name: str) -> Repository:
        """The repository of that name, made when there is none. 'models/acme/m'."""
        return self.repositories.setdefault(name, Repository())

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        parts = [unquote(part) for part in request.path.split("/")[1:]]
        if request.door == STORAGE:
            return self._stored(parts[-1])
        if parts[:1] == ["api"]:
            return self._api(request, "/".join(parts[1:4]), parts[4:])
        kind = parts[0] if parts[0] in ("datasets", "spaces") else "models"
        owner, name, marker, revision, *path = parts[1:] if kind != "models" else parts
        found = self.repositories.get(f"{kind}/{owner}/{name}")
        if found is None:
            return failed(401, "RepoNotFound")
        return self._file(found, revision, "/".join(path)) if marker == "resolve" else failed(404, "EntryNotFound")

    def _stored(self, name: str) -> Reply:
        blobs = (blob for r in self.repositories.values() for files in r.commits.values() for blob in files.values())
        blob = next((blob for blob in blobs if blob.sha256 == name), None)
        headers = {"content-type": "binary/octet-stream", "accept-ranges": "bytes", "etag": f'"{name[:32]}"'}
        return Reply(200, headers, blob.body) if blob else Reply(403)

    def _file(self, found: Repository, revision: str, path: str) -> Reply:
        commit = found.refs.get(revision, revision)
        if commit not in found.commits:
            return failed(404, "RevisionNotFound")
        blob = found.commits[commit].get(path)
        if blob is None:
            reply = failed(404, "EntryNotFound")
            reply.headers["x-repo-commit"] = commit
            return reply
        headers = {"x-repo-commit": commit, "accept-ranges": "bytes", "content-type": "text/plain"}
        if not blob.large:
            return Reply(200, headers | {"etag": f'"{blob.oid}"'}, blob.body)
        # Clients that know Xet would go there by themselves.
        headers |= {"x-xet-hash": "e" * 64, "x-linked-etag": f'"{blob.sha256}"', "x-linked-size": str(len(blob.body))}
        headers["link"] = f'<{self.at(HUB)}/api/models/acme/m/xet-read-token/{commit}>; rel="xet-auth"'
        return Reply(302, headers | {"location": f"{self.at(STORAGE)}/bucket/{blob.sha256}?signature=x"}, b"Found")

    def _api(self, request: Request, name: str, rest: list[str]) -> Reply:
        query = {key: values[-1] for key, values in parse_qs(request.query).items()}
        if name.count("/") == 0:
            names = [n for n in self.repositories if n.startswith(f"{name}/") and query.get("search", "") in n]
            return told([{"id": n.partition("/")[2]} for n in names])
        found = self.repositories.get(name)
        if found is None:
            return failed(401, "RepoNotFound")
        match rest:
            case ["refs"]:
                rows = [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": c} for n, c in found.refs.items()]
                return told({"branches": rows, "tags": [], "converts": []})
            case ["commits", revision]:
                shown = {"title": "made up", "message": "", "authors": [], "date": "2024-05-06T07:08:09.000Z"}
                rows = [{"id": commit, **shown} for commit in reversed(found.commits)]
                return (
                    told(rows)
                    if revision in found.refs or revision in found.commits
                    else failed(404, "RevisionNotFound")
                )
        marker, revision = (rest[0], rest[1]) if len(rest) > 1 else ("revision", "main")
        commit = found.refs.get(revision, revision)
        if commit not in found.commits:
            return failed(404, "RevisionNotFound")
        match marker:
            case "revision":
                files = [{"rfilename": path} for path in found.commits[commit]]
                return told(
                    {"_id": "1", "id": name.partition("/")[2], "sha": commit, "private": False, "siblings": files}
                )
            case "tree":
                return self._tree(request, found.commits[commit], query)
            case "paths-info":
                wanted = json.loads(request.body)["paths"]
                return told([_entry(path, blob) for path, blob in found.commits[commit].items() if path in wanted])
        return failed(404, "EntryNotFound")

    def _tree(self, request: Request, files: dict[str, Blob], query: dict[str, str]) -> Reply:
        rows = [_entry(path, blob) for path, blob in sorted(files.items())]
        start = int(query.get("cursor", "0"))
        reply = told(rows[start : start + A_PAGE])
        if start + A_PAGE < len(rows):
            following = urlencode({**query, "cursor": start + A_PAGE})
            reply.headers["link"] = f'<{self.at(HUB)}{request.path}?{following}>; rel="next"'
        return reply


def _entry(path: str, blob: Blob) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "file", "path": path, "oid": blob.oid, "size": len(blob.body)}
    if blob.large:
        row |= {"lfs": {"oid": blob.sha256, "size": len(blob.body), "pointerSize": 75}, "xetHash": "e" * 64}
    return row


def told(tree: Any) -> Reply:
    """JSON with a validator."""
    body = json.dumps(tree).encode()
    return Reply(200, {**JSON, "etag": f'W/"{hashlib.md5(body).hexdigest()}"'}, body)


def failed(status: int, code: str) -> Reply:
    """An error as the Hub tells it."""
    headers = {**JSON, "x-error-code": code, "x-error-message": f"{code} it is"}
    return Reply(status, headers, json.dumps({"error": f"{code} it is"}).encode())
