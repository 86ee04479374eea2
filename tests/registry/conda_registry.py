"""A local conda alias, made to misbehave on demand: channels in a folder, indexed by rattler's own indexer."""

from __future__ import annotations

import bz2
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import zstandard

from registry.local import Local
from registry.packages import noise, tar, zipped
from registry.python_index import absent
from registry.server import Request
from registry.weather import Reply

ALIAS, FILES = "alias", "files"
SHARDS, ZST, JSON = "repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json"

_INDEX = """
import asyncio, os, sys
from rattler.index import index_fs
asyncio.run(index_fs(sys.argv[1], write_zst=True, write_shards=True, force=True))
os._exit(0)
"""
"""A process of its own that ends without clean-up: the indexer's threads may crash the interpreter at its end."""


def build_conda(index: Mapping[str, object], files: Mapping[str, bytes], kind: str) -> bytes:
    """The bytes of a package of either kind, 'conda' or 'tar.bz2', that installs these files."""
    rows = [
        {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(body).hexdigest(), "size_in_bytes": len(body)}
        for path, body in files.items()
    ]
    info = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": rows, "paths_version": 1}).encode(),
        "info/files": "".join(f"{path}\n" for path in files).encode(),
    }
    if kind == "tar.bz2":
        return bz2.compress(tar({**info, **files}))
    stem = f"{index['name']}-{index['version']}-{index['build']}"
    return zipped(
        {
            "metadata.json": b'{"conda_pkg_format_version": 2}',
            f"pkg-{stem}.tar.zst": zstandard.compress(tar(files)),
            f"info-{stem}.tar.zst": zstandard.compress(tar(info)),
        }
    )


@dataclass(frozen=True, slots=True)
class Package:
    """One published file."""

    path: str
    """Below the alias, with a leading slash."""
    body: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(slots=True)
class CondaRegistry(Local):
    """`with CondaRegistry(folder) as upstream:` serves until the block ends, on two ports of loopback.

    Publish with `add`, then `index`. The second port serves the same files: packages of a channel whose index says
    that they are elsewhere.
    """

    doors: ClassVar = (ALIAS, FILES)
    folder: Path
    missing: set[str] = field(default_factory=set)
    """Names of files that are answered with 404, wherever they are."""

    # ---- contents

    def add(
        self,
        name: str,
        version: str,
        depends: tuple[str, ...] = (),
        *,
        channel: str = "lab",
        subdir: str = "noarch",
        build: str = "0",
        kind: str = "conda",
        padding: int = 0,
    ) -> Package:
        """Build and publish a package, unknown to the index until it is made again."""
        index: dict[str, object] = {
            "name": name, "version": version, "build": build, "build_number": 0, "depends": list(depends),
            "subdir": subdir, "license": "MIT", "timestamp": 1700000000000,
        }  # fmt: skip
        if subdir == "noarch":
            index["noarch"] = "generic"
        files = {f"share/{name}.txt": f"{name} {version}\n".encode()}
        if padding:
            files[f"share/{name}.bin"] = noise(padding, f"{name}-{version}")
        package = Package(f"/{channel}/{subdir}/{name}-{version}-{build}.{kind}", build_conda(index, files, kind))
        self.file(package.path).parent.mkdir(parents=True, exist_ok=True)
        self.file(package.path).write_bytes(package.body)
        return package

    def index(self, channel: str = "lab") -> None:
        """Make the indexes of a channel."""
        subprocess.run([sys.executable, "-c", _INDEX, str(self.folder / channel)], check=True, capture_output=True)

    def file(self, path: str) -> Path:
        """Where a path of the alias is kept."""
        return self.folder / path.lstrip("/")

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        path = request.path.replace("%2B", "+").replace("%21", "!")
        if not re.fullmatch(r"(/[\w.+!-]+)+", path) or "/.." in path or path.rpartition("/")[2] in self.missing:
            return absent(404)
        file = self.file(path)
        if not file.is_file():
            return absent(404)
        body = file.read_bytes()
        kind = "application/json" if path.endswith(".json") else "application/octet-stream"
        headers = {"content-type": kind, "etag": f'"{hashlib.md5(body).hexdigest()}"', "accept-ranges": "bytes"}
        return Reply(200, headers, body)
