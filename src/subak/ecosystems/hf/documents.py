"""The Hub's documents: descriptions of revisions, lists of files with their digests."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from subak.ecosystems.base import Facts, Page, Site, View
from subak.ecosystems.hf.places import (
    address,
    file_of,
    info_of,
    is_commit,
    paths_of,
    plain,
    revision_and_path,
    tree_of,
    veiled,
)
from subak.errors import BadRequest, Refused, UpstreamLied
from subak.model.digest import Digest, Pin, digest
from subak.model.exchange import Subject

FEWEST = 50
"""A list of files that is shorter is complete: pages hold 1000 files, or 50 with `expand`."""

MOST_PATHS = 1000
"""Files asked about in one question."""

_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


# ---------------------------------------------------------------- reading


class _Large(msgspec.Struct):
    """Where the bytes of a large file are."""

    oid: str
    size: int


class _Entry(msgspec.Struct):
    """A file or a folder."""

    type: str
    path: str
    oid: str = ""
    size: int = 0
    lfs: _Large | None = None


class _Info(msgspec.Struct):
    sha: str


_entries = msgspec.json.Decoder(list[_Entry]).decode
_info = msgspec.json.Decoder(_Info).decode


def _files(subject: Subject, page: Page) -> list[_Entry]:
    try:
        return _entries(page.body)
    except _BROKEN as error:
        raise UpstreamLied(f"{subject.key} is no list of files: {error}") from error


def commit_in(subject: Subject, page: Page) -> str:
    """The commit that a description is of. Raises UpstreamLied."""
    try:
        commit = _info(page.body).sha
    except _BROKEN as error:
        raise UpstreamLied(f"{subject.key} describes no revision: {error}") from error
    if not is_commit(commit) or subject.version not in ("", commit):
        raise UpstreamLied(f"{subject.key} describes the commit {commit[:80]!r}")
    return commit


# ---------------------------------------------------------------- what files must be


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What a list of a commit's files announces. Raises UpstreamLied for anything that is not what was asked for."""
    _read(subject, page)  # what is kept can be shown
    match subject.route.removeprefix("commit-"):
        case "revision":
            commit_in(subject, page)
        case "tree" | "paths":
            return _announced(subject, _files(subject, page))
    return iter(())


def _announced(subject: Subject, entries: list[_Entry]) -> Iterator[Pin]:
    for entry in entries:
        if entry.type != "file":
            continue
        pinned, size = _digest(subject, entry)
        if subject.version and entry.path:
            path = file_of(subject.name, subject.version, veiled(entry.path)).key
            yield Pin(path, "", pinned, size, subject.name, subject.version)


def _digest(subject: Subject, entry: _Entry) -> tuple[Digest, int]:
    """Large files have a sha256; the others are what git calls a blob, whose id covers their size."""
    size = entry.lfs.size if entry.lfs else entry.size
    if not 0 <= size < 2**63:
        raise UpstreamLied(f"{subject.key}: {entry.path[:80]!r} has the size {size}")
    if entry.lfs:
        return digest("sha256", entry.lfs.oid.removeprefix("sha256:")), size
    return digest("git-blob", entry.oid), size


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A file of a commit is announced by the list of its files, which clients ask for too."""
    return (tree_of(subject.name, subject.version),) if subject.route == "resolve" and subject.version else ()


def leads(subject: Subject, page: Page) -> Subject | None:
    """Of a list that may be only its first page: the question about this one file. Raises UpstreamLied."""
    if len(_files(subject, page)) < FEWEST:
        return None
    path = plain(revision_and_path(subject)[1])
    return _about(paths_of(subject.name, subject.version), [path], expand=False)


def question(subject: Subject, body: bytes) -> Subject:
    """A question about files, as JSON or as a form. Raises BadRequest."""
    try:
        asked = (
            json.loads(body) if body.lstrip()[:1] == b"{" else parse_qs(body.decode(), max_num_fields=MOST_PATHS + 9)
        )
        paths, expand = asked.get("paths", []), asked.get("expand", False)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the question about files is neither JSON nor a form") from error
    paths = [paths] if isinstance(paths, str) else paths
    if not isinstance(paths, list) or not all(isinstance(p, str) and p for p in paths) or len(paths) > MOST_PATHS:
        raise BadRequest(f"a question names its files in `paths`, {MOST_PATHS} at most")
    switch = expand[-1] if isinstance(expand, list) and expand else expand
    return _about(subject, paths, expand=str(switch).lower() in ("true", "1"))


def _about(subject: Subject, paths: list[str], *, expand: bool) -> Subject:
    text = json.dumps({"paths": sorted(set(paths)), "expand": expand}).encode()
    return replace(subject, key=f"{subject.key}?{hashlib.sha256(text).hexdigest()}", question=text)


# ---------------------------------------------------------------- what a name means


def via(subject: Subject) -> Subject | None:
    """Of a file named by a branch or a tag: the description that tells the commit."""
    moves = subject.route == "resolve" and not subject.version
    return info_of(subject.name, revision_and_path(subject)[0]) if moves else None


def settle(subject: Subject, page: Page) -> Subject:
    """The file at the commit. Raises UpstreamLied."""
    return file_of(subject.name, commit_in(subject, page), revision_and_path(subject)[1])


# ---------------------------------------------------------------- what clients see


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document as it came, but for withheld commits, and for the names under which clients would fetch bytes past
    this gateway (Xet). Raises Refused for what is about a withheld commit, UpstreamLied."""
    if subject.version in view.hidden:
        raise _withheld(subject)
    if view.hidden and subject.route == "revision" and commit_in(subject, page) in view.hidden:
        raise _withheld(subject)
    body = bytes(page.body)
    if b"xetHash" not in body and not (view.hidden and subject.route in ("commits", "refs")):
        yield body
        return
    try:
        yield _encode(
            _cleared(_read(subject, page), view.hidden if subject.route in ("commits", "refs") else frozenset())
        )
    except (RecursionError, OverflowError) as error:
        raise UpstreamLied(f"{subject.key} cannot be written again: {error}") from error


def _withheld(subject: Subject) -> Refused:
    return Refused(f"this revision of {subject.name} is withheld by this gateway's policy", rule="deny")


def _read(subject: Subject, page: Page) -> Any:
    try:
        return _decode(page.body)
    except _BROKEN as error:
        raise UpstreamLied(f"{subject.key} is not JSON: {error}") from error


def _cleared(value: Any, hidden: frozenset[str]) -> Any:
    """Without Xet's names, and without lines about hidden commits in any list."""
    if isinstance(value, dict):
        return {key: _cleared(inner, hidden) for key, inner in value.items() if key != "xetHash"}
    if isinstance(value, list):
        return [_cleared(inner, hidden) for inner in value if not _is_about(inner, hidden)]
    return value


def _is_about(row: Any, hidden: frozenset[str]) -> bool:
    told = (row.get("id"), row.get("targetCommit")) if isinstance(row, dict) else ()
    return any(isinstance(commit, str) and commit in hidden for commit in told)


def headers(subject: Subject, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Of a file the commit, and the digest by which clients name it in their cache, whoever they are asked by: with it
    they do not mind what ETag we send. Of a page of a list where the next one is."""
    if subject.route == "resolve":
        named = ("x-repo-commit", subject.version)
        if not facts.digest:
            return (named,)
        return named, ("x-linked-etag", f'"{facts.digest.hex}"'), ("x-linked-size", str(facts.size))
    following = _NEXT.search(facts.kept.get("link", ""))
    if not following:
        return ()
    query = urlsplit(following[1]).query
    path = subject.key.partition("?")[0]
    return (("link", f'<{facts.base}/{address(path)}?{query}>; rel="next"'),)


_NEXT = re.compile(r"<([^<>]*)>\s*;\s*rel=\"?next\"?")
