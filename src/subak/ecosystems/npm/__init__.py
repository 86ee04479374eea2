"""npm: one JSON document per package, and one immutable archive per version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
    DAY,
    HOUR,
    MINUTE,
    POSSIBLE,
    AgentPattern,
    Client,
    Columns,
    Ecosystem,
    Form,
    Hints,
    Moved,
    Own,
    Parts,
    Paths,
    Route,
    SettingFile,
    Site,
    Usual,
    with_versions,
)
from subak.ecosystems.npm.documents import URL_SAFE, pins, render
from subak.ecosystems.npm.versions import SEMVER
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

# ---------------------------------------------------------------- paths

FULL = Form("full", ("application/json",), "application/json")
ABBREVIATED = Form("abbreviated", ("application/vnd.npm.install-v1+json",), "application/vnd.npm.install-v1+json")
MANIFEST = Form("manifest", ("application/json",), "application/json")
TAGS = Form("tags", ("application/json",), "application/json")
JSON = Form("json", ("application/json",), "application/json")

_JSON = "application/json"
_FRESH = 5 * MINUTE


def _packument(name: str, pattern: str, *forms: Form) -> Route:
    """A view of the packument. The full form is always what we fetch: only it has `time`."""
    return Route(name, pattern, Kind.INDEX, fresh_for=_FRESH, accept=_JSON, forms=forms)


def _relay(name: str, pattern: str, *methods: str) -> Route:
    return Route(name, pattern, Kind.RELAY, methods=methods)


ROUTES: tuple[Route, ...] = (
    _packument("dist-tags", "/-/package/@{scope}/{name}/dist-tags", TAGS),
    _packument("dist-tags", "/-/package/{name}/dist-tags", TAGS),
    Route("keys", "/-/npm/v1/keys", Kind.CONFIG, fresh_for=HOUR, accept=_JSON, forms=(JSON,)),
    Route("attestations", "/-/npm/v1/attestations/{spec+}", Kind.CONFIG, fresh_for=DAY, accept=_JSON, forms=(JSON,)),
    _relay("search", "/-/v1/search", "GET", "HEAD"),
    _relay("ping", "/-/ping", "GET", "HEAD"),
    _relay("audit", "/-/npm/v1/security/advisories/bulk", "POST"),
    _relay("audit", "/-/npm/v1/security/audits", "POST"),
    _relay("audit", "/-/npm/v1/security/audits/quick", "POST"),
    _relay("relay", "/-/{path+}", "GET", "HEAD", "POST"),  # new endpoints appear; see _PERSONAL for what stays home
    Route("tarball", "/@{scope}/{name}/-/{file}", Kind.ARTIFACT),
    Route("tarball", "/@{scope}/{name}/-/@{again}/{file}", Kind.ARTIFACT),  # as other proxies spelled it in lock files
    Route("tarball", "/{name}/-/{file}", Kind.ARTIFACT),
    _packument("manifest", "/@{scope}/{name}/{version}", MANIFEST),
    _packument("packument", "/@{scope}/{name}", FULL, ABBREVIATED),
    _packument("manifest", "/{name}/{version}", MANIFEST),
    _packument("packument", "/{name}", FULL, ABBREVIATED),
)
"""Below the mount; the first that fits wins, so what begins with '/-/' and scopes come first."""

_SCOPE = r"(?:(?:@|%40)[^/]+(?:/|%2[fF]))?"
_PACKAGE = r"(?<!\.(?:php|asp|jsp|cgi|env|ico|htm|txt|xml|sql|bak|zip))(?<!\.(?:aspx|html))(?<!\.gz)"

OWN: tuple[Own, ...] = (
    Own(r"(/.+)", begins=("@",)),
    Own(r"(/-/(?:npm/v1/|package/|v1/search\Z|ping\Z).*)", begins=("-",)),
    Own(r"(/npm/-/npm-[^/]+\.tgz)", begins=("npm",)),
    Own(rf"(/{_SCOPE}[^/]+/-/.+\.tgz)", ends=(".tgz",)),
    Own(rf"(/{_SCOPE}[^/]+(?:/(?:latest|next|v?[0-9][^/]*))?){_PACKAGE}", level=POSSIBLE),
)
"""A package's document has no shape of its own."""

_PLAIN = r"(?!(?:node_modules|favicon\.ico)(?:/|\Z))[a-z0-9][a-z0-9._-]{0,99}+"


def _usual_tarballs(paths: Paths, parts: Parts) -> Columns:
    keys, versions = [path[1:] for path in paths], [version for _, _, version in parts]
    packages = [f"pkg:npm/%40{scope}/{name}" if scope else f"pkg:npm/{name}" for scope, name, _ in parts]
    return ["artifact"] * len(paths), keys, versions, packages, with_versions(packages, versions)


def _usual_packuments(paths: Paths, parts: Parts) -> Columns:
    packages = [f"pkg:npm/%40{scope}/{name}" for scope, name in parts]
    return ["index"] * len(paths), [f"@{scope}/{name}" for scope, name in parts], [""] * len(paths), packages, packages


def _usual_names(paths: Paths, parts: Parts) -> Columns:
    packages = [f"pkg:npm{path}" for path in paths]
    return ["index"] * len(paths), [path[1:] for path in paths], [""] * len(paths), packages, packages


USUAL: tuple[Usual, ...] = (
    Usual(rf"/(?:@({_PLAIN})/)?({_PLAIN})/-/\2-([0-9A-Za-z][0-9A-Za-z.-]*)\.tgz", _usual_tarballs, ends=(".tgz",)),
    Usual(rf"/@({_PLAIN})(?:/|%2[fF])({_PLAIN})", _usual_packuments),
    Usual(rf"/{_PLAIN}", _usual_names, unsure=True),
)

_ENCODED_SCOPE = re.compile(r"(/?(?:-/[^@%]*/)?)(?:@|%40)([^/%@]+)%2[fF]")


def spell(raw: str) -> str:
    """`/@s%2fn`, `/@s%2Fn`, `/%40s%2fn` → `/@s/n`, in front of whatever follows, below `/-/` as well.

    Only the slash of a scope is folded: an encoded slash anywhere else has no meaning and is refused later.
    """
    found = _ENCODED_SCOPE.match(raw) if "%" in raw else None
    return f"{found[1]}@{found[2]}/{raw[found.end() :]}" if found else raw


_NAME = re.compile(r"(?!-\Z)[A-Za-z0-9!~*'()-][A-Za-z0-9!~*'()._-]*\Z")
"""One half of a name: URL-safe, no leading '.' or '_'. Old names hold capitals and !~*'(); '-' alone is reserved."""

_NEVER_NAMES = frozenset({"node_modules", "favicon.ico"})
_LONGEST_NAME = 214


def _full_name(scope: str, name: str) -> str:
    """Raises NotFound for a name that no package can have."""
    full = f"@{scope}/{name}" if scope else name
    valid = _NAME.match(name) and (not scope or _NAME.match(scope))
    if not valid or len(full) > _LONGEST_NAME or name in _NEVER_NAMES:
        raise NotFound(f"no npm package can be called {full[:80]!r}")
    return full


_PERSONAL = (
    "-/user", "-/org", "-/team", "-/whoami", "-/stage", "-/v1/login", "-/v1/done", "-/npm/v1/tokens", "-/npm/v1/oidc",
    "-/npm/v1/user", "-/npm/v1/hooks",
)  # fmt: skip
"""Accounts, tokens, publishing: these live on credentials, which must not travel through a cache."""


def subject(route: Route, groups: Mapping[str, str]) -> Subject | Moved:
    """What a path means. Raises NotFound for impossible names and for what is not relayed."""
    match route.name:
        case "keys":
            return _named(route, "-/npm/v1/keys")
        case "attestations":
            return _attestations(route, groups["spec"])
        case "search" | "ping" | "audit" | "relay":
            return _relayed(route, groups.get("path", ""))
    name = _full_name(groups.get("scope", ""), groups["name"])
    if route.name == "tarball":
        return _tarball(route, name, groups)
    part = groups.get("version", "")
    return _named(route, name, name, part if SEMVER.match(part) else "", part)


def _named(route: Route, key: str, name: str = "", version: str = "", part: str = "") -> Subject:
    return Subject("npm", route.kind, route.name, key, name, version, part, _purl(name, version))


def _purl(name: str, version: str) -> str:
    """The package URL as the specification's library writes it: lowercase.

    npm itself tells JSONStream from jsonstream, so `Subject.name` keeps the case; but whoever writes a
    purl into a rule or an advisory has it normalised by the same library, and a rule must not miss.
    """
    scope, _, base = name.rpartition("/")
    return purl("npm", scope, base, version) if base else ""


def path_of(purl: PackageURL) -> str:
    """The packument of a package. Raises NotFound for other purls."""
    scope = purl.namespace or ""
    if purl.type != "npm" or (scope and not scope.startswith("@")):
        raise NotFound(f"{purl.to_string()[:80]} names no npm package")
    return _full_name(scope.removeprefix("@"), purl.name)


def _tarball(route: Route, name: str, groups: Mapping[str, str]) -> Subject:
    file = groups["file"]
    if groups.get("again", groups.get("scope")) != groups.get("scope"):
        raise NotFound(f"{name} has no file @{groups['again']}/{file}")
    base = name.rpartition("/")[2]
    plain = file.startswith(f"{base}-") and file.endswith(".tgz")
    return _named(route, f"{name}/-/{file}", name, file[len(base) + 1 : -len(".tgz")] if plain else "")


def _attestations(route: Route, spec: str) -> Subject:
    full, at, version = spec.rpartition("@")
    scope, _, base = full.rpartition("/")
    if not at or not version or "/" in version or (scope and not scope.startswith("@")):
        raise NotFound(f"{spec[:80]!r} is no package with a version")
    name = _full_name(scope.removeprefix("@"), base)
    return _named(route, f"-/npm/v1/attestations/{name}@{version}", name, version)


def _relayed(route: Route, path: str) -> Subject:
    key = f"-/{path}" if path else route.pattern.removeprefix("/")
    lower = key.lower()
    if any(lower == personal or lower.startswith(f"{personal}/") for personal in _PERSONAL):
        raise NotFound(
            "signing in, publishing and tokens are between you and the registry itself; this gateway only reads",
            fix="Give this command the registry's own address with --registry.",
        )
    return _named(route, key)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A tarball is announced by its package's document."""
    if subject.kind is not Kind.ARTIFACT:
        return ()
    return (Subject("npm", Kind.INDEX, "packument", subject.name, subject.name, purl=_purl(subject.name, "")),)


def source(subject: Subject, site: Site) -> str:
    """The upstream URL; a scope's slash travels encoded, the one spelling that every registry knows."""
    path = quote(subject.key, safe=URL_SAFE + "/")
    return site.base + re.sub(r"(^|/)@([^/]+)/", r"\1@\2%2f", path, count=1)


# ---------------------------------------------------------------- clients

_REGISTRY = "{base}/npm/"
_NPMRC = "echo 'registry={base}/npm/' >> ~/.npmrc"

CLIENTS: tuple[Client, ...] = (
    Client(
        "npm",
        (("npm_config_registry", _REGISTRY),),
        "npm config set registry {base}/npm/",
        version=("npm", "--version"),
    ),
    Client(
        "pnpm",
        # pnpm 12 reads only its own variable, earlier ones only npm's
        (("npm_config_registry", _REGISTRY), ("pnpm_config_registry", _REGISTRY)),
        "pnpm config set registry {base}/npm/",
        version=("pnpm", "--version"),
    ),
    Client(
        "yarn",
        (("YARN_REGISTRY", _REGISTRY),),
        "yarn config set registry {base}/npm/",
        version=("yarn", "--version"),
    ),
    Client(
        "yarn-berry",
        # berry refuses every http URL, loopback included, unless its host is listed; with https it matters nothing
        (("YARN_NPM_REGISTRY_SERVER", "{base}/npm"), ("YARN_UNSAFE_HTTP_WHITELIST", "{host}")),
        "yarn config set -H npmRegistryServer {base}/npm"
        " && yarn config set -H --json unsafeHttpWhitelist '[\"{host}\"]'",
        version=("yarn", "--version"),
    ),
    Client("bun", (("BUN_CONFIG_REGISTRY", _REGISTRY),), _NPMRC, version=("bun", "--version")),
    Client("deno", (("NPM_CONFIG_REGISTRY", _REGISTRY),), _NPMRC, version=("deno", "--version")),
    Client(
        "corepack",
        (("COREPACK_NPM_REGISTRY", "{base}/npm"),),  # appends '/name' itself: no trailing slash
        "export COREPACK_NPM_REGISTRY={base}/npm",
        version=("corepack", "--version"),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (
    AgentPattern("npm", r"npm/(?P<version>[^\s?]+) node/", ci=r"\sci/\S"),
    AgentPattern("pnpm", r"pnpm/(?P<version>[^\s?]+)"),
    AgentPattern("yarn", r"yarn/(?P<version>[^\s?]+)"),
    AgentPattern("yarn-berry", r"got \(https?://\S+/got\)"),  # the HTTP library's name; berry gives none of its own
    AgentPattern("bun", r"Bun/(?P<version>\S+)"),
    AgentPattern("deno", r"Deno/(?P<version>\S+)"),
    AgentPattern("verdaccio", r"(?:npm \()?verdaccio/(?P<version>[^\s)]+)"),
    AgentPattern("verdaccio", r"npm \(hidden\)"),  # what it says by default
    AgentPattern("npm-registry-fetch", r"(?:npm-registry-fetch|pacote)[@/](?P<version>[^\s/]+)"),
    AgentPattern("corepack", r"[Cc]orepack/(?P<version>\S+)"),
    AgentPattern("node", r"(?:node|undici)\Z"),  # corepack and scripts: the runtime's own fetch
)

HINTS = Hints(
    environ=(
        "npm_config_registry", "NPM_CONFIG_REGISTRY", "pnpm_config_registry", "YARN_NPM_REGISTRY_SERVER",
        "YARN_REGISTRY", "BUN_CONFIG_REGISTRY",
    ),
    files=(
        SettingFile("~/.npmrc", "npmrc", ("registry",)),
        SettingFile("~/.config/pnpm/auth.ini", "npmrc", ("registry",)),
        SettingFile("~/.config/pnpm/rc", "npmrc", ("registry",)),
        SettingFile("~/.yarnrc.yml", "yaml-line", ("npmRegistryServer",)),
        SettingFile("~/.yarnrc", "yarnrc", ("registry",)),
        # npm's own global file is <prefix>/etc/npmrc
        SettingFile("/usr/local/etc/npmrc", "npmrc", ("registry",)),
        SettingFile("/usr/etc/npmrc", "npmrc", ("registry",)),
        SettingFile("/etc/npmrc", "npmrc", ("registry",)),
    ),
    builtin="purl:npm",
)  # fmt: skip


def error_body(message: str) -> Mapping[str, object]:
    """npm, yarn and deno show the member `error`."""
    return {"error": message}


NPM = Ecosystem(
    name="npm",
    title="JavaScript packages (npm)",
    routes=ROUTES,
    subject=subject,
    path_of=path_of,
    source=source,
    pins=pins,
    render=render,
    homes=homes,
    spell=spell,
    own=OWN,
    usual=USUAL,
    words=("node",),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    # Not the audits: an empty list of advisories would promise a safety that nobody looked into.
    absent={"search": b'{"objects":[],"total":0,"time":""}', "ping": b"{}"},
    error_body=error_body,
    pinned_by="the packument's integrity (sha512) or shasum",
    notice_headers=("npm-notice",),
)
