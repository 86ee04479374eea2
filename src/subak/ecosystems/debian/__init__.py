"""Debian and what is built like it: a signed Release, the indexes it lists, and the packages they list.

The chain of digests (Release → Packages → package) is checked here and, with the signature, once more by the client.
Nothing of it is ever rewritten: whoever changes one byte has to sign anew. So a withheld version stays in Packages,
and its file is refused. What no index we saw announces (a client may hold lists older than our memory, or have patched
them together) is remembered by its first bytes until one does. Indexes tell no time of publication, so none is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
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
)
from subak.ecosystems.debian.shapes import NOT_NAMED, named, route_of, spell, suites
from subak.errors import NotFound
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Kind, Subject
from subak.model.purls import purl

# ---------------------------------------------------------------- paths

_ANY = "/{path+}"
"""Archives differ in where they keep what: `shapes` tells the route, whatever folders come before."""

_TEXT = (Form("text", ("text/plain",), "text/plain; charset=utf-8"),)
_BYTES = (Form("bytes", ("application/octet-stream",), "application/octet-stream"),)
_DEB = "application/vnd.debian.binary-package"


def _document(name: str, fresh_for: float, forms: tuple[Form, ...]) -> Route:
    return Route(name, _ANY, Kind.CONFIG, fresh_for, forms=forms, plain=True, ranges=True)


ROUTES: tuple[Route, ...] = (
    _document("other", HOUR, _BYTES),  # keys, which may be replaced one day; lists of an archive's contents
    _document("inrelease", 2 * MINUTE, _TEXT),
    _document("release", 2 * MINUTE, _TEXT),
    _document("signature", 2 * MINUTE, _BYTES),
    Route("by-hash", _ANY, Kind.ARTIFACT, open=True, announces=True),
    Route("index", _ANY, Kind.ARTIFACT, moves=True, announces=True),
    Route("diffs", _ANY, Kind.ARTIFACT, moves=True, announces=True),
    Route("patch", _ANY, Kind.ARTIFACT, open=True),
    Route("sums", _ANY, Kind.ARTIFACT, moves=True, announces=True),
    Route("listed", _ANY, Kind.ARTIFACT, moves=True),
    Route("image", _ANY, Kind.ARTIFACT, open=True),
    Route("deb", _ANY, Kind.ARTIFACT, content_type=_DEB, open=True),
    Route("package", _ANY, Kind.ARTIFACT, open=True),
)
"""The first one matches every path; `subject` names the one that is meant."""

_ARCHIVES = ("debian-security", "debian-ports", "debian-archive", "ubuntu")
OWN: tuple[Own, ...] = (
    Own(r"/debian(/.+)", begins=("debian",)),
    Own(r"(/.+)", begins=("pool", "dists")),
    Own(r"(/[^/]+/(?:pool|dists)/.+)", begins=_ARCHIVES),
    Own(r"(/.+)", ends=(".deb", ".udeb", ".ddeb", ".dsc", "InRelease")),
    Own(r"(/.+/pool/[^/]+/[^/]+/[^/]+/[^/]+)", within="/pool/"),
    Own(r"(/.+/dists/.+)", within="/dists/"),
)

_POOL = r"/debian/pool/[a-z][a-z0-9-]*+/(?:lib)?[a-z0-9]/(?!by-hash/|installer-)[a-z0-9][a-z0-9.+-]*+(?<!\.diff)/"
_PACKAGE = r"[a-z0-9][a-z0-9.+-]*+"


def _usual_files(paths: Paths, parts: Parts) -> Columns:
    versions = [version for _, version, _ in parts]
    packages = [f"pkg:deb/debian/{name.replace('+', '%2B')}" for name, _, _ in parts]
    purls = [
        f"{package}@{version.replace('+', '%2B')}?arch={architecture or 'source'}"
        for package, (_, version, architecture) in zip(packages, parts, strict=True)
    ]
    return ["artifact"] * len(paths), [path[8:] for path in paths], versions, packages, purls


def _usual_originals(paths: Paths, parts: Parts) -> Columns:
    nothing = [""] * len(paths)
    return ["artifact"] * len(paths), [path[8:] for path in paths], nothing, nothing, nothing


USUAL: tuple[Usual, ...] = (
    Usual(
        rf"{_POOL}({_PACKAGE})_([A-Za-z0-9.+~-]+?)(?:_([a-z0-9-]++)\.deb|\.dsc|\.debian\.tar\.[a-z0-9]++)",
        _usual_files,
        begins=("debian",),
    ),
    Usual(rf"{_POOL}{_PACKAGE}_[0-9][0-9.]*+orig\.tar\.[a-z0-9]++", _usual_originals, begins=("debian",)),
)

_KINDS = {route.name: route.kind for route in ROUTES}
_ANNOUNCING = frozenset(route.name for route in ROUTES if route.announces)


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for folders, and for names by a hash that could be forged."""
    path = groups["path"]
    name = route_of(path)
    if not name:
        raise NotFound("an archive has files here: no listings of folders, no names by MD5 or SHA-1")
    return _about(name, path)


def _about(name: str, path: str) -> Subject:
    kind = _KINDS[name]
    found = named(path) if name in ("deb", "package") else NOT_NAMED
    if not found.name:
        return Subject("debian", kind, name, path)
    text = purl("deb", "debian", found.name, found.version, {"arch": found.architecture})
    return Subject("debian", kind, name, path, found.name, found.version, purl=text)


def path_of(purl: PackageURL) -> str:
    """Where the archive most likely keeps this version: no document tells about one package. Raises NotFound."""
    version = fold_version(purl.version or "")
    if (purl.type, purl.namespace) != ("deb", "debian") or not version:
        raise NotFound(f"no path is known for {purl.to_string()}")
    folder = purl.name[: 4 if purl.name.startswith("lib") else 1]
    architecture = purl.qualifiers.get("arch", "all") if isinstance(purl.qualifiers, dict) else "all"
    file = f"{version}.dsc" if architecture == "source" else f"{version}_{architecture}.deb"
    return f"pool/main/{folder}/{purl.name}/{purl.name}_{file}"


def fold_version(version: str) -> str:
    """Without its epoch: file names leave it out, and a rule must not miss a file for that."""
    epoch, colon, rest = version.partition(":")
    return rest if colon and epoch.isascii() and epoch.isdigit() else version


def source(subject: Subject, site: Site) -> str:
    """`+` as %2B, as apt asks: some stores take a plain one for a space."""
    return site.base + quote(subject.key)


# ---------------------------------------------------------------- what files must be


def by_name(subject: Subject) -> Digest:
    """'…/by-hash/SHA256/<hex>' names its digest."""
    if subject.route != "by-hash":
        return UNPINNED
    _, algorithm, value = subject.key.rsplit("/", 2)
    return digest(algorithm, value)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """For what a suite's Release lists: that, signed inside or beside. Nothing tells which suite lists a package."""
    if subject.route not in ("index", "diffs", "sums", "listed"):
        return ()
    folders = suites(subject.key)
    return tuple(_about(name, f"{f}{file}") for f in folders for name, file in _RELEASES)


_RELEASES = (("inrelease", "InRelease"), ("release", "Release"))


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What a document or a verified index announces. Raises UpstreamLied for what is neither."""
    from subak.ecosystems.debian import release, stanzas

    if subject.route in ("inrelease", "release", "signature"):
        return release.pins(subject, page)
    return stanzas.pins(subject, page) if subject.route in _ANNOUNCING else iter(())


def via(subject: Subject) -> Subject | None:
    """An installer's folder 'current' is a link that moves; the suite's Release tells where to."""
    if subject.route != "image" or "/current/" not in subject.key:
        return None
    return next((_about("inrelease", f"{suite}InRelease") for suite in suites(subject.key)), None)


def settle(subject: Subject, page: Page) -> Subject:
    """The same image in the folder that is named by a version: the one with the same list of checksums."""
    from subak.ecosystems.debian import release

    suite = next(iter(suites(subject.key)), "")
    before, _, below = subject.key.removeprefix(suite).partition("/current/")
    files = release.read(_about("inrelease", f"{suite}InRelease"), page).files
    sums = {p: listed.digest for p, listed in files.items() if p.startswith(before) and p.endswith("/SHA256SUMS")}
    current = {p: d for p, d in sums.items() if p.startswith(f"{before}/current/") and below.startswith(_inside(p))}
    for path, told in current.items():
        twin = next((p for p, d in sums.items() if d == told and p != path), "")
        if twin:
            version = twin[len(before) + 1 :].partition("/")[0]
            return _about("image", f"{suite}{before}/{version}/{below}")
    return subject


def _inside(sums: str) -> str:
    """'images/' of 'main/installer-amd64/current/images/SHA256SUMS'."""
    return sums.partition("/current/")[2].removesuffix("SHA256SUMS")


# ---------------------------------------------------------------- clients

_LINE = (
    "find /etc/apt -name '*.list' -o -name '*.sources'"
    " | xargs sudo sed -Ei 's#{upstream}/?([[:space:]]|$)#{base}/debian\\1#'"
)
"""Only the archive that we stand for; what others are listed stays. Keys stay in Signed-By: we need not be trusted."""

_CONF = """\
Dir::Etc::sourcelist "{folder}/apt/sources.list";
Dir::Etc::sourceparts "{folder}/apt/sources.list.d";
"""

CLIENTS: tuple[Client, ...] = (
    Client(
        "apt",
        (("APT_CONFIG", "{folder}/apt/apt.conf"),),
        _LINE,
        version=("apt-get", "--version"),
        files=(("apt/apt.conf", _CONF),),
        copies=(
            ("/etc/apt/sources.list", "apt/sources.list"),
            ("/etc/apt/sources.list.d/*.list", "apt/sources.list.d/"),
            ("/etc/apt/sources.list.d/*.sources", "apt/sources.list.d/"),
        ),
    ),
)
"""apt has no setting for one archive's address, only for which files list them all: so those are copied."""

AGENTS: tuple[AgentPattern, ...] = (AgentPattern("apt", r"Debian APT-HTTP/[\d.]+ \((?P<version>[^\s)]+)\)"),)

_URI = ("deb",)

HINTS = Hints(
    files=(
        # The distribution's own first: vendors put theirs beside them.
        SettingFile("/etc/apt/sources.list.d/debian.sources", "apt", _URI),
        SettingFile("/etc/apt/sources.list.d/ubuntu.sources", "apt", _URI),
        SettingFile("/etc/apt/sources.list", "apt", _URI),
        SettingFile("/etc/apt/sources.list.d/*.sources", "apt", _URI),
        SettingFile("/etc/apt/sources.list.d/*.list", "apt", _URI),
    ),
    builtin="purl:deb/debian",
    path="debian",
    besides=(("security", "deb-security"),),
)

DEBIAN = Ecosystem(
    name="debian",
    title="Debian packages",
    routes=ROUTES,
    spell=spell,
    subject=subject,
    path_of=path_of,
    fold_version=fold_version,
    source=source,
    named=by_name,
    homes=homes,
    pins=pins,
    via=via,
    settle=settle,
    own=OWN,
    usual=USUAL,
    words=("deb", "apt", "ubuntu"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="SHA-256 in Packages and Sources, theirs in the signed Release",
)
