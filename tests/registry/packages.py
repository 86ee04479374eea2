"""Tiny packages, built in memory and the same on every run: wheels, source distributions, npm tarballs."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

EPOCH = (2020, 1, 1, 0, 0, 0)


def normalise(name: str) -> str:
    """PEP 503: lowercase, runs of `-`, `_`, `.` become one `-`."""
    return re.sub(r"[-_.]+", "-", name).lower()


@lru_cache(maxsize=8)
def noise(size: int, seed: str) -> bytes:
    """Bytes that do not compress, always the same for one seed."""
    return random.Random(seed).randbytes(size)


@dataclass(slots=True)
class PythonFile:
    """One file of a Python project, with everything an index says of it."""

    project: str
    version: str
    filename: str
    body: bytes
    metadata: bytes = b""
    """The sidecar's bytes; empty when the index announces none."""
    requires_python: str = ""
    yanked: bool | str = False
    upload_time: str = "2024-05-06T07:08:09.123456Z"
    provenance: bool = False
    hashes: dict[str, str] = field(default_factory=dict)
    metadata_sha256: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    """Keys no PEP knows, to be passed through."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def path(self) -> str:
        """The path on the file host: the BLAKE2b-256 of the file, cut in three, then its name."""
        digest = hashlib.blake2b(self.body, digest_size=32).hexdigest()
        return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{self.filename}"


def python_metadata(name: str, version: str, requires: Sequence[str], requires_python: str) -> bytes:
    """A METADATA (or PKG-INFO) file."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {name} for tests"]
    if requires_python:
        lines.append(f"Requires-Python: {requires_python}")
    lines += [f"Requires-Dist: {item}" for item in requires]
    return ("\n".join(lines) + "\n\n").encode()


def build_wheel(name: str, version: str, metadata: bytes, padding: int = 0) -> tuple[str, bytes]:
    """File name and bytes of an installable wheel; `padding` bytes of noise make it large."""
    module = normalise(name).replace("-", "_")
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f'__version__ = "{version}"\n'.encode(),
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if padding:
        files[f"{module}/noise.bin"] = noise(padding, f"{module}-{version}")
    rows = [f"{path},{_record_hash(body)},{len(body)}" for path, body in files.items()]
    files[f"{info}/RECORD"] = ("\n".join([*rows, f"{info}/RECORD,,"]) + "\n").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, body in files.items():
            entry = zipfile.ZipInfo(path, EPOCH)
            entry.compress_type = zipfile.ZIP_STORED if path.endswith(".bin") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, body)
    return f"{module}-{version}-py3-none-any.whl", out.getvalue()


def _record_hash(body: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()


_BACKEND = '''"""A build backend that needs nothing: it packs what lies beside it."""
import base64, hashlib, os, zipfile

NAME, VERSION, MODULE = {name!r}, {version!r}, {module!r}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    info = MODULE + "-" + VERSION + ".dist-info"
    files = {{MODULE + "/__init__.py": open(MODULE + ".py", "rb").read(),
             info + "/METADATA": open("PKG-INFO", "rb").read(),
             info + "/WHEEL": b"Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}}
    rows = []
    for path, body in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        rows.append(path + ",sha256=" + digest + "," + str(len(body)))
    files[info + "/RECORD"] = ("\\n".join(rows + [info + "/RECORD,,"]) + "\\n").encode()
    filename = MODULE + "-" + VERSION + "-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for path, body in files.items():
            archive.writestr(path, body)
    return filename
'''


def build_sdist(name: str, version: str, metadata: bytes) -> tuple[str, bytes]:
    """File name and bytes of a source distribution that builds with nothing else installed (PEP 517)."""
    module = normalise(name).replace("-", "_")
    root = f"{module}-{version}"
    pyproject = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = {
        f"{root}/PKG-INFO": metadata,
        f"{root}/pyproject.toml": pyproject.encode(),
        f"{root}/backend.py": _BACKEND.format(name=name, version=version, module=module).encode(),
        f"{root}/{module}.py": f'__version__ = "{version}"\n'.encode(),
    }
    return f"{root}.tar.gz", tarball(files)


def tar(files: Mapping[str, bytes], mode: int = 0o644) -> bytes:
    """A tar with fixed times and owners."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, body in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mtime, entry.mode = len(body), 499162500, mode
            archive.addfile(entry, io.BytesIO(body))
    return plain.getvalue()


def tarball(files: Mapping[str, bytes]) -> bytes:
    """The same, gzipped."""
    return gzip.compress(tar(files), compresslevel=6, mtime=0)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip with fixed times; nothing in it is compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, body in files.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), body)
    return out.getvalue()


@dataclass(slots=True)
class NpmVersion:
    """One version of an npm package: its tarball and what the packument says of it."""

    name: str
    version: str
    body: bytes
    manifest: dict[str, object]
    time: str
    integrity: str
    """`sha512` announces sha512 and sha1, `sha1` only the latter, `none` neither, `wrong` a digest of other bytes."""
    basename: str
    tarball_url: str = ""
    """Where the packument says the tarball is, when not below the registry itself."""

    @property
    def path(self) -> str:
        return f"/{self.name}/-/{self.basename}"

    @property
    def sri(self) -> str:
        return "sha512-" + base64.b64encode(hashlib.sha512(self.body).digest()).decode()


def build_npm(name: str, version: str, manifest: Mapping[str, object], padding: int = 0) -> bytes:
    """The bytes of an installable npm tarball."""
    package = {"name": name, "version": version, "main": "index.js", **manifest}
    files = {
        "package/package.json": json.dumps(package, indent=2).encode(),
        "package/index.js": f"module.exports = {json.dumps(f'{name}@{version}')};\n".encode(),
        "package/cli.js": f"#!/usr/bin/env node\nconsole.log({json.dumps(f'{name}@{version}')});\n".encode(),
    }
    if padding:
        files["package/noise.bin"] = noise(padding, f"{name}-{version}")
    return tarball(files)
