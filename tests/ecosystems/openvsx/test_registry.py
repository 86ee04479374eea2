"""Documents of the registry API: what they say of publish times, what the client sees, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx import registry
from subak.ecosystems.openvsx.places import Place, about, extension, vsix
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

BASE = "https://gateway.example/openvsx"
THEIRS = "https://registry.example/sub"
ANY = Place("acme", "hello")
LINUX = Place("acme", "hello", "", "linux-x64")


def told(version: str, target: str = "universal", **more: object) -> dict[str, Any]:
    """One package as the registry describes it."""
    at = "" if target == "universal" else f"/{target}"
    name = f"Acme.Hello-{version}{f'@{target}' if at else ''}"
    folder, files = f"{THEIRS}/api/Acme/Hello", f"{THEIRS}/api/Acme/Hello{at}/{version}/file"
    return {
        "namespaceUrl": f"{THEIRS}/api/Acme", "reviewsUrl": f"{folder}/reviews", "namespace": "Acme", "name": "Hello",
        "files": {
            "download": f"{files}/{name}.vsix", "sha256": f"{files}/{name}.sha256", "readme": f"{files}/README+.md",
            "icon": f"{files}/what%20a%20name.png", "signature": f"{files}/{name}.sigzip",
            "publicKey": f"{THEIRS}/api/-/public-key/3f2b",
        },
        "version": version, "targetPlatform": target, "preRelease": False, "timestamp": "2024-05-06T07:08:09.123Z",
        "allVersions": {"latest": f"{folder}/latest", "1.1.0": f"{folder}/1.1.0", "1.0.0": f"{folder}/1.0.0"},
        "allVersionsUrl": f"{folder}/versions", "versionAlias": [], "downloads": {target: f"{files}/{name}.vsix"},
        "allTargetPlatformVersions": [{"version": v, "targetPlatforms": [target]} for v in ("1.1.0", "1.0.0")],
        "dependencies": [{"namespace": "other", "extension": "one", "url": f"{THEIRS}/api/other/one"}],
        "bundledExtensions": [{"namespace": "no", "extension": "na.me", "url": f"{THEIRS}/x"}],
        "url": f"{folder}/{target}/{version}",
        "replacement": {"url": f"{THEIRS}/extension/other/two", "displayName": "T"},
        "publishedBy": {"loginName": "somebody", "homepage": "https://homepage.example/"}, "future": [1.5, {"é": None}],
        **more,
    }  # fmt: skip


def page(value: object) -> Page:
    return Page(json.dumps(value).encode(), "application/json", THEIRS)


def found(*rows: dict[str, Any]) -> Page:
    return page({"offset": 0, "totalSize": len(rows), "extensions": list(rows)})


def shown(subject: Subject, what: Page, *hidden: str) -> Any:
    return json.loads(registry.render(subject, what, View("json", BASE, subject.part, frozenset(hidden))))


def named(route: str, key: str = "", at: Place = ANY, part: str = "") -> Subject:
    return about(at, Kind.INDEX, route, key or at.folder(lower=True), part)


FOUND = found(
    told("2.0.0", "linux-x64", preRelease=True, versionAlias=["latest", "pre-release"]),
    told("1.1.0", versionAlias=["latest"]),
    told("1.1.0", "linux-x64"),
    told("1.0.0", "linux-x64"),
    told("0.9.0"),
)


# ---------------------------------------------------------------- aliases


@pytest.mark.parametrize(
    ("at", "alias", "hidden", "wanted"),
    [
        (ANY, "latest", (), ("2.0.0", "linux-x64")),
        (ANY, "latest", ("2.0.0",), ("1.1.0", "universal")),
        (ANY, "latest", ("2.0.0", "1.1.0"), ("1.0.0", "linux-x64")),
        (ANY, "pre-release", (), ("2.0.0", "linux-x64")),
        (LINUX, "latest", (), ("2.0.0", "linux-x64")),
        (LINUX, "latest", ("2.0.0",), ("1.1.0", "linux-x64")),
        (Place("acme", "hello", "", "universal"), "latest", ("1.1.0",), ("0.9.0", "universal")),
    ],
)
def test_an_alias_means_the_newest_that_may_be_shown(
    at: Place, alias: str, hidden: tuple[str, ...], wanted: tuple[str, str]
) -> None:
    row = shown(extension(at, alias), FOUND, *hidden)
    assert (row["version"], row["targetPlatform"]) == wanted
    assert alias in row["versionAlias"]


def test_releases_come_before_pre_releases_where_upstream_does_not_say() -> None:
    rows = found(told("2.0.0", preRelease=True), told("1.10.0"), told("1.9.0"), told("1.10.0-rc.1"))
    assert shown(extension(ANY, "latest"), rows)["version"] == "1.10.0"
    assert shown(extension(ANY, "latest"), rows, "1.10.0", "1.9.0")["version"] == "1.10.0-rc.1"
    assert shown(extension(ANY, "latest"), found(told("2.0.0", preRelease=True)))["version"] == "2.0.0"


def test_downloads_of_an_alias_are_those_of_its_version() -> None:
    row = shown(extension(ANY, "latest"), FOUND, "2.0.0")
    assert row["downloads"] == {
        "universal": f"{BASE}/api/Acme/Hello/1.1.0/file/Acme.Hello-1.1.0.vsix",
        "linux-x64": f"{BASE}/api/Acme/Hello/linux-x64/1.1.0/file/Acme.Hello-1.1.0@linux-x64.vsix",
    }


def test_no_alias_where_nothing_may_be_shown() -> None:
    with pytest.raises(NotFound):
        shown(extension(ANY, "latest"), FOUND, "2.0.0", "1.1.0", "1.0.0", "0.9.0")
    with pytest.raises(NotFound):
        shown(extension(ANY, "pre-release"), FOUND, "2.0.0")


@pytest.mark.parametrize("what", [found(), found(told("1.0.0", namespace="other")), found(told("x"))])
def test_an_answer_without_the_extension_is_an_absence(what: Page) -> None:
    with pytest.raises(NotFound):
        list(registry.pins(extension(ANY, "latest"), what))


# ---------------------------------------------------------------- addresses


def test_every_address_leads_here() -> None:
    at = Place("acme", "hello", "1.1.0", "linux-x64")
    row = shown(named("version", at=at), page(told("1.1.0", "linux-x64")))
    assert THEIRS not in json.dumps(row)
    folder = f"{BASE}/api/Acme/Hello"
    files = f"{folder}/linux-x64/1.1.0/file"
    assert row["files"] == {
        "download": f"{files}/Acme.Hello-1.1.0@linux-x64.vsix", "sha256": f"{files}/Acme.Hello-1.1.0@linux-x64.sha256",
        "signature": f"{files}/Acme.Hello-1.1.0@linux-x64.sigzip", "readme": f"{files}/README+.md",
        "publicKey": f"{BASE}/api/-/public-key/3f2b",
    }  # fmt: skip
    assert (row["namespaceUrl"], row["reviewsUrl"]) == (f"{BASE}/api/Acme", f"{folder}/reviews")
    assert row["url"] == f"{folder}/linux-x64/1.1.0"
    assert row["allVersions"]["1.0.0"] == f"{folder}/linux-x64/1.0.0"
    assert row["allVersionsUrl"] == f"{folder}/linux-x64/versions"
    assert row["dependencies"][0]["url"] == f"{BASE}/api/other/one"
    assert row["bundledExtensions"] == [{"namespace": "no", "extension": "na.me"}]
    assert row["replacement"] == {"url": f"{BASE}/api/other/two", "displayName": "T"}
    assert row["publishedBy"]["homepage"] == "https://homepage.example/"
    assert row["future"] == [1.5, {"é": None}]


def test_rendering_what_was_rendered_changes_nothing() -> None:
    subject = named("version", at=Place("acme", "hello", "1.1.0"))
    once = registry.render(subject, page(told("1.1.0")), View("json", BASE))
    assert registry.render(subject, Page(once, "", ""), View("json", BASE)) == once


def test_versions_without_a_platform_asked_for_have_addresses_without_one() -> None:
    row = shown(named("version", at=Place("acme", "hello", "1.1.0")), page(told("1.1.0", "linux-x64")))
    assert row["allVersions"]["1.0.0"] == f"{BASE}/api/Acme/Hello/1.0.0"


# ---------------------------------------------------------------- what is hidden


def test_hidden_versions_are_not_listed_anywhere() -> None:
    row = shown(named("version", at=Place("acme", "hello", "1.1.0")), page(told("1.1.0")), "1.0.0")
    assert list(row["allVersions"]) == ["latest", "1.1.0"]
    assert row["allTargetPlatformVersions"] == [{"version": "1.1.0", "targetPlatforms": ["universal"]}]
    with pytest.raises(NotFound):
        shown(named("version", at=Place("acme", "hello", "1.1.0")), page(told("1.1.0")), "1.1.0")


def test_pages_of_versions() -> None:
    what = page({"offset": 0, "totalSize": 40, "versions": {"1.1.0": "x", "1.0.0": "y", "../z": "z"}})
    assert shown(named("versions", at=LINUX), what, "1.1.0") == {
        "offset": 0, "totalSize": 38, "versions": {"1.0.0": f"{BASE}/api/acme/hello/linux-x64/1.0.0"},
    }  # fmt: skip


def test_pages_of_references() -> None:
    rows = [
        {"version": v, "targetPlatform": "linux-x64", "url": "x", "files": {"download": f"{THEIRS}/x"}, "engines": {}}
        for v in ("1.1.0", "1.0.0")
    ]
    answer = shown(named("references"), page({"offset": 0, "totalSize": 2, "versions": rows}), "1.1.0")
    folder = f"{BASE}/api/acme/hello/linux-x64/1.0.0"
    assert answer["totalSize"] == 1
    assert answer["versions"] == [
        {
            "version": "1.0.0", "targetPlatform": "linux-x64", "url": folder, "engines": {},
            "files": {"download": f"{folder}/file/acme.hello-1.0.0@linux-x64.vsix"},
        }
    ]  # fmt: skip


def test_searches_leave_out_what_is_hidden() -> None:
    entry = {key: value for key, value in told("1.1.0", "web").items() if key not in ("targetPlatform", "allVersions")}
    entry["allVersions"] = [{"version": "1.1.0", "url": "x", "targetPlatform": "web", "files": {}}]
    what = page({"offset": 0, "totalSize": 9, "extensions": [entry, {"name": "odd"}]})
    listing = Subject("openvsx", Kind.LISTING, "find", "api/-/search")
    answer = shown(listing, what)
    assert answer["totalSize"] == 8
    (row,) = answer["extensions"]
    assert row["url"] == f"{BASE}/api/Acme/Hello"
    assert row["files"]["download"] == f"{BASE}/api/Acme/Hello/web/1.1.0/file/Acme.Hello-1.1.0@web.vsix"
    assert row["allVersions"][0]["url"] == f"{BASE}/api/Acme/Hello/web/1.1.0"
    assert shown(listing, what, "acme.hello@1.1.0")["extensions"] == []


def test_questions_about_one_extension() -> None:
    answer = shown(named("queries", "api/-/query?extensionId=acme.hello"), FOUND, "2.0.0", "1.1.0")
    assert [row["version"] for row in answer["extensions"]] == ["1.0.0", "0.9.0"]
    assert answer["totalSize"] == 2


def test_namespaces_and_reviews() -> None:
    namespace = Subject("openvsx", Kind.LISTING, "namespace", "api/acme", "Acme")
    what = page({"name": "acme", "extensions": {"Hello": f"{THEIRS}/x", "im.possible": "x"}, "verified": True})
    assert shown(namespace, what) == {
        "name": "acme", "extensions": {"Hello": f"{BASE}/api/Acme/Hello"}, "verified": True,
    }  # fmt: skip
    reviews = named("reviews", "api/acme/hello/reviews")
    assert shown(reviews, page({"postUrl": f"{THEIRS}/x", "deleteUrl": "y", "reviews": []})) == {"reviews": []}


# ---------------------------------------------------------------- pins


def test_pins_say_when_packages_were_published() -> None:
    found_pins = list(registry.pins(extension(ANY, "latest"), FOUND))
    assert [pin.version for pin in found_pins] == ["2.0.0", "1.1.0", "1.1.0", "1.0.0", "0.9.0"]
    assert {pin.path for pin in found_pins} >= {vsix(Place("acme", "hello", "1.1.0")).key}
    assert all(pin.dates and pin.published == pytest.approx(1714979289.123) for pin in found_pins)
    (one,) = registry.pins(named("version", at=Place("acme", "hello", "1.1.0")), page(told("1.1.0")))
    assert one.path == vsix(Place("acme", "hello", "1.1.0")).key


ROUTES = ("extension", "version", "versions", "references", "namespace", "reviews", "find", "queries")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b"null", b"{" * 100_000, b"\xff", b'{"name":'])
def test_what_is_no_document(route: str, body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(registry.pins(named(route), Page(body, "application/json", "")))
    with pytest.raises(UpstreamLied):
        registry.render(named(route), Page(body, "application/json", ""), View("json", BASE, "latest"))


@pytest.mark.parametrize(
    ("route", "value"),
    [
        ("extension", {"extensions": 7}), ("extension", {"extensions": [7]}), ("versions", {"versions": []}),
        ("references", {"versions": {}}), ("namespace", {"extensions": [], "name": "acme.hello"}),
        ("namespace", {"extensions": {}, "name": "other"}), ("reviews", {"reviews": {}}), ("find", {"extensions": {}}),
        ("version", {}), ("version", told("9.9.9")), ("version", told("1.0.0", namespace="other")),
        ("version", told("1.0.0", name="a/b")),
    ],
)  # fmt: skip
def test_documents_of_another_shape_are_refused(route: str, value: object) -> None:
    at = Place("acme", "hello", "1.0.0") if route == "version" else ANY
    with pytest.raises(UpstreamLied):
        list(registry.pins(named(route, at=at), page(value)))


_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["http://[x", "1.0.0", "acme", "linux-x64"]),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.sampled_from(list(told("1.0.0"))), x, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(list(told("1.0.0"))), _json), st.sampled_from(ROUTES))
def test_hostile_documents_are_shown_or_refused(changed: dict[str, Any], route: str) -> None:
    row = {**told("1.0.0"), **changed}
    for value in (row, {"extensions": [row]}, {"versions": changed, "extensions": changed, "name": "acme.hello"}):
        for subject in (named(route, part="latest"), named(route, at=Place("acme", "hello", "1.0.0"), part="latest")):
            try:
                list(registry.pins(subject, page(value)))
                shown(subject, page(value), "1.1.0")
            except (UpstreamLied, NotFound):
                continue
