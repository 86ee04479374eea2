"""The Hugging Face Hub: repositories of models, datasets and spaces, their revisions, and files at a commit."""

from __future__ import annotations

from collections.abc import Mapping

from subak.ecosystems.base import DAY, MINUTE, AgentPattern, Client, Ecosystem, Form, Hints, Own, Route
from subak.ecosystems.hf.documents import headers, homes, leads, pins, question, render, settle, via
from subak.ecosystems.hf.places import (
    TYPES,
    asked,
    commits_of,
    file_of,
    info_of,
    path_of,
    paths_of,
    refs_of,
    repository,
    revision_in,
    source,
    spell,
    tree_of,
)
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_JSON = (Form("json", ("application/json",), "application/json"),)
_LINK = ("link",)
_ABSENT = (401, 404, 410, 451)
"""The Hub does not tell strangers whether a repository is private or is not at all."""
_GET, _POST = ("GET", "HEAD"), ("POST",)


def _document(
    name: str, tail: str = "", kind: Kind = Kind.CONFIG, query: tuple[str, ...] = (), methods: tuple[str, ...] = _GET
) -> tuple[Route, ...]:
    """At repositories with an owner and at those without. One rule for what moves, another for commits, which
    `subject` tells apart: they stay, but for what their repository says of itself."""
    patterns = [f"/api/{{type}}/{{owner}}/{{name}}{tail}", f"/api/{{type}}/{{name}}{tail}"]

    def route(name: str, pattern: str, fresh_for: float) -> Route:
        return Route(
            name, pattern, kind, fresh_for, "application/json, */*;q=0.5", _JSON, methods, query=query, keeps=_LINK,
            absent=_ABSENT,
        )  # fmt: skip

    moving = tuple(route(name, pattern, 2 * MINUTE) for pattern in patterns)
    fixed = (route(f"commit-{name}", patterns[0], DAY),) if "{rev}" in tail and name != "commits" else ()
    return moving + fixed


_TREE = ("recursive", "expand", "limit", "cursor")

ROUTES: tuple[Route, ...] = (
    *(
        # The Hub answers for large files with a redirect to its storage service.
        Route("resolve", f"/{prefix}{at}/resolve/{{rev}}/{{path+}}", Kind.ARTIFACT, roams=True, absent=_ABSENT)
        for prefix in ("datasets/", "spaces/", "")
        for at in ("{owner}/{name}", "{name}")
    ),
    *_document("tree", "/tree/{rev}/{folder}", query=_TREE),
    *_document("tree", "/tree/{rev}", query=_TREE),
    *_document("paths", "/paths-info/{rev}", methods=_POST),
    *_document("revision", "/revision/{rev}", Kind.INDEX, ("blobs",)),
    *_document("commits", "/commits/{rev}", query=("p", "limit")),
    *_document("refs", "/refs", query=("include_prs",)),
    *_document("revision", kind=Kind.INDEX, query=("blobs",)),
    Route("search", "/api/{type}", Kind.RELAY),
)
"""Below the mount; the first that fits wins. Where parameters say what is wanted, they are part of the key."""


OWN: tuple[Own, ...] = (
    Own(r"(/api/(?:models|datasets|spaces)(?:/.+)?)", begins=("api",)),
    Own(r"(/(?:(?:datasets|spaces)/)?[^/]+(?:/[^/]+)?/resolve/.+)", within="/resolve/"),
)


def subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names and revisions."""
    kind = params.get("type") or route.pattern.split("/")[1]
    if route.name == "search":
        if kind not in TYPES:
            raise NotFound(f"the Hub's API has nothing at {kind[:80]!r}")
        return Subject("hf", Kind.RELAY, "search", f"api/{kind}")
    name = repository(kind if kind in TYPES or "type" in params else "models", params.get("owner", ""), params["name"])
    revision = revision_in(params["rev"]) if "rev" in params else ""
    query = asked(params, route.query)
    match route.name.removeprefix("commit-"):
        case "resolve":
            return file_of(name, revision, params["path"])
        case "tree":
            return tree_of(name, revision, params.get("folder", ""), query)
        case "paths":
            return paths_of(name, revision)
        case "commits":
            return commits_of(name, revision, query)
        case "refs":
            return refs_of(name, query)
    return info_of(name, revision, query)


def error_headers(subject: Subject, status: int) -> tuple[tuple[str, str], ...]:
    """By this code libraries tell a file that need not be there from a repository that must."""
    if status != 404:
        return ()
    route = subject.route.removeprefix("commit-")
    code = {"resolve": "EntryNotFound", "tree": "EntryNotFound", "revision": "RepoNotFound"}.get(route, "RepoNotFound")
    if route == "revision" and "/revision/" in subject.key:
        code = "RevisionNotFound"
    return (("x-error-code", code),)


# ---------------------------------------------------------------- clients

CLIENTS: tuple[Client, ...] = (
    Client(
        "hf",
        # Xet is a protocol of its own, in which clients put files together from pieces at another host.
        (("HF_ENDPOINT", "{base}/hf"), ("HF_HUB_DISABLE_XET", "1")),
        "printf 'export HF_ENDPOINT={base}/hf HF_HUB_DISABLE_XET=1\\n' >> ~/.profile",
        version=("hf", "version"),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (
    AgentPattern("huggingface_hub", r".*\bhf_hub/(?P<version>[^;\s]+)", ci=r"\bis_ci/true\b"),
    AgentPattern("hf-hub", r".*\bhf-hub/(?P<version>[^;\s]+)"),
)

HF = Ecosystem(
    name="hf",
    title="Models and datasets (Hugging Face Hub)",
    routes=ROUTES,
    spell=spell,
    subject=subject,
    question=question,
    path_of=path_of,
    fold_version=str.lower,
    via=via,
    settle=settle,
    source=source,
    homes=homes,
    leads=leads,
    pins=pins,
    render=render,
    headers=headers,
    error_body=lambda message: {"error": message},
    notice_headers=("x-error-message",),
    error_headers=error_headers,
    own=OWN,
    words=("huggingface", "huggingfaceml"),
    hints=Hints(environ=("HF_ENDPOINT",)),
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="sha256 of large files and git's blob id of small ones, in the list of a commit's files",
)
