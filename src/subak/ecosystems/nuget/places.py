"""Where NuGet's things are: our paths, the upstream's resources, and addresses that only its documents name."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode

import msgspec
from packageurl import PackageURL

from subak.ecosystems.base import LONGEST_PATH, Site
from subak.ecosystems.nuget.versions import folded, lower_id
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

SERVICE = Subject("nuget", Kind.CONFIG, "service", "v3/index.json")

FULL, OLD = "v3/registration", "v3/registration-semver1"
"""Our two registration hives: with all versions, and without those that only SemVer 2 can spell."""

SEMVER1 = "semver1"
"""The part of a registration that the older hive shows."""

FLAT = ("PackageBaseAddress/3.0.0",)
OLD_HIVES = tuple(f"RegistrationsBaseUrl{v}" for v in ("/3.4.0", "/3.0.0-rc", "/3.0.0-beta", ""))
FULL_HIVES = ("RegistrationsBaseUrl/Versioned", "RegistrationsBaseUrl/3.6.0")
SEARCH = tuple(f"SearchQueryService{v}" for v in ("/3.5.0", "/3.0.0-rc", "/3.0.0-beta", ""))
COMPLETE = tuple(f"SearchAutocompleteService{v}" for v in ("/3.5.0", "/3.0.0-rc", "/3.0.0-beta", ""))
VULNERABLE = ("VulnerabilityInfo/6.7.0",)
CATALOG = ("Catalog/3.0.0",)


# ---------------------------------------------------------------- subjects


def purl_of(name: str, version: str = "") -> str:
    return purl("nuget", "", name, version)


def versions_of(name: str) -> Subject:
    """The list of a package's versions. `name` is a lower-case id."""
    return Subject("nuget", Kind.INDEX, "versions", f"v3/flat/{name}/index.json", name, purl=purl_of(name))


def file_of(name: str, version: str, extension: str) -> Subject:
    """A version's 'nupkg' or 'nuspec'. `version` is folded."""
    kind = Kind.ARTIFACT if extension == "nupkg" else Kind.METADATA
    key = f"v3/flat/{name}/{version}/{name if extension == 'nuspec' else f'{name}.{version}'}.{extension}"
    return Subject("nuget", kind, extension, key, name, version, purl=purl_of(name, version))


def registration_of(name: str, version: str = "", part: str = "") -> Subject:
    """All that is told of a package, or of one version of it."""
    route, kind, last = ("leaf", Kind.CONFIG, version) if version else ("registration", Kind.INDEX, "index")
    return Subject("nuget", kind, route, f"{FULL}/{name}/{last}.json", name, version, part, purl_of(name, version))


def page_of(name: str, place: str, part: str = "") -> Subject:
    """A part of a registration that lies elsewhere: at `place`, as `placed` writes it."""
    return Subject("nuget", Kind.CONFIG, "page", f"{FULL}/{name}/page/{place}.json", name, "", part, purl_of(name))


def entry_of(name: str, version: str, place: str) -> Subject:
    """The catalog's document of a version, which announces its digest."""
    key = f"v3/catalog/{name}/{version}/{place}.json"
    return Subject("nuget", Kind.CONFIG, "entry", key, name, version, purl=purl_of(name, version))


def path_of(purl: PackageURL) -> str:
    """Raises NotFound for another type of purl, a namespace, or an impossible id."""
    if purl.type != "nuget" or purl.namespace:
        raise NotFound(f"{purl.to_string()} names no NuGet package")
    return versions_of(lower_id(purl.name)).key


# ---------------------------------------------------------------- addresses that only documents name


def placed(url: object) -> str:
    """An address as our paths carry it, '' for what is none. Encoded, since any character may stand in it."""
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > LONGEST_PATH // 2:
        return ""
    return base64.urlsafe_b64encode(url.partition("#")[0].encode()).rstrip(b"=").decode()


def _address_within(place: str, known: Mapping[str, str]) -> str:
    """The URL of `placed`. Raises NotFound unless the upstream keeps something of its own there: clients write it."""
    try:
        url = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
    except ValueError:
        url = ""
    if placed(url) != place or _origin(url) not in {_origin(other) for other in known.values()}:
        raise NotFound("no service of this upstream lies there")
    return url


def _origin(url: str) -> str:
    return "/".join(url.split("/", 3)[:3]).lower()


# ---------------------------------------------------------------- the upstream's service index


class _Resource(msgspec.Struct):
    """One line of the service index."""

    id: str = msgspec.field(name="@id", default="")
    type: str | list[str] = msgspec.field(name="@type", default="")


class _Service(msgspec.Struct):
    version: str
    resources: list[_Resource]


_read = msgspec.json.Decoder(_Service).decode


@lru_cache(maxsize=4)
def services(body: bytes) -> Mapping[str, str]:
    """{type: URL}, the first of each type. Raises UpstreamLied for anything but a service index of version 3."""
    try:
        found = _read(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UpstreamLied(f"this is no NuGet service index: {error}") from error
    if not found.version.startswith("3."):
        raise UpstreamLied(f"the service index has version {found.version[:20]!r}; only 3 can be read")
    known: dict[str, str] = {}
    for resource in found.resources:
        if resource.id.startswith(("https://", "http://")):
            for kind in [resource.type] if isinstance(resource.type, str) else resource.type:
                known.setdefault(kind, resource.id)
    return known


def first(known: Mapping[str, str], kinds: tuple[str, ...]) -> str:
    """The URL of the first of these types that the upstream has, '' if none."""
    return next((known[kind] for kind in kinds if kind in known), "")


def source(subject: Subject, site: Site) -> str:
    """The upstream URL. Raises NotFound for what this upstream does not offer, UpstreamLied for a broken index."""
    if subject.route == "service":
        return site.base[:-1] if site.base.endswith(".json/") else f"{site.base}index.json"
    if not site.has_signpost:
        raise NotFound("the upstream has no service index, which tells where packages are")
    known = services(bytes(site.signpost))
    path, _, query = subject.key.partition("?")
    match subject.route:
        case "versions" | "nupkg" | "nuspec":
            return _below(known, FLAT, path.removeprefix("v3/flat/"))
        case "registration" | "leaf":
            return _below(known, FULL_HIVES + OLD_HIVES, path.removeprefix(f"{FULL}/"))
        case "page" | "entry" | "advisories":
            return _address_within(path.rpartition("/")[2].removesuffix(".json"), known)
    kinds = {"search": SEARCH, "autocomplete": COMPLETE, "vulnerabilities": VULNERABLE}[subject.route]
    url = first(known, kinds)
    if not url:
        raise NotFound(f"this upstream does not offer {subject.route}")
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _below(known: Mapping[str, str], kinds: tuple[str, ...], path: str) -> str:
    base = first(known, kinds)
    if not base:
        raise NotFound(f"this upstream has no {kinds[0]}")
    return f"{base.rstrip('/')}/{quote(path, safe='/+')}"


def asked(path: str, parameters: Mapping[str, str], names: tuple[str, ...]) -> str:
    """A question as a key: only the parameters that say something."""
    query = urlencode([(name, parameters[name]) for name in names if parameters.get(name)])
    return f"{path}?{query}" if query else path


def version_in(text: str) -> str:
    """A version as it stands in paths. Raises NotFound for what is none."""
    version = folded(text)
    if not version:
        raise NotFound(f"{text[:80]!r} is no version of a package")
    return version
