"""Where the Hub's things are: repositories, revisions, files in them, and their purls.

File names may hold nearly any character and revisions hold slashes. What our paths may not hold stands in them as a
character of Unicode's private use area: `spell` puts it there, `address` takes it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from packageurl import PackageURL

from subak.ecosystems.base import Site
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

TYPES = ("models", "datasets", "spaces")

_PRIVATE = 0xE000
_ODD = " #?%\\/"
_VEIL = {ord(c): chr(_PRIVATE + ord(c)) for c in _ODD}
_UNVEIL = {_PRIVATE + ord(c): c for c in _ODD}
_CODES = re.compile("%(" + "|".join(f"{ord(c):02X}" for c in _ODD) + ")", re.IGNORECASE)

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}\Z")
_REVISION = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,255}\Z")
_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def spell(raw: str) -> str:
    """A raw path with the codes of odd characters replaced: 'refs%2Fpr%2F1', 'a%20b'."""
    return _CODES.sub(lambda code: quote(chr(_PRIVATE + int(code[1], 16))), raw) if "%" in raw else raw


def veiled(path: str) -> str:
    """A file's path in its repository as it stands in our paths."""
    return "/".join(segment.translate(_VEIL) for segment in path.split("/"))


def plain(path: str) -> str:
    """The file's path that `veiled` was given."""
    return path.translate(_UNVEIL)


def address(path: str) -> str:
    """One of our paths as it is asked of the upstream."""
    return "/".join(quote(segment.translate(_UNVEIL), safe="") for segment in path.split("/"))


def is_commit(revision: str) -> bool:
    """Whether a revision is a commit, which never moves."""
    return bool(_COMMIT.match(revision))


# ---------------------------------------------------------------- repositories


def repository(kind: str, owner: str, name: str) -> str:
    """'acme/m', 'datasets/acme/d', or without an owner as the oldest models have none. Raises NotFound."""
    parts = [owner, name] if owner else [name]
    if kind not in TYPES or not all(map(_PART.match, parts)):
        raise NotFound(f"no repository can be called {f'{kind}/{owner}/{name}'[:120]!r}")
    return "/".join(parts if kind == "models" else [kind, *parts])


def _api(name: str) -> str:
    return f"api/{name}" if name.split("/")[0] in TYPES else f"api/models/{name}"


def purl_of(name: str, commit: str = "") -> str:
    """In lower case: the Hub redirects other spellings of a name, so a rule about it has to meet them all. Purls are
    defined for models alone; those of other repositories begin with their type."""
    namespace, _, last = name.lower().rpartition("/")
    return purl("huggingface", namespace, last, commit)


def path_of(purl: PackageURL) -> str:
    """Raises NotFound for another type of purl, and for impossible names."""
    if purl.type != "huggingface":
        raise NotFound(f"{purl.to_string()} names no repository of the Hub")
    kind, _, owner = (purl.namespace or "").rpartition("/")
    if not kind and owner in TYPES[1:]:
        kind, owner = owner, ""
    return _api(repository(kind or "models", owner, purl.name))


# ---------------------------------------------------------------- subjects


def revision_in(veiled_text: str) -> str:
    """A revision as it stands in our paths, a commit in lower case. Raises NotFound for what git allows to no ref."""
    text = veiled_text.translate(_UNVEIL)
    if is_commit(text.lower()):
        return text.lower()
    if not _REVISION.match(text) or ".." in text or text.startswith("/") or text.endswith("/"):
        raise NotFound(f"{text[:80]!r} is no revision")
    return text.translate(_VEIL)


def info_of(name: str, revision: str = "", query: str = "") -> Subject:
    """The description of a repository, today's or of one revision: it tells the commit."""
    route, tail = ("revision", f"/revision/{revision}") if revision else ("revision", "")
    return _document(name, revision, route, Kind.INDEX, f"{_api(name)}{tail}", query)


def tree_of(name: str, revision: str, folder: str = "", query: str = "recursive=true") -> Subject:
    """The files of a revision, with their digests; perhaps only a page of them."""
    tail = f"/{folder}" if folder else ""
    return _document(name, revision, "tree", Kind.CONFIG, f"{_api(name)}/tree/{revision}{tail}", query)


def paths_of(name: str, revision: str) -> Subject:
    """What is asked of single files, by POST."""
    return _document(name, revision, "paths", Kind.CONFIG, f"{_api(name)}/paths-info/{revision}", "")


def refs_of(name: str, query: str) -> Subject:
    """Branches and tags."""
    return _document(name, "", "refs", Kind.CONFIG, f"{_api(name)}/refs", query)


def commits_of(name: str, revision: str, query: str) -> Subject:
    """What led to a revision."""
    return _document(name, revision, "commits", Kind.CONFIG, f"{_api(name)}/commits/{revision}", query)


def _document(name: str, revision: str, route: str, kind: Kind, key: str, query: str) -> Subject:
    commit = revision if is_commit(revision) else ""
    route = f"commit-{route}" if commit and route != "commits" else route
    return Subject("hf", kind, route, f"{key}?{query}" if query else key, name, commit, purl=purl_of(name, commit))


def file_of(name: str, revision: str, path: str) -> Subject:
    """A file. Its purl names a version only where the path does: rules about versions then refuse the others."""
    commit = revision if is_commit(revision) else ""
    key = f"{name}/resolve/{revision}/{path}"
    return Subject("hf", Kind.ARTIFACT, "resolve", key, name, commit, purl=purl_of(name, commit))


def revision_and_path(subject: Subject) -> tuple[str, str]:
    """Of a file: ('refs', 'a/b'), as they stand in our paths."""
    revision, _, path = subject.key.removeprefix(f"{subject.name}/resolve/").partition("/")
    return revision, path


def source(subject: Subject, site: Site) -> str:
    """The upstream URL."""
    path, _, query = subject.key.partition("?")
    return site.base + address(path) + (f"?{query}" if query and not subject.question else "")


def asked(parameters: Mapping[str, str], names: tuple[str, ...]) -> str:
    """A query with what says something; switches are 'true' or not there."""
    found = {name: parameters.get(name, "") for name in names}
    for name in _SWITCHES & found.keys():
        found[name] = "true" if found[name].lower() in ("true", "1") else ""
    return urlencode([(name, value) for name, value in found.items() if value])


_SWITCHES = frozenset({"recursive", "expand", "blobs"})
