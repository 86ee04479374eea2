"""RubyGems: an index of text lines, and one immutable archive per version and platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
    LIKELY,
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
from subak.ecosystems.rubygems.fullnames import NAME, fold_version, readings
from subak.errors import NotFound
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

# ---------------------------------------------------------------- paths

TEXT = Form("text", ("text/plain",), "text/plain; charset=utf-8")
GZIP = Form("gzip", ("application/gzip",), "application/gzip")


def _compact(name: str, pattern: str, kind: Kind, minutes: int, *, grows: bool = False) -> Route:
    """A text that clients hash, append to and ask for the end of."""
    return Route(
        name, pattern, kind, fresh_for=minutes * MINUTE, forms=(TEXT,),
        plain=True, ranges=True, etag="md5", digest_fields=True, grows=grows,
    )  # fmt: skip


def _specs(pattern: str) -> Route:
    # A list of all gems: what is hidden comes as 'name@version'
    return Route("specs", pattern, Kind.LISTING, fresh_for=15 * MINUTE, forms=(GZIP,), plain=True)


ROUTES: tuple[Route, ...] = (
    Route("root", "/", Kind.MADE, content_type="text/plain; charset=utf-8"),
    # /info is good for less than /versions: its text must not be older than the md5 that clients compare it with
    _compact("versions", "/versions", Kind.LISTING, 2, grows=True),
    _compact("info", "/info/{name}", Kind.INDEX, 1),
    _compact("names", "/names", Kind.LISTING, 5),
    Route("gem", "/gems/{file}", Kind.ARTIFACT),
    Route("gemspec", "/quick/Marshal.4.8/{file}", Kind.ARTIFACT, open=True),
    _specs("/specs.4.8.gz"),
    _specs("/prerelease_specs.4.8.gz"),
    _specs("/latest_specs.4.8.gz"),
    Route("relay", "/api/{path+}", Kind.RELAY),
)
"""Below the mount; no two of them fit one path."""

OWN: tuple[Own, ...] = (
    Own(r".*/([^/]+\.gem)", "/gems/", ends=(".gem",)),
    Own(r".*/([^/]+\.gemspec\.rz)", "/quick/Marshal.4.8/", ends=(".rz",)),
    Own(r"(/info/[^/]+)", begins=("info",)),
    Own(r"(/api/(?:v1/(?:gems/|versions/|search\.|timeframe_versions\.)|v2/rubygems/).+)", begins=("api",)),
    Own(r".*?(/(?:prerelease_|latest_)?specs\.4\.8\.gz)", ends=(".gz",)),
    Own(r"(/versions|/names)", begins=("versions", "names"), level=LIKELY),
)


def _usual_gems(paths: Paths, parts: Parts) -> Columns:
    names, versions = zip(*parts, strict=True)
    keys, packages = [path[1:] for path in paths], [f"pkg:gem/{name}" for name in names]
    return ["artifact"] * len(paths), keys, versions, packages, with_versions(packages, versions)


def _usual_indexes(paths: Paths, parts: Parts) -> Columns:
    packages = [f"pkg:gem/{name}" for (name,) in parts]
    return ["index"] * len(paths), [path[1:] for path in paths], [""] * len(paths), packages, packages


_STEM = (
    r"((?=[^/]{1,250}\Z)[A-Za-z0-9_][A-Za-z0-9._]*+(?:-[A-Za-z_][A-Za-z0-9._]*+)*+)"
    r"-([0-9]++(?:\.[0-9A-Za-z]++)*)"
)
"""Names without '-' before a digit, and no platform: there is one reading."""

USUAL: tuple[Usual, ...] = (
    Usual(rf"/gems/{_STEM}\.gem", _usual_gems, ends=(".gem",)),
    Usual(rf"/quick/Marshal\.4\.8/{_STEM}\.gemspec\.rz", _usual_gems, ends=("c.rz",)),
    Usual(r"/info/([A-Za-z0-9_][A-Za-z0-9._-]{0,250})", _usual_indexes, begins=("info",)),
)

_ENDINGS = {"gem": ".gem", "gemspec": ".gemspec.rz"}

_RELAYED = ("api/v1/gems/", "api/v1/versions/", "api/v2/rubygems/", "api/v1/search.", "api/v1/timeframe_versions.")
"""What anybody may read. The rest of the API lives on keys, which must not travel through a cache."""


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names, the old dependency service, and what needs a key."""
    match route.name:
        case "info":
            return _index(groups["name"])
        case "gem" | "gemspec":
            return _file(route, groups["file"])
        case "relay":
            return _relayed(route, groups["path"])
    return Subject("rubygems", route.kind, route.name, route.pattern.removeprefix("/"))


def _index(name: str) -> Subject:
    if not NAME.match(name):
        raise NotFound(f"no gem can be called {name[:80]!r}")
    return Subject("rubygems", Kind.INDEX, "info", f"info/{name}", name, purl=_purl(name))


def _file(route: Route, file: str) -> Subject:
    stem = file.removesuffix(_ENDINGS[route.name])
    if stem == file:
        raise NotFound(f"there is nothing called {file[:80]!r} here")
    gem = readings(stem)[0]
    key = route.pattern.removeprefix("/").replace("{file}", file)
    purl = _purl(gem.name, gem.version, gem.platform)
    return Subject("rubygems", route.kind, route.name, key, gem.name, gem.version, purl=purl)


def _purl(name: str, version: str = "", platform: str = "") -> str:
    """The specification's library writes it: the name keeps its case, the platform is a qualifier."""
    qualifiers = {"platform": platform} if platform else None
    return purl("gem", "", name, version, qualifiers)


def _relayed(route: Route, path: str) -> Subject:
    key = f"api/{path}"
    if key.startswith("api/v1/dependencies"):  # 404 is what sends old clients on to the other indexes
        raise NotFound("the dependency API is gone: the index is at /versions and /info/<gem>")
    if not key.startswith(_RELAYED):
        raise NotFound(
            "keys, owners and publishing are between you and the registry itself; this gateway only reads",
            fix="Give this command the registry's own address with --host.",
        )
    return Subject("rubygems", route.kind, route.name, key)


def path_of(purl: PackageURL) -> str:
    """The path of a gem's index. Raises NotFound for other purls."""
    if purl.type != "gem" or purl.namespace or not NAME.match(purl.name):
        raise NotFound(f"{purl.to_string()[:80]} names no gem")
    return f"info/{purl.name}"


def source(subject: Subject, site: Site) -> str:
    """The upstream URL: the path is the same everywhere."""
    return site.base + quote(subject.key, safe="/@!~*'()$&,;=:+")


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """For a gem, the indexes of the names that its file name may begin with."""
    if subject.route != "gem":
        return ()
    stem = subject.key.rpartition("/")[2].removesuffix(_ENDINGS["gem"])
    names = dict.fromkeys(gem.name for gem in readings(stem))
    return tuple(_index(name) for name in names)


def make(subject: Subject, base: str) -> bytes:
    """The root: gem before 3.4 asks for its head, and takes the old indexes when there is none."""
    return f"A source of gems. Point Bundler or gem at {base}/\n".encode()


# ---------------------------------------------------------------- documents


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What a document announces. Raises UpstreamLied when it is not the document it should be."""
    from subak.ecosystems.rubygems import specs, text_index

    match subject.route:
        case "info":
            return text_index.info_pins(subject, page)
        case "versions":
            text_index.check_versions(page)
        case "names":
            text_index.check_names(page)
        case "specs":
            specs.check(page)
    return iter(())


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document less what policy withholds; with nothing withheld the bytes that upstream sent."""
    from subak.ecosystems.rubygems import specs, text_index

    match subject.route:
        case "info" if view.hidden:
            return text_index.info_without(subject, page, view.hidden)
        case "versions":
            return text_index.versions_for(page, view)
        case "specs":
            return specs.specs_without(page, view.hidden)
    return text_index.pieces(memoryview(page.body))


# ---------------------------------------------------------------- clients

_SOURCE = "{base}/rubygems/"

CLIENTS: tuple[Client, ...] = (
    Client(
        "bundler",
        # A mirror, not a source: lock files keep the address that the Gemfile names. No variable's name can hold the
        # upstream's URL; what is set for good mirrors the upstream only, and leaves private sources alone.
        (("BUNDLE_MIRROR__ALL", _SOURCE),),
        f"bundle config set --global mirror.{{upstream}} {_SOURCE}",
        version=("bundle", "--version"),
    ),
    Client(
        "gem",
        (("GEMRC", "{folder}/gemrc"),),
        f"printf '%s\\n' ':sources:' '- {_SOURCE}' >> ~/.gemrc",
        version=("gem", "--version"),
        files=(("gemrc", f"---\n:sources:\n- {_SOURCE}\n"),),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (
    # it lists what it finds in the environment: 'ci/ci,github'
    AgentPattern("bundler", r"bundler/(?P<version>\S+)", ci=r"\sci/\S"),
    AgentPattern("rubygems", r"(?:Ruby, )?RubyGems/(?P<version>\S+)"),
    AgentPattern("gemstash", r"Gemstash/(?P<version>\S+)"),
    AgentPattern("ruby", r"Ruby\Z"),  # the runtime's own HTTP library
)

HINTS = Hints(
    environ=("BUNDLE_MIRROR__ALL",),
    files=(
        SettingFile("$GEMRC", "yaml-list", (":sources",)),
        SettingFile("~/.gemrc", "yaml-list", (":sources",)),
        SettingFile("~/.config/gem/gemrc", "yaml-list", (":sources",)),
        SettingFile("$BUNDLE_USER_CONFIG", "yaml-line", ("BUNDLE_MIRROR__ALL",)),
        SettingFile("$BUNDLE_USER_HOME/config", "yaml-line", ("BUNDLE_MIRROR__ALL",)),
        SettingFile("~/.bundle/config", "yaml-line", ("BUNDLE_MIRROR__ALL",)),
        SettingFile("/etc/gemrc", "yaml-list", (":sources",)),
    ),
    builtin="purl:gem",
)

RUBYGEMS = Ecosystem(
    name="rubygems",
    title="Ruby gems",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    fold_version=fold_version,
    make=make,
    source=source,
    homes=homes,
    pins=pins,
    render=render,
    listed=lambda name: _index(name) if NAME.match(name) else None,
    own=OWN,
    usual=USUAL,
    words=("gems", "ruby"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    plain_errors=True,
    pinned_by="SHA-256 in the compact index",
)
