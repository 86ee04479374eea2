"""A local registry of container images, made to misbehave on demand: manifests, layers at a storage host, tokens."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote

from registry.local import Local
from registry.packages import noise, tar
from registry.server import Request
from registry.weather import Reply

REGISTRY, STORAGE, TOKENS = "registry", "storage", "tokens"

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
EMPTY = "application/vnd.oci.empty.v1+json"


def named(body: bytes, algorithm: str = "sha256") -> str:
    """The digest that is the name of these bytes."""
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's bytes with the type they are sent as."""

    body: bytes
    media: str

    @property
    def digest(self) -> str:
        return named(self.body)

    def json(self) -> dict[str, object]:
        """Its tree."""
        tree = json.loads(self.body)
        assert isinstance(tree, dict)
        return tree

    def descriptor(self, **more: object) -> dict[str, object]:
        """As a list of images names it."""
        return {"mediaType": self.media, "digest": self.digest, "size": len(self.body), **more}


@dataclass(frozen=True, slots=True)
class Image:
    """One image: what its manifest lists, in order: the configuration, then the layers."""

    manifest: Manifest
    blobs: tuple[bytes, ...]

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(named(blob) for blob in self.blobs)


def build_image(text: str, padding: int = 0, architecture: str = "amd64", media: str = MANIFEST) -> Image:
    """An image with a file that says `text`, the same on every run; `padding` bytes of noise make its layer large.

    The manifest is written with odd spaces and ends without a newline: whoever writes it anew changes its name.
    """
    plain = tar({"text": text.encode(), "noise.bin": noise(padding, text)})
    layer = gzip.compress(plain, 1, mtime=0)
    rootfs = {"type": "layers", "diff_ids": [named(plain)]}
    config = json.dumps({"architecture": architecture, "os": "linux", "config": {}, "rootfs": rootfs}).encode()
    tree = {
        "schemaVersion": 2,
        "mediaType": media,
        "config": {"mediaType": CONFIG, "digest": named(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": named(layer), "size": len(layer)}],
        "annotations": {"org.opencontainers.image.title": text},
    }
    return Image(Manifest(json.dumps(tree, indent=3).encode() + b"  ", media), (config, layer))


def build_index(*images: tuple[str, Image]) -> Manifest:
    """A list of images, one for each architecture."""
    rows = [image.manifest.descriptor(platform={"os": "linux", "architecture": name}) for name, image in images]
    return Manifest(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows}, indent=3).encode(), INDEX)


def write_layout(folder: Path, image: Image, tag: str = "1") -> None:
    """An image as a folder in OCI's layout, which skopeo pushes from."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for body in (*image.blobs, image.manifest.body):
        (blobs / named(body).removeprefix("sha256:")).write_bytes(body)
    row = image.manifest.descriptor(annotations={"org.opencontainers.image.ref.name": tag})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [row]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


@dataclass(slots=True)
class Repository:
    """What one name holds."""

    tags: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    referrers: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """By the digest they refer to."""


@dataclass(slots=True)
class TokenService:
    """Hands out tokens that fit one repository, and remembers which it gave."""

    on: bool = False
    password: str = ""
    """Basic credentials 'user:password' without which there is no token, '' for anybody."""
    lasts: int = 300
    given: dict[str, str] = field(default_factory=dict)
    """{token: scope}"""

    def answer(self, request: Request) -> Reply:
        basic = "Basic " + base64.b64encode(self.password.encode()).decode()
        if self.password and request.headers.get("authorization", "") != basic:
            return error(401, "UNAUTHORIZED", "who are you?")
        scope = " ".join(parse_qs(request.query).get("scope", []))
        token = f"token-{len(self.given)}"
        self.given[token] = scope
        return _json({"token": token, "expires_in": self.lasts})

    def opens(self, request: Request, name: str) -> bool:
        """Does the request carry a token for pulling from that repository?"""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.given.get(token, "-") == f"repository:{name}:pull"


@dataclass(slots=True)
class OciRegistry(Local):
    """`with OciRegistry() as upstream:` serves until the block ends, on three ports of loopback.

    Like the reference registry it answers 404 to whoever does not accept the type that it holds. `stored` keeps
    layers at a storage host, which refuses requests that carry credentials; `bare` is a registry of old: no
    digests in its heads, no list of referrers.
    """

    doors: ClassVar = (REGISTRY, STORAGE, TOKENS)
    stored: bool = False
    bare: bool = False
    tokens: TokenService = field(default_factory=TokenService)
    repositories: dict[str, Repository] = field(default_factory=dict)

    # ---- contents

    def push(self, name: str, tag: str, image: Image | Manifest, *, algorithm: str = "sha256") -> Image | Manifest:
        """Publish an image, or a list whose images are there already. No tag: only by digest."""
        repository = self.repositories.setdefault(name, Repository())
        manifest = image.manifest if isinstance(image, Image) else image
        digest = named(manifest.body, algorithm)
        repository.manifests[digest] = manifest
        if isinstance(image, Image):
            repository.blobs |= {named(blob): blob for blob in image.blobs}
        if tag:
            repository.tags[tag] = digest
        return image

    def attach(self, name: str, to: str, kind: str, body: bytes = b"{}") -> Manifest:
        """Publish an artifact that refers to the manifest of that digest: a signature, a bill of materials."""
        repository = self.repositories[name]
        repository.blobs |= {named(body): body, named(b"{}"): b"{}"}
        tree = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": kind,
            "config": {"mediaType": EMPTY, "digest": named(b"{}"), "size": 2},
            "layers": [{"mediaType": kind, "digest": named(body), "size": len(body)}],
            "subject": {"mediaType": MANIFEST, "digest": to, "size": len(repository.manifests[to].body)},
        }
        manifest = Manifest(json.dumps(tree).encode(), MANIFEST)
        repository.manifests[manifest.digest] = manifest
        repository.referrers.setdefault(to, []).append(manifest.descriptor(artifactType=kind))
        return manifest

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        if request.door == TOKENS:
            return self.tokens.answer(request)
        if request.door == STORAGE:
            return self._store(request)
        path = unquote(request.path)
        if not path.startswith("/v2/"):
            return error(404, "UNKNOWN", "not here")
        name, kind, what = _parts(path.removeprefix("/v2/"))
        if self.tokens.on and not self.tokens.opens(request, name):
            return self._challenge(name)
        if path == "/v2/":
            return _json({})
        if request.method not in ("GET", "HEAD"):
            return error(405, "UNSUPPORTED", "read only")
        repository = self.repositories.get(name)
        if repository is None:
            return error(404, "NAME_UNKNOWN", "repository name not known to registry")
        if kind == "manifests":
            return self._manifest(request, repository, what)
        if kind == "blobs":
            return self._blob(repository, name, what)
        if kind == "tags":
            return self._tags(request, repository, name)
        return self._referrers(request, repository, what)

    def _challenge(self, name: str) -> Reply:
        reply = error(401, "UNAUTHORIZED", "authentication required")
        scope = f',scope="repository:{name}:pull"' if name else ""
        reply.headers["www-authenticate"] = f'Bearer realm="{self.at(TOKENS)}/token",service="tests"{scope}'
        return reply

    def _manifest(self, request: Request, repository: Repository, what: str) -> Reply:
        digest = repository.tags.get(what, what)
        manifest = repository.manifests.get(digest)
        if manifest is None:
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        if manifest.media not in request.headers.get("accept", ""):
            return error(404, "MANIFEST_UNKNOWN", f"{manifest.media} found, but the accept header does not support it")
        headers = {"content-type": manifest.media, "docker-distribution-api-version": "registry/2.0"}
        if not self.bare:
            headers |= {"docker-content-digest": digest, "etag": f'"{digest}"'}
        return Reply(200, headers, manifest.body)

    def _blob(self, repository: Repository, name: str, digest: str) -> Reply:
        blob = repository.blobs.get(digest)
        if blob is None:
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if self.stored:
            return Reply(307, {"location": f"{self.at(STORAGE)}/{name}/{digest}?signature=secret"})
        headers = {"content-type": "application/octet-stream", "docker-content-digest": digest}
        return Reply(200, {**headers, "accept-ranges": "bytes", "etag": f'"{digest}"'}, blob)

    def _store(self, request: Request) -> Reply:
        if "authorization" in request.headers:
            return Reply(400, {"content-type": "application/xml"}, b"<Error>only one way of authentication</Error>")
        name, _, digest = unquote(request.path).removeprefix("/").rpartition("/")
        blob = self.repositories[name].blobs[digest]
        return Reply(200, {"content-type": "binary/octet-stream", "accept-ranges": "bytes", "etag": '"s"'}, blob)

    def _tags(self, request: Request, repository: Repository, name: str) -> Reply:
        query = parse_qs(request.query)
        tags = [tag for tag in sorted(repository.tags) if tag > query.get("last", [""])[0]]
        most = int(query.get("n", ["1000"])[0])
        reply = _json({"name": name, "tags": tags[:most]})
        if len(tags) > most > 0:
            reply.headers["link"] = f'</v2/{name}/tags/list?last={tags[most - 1]}&n={most}>; rel="next"'
        return reply

    def _referrers(self, request: Request, repository: Repository, digest: str) -> Reply:
        if self.bare:
            return Reply(404, {"content-type": "text/plain"}, b"404 page not found\n")
        wanted = parse_qs(request.query).get("artifactType", [""])[0]
        rows = [r for r in repository.referrers.get(digest, []) if wanted in ("", r["artifactType"])]
        reply = _json({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows})
        reply.headers["content-type"] = INDEX
        if wanted:
            reply.headers["oci-filters-applied"] = "artifactType"
        return reply


def _parts(path: str) -> tuple[str, str, str]:
    """Repository, kind and reference, read from the right."""
    name, _, last = path.rpartition("/")
    name, _, kind = name.rpartition("/")
    return name, kind, last


def error(status: int, code: str, message: str) -> Reply:
    """A refusal in the words of the protocol."""
    return Reply(
        status,
        {"content-type": "application/json"},
        json.dumps({"errors": [{"code": code, "message": message}]}).encode(),
    )


def _json(tree: object) -> Reply:
    headers = {"content-type": "application/json", "docker-distribution-api-version": "registry/2.0"}
    return Reply(200, headers, json.dumps(tree).encode())
