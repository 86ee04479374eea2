"""The root: what is read of upstream's, where everything is, what clients are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, Site, View, match_route
from subak.ecosystems.composer import COMPOSER
from subak.ecosystems.composer.root import address, services, shown
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Subject

HERE = "http://127.0.0.1:8765/composer"
ABOVE = "https://registry.example/php/"

FULL: dict[str, Any] = {
    "packages": [],
    "notify-batch": "https://registry.example/downloads/",
    "providers-url": "/p/%package%$%hash%.json",
    "provider-includes": {"p/x$%hash%.json": {"sha256": "0"}},
    "metadata-url": "/p2/%package%.json",
    "metadata-changes-url": "https://registry.example/metadata/changes.json",
    "search": "https://www.registry.example/search.json?q=%query%&type=%type%",
    "list": "https://www.registry.example/packages/list.json",
    "security-advisories": {"metadata": True, "query-all": True, "api-url": "https://www.registry.example/api/adv/"},
    "filter": {
        "metadata": True,
        "lists": {"malware": {"enabled": True}},
        "summary-url": "/filter/all.json",
        "api-url": "https://www.registry.example/api/filter",
    },
    "providers-api": "https://www.registry.example/providers/%package%.json",
    "available-packages": ["acme/lib"],
    "available-package-patterns": ["acme/*"],
    "mirrors": [{"dist-url": "https://elsewhere.example/%package%", "preferred": True}],
    "warning": "old", "warning-versions": "<1.99", "infos": [{"message": "hello", "versions": "*"}],
    "something-new": "https://www.registry.example/new",
}  # fmt: skip


def site(root: object, base: str = ABOVE) -> Site:
    return Site(base, json.dumps(root).encode(), has_signpost=True)


def asked(path: str, method: str = "GET", **query: str) -> Subject:
    found = match_route(COMPOSER.routes, path)
    assert found
    route, groups = found
    assert method in route.methods
    subject = COMPOSER.subject(route, groups | dict.fromkeys(route.query, "") | query)
    assert isinstance(subject, Subject)
    return subject


def root_of(root: object) -> dict[str, Any]:
    page = Page(json.dumps(root).encode(), "application/json", f"{ABOVE}packages.json")
    found: dict[str, Any] = json.loads(b"".join(shown(page, View("json", HERE))))
    return found


# ---------------------------------------------------------------- what clients are told


def test_everything_leads_here() -> None:
    assert root_of(FULL) == {
        "packages": [],
        "metadata-url": f"{HERE}/p2/%package%.json",
        "notify-batch": f"{HERE}/notify",
        "search": f"{HERE}/search.json?q=%query%&type=%type%",
        "list": f"{HERE}/list.json",
        "providers-api": f"{HERE}/providers/%package%.json",
        "security-advisories": {"metadata": True, "query-all": True, "api-url": f"{HERE}/security-advisories"},
        "filter": {
            "metadata": True,
            "lists": {"malware": {"enabled": True}},
            "summary-url": f"{HERE}/filter/summary.json",
            "api-url": f"{HERE}/filter",
        },
        "warning": "old",
        "warning-versions": "<1.99",
        "infos": [{"message": "hello", "versions": "*"}],
    }


def test_no_service_is_promised_that_upstream_does_not_have() -> None:
    poor = {"metadata-url": "/p2/%package%.json", "search": None, "list": False, "security-advisories": []}
    assert root_of(poor).keys() == {"packages", "metadata-url", "notify-batch"}


def test_advisories_in_the_metadata_alone_are_not_announced() -> None:
    # newer clients reject a repository that says so and neither has an api-url nor a closed list of packages
    assert "security-advisories" not in root_of(FULL | {"security-advisories": {"metadata": True}})


def test_a_filter_in_the_metadata_alone_stays_one() -> None:
    assert root_of(FULL | {"filter": {"metadata": True, "lists": {}}})["filter"] == {"metadata": True, "lists": {}}


def test_packages_in_the_root_are_told_by_their_own_documents() -> None:
    found = root_of({"packages": {"Acme/Lib": {"1.0": {"name": "acme/lib", "version": "1.0"}}}})
    assert found == {"packages": [], "metadata-url": f"{HERE}/p2/%package%.json", "notify-batch": f"{HERE}/notify"}


# ---------------------------------------------------------------- where upstream keeps it


@pytest.mark.parametrize(
    ("path", "query", "url"),
    [
        ("/packages.json", {}, "https://registry.example/php/packages.json"),
        ("/", {}, "https://registry.example/php/packages.json"),
        ("/p2/acme/lib.json", {}, "https://registry.example/p2/acme/lib.json"),
        ("/p2/Acme/Lib~dev.json", {}, "https://registry.example/p2/acme/lib~dev.json"),
        ("/search.json", {"q": "a b", "type": "x"}, "https://www.registry.example/search.json?q=a+b&type=x"),
        ("/search.json", {"q": "%type%&"}, "https://www.registry.example/search.json?q=%25type%25%26&type="),
        ("/search.json", {"page": "2"}, "https://www.registry.example/search.json?q=&type=&page=2"),
        ("/list.json", {}, "https://www.registry.example/packages/list.json"),
        ("/list.json", {"filter": "a/*"}, "https://www.registry.example/packages/list.json?filter=a%2F%2A"),
        ("/providers/psr/log.json", {}, "https://www.registry.example/providers/psr/log.json"),
        ("/providers/ext-intl.json", {}, "https://www.registry.example/providers/ext-intl.json"),
        ("/filter/summary.json", {}, "https://registry.example/filter/all.json"),
    ],
)
def test_addresses(path: str, query: dict[str, str], url: str) -> None:
    assert address(asked(path, **query), site(FULL)) == url


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/security-advisories", "https://www.registry.example/api/adv/"),
        ("/filter", "https://www.registry.example/api/filter"),
    ],
)
def test_addresses_of_questions(path: str, url: str) -> None:
    assert address(asked(path, "POST"), site(FULL)) == url


def test_a_list_that_has_a_query_already_gets_a_further_one() -> None:
    root = {"metadata-url": "/x", "list": "/all?format=short"}
    assert address(asked("/list.json", vendor="a"), site(root)) == "https://registry.example/all?format=short&vendor=a"


def test_a_relative_address_is_below_the_root() -> None:
    found = address(asked("/p2/acme/lib.json"), site({"metadata-url": "meta/%package%.json"}))
    assert found == "https://registry.example/php/meta/acme/lib.json"


def test_packages_in_the_root_are_read_from_it() -> None:
    root = {"metadata-url": "/p2/%package%.json", "packages": {"Acme/Lib": [{"version": "1"}], "acme/none": []}}
    assert address(asked("/p2/acme/lib.json"), site(root)) == "https://registry.example/php/packages.json"
    assert address(asked("/p2/acme/lib~dev.json"), site(root)) == "https://registry.example/php/packages.json"
    assert address(asked("/p2/acme/none.json"), site(root)) == "https://registry.example/p2/acme/none.json"


def test_what_upstream_does_not_have_is_not_found() -> None:
    for path in ("/search.json", "/list.json", "/providers/a/b.json", "/filter/summary.json"):
        with pytest.raises(NotFound, match="does not offer"):
            address(asked(path), site({"metadata-url": "/p2/%package%.json"}))
    with pytest.raises(NotFound, match=r"no packages\.json"):
        address(asked("/p2/acme/lib.json"), Site(ABOVE))
    with pytest.raises(NotFound):
        address(asked("/p2/acme/lib.json"), site({"packages": {"acme/other": [{"version": "1"}]}}))


# ---------------------------------------------------------------- hostile roots


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"[]", b"{}", b'{"packages":[]}', b'{"providers-url":"/p/%package%$%hash%.json"}',
        b'{"metadata-url":1}', b'{"metadata-url":null}', b'{"packages":[1],"metadata-url":"/x"}',
        b'{"packages":{"a/b":1}}', b'{"metadata-url":"/x","filter":{"a":}}', b'{"metadata-url":"/\xff"}',
    ],
)  # fmt: skip
def test_what_is_no_root_is_the_upstreams_lie(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        services(body)
    with pytest.raises(UpstreamLied):
        list(shown(Page(body, "", ABOVE), View("json", HERE)))


def test_an_address_that_is_none_is_the_upstreams_lie() -> None:
    with pytest.raises(UpstreamLied):
        address(asked("/p2/acme/lib.json"), site({"metadata-url": "//[x/%package%"}))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), _JSON))
def test_any_root_is_rendered_without_foreign_addresses_or_refused(root: dict[str, Any]) -> None:
    body = json.dumps({"metadata-url": "/p2/%package%.json", **root}).encode()
    try:
        found = json.loads(b"".join(shown(Page(body, "", ABOVE), View("json", HERE))))
    except UpstreamLied:
        return
    assert found["packages"] == []
    assert found["metadata-url"].startswith(HERE)
    assert not {"mirrors", "available-packages", "available-package-patterns", "providers-url"} & found.keys()
