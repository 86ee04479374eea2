"""Composer: one root document, two metadata documents a package (tags, branches), and archives kept at code hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from packageurl import PackageURL

from subak.ecosystems.base import (
    LIKELY,
    MINUTE,
    AgentPattern,
    Client,
    Ecosystem,
    Form,
    Hints,
    Own,
    Page,
    Route,
    SettingFile,
    Site,
    View,
)
from subak.ecosystems.composer import root
from subak.ecosystems.composer.releases import canonical, folded, full_name, is_dev, unescape
from subak.errors import NotFound
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

# ---------------------------------------------------------------- paths

JSON = Form("json", ("application/json",), "application/json")
_FRESH = 5 * MINUTE


def _document(
    name: str, pattern: str, kind: Kind = Kind.CONFIG, fresh_for: float = _FRESH, query: tuple[str, ...] = ()
) -> Route:
    return Route(name, pattern, kind, fresh_for=fresh_for, forms=(JSON,), query=query)


ROUTES: tuple[Route, ...] = (
    _document("root", "/packages.json", fresh_for=10 * MINUTE),
    _document("root", "/", fresh_for=10 * MINUTE),  # some clients are configured with one, some with the other
    _document("package", "/p2/{vendor}/{name}~dev.json", Kind.INDEX),
    _document("package", "/p2/{vendor}/{name}.json", Kind.INDEX),
    # The registry keeps no archives: its documents name code hosts, and those redirect to their own file hosts.
    Route("dist", "/dists/{vendor}/{name}/{version}/{file}", Kind.ARTIFACT, content_type="", roams=True),
    Route("notify", "/notify", Kind.MADE, methods=("POST",), content_type="application/json"),
    Route("advisories", "/security-advisories", Kind.RELAY, methods=("POST",)),
    Route("filter", "/filter", Kind.RELAY, methods=("POST",)),
    _document("summary", "/filter/summary.json"),
    _document("search", "/search.json", query=("q", "type", "page", "per_page")),
    _document("list", "/list.json", Kind.LISTING, query=("vendor", "filter", "type")),
    _document("providers", "/providers/{package+}.json"),
)
"""Below the mount. A document asked with parameters is a document of its own."""

OWN: tuple[Own, ...] = (
    Own(r"(/p2/[^/]+/[^/]+\.json)", begins=("p2",)),
    Own(r"(/dists/[^/]+/[^/]+/[^/]+/[^/]+\.(?:zip|tar|tgz))", begins=("dists",)),
    Own(r"(/providers/.+\.json)", begins=("providers",)),
    Own(r"/downloads()/?", "/notify", begins=("downloads",), level=LIKELY),
    Own(r"(?:/api)?(/security-advisories)/?", begins=("api", "security-advisories")),
    Own(r"(/(?:packages|search|list)\.json)", begins=("packages.json", "search.json", "list.json"), level=LIKELY),
)

_VIRTUAL = re.compile(r"[a-z0-9][a-z0-9_.-]*(?:/[a-z0-9][a-z0-9_.-]*)?\Z")
"""What others may provide: packages, and what has no vendor (`ext-intl`)."""


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names and versions."""
    match route.name:
        case "root":
            return _named(route, root.PATH)
        case "package":
            name = full_name(groups["vendor"], groups["name"])
            dev = "~dev" if route.pattern.endswith("~dev.json") else ""
            return _named(route, f"p2/{name}{dev}.json", name)
        case "dist":
            return _dist(route, groups)
        case "providers":
            package = groups["package"].lower()
            if not groups["package"].isascii() or not _VIRTUAL.match(package):
                raise NotFound(f"nothing provides {groups['package'][:80]!r}")
            return _named(route, f"providers/{package}.json")
    asked = urlencode([(name, groups[name]) for name in route.query if groups.get(name)])
    path = route.pattern.removeprefix("/")
    return _named(route, f"{path}?{asked}" if asked else path)


def _named(route: Route, key: str, name: str = "", version: str = "") -> Subject:
    purl = _purl(name, version) if name else ""
    return Subject("composer", route.kind, route.name, key, name, version, purl=purl)


def _purl(name: str, version: str) -> str:
    vendor, _, base = name.partition("/")
    return purl("composer", vendor, base, version)


def _dist(route: Route, groups: Mapping[str, str]) -> Subject:
    from subak.ecosystems.composer import metadata

    name = full_name(groups["vendor"], groups["name"])
    version = canonical(unescape(groups["version"]))  # Composer's own templates and people write the tag's 'v'
    return _named(route, metadata.dist_path(name, version, unescape(groups["file"])), name, version)


def path_of(purl: PackageURL) -> str:
    """The metadata that lists a package's tags, or, for a version that is a branch, its branches."""
    if purl.type != "composer" or not purl.namespace:
        raise NotFound(f"no path is known for {purl.to_string()}")
    dev = "~dev" if is_dev(purl.version or "") else ""
    return f"p2/{full_name(purl.namespace, purl.name)}{dev}.json"


# ---------------------------------------------------------------- documents


def signpost(site: Site) -> Subject:
    """Every other address stands in the root."""
    return Subject("composer", Kind.CONFIG, "root", root.PATH)


def source(subject: Subject, site: Site) -> str:
    """The upstream URL. Raises NotFound for what this upstream does not have, UpstreamLied for an unusable root."""
    if subject.kind is Kind.ARTIFACT:
        raise NotFound(f"no document of this upstream announces {subject.key}")
    return root.address(subject, site)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A dist is announced by its package's tags or branches."""
    if subject.kind is not Kind.ARTIFACT:
        return ()
    keys = (f"p2/{subject.name}.json", f"p2/{subject.name}~dev.json")
    purl = _purl(subject.name, "")
    return tuple(
        Subject("composer", Kind.INDEX, "package", key, subject.name, purl=purl)
        for key in (reversed(keys) if is_dev(subject.version) else keys)
    )


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """A pin for each dist of a package's metadata; the other documents only have to be what they claim.

    Raises UpstreamLied for a body that is no such document.
    """
    from subak.ecosystems.composer import metadata
    from subak.ecosystems.composer.members import members

    match subject.route:
        case "package":
            return metadata.announced(subject, page)
        case "root":
            root.services(bytes(page.body))
        case _:
            members(page.body, subject.key)
    return iter(())


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """Our own root, metadata that leads here, everything else as it came. Raises UpstreamLied."""
    from subak.ecosystems.composer import metadata

    match subject.route:
        case "package":
            return metadata.shown(subject, page, view)
        case "root":
            return root.shown(page, view)
    return iter((bytes(page.body),))


def make(subject: Subject, base: str) -> bytes:
    """The answer to a report of installs, which ends here: readings count downloads already."""
    return b"{}"


# ---------------------------------------------------------------- clients

_REPOSITORY = '"repositories": {"packagist": {"type": "composer", "url": "{base}/composer"}}'
"""Composer takes that name for its built-in repository's, which it replaces."""

CLIENTS: tuple[Client, ...] = (
    Client(
        "composer",
        # No variable names a repository, only the folder of the settings. Tokens for other hosts stay in reach in
        # COMPOSER_AUTH and in the project's auth.json; those in the person's own auth.json do not.
        (("COMPOSER_HOME", "{folder}/composer"),),
        "composer config -g repo.packagist composer {base}/composer && composer config -g secure-http false",
        version=("composer", "--version"),
        # Composer refuses every http URL, loopback included, while secure-http is on
        files=(("composer/config.json", '{"config": {"secure-http": false}, ' + _REPOSITORY + "}\n"),),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (AgentPattern("composer", r"Composer/(?P<version>[\w.+-]+)", ci=r"; CI\b"),)

_KEYS = ("repositories.packagist.url", "repositories.packagist.*.url", "repositories[name=packagist].url")
"""Other repositories are asked beside the built-in one, not instead of it: they say nothing about it."""


def clean(text: str) -> str:
    """A repository may be configured by the URL of its root document."""
    return text.strip().removesuffix(f"/{root.PATH}")


HINTS = Hints(
    files=(
        SettingFile("$COMPOSER_HOME/config.json", "json", _KEYS),
        SettingFile("~/.config/composer/config.json", "json", _KEYS),
        SettingFile("~/.composer/config.json", "json", _KEYS),
    ),
    builtin="purl:composer",
    prefix="repo.",
    clean=clean,
)

COMPOSER = Ecosystem(
    name="composer",
    title="PHP packages (Composer)",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    fold_version=folded,
    make=make,
    signpost=signpost,
    source=source,
    homes=homes,
    pins=pins,
    render=render,
    own=OWN,
    words=("php",),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="sha1 where the repository announces one, else what was seen first",
)
