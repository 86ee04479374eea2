"""Where NuGet's things are: purls, addresses that our paths carry, and the upstream's resources."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Site
from subak.ecosystems.nuget.places import (
    SERVICE,
    asked,
    entry_of,
    file_of,
    page_of,
    path_of,
    placed,
    registration_of,
    services,
    source,
    version_in,
    versions_of,
)
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

FEED = "https://feed.example"


def site(*resources: tuple[str, str], base: str = f"{FEED}/v3/") -> Site:
    rows = [{"@id": address, "@type": kind} for kind, address in resources]
    return Site(base, json.dumps({"version": "3.0.0", "resources": rows}).encode(), has_signpost=True)


WHOLE = site(
    ("PackageBaseAddress/3.0.0", f"{FEED}/flat/"),
    ("RegistrationsBaseUrl", f"{FEED}/reg-old"),
    ("RegistrationsBaseUrl/3.6.0", f"{FEED}/reg"),
    ("SearchQueryService", "https://search.example/query"),
    ("SearchAutocompleteService/3.5.0", "https://search.example/auto?x=1"),
    ("VulnerabilityInfo/6.7.0", f"{FEED}/v3/vulnerabilities/index.json"),
)


# ---------------------------------------------------------------- purls


def test_purls_lead_to_the_list_of_versions() -> None:
    assert path_of(PackageURL.from_string("pkg:nuget/Acme.Lib@1.0")) == versions_of("acme.lib").key
    for wrong in ("pkg:nuget/corp/acme", "pkg:npm/acme", "pkg:nuget/a%2Fb", "pkg:nuget/a..b"):
        with pytest.raises(NotFound):
            path_of(PackageURL.from_string(wrong))


# ---------------------------------------------------------------- the service index


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (f"{FEED}/v3/", f"{FEED}/v3/index.json"),
        (f"{FEED}/v3/index.json/", f"{FEED}/v3/index.json"),
        (f"{FEED}/F/nuget/custom.json/", f"{FEED}/F/nuget/custom.json"),
    ],
)
def test_the_base_may_name_the_service_index(base: str, url: str) -> None:
    assert source(SERVICE, Site(base)) == url


def test_the_first_of_each_type_counts() -> None:
    body = json.dumps({
        "version": "3.0.0-beta.1",
        "resources": [
            {"@id": "https://a.example/1", "@type": ["A/1", "A"]},
            {"@id": "https://a.example/2", "@type": "A"},
            {"@id": "/relative", "@type": "B"},
            {"@type": "C"},
        ],
    }).encode()  # fmt: skip
    assert services(b"\xef\xbb\xbf" + body) == {"A/1": "https://a.example/1", "A": "https://a.example/1"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"version":"2.0.0","resources":[]}', b"[" * 9999])
def test_what_is_no_service_index(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        services(body)


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("subject", "url"),
    [
        (versions_of("acme.lib"), f"{FEED}/flat/acme.lib/index.json"),
        (versions_of("café"), f"{FEED}/flat/caf%C3%A9/index.json"),
        (file_of("acme.lib", "1.0.0-a", "nupkg"), f"{FEED}/flat/acme.lib/1.0.0-a/acme.lib.1.0.0-a.nupkg"),
        (file_of("acme.lib", "1.0.0", "nuspec"), f"{FEED}/flat/acme.lib/1.0.0/acme.lib.nuspec"),
        (registration_of("acme.lib"), f"{FEED}/reg/acme.lib/index.json"),
        (registration_of("acme.lib", "1.0.0"), f"{FEED}/reg/acme.lib/1.0.0.json"),
        (page_of("acme.lib", placed(f"{FEED}/pages?n=7")), f"{FEED}/pages?n=7"),
        (entry_of("acme.lib", "1.0.0", placed(f"{FEED}/cat/a.json")), f"{FEED}/cat/a.json"),
        (Subject("nuget", Kind.LISTING, "search", "v3/query?q=a+b"), "https://search.example/query?q=a+b"),
        (Subject("nuget", Kind.LISTING, "search", "v3/query"), "https://search.example/query"),
        (
            Subject("nuget", Kind.LISTING, "autocomplete", "v3/autocomplete?id=a"),
            "https://search.example/auto?x=1&id=a",
        ),
        (
            Subject("nuget", Kind.CONFIG, "vulnerabilities", "v3/vulnerabilities/index.json"),
            f"{FEED}/v3/vulnerabilities/index.json",
        ),
        (
            Subject(
                "nuget", Kind.CONFIG, "advisories", f"v3/vulnerabilities/{placed(f'{FEED}/v3-vuln/base.json')}.json"
            ),
            f"{FEED}/v3-vuln/base.json",
        ),
    ],
    ids=lambda value: value.key if isinstance(value, Subject) else "",
)
def test_everything_lies_where_the_service_index_says(subject: Subject, url: str) -> None:
    assert source(subject, WHOLE) == url


def test_what_an_upstream_lacks_is_not_looked_for() -> None:
    empty = site()
    for subject in (
        versions_of("a"),
        registration_of("a"),
        Subject("nuget", Kind.LISTING, "search", "v3/query"),
        Subject("nuget", Kind.CONFIG, "vulnerabilities", "v3/vulnerabilities/index.json"),
    ):
        for lacking in (empty, Site(f"{FEED}/v3/")):
            with pytest.raises(NotFound):
                source(subject, lacking)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/x.json",
        "https://feed.example:8443/x.json",
        "https://feed.example@other.example/x.json",
        "http://feed.example/x.json",
    ],
)
def test_paths_that_clients_write_lead_to_no_other_host(url: str) -> None:
    for subject in (page_of("a", placed(url)), entry_of("a", "1.0.0", placed(url))):
        with pytest.raises(NotFound):
            source(subject, WHOLE)


@pytest.mark.parametrize(
    "place", ["", "-", "aHR0cHM6Ly9mZWVkLmV4YW1wbGUvYQ==", "aHR0cHM6Ly9mZWVkLmV4YW1wbGUvYY", "_" * 80]
)
def test_what_this_gateway_never_wrote(place: str) -> None:
    with pytest.raises(NotFound):
        source(page_of("a", place), WHOLE)


@pytest.mark.parametrize("url", ["ftp://feed.example/a", "/a", "", 7, None, "https://feed.example/" + "a" * 4000])
def test_what_is_no_address(url: object) -> None:
    assert placed(url) == ""


@given(st.text(max_size=60))
def test_an_address_comes_back_as_it_was(rest: str) -> None:
    url = f"https://feed.example/{rest}"
    assert source(page_of("a", placed(url)), WHOLE) == url.partition("#")[0]


def test_questions_keep_only_what_says_something() -> None:
    assert asked("v3/query", {"q": "ä b", "skip": "", "x": "1"}, ("q", "skip")) == "v3/query?q=%C3%A4+b"
    assert asked("v3/query", {}, ("q",)) == "v3/query"


def test_versions_in_paths() -> None:
    assert version_in("1.0.0.0") == "1.0.0"
    with pytest.raises(NotFound):
        version_in("index")
