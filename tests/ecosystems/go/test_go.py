"""Go's routes, addresses, announcers, purls, agents and client settings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import DAY, FOREVER, HOUR, MINUTE, Page, Site, View, decode_path, match_route
from subak.ecosystems.go import GO
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Kind, Subject

KEY = "sum.example+033de0ae+Ac4zctda0e5eza"
SITE = Site("https://proxy.example/mirror/", b"", True, {"sumdb": KEY})


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(GO.routes, decode_path(GO.spell(raw)))
    assert found, raw
    subject = GO.subject(*found)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- subjects


@given(st.one_of(
    st.text(max_size=60),
    st.text(alphabet="abA!@./v01-+%2", max_size=40).map(lambda t: f"example.com/{t}/@v/v1.0.0.zip"),
    st.text(alphabet="abA!@./v01-+%2", max_size=40).map(lambda t: f"example.com/a/@v/{t}.info"),
    st.text(alphabet="abA!@./v01-+%2", max_size=40).map(lambda t: f"sumdb/sum.example/{t}"),
    st.text(alphabet="abA!@./v01-+%2", max_size=40).map(lambda t: f"sumdb/sum.example/lookup/{t}@v1.0.0"),
    st.text(alphabet="0123456789/x.pdata", max_size=40).map(lambda t: f"sumdb/sum.example/tile/{t}"),
))  # fmt: skip
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        found = match_route(GO.routes, decode_path(GO.spell("/" + text)))
        subject = GO.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if subject is None:
        return
    assert isinstance(subject, Subject)
    assert GO.route(subject.route).kind is subject.kind
    assert ".." not in subject.key.split("/")
    assert asked("/" + subject.key).key == subject.key


def test_kinds_and_times() -> None:
    rows = {r.name: (r.kind, r.fresh_for) for r in GO.routes}
    assert rows == {
        "supported": (Kind.CONFIG, HOUR),
        "latest": (Kind.CONFIG, MINUTE),
        "lookup": (Kind.CONFIG, FOREVER),
        "tile": (Kind.CONFIG, DAY),
        "signpost": (Kind.CONFIG, HOUR),
        "list": (Kind.INDEX, 2 * MINUTE),
        "query": (Kind.CONFIG, MINUTE),
        "info": (Kind.CONFIG, FOREVER),
        "mod": (Kind.ARTIFACT, 0),
        "zip": (Kind.ARTIFACT, 0),
        "newest": (Kind.CONFIG, 2 * MINUTE),
    }
    assert all(r.open == (r.kind is Kind.ARTIFACT) for r in GO.routes)


def test_a_question_never_shares_a_key_with_a_release() -> None:
    assert asked("/example.com/a/@v/v1.0.0.info").route == "info"
    assert asked("/example.com/a/@v/v1.info").route == "query"
    assert asked("/example.com/a/@v/v1.info").key != asked("/example.com/a/@v/v1.0.0.info").key


# ---------------------------------------------------------------- upstream


@pytest.mark.parametrize(
    ("raw", "upstream"),
    [
        ("/example.com/a/@v/list", "example.com/a/@v/list"),
        ("/example.com/a/@latest", "example.com/a/@latest"),
        ("/github.com/%21azure/x/@v/v1.0.0.info", "github.com/!azure/x/@v/v1.0.0.info"),
        ("/example.com/a/@v/v2.0.0%2Bincompatible.zip", "example.com/a/@v/v2.0.0+incompatible.zip"),
        ("/example.com/a/@v/v1.0.0-!r!c1.mod", "example.com/a/@v/v1.0.0-!r!c1.mod"),
        ("/example.com/a/@v/main.info", "example.com/a/@v/main.info"),
        ("/example.com/a/@v/a[1].info", "example.com/a/@v/a%5B1%5D.info"),
        ("/sumdb/sum.example/supported", "sumdb/sum.example/latest"),
        ("/sumdb/sum.example/lookup/github.com/!azure/x@v1.0.0", "sumdb/sum.example/lookup/github.com/!azure/x@v1.0.0"),
        ("/sumdb/sum.example/tile/8/0/x001/234.p/5", "sumdb/sum.example/tile/8/0/x001/234.p/5"),
    ],
)
def test_source(raw: str, upstream: str) -> None:
    assert GO.source(asked(raw), SITE) == f"https://proxy.example/mirror/{upstream}"


@pytest.mark.parametrize(
    ("raw", "upstream"),
    [
        ("/sumdb/sum.example/supported", "https://sum.example/latest"),
        ("/sumdb/sum.example/tile/8/0/001", "https://sum.example/tile/8/0/001"),
        ("/sumdb/sum.example/lookup/example.com/a@v1.0.0", "https://sum.example/lookup/example.com/a@v1.0.0"),
        ("/example.com/a/@v/list", "https://proxy.example/mirror/example.com/a/@v/list"),
    ],
)
def test_a_proxy_that_does_not_speak_for_the_database(raw: str, upstream: str) -> None:
    site = Site(SITE.base, b"", False, SITE.further)
    assert GO.source(asked(raw), site) == upstream


@pytest.mark.parametrize(
    "raw",
    [
        "/sumdb/evil.example/latest",
        "/sumdb/sum.example/x/latest",
        "/sumdb/a/supported",
        "/sumdb/127.0.0.1:80/lookup/example.com/a@v1.0.0",
        "/sumdb/um.example/tile/8/0/000",
    ],
)
@pytest.mark.parametrize("speaks", [True, False])
def test_no_host_of_the_clients_choice_is_asked(raw: str, speaks: bool) -> None:
    for further in (SITE.further, {}):
        with pytest.raises(NotFound, match="does not know that checksum database"):
            GO.source(asked(raw), Site(SITE.base, b"", speaks, further))


def test_a_database_may_have_a_path() -> None:
    site = Site(SITE.base, b"", False, {"sumdb": "sum.example/a/b+1+2"})
    assert GO.source(asked("/sumdb/sum.example/a/b/tile/8/0/001"), site) == "https://sum.example/a/b/tile/8/0/001"
    with pytest.raises(NotFound):
        GO.source(asked("/sumdb/sum.example/a/tile/8/0/001"), site)


# ---------------------------------------------------------------- what files must be


@pytest.mark.parametrize("extension", ["zip", "mod"])
def test_the_database_announces_files(extension: str) -> None:
    file = asked(f"/github.com/!azure/x/@v/v1.0.0-!r!c1.{extension}")
    (home,) = GO.homes(file, SITE)
    assert home == asked("/sumdb/sum.example/lookup/github.com/!azure/x@v1.0.0-!r!c1")


def test_what_has_no_announcer() -> None:
    assert GO.homes(asked("/example.com/a/@v/v1.0.0.info"), SITE) == ()
    assert GO.homes(asked("/example.com/a/@v/v1.0.0.zip"), Site(SITE.base)) == ()


def test_private_names_are_not_told_to_the_database() -> None:
    site = Site(SITE.base, b"", True, {"sumdb": KEY, "nosumdb": "corp.example,*.corp.example"})
    assert GO.homes(asked("/git.corp.example/secret/@v/v1.0.0.zip"), site) == ()
    assert GO.homes(asked("/corp.example/@v/v1.0.0.mod"), site) == ()
    assert len(GO.homes(asked("/other.example/@v/v1.0.0.mod"), site)) == 1


# ---------------------------------------------------------------- documents


def test_supported_is_the_head_without_its_text() -> None:
    subject, latest = asked("/sumdb/sum.example/supported"), asked("/sumdb/sum.example/latest")
    assert (subject.key, subject.part) == (latest.key, "supported")
    page = Page(b"whatever", "text/plain", "https://proxy.example/")
    assert b"".join(GO.render(subject, page, View("text", "https://gw.example/go", "supported"))) == b""
    assert b"".join(GO.render(latest, page, View("text", "https://gw.example/go"))) == b"whatever"


# ---------------------------------------------------------------- purls


@pytest.mark.parametrize(
    "module", ["github.com/Azure/azure-sdk", "example.com", "gopkg.in/yaml.v3", "example.com/a/v2"]
)
def test_purl_round_trip(module: str) -> None:
    path = GO.path_of(PackageURL.from_string(f"pkg:golang/{module}@v1.0.0"))
    subject = asked(f"/{path}")
    assert (subject.kind, subject.name) == (Kind.INDEX, module)
    assert GO.path_of(PackageURL.from_string(subject.purl)) == path


def test_purls_of_others() -> None:
    with pytest.raises(NotFound):
        GO.path_of(PackageURL.from_string("pkg:npm/react"))


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://proxy.example,direct", "https://proxy.example"),
        ("https://proxy.example|https://other.example,off", "https://proxy.example"),
        ("direct,https://proxy.example/x", "https://proxy.example/x"),
        (" http://proxy.example , direct", "http://proxy.example"),
        ("", ""),
        (" , ", ""),
    ],
)
def test_the_proxy_in_a_goproxy_list(text: str, url: str) -> None:
    assert GO.hints.clean(text) == url


@pytest.mark.parametrize("text", ["off", "direct", "file:///srv/modules", "off,https://proxy.example", "direct|off"])
def test_a_list_without_a_proxy_is_no_leave_to_take_another(text: str) -> None:
    with pytest.raises(ValueError, match="names no proxy"):
        GO.hints.clean(text)


def test_clients_are_pointed_at_the_mount() -> None:
    (client,) = GO.clients
    assert dict(client.environ) == {"GOPROXY": "{base}/go"}
    assert client.line == "go env -w GOPROXY={base}/go"


@pytest.mark.parametrize(
    ("agent", "family"), [("GoCommand/1 (+https://go.dev/cmd/go)", "go"), ("Go-http-client/1.1", "")]
)
def test_agents(agent: str, family: str) -> None:
    found = [p.family for p in GO.agents if re.match(p.pattern, agent)]
    assert found == ([family] if family else [])
