"""JSON as NuGet's registries write it: opened with care, and without the addresses that stand in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from subak.ecosystems.base import Page
from subak.ecosystems.nuget.versions import folded, lower_id
from subak.errors import NotFound, Refused, UpstreamLied
from subak.model.exchange import Subject

Members = Mapping[str, Any]

ADDRESSES = frozenset({"@id", "@context", "registration", "parent", "packageContent", "readmeUrl"})
"""Members that hold addresses of the upstream's; `iconUrl`, `licenseUrl` and `projectUrl` are the authors' own."""

_BROKEN = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder().decode


# ---------------------------------------------------------------- reading


def read(subject: Subject, page: Page) -> Any:
    """The JSON of a document. Raises UpstreamLied for anything else."""
    try:
        return _decode(bytes(page.body).removeprefix(b"\xef\xbb\xbf"))
    except _BROKEN as error:
        raise UpstreamLied(f"{subject.key} is not JSON: {error}") from error


def as_object(value: object, what: str) -> Members:
    """Raises UpstreamLied for anything else; `what` names it for people."""
    if not isinstance(value, dict):
        raise UpstreamLied(f"{what} is not a JSON object")
    return value


def as_array(value: object, what: str) -> list[Any]:
    """Raises UpstreamLied for anything else."""
    if not isinstance(value, list):
        raise UpstreamLied(f"{what} is not a JSON array")
    return value


def text(found: Members, key: str) -> str:
    """The text below `key`; '' for anything else."""
    value = found.get(key)
    return value if isinstance(value, str) else ""


def document(subject: Subject, page: Page, key: str = "") -> Members:
    """The document's members; with `key` one of them has to be an array. Raises UpstreamLied."""
    found = as_object(read(subject, page), subject.key)
    if key:
        as_array(found.get(key), f"{subject.key}: {key}")
    return found


def version_of(subject: Subject, entry: Members) -> str:
    """The folded version that an entry describes, '' when it cannot be read. Raises UpstreamLied for an entry of
    another package."""
    if text(entry, "id").lower() != subject.name:
        raise UpstreamLied(f"{subject.key} tells about {text(entry, 'id')[:80]!r}")
    return folded(text(entry, "version"))


def each_dependency(entry: Members) -> Iterator[dict[str, Any]]:
    """What a version depends on, of all its frameworks."""
    groups = entry.get("dependencyGroups")
    for group in groups if isinstance(groups, list) else []:
        inner = group.get("dependencies") if isinstance(group, dict) else None
        yield from (d for d in (inner if isinstance(inner, list) else []) if isinstance(d, dict))


# ---------------------------------------------------------------- writing


def bare(found: Members, *without: str) -> dict[str, Any]:
    """A copy without addresses, at any depth, and without these members."""
    return {k: _bare(v) for k, v in found.items() if k not in ADDRESSES and k not in without}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return bare(value)
    return [_bare(inner) for inner in value] if isinstance(value, list) else value


def bare_entry(entry: Members, hive: str) -> dict[str, Any]:
    """The description of a version, with the addresses of what it depends on. `hive` is the URL of ours."""
    shown = bare(entry)
    for dependency in each_dependency(shown):
        try:
            dependency["registration"] = f"{hive}/{lower_id(text(dependency, 'id'))}/index.json"
        except NotFound:
            continue  # no client could ask for it either
    return shown


def withheld(subject: Subject) -> Refused:
    """For a document about a version that policy withholds."""
    return Refused(f"{subject.name} {subject.version} is withheld by this gateway's policy", rule="deny")
