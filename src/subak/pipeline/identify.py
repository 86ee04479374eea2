"""What a path means: the same function for live requests and for log lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from subak.ecosystems.base import LONGEST_PATH, Ecosystem, Moved, decode_path, ecosystem_at, match_route
from subak.errors import BadRequest, NotAllowed, NotFound
from subak.model.exchange import Kind, Subject

MOVED = "moved"
"""Route name of a redirect; `Subject.part` is the target below the ecosystem's mount."""


def identify(method: str, path: str, ecosystems: Mapping[str, Ecosystem], query: str = "") -> Subject:
    """Name the subject of a raw path and query. Own pages have kind OWN.

    Raises BadRequest for hostile paths, NotFound for paths that mean nothing, NotAllowed for methods a
    read-only gateway does not offer.
    """
    if not path.startswith("/"):
        raise BadRequest("the request target is not a path, or the Host header is not a host name")
    keyed = path.startswith("/k/")
    mount, slash, below = path[3 if keyed else 1 :].partition("/")
    ecosystem = ecosystem_at(mount, ecosystems)
    if ecosystem is None:
        if path == "/" or mount in ("-", "favicon.ico", "robots.txt"):
            return Subject(kind=Kind.OWN, key=decode_path(path), route="own")
        raise NotFound(f"no registry is served at /{mount[:60]}; see / for those that are")
    if not slash:
        return Subject(ecosystem.name, Kind.UNKNOWN, MOVED, part="", keyed=keyed)
    subject = identify_below(ecosystem, method, f"/{below}", query)
    if keyed or subject.ecosystem != ecosystem.name:  # a further registry, of which its ecosystem knows nothing
        return replace(subject, ecosystem=ecosystem.name, keyed=keyed)
    return subject


def identify_below(ecosystem: Ecosystem, method: str, path: str, query: str = "") -> Subject:
    """As `identify`, of a raw path below the mount of a known ecosystem."""
    decoded = decode_path(ecosystem.spell(path))
    found = match_route(ecosystem.routes, decoded)
    if found is None:
        if method not in ("GET", "HEAD"):
            raise NotAllowed(f"{method} is not offered: this gateway reads from registries, it does not publish")
        raise NotFound(f"{ecosystem.title} has nothing at this path")
    route, parameters = found
    if method not in route.methods:
        raise NotAllowed(
            f"{method} is not offered here: this gateway reads from registries, it does not publish",
            allow=route.methods,
        )
    if route.query:
        parameters |= _asked_for(query, route.query)
    subject = ecosystem.subject(route, parameters)
    if isinstance(subject, Moved):
        return Subject(ecosystem.name, route.kind, MOVED, part=subject.path)
    return subject


def _asked_for(query: str, names: tuple[str, ...]) -> dict[str, str]:
    """The query parameters that matter, decoded, '' when absent; the first of repeated ones.

    Raises BadRequest for control characters and absurd lengths.
    """
    found = dict.fromkeys(names, "")
    if len(query) > LONGEST_PATH:
        raise BadRequest(f"the query is longer than {LONGEST_PATH} bytes")
    for name, value in reversed(parse_qsl(query, keep_blank_values=True, max_num_fields=None)):
        if name in found:
            if any(c < " " or c == "\x7f" for c in value):
                raise BadRequest(f"the query parameter {name} holds control characters")
            found[name] = value
    return found
