"""One small, true sample of each registry: what upstream holds, what clients ask, which file is checked.

The suite in test_base.py runs all of them through the whole pipeline. A new ecosystem adds a function here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline_world import BASE, LARGE, Answer

FILES = "https://files.example/"


@dataclass(frozen=True)
class Sample:
    """A registry with one package."""

    ecosystem: str
    upstream: dict[str, Answer]
    """By URL."""
    documents: tuple[str, ...]
    """Request targets that documents answer, the project's own first."""
    file: str
    """The request target of the package's file, as a lock file would ask for it."""
    file_url: str
    """Where upstream keeps it."""
    further: dict[str, str] = field(default_factory=dict)
    links: bool = True
    """Documents hold addresses of files, which must be ours when they leave."""
    unpinned: bool = False
    """The registry announces no digest of this file."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def encoded(tree: object) -> bytes:
    return json.dumps(tree).encode()


def pypi() -> Sample:
    url = f"{FILES}p/a-1.0.tar.gz"
    files = [{"filename": "a-1.0.tar.gz", "url": url, "hashes": {"sha256": sha256(LARGE)}, "size": len(LARGE)}]
    page = encoded({"meta": {"api-version": "1.1"}, "name": "a", "versions": ["1.0"], "files": files})
    typed = {"content-type": "application/vnd.pypi.simple.v1+json"}
    return Sample(
        "pypi", {f"{BASE}a/": Answer(page, headers=typed), url: Answer(LARGE)},
        ("/pypi/simple/a/",), "/pypi/files/p/a-1.0.tar.gz", url,
    )  # fmt: skip


def npm() -> Sample:
    url = f"{BASE}a/-/a-1.0.0.tgz"
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(LARGE).digest()).decode()
    dist = {"tarball": url, "integrity": integrity}
    versions = {"1.0.0": {"name": "a", "version": "1.0.0", "dist": dist}}
    packument = encoded({"name": "a", "dist-tags": {"latest": "1.0.0"}, "versions": versions, "time": {}})
    typed = {"content-type": "application/json"}
    return Sample(
        "npm", {f"{BASE}a": Answer(packument, headers=typed), url: Answer(LARGE)},
        ("/npm/a", "/npm/a/1.0.0"), "/npm/a/-/a-1.0.0.tgz", url,
    )  # fmt: skip


SAMPLES: tuple[Callable[[], Sample], ...] = (pypi, npm)
