"""npm's routes, names, upstream addresses, negotiation, agents and client settings."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Site, decode_path, match_route, negotiate
from subak.ecosystems.npm import NPM
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Kind, Subject

PNPM_ACCEPT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(NPM.routes, decode_path(NPM.spell(raw)))
    assert found, raw
    subject = NPM.subject(*found)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- spelling


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("/@s%2fn", "/@s/n"),
        ("/@s%2Fn", "/@s/n"),
        ("/%40s%2Fn", "/@s/n"),
        ("/@s%2fn/-/n-1.0.0.tgz", "/@s/n/-/n-1.0.0.tgz"),
        ("/@s%2fn/1.0.0", "/@s/n/1.0.0"),
        ("/-/package/@s%2fn/dist-tags", "/-/package/@s/n/dist-tags"),
        ("/-/npm/v1/attestations/@s%2fn@1.0.0", "/-/npm/v1/attestations/@s/n@1.0.0"),
        ("/@s/n", "/@s/n"),
        ("/n", "/n"),
        ("/a%2fb", "/a%2fb"),
        ("/@s%2fn%2fx", "/@s/n%2fx"),
        ("/n/-/@s%2fx", "/n/-/@s%2fx"),
        ("/@s%2f%2fn", "/@s/%2fn"),
    ],
)
def test_spell(raw: str, folded: str) -> None:
    assert NPM.spell(raw) == folded
    assert NPM.spell(folded) == folded


@given(st.text(max_size=60))
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        path = decode_path(NPM.spell("/" + text))
        found = match_route(NPM.routes, path)
        subject = NPM.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        assert ".." not in subject.key.split("/")
        assert not subject.key.startswith("/")
        assert asked("/" + subject.key.replace("%", "%25")).kind is not Kind.UNKNOWN


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True).filter(
    lambda name: name not in ("node_modules", "favicon.ico")
)


@given(NAMES, NAMES)
def test_three_spellings_of_a_scope_are_one_package(scope: str, name: str) -> None:
    subjects = {asked(f"/{at}{scope}{slash}{name}") for at in ("@", "%40") for slash in ("/", "%2f", "%2F")}
    assert {s.key for s in subjects} == {f"@{scope}/{name}"}
    assert len(subjects) == 1


@pytest.mark.parametrize("name", ["a" * 215, "_a", ".a", "a b", "a:b", "é", "-", "@", "node_modules", "favicon.ico"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(NotFound):
        NPM.subject(NPM.route("packument"), {"name": name})


# ---------------------------------------------------------------- documents and files


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "full"),
        ("*/*", "full"),
        ("application/json", "full"),
        ("application/json; q=1.0, */*", "full"),
        (PNPM_ACCEPT, "abbreviated"),
        ("application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8", "abbreviated"),
        ("application/vnd.npm.install-v1+json", "abbreviated"),
        ("text/html", "full"),
    ],
)
def test_form_of_a_packument(accept: str, form: str) -> None:
    assert negotiate(NPM.route("packument").forms, accept).name == form


def test_content_types_are_exact() -> None:
    full, abbreviated = NPM.route("packument").forms
    assert full.content_type == "application/json"
    assert abbreviated.content_type == "application/vnd.npm.install-v1+json"
    assert NPM.route("tarball").content_type == "application/octet-stream"


def test_tarballs_are_never_negotiated() -> None:
    assert NPM.route("tarball").forms == ()


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in NPM.routes:
        first = NPM.route(route.name)
        assert (route.kind, route.fresh_for, route.accept, route.forms, route.methods) == (
            first.kind, first.fresh_for, first.accept, first.forms, first.methods,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "upstream"),
    [
        ("/react", "react"),
        ("/react/latest", "react"),
        ("/@types/node", "@types%2fnode"),
        ("/@types/node/20.0.0", "@types%2fnode"),
        ("/-/package/@types/node/dist-tags", "@types%2fnode"),
        ("/-/npm/v1/keys", "-/npm/v1/keys"),
        ("/-/npm/v1/attestations/@s/n@1.0.0", "-/npm/v1/attestations/@s%2fn@1.0.0"),
        ("/-/npm/v1/attestations/n@1.0.0", "-/npm/v1/attestations/n@1.0.0"),
        ("/-/v1/search", "-/v1/search"),
        ("/-/package/@s%2fn/dependents", "-/package/@s%2fn/dependents"),
        ("/-/some%C3%A9/new", "-/some%C3%A9/new"),
    ],
)
def test_source(raw: str, upstream: str) -> None:
    assert NPM.source(asked(raw), Site("https://registry.example/npm/")) == f"https://registry.example/npm/{upstream}"


def test_manifest_and_tags_are_parts_of_the_packument() -> None:
    document = asked("/@types%2fnode")
    assert asked("/@types%2fnode/latest").key == document.key
    assert asked("/@types%2fnode/latest").part == "latest"
    assert asked("/-/package/@types%2fnode/dist-tags").key == document.key


def test_home_of_a_tarball_is_its_packument() -> None:
    assert NPM.homes(asked("/@types%2fnode/-/node-1.0.0.tgz"), Site("")) == (asked("/@types/node"),)
    assert NPM.homes(asked("/react"), Site("")) == ()


# ---------------------------------------------------------------- relays


@pytest.mark.parametrize("path", ["user/x", "USER/x", "npm/v1/tokens", "npm/v1/oidc/x", "stage", "v1/login", "whoami"])
def test_credentials_stay_home(path: str) -> None:
    with pytest.raises(NotFound, match="only reads"):
        asked(f"/-/{path}")


def test_words_that_only_begin_alike_are_relayed() -> None:
    assert asked("/-/staged").kind is Kind.RELAY
    assert asked("/-/users").kind is Kind.RELAY


def test_polite_absences_are_json_and_promise_no_safety() -> None:
    assert set(NPM.absent) == {"search", "ping"}
    assert json.loads(NPM.absent["search"])["objects"] == []
    assert json.loads(NPM.absent["ping"]) == {}
    assert {NPM.route(name).kind for name in NPM.absent} == {Kind.RELAY}


def test_clients_show_the_error_member() -> None:
    assert NPM.error_body("why not") == {"error": "why not"}


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "family", "version", "ci"),
    [
        ("npm/11.19.1 node/v20.20.2 linux x64 workspaces/false", "npm", "11.19.1", False),
        (
            "npm/11.19.1 node/v20.20.2 linux x64 workspaces/false ci/github-actions/dotcom-hosted",
            "npm",
            "11.19.1",
            True,
        ),
        ("pnpm/12.21.0 npm/? node/? linux x64", "pnpm", "12.21.0", False),
        ("yarn/1.22.22 npm/? node/v20.20.2 linux x64", "yarn", "1.22.22", False),
        ("got (https://github.com/sindresorhus/got)", "yarn-berry", "", False),
        ("Bun/1.4.5", "bun", "1.4.5", False),
        ("Deno/2.9.6", "deno", "2.9.6", False),
        ("npm (verdaccio/6.8.0)", "verdaccio", "6.8.0", False),
        ("verdaccio/5.33.0", "verdaccio", "5.33.0", False),
        ("npm (hidden)", "verdaccio", "", False),
        ("npm-registry-fetch@19.0.0/node@v22.0.0+x64 (linux)", "npm-registry-fetch", "19.0.0", False),
        ("node", "node", "", False),
        ("nodemon/3", "", "", False),
        ("Mozilla/5.0 npm/1", "", "", False),
    ],
)
def test_agents(agent: str, family: str, version: str, ci: bool) -> None:
    for pattern in NPM.agents:
        found = re.match(pattern.pattern, agent)
        if found:
            declares_ci = bool(pattern.ci and re.search(pattern.ci, agent))
            assert (pattern.family, found.groupdict().get("version", ""), declares_ci) == (family, version, ci)
            return
    assert family == ""


def test_clients_are_pointed_below_the_mount() -> None:
    for client in NPM.clients:
        values = [value for _, value in client.environ]
        assert any(value.startswith("{base}/npm") for value in values), client.name
        assert "{base}/npm" in client.line


def test_berry_is_told_that_http_is_fine() -> None:
    berry = next(client for client in NPM.clients if client.name == "yarn-berry")
    assert ("YARN_UNSAFE_HTTP_WHITELIST", "{host}") in berry.environ


def test_pnpm_gets_the_variables_of_old_and_new_versions() -> None:
    pnpm = next(client for client in NPM.clients if client.name == "pnpm")
    assert {"npm_config_registry", "pnpm_config_registry"} <= {variable for variable, _ in pnpm.environ}
