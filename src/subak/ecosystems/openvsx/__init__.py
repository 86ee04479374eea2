"""Open VSX: the gallery that editors ask, the registry API beside it, and one immutable package per platform."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from subak.ecosystems.base import (
    DAY,
    HOUR,
    MINUTE,
    POSSIBLE,
    AgentPattern,
    Client,
    Ecosystem,
    Facts,
    Form,
    Hints,
    Own,
    Page,
    Route,
    Site,
    View,
)
from subak.ecosystems.openvsx.places import (
    ALIASES,
    VSIX,
    about,
    asset,
    asset_url,
    checksum,
    extension,
    file,
    parameters,
    path_of,
    place,
    place_of,
    possible_file,
    possible_name,
    possible_target,
    quoted,
    vsix,
)
from subak.ecosystems.openvsx.places import package as package_at
from subak.ecosystems.openvsx.question import LATEST_OF_EACH, PATH, about_one, question
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Pin, digest
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_JSON = Form("json", ("application/json",), "application/json")
_READ = ("GET", "HEAD")
_FRESH = 5 * MINUTE

_PLATFORM = "targetPlatform"
_PAGE = ("size", "offset")
_SEARCH = ("query", "category", _PLATFORM, "sortBy", "sortOrder", "includeAllVersions", *_PAGE)
_QUERY = (
    "namespaceName", "extensionName", "extensionVersion", "extensionId", "extensionUuid", "namespaceUuid",
    "includeAllVersions", _PLATFORM, *_PAGE,
)  # fmt: skip


def _document(
    name: str, pattern: str, *, kind: Kind = Kind.INDEX, query: tuple[str, ...] = (), methods: tuple[str, ...] = _READ
) -> Route:
    return Route(name, pattern, kind, _FRESH, "application/json", (_JSON,), methods, query=query)


def _plain(name: str, pattern: str, fresh_for: float) -> Route:
    """Documents with upstream's own type, which may lie at its storage service."""
    return Route(name, pattern, Kind.CONFIG, fresh_for, roams=True)


def _file(name: str, pattern: str, *query: str, content_type: str = "") -> Route:
    """The registry redirects to wherever it stores files. The package is looked into before it is kept."""
    return Route(
        name, pattern, Kind.ARTIFACT, content_type=content_type, query=query, roams=True, open=True,
        announces=name == "vsix",
    )  # fmt: skip


def _made(name: str, pattern: str, content_type: str, *methods: str) -> Route:
    return Route(name, pattern, Kind.MADE, methods=methods or _READ, content_type=content_type)


_GALLERY, _EXTENSION = "/vscode/gallery", "/api/{namespace}/{name}"

ROUTES: tuple[Route, ...] = (
    _document("query", f"/{PATH}", query=("q",), methods=(*_READ, "POST")),
    _document("search", f"/{PATH}", kind=Kind.LISTING, methods=("POST",)),  # what `question` makes of others
    _document("latest", f"{_GALLERY}/{{namespace}}/{{name}}/latest"),
    _document("latest", f"{_GALLERY}/vscode/{{namespace}}/{{name}}/latest"),
    _made("stats", f"{_GALLERY}/publishers/{{namespace}}/extensions/{{name}}/{{version}}/stats", "text/plain", "POST"),
    _file(
        "vsix", f"{_GALLERY}/publishers/{{namespace}}/vsextensions/{{name}}/{{version}}/vspackage", _PLATFORM,
        content_type="application/octet-stream",
    ),
    _file("asset", "/vscode/asset/{namespace}/{name}/{version}/{kind+}", _PLATFORM),
    _file("resource", "/vscode/unpkg/{namespace}/{name}/{version}/{path+}"),
    _plain("folder", "/vscode/unpkg/{namespace}/{name}/{version}", DAY),
    _made("item", "/vscode/item", "text/plain"),
    _made("control", "/vscode/control.json", "application/json"),
    _plain("about", "/api/version", HOUR),
    _document("find", "/api/-/search", kind=Kind.LISTING, query=_SEARCH),
    _document("queries", "/api/-/query", query=_QUERY),
    _document("queries", "/api/v2/-/query", query=_QUERY),
    _plain("key", "/api/-/public-key/{id}", DAY),
    _file("file", f"{_EXTENSION}/{{target}}/{{version}}/file/{{file}}"),
    _file("file", f"{_EXTENSION}/{{version}}/file/{{file}}"),
    _plain("checksum", f"{_EXTENSION}/{{version}}/file/{{file}}", 7 * DAY),  # what `file` makes of such a name
    _document("reviews", f"{_EXTENSION}/reviews", kind=Kind.CONFIG),
    _document("versions", f"{_EXTENSION}/versions", query=_PAGE),
    _document("versions", f"{_EXTENSION}/{{target}}/versions", query=_PAGE),
    _document("references", f"{_EXTENSION}/version-references", query=_PAGE),
    _document("references", f"{_EXTENSION}/{{target}}/version-references", query=_PAGE),
    _document("version", f"{_EXTENSION}/{{target}}/{{version}}"),
    _document("extension", f"{_EXTENSION}/{{last}}"),
    _document("extension", _EXTENSION),
    _document("namespace", "/api/{namespace}", kind=Kind.LISTING),
)  # fmt: skip
"""Below the mount; the first that fits wins. `subject` may name another: a package has many addresses."""


OWN: tuple[Own, ...] = (
    Own(r"(/vscode/.+)", begins=("vscode",)),
    Own(r"(/api/(?:(?:v2/)?-/.+|[^/]+/[^/]+/.*file/.+))", begins=("api",)),
    Own(r"/([^/]+)/([^/]+)/([^/]+)/([^/]+\.vsix)", "/api/{0}/{1}/{2}/file/{3}", ends=(".vsix",)),  # its store
    Own(r"/([^/]+)/([^/]+)/([^/]+)/([^/]+)/([^/]+\.vsix)", "/api/{0}/{1}/{2}/{3}/file/{4}", ends=(".vsix",)),
    Own(r"(/api/[^/]+(?:/[^/]+){0,3})", begins=("api",), level=POSSIBLE),
)


def subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names, versions, platforms and files, BadRequest for a broken
    question."""
    match route.name:
        case "query":
            asked = Subject("openvsx", Kind.INDEX, "query", PATH)
            return question(asked, params["q"].encode()) if params.get("q") else asked
        case "item" | "control" | "about":
            return Subject("openvsx", route.kind, route.name, route.pattern.removeprefix("/"))
        case "find" | "queries":
            return _asked(route, params)
        case "key":
            if not possible_name(params["id"]):
                raise NotFound(f"no public key can be called {params['id'][:80]!r}")
            return Subject("openvsx", Kind.CONFIG, "key", f"api/-/public-key/{params['id']}")
        case "namespace":
            return _namespace(params["namespace"])
        case "vsix" | "asset" | "resource" | "folder" | "file" | "stats":
            return _filed(route, params)
    return _told(route, params)


def _asked(route: Route, params: Mapping[str, str]) -> Subject:
    """A search of the registry API. Where it is about one extension, what is hidden of that is known."""
    target = params[_PLATFORM] if possible_target(params[_PLATFORM]) else ""
    key = route.pattern.removeprefix("/") + parameters(dict(params))
    namespace, name = params.get("namespaceName", ""), params.get("extensionName", "")
    if params.get("extensionId"):
        namespace, _, name = params["extensionId"].partition(".")
    if possible_name(namespace) and possible_name(name):
        return about(place(namespace, name), Kind.INDEX, route.name, key, target)
    return Subject("openvsx", Kind.LISTING, route.name, key, part=target)


def _namespace(name: str) -> Subject:
    if not possible_name(name):
        raise NotFound(f"no namespace can be called {name[:80]!r}")
    return Subject("openvsx", Kind.LISTING, "namespace", f"api/{name.lower()}", name)


def _filed(route: Route, params: Mapping[str, str]) -> Subject:
    """A file of a version. Whatever address it was asked by, a package is one file."""
    from subak.ecosystems.openvsx.resources import resource

    target = params.get(_PLATFORM) or params.get("target", "")
    at = package_at(params["namespace"], params["name"], params["version"], target)
    match route.name:
        case "vsix":
            return vsix(at)
        case "asset":
            if not all(possible_file(part) for part in params["kind"].split("/")):
                raise NotFound(f"{params['kind'][:100]!r} is no asset")
            return asset(at, params["kind"])
        case "file":
            return file(at, params["file"])
        case "stats":
            return about(at, Kind.MADE, "stats", f"{at.folder(lower=True)}/stats")
    return resource(at, params.get("path", ""))


def _told(route: Route, params: Mapping[str, str]) -> Subject:
    """A document about an extension or its versions."""
    namespace, name = params["namespace"], params["name"]
    if route.name == "latest":
        return about_one(place(namespace, name), "latest", LATEST_OF_EACH)
    if name == "verify-pat":
        raise NotFound("publishing is between you and the registry itself; this gateway only reads")
    last, target = params.get("last", ""), params.get("target", "")
    if possible_target(last):
        last, target = "", last
    version = params.get("version", last)
    alias = version in ("", *ALIASES)
    at = place(namespace, name, "" if alias else version, target)
    if route.name in ("extension", "version"):
        if alias:
            return extension(at, version or "latest")
        return about(at, Kind.INDEX, "version", at.folder(lower=True))
    page = {name: params[name] for name in _PAGE if params.get(name, "").isdigit()}
    key = f"{at.folder(lower=True)}/{route.pattern.rpartition('/')[2]}{parameters(page)}"
    return about(at, route.kind, route.name, key)


# ---------------------------------------------------------------- upstream


def source(subject: Subject, site: Site) -> str:
    """The upstream URL, with the spelling that was asked. Raises NotFound for a question without its body."""
    base, at = site.base.removesuffix("/"), place_of(subject)
    match subject.route:
        case "query" | "search" | "latest":
            if not subject.question:
                raise NotFound("extensions are asked for by POST, or in the parameter q")
            return f"{base}/{PATH}"
        case "extension":  # upstream's own document tells of one version, which may be one that is hidden
            names = {"namespaceName": at.namespace, "extensionName": at.name, _PLATFORM: at.target}
            return f"{base}/api/-/query{parameters({**names, 'includeAllVersions': 'true'})}"
        case "vsix":
            return asset_url(base, at, VSIX)
        case "checksum":
            return f"{base}/{quoted(at.folder())}/file/{quoted(at.file('sha256'))}"
    return f"{base}/{_spelled(subject)}"


def _spelled(subject: Subject) -> str:
    """The key as a path with its query, names as they were asked."""
    path, mark, query = subject.key.partition("?")
    if subject.name and subject.route != "queries":
        parts, names = path.split("/"), subject.name.split(".", 1)
        first = 1 if parts[0] == "api" else 2
        parts[first : first + len(names)] = names
        path = "/".join(parts)
    return quoted(path) + mark + query


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A package's sha256 lies beside it, under a name that follows from its own."""
    return (checksum(place_of(subject)),) if subject.route == "vsix" else ()


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """The sha256 of a package, or when packages were published. Every document is checked, and so is the package."""
    from subak.ecosystems.openvsx import gallery, package, registry, resources

    match subject.route:
        case "checksum":
            return iter((_pin(subject, page),))
        case "query" | "search" | "latest":
            return gallery.pins(subject, page)
        case "vsix":
            package.check(subject, page)
        case "folder":
            resources.check(page)
        case "key":
            if b"-----BEGIN PUBLIC KEY-----" not in bytes(page.body):
                raise UpstreamLied(f"{subject.key} is no public key")
        case _:
            return registry.pins(subject, page)
    return iter(())


def _pin(subject: Subject, page: Page) -> Pin:
    at = place_of(subject)
    found = bytes(page.body[:200]).strip().decode("ascii", "replace")
    return Pin(vsix(at).key, "", digest("sha256", found), name=subject.name, version=at.version)


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """Addresses lead here, hidden versions are left out. Raises UpstreamLied, and NotFound when nothing is left."""
    from subak.ecosystems.openvsx import gallery, registry, resources

    match subject.route:
        case "query" | "search" | "latest":
            return gallery.render(subject, page, view)
        case "checksum" | "folder" if subject.version in view.hidden:
            raise NotFound(f"{subject.name} {subject.version} is withheld here")
        case "folder":
            return iter((resources.listed(page, view),))
        case "checksum" | "key" | "about":
            return iter((bytes(page.body),))
    return iter((registry.render(subject, page, view),))


# ---------------------------------------------------------------- answered here


def make(subject: Subject, base: str) -> bytes:
    """Telemetry ends here; nobody is called malicious. Raises NotFound for the page that people read."""
    if subject.route == "item":
        raise NotFound("this gateway has no pages about extensions", fix="Look at the registry's own site.")
    return b'{"malicious":[],"deprecated":{},"search":[]}' if subject.route == "control" else b""


def headers(subject: Subject, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Editors in a browser read from other origins."""
    return (("access-control-allow-origin", "*"),)


def error_body(message: str) -> Mapping[str, object]:
    """ovsx shows the member `error`."""
    return {"error": message}


# ---------------------------------------------------------------- clients

_MOUNT = "{base}/openvsx"
_URLS = {
    "serviceUrl": f"{_MOUNT}/vscode/gallery",
    "itemUrl": f"{_MOUNT}/vscode/item",
    "extensionUrlTemplate": f"{_MOUNT}/vscode/gallery/{{publisher}}/{{name}}/latest",
    "resourceUrlTemplate": f"{_MOUNT}/vscode/unpkg/{{publisher}}/{{name}}/{{version}}/{{path}}",
    "controlUrl": f"{_MOUNT}/vscode/control.json",
    "nlsBaseUrl": "",
}
_PRODUCT = json.dumps({"extensionsGallery": _URLS})

CLIENTS: tuple[Client, ...] = (
    Client(
        "vscodium",
        (  # all of them: one that is not set keeps leading to the built-in upstream
            ("VSCODE_GALLERY_SERVICE_URL", _URLS["serviceUrl"]),
            ("VSCODE_GALLERY_ITEM_URL", _URLS["itemUrl"]),
            ("VSCODE_GALLERY_EXTENSION_URL_TEMPLATE", _URLS["extensionUrlTemplate"]),
            ("VSCODE_GALLERY_LATEST_URL_TEMPLATE", _URLS["extensionUrlTemplate"]),
            ("VSCODE_GALLERY_RESOURCE_URL_TEMPLATE", _URLS["resourceUrlTemplate"]),
            ("VSCODE_GALLERY_CONTROL_URL", _URLS["controlUrl"]),
        ),
        # -C: a product.json that is there already is not overwritten
        f"mkdir -p ~/.config/VSCodium && (set -C; echo '{_PRODUCT}' > ~/.config/VSCodium/product.json)",
        version=("codium", "--version"),
    ),
    Client(
        "code-server",
        (("EXTENSIONS_GALLERY", json.dumps(_URLS, separators=(",", ":"))),),
        f"echo \"export EXTENSIONS_GALLERY='{json.dumps(_URLS).replace(chr(34), chr(92) + chr(34))}'\" >> ~/.profile",
        version=("code-server", "--version"),
    ),
    Client(
        "theia",
        (("VSX_REGISTRY_URL", _MOUNT),),
        f"echo 'export VSX_REGISTRY_URL={_MOUNT}' >> ~/.profile",
    ),
    Client(
        "ovsx",
        (("OVSX_REGISTRY_URL", _MOUNT),),
        f"echo 'export OVSX_REGISTRY_URL={_MOUNT}' >> ~/.profile",
        version=("ovsx", "--version"),
    ),
)

HINTS = Hints(environ=("OVSX_REGISTRY_URL", "VSX_REGISTRY_URL"))

AGENTS: tuple[AgentPattern, ...] = (
    AgentPattern("code-server", r"VSCode (?P<version>\S+) \(code-server\)"),
    AgentPattern("vscodium", r"VSCode (?P<version>\S+) \(VSCodium\)"),
    AgentPattern("vscode", r"VSCode (?P<version>\S+)"),  # ovsx and Theia's client do not say who they are
)

OPENVSX = Ecosystem(
    name="openvsx",
    title="Editor extensions (Open VSX)",
    routes=ROUTES,
    subject=subject,
    question=question,
    path_of=path_of,
    make=make,
    source=source,
    homes=homes,
    pins=pins,
    render=render,
    headers=headers,
    error_body=error_body,
    own=OWN,
    words=("vsx", "vscode"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="the sha256 file of the registry API; else what was seen first, and its manifest",
)
