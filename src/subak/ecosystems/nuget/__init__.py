"""NuGet: a service index that leads to lists of versions, registrations and one immutable archive per version."""

from __future__ import annotations

import re
from collections.abc import Mapping

from subak.ecosystems.base import (
    DAY,
    HOUR,
    LIKELY,
    MINUTE,
    POSSIBLE,
    AgentPattern,
    Client,
    Ecosystem,
    Form,
    Hints,
    Own,
    Route,
    SettingFile,
    Site,
)
from subak.ecosystems.nuget.documents import leads, pins, render
from subak.ecosystems.nuget.places import (
    FULL,
    OLD,
    SEMVER1,
    SERVICE,
    asked,
    entry_of,
    file_of,
    page_of,
    path_of,
    registration_of,
    source,
    version_in,
    versions_of,
)
from subak.ecosystems.nuget.versions import fold_version, lower_id
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_JSON = (Form("json", ("application/json",), "application/json"),)
_FRESH = 3 * MINUTE
_FILTERS = ("skip", "take", "prerelease", "semVerLevel", "packageType")


def _document(
    name: str, pattern: str, kind: Kind = Kind.CONFIG, fresh_for: float = _FRESH, query: tuple[str, ...] = ()
) -> Route:
    return Route(name, pattern, kind, fresh_for, "application/json, */*;q=0.5", _JSON, query=query)


_FLAT, _ELSEWHERE = "/v3/flat/{id}", "{place}.json"

ROUTES: tuple[Route, ...] = (
    _document("service", f"/{SERVICE.key}", fresh_for=HOUR),
    _document("versions", f"{_FLAT}/index.json", Kind.INDEX),
    # Feeds redirect to wherever they store files.
    Route("nupkg", f"{_FLAT}/{{version}}/{{file}}.nupkg", Kind.ARTIFACT, open=True, roams=True),
    Route(
        "nuspec", f"{_FLAT}/{{version}}/{{file}}.nuspec", Kind.METADATA, content_type="application/xml",
        open=True, roams=True,
    ),
    *(_document("page", f"/{hive}/{{id}}/page/{_ELSEWHERE}") for hive in (FULL, OLD)),
    *(_document("registration", f"/{hive}/{{id}}/index.json", Kind.INDEX) for hive in (FULL, OLD)),
    *(_document("leaf", f"/{hive}/{{id}}/{{version}}.json") for hive in (FULL, OLD)),
    _document("entry", f"/v3/catalog/{{id}}/{{version}}/{_ELSEWHERE}", fresh_for=DAY),
    # Lists of all packages, so what is hidden comes as 'name@version'.
    _document("search", "/v3/query", Kind.LISTING, query=("q", *_FILTERS)),
    _document("autocomplete", "/v3/autocomplete", Kind.LISTING, query=("q", "id", *_FILTERS)),
    _document("vulnerabilities", "/v3/vulnerabilities/index.json", fresh_for=HOUR),
    _document("advisories", f"/v3/vulnerabilities/{_ELSEWHERE}", fresh_for=6 * HOUR),
)  # fmt: skip
"""Below the mount. A document asked with parameters is a document of its own."""

_PACKED = "/v3/flat/{0}/{1}/{0}.{1}.nupkg"
OWN: tuple[Own, ...] = (
    Own(r"/v3-flatcontainer(/.+)", "/v3/flat", begins=("v3-flatcontainer",)),
    Own(r"/v3/(?:flat\d?|flatcontainer|content)(/.+)", "/v3/flat", begins=("v3",)),
    Own(r"/v3/registration[^/]*semver1[^/]*(/.+)", f"/{OLD}", begins=("v3",)),
    Own(r"/v3/registration[^/]*(/.+)", f"/{FULL}", begins=("v3",)),
    Own(r"(/v3/.+)", begins=("v3",)),
    Own(r"/api/v2/package/([^/]+)/([^/]+)", _PACKED, begins=("api",)),
    Own(r".*/([^/]+)/([^/]+)/\1\.\2\.nupkg", _PACKED, ends=(".nupkg",)),
    Own(r".*/([^/]+?)\.([0-9]+(?:\.[0-9]+)+(?:-[^/]+)?)\.nupkg", _PACKED, ends=(".nupkg",)),
    Own(r"(/query|/autocomplete)", "/v3", begins=("query", "autocomplete"), level=LIKELY),
    Own(r"/registration[^/]*(/.+)", f"/{FULL}", level=POSSIBLE),
)

_PLACE = re.compile(r"[\w-]*\Z", re.ASCII)


def subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means, in any spelling of id and version. Raises NotFound for impossible ones."""
    place = _place(params)
    part = SEMVER1 if route.pattern.startswith(f"/{OLD}/") else ""
    match route.name:
        case "service":
            return SERVICE
        case "search" | "autocomplete":
            name = lower_id(params["id"]) if params.get("id") else ""
            key = asked(route.pattern.removeprefix("/"), {**params, "id": name}, route.query)
            return Subject("nuget", route.kind, route.name, key, name)
        case "vulnerabilities":
            return Subject("nuget", route.kind, route.name, "v3/vulnerabilities/index.json")
        case "advisories":
            return Subject("nuget", route.kind, route.name, f"v3/vulnerabilities/{place}.json")
    name = lower_id(params["id"])
    match route.name:
        case "versions":
            return versions_of(name)
        case "page":
            return page_of(name, place, part)
        case "registration":
            return registration_of(name, part=part)
        case "leaf":
            return registration_of(name, version_in(params["version"]), part)
        case "entry":
            return entry_of(name, version_in(params["version"]), place)
    return _file(route.name, name, params["version"], params["file"].lower())


def _place(params: Mapping[str, str]) -> str:
    place = params.get("place", "")
    if not _PLACE.match(place):
        raise NotFound(f"{place[:80]!r} is no address as this gateway writes it")
    return place


def _file(extension: str, name: str, given: str, file: str) -> Subject:
    version = version_in(given)
    spelled = {name} if extension == "nuspec" else {f"{name}.{version}", f"{name}.{given.lower()}"}
    if file not in spelled:
        raise NotFound(f"{file[:80]!r} is no file of {name} {version}")
    return file_of(name, version, extension)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A package is announced by the catalog, to which the registration of its version leads. Where there is none (most
    private feeds) nothing announces it; and nobody announces a nuspec."""
    return (registration_of(subject.name, subject.version),) if subject.route == "nupkg" else ()


# ---------------------------------------------------------------- clients

_ADD = '<add key="subak" value="{base}/nuget/v3/index.json" protocolVersion="3" allowInsecureConnections='
_CONFIG = (
    '<?xml version="1.0" encoding="utf-8"?>\n<configuration>\n  <packageSources>\n    <clear />\n'
    f'    {_ADD}"{{plain}}" />\n  </packageSources>\n</configuration>\n'
)
"""An http source is an error since the SDK 9 unless it says so itself."""

CLIENTS: tuple[Client, ...] = (
    Client(
        "dotnet",
        # A property of MSBuild, which takes every variable for one. It stands in place of all other settings: their
        # credentials and sources too. Commands that restore no project (`dotnet tool`, `dotnet new`) do not read it.
        (("RestoreConfigFile", "{folder}/nuget.config"),),
        "printf '%s' '<configuration><packageSources><clear />"
        f'{_ADD}"true" /></packageSources></configuration>\' > nuget.config',
        version=("dotnet", "--version"),
        files=(("nuget.config", _CONFIG),),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (AgentPattern("nuget", r"NuGet[^/(]*/(?P<version>[^\s;(]+)"),)


def clean(text: str) -> str:
    """The address of a service index. Folders, which may be sources too, are passed over; ValueError for a feed of
    version 2, which we do not read."""
    if not text.startswith(("https://", "http://")):
        return ""
    if not text.rstrip("/").endswith(".json"):
        raise ValueError("is no service index")
    return text


_KEYS = ("packageSources.add[protocolVersion=3]@value", "packageSources.add@value")

HINTS = Hints(
    files=(
        SettingFile("$APPDATA/NuGet/NuGet.Config", "xml", _KEYS),
        SettingFile("~/.nuget/NuGet/NuGet.Config", "xml", _KEYS),
        SettingFile("~/.config/NuGet/NuGet.Config", "xml", _KEYS),
    ),
    builtin="purl:nuget",
    prefix="api.",
    path="v3/index.json",
    clean=clean,
)

NUGET = Ecosystem(
    name="nuget",
    title=".NET packages (NuGet)",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    fold_version=fold_version,
    signpost=lambda site: SERVICE,
    source=source,
    homes=homes,
    leads=leads,
    pins=pins,
    render=render,
    own=OWN,
    words=("dotnet",),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="sha512 in the catalog where the feed has one, else what was seen first",
)
