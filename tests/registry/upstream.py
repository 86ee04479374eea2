"""The local upstream: a Python index with its file host and a JavaScript registry, made to misbehave on demand."""

from __future__ import annotations

import re
from typing import ClassVar, Self

from registry.local import Local
from registry.npm_registry import NpmRegistry
from registry.packages import (
    NpmVersion,
    PythonFile,
    build_npm,
    build_sdist,
    build_wheel,
    normalise,
    python_metadata,
)
from registry.python_index import PythonIndex
from registry.server import Request
from registry.weather import Reply

INDEX, FILES, NPM, TRAP = "index", "files", "npm", "trap"


class Registry(Local):
    """`with Registry() as upstream:` serves until the block ends.

    Four ports on loopback: the Python index, its file host, the JavaScript registry, and a trap that nobody
    has a reason to visit. `stripped` makes both registries answer like bare mirrors.
    """

    doors: ClassVar = (INDEX, FILES, NPM, TRAP)

    def __init__(self, *, stripped: bool = False, file_host: str = "127.0.0.1") -> None:
        self.python = PythonIndex(stripped=stripped)
        self.npm = NpmRegistry(stripped=stripped)
        self._file_host = file_host

    def __enter__(self) -> Self:
        super().__enter__()
        self.python.index_url = self.at(INDEX)
        self.python.files_url = self.at(FILES).replace("127.0.0.1", self._file_host)
        self.npm.url = self.at(NPM)
        return self

    # ---- addresses

    @property
    def pypi_url(self) -> str:
        return f"{self.python.index_url}/simple/"

    @property
    def files_url(self) -> str:
        return self.python.files_url

    @property
    def npm_url(self) -> str:
        return f"{self.npm.url}/"

    @property
    def trap_url(self) -> str:
        """A host that no document names: a request there is a hole in the gateway."""
        return self.at(TRAP)

    # ---- contents

    def add_wheel(
        self,
        name: str,
        version: str,
        requires: tuple[str, ...] = (),
        *,
        requires_python: str = "",
        padding: int = 0,
        sidecar: bool = True,
        hashes: dict[str, str] | None = None,
        yanked: bool | str = False,
        provenance: bool = False,
        upload_time: str = "2024-05-06T07:08:09.123456Z",
        metadata_sha256: str = "",
        extra: dict[str, object] | None = None,
    ) -> PythonFile:
        """Build and publish a wheel. `hashes` None announces its sha256, {} nothing, else what is given."""
        metadata = python_metadata(name, version, requires, requires_python)
        filename, body = build_wheel(name, version, metadata, padding)
        file = PythonFile(
            normalise(name), version, filename, body, metadata if sidecar else b"", requires_python, yanked,
            upload_time, provenance, {}, metadata_sha256, extra or {},
        )  # fmt: skip
        file.hashes = {"sha256": file.sha256} if hashes is None else hashes
        self.python.project(name).files.append(file)
        return file

    def add_sdist(self, name: str, version: str, requires: tuple[str, ...] = ()) -> PythonFile:
        """Build and publish a source distribution."""
        filename, body = build_sdist(name, version, python_metadata(name, version, requires, ""))
        file = PythonFile(normalise(name), version, filename, body)
        file.hashes = {"sha256": file.sha256}
        self.python.project(name).files.append(file)
        return file

    def add_npm(
        self,
        name: str,
        version: str,
        dependencies: dict[str, str] | None = None,
        *,
        padding: int = 0,
        integrity: str = "sha512",
        tag: str = "latest",
        time: str = "2024-05-06T07:08:09.123Z",
        basename: str = "",
        tarball_url: str = "",
        **manifest: object,
    ) -> NpmVersion:
        """Build and publish a version; `integrity` is sha512, sha1, none or wrong. Tags it unless `tag` is ''."""
        fields = {**({"dependencies": dependencies} if dependencies else {}), **manifest}
        packed = {k: v for k, v in fields.items() if k not in ("deprecated", "hasInstallScript")}
        body = build_npm(name, version, packed, padding)
        basename = basename or f"{re.sub('^@[^/]*/', '', name)}-{version}.tgz"
        published = NpmVersion(name, version, body, fields, time, integrity, basename, tarball_url)
        package = self.npm.package(name)
        package.versions[version] = published
        if tag:
            package.tags[tag] = version
        return published

    def remove(self, path: str, status: int = 404) -> None:
        """From now on this path answers `status`, in all registries."""
        self.python.removed[path] = self.npm.removed[path] = status

    # ---- weather and records

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first."""
        return list(self._server.requests)

    def wait(self, pattern: str, number: int = 1, within: float = 10.0) -> list[Request]:
        """Wait for that many requests. Raises TimeoutError."""
        return self._server.wait(pattern, number, within)

    def up(self) -> None:
        self._server.swallow = False
        super().up()

    def blackhole(self, *, on: bool = True) -> None:
        """New connections are accepted and never answered."""
        self._server.swallow = on

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        if request.door == INDEX:
            return self.python.answer(request)
        if request.door == FILES:
            return self.python.file(request)
        if request.door == NPM:
            return self.npm.answer(request)
        return Reply(200, {"content-type": "text/plain"}, b"a secret of the inner network\n")
