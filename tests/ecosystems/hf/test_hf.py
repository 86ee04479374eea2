"""The Hub's routes, agents and client settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems import BY_NAME
from subak.ecosystems.base import DAY, decode_path, match_route
from subak.ecosystems.hf import HF
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Kind, Subject
from subak.pipeline.identify import identify
from subak.sources.discovery import discover

COMMIT = "0123456789abcdef" * 2 + "01234567"


def asked(raw: str, **query: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(HF.routes, decode_path(HF.spell(raw)))
    assert found, raw
    subject = HF.subject(found[0], found[1] | query)
    assert isinstance(subject, Subject)
    return subject


_PATHS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}{}/{}/{}".format,
        st.sampled_from(["", "datasets/", "api/models/", "api/spaces/"]),
        st.from_regex(r"[A-Za-z._%-]{1,5}(/[a-z]{1,3})?", fullmatch=True),
        st.sampled_from(["resolve", "tree", "revision", "refs", "paths-info", "commits"]),
        st.from_regex(r"[a-z0-9.%~/F2-]{0,20}", fullmatch=True) | st.just(COMMIT) | st.just(f"{COMMIT}/x"),
    ),
)


@given(_PATHS)
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        found = match_route(HF.routes, decode_path(HF.spell("/" + text)))
        subject = HF.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        route = HF.route(subject.route)
        assert route.kind is subject.kind
        assert asked("/" + subject.key) == subject


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in HF.routes:
        first = HF.route(route.name)
        assert (route.kind, route.fresh_for, route.methods, route.query, route.keeps, route.roams) == (
            first.kind, first.fresh_for, first.methods, first.query, first.keeps, first.roams,
        )  # fmt: skip


def test_only_what_is_about_a_commit_stays() -> None:
    for route in HF.routes:
        if route.kind in (Kind.INDEX, Kind.CONFIG):
            assert (route.fresh_for >= DAY) is route.name.startswith("commit-"), route.name


def test_files_may_lie_at_a_storage_service_and_are_never_fetched_unannounced() -> None:
    for route in HF.routes:
        assert route.roams is (route.kind is Kind.ARTIFACT)
        assert not route.open


@pytest.mark.parametrize(
    ("agent", "family", "version"),
    [
        ("unknown/None; hf_hub/2.4.0; python/3.11.7", "huggingface_hub", "2.4.0"),
        ("transformers/4.57; hf_hub/1.1.0; python/3.12; torch/2.9; is_ci/true", "huggingface_hub", "1.1.0"),
        ("unknown/None; hf-hub/0.4.3; rust/unknown", "hf-hub", "0.4.3"),
        ("curl/8.5.0", "", ""),
    ],
)
def test_agents(agent: str, family: str, version: str) -> None:
    found = [(p.family, m["version"]) for p in HF.agents if (m := re.match(p.pattern, agent))]
    assert found == ([(family, version)] if family else [])


def test_a_library_says_that_it_runs_in_ci() -> None:
    assert re.search(HF.agents[0].ci, "transformers/4.57; hf_hub/1.1.0; is_ci/true")
    assert not re.search(HF.agents[0].ci, "transformers/4.57; hf_hub/1.1.0; is_ci/false")


def test_clients_are_pointed_here_by_variables() -> None:
    (client,) = HF.clients
    assert dict(client.environ) == {"HF_ENDPOINT": "{base}/hf", "HF_HUB_DISABLE_XET": "1"}
    for name, value in client.environ:
        assert f"{name}={value}" in client.line


def test_the_upstream_is_what_clients_say_and_nothing_is_built_in(tmp_path: Path) -> None:
    assert discover(HF, "auto", {}, tmp_path, ()).unnamed
    said = discover(HF, "auto", {"HF_ENDPOINT": "https://hub.example/mirror"}, tmp_path, ())
    assert said.url == "https://hub.example/mirror/"
    ours = discover(HF, "auto", {"HF_ENDPOINT": "http://127.0.0.1:8765/hf"}, tmp_path, ("127.0.0.1:8765",))
    assert ours.unnamed


def test_errors_are_told_where_clients_look() -> None:
    assert HF.error_body("no") == {"error": "no"}
    assert HF.notice_headers == ("x-error-message",)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/acme/m/resolve/main/none.bin", 404, "EntryNotFound"),
        ("/api/models/acme/m/tree/main", 404, "EntryNotFound"),
        ("/api/models/acme/m", 404, "RepoNotFound"),
        ("/api/models/acme/m/revision/main", 404, "RevisionNotFound"),
        ("/acme/m/resolve/main/none.bin", 502, ""),
    ],
)
def test_failures_are_told_apart_by_the_hubs_own_codes(path: str, status: int, code: str) -> None:
    subject = identify("GET", f"/hf{path}", BY_NAME)
    assert dict(HF.error_headers(subject, status)).get("x-error-code", "") == code
