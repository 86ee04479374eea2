"""Maven: a folder for each version, a list of versions beside them, and a checksum file beside every file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote

from packageurl import PackageURL

from subak.ecosystems.base import (
    MINUTE,
    Columns,
    Ecosystem,
    Facts,
    Form,
    Own,
    Page,
    Parts,
    Paths,
    Route,
    Site,
    Usual,
    View,
)
from subak.ecosystems.maven.build_tools import AGENTS, CLIENTS, HINTS
from subak.ecosystems.maven.coordinates import (
    ALGORITHMS,
    METADATA,
    project,
    project_purl,
    split_checksum,
    split_file,
    split_metadata,
)
from subak.errors import NotFound, Refused
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

# ---------------------------------------------------------------- paths

XML = Form("xml", ("text/xml", "application/xml"), "text/xml")
CHECKSUM = Form("checksum", ("text/plain",), "text/plain")
BYTES = Form("bytes", ("application/octet-stream",), "application/octet-stream")

_FRESH, _FRESH_SNAPSHOT = 5 * MINUTE, MINUTE
_VERSION = "/{group+}/{artifact}/{version}/"
_MOVING = "/{group+}/{artifact}/{base}-SNAPSHOT/"
_LITERAL = _MOVING + "{name}-SNAPSHOT{rest}"
_BESIDE = ".checksums/"
"""Where a checksum file of upstream's is known here. Clients get checksums of the bytes they get."""


def _document(name: str, pattern: str, kind: Kind, fresh_for: float, form: Form) -> Route:
    """Never compressed: clients hold these very bytes against a checksum, and continue broken transfers."""
    return Route(name, pattern, kind, fresh_for, forms=(form,), plain=True, ranges=True)


def _file(name: str, pattern: str, content_type: str = "application/octet-stream") -> Route:
    """Asked for without any index: who knows the coordinates knows the path."""
    return Route(name, pattern, Kind.ARTIFACT, content_type=content_type, open=True, dated=True)


def _checksums(algorithm: str) -> tuple[Route, ...]:
    """A document's checksum is a part of the document: two copies would disagree some day."""
    return (
        _document(
            "snapshot-metadata-checksum", f"{_MOVING}{METADATA}.{algorithm}", Kind.INDEX, _FRESH_SNAPSHOT, CHECKSUM
        ),
        _document("metadata-checksum", f"/{{folder+}}/{METADATA}.{algorithm}", Kind.INDEX, _FRESH, CHECKSUM),
        _document("snapshot-checksum", f"{_LITERAL}.{algorithm}", Kind.CONFIG, _FRESH_SNAPSHOT, CHECKSUM),
        Route("checksum", f"{_VERSION}{{file}}.{algorithm}", Kind.DERIVED, content_type="text/plain"),
    )


ROUTES: tuple[Route, ...] = (
    Route("upstream-checksum", f"/{_BESIDE}{{path+}}", Kind.CONFIG, fresh_for=_FRESH),
    *(route for algorithm in ALGORITHMS for route in _checksums(algorithm)),
    _document("snapshot-metadata", _MOVING + METADATA, Kind.INDEX, _FRESH_SNAPSHOT, XML),
    _document("metadata", "/{folder+}/" + METADATA, Kind.INDEX, _FRESH, XML),
    _document("snapshot", _LITERAL, Kind.CONFIG, _FRESH_SNAPSHOT, BYTES),
    _file("pom", _VERSION + "{file}.pom", "text/xml"),
    _file("jar", _VERSION + "{file}.jar", "application/java-archive"),
    _file("module", _VERSION + "{file}.module", "application/vnd.org.gradle.module+json"),
    _file("signature", _VERSION + "{file}.asc", "text/plain"),
    _file("file", _VERSION + "{file}"),
)
"""Below the mount. Only the shape of a path is told here; `subject` looks whether its parts fit each other. Prefix
lists, archetype catalogues and Lucene indexes have too few parts for any of these: they are not found."""

OWN: tuple[Own, ...] = (
    Own(r"/(?:maven2|maven-central|m2)(/.+)", begins=("maven2", "maven-central", "m2")),
    Own(
        r"(?:/(?:libs|plugins|ext)-(?:releases?|snapshots?)(?:-local)?(?=/))?(/.+)",
        ends=(".jar", ".pom", ".module", ".aar", ".war", ".xml", ".asc", *(f".{a}" for a in ALGORITHMS)),
    ),
)
"""Files of other endings are known by their address alone; that all parts fit each other is proof enough."""

_WHERE = (
    r"/(?:maven2|maven-central|m2)/((?:[A-Za-z0-9_][A-Za-z0-9_-]*+/)+)"
    r"(?!maven-metadata\.xml)([A-Za-z0-9_][A-Za-z0-9_.-]*+)"
)
_SUM = rf"(?:\.({'|'.join(ALGORITHMS)}))?"


def _usual_packages(parts: Parts) -> list[str]:
    return [f"pkg:maven/{folder[:-1].replace('/', '.')}/{artifact}" for folder, artifact, *_ in parts]


def _usual_files(paths: Paths, parts: Parts) -> Columns:
    kinds = ["derived" if algorithm else "artifact" for *_, algorithm in parts]
    keys = [path[path.index("/", 1) + 1 :] for path in paths]
    versions, packages = [version for _, _, version, _, _ in parts], _usual_packages(parts)
    purls = [
        f"{package}@{version}" if extension == "jar" else f"{package}@{version}?type={extension}"
        for package, (_, _, version, extension, _) in zip(packages, parts, strict=True)
    ]
    return kinds, keys, versions, packages, purls


def _usual_metadata(paths: Paths, parts: Parts) -> Columns:
    packages = _usual_packages(parts)
    keys = [f"{folder}{artifact}/{METADATA}" for folder, artifact, _ in parts]
    return ["index"] * len(paths), keys, [""] * len(paths), packages, packages


USUAL: tuple[Usual, ...] = (
    Usual(
        rf"{_WHERE}/([A-Za-z0-9_][A-Za-z0-9_.-]*+)(?<!SNAPSHOT)/\2-\3\.(jar|pom|module|aar|war){_SUM}",
        _usual_files,
        begins=("maven2", "maven-central", "m2"),
    ),
    Usual(
        rf"{_WHERE}(?<!SNAPSHOT)/maven-metadata\.xml{_SUM}", _usual_metadata, begins=("maven2", "maven-central", "m2")
    ),
)

_WHOLE = {route.pattern: route.pattern.replace("+}", "}").removeprefix("/") for route in ROUTES}
_KINDS = {route.name: route.kind for route in ROUTES}
_BY_EXTENSION = {"pom": "pom", "jar": "jar", "module": "module"}


def spell(raw: str) -> str:
    """Doubled slashes, as a base URL that ends in one yields them, count as one."""
    return re.sub("/{2,}", "/", raw) if "//" in raw else raw


def subject(route: Route, groups: Mapping[str, str]) -> Subject:
    """What a path means. Raises NotFound when its parts do not fit each other."""
    if route.name == "upstream-checksum":
        raise NotFound("checksums are served beside the files that they are about")
    path = _WHOLE[route.pattern].format_map(groups)
    folder, _, file = path.rpartition("/")
    if file.startswith(METADATA):
        return _metadata(folder, file.removeprefix(METADATA).removeprefix("."))
    if route.name not in ("checksum", "snapshot-checksum"):
        return _about(path)
    whole, algorithm = split_checksum(path)
    about = _about(whole)
    if about.route == "snapshot":
        return replace(about, route="snapshot-checksum", part=algorithm)
    return Subject("maven", Kind.DERIVED, "checksum", path, about.name, about.version, algorithm, about.purl)


def _metadata(folder: str, algorithm: str) -> Subject:
    if algorithm and algorithm not in ALGORITHMS:
        raise NotFound(f"{METADATA} has no .{algorithm[:20]}")
    group, artifact, version = split_metadata(folder)
    route = ("snapshot-" if version else "") + "metadata" + ("-checksum" if algorithm else "")
    name, purl = f"{group}:{artifact}" if artifact else "", project_purl(group, artifact, version)
    return Subject("maven", _KINDS[route], route, f"{folder}/{METADATA}", name, version, algorithm, purl)


def _about(path: str) -> Subject:
    found = split_file(path)
    route = "signature" if found.extension.endswith(".asc") else _BY_EXTENSION.get(found.extension, "file")
    route = "snapshot" if found.moving else route
    return Subject(
        "maven", _KINDS[route], route, path, f"{found.group}:{found.artifact}", found.version, purl=found.purl
    )


def path_of(purl: PackageURL) -> str:
    """The list of a project's versions. Raises NotFound."""
    folder = f"{(purl.namespace or '').replace('.', '/')}/{purl.name}"
    if purl.type != "maven" or "/" in (purl.namespace or "/") or project(folder) != (purl.namespace, purl.name):
        raise NotFound(f"{purl.to_string()} names no Maven project")
    return f"{folder}/{METADATA}"


def source(subject: Subject, site: Site) -> str:
    """The upstream keeps everything at the same path. A '+' stays one, as in the requests of Maven itself."""
    return site.base + quote(subject.key.removeprefix(_BESIDE), safe="/!$&'()*+,;=:@~")


# ---------------------------------------------------------------- what a file must be


def announced(subject: Subject, headers: Mapping[str, str]) -> Digest:
    """Repositories that compute checksums tell them with the file."""
    from subak.ecosystems.maven.checksums import from_headers

    return from_headers(headers)


def homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    """The checksum files beside a file. SHA-1 first: it is always there, the stronger ones only here and there."""
    if subject.kind is not Kind.ARTIFACT:
        return ()
    return tuple(
        replace(subject, kind=Kind.CONFIG, route="upstream-checksum", key=f"{_BESIDE}{subject.key}.{algorithm}")
        for algorithm in ("sha1", "sha256", "sha512", "md5")
    )


def pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """A checksum file announces its file; metadata lists versions, whose files it does not name.

    Raises UpstreamLied for a body that is no such document.
    """
    from subak.ecosystems.maven import metadata
    from subak.ecosystems.maven.checksums import from_file

    if subject.route == "upstream-checksum":
        path, algorithm = split_checksum(subject.key.removeprefix(_BESIDE))
        found = from_file(page.body, algorithm, subject.key)
        return iter((Pin(path, "", found, name=subject.name, version=subject.version),))
    if subject.kind is Kind.INDEX:
        metadata.read(page.body, subject.key)
    return iter(())


# ---------------------------------------------------------------- what the client sees


def render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    """The document, or the checksum of it that `view.part` names.

    Raises Refused when policy withholds the version it is about or all there are, UpstreamLied as `pins` does.
    """
    from subak.ecosystems.maven import metadata

    if subject.version and subject.version in view.hidden:
        raise Refused(f"{subject.name} {subject.version} is withheld by this gateway's policy", rule="deny")
    body = page.body
    if view.hidden and subject.kind is Kind.INDEX:
        versions = metadata.read(body, subject.key).versions
        if versions and view.hidden.issuperset(versions):
            raise Refused(f"every version of {subject.name} is withheld by this gateway's policy", rule="deny")
        body = metadata.without(body, view.hidden, subject.key)
    if view.part:
        return iter((hashlib.new(view.part, body, usedforsecurity=False).hexdigest().encode(),))
    return (bytes(body[start : start + _CHUNK]) for start in range(0, len(body), _CHUNK))


_CHUNK = 64 * 1024


def companion(subject: Subject) -> Subject | None:
    """The file that a checksum is about."""
    return _about(split_checksum(subject.key)[0]) if subject.kind is Kind.DERIVED else None


def derive(subject: Subject, facts: Facts) -> bytes:
    """The checksum of the bytes we serve, in bare hex: all that every client understands. Raises NotFound."""
    found = _digests(facts).get(subject.part, "")
    if not found:
        raise NotFound(f"the {subject.part} of {subject.key.rpartition('.')[0]} is not known")
    return found.encode()


def headers(subject: Subject, facts: Facts) -> tuple[tuple[str, str], ...]:
    """Maven 4 spares itself the checksum file when the file's own answer names the digest."""
    if subject.kind is not Kind.ARTIFACT:
        return ()
    return tuple((f"x-checksum-{name}", value) for name, value in _digests(facts).items() if value)


def _digests(facts: Facts) -> dict[str, str]:
    return {**{name: facts.further.get(name, "") for name in ALGORITHMS}, "sha256": facts.sha256}


MAVEN = Ecosystem(
    name="maven",
    title="Java packages (Maven)",
    routes=ROUTES,
    spell=spell,
    subject=subject,
    path_of=path_of,
    derive=derive,
    source=source,
    announced=announced,
    homes=homes,
    pins=pins,
    also=("md5", "sha1", "sha512"),
    render=render,
    headers=headers,
    companion=companion,
    own=OWN,
    usual=USUAL,
    words=("gradle", "libs"),
    hints=HINTS,
    clients=CLIENTS,
    agents=AGENTS,
    pinned_by="the checksum headers of the answer, or the checksum file beside it",
)
