"""A local crate registry, made to misbehave on demand: sparse index, files behind a redirect, search."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import parse_qs

from registry.local import Local
from registry.packages import noise, tarball
from registry.python_index import absent
from registry.server import Request
from registry.weather import Reply

INDEX, API, FILES = "index", "api", "files"


@dataclass(slots=True)
class Crate:
    """One published version."""

    name: str
    vers: str
    body: bytes
    row: dict[str, object]
    """Its line in the index."""

    @property
    def cksum(self) -> str:
        """What the index announces."""
        return str(self.row["cksum"])

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


def folded(name: str) -> str:
    """Where the index keeps a crate, as '/index/se/rd/serde'."""
    low = name.lower()
    folders = {1: "1", 2: "2", 3: f"3/{low[:1]}"}.get(len(low), f"{low[:2]}/{low[2:4]}")
    return f"/index/{folders}/{low}"


def build_crate(name: str, vers: str, dependencies: dict[str, str], source: str, padding: int = 0) -> bytes:
    """The bytes of a crate that compiles with nothing but the compiler."""
    rows = "".join(f'{other} = "{wanted}"\n' for other, wanted in dependencies.items())
    manifest = f'[package]\nname = "{name}"\nversion = "{vers}"\nedition = "2021"\n\n[dependencies]\n{rows}'
    root = f"{name}-{vers}"
    files = {f"{root}/Cargo.toml": manifest.encode(), f"{root}/src/lib.rs": source.encode()}
    if padding:
        files[f"{root}/noise.bin"] = noise(padding, root)
    return tarball(files)


@dataclass(slots=True)
class CargoRegistry(Local):
    """`with CargoRegistry() as upstream:` serves until the block ends, on three ports of loopback.

    Its API redirects downloads to the file host, which answers 403 for a file that it does not have, as storage
    services do. `bare` is a mirror: no validators, no publish times, no API.
    """

    doors: ClassVar = (INDEX, API, FILES)
    bare: bool = False
    dl: str = "{api}/api/v1/crates"
    """The template in config.json; {api} and {files} are our own addresses."""
    crates: dict[str, list[Crate]] = field(default_factory=dict)

    # ---- contents

    def add(
        self,
        name: str,
        vers: str,
        dependencies: dict[str, str] | None = None,
        *,
        source: str = "",
        padding: int = 0,
        cksum: str = "",
        **row: object,
    ) -> Crate:
        """Build and publish a version; `cksum` announces another digest than that of its bytes."""
        wants = dependencies or {}
        body = build_crate(name, vers, wants, source or f'pub const VERSION: &str = "{vers}";\n', padding)
        deps = [
            {
                "name": other, "req": wanted, "features": [], "optional": False, "default_features": True,
                "target": None, "kind": "normal",
            }
            for other, wanted in wants.items()
        ]  # fmt: skip
        line: dict[str, object] = {
            "name": name, "vers": vers, "deps": deps, "cksum": cksum or hashlib.sha256(body).hexdigest(),
            "features": {}, "yanked": False,
        }  # fmt: skip
        if not self.bare:
            line["pubtime"] = "2024-05-06T07:08:09Z"
        published = Crate(name, vers, body, line | row)
        self.crates.setdefault(name.lower(), []).append(published)
        return published

    def find(self, name: str, vers: str) -> Crate | None:
        return next((c for c in self.crates.get(name.lower(), []) if (c.name, c.vers) == (name, vers)), None)

    @property
    def url(self) -> str:
        """The sparse index, as an upstream of the gateway."""
        return f"{self.at(INDEX)}/index/"

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        match request.door:
            case "index":
                return self._index(request.path)
            case "api":
                return self._api(request)
        return self._file(request.path)

    def _index(self, path: str) -> Reply:
        if path == "/index/config.json":
            config = {"dl": self.dl.replace("{api}", self.at(API)).replace("{files}", self.at(FILES))}
            if not self.bare:
                config["api"] = self.at(API)
            return self._validated("application/json", json.dumps(config).encode())
        crates = next((found for low, found in self.crates.items() if folded(low) == path), None)
        if crates is None:
            return absent(404)
        return self._validated("text/plain", b"".join(json.dumps(c.row).encode() + b"\n" for c in crates))

    def _validated(self, content_type: str, body: bytes) -> Reply:
        headers = {"content-type": content_type}
        if not self.bare:
            headers |= {"etag": f'"{hashlib.md5(body).hexdigest()}"', "cache-control": "public,max-age=600"}
        return Reply(200, headers, body)

    def _api(self, request: Request) -> Reply:
        match request.path.split("/")[1:]:
            case ["api", "v1", "crates"]:
                wanted = parse_qs(request.query).get("q", [""])[0]
                rows = [
                    {"name": found[-1].name, "max_version": found[-1].vers, "description": "made up"}
                    for low, found in self.crates.items() if wanted in low
                ]  # fmt: skip
                body = json.dumps({"crates": rows, "meta": {"total": len(rows)}}).encode()
                return Reply(200, {"content-type": "application/json"}, body)
            case ["api", "v1", "crates", name, vers, "download"]:
                return Reply(302, {"location": f"{self.at(FILES)}/crates/{name}/{name}-{vers}.crate"})
        return absent(404)

    def _file(self, path: str) -> Reply:
        crate = next((c for found in self.crates.values() for c in found if path.endswith(self._tails(c))), None)
        if crate is None or "+" in path:  # a storage service takes '+' for a space
            return Reply(403, {"content-type": "application/xml"}, b"<Error><Code>AccessDenied</Code></Error>")
        headers = {"content-type": "application/gzip", "accept-ranges": "bytes"}
        if not self.bare:
            headers |= {"etag": f'"{hashlib.md5(crate.body).hexdigest()}"', "cache-control": "public,max-age=31536000"}
        return Reply(200, headers, crate.body)

    @staticmethod
    def _tails(crate: Crate) -> tuple[str, ...]:
        vers = crate.vers.replace("+", "%2B")
        return (f"/{crate.name}/{crate.name}-{vers}.crate", f"/{crate.name}/{vers}/download", f"/{crate.cksum}")
