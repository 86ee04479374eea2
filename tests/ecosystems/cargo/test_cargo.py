"""Cargo's routes, upstream addresses, agents and client settings."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, Site, decode_path, match_route
from subak.ecosystems.cargo import CARGO
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

CKSUM = "0123456789abcdef" * 4
INDEX = "https://registry.example/index/"


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(CARGO.routes, decode_path(CARGO.spell(raw)))
    assert found, raw
    subject = CARGO.subject(*found)
    assert isinstance(subject, Subject)
    return subject


def site(**config: object) -> Site:
    return Site(INDEX, json.dumps(config).encode() if config else b"")


# ---------------------------------------------------------------- paths


@given(st.text(max_size=60), st.sampled_from(["/", "/index/", "/crates/", "/crates/a/", "/crates/a/1.0.0/", "/api/"]))
def test_a_path_either_means_one_thing_or_is_refused(text: str, folder: str) -> None:
    try:
        found = match_route(CARGO.routes, decode_path(CARGO.spell(folder + text)))
        subject = CARGO.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject) and subject.kind is not Kind.MADE:
        assert asked("/" + subject.key) == subject


@pytest.mark.parametrize("spelling", ["1.0.0+b", "1.0.0%2Bb", "1.0.0%2bb", "1.0.0%252Bb", "1.0.0%252bb"])
def test_build_metadata_in_every_spelling(spelling: str) -> None:
    assert asked(f"/crates/a/{spelling}/{CKSUM}.crate").version == "1.0.0+b"
    assert asked(f"/crates/a/{spelling}/download") == asked(f"/crates/a/a-{spelling}.crate")
    assert CARGO.spell(CARGO.spell(spelling)) == CARGO.spell(spelling)


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in CARGO.routes:
        first = CARGO.route(route.name)
        assert (route.kind, route.fresh_for, route.accept, route.forms, route.methods, route.roams) == (
            first.kind, first.fresh_for, first.accept, first.forms, first.methods, first.roams,
        )  # fmt: skip


def test_git_is_told_what_to_use() -> None:
    subject = asked("/index/info/refs")
    assert subject.kind is Kind.MADE
    with pytest.raises(NotFound) as caught:
        CARGO.make(subject, "https://gateway.example/cargo")
    assert "sparse+https://gateway.example/cargo/index/" in caught.value.fix
    assert CARGO.plain_errors, "git and cargo print the body as it is"


# ---------------------------------------------------------------- upstream


def test_the_config_is_asked_first() -> None:
    assert CARGO.signpost(site()) == asked("/index/config.json")
    assert CARGO.source(asked("/index/config.json"), site()) == f"{INDEX}config.json"


@pytest.mark.parametrize("path", ["1/a", "2/cc", "3/s/syn", "se/rd/serde", "la/b_/lab_up"])
def test_index_files_lie_where_they_lie(path: str) -> None:
    assert CARGO.source(asked(f"/index/{path}"), site()) == INDEX + path


@pytest.mark.parametrize(
    ("dl", "address"),
    [
        ("https://files.example/v1/crates", "https://files.example/v1/crates/Lab_Up/1.0.0%2Bb/download"),
        ("https://files.example/v1/crates/", "https://files.example/v1/crates/Lab_Up/1.0.0%2Bb/download"),
        (
            "https://files.example/{crate}/{crate}-{version}.crate",
            "https://files.example/Lab_Up/Lab_Up-1.0.0%2Bb.crate",
        ),
        ("https://files.example/{prefix}/{version}?x", "https://files.example/La/b_/1.0.0%2Bb?x"),
        ("https://files.example/{lowerprefix}/{crate}", "https://files.example/la/b_/Lab_Up"),
        ("https://files.example/{sha256-checksum}", f"https://files.example/{CKSUM}"),
    ],
)
def test_files_lie_where_the_config_says(dl: str, address: str) -> None:
    assert CARGO.source(asked(f"/crates/Lab_Up/1.0.0+b/{CKSUM}.crate"), site(dl=dl)) == address


def test_search_goes_to_the_api_if_there_is_one() -> None:
    search = asked("/api/v1/crates")
    there = site(dl="https://files.example", api="https://registry.example/base/")
    assert CARGO.source(search, there) == "https://registry.example/base/api/v1/crates"
    with pytest.raises(NotFound, match="search"):
        CARGO.source(search, site(dl="https://files.example"))


def test_without_a_usable_config_nothing_is_fetched() -> None:
    file = asked(f"/crates/a/1.0.0/{CKSUM}.crate")
    with pytest.raises(NotFound, match="config"):
        CARGO.source(file, site())
    with pytest.raises(UpstreamLied):
        CARGO.source(file, Site(INDEX, b"<html>"))


def test_a_crate_is_announced_by_its_index_file() -> None:
    file, later = asked(f"/crates/Lab_Up/1.0.0/{CKSUM}.crate"), asked("/crates/Lab_Up/1.0.0/download")
    assert CARGO.homes(file, site()) == CARGO.homes(later, site()) == (asked("/index/la/b_/lab_up"),)
    assert CARGO.homes(asked("/index/la/b_/lab_up"), site()) == ()
    assert CARGO.via(file) is None
    assert CARGO.via(later) == asked("/index/la/b_/lab_up")
    line = json.dumps({"name": "Lab_Up", "vers": "1.0.0", "cksum": CKSUM})
    assert CARGO.settle(later, Page(line.encode(), "text/plain", "")) == file


def test_redirects_may_lead_to_a_storage_service_for_files_only() -> None:
    assert {route.name for route in CARGO.routes if route.roams} == {"crate", "download"}
    assert {route.name for route in CARGO.routes if route.open} == set()


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "version"),
    [
        ("cargo/1.95.0 (f2d3ce0bd 2026-03-21)", "1.95.0"),
        ("cargo 1.60.0 (d1fd9fe2c 2022-03-01)", "1.60.0"),
        ("cargo/1.97.0-nightly (0b1e2c3d4 2026-11-01)", "1.97.0-nightly"),
        ("cargo-binstall/1.10.0", ""),
        ("Mozilla/5.0 cargo/1.0", ""),
    ],
)
def test_agents(agent: str, version: str) -> None:
    found = [m["version"] for p in CARGO.agents if (m := re.match(p.pattern, agent))]
    assert found == ([version] if version else [])


def test_the_client_is_pointed_here_by_a_file_that_its_shim_names() -> None:
    (client,) = CARGO.clients
    ((name, text),) = client.files
    settings = tomllib.loads(text)
    assert client.shims == (("cargo", ("--config", f"{{folder}}/{name}")),)
    replacement = settings["source"]["crates-io"]["replace-with"]
    assert settings["registries"][replacement]["index"] == "sparse+{base}/cargo/index/"
    written = re.search(r"printf '([^']*)'", client.line)
    assert written
    assert tomllib.loads(written[1].replace(r"\n", "\n")) == settings


@pytest.mark.parametrize("text", ["sparse+https://registry.example/index/", " sparse+https://registry.example/index/ "])
def test_sparse_indexes_are_upstreams(text: str) -> None:
    assert CARGO.hints.clean(text) == "https://registry.example/index/"


@pytest.mark.parametrize("text", ["https://git.example/index", "git+https://git.example/index", "file:///srv/index"])
def test_other_indexes_are_not_passed_over_in_silence(text: str) -> None:
    with pytest.raises(ValueError, match="sparse"):
        CARGO.hints.clean(text)
