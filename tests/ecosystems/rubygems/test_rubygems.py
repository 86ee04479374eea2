"""RubyGems' routes, purls, upstream addresses, homes, documents, agents and client settings."""

from __future__ import annotations

import gzip
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Page, Site, View, decode_path, match_route
from subak.ecosystems.rubygems import RUBYGEMS
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

SITE = Site("https://registry.example/mirror/")
INFO = "---\n1.0 |checksum:" + "1" * 64 + "\n2.0 |checksum:" + "2" * 64 + "\n"


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(RUBYGEMS.routes, decode_path(RUBYGEMS.spell(raw)))
    assert found, raw
    subject = RUBYGEMS.subject(*found)
    assert isinstance(subject, Subject)
    return subject


def page(body: str | bytes) -> Page:
    return Page(body.encode() if isinstance(body, str) else body, "text/plain", "https://registry.example/x")


def rendered(raw: str, body: str | bytes, *hidden: str) -> bytes:
    view = View("text", "https://gateway.example/rubygems", hidden=frozenset(hidden))
    return b"".join(RUBYGEMS.render(asked(raw), page(body), view))


# ---------------------------------------------------------------- paths


@given(
    st.text(max_size=60)
    | st.from_regex(r"(info|gems|quick/Marshal\.4\.8|api/v1)/[a-z0-9.+~-]{0,40}(\.gem(spec\.rz)?)?")
)
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        found = match_route(RUBYGEMS.routes, decode_path(RUBYGEMS.spell("/" + text)))
        subject = RUBYGEMS.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        assert ".." not in subject.key.split("/")
        assert asked("/" + subject.key) == subject
        assert RUBYGEMS.source(subject, SITE).startswith(SITE.base)
        assert all(home.kind is Kind.INDEX for home in RUBYGEMS.homes(subject, SITE))
        assert not subject.purl or PackageURL.from_string(subject.purl).type == "gem"


def test_what_clients_hash_and_append_to_is_sent_as_it_is() -> None:
    for name in ("versions", "info", "names"):
        route = RUBYGEMS.route(name)
        assert (route.plain, route.ranges, route.etag, route.digest_fields) == (True, True, "md5", True)
        assert route.forms[0].content_type == "text/plain; charset=utf-8"
    assert RUBYGEMS.route("versions").grows
    assert not RUBYGEMS.route("info").grows
    assert RUBYGEMS.route("specs").plain
    assert RUBYGEMS.route("info").fresh_for < RUBYGEMS.route("versions").fresh_for


def test_only_specifications_are_fetched_unannounced() -> None:
    assert [route.name for route in RUBYGEMS.routes if route.open] == ["gemspec"]


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in RUBYGEMS.routes:
        first = RUBYGEMS.route(route.name)
        assert (route.kind, route.fresh_for, route.forms, route.plain) == (
            first.kind, first.fresh_for, first.forms, first.plain,
        )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        "versions",
        "names",
        "info/net-http-digest_auth",
        "gems/nokogiri-1.16.0-x86_64-linux-gnu.gem",
        "quick/Marshal.4.8/rack-3.1.8.gemspec.rz",
        "latest_specs.4.8.gz",
        "api/v1/gems/rack.json",
    ],
)
def test_source(path: str) -> None:
    assert RUBYGEMS.source(asked("/" + path), SITE) == SITE.base + path


@pytest.mark.parametrize(
    ("raw", "homes"),
    [
        ("/gems/rack-3.1.8.gem", ["info/rack"]),
        ("/gems/money-2-1.0.gem", ["info/money-2", "info/money"]),
        ("/gems/a-1.0-x86-mswin32-60.gem", ["info/a", "info/a-1.0-x86-mswin32"]),
        ("/gems/a-1.0-java.gem", ["info/a"]),
        ("/quick/Marshal.4.8/rack-3.1.8.gemspec.rz", []),
        ("/info/rack", []),
    ],
)
def test_homes(raw: str, homes: list[str]) -> None:
    assert [home.key for home in RUBYGEMS.homes(asked(raw), SITE)] == homes
    for home in RUBYGEMS.homes(asked(raw), SITE):
        assert asked("/" + home.key) == home


@given(st.from_regex(r"[A-Za-z0-9._-]{1,30}", fullmatch=True).filter(lambda name: name not in (".", "..")))
def test_purls_lead_back(name: str) -> None:
    subject = asked(f"/info/{name}")
    assert RUBYGEMS.path_of(PackageURL.from_string(subject.purl)) == subject.key
    assert asked("/" + RUBYGEMS.path_of(PackageURL("gem", None, name))) == subject


@pytest.mark.parametrize("purl", ["pkg:npm/rack", "pkg:gem/some/rack", "pkg:gem/a%2Bb"])
def test_purls_of_no_gem(purl: str) -> None:
    with pytest.raises(NotFound):
        RUBYGEMS.path_of(PackageURL.from_string(purl))


def test_the_root_says_yes() -> None:
    assert b"https://gateway.example/rubygems/" in RUBYGEMS.make(asked("/"), "https://gateway.example/rubygems")


def test_publishing_is_told_where_to_go() -> None:
    with pytest.raises(NotFound) as caught:
        asked("/api/v1/api_key")
    assert "--host" in caught.value.fix


# ---------------------------------------------------------------- documents


def test_each_announced_file_is_a_path_of_the_same_gem() -> None:
    pins = list(RUBYGEMS.pins(asked("/info/rack"), page(INFO)))
    assert len(pins) == 4
    for pin in pins:
        file = asked("/" + pin.path)
        assert (file.kind, file.key, file.name, file.version) == (Kind.ARTIFACT, pin.path, "rack", pin.version)


@pytest.mark.parametrize("raw", ["/info/rack", "/versions", "/names", "/specs.4.8.gz"])
def test_an_error_page_is_no_document(raw: str) -> None:
    with pytest.raises(UpstreamLied):
        list(RUBYGEMS.pins(asked(raw), page("<html><body>sorry</body></html>")))


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        ("/info/rack", INFO.encode().replace(b"\n", b"\r\n")),
        ("/versions", b"created_at: x\n---\nrack 1.0,2.0 0123456789abcdef0123456789abcdef\n" * 1),
        ("/names", b"---\nrack\n" * 100_000),
        ("/specs.4.8.gz", gzip.compress(b"\x04\x08[\x00")),
    ],
)
def test_with_nothing_hidden_the_bytes_are_upstreams(raw: str, body: bytes) -> None:
    assert rendered(raw, body) == body
    assert list(RUBYGEMS.pins(asked("/versions"), page(b"---\n"))) == []


def test_hidden_versions() -> None:
    assert b"\n1.0 " not in rendered("/info/rack", INFO, "1.0")
    assert b"\n2.0 " in rendered("/info/rack", INFO, "1.0")
    listing = "---\nrack 1.0,2.0 " + "a" * 32 + "\n"
    assert rendered("/versions", listing, "rack@1.0") == listing.replace("1.0,", "").encode()


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("agent", "family", "version", "ci"),
    [
        (
            "bundler/2.3.15 rubygems/3.3.15 ruby/3.1.2 (x86_64-pc-linux-gnu) command/install "
            "options/mirror.all,no_install,path 6f926dd547f96c3c",
            "bundler", "2.3.15", False,
        ),
        (
            "bundler/4.0.0.dev rubygems/4.0.0.dev ruby/3.1.2 (x86_64-pc-linux-gnu) command/install options/path "
            "ci/ci,github 0123456789abcdef",
            "bundler", "4.0.0.dev", True,
        ),
        ("Ruby, RubyGems/3.3.15 x86_64-linux Ruby/3.1.2 (2022-04-12 patchlevel 20)", "rubygems", "3.3.15", False),
        ("Ruby", "ruby", "", False),
        ("curl/8.0", "", "", False),
    ],
)  # fmt: skip
def test_agents(agent: str, family: str, version: str, ci: bool) -> None:
    found = ((p, re.match(p.pattern, agent)) for p in RUBYGEMS.agents)
    pattern, match = next(((p, m) for p, m in found if m), (None, None))
    assert (pattern.family if pattern else "") == family
    if pattern and match:
        assert match.groupdict().get("version", "") == version
        assert bool(pattern.ci and re.search(pattern.ci, agent)) is ci


def test_clients_are_pointed_at_a_source_that_ends_in_a_slash() -> None:
    clients = {client.name: client for client in RUBYGEMS.clients}
    assert dict(clients["bundler"].environ) == {"BUNDLE_MIRROR__ALL": "{base}/rubygems/"}
    assert dict(clients["gem"].environ) == {"GEMRC": "{folder}/gemrc"}
    assert dict(clients["gem"].files) == {"gemrc": "---\n:sources:\n- {base}/rubygems/\n"}
    assert all("{base}/rubygems/" in client.line for client in RUBYGEMS.clients)
    assert not any("FALLBACK" in name for client in RUBYGEMS.clients for name, _ in client.environ)
