"""Go: a module proxy whose zips and go.mod files are checked against the transparent checksum database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
    DAY,
    FOREVER,
    HOUR,
    MINUTE,
    AgentPattern,
    Client,
    Columns,
    Ecosystem,
    Form,
    Hints,
    Own,
    Page,
    Parts,
    Paths,
    Route,
    SettingFile,
    Site,
    Usual,
    View,
    with_versions,
)
from subak.ecosystems.go.names import (
    asked_version,
    escape,
    is_canonical,
    is_fitting,
    is_private,
    module_of,
    module_path,
    purl,
    unescape,
)
from subak.errors import NotFound
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_TEXT = "text/plain; charset=UTF-8"
_PLAIN = (Form("text", ("text/plain",), _TEXT),)
_JSON = (Form("json", ("application/json",), "application/json"),)
_OCTETS = (Form("tile", ("application/octet-stream",), "application/octet-stream"),)


_SUMDB = "/sumdb/{path+}"
_MODULE_INFO = "/{module+}/@v/{version}.info"

ROUTES: tuple[Route, ...] = (
    # One pattern, as a database's name may have a path of its own: `subject` tells which of these is meant.
    Route("supported", _SUMDB, Kind.CONFIG, HOUR, forms=_PLAIN, plain=True),
    Route("latest", _SUMDB, Kind.CONFIG, MINUTE, forms=_PLAIN, plain=True),
    Route("lookup", _SUMDB, Kind.CONFIG, FOREVER, forms=_PLAIN, plain=True),
    # Never changes either; but alone it cannot be proved, and a wrong one must not stay.
    Route("tile", _SUMDB, Kind.CONFIG, DAY, forms=_OCTETS, plain=True),
    Route("signpost", _SUMDB, Kind.CONFIG, HOUR, forms=_PLAIN, plain=True),  # asked by ourselves only
    Route("list", "/{module+}/@v/list", Kind.INDEX, 2 * MINUTE, forms=_PLAIN, optional=True),
    Route("query", _MODULE_INFO, Kind.CONFIG, MINUTE, forms=_JSON, optional=True),
    Route("info", _MODULE_INFO, Kind.CONFIG, FOREVER, forms=_JSON, optional=True),  # of a version that is canonical
    Route("mod", "/{module+}/@v/{version}.mod", Kind.ARTIFACT, content_type=_TEXT, open=True),
    Route("zip", "/{module+}/@v/{version}.zip", Kind.ARTIFACT, content_type="application/zip", open=True),
    Route("newest", "/{module+}/@latest", Kind.CONFIG, 2 * MINUTE, forms=_JSON, optional=True),
)
"""Below the mount. Only a leading 'sumdb' is special: the first element of a module's path has a dot."""

OWN: tuple[Own, ...] = (
    Own(r"(/.+/@v/[^/]+|/.+/@latest)", ends=("list", "@latest", ".info", ".mod", ".zip")),
    Own(r"(/sumdb/.+)", begins=("sumdb",)),
    Own(r"(/(?:lookup|tile)/.+)", "/sumdb/sum", begins=("lookup", "tile")),  # the checksum database itself
)

_PIECE = r"(?:[a-z0-9_~-]++|![a-z])++"
_MODULE = rf"/((?!-)(?:[a-z0-9-]++\.)++[a-z0-9-]++(?:/{_PIECE}(?:\.{_PIECE})*+){{0,40}}+)"
_RELEASE = r"v(?:0|[1-9][0-9]*+)(?:\.(?:0|[1-9][0-9]*+)){2}(?:-0\.[0-9]{14}-[0-9a-f]{12})?"
"""Releases, and what most commits are called that are none."""


def _usual_packages(modules: Iterable[str]) -> list[str]:
    return [f"pkg:golang/{unescape(module) if '!' in module else module}" for module in modules]


def _usual_files(paths: Paths, parts: Parts) -> Columns:
    modules, versions = zip(*parts, strict=True)
    packages = _usual_packages(modules)
    keys = [path[1:] for path in paths]
    return ["artifact"] * len(paths), keys, versions, packages, with_versions(packages, versions)


def _usual_infos(paths: Paths, parts: Parts) -> Columns:
    versions = [version if is_fitting(module, version) else "" for module, version in parts]
    packages = _usual_packages(module for module, _ in parts)
    purls = [f"{package}@{version}".removesuffix("@") for package, version in zip(packages, versions, strict=True)]
    return ["config"] * len(paths), [path[1:] for path in paths], versions, packages, purls


def _usual_lists(paths: Paths, parts: Parts) -> Columns:
    packages = _usual_packages(module for (module,) in parts)
    return ["index"] * len(paths), [path[1:] for path in paths], [""] * len(paths), packages, packages


USUAL: tuple[Usual, ...] = (
    Usual(rf"{_MODULE}/@v/({_RELEASE})\.(?:mod|zip)", _usual_files, ends=(".mod", ".zip")),
    Usual(rf"{_MODULE}/@v/list", _usual_lists, ends=("list",)),
    Usual(rf"{_MODULE}/@v/({_RELEASE})\.info", _usual_infos, ends=("info",)),
)

_KINDS = {route.name: route.kind for route in ROUTES}


def _about(route: str, key: str, name: str = "", version: str = "", part: str = "") -> Subject:
    return Subject("go", _KINDS[route], route, key, name, version, part, purl(name, version))


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for names and versions that nothing can have."""
    if "path" in groups:
        return _of_database(groups["path"])
    escaped = groups["module"]
    module = module_path(escaped)
    if route.name in ("list", "newest"):
        return _about(route.name, f"{escaped}/@v/list" if route.name == "list" else f"{escaped}/@latest", module)
    version = asked_version(groups["version"])
    key = f"{escaped}/@v/{groups['version']}"
    if route.kind is Kind.ARTIFACT:
        if not is_canonical(version):
            raise NotFound(f"{version[:100]!r} is no canonical version: its .info tells which one is meant today")
        if route.name == "mod":
            # It runs nothing, and every build reads those of versions it passes over: what is denied or counted by
            # its purl is the zip.
            return Subject("go", route.kind, "mod", f"{key}.mod", module, version)
        return _about("zip", f"{key}.zip", module, version)
    if is_fitting(module, version):
        return _about("info", f"{key}.info", module, version)
    return _about("query", f"{key}.info", module, part=version)  # what a branch means moves: no version, no purl of one


_DATABASE = re.compile(r"(?P<name>.+?)/(?:(?P<word>supported|latest)|lookup/(?P<record>.+)|(?P<tile>tile/.+))\Z")
_NAME = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~-]+)*\Z")


def _of_database(path: str) -> Subject:
    from subak.ecosystems.go.tlog import tile_of

    found = _DATABASE.match(path)
    if found is None or not _NAME.match(found["name"]):
        raise NotFound("a checksum database has nothing at this path")
    name, word = found["name"], found["word"]
    if word:  # who serves the newest head supports its clients
        return _about(word, f"sumdb/{name}/latest", part="supported" if word == "supported" else "")
    if found["tile"]:
        return _about("tile", f"sumdb/{name}/{tile_of(found['tile']).path}")
    module, _, version = found["record"].partition("@")
    return _lookup(name, module_path(module), asked_version(version))


def _lookup(database: str, module: str, version: str) -> Subject:
    if not is_canonical(version):
        raise NotFound(f"the checksum database knows canonical versions, not {version[:100]!r}")
    return _about("lookup", f"sumdb/{database}/lookup/{escape(module)}@{escape(version)}", module, version)


def path_of(package: PackageURL) -> str:
    """The list of a module's versions. Raises NotFound."""
    return f"{escape(module_of(package))}/@v/list"


# ---------------------------------------------------------------- upstream


def signpost(site: Site) -> Subject | None:
    """The proxy's own word whether the database can be asked through it."""
    from subak.ecosystems.go.sumdb import database

    name = database(site)
    return _about("signpost", f"sumdb/{name}/supported") if name else None


def source(subject: Subject, site: Site) -> str:
    """The upstream URL: below the proxy, or the database itself when the proxy does not speak for it. Raises NotFound
    for every database but the known one: the name is a host."""
    from subak.ecosystems.go.sumdb import database

    path = quote(subject.key, safe="/!+@:~$&'()*,;=")
    if not subject.key.startswith("sumdb/"):
        return site.base + path
    asked = _DATABASE.match(subject.key.removeprefix("sumdb/"))
    if asked is None or asked["name"] != database(site):
        raise NotFound(
            "this gateway does not know that checksum database",
            fix="Set GOSUMDB to its name and key where the gateway runs.",
        )
    if site.has_signpost or subject.route == "signpost":
        return site.base + path
    return f"https://{path.removeprefix('sumdb/')}"


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A zip and a go.mod are announced by the database, unless their names must not be told to it."""
    from subak.ecosystems.go.sumdb import database

    name = database(site)
    if subject.kind is not Kind.ARTIFACT or not name or is_private(subject.name, site.further.get("nosumdb", "")):
        return ()
    return (_lookup(name, subject.name, subject.version),)


# ---------------------------------------------------------------- documents


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """The sums of a lookup; other documents announce nothing. Raises UpstreamLied for what is no such document."""
    from subak.ecosystems.go.documents import check_list, dated
    from subak.ecosystems.go.sumdb import check_tile, check_yes, read_head, sums

    match subject.route:
        case "lookup":
            return sums(subject, page)
        case "latest" | "supported":
            read_head(page.body)
        case "tile":
            check_tile(subject, page)
        case "signpost":
            check_yes(page)
        case "list":
            check_list(page)
        case "info" | "query" | "newest":
            return dated(subject, page)
    return iter(())


def needed(subject: Subject, page: Page, site: Site) -> tuple[Subject, ...]:
    """The tiles that prove a lookup. Raises UpstreamLied."""
    from subak.ecosystems.go.sumdb import evidence

    return evidence(page, site) if subject.route == "lookup" else ()


def prove(subject: Subject, page: Page, site: Site, documents: Mapping[str, Page]) -> None:
    """A lookup by its tiles, a head by its signature; tiles are proved with the lookups that need them. Raises
    UpstreamLied."""
    from subak.ecosystems.go.sumdb import prove_lookup, signed_head

    if subject.route == "lookup":
        prove_lookup(page, site, documents)
    elif subject.route in ("latest", "supported"):
        signed_head(page.body, site.further["sumdb"])


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """Documents hold no URLs: they leave as they came, without withheld versions."""
    from subak.ecosystems.go.documents import render_info, render_list

    match subject.route:
        case "list":
            return render_list(page, view)
        case "info" | "query" | "newest":
            return render_info(subject, page, view)
        case "supported":
            return iter(())  # the status is the answer
    return iter((bytes(page.body),))


# ---------------------------------------------------------------- clients


def clean(text: str) -> str:
    """The first proxy of a GOPROXY list. Raises ValueError when it names none: whoever says 'off' or 'direct' does not
    want the public one."""
    entries = [entry.strip() for entry in re.split(r"[,|]", text)]
    for entry in entries:
        if entry.startswith(("https://", "http://")):
            return entry
        if entry == "off":
            break
    if any(entries):
        raise ValueError("names no proxy that this gateway could ask")
    return ""


HINTS = Hints(
    environ=("GOPROXY",),
    files=(
        SettingFile("$GOENV", "env", ("GOPROXY",)),
        SettingFile("~/.config/go/env", "env", ("GOPROXY",)),
        SettingFile("~/Library/Application Support/go/env", "env", ("GOPROXY",)),
    ),
    builtin="go",
    clean=clean,
    further=("sumdb", "nosumdb"),
)

CLIENTS: tuple[Client, ...] = (
    # No ',direct' behind it: a client would go round a refusal to the repository itself.
    Client("go", (("GOPROXY", "{base}/go"),), "go env -w GOPROXY={base}/go", version=("go", "version")),
)

AGENTS: tuple[AgentPattern, ...] = (AgentPattern("go", r"GoCommand/"),)
"""Before 1.27 the go command gives the name of its HTTP library, as every other Go program does."""

GO = Ecosystem(
    name="go",
    title="Go modules",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    signpost=signpost,
    guided=lambda subject: subject.key.startswith("sumdb/"),
    source=source,
    homes=homes,
    pins=pins,
    evidence=needed,
    prove=prove,
    render=render,
    plain_errors=True,
    own=OWN,
    usual=USUAL,
    counted_as=lambda subject: purl(subject.name, subject.version),
    words=("golang",),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="h1 sums of the checksum database; signature and inclusion in its log are proved",
)
