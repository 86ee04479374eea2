"""Cargo: a sparse index of JSON lines, one file a crate, and one immutable archive per version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from subak.ecosystems.base import (
    HOUR,
    LIKELY,
    MINUTE,
    AgentPattern,
    Client,
    Columns,
    Ecosystem,
    Form,
    Hints,
    Own,
    Parts,
    Paths,
    Route,
    SettingFile,
    Site,
    Usual,
    with_versions,
)
from subak.ecosystems.cargo.documents import CHECKSUM, pins, read_config, render, settle
from subak.ecosystems.cargo.places import CONFIG, crate, download, index, path_of, prefix
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_LINES = (Form("lines", ("text/plain",), "text/plain"),)
_JSON = (Form("json", ("application/json",), "application/json"),)


def _index(pattern: str) -> Route:
    return Route("index", f"/index/{pattern}", Kind.INDEX, 5 * MINUTE, "text/plain, */*;q=0.5", _LINES)


def _file(name: str, pattern: str) -> Route:
    """Upstream's `dl` is an address of its own that may redirect to a storage service."""
    return Route(name, f"/crates/{pattern}", Kind.ARTIFACT, content_type="application/gzip", roams=True)


ROUTES: tuple[Route, ...] = (
    Route("config", f"/{CONFIG.key}", Kind.CONFIG, HOUR, "application/json, */*;q=0.5", _JSON),
    _file("crate", "{name}/{version}/{cksum}.crate"),
    _file("download", "{name}/{version}/download"),  # what tools build that know no markers
    _file("download", "{name}/{file}.crate"),  # as the registry's own file host spells it
    Route("search", "/api/v1/crates", Kind.RELAY),
    Route("git", "/info/refs", Kind.MADE),  # how git begins, at whatever address it was given
    Route("git", "/{path+}/info/refs", Kind.MADE),
    _index("{first}/{name}"),
    _index("{first}/{second}/{name}"),
)
"""Below the mount; the first that fits wins."""

OWN: tuple[Own, ...] = (
    Own(r"(/crates/.+(?:/download|\.crate))", begins=("crates",)),  # the file host
    Own(r"(?:/api)?/v1(/crates/[^/]+/[^/]+/download)", begins=("api", "v1")),
    Own(r"(/api/v1/crates)", begins=("api",)),
    Own(r".*/([^/]+)/(\1-[^/]+\.crate)", "/crates/{0}/{1}", ends=(".crate",)),
    Own(r"(/index/.+)", begins=("index",)),
    Own(r"(?i:(/[12]/[^/]{1,2}|/3/[^/]/[^/]{3}|/([^/]{2})/([^/]{2})/\2\3[^/]*))", "/index"),
    Own(r"(/config\.json)", "/index", begins=("config.json",), level=LIKELY),
)


def _usual_crates(paths: Paths, parts: Parts) -> Columns:
    versions = [of_file or of_folder for _, of_file, of_folder in parts]
    packages = [f"pkg:cargo/{name.lower()}" for name, _, _ in parts]
    keys = [f"crates/{name}/{version}/download" for (name, _, _), version in zip(parts, versions, strict=True)]
    return ["artifact"] * len(paths), keys, versions, packages, with_versions(packages, versions)


def _usual_indexes(paths: Paths, parts: Parts) -> Columns:
    packages = [f"pkg:cargo/{name}" for _, _, name in parts]
    return ["index"] * len(paths), [f"index{path}" for path in paths], [""] * len(paths), packages, packages


_RELEASE = r"[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}(?:-[0-9A-Za-z.-]{1,50})?"

USUAL: tuple[Usual, ...] = (
    Usual(
        rf"/crates/([A-Za-z_][A-Za-z0-9_-]{{0,63}})/(?:\1-({_RELEASE})\.crate|({_RELEASE})/download)",
        _usual_crates,
        begins=("crates",),
    ),
    Usual(r"/([a-z_][a-z0-9_-])/([a-z0-9_-]{2})/(\1\2[a-z0-9_-]{0,60})", _usual_indexes),
)

_TWICE = re.compile(r"%252b", re.IGNORECASE)


def spell(raw: str) -> str:
    """Some tools encode the '+' of build metadata twice; the index and we write it plainly."""
    return _TWICE.sub("%2B", raw) if "%" in raw else raw


def subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names, versions and checksums."""
    match route.name:
        case "config":
            return CONFIG
        case "search" | "git":
            return Subject("cargo", route.kind, route.name, route.pattern.removeprefix("/"))
        case "index":
            return _indexed(params)
    name = params["name"]
    if "cksum" in params:
        return crate(name, params["version"], params["cksum"])
    if "version" in params:
        return download(name, params["version"])
    if not params["file"].startswith(f"{name}-"):
        raise NotFound(f"{params['file'][:100]!r} is no file of the crate {name[:80]!r}")
    return download(name, params["file"][len(name) + 1 :])


def _indexed(params: Mapping[str, str]) -> Subject:
    found = index(params["name"])
    given = "/".join(params[key] for key in ("first", "second", "name") if key in params)
    if found.key != f"index/{given.lower()}":
        raise NotFound(f"the index keeps {found.name} at {found.key}")
    return found


# ---------------------------------------------------------------- upstream


def source(subject: Subject, site: Site) -> str:
    """The upstream URL. Raises NotFound where config.json does not tell, UpstreamLied when it is broken."""
    if subject.kind in (Kind.CONFIG, Kind.INDEX):
        return site.base + quote(subject.key.removeprefix("index/"))
    if not site.signpost:
        raise NotFound("this upstream has no config.json, which tells where crates are")
    config = read_config(site.signpost)
    if subject.kind is Kind.RELAY:
        if not config.api:
            raise NotFound("this upstream offers no search")
        return f"{config.api.rstrip('/')}/{subject.key}"
    cksum = subject.key.rpartition("/")[2].removesuffix(".crate")
    return _expanded(config.dl, subject.name, subject.version, cksum)


def _expanded(dl: str, name: str, version: str, cksum: str) -> str:
    """Cargo Book, 'Index Configuration': the markers, or '/{crate}/{version}/download' when there is none."""
    markers = {
        "{crate}": name,
        "{version}": quote(version, safe=""),
        "{prefix}": prefix(name),
        "{lowerprefix}": prefix(name).lower(),
        CHECKSUM: cksum,
    }
    if not any(marker in dl for marker in markers):
        dl = dl.rstrip("/") + "/{crate}/{version}/download"
    for marker, value in markers.items():
        dl = dl.replace(marker, value)
    return dl


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """A crate file is announced by its crate's index file."""
    return (index(subject.name),) if subject.kind is Kind.ARTIFACT else ()


def via(subject: Subject) -> Subject | None:
    """A path without a checksum means what the index says."""
    return index(subject.name) if subject.route == "download" else None


def make(subject: Subject, base: str) -> bytes:
    """Git finds nothing here, and is told what to use instead. Raises NotFound, always."""
    raise NotFound(
        "this gateway does not serve the index by git",
        fix=f"Use the sparse index, sparse+{base}/index/ (Cargo 1.68 or later).",
    )


# ---------------------------------------------------------------- clients

_REGISTRIES = """\
[source.crates-io]
replace-with = "subak"

[registries.subak]
index = "sparse+{base}/cargo/index/"
credential-provider = "cargo:token"
"""
"""Replacing the built-in source by a registry, not by a source: only then do keys and `cargo search` work, and lock
files stay as they would be without us."""

_LINE = r"\n" + _REGISTRIES.replace("\n", r"\n")

CLIENTS: tuple[Client, ...] = (
    Client(
        "cargo",
        (),  # no variable replaces a source
        rf"mkdir -p ~/.cargo && printf '{_LINE}' >> ~/.cargo/config.toml",
        version=("cargo", "--version"),
        files=(("cargo.toml", _REGISTRIES),),
        shims=(("cargo", ("--config", "{folder}/cargo.toml")),),
    ),
)

_REPLACED = "source.crates-io.replace-with"
_KEYS = (f"source.{{{_REPLACED}}}.registry", f"registries.{{{_REPLACED}}}.index", "source.crates-io.registry")
"""`{key}` inside a key stands for that key's value: what stands in for the built-in source. Others beside it, that
replace nothing, are not what crates come from."""


def clean(text: str) -> str:
    """'sparse+https://…' → 'https://…'. Raises ValueError for an index that is served by git, which we do not read:
    to pass it over would swap somebody's own index for the public one."""
    url = text.strip().removeprefix("sparse+")
    if url == text.strip():
        raise ValueError("is no sparse index")
    return url


HINTS = Hints(
    files=(
        SettingFile("$CARGO_HOME/config.toml", "toml", _KEYS),
        SettingFile("$CARGO_HOME/config", "toml", _KEYS),
        SettingFile("~/.cargo/config.toml", "toml", _KEYS),
        SettingFile("~/.cargo/config", "toml", _KEYS),
    ),
    builtin="purl:cargo",
    prefix="index.",
    clean=clean,
)

AGENTS: tuple[AgentPattern, ...] = (AgentPattern("cargo", r"cargo[/ ](?P<version>[^\s;]+)"),)

CARGO = Ecosystem(
    name="cargo",
    title="Rust crates (Cargo)",
    routes=ROUTES,
    spell=spell,
    subject=subject,
    path_of=path_of,
    make=make,
    signpost=lambda site: CONFIG,
    guided=lambda subject: subject.kind in (Kind.ARTIFACT, Kind.RELAY),
    via=via,
    settle=settle,
    source=source,
    homes=homes,
    pins=pins,
    render=render,
    plain_errors=True,
    own=OWN,
    usual=USUAL,
    words=("crates", "rust"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="the sha256 in the index, which is also in the address",
)
