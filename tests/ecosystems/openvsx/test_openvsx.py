"""Open VSX's routes, upstream addresses, pins, agents and client settings."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Facts, Page, Site, View, decode_path, match_route
from subak.ecosystems.openvsx import OPENVSX
from subak.ecosystems.openvsx.places import VSIX, Place, checksum, vsix
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.digest import Digest
from subak.model.exchange import Kind, Subject

SITE = Site("https://registry.example/sub/")
UP = "https://registry.example/sub"
BASE = "https://gateway.example/openvsx"
HELLO = Place("Acme", "Hello", "1.0.0", "linux-x64")


def asked(path: str, **query: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(OPENVSX.routes, decode_path(path))
    assert found, path
    route, groups = found
    subject = OPENVSX.subject(route, groups | dict.fromkeys(route.query, "") | query)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- paths


@given(
    st.text(max_size=60),
    st.sampled_from(
        ["/", "/api/", "/api/a/b/", "/api/a/b/1.0.0/file/", "/vscode/asset/a/b/1.0.0/", "/vscode/gallery/",
         "/vscode/unpkg/a/b/1.0.0/", "/api/-/"]
    ),
    st.dictionaries(st.sampled_from(["q", "targetPlatform", "size", "extensionId"]), st.text(max_size=20)),
)  # fmt: skip
def test_a_path_either_means_one_thing_or_is_refused(text: str, folder: str, query: Mapping[str, str]) -> None:
    try:
        found = match_route(OPENVSX.routes, decode_path(folder + text))
        if found is None:
            return
        route, groups = found
        known = {name: query.get(name, "") for name in route.query}
        subject = OPENVSX.subject(route, groups | known)
    except (BadRequest, NotFound):
        return
    assert isinstance(subject, Subject)
    assert OPENVSX.route(subject.route)
    if subject.purl:
        purl = PackageURL.from_string(subject.purl)
        package = asked("/" + OPENVSX.path_of(purl))
        assert package.purl == subject.purl.partition("@")[0]


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in OPENVSX.routes:
        first = OPENVSX.route(route.name)
        assert (route.kind, route.fresh_for, route.forms, route.methods, route.query, route.roams, route.open) == (
            first.kind, first.fresh_for, first.forms, first.methods, first.query, first.roams, first.open,
        )  # fmt: skip


def test_files_may_lie_at_a_storage_service_and_documents_may_not() -> None:
    files = {route.name for route in OPENVSX.routes if route.kind is Kind.ARTIFACT}
    assert files == {"vsix", "asset", "resource", "file"}
    assert {route.name for route in OPENVSX.routes if route.open} == files
    assert {route.name for route in OPENVSX.routes if route.roams} == files | {"checksum", "folder", "about", "key"}
    assert {route.name for route in OPENVSX.routes if route.announces} == {"vsix"}


# ---------------------------------------------------------------- upstream


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/vscode/gallery/Acme/Hello/latest", "vscode/gallery/extensionquery"),
        ("/vscode/gallery/publishers/Acme/vsextensions/Hello/1.0.0/vspackage", f"vscode/asset/Acme/Hello/1.0.0/{VSIX}"),
        ("/vscode/asset/Acme/Hello/1.0.0/Some.Type/%C3%A4", "vscode/asset/Acme/Hello/1.0.0/Some.Type/%C3%A4"),
        ("/vscode/unpkg/Acme/Hello/1.0.0/a/B.md", "vscode/unpkg/Acme/Hello/1.0.0/a/B.md"),
        ("/vscode/unpkg/Acme/Hello/1.0.0", "vscode/unpkg/Acme/Hello/1.0.0"),
        ("/api/Acme", "api/Acme"),
        ("/api/Acme/Hello", "api/-/query?extensionName=Hello&includeAllVersions=true&namespaceName=Acme"),
        (
            "/api/Acme/Hello/linux-x64/pre-release",
            "api/-/query?extensionName=Hello&includeAllVersions=true&namespaceName=Acme&targetPlatform=linux-x64",
        ),
        ("/api/Acme/Hello/1.0.0", "api/Acme/Hello/1.0.0"),
        ("/api/Acme/Hello/linux-x64/1.0.0", "api/Acme/Hello/linux-x64/1.0.0"),
        ("/api/Acme/Hello/universal/1.0.0", "api/Acme/Hello/universal/1.0.0"),
        ("/api/Acme/Hello/1.0.0/file/README.md", "api/Acme/Hello/1.0.0/file/README.md"),
        ("/api/Acme/Hello/1.0.0/file/Acme.Hello-1.0.0.sha256", "api/Acme/Hello/1.0.0/file/Acme.Hello-1.0.0.sha256"),
        ("/api/Acme/Hello/versions", "api/Acme/Hello/versions"),
        ("/api/Acme/Hello/reviews", "api/Acme/Hello/reviews"),
        ("/api/-/public-key/3f2b", "api/-/public-key/3f2b"),
        ("/api/version", "api/version"),
    ],
)
def test_upstream_is_asked_with_the_spelling_that_came(path: str, url: str) -> None:
    assert OPENVSX.source(asked(path), SITE) == f"{UP}/{url}"


def test_parameters_travel_on() -> None:
    subject = asked("/api/acme/hello/versions", size="5", offset="10", other="x")
    assert OPENVSX.source(subject, SITE) == f"{UP}/api/acme/hello/versions?offset=10&size=5"
    subject = asked("/api/-/search", query="a b&c", size="5")
    assert OPENVSX.source(subject, SITE) == f"{UP}/api/-/search?query=a+b%26c&size=5"
    subject = asked("/api/v2/-/query", extensionId="Acme.Hello")
    assert OPENVSX.source(subject, SITE) == f"{UP}/api/v2/-/query?extensionId=Acme.Hello"
    subject = asked("/vscode/asset/a/b/1.0.0/X.Y", targetPlatform="linux-x64")
    assert OPENVSX.source(subject, SITE) == f"{UP}/vscode/asset/a/b/1.0.0/X.Y?targetPlatform=linux-x64"
    assert OPENVSX.source(vsix(HELLO), SITE) == f"{UP}/vscode/asset/Acme/Hello/1.0.0/{VSIX}?targetPlatform=linux-x64"


def test_a_question_without_its_body_is_not_sent() -> None:
    with pytest.raises(NotFound, match="POST"):
        OPENVSX.source(asked("/vscode/gallery/extensionquery"), SITE)
    assert asked("/vscode/gallery/acme/hello/latest").question


# ---------------------------------------------------------------- pins


def test_a_package_is_announced_by_the_checksum_beside_it() -> None:
    (home,) = OPENVSX.homes(vsix(HELLO), SITE)
    assert home == checksum(HELLO)
    assert OPENVSX.source(home, SITE) == f"{UP}/api/Acme/Hello/linux-x64/1.0.0/file/Acme.Hello-1.0.0@linux-x64.sha256"
    assert OPENVSX.homes(asked("/api/a/b/1.0.0/file/README.md"), SITE) == ()


@pytest.mark.parametrize("text", ["0123456789abcdef" * 4, "0123456789ABCDEF" * 4 + "\n"])
def test_checksums(text: str) -> None:
    (pin,) = OPENVSX.pins(checksum(HELLO), Page(text.encode(), "text/plain", ""))
    assert (pin.path, pin.digest) == (vsix(HELLO).key, Digest("sha256", "0123456789abcdef" * 4))
    assert not pin.dates


@pytest.mark.parametrize("body", [b"", b"<html>", b"0" * 63, b"0" * 65, b"0" * 10_000, b"\xff" * 64])
def test_what_is_no_checksum(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(OPENVSX.pins(checksum(HELLO), Page(body, "text/plain", "")))


def test_other_documents_are_checked() -> None:
    for path, body, kind in (
        ("/api/-/public-key/3f2b", b"<html>", "text/html"),
        ("/vscode/unpkg/a/b/1.0.0", b"<html>", "text/html"),
        ("/api/version", b"<html>", "text/html"),
        ("/api/acme/hello/1.0.0", b"{}", "application/json"),
        ("/vscode/gallery/acme/hello/latest", b"{}", "application/json"),
    ):
        with pytest.raises(UpstreamLied):
            list(OPENVSX.pins(asked(path), Page(body, kind, "")))
    with pytest.raises(UpstreamLied):
        list(OPENVSX.pins(vsix(HELLO), Page(b"PK", "", "")))


def test_documents_that_lead_nowhere_leave_as_they_came() -> None:
    for path, body in (
        ("/api/-/public-key/3f2b", b"-----BEGIN PUBLIC KEY-----\nx\n"),
        ("/api/version", b'{"version":"v1"}'),
        ("/api/a/b/1.0.0/file/a.b-1.0.0.sha256", b"0" * 64),
    ):
        subject, page = asked(path), Page(body, "text/plain", "")
        list(OPENVSX.pins(subject, page))
        assert b"".join(OPENVSX.render(subject, page, View("", BASE))) == body


@pytest.mark.parametrize("path", ["/api/a/b/1.0.0/file/a.b-1.0.0.sha256", "/vscode/unpkg/a/b/1.0.0"])
def test_beside_hidden_packages_nothing_is_shown(path: str) -> None:
    with pytest.raises(NotFound):
        list(OPENVSX.render(asked(path), Page(b"0" * 64, "", ""), View("", BASE, hidden=frozenset({"1.0.0"}))))


# ---------------------------------------------------------------- answered here


def test_what_is_made_here() -> None:
    assert json.loads(OPENVSX.make(asked("/vscode/control.json"), BASE)) == {
        "malicious": [], "deprecated": {}, "search": [],
    }  # fmt: skip
    assert OPENVSX.make(asked("/vscode/gallery/publishers/a/extensions/b/1.0.0/stats"), BASE) == b""
    with pytest.raises(NotFound):
        OPENVSX.make(asked("/vscode/item"), BASE)


def test_editors_in_a_browser_may_read_everything() -> None:
    for path in ("/vscode/control.json", "/api/a/b", "/api/a/b/1.0.0/file/a.b-1.0.0.vsix"):
        assert ("access-control-allow-origin", "*") in OPENVSX.headers(asked(path), Facts())


def test_ovsx_shows_the_member_error() -> None:
    assert OPENVSX.error_body("why") == {"error": "why"}


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        ("VSCode 1.100.3 (code-server)", "code-server", "1.100.3"),
        ("VSCode 1.99.3 (VSCodium)", "vscodium", "1.99.3"),
        ("VSCode 1.139.0-insider (Visual Studio Code)", "vscode", "1.139.0-insider"),
        ("Mozilla/5.0 VSCode 1.0", "", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    found = [(p.family, m["version"]) for p in OPENVSX.agents if (m := re.match(p.pattern, agent))]
    assert found[:1] == ([(family, version)] if family else [])


def test_every_address_an_editor_is_given_is_served() -> None:
    places = {"publisher": "acme", "name": "hello", "version": "1.0.0", "path": "extension/package.json", "base": ""}
    (codium, server, theia, ovsx) = OPENVSX.clients
    urls = json.loads(dict(server.environ)["EXTENSIONS_GALLERY"])
    assert set(urls.values()) - {""} == {value for _, value in codium.environ}
    assert urls["nlsBaseUrl"] == ""
    for name, url in urls.items():
        path = re.sub(r"\{(\w+)\}", lambda match: places[match[1]], url)
        if path and name != "serviceUrl":
            assert match_route(OPENVSX.routes, path.removeprefix("/openvsx")), name
    assert urls["serviceUrl"] + "/extensionquery" == "{base}/openvsx/vscode/gallery/extensionquery"
    roots = {name: value for client in (theia, ovsx) for name, value in client.environ}
    assert roots == dict.fromkeys(OPENVSX.hints.environ, "{base}/openvsx")


def test_lines_that_people_type_say_the_same() -> None:
    (codium, server, theia, ovsx) = OPENVSX.clients
    product = re.search(r"echo '([^']*)'", codium.line)
    assert product
    assert json.loads(product[1])["extensionsGallery"] == json.loads(dict(server.environ)["EXTENSIONS_GALLERY"])
    said = shlex.split(shlex.split(server.line)[1])
    assert json.loads(said[1].partition("=")[2]) == json.loads(dict(server.environ)["EXTENSIONS_GALLERY"])
    for client in (theia, ovsx):
        ((name, value),) = client.environ
        assert f"export {name}={value}" in client.line
