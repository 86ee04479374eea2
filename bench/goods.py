"""What the local upstream offers: project pages, packuments and files of given sizes, as a folder of plain files.

simple/NAME/index.html, index.json      PEP 503 and PEP 691
packages/XX/FILE                        distributions
npm/NAME/packument.json, npm/NAME/-/FILE
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

KB, MB = 1000, 1000**2


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its name, its path upstream, its digest and its size."""

    name: str
    path: str
    sha256: str
    size: int


class Goods:
    """Writes into one folder, which a static server serves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._noise = os.urandom(MB)
        self._number = 0

    def wheels(self, project: str, count: int, size: int) -> list[Item]:
        """A project with `count` distinct files of `size` bytes of noise, and its page."""
        items = [self._wheel(project, number, size) for number in range(count)]
        self.page(project, items)
        return items

    def page(self, project: str, items: Sequence[Item]) -> None:
        """The project's page in both forms."""
        folder = self.root / "simple" / project
        folder.mkdir(parents=True, exist_ok=True)
        links = "".join(
            f'<a href="{item.path}#sha256={item.sha256}" data-requires-python="&gt;=3.9">{item.name}</a><br />\n'
            for item in items
        )
        (folder / "index.html").write_text(
            f'<!DOCTYPE html>\n<html>\n<head><meta name="pypi:repository-version" content="1.0">'
            f"<title>Links for {project}</title></head>\n<body>\n<h1>Links for {project}</h1>\n{links}"
            "</body>\n</html>\n"
        )
        files = [
            {
                "filename": item.name, "url": item.path, "hashes": {"sha256": item.sha256}, "requires-python": ">=3.9",
                "size": item.size, "upload-time": "2024-01-01T00:00:00.000000Z", "yanked": False,
            }
            for item in items
        ]  # fmt: skip
        versions = sorted({item.name.split("-")[1] for item in items})
        page = {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": files}
        (folder / "index.json").write_text(json.dumps(page))
        self._list()

    def _list(self) -> None:
        """The page of all projects, which some caches ask for first."""
        root = self.root / "simple"
        names = sorted(folder.name for folder in root.iterdir() if folder.is_dir())
        links = "".join(f'<a href="/simple/{name}/">{name}</a><br />\n' for name in names)
        (root / "index.html").write_text(f"<!DOCTYPE html>\n<html>\n<body>\n{links}</body>\n</html>\n")
        page = {"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]}
        (root / "index.json").write_text(json.dumps(page))

    def announced(self, project: str, count: int) -> None:
        """A page of `count` files that are announced only: nobody will fetch them."""
        items = []
        for number in range(count):
            name = f"{project}-1.{number}.0-py3-none-any.whl"
            digest = hashlib.sha256(name.encode()).hexdigest()
            items.append(Item(name, f"/packages/{digest[:2]}/{name}", digest, 30 * KB))
        self.page(project, items)

    def package(self, name: str, versions: int, size: int, *, readme: int = 0) -> Item:
        """An npm package: `versions` in its packument, each with `readme` bytes of text that only the full form
        has; the file of the first version, of `size` bytes."""
        folder = self.root / "npm" / name
        (folder / "-").mkdir(parents=True, exist_ok=True)
        body = self._body(size)
        file = f"{name}-1.0.0.tgz"
        (folder / "-" / file).write_bytes(body)
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
        shasum = hashlib.sha1(body).hexdigest()
        packument = {
            "_id": name,
            "name": name,
            "dist-tags": {"latest": "1.0.0"},
            "versions": {f"1.0.{n}": _manifest(name, n, integrity, shasum, readme) for n in range(versions)},
            "time": {f"1.0.{n}": "2024-01-01T00:00:00.000Z" for n in range(versions)},
        }
        (folder / "packument.json").write_text(json.dumps(packument))
        return Item(file, f"/npm/{name}/-/{file}", hashlib.sha256(body).hexdigest(), size)

    def tree(self, origin: str) -> None:
        """Name the host in packuments: their file links are absolute, as the protocol wants."""
        for file in self.root.glob("npm/*/packument.json"):
            file.write_text(file.read_text().replace("@ORIGIN@", origin))

    def _wheel(self, project: str, number: int, size: int) -> Item:
        name = f"{project}-1.{number}.0-py3-none-any.whl"
        body = self._body(size)
        digest = hashlib.sha256(body).hexdigest()
        path = f"/packages/{digest[:2]}/{name}"
        file = self.root / path.removeprefix("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
        return Item(name, path, digest, size)

    def _body(self, size: int) -> bytes:
        """Noise that never comes twice: equal bytes would be one blob, and no miss."""
        self._number += 1
        mark = f"{self._number:016d}".encode()
        whole, rest = divmod(size - len(mark), len(self._noise))
        return mark + self._noise * whole + self._noise[:rest]


def _manifest(name: str, number: int, integrity: str, shasum: str, readme: int) -> dict[str, object]:
    version = f"1.0.{number}"
    manifest: dict[str, object] = {
        "name": name,
        "version": version,
        "description": "A package for benchmarks.",
        "main": "index.js",
        "license": "MIT",
        "dependencies": {"left": "^1.0.0", "right": "^2.0.0"},
        "engines": {"node": ">=18"},
        "dist": {
            "integrity": integrity,
            "shasum": shasum,
            "tarball": f"@ORIGIN@/npm/{name}/-/{name}-{version}.tgz",
            "fileCount": 3,
            "unpackedSize": 90000,
        },
        "_id": f"{name}@{version}",
        "_npmUser": {"name": "somebody", "email": "somebody@example.org"},
        "maintainers": [{"name": "somebody", "email": "somebody@example.org"}],
    }
    if readme:
        manifest["readme"] = "All work and no play makes a dull package. " * (readme // 43)
    return manifest
