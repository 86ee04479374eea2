"""Conda channels: an index for each platform, whole or in shards, and immutable packages beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from subak.ecosystems.base import (
    FOREVER,
    HOUR,
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
from subak.ecosystems.conda.names import (
    SHARD_ENDING,
    SHARDS_INDEX,
    channel_of,
    document,
    fold_version,
    package,
    path_of,
    place,
    split_place,
)
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_JSON = (Form("json", ("application/json",), "application/json"),)
_ZSTD = (Form("zstd", ("application/zstd",), "application/zstd"),)

_INDEX = "/{channel+}/{subdir}/"


def _listing(name: str, file: str) -> Route:
    """An index of a platform. What is packed is never packed once more: clients unpack zstd themselves."""
    packed = file.endswith(".zst")
    forms = _ZSTD if packed else _JSON
    return Route(name, _INDEX + file, Kind.LISTING, 5 * MINUTE, forms=forms, plain=packed, roams=True, optional=True)


def _told(name: str, pattern: str) -> Route:
    packed = pattern.endswith(".zst")
    forms = _ZSTD if packed else _JSON
    return Route(name, pattern, Kind.CONFIG, HOUR, forms=forms, plain=packed, roams=True, optional=True)


ROUTES: tuple[Route, ...] = (
    _listing("shards", SHARDS_INDEX),
    _listing("zst", "repodata.json.zst"),
    _listing("json", "repodata.json"),
    _listing("current-zst", "current_repodata.json.zst"),
    _listing("current", "current_repodata.json"),
    _told("run-exports-zst", _INDEX + "run_exports.json.zst"),
    _told("run-exports", _INDEX + "run_exports.json"),
    _told("notices", "/{channel+}/notices.json"),
    _told("channeldata", "/{channel+}/channeldata.json"),
    # Fresh for ever where it is read as an index, too: its name is its hash.
    Route("shard", f"/{{path+}}{SHARD_ENDING}", Kind.ARTIFACT, FOREVER, roams=True, open=True, announces=True),
    # Channels do replace a file, rarely: the index decides.
    Route("package", _INDEX + "{file}", Kind.ARTIFACT, roams=True, moves=True),
)
"""Below the mount; the first that fits wins. No `.bz2` and no `.jlap`: both are of the past, and 404 says so."""

_SUBDIR = r"(?:noarch|(?:linux|osx|win|freebsd|netbsd|openbsd|android|ios|emscripten|wasi|zos)-[a-z0-9_]+)"
OWN: tuple[Own, ...] = (
    Own(rf"(/.+/{_SUBDIR}/[^/]+)", ends=(".conda", ".bz2", ".json", ".zst", ".whl")),
    Own(r"(/.+/(?:channeldata|notices)\.json)", ends=(".json",)),
    Own(r"(/.+\.msgpack\.zst)", ends=(".zst",)),
)

_TOKEN = re.compile(r"(?:/t/[^/]+)+(?=/)")


def spell(raw: str) -> str:
    """The path without '/t/<token>', which clients put in front of a channel: it is nobody's business here."""
    return raw[found.end() :] if (found := _TOKEN.match(raw)) else raw


def subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible channels, platforms and file names."""
    match route.name:
        case "shard":
            from subak.ecosystems.conda import shards

            return shards.shard(params["path"] + SHARD_ENDING)
        case "package":
            return package(place(params["channel"], params["subdir"]), params["file"])
        case "notices" | "channeldata":
            file = route.pattern.rpartition("/")[2]
            return Subject("conda", route.kind, route.name, f"{channel_of(params['channel'])}/{file}")
    where = place(params["channel"], params["subdir"])
    return Subject("conda", route.kind, route.name, where.path + route.pattern.rpartition("/")[2])


def source(subject: Subject, site: Site) -> str:
    """The upstream URL: the path is the same everywhere. `+` as %2B: some stores take a plain one for a space."""
    return site.base + quote(subject.key)


# ---------------------------------------------------------------- what files must be


def named(subject: Subject) -> Digest:
    """The digest in a shard's own name."""
    from subak.ecosystems.conda import shards

    return shards.named(subject)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """For a package, the indexes of its platform, the cheapest to ask first."""
    if subject.route != "package":
        return ()
    where, _ = split_place(subject.key)
    files = (("shards", SHARDS_INDEX), ("zst", "repodata.json.zst"), ("json", "repodata.json"))
    return tuple(document(where, route, file) for route, file in files)


def leads(subject: Subject, page: Page) -> Subject | None:
    """From an index of shards to the shard of a package's name."""
    from subak.ecosystems.conda import shards

    return shards.leads(subject, page) if page.url.partition("?")[0].endswith(SHARDS_INDEX) else None


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """What a document or a shard announces. Raises UpstreamLied when it is not what it should be."""
    from subak.ecosystems.conda import repodata, shards

    if subject.kind is Kind.CONFIG:
        repodata.check(page, packed=subject.key.endswith(".zst"))
        return iter(())
    match subject.route:
        case "shards":
            return shards.index_pins(subject, page)
        case "shard":
            return shards.pins(subject, page)
    return repodata.pins(subject, page)


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document as clients see it. Raises UpstreamLied, NotFound."""
    from subak.ecosystems.conda import repodata, shards
    from subak.ecosystems.conda.packing import pieces

    match subject.route:
        case "shards":
            return shards.render(subject, page, view)
        case _ if subject.kind is Kind.LISTING:
            return repodata.render(subject, page, view)
    return pieces(page.body)


# ---------------------------------------------------------------- clients

_ALIAS = "{base}/conda"

CLIENTS: tuple[Client, ...] = (
    Client(
        "conda",
        (("CONDA_CHANNEL_ALIAS", _ALIAS),),
        f"conda config --set channel_alias {_ALIAS}",
        version=("conda", "--version"),
    ),
    Client(
        "mamba",
        (("MAMBA_CHANNEL_ALIAS", _ALIAS),),
        f"mamba config set channel_alias {_ALIAS}",
        version=("mamba", "--version"),
    ),
    Client(
        "micromamba",
        (("MAMBA_CHANNEL_ALIAS", _ALIAS),),
        f"micromamba config set channel_alias {_ALIAS}",
        version=("micromamba", "--version"),
    ),
    Client(
        "pixi",
        (),  # it takes mirrors from its file only, and no variable names that without moving everything else
        f"""pixi config set --global mirrors '{{"{{upstream}}/": ["{_ALIAS}/"]}}'""",
        version=("pixi", "--version"),
    ),
)

AGENTS: tuple[AgentPattern, ...] = (
    AgentPattern("conda", r"conda/(?P<version>\S+)"),
    AgentPattern("conda-build", r"conda-build/(?P<version>\S+)"),
    AgentPattern("mamba", r"mamba/(?P<version>\S+)"),
    AgentPattern("micromamba", r"micromamba/(?P<version>\S+)"),
    AgentPattern("pixi", r"pixi/(?P<version>\S+)"),
    AgentPattern("rattler-build", r"rattler-build/(?P<version>\S+)"),
    AgentPattern("rattler", r"(?:py-)?rattler/(?P<version>\S+)"),
)


def clean(text: str) -> str:
    """An alias is a URL. Raises ValueError for one with a token in it: it would be shown and remembered."""
    if re.search(r"/t/[^/]+(?:/|\Z)", text):
        raise ValueError("holds a token in its path")
    return text


_KEYS = ("channel_alias",)

HINTS = Hints(
    environ=("CONDA_CHANNEL_ALIAS", "MAMBA_CHANNEL_ALIAS"),
    files=(
        SettingFile("$CONDARC", "yaml-line", _KEYS),
        SettingFile("$MAMBARC", "yaml-line", _KEYS),
        SettingFile("~/.condarc", "yaml-line", _KEYS),
        SettingFile("~/.conda/.condarc", "yaml-line", _KEYS),
        SettingFile("~/.config/conda/.condarc", "yaml-line", _KEYS),
        SettingFile("~/.mambarc", "yaml-line", _KEYS),
        SettingFile("/etc/conda/.condarc", "yaml-line", _KEYS),
        SettingFile("/etc/conda/condarc", "yaml-line", _KEYS),
    ),
    clean=clean,
)

CONDA = Ecosystem(
    name="conda",
    title="Conda channels",
    routes=ROUTES,
    spell=spell,
    subject=subject,
    path_of=path_of,
    fold_version=fold_version,
    source=source,
    named=named,
    homes=homes,
    leads=leads,
    pins=pins,
    render=render,
    own=OWN,
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="SHA-256 in repodata, or in the shard that is named by its own",
)
