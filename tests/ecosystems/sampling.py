"""What a sample of a registry is, and how one is recorded from the local registries in tests/registry."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from e2e.asking import ask
from pipeline_world import BASE, Answer

FILES = "https://files.example/"


def nothing(body: bytes) -> set[str]:
    """Offers no versions."""
    return set()


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
    """Documents hold whole addresses of files, not only names or templates to make addresses of."""
    nests: bool = False
    """Our addresses repeat upstream's path, so with each gateway in a row they grow: its rendering, rendered again,
    is not the same."""
    unpinned: bool = False
    """The registry announces no digest of this file."""

    # ---- indexes that are files themselves
    chain: dict[str, str] = field(default_factory=dict)
    """{request target: URL} of pinned files that announce further ones, in the order in which clients ask for them
    between the documents and the file: Debian's Packages, the manifest of a container image."""
    stray: bool = False
    """Only the chain announces the file, and the file's path does not tell which chain that is (a Debian package may
    stand in the indexes of many suites): asked for alone, it counts as seen first."""

    # ---- versions that policy withholds
    hidden: str = ""
    """A version that the registry has beside the file's; when it is withheld, the listing must not offer it."""
    listing: str = ""
    """The request target of the document that lists versions, '' for the first one."""
    offered: Callable[[bytes], set[str]] = nothing
    """The versions that a client would choose from, read from the listing as strictly as clients do. Fails when the
    body is no such document."""
    signed: str = ""
    """Why nothing can be taken out of this registry's documents; then `hidden` is ''. Only files are refused there."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def encoded(tree: object) -> bytes:
    return json.dumps(tree).encode()


# ---------------------------------------------------------------- recording


def recorded(
    url: str, paths: Iterable[str], *, accept: str = "*/*", renamed: Mapping[str, str] | None = None
) -> dict[str, Answer]:
    """What a local registry at `url` answers to these paths below it, as if it had answered at BASE.

    `renamed` are texts to replace in bodies: addresses that are the registry's only while it runs.
    """
    return {f"{BASE}{quote(path, safe=_SAFE)}": _answer(url, path, accept, renamed or {}) for path in paths}


_SAFE = "/!+@:~$&'()*,;="


def _answer(url: str, path: str, accept: str, renamed: Mapping[str, str]) -> Answer:
    found = ask(url.removesuffix("/"), f"/{quote(path, safe=_SAFE)}", {"accept": accept, "connection": "close"})
    assert found.status == 200, f"{path}: {found.status}"
    body = found.body
    for theirs, shown in renamed.items():
        body = body.replace(theirs.encode(), shown.encode())
    return Answer(body, headers={name: value for name, value in found.headers.items() if name not in _OF_THE_LINE})


_OF_THE_LINE = frozenset({"connection", "content-length", "date", "transfer-encoding"})
"""Headers about the connection, not about what was asked for."""
