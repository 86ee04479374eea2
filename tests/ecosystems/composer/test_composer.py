"""Composer's routes, purls, homes, agents and client settings."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Page, Site, View, decode_path, match_route
from subak.ecosystems.composer import COMPOSER, clean
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

A = "a" * 40
SITE = Site("https://registry.example/", b'{"metadata-url":"/p2/%package%.json"}', has_signpost=True)


def asked(raw: str, **query: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(COMPOSER.routes, decode_path(raw))
    assert found, raw
    route, groups = found
    subject = COMPOSER.subject(route, groups | dict.fromkeys(route.query, "") | query)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- paths

_PATHS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}/{}/{}{}".format,
        st.sampled_from(["p2", "dists", "providers", "p2/acme", "dists/acme/lib"]),
        st.text(max_size=12),
        st.from_regex(r"[~a-zA-Z0-9.%/]{1,16}", fullmatch=True),
        st.sampled_from([".json", "~dev.json", ".zip", ""]),
    ),
)


@given(_PATHS)
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        found = match_route(COMPOSER.routes, decode_path("/" + text))
        subject = COMPOSER.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        assert not subject.key.startswith("/")
        assert ".." not in subject.key.split("/")
        assert asked("/" + subject.key) == subject


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_question_is_a_document_of_its_own(query: str, kind: str) -> None:
    first, second = asked("/search.json", q=query, type=kind), asked("/search.json", q=query + "x", type=kind)
    assert first.key.startswith("search.json")
    assert first.key != second.key
    assert COMPOSER.source(first, Site(SITE.base, b'{"metadata-url":"/x","search":"/s?q=%query%"}', has_signpost=True))


def test_both_ways_to_the_root_are_one_document() -> None:
    assert asked("/").key == asked("/packages.json").key == "packages.json"


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in COMPOSER.routes:
        first = COMPOSER.route(route.name)
        assert (route.kind, route.fresh_for, route.accept, route.forms, route.methods, route.query) == (
            first.kind, first.fresh_for, first.accept, first.forms, first.methods, first.query,
        )  # fmt: skip


def test_dists_may_be_kept_at_any_storage_service_and_keep_their_type() -> None:
    assert COMPOSER.route("dist").roams
    assert COMPOSER.route("dist").content_type == ""


# ---------------------------------------------------------------- purls

_NAME = st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,12}", fullmatch=True)


@given(_NAME, _NAME, st.sampled_from(["", "~dev"]))
def test_purls_lead_back(vendor: str, name: str, dev: str) -> None:
    document = asked(f"/p2/{vendor}/{name}{dev}.json")
    purl = PackageURL.from_string(document.purl)
    path = COMPOSER.path_of(purl._replace(version="dev-main" if dev else None))
    assert asked("/" + path) == document


def test_a_version_leads_to_the_document_that_lists_it() -> None:
    assert COMPOSER.path_of(PackageURL.from_string("pkg:composer/Acme/Lib@1.0.0")) == "p2/acme/lib.json"
    assert COMPOSER.path_of(PackageURL.from_string("pkg:composer/acme/lib@dev-main")) == "p2/acme/lib~dev.json"


@pytest.mark.parametrize("purl", ["pkg:npm/acme/lib", "pkg:composer/lib", "pkg:composer/a/b/c", "pkg:composer/.a/b"])
def test_other_purls_lead_nowhere(purl: str) -> None:
    with pytest.raises(NotFound):
        COMPOSER.path_of(PackageURL.from_string(purl))


def test_the_purl_of_a_dist_is_that_of_its_version() -> None:
    dist = asked(f"/dists/acme/lib/v1.0.0/{A}.zip")
    assert PackageURL.from_string(dist.purl).version == dist.version == "1.0.0"
    assert COMPOSER.fold_version("v1.0") == COMPOSER.fold_version(dist.version)


# ---------------------------------------------------------------- where it is, what it must be


def test_a_dist_is_announced_by_its_tags_or_its_branches() -> None:
    tags, branches = asked("/p2/acme/lib.json"), asked("/p2/acme/lib~dev.json")
    assert COMPOSER.homes(asked(f"/dists/acme/lib/1.0.0/{A}.zip"), SITE) == (tags, branches)
    assert COMPOSER.homes(asked(f"/dists/acme/lib/dev-x/{A}.zip"), SITE) == (branches, tags)
    assert COMPOSER.homes(tags, SITE) == ()


def test_only_documents_tell_where_a_dist_is() -> None:
    with pytest.raises(NotFound):
        COMPOSER.source(asked(f"/dists/acme/lib/1.0.0/{A}.zip"), SITE)


def test_everything_else_is_found_by_the_root() -> None:
    root = COMPOSER.signpost(SITE)
    assert root == asked("/packages.json")
    assert COMPOSER.source(asked("/p2/acme/lib.json"), SITE) == "https://registry.example/p2/acme/lib.json"


@pytest.mark.parametrize("path", ["/search.json", "/list.json", "/providers/a/b.json", "/filter/summary.json", "/"])
def test_a_document_must_be_json(path: str) -> None:
    with pytest.raises(UpstreamLied):
        list(COMPOSER.pins(asked(path), Page(b"<html>", "text/html", "")))


def test_answers_of_services_stay_as_they_came() -> None:
    page = Page(b'{"packageNames": ["a/b"] }', "application/json", "")
    assert list(COMPOSER.pins(asked("/list.json"), page)) == []
    assert b"".join(COMPOSER.render(asked("/list.json"), page, View("json", ""))) == page.body


def test_reports_of_installs_end_here() -> None:
    notify = asked("/notify")
    assert notify.kind is Kind.MADE
    assert COMPOSER.make(notify, "") == b"{}"
    assert COMPOSER.route("notify").methods == ("POST",)


def test_no_absence_promises_safety() -> None:
    assert COMPOSER.absent == {}


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "version", "ci"),
    [
        ("Composer/2.5.5 (Linux; 6.18.44; PHP 8.2.35; cURL 7.88.1)", "2.5.5", False),
        ("Composer/2.5.5 (Linux; 6.18.44; PHP 8.2.35; cURL 7.88.1; CI)", "2.5.5", True),
        ("Composer/2.2.24 (; PHP 7.4.33; streams; Platform-PHP 8.1.0; CI)", "2.2.24", True),
        ("Composer/2.10.3 (Linux; 6.1; PHP 8.4.1; cURL 8.11; CI; cmd:update)", "2.10.3", True),
        ("Composer/source (Linux; 6.1; PHP 8.4.1; CIRCUIT 1)", "source", False),
    ],
)
def test_agents(agent: str, version: str, ci: bool) -> None:
    (pattern,) = COMPOSER.agents
    found = re.match(pattern.pattern, agent)
    assert found
    assert (pattern.family, found["version"], bool(re.search(pattern.ci, agent))) == ("composer", version, ci)


def test_the_settings_replace_the_built_in_repository() -> None:
    (client,) = COMPOSER.clients
    ((path, text),) = client.files
    assert dict(client.environ)["COMPOSER_HOME"] == "{folder}/" + path.removesuffix("/config.json")
    assert json.loads(text.replace("{base}", "http://127.0.0.1:8765")) == {
        "config": {"secure-http": False},
        "repositories": {"packagist": {"type": "composer", "url": "http://127.0.0.1:8765/composer"}},
    }
    assert client.line.startswith("composer config -g repo.packagist composer {base}/composer")


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://registry.example/php", "https://registry.example/php"),
        ("https://registry.example/php/", "https://registry.example/php/"),
        ("https://registry.example/php/packages.json", "https://registry.example/php"),
        (" https://registry.example/packages.json ", "https://registry.example"),
    ],
)
def test_a_repository_may_be_configured_by_its_root(text: str, url: str) -> None:
    assert clean(text) == url
