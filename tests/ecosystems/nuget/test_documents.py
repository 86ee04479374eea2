"""NuGet's documents: digests, dates, lists, questions, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.nuget.documents import leads, pins, render
from subak.ecosystems.nuget.places import SERVICE, entry_of, page_of, placed, registration_of, versions_of
from subak.errors import NotFound, Refused, UpstreamLied
from subak.model.digest import Digest
from subak.model.exchange import Kind, Subject

BASE = "http://gateway.example/nuget"
THEIRS = "https://feed.example"
BODY = b"a package"
SHA512 = hashlib.sha512(BODY)
PLACE = placed(f"{THEIRS}/cat/acme.lib.1.0.0.json")

VERSIONS = versions_of("acme.lib")
LEAF = registration_of("acme.lib", "1.0.0")
ENTRY = entry_of("acme.lib", "1.0.0", PLACE)
SEARCH = Subject("nuget", Kind.LISTING, "search", "v3/query?q=a")
IDS = Subject("nuget", Kind.LISTING, "autocomplete", "v3/autocomplete?q=a")
COMPLETED = Subject("nuget", Kind.LISTING, "autocomplete", "v3/autocomplete?id=acme.lib", "acme.lib")
VULNERABLE = Subject("nuget", Kind.CONFIG, "vulnerabilities", "v3/vulnerabilities/index.json")
ADVISORIES = Subject("nuget", Kind.CONFIG, "advisories", "v3/vulnerabilities/aHR0cHM6Ly9h.json")
ALL = (
    SERVICE, VERSIONS, LEAF, ENTRY, SEARCH, IDS, COMPLETED, VULNERABLE, ADVISORIES, registration_of("acme.lib"),
    page_of("acme.lib", PLACE),
)  # fmt: skip


def page(tree: object) -> Page:
    return Page(tree if isinstance(tree, bytes) else json.dumps(tree).encode(), "application/json", f"{THEIRS}/x")


def shown(subject: Subject, tree: object, *hidden: str, part: str = "") -> Any:
    return json.loads(b"".join(render(subject, page(tree), View("json", BASE, part, frozenset(hidden)))))


def entry(**more: object) -> dict[str, object]:
    return {
        "@id": f"{THEIRS}/cat/acme.lib.1.0.0.json", "@context": {}, "id": "Acme.Lib", "version": "1.0",
        "packageHash": base64.b64encode(SHA512.digest()).decode(), "packageHashAlgorithm": "SHA512",
        "packageSize": len(BODY), "published": "2024-05-06T07:08:09.1234567Z", **more,
    }  # fmt: skip


# ---------------------------------------------------------------- digests


def test_the_catalog_announces_the_package() -> None:
    (pin,) = pins(ENTRY, page(entry()))
    assert (pin.path, pin.url) == ("v3/flat/acme.lib/1.0.0/acme.lib.1.0.0.nupkg", "")
    assert pin.digest == Digest("sha512", SHA512.hexdigest())
    assert (pin.size, pin.name, pin.version) == (len(BODY), "acme.lib", "1.0.0")
    assert pin.published == pytest.approx(1714979289.1234567)


@pytest.mark.parametrize(
    ("times", "moment"),
    [
        ({"published": "1900-01-01T00:00:00+00:00", "created": "2020-01-01T00:00:00Z"}, 1577836800.0),
        ({"published": "soon", "commitTimeStamp": "2020-01-01T00:00:00"}, 1577836800.0),
        ({"published": "0001-01-01T00:00:00"}, 0.0),
        ({"published": None}, 0.0),
    ],
)
def test_when_it_was_published(times: dict[str, object], moment: float) -> None:
    (pin,) = pins(ENTRY, page(entry(**{"published": None, **times})))
    assert pin.published == moment


def test_an_entry_without_digest_announces_nothing() -> None:
    assert list(pins(ENTRY, page(entry(packageHash=None)))) == []


@pytest.mark.parametrize("size", [-1, "7", 2**70, 1.5])
def test_nonsense_for_a_size_is_no_size(size: object) -> None:
    (pin,) = pins(ENTRY, page(entry(packageSize=size)))
    assert pin.size == -1


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "Other"},
        {"version": "1.0.1"},
        {"packageHash": "§"},
        {"packageHash": "YQ=="},
        {"packageHashAlgorithm": "CRC32"},
    ],
)
def test_an_entry_that_cannot_be_read_must_not_become_none(wrong: dict[str, object]) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(ENTRY, page(entry(**wrong))))


def test_the_registration_leads_to_the_catalog() -> None:
    url = f"{THEIRS}/cat/acme.lib.1.0.0.json"
    for tree in ({"catalogEntry": url}, {"catalogEntry": {"@id": url}}):
        assert leads(LEAF, page(tree)) == ENTRY
    for tree in ({}, {"catalogEntry": {}}, {"catalogEntry": f"{url}#entry"}, {"catalogEntry": "x"}, entry()):
        assert leads(LEAF, page(tree)) is None


def test_a_registration_may_announce_by_itself() -> None:
    tree = {"packageContent": "x", "catalogEntry": entry()}
    assert [pin.digest for pin in pins(LEAF, page(tree))] == [Digest("sha512", SHA512.hexdigest())]
    for tree in ({"catalogEntry": "https://x.example/"}, {"packageContent": "x"}, {"catalogEntry": None}):
        assert list(pins(LEAF, page(tree))) == []
    for wrong in ({}, {"catalogEntry": 7}, {"catalogEntry": entry(version="2.0.0")}):
        with pytest.raises(UpstreamLied):
            list(pins(LEAF, page(wrong)))


# ---------------------------------------------------------------- lists


def test_versions_are_ascending_and_spelled_one_way() -> None:
    tree = {"versions": ["1.10.0", "1.2.0.0", "1.2", "1.9.0-RC.1", "odd", 7]}
    assert shown(VERSIONS, tree) == {"versions": ["1.2.0", "1.9.0-rc.1", "1.10.0"]}
    assert shown(VERSIONS, tree, "1.10.0") == {"versions": ["1.2.0", "1.9.0-rc.1"]}
    assert shown(VERSIONS, shown(VERSIONS, tree)) == shown(VERSIONS, tree)


def test_a_package_without_versions_is_still_known_here() -> None:
    assert shown(VERSIONS, {"versions": ["1.0"]}, "1.0.0") == shown(VERSIONS, {"versions": []}) == {"versions": []}
    with pytest.raises(UpstreamLied):
        list(pins(VERSIONS, page({"versions": ["odd"]})))


def test_our_service_index_promises_what_upstream_has() -> None:
    rows = [("PackageBaseAddress/3.0.0", "/f"), ("RegistrationsBaseUrl/3.4.0", "/r"), ("PackagePublish/2.0.0", "/p")]
    rows += [("RepositorySignatures/5.0.0", "/s"), ("SearchQueryService", "/q")]
    tree = {"version": "3.0.0", "resources": [{"@id": THEIRS + path, "@type": kind} for kind, path in rows]}
    document = shown(SERVICE, tree)
    assert document["version"] == "3.0.0"
    offered = {row["@type"]: row["@id"].removeprefix(BASE) for row in document["resources"]}
    assert offered["PackageBaseAddress/3.0.0"] == "/v3/flat/"
    assert offered["RegistrationsBaseUrl/3.6.0"] == offered["RegistrationsBaseUrl/Versioned"] == "/v3/registration/"
    assert offered["RegistrationsBaseUrl"] == offered["RegistrationsBaseUrl/3.4.0"] == "/v3/registration-semver1/"
    assert offered["SearchQueryService/3.5.0"] == "/v3/query"
    assert not [kind for kind in offered if kind.startswith(("Package", "Repo", "Vuln", "SearchAuto", "Catalog"))][1:]


def test_catalog_entries_are_shown_without_addresses() -> None:
    document = shown(ENTRY, entry(packageEntries=[{"@id": f"{THEIRS}/x", "name": "a.dll"}]))
    assert document["@id"] == f"{BASE}/{ENTRY.key}"
    assert document["packageEntries"] == [{"name": "a.dll"}]
    assert THEIRS not in json.dumps(document)
    with pytest.raises(Refused):
        shown(ENTRY, entry(), "1.0.0")


# ---------------------------------------------------------------- questions


def hit(name: str, *versions: str) -> dict[str, object]:
    rows = [{"version": v, "downloads": 1, "@id": f"{THEIRS}/reg/{v}"} for v in versions]
    return {
        "@id": f"{THEIRS}/reg", "registration": f"{THEIRS}/reg", "id": name, "version": versions[-1], "versions": rows,
        "title": "x",
    }  # fmt: skip


def test_searches() -> None:
    tree = {"totalHits": 2, "@context": {}, "data": [hit("Acme.Lib", "1.0", "1.1.0"), hit("no/id", "1.0")]}
    document = shown(SEARCH, tree)
    (row,) = document["data"]
    address = f"{BASE}/v3/registration/acme.lib"
    assert (row["@id"], row["registration"]) == (f"{address}/index.json", f"{address}/index.json")
    assert [v["@id"] for v in row["versions"]] == [f"{address}/1.0.0.json", f"{address}/1.1.0.json"]
    assert (row["version"], row["title"], document["totalHits"]) == ("1.1.0", "x", 2)
    assert THEIRS not in json.dumps(document)


def test_searches_without_hidden_versions() -> None:
    tree = {"data": [hit("Acme.Lib", "1.0", "1.1.0")]}
    (row,) = shown(SEARCH, tree, "acme.lib@1.1.0")["data"]
    assert (row["version"], [v["version"] for v in row["versions"]]) == ("1.0", ["1.0"])
    assert shown(SEARCH, tree, "acme.lib@1.1.0", "acme.lib@1.0.0")["data"] == []
    assert shown(SEARCH, tree, "acme@1.1.0")["data"][0]["version"] == "1.1.0"
    bare: dict[str, object] = {"id": "Acme.Lib", "version": "1.1.0"}
    assert shown(SEARCH, {"data": [bare]}, "acme.lib@1.1.0")["data"] == []
    assert "versions" not in shown(SEARCH, {"data": [bare]})["data"][0]


def test_completions() -> None:
    assert shown(IDS, {"data": ["Acme.Lib", 7], "@context": {}}, "acme.lib@1.0.0") == {"data": ["Acme.Lib"]}
    assert shown(COMPLETED, {"data": ["1.0.0", "1.1.0"]}, "acme.lib@1.0.0") == {"data": ["1.1.0"]}


def test_advisories() -> None:
    tree = [{"@name": "base", "@id": f"{THEIRS}/v/base.json", "@updated": "2024"}]
    assert shown(VULNERABLE, tree) == [
        {
            "@name": "base",
            "@id": f"{BASE}/v3/vulnerabilities/{placed(f'{THEIRS}/v/base.json')}.json",
            "@updated": "2024",
        }
    ]
    with pytest.raises(UpstreamLied):
        shown(VULNERABLE, [{"@name": "base", "@id": "?"}])
    known = {"acme.lib": [{"url": "https://advisories.example/1", "severity": 2, "versions": "(, 1.0.0)"}]}
    assert shown(ADVISORIES, known) == known


# ---------------------------------------------------------------- hostile documents


@pytest.mark.parametrize("subject", ALL, ids=lambda s: s.route)
@pytest.mark.parametrize("tree", [b"", b"<html>", b"7", b'"x"', b"null", b'{"a"', b"[7]", b"[" * 5000], ids=repr)
def test_what_is_no_such_document(subject: Subject, tree: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(subject, page(tree)))


HIDDEN = ("1.0.0", "acme.lib@1.0.0")
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(
        ["Acme.Lib", "1.0", "1.0.0", "https://feed.example/a.json", "SHA512", "2024-05-06T07:08:09Z"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from([
            "items", "catalogEntry", "id", "version", "versions", "data", "@id", "@type", "@name", "resources",
            "packageHash", "packageHashAlgorithm", "packageSize", "published", "dependencyGroups", "dependencies",
            "range", "packageContent",
        ]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(ALL), TREES, st.sets(st.sampled_from(["1.0.0", "acme.lib@1.0.0"])), st.sampled_from(["", "semver1"])
)
def test_any_document_is_either_understood_or_refused(subject: Subject, tree: Any, hidden: set[str], part: str) -> None:
    body = page(tree)
    try:
        list(pins(subject, body))
    except UpstreamLied:
        return
    try:
        once = b"".join(render(subject, body, View("json", BASE, part, frozenset(hidden))))
        leads(subject, body) if subject.route in ("leaf", "entry") else None
    except (UpstreamLied, NotFound, Refused):
        return
    json.loads(once)
