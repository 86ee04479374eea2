"""Python: a simple index in HTML or JSON, immutable distributions with sidecars, and older JSON documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
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
from subak.ecosystems.pypi.names import (
    Named,
    candidates,
    canonical_version,
    folded_version,
    is_name,
    normalise,
    purl,
)
from subak.ecosystems.pypi.places import SIDECAR
from subak.ecosystems.pypi.sidecars import companion, cut
from subak.errors import NotFound
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject

_SIMPLE = "application/vnd.pypi.simple"
_INTEGRITY = "application/vnd.pypi.integrity.v1+json"

FORMS: tuple[Form, ...] = (
    Form("html", ("text/html",), "text/html"),
    Form("json", (f"{_SIMPLE}.v1+json", f"{_SIMPLE}.latest+json"), f"{_SIMPLE}.v1+json"),
    Form("html-v1", (f"{_SIMPLE}.v1+html", f"{_SIMPLE}.latest+html"), f"{_SIMPLE}.v1+html"),
)
"""PEP 691. pip and uv refuse any other Content-Type, parameters included."""

_JSON = (Form("json", ("application/json",), "application/json"),)
_ACCEPT = f"{_SIMPLE}.v1+json, {_SIMPLE}.v1+html;q=0.2, text/html;q=0.1"

ROUTES: tuple[Route, ...] = (
    Route("index", "/simple/{name}/", Kind.INDEX, 5 * MINUTE, _ACCEPT, FORMS),
    Route("index-bare", "/simple/{name}", Kind.INDEX),
    Route("listing", "/simple/", Kind.LISTING, HOUR, _ACCEPT, FORMS),
    Route("listing-bare", "/simple", Kind.LISTING),
    Route("metadata", "/files/{path+}" + SIDECAR, Kind.METADATA),
    Route("file", "/files/{path+}", Kind.ARTIFACT),
    Route(
        "provenance", "/integrity/{name}/{version}/{file}/provenance", Kind.CONFIG, 10 * MINUTE, _INTEGRITY,
        (Form("json", (_INTEGRITY,), _INTEGRITY),), content_type=_INTEGRITY,
    ),
    Route(
        "legacy", "/pypi/{name}/json", Kind.CONFIG, 15 * MINUTE, "application/json", _JSON,
        content_type="application/json",
    ),
    Route(
        "legacy-version", "/pypi/{name}/{version}/json", Kind.CONFIG, 15 * MINUTE, "application/json", _JSON,
        content_type="application/json",
    ),
)  # fmt: skip


_ARCHIVE = r"\.(?:whl|tar\.gz|zip|tar\.bz2|tgz|egg|exe|msi|tar\.xz|rpm|dmg)"

OWN: tuple[Own, ...] = (
    Own(r"(?:/packages(?=/packages/))?(/packages/.+" + _ARCHIVE + r"(?:\.metadata)?)", "/files", begins=("packages",)),
    Own(r"(/simple/(?:[^/]+/?)?)", begins=("simple",)),
    Own(r"(/simple/[^/]+/)index\.\w+", begins=("simple",)),
    Own(r"(/pypi/[^/]+(?:/[^/]+)?/json)", begins=("pypi",)),
    Own(r"(/integrity/[^/]+/[^/]+/[^/]+/provenance)", begins=("integrity",)),
    Own(r"(/.+\.whl(?:\.metadata)?)", "/files", ends=(".whl", ".metadata")),
    Own(r".*?/\+(simple/[^/]+/?)", "/", within="/+"),  # devpi
    Own(r".*?/\+[ef](/.+" + _ARCHIVE + ")", "/files", within="/+"),
    Own(r"/.+?(/simple/[^/]+/)", within="/simple/"),
    Own(r"(/.+" + _ARCHIVE + ")", "/files", within=".", level=POSSIBLE),
)

_NUMBER = "(?:0|[1-9][0-9]*+)"
_RELEASE = rf"{_NUMBER}(?:\.{_NUMBER})*+(?:(?:a|b|rc){_NUMBER})?+(?:\.post{_NUMBER})?+(?:\.dev{_NUMBER})?+"
"""Versions in canonical spelling."""
_FOLDERS = "/packages/(?!packages/)(?:[A-Za-z0-9_]++/){1,9}+"
_WORD = "[A-Za-z0-9]++"
_NO_VERSION = rf"[A-UW-Za-uw-z][A-Za-z0-9]*+(?:[_.]{_WORD})*+"


def _usual_name(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _usual_files(paths: Paths, parts: Parts) -> Columns:
    names, versions = zip(*parts, strict=True)
    known = {name: f"pkg:pypi/{_usual_name(name)}" for name in set(names)}
    packages = [known[name] for name in names]
    kinds = ["metadata" if path[-1] == "a" else "artifact" for path in paths]
    return kinds, [f"files{path}" for path in paths], versions, packages, with_versions(packages, versions)


def _usual_indexes(paths: Paths, parts: Parts) -> Columns:
    names = [_usual_name(name) for (name,) in parts]
    packages = [f"pkg:pypi/{name}" for name in names]
    return ["index"] * len(paths), [f"simple/{name}/" for name in names], [""] * len(paths), packages, packages


USUAL: tuple[Usual, ...] = (
    Usual(
        rf"{_FOLDERS}({_WORD}(?:[_.]{_WORD})*+)-({_RELEASE})(?:-[A-Za-z0-9_.]++){{3,4}}+"
        r"(?:(?<=\.whl)|(?<=\.whl\.metadata))",
        _usual_files,
        begins=("packages",),
    ),
    Usual(
        rf"{_FOLDERS}({_NO_VERSION}(?:-{_NO_VERSION}){{0,20}}+)-({_RELEASE})\.tar\.gz",
        _usual_files,
        begins=("packages",),
    ),
    Usual(rf"/simple/({_WORD}(?:[-_.]{_WORD})*+)/?", _usual_indexes, begins=("simple",)),
)

# ---------------------------------------------------------------- what a path means


def _subject(route: Route, params: Mapping[str, str]) -> Subject | Moved:
    if route.kind is Kind.LISTING:
        return Moved("simple/") if route.name == "listing-bare" else _about(route, "simple/", Named())
    if route.kind in (Kind.ARTIFACT, Kind.METADATA):
        return _file(route, params["path"])
    if not is_name(params["name"]):
        raise NotFound(f"no project can be called {params['name'][:100]!r} (PEP 508)")
    name, version = normalise(params["name"]), canonical_version(params.get("version", ""))
    if route.name == "provenance":
        return _about(route, f"integrity/{name}/{version}/{params['file']}/provenance", Named(name, version))
    if route.kind is Kind.CONFIG:
        return _about(route, "/".join(filter(None, ("pypi", name, version, "json"))), Named(name, version))
    if route.name == "index-bare" or name != params["name"]:
        return Moved(f"simple/{name}/")
    return _index(name)


def _about(route: Route, key: str, named: Named) -> Subject:
    return Subject("pypi", route.kind, route.name, key, named.name, named.version, purl=purl(named.name, named.version))


def _index(name: str) -> Subject:
    return _about(ROUTES[0], f"simple/{name}/", Named(name))


def _file(route: Route, path: str) -> Subject:
    if path.endswith("/"):
        raise NotFound("a file's path does not end in '/'")
    sidecar = SIDECAR if route.kind is Kind.METADATA else ""
    likely = candidates(path.rpartition("/")[2])
    return _about(route, f"files/{path}{sidecar}", likely[0] if likely else Named())


def _path_of(purl: PackageURL) -> str:
    """The index page of a project. Raises NotFound for other purls."""
    if purl.type != "pypi" or purl.namespace or not is_name(purl.name):
        raise NotFound(f"{purl.to_string()[:80]} names no Python project")
    return f"simple/{normalise(purl.name)}/"


def _homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """The pages of every project that the file may belong to: a lock file brings its URL without its name."""
    if subject.kind not in (Kind.ARTIFACT, Kind.METADATA):
        return ()
    path = subject.key.removesuffix(SIDECAR) if subject.kind is Kind.METADATA else subject.key
    return tuple(_index(named.name) for named in candidates(path.rpartition("/")[2]))


def _source(subject: Subject, site: Site) -> str:
    from subak.ecosystems.pypi.documents import root_of

    base = site.base
    if subject.kind is Kind.LISTING:
        return base
    if subject.kind is Kind.INDEX:
        return f"{base}{subject.name}/"
    if subject.kind is Kind.CONFIG:
        return root_of(base) + quote(subject.key)
    raise ValueError(f"{subject.key}: only its pin tells where a file is")


# ---------------------------------------------------------------- documents


def _pins(subject: Subject, page: Page) -> Iterator[Pin]:
    from subak.ecosystems.pypi.documents import project_pins
    from subak.ecosystems.pypi.legacy import check_legacy, check_members
    from subak.ecosystems.pypi.listing import check_listing

    if subject.kind is Kind.INDEX:
        return project_pins(subject, page)
    if subject.kind is Kind.LISTING:
        check_listing(page)
    elif subject.route == "provenance":
        check_members(page, "attestation_bundles")
    else:
        check_legacy(page)
    return iter(())


def _render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    from subak.ecosystems.pypi.documents import chunked, render_project
    from subak.ecosystems.pypi.legacy import render_legacy
    from subak.ecosystems.pypi.listing import render_listing

    if subject.kind is Kind.INDEX:
        return render_project(subject, page, view)
    if subject.kind is Kind.LISTING:
        return render_listing(page, view)
    if subject.route == "provenance":  # what it signs are a name and a digest, no URL of ours
        return chunked((bytes(page.body),))
    return render_legacy(subject, page, view)


# ---------------------------------------------------------------- clients

_INDEX = "{base}/pypi/simple/"
_PIP_KEYS = ("global.index-url", "global.index_url", "install.index-url")
_UV_KEYS = ("index[default=true].url", "index-url", "pip.index-url")
"""`index[default=true].url`: in the array of tables `index`, the `url` of the first one whose `default` is true."""

HINTS = Hints(
    environ=("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    files=(
        SettingFile("~/.config/pip/pip.conf", "ini", _PIP_KEYS),
        SettingFile("~/.pip/pip.conf", "ini", _PIP_KEYS),
        SettingFile("~/Library/Application Support/pip/pip.conf", "ini", _PIP_KEYS),
        SettingFile("~/.config/uv/uv.toml", "toml", _UV_KEYS),
        SettingFile("/etc/pip.conf", "ini", _PIP_KEYS),
        SettingFile("/etc/xdg/pip/pip.conf", "ini", _PIP_KEYS),
        SettingFile("/etc/uv/uv.toml", "toml", _UV_KEYS),
    ),
    builtin="pip",
)

_TRUST = (("PIP_TRUSTED_HOST", "{host}"),)

CLIENTS: tuple[Client, ...] = (
    Client(
        "pip",
        (("PIP_INDEX_URL", _INDEX),),
        f"pip config set global.index-url {_INDEX}",
        plain_http=_TRUST,
        version=("pip", "--version"),
    ),
    Client(
        "uv",
        (("UV_DEFAULT_INDEX", _INDEX),),
        "mkdir -p ~/.config/uv && "
        rf"""printf '[[index]]\nurl = "{_INDEX}"\ndefault = true\n' >> ~/.config/uv/uv.toml""",
        plain_http=(("UV_INSECURE_HOST", "{netloc}"),),
        version=("uv", "--version"),
    ),
    # its built-in repository has no setting: each project names its sources
    Client("poetry", (), f"poetry source add --priority=primary subak {_INDEX}", version=("poetry", "--version")),
    Client(
        "pdm",
        (("PDM_PYPI_URL", _INDEX),),
        f"pdm config pypi.url {_INDEX}",
        plain_http=(("PDM_PYPI_VERIFY_SSL", "0"),),  # also what makes it trust a host over plain http
        version=("pdm", "--version"),
    ),
    Client(
        "pipenv",
        (("PIPENV_PYPI_MIRROR", _INDEX),),
        f"export PIPENV_PYPI_MIRROR={_INDEX}",
        plain_http=_TRUST,
        version=("pipenv", "--version"),
    ),
)

_CI = r'"ci":\s*true'


def _agent(family: str, token: str = "", ci: str = "") -> AgentPattern:
    return AgentPattern(family, rf"{token or family}/(?P<version>[^\s;,]+)", ci)


AGENTS: tuple[AgentPattern, ...] = (
    _agent("pip", ci=_CI),
    _agent("uv", ci=_CI),
    _agent("poetry"),
    _agent("pdm"),
    _agent("pipenv"),
    _agent("hatch", "[Hh]atch"),
    _agent("twine"),
    _agent("bandersnatch"),
    _agent("devpi", "devpi(?:-server|-client)?"),
    _agent("pex"),
    _agent("setuptools"),
    _agent("pip-audit"),
)

PYPI = Ecosystem(
    name="pypi",
    title="Python",
    routes=ROUTES,
    subject=_subject,
    path_of=_path_of,
    source=_source,
    pins=_pins,
    render=_render,
    homes=_homes,
    companion=companion,
    cut=cut,
    fold_version=folded_version,
    own=OWN,
    usual=USUAL,
    words=("python",),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="the index page's sha256",
)
