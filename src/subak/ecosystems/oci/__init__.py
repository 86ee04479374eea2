"""OCI distribution: tags that move, and manifests and blobs whose digest is their name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from subak.ecosystems.base import (
    MINUTE,
    AgentPattern,
    Client,
    Ecosystem,
    Facts,
    Hints,
    Route,
    SettingFile,
    Site,
)
from subak.ecosystems.oci.documents import INDEX, MANIFEST, announced, headers_of, pins, render
from subak.ecosystems.oci.names import digest_of, is_tag, path_of, purl, reference, repository
from subak.errors import (
    BadRequest,
    NotAllowed,
    NotFound,
    NoUpstream,
    Refused,
    StoreFailed,
    SubakError,
    TooMany,
    Unauthorised,
    UpstreamDown,
)
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

_ACCEPT = ", ".join(
    (
        MANIFEST,
        INDEX,
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
"""Whatever the client accepts: a registry converts or refuses what is not asked for, and the digest would change.
Schema 1 is not among them; its digest is not that of its bytes."""

_JSON = "application/json"
_MANIFESTS = "/{name+}/manifests/{reference}"
_PAGED = ("n", "last", "next_page")

ROUTES: tuple[Route, ...] = (
    Route("ping", "/", Kind.MADE, content_type=_JSON),
    # One path for both: `subject` tells a tag from a digest. Upstreams count a GET as a pull, a HEAD not.
    Route("tag", _MANIFESTS, Kind.INDEX, 5 * MINUTE, _ACCEPT, plain=True, etag="sha256", heads=True),
    Route("manifest", _MANIFESTS, Kind.ARTIFACT, accept=_ACCEPT, content_type="", open=True, announces=True),
    Route("blob", "/{name+}/blobs/{digest}", Kind.ARTIFACT, open=True, roams=True),
    Route("tags", "/{name+}/tags/list", Kind.CONFIG, 5 * MINUTE, _JSON, query=_PAGED, keeps=("link",)),
    Route(
        "referrers", "/{name+}/referrers/{digest}", Kind.CONFIG, 5 * MINUTE, INDEX,
        query=("artifactType", *_PAGED), keeps=("link", "oci-filters-applied"),
    ),
)  # fmt: skip
"""Below '/v2'. Names may hold 'manifests', 'blobs' or 'tags' as parts: `{name+}` takes as much as fits."""

_BY_NAME = {route.name: route for route in ROUTES}

_QUERY = {
    "n": re.compile(r"[0-9]{1,6}\Z"),
    "last": re.compile(r"[\w][\w.-]{0,127}\Z", re.ASCII),
    "next_page": re.compile(r"[\w.~=+/-]{1,1024}\Z", re.ASCII),
    "artifactType": re.compile(r"[\w.+-]{1,127}/[\w.+-]{1,127}\Z", re.ASCII),
}


def _subject(route: Route, params: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound for impossible names, BadRequest for a query that cannot mean anything."""
    if route.name == "ping":
        return Subject("oci", route.kind, route.name, "ping")
    name = repository(params["name"])
    if route.name in ("tag", "manifest"):
        wanted = reference(params["reference"])
        meant = _BY_NAME["tag" if is_tag(wanted) else "manifest"]
        return Subject(
            "oci", meant.kind, meant.name, f"{name}/manifests/{wanted}", name, wanted, "", purl(name, wanted)
        )
    if route.name == "tags":
        key = f"{name}/tags/list{_asked(route, params)}"
        return Subject("oci", route.kind, route.name, key, name, purl=purl(name))
    wanted = params["digest"]
    if not digest_of(wanted):
        raise NotFound(f"{wanted[:80]!r} is no sha256 or sha512 digest")
    if route.name == "blob":
        # A blob belongs to no version that a path could tell; its digest keeps rules about other versions off it.
        return Subject("oci", route.kind, route.name, f"{name}/blobs/{wanted}", name, wanted, "", purl(name, wanted))
    key = f"{name}/referrers/{wanted}{_asked(route, params)}"
    return Subject("oci", route.kind, route.name, key, name, wanted, "", purl(name, wanted))


def _asked(route: Route, params: Mapping[str, str]) -> str:
    """The query in one spelling, '' without any."""
    given = [(name, params[name]) for name in route.query if params.get(name)]
    for name, value in given:
        if not _QUERY[name].match(value):
            raise BadRequest(f"{name}={value[:40]!r} means nothing in a list of {route.name}")
    return f"?{urlencode(given)}" if given else ""


def _source(subject: Subject, site: Site) -> str:
    """Below '/v2/' of the upstream's host; an address that goes further ('…/v2/mirror/') is taken at its word."""
    path, question, query = subject.key.partition("?")
    root = site.base if "/v2/" in site.base else f"{site.base}v2/"
    return f"{root}{quote(path, safe='/:')}{question}{query}"


def _named(subject: Subject) -> Digest:
    return digest_of(subject.version) if subject.kind is Kind.ARTIFACT else UNPINNED


def _make(subject: Subject, base: str) -> bytes:
    """The ping: 200 means that nobody has to log in here."""
    return b"{}"


def _headers(subject: Subject, facts: Facts) -> tuple[tuple[str, str], ...]:
    return headers_of(subject, facts, _BY_NAME[subject.route].query)


# ---------------------------------------------------------------- errors

_CODES: dict[type[SubakError], str] = {
    BadRequest: "UNSUPPORTED",
    Unauthorised: "UNAUTHORIZED",
    Refused: "DENIED",
    TooMany: "TOOMANYREQUESTS",
    NotAllowed: "UNSUPPORTED",
    NoUpstream: "UNAVAILABLE",
    UpstreamDown: "UNAVAILABLE",
    StoreFailed: "UNAVAILABLE",
}
"""Distribution Specification, 'Error Codes', and UNAVAILABLE of the reference registry."""


def error_body(message: str) -> Mapping[str, object]:
    """What every client of this protocol prints: 'denied: <message>'. `message` begins with the error's title."""
    code = next((code for error, code in _CODES.items() if message.startswith(f"{error.title}: ")), "UNKNOWN")
    if message.startswith(f"{NotFound.title}: "):
        code = "BLOB_UNKNOWN" if "/blobs/" in message else "MANIFEST_UNKNOWN"
    return {"errors": [{"code": code, "message": message}]}


# ---------------------------------------------------------------- clients

_CONF = ".config/containers/registries.conf"
_REGISTRIES = """\
unqualified-search-registries = ["{upstream_netloc}"]

[[registry]]
location = "{netloc}"
insecure = {plain}

[[registry]]
location = "{upstream_netloc}"

[[registry.mirror]]
location = "{netloc}"
insecure = {plain}
"""
"""containers-registries.conf(5), version 2. When we do not answer, the upstream itself is asked."""

_FILES = (("registries.conf", _REGISTRIES),)
_DROP_IN = (
    "mkdir -p ~/.config/containers/registries.conf.d && "
    r"""printf '[[registry]]\nlocation = "{upstream_netloc}"\n[[registry.mirror]]\n"""
    r"""location = "{netloc}"\ninsecure = {plain}\n' > ~/.config/containers/registries.conf.d/subak.conf"""
)


def _podman(name: str) -> Client:
    return Client(
        name,
        (("CONTAINERS_REGISTRIES_CONF", "{folder}/registries.conf"),),
        _DROP_IN,
        version=(name, "--version"),
        files=_FILES,
    )


CLIENTS: tuple[Client, ...] = (
    _podman("podman"),
    _podman("buildah"),
    Client(
        "skopeo",
        (),
        _DROP_IN,
        version=("skopeo", "--version"),
        files=_FILES,
        shims=(("skopeo", ("--registries-conf", "{folder}/registries.conf")),),  # it does not read the variable
    ),
    # The daemon pulls, not the command that a person types: what stands in that person's environment is lost.
    Client(
        "docker",
        (),
        """sudo sh -c 'set -C; echo "{\\"registry-mirrors\\": [\\"{base}\\"]}" > /etc/docker/daemon.json'"""
        " && sudo systemctl reload docker",
        version=("docker", "--version"),
    ),
    Client(
        "containerd",
        (),
        "sudo mkdir -p /etc/containerd/certs.d/{upstream_netloc} && "
        r"""printf 'server = "{upstream}"\n[host."{base}"]\ncapabilities = ["pull", "resolve"]\n'"""
        " | sudo tee /etc/containerd/certs.d/{upstream_netloc}/hosts.toml",
        version=("containerd", "--version"),
    ),
    # These know no mirrors: the image's name says where it is.
    Client("crane", (), "crane pull {netloc}/NAME:TAG image.tar", version=("crane", "version")),
    Client("oras", (), "oras pull {netloc}/NAME:TAG", version=("oras", "version")),
    Client("helm", (), "helm pull oci://{netloc}/NAME --version VERSION", version=("helm", "version")),
)


def _agent(family: str, token: str = "") -> AgentPattern:
    return AgentPattern(family, rf"{token or re.escape(family)}/v?(?P<version>[^\s;,+]+)")


AGENTS: tuple[AgentPattern, ...] = (
    _agent("skopeo"),
    _agent("podman", "(?:libpod|podman)"),
    _agent("buildah", "[Bb]uildah"),
    _agent("cri-o"),
    _agent("containerd"),
    _agent("docker"),
    _agent("buildkit"),
    _agent("helm", "[Hh]elm"),
    _agent("oras"),
    _agent("crane"),
    _agent("kaniko"),
    _agent("cosign"),
    _agent("go-containerregistry"),
    _agent("containers-image", "containers"),
)


def _address(setting: str) -> str:
    """A mirror's URL as Docker writes it, or 'host/path' as podman does, whose paths begin below '/v2/'."""
    setting = setting.strip()
    if not setting or "://" in setting:
        return setting
    host, _, path = setting.partition("/")
    return f"https://{host}/v2/{path}" if path else f"https://{host}/"


HINTS = Hints(
    # Only mirrors: what else these files name are the words that images begin with, and for the commonest of them
    # the registry has another address than its name.
    files=(
        SettingFile("/etc/docker/daemon.json", "json", ("registry-mirrors",)),
        SettingFile("~/.config/docker/daemon.json", "json", ("registry-mirrors",)),
        SettingFile(f"~/{_CONF}", "toml", ("registry.mirror.location",)),
        SettingFile("/etc/containers/registries.conf", "toml", ("registry.mirror.location",)),
    ),
    clean=_address,
)

OCI = Ecosystem(
    name="oci",
    title="Container images (OCI)",
    at="v2",
    routes=ROUTES,
    subject=_subject,
    source=_source,
    named=_named,
    announced=announced,
    pins=pins,
    render=render,
    make=_make,
    headers=_headers,
    path_of=path_of,
    error_body=error_body,
    words=("docker", "container", "containers"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    tokens=True,
    pinned_by="the digest that is the name of every manifest and layer",
)
