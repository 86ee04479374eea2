"""The Hub's documents: digests of files, commits of branches, questions, headers, what is withheld."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.ecosystems.base import Facts, Page, Site, View
from subak.ecosystems.hf.documents import (
    FEWEST,
    MOST_PATHS,
    commit_in,
    headers,
    homes,
    leads,
    pins,
    question,
    render,
    settle,
    via,
)
from subak.ecosystems.hf.places import commits_of, file_of, info_of, paths_of, refs_of, tree_of
from subak.errors import BadRequest, Refused, UpstreamLied
from subak.model.digest import Digest
from subak.model.exchange import Subject

COMMIT, OTHER = "0123456789abcdef" * 2 + "01234567", "f" * 40
SHA256, BLOB = "ab" * 32, "cd" * 20
SITE = Site("https://registry.example/")
FILE = file_of("acme/m", COMMIT, "a\ue020b.bin")
BRANCH = file_of("acme/m", "main", "a\ue020b.bin")
TREE = tree_of("acme/m", COMMIT)
ALL = (
    TREE, tree_of("acme/m", "main"), paths_of("acme/m", COMMIT), info_of("acme/m"), info_of("acme/m", COMMIT),
    commits_of("acme/m", "main", ""), refs_of("acme/m", ""),
)  # fmt: skip


def page(tree: object) -> Page:
    return Page(tree if isinstance(tree, bytes) else json.dumps(tree).encode(), "application/json", "")


def entry(path: str, **more: object) -> dict[str, object]:
    return {"type": "file", "path": path, "oid": BLOB, "size": 7, **more}


LARGE = entry("a b.bin", size=9, lfs={"oid": SHA256, "size": 9, "pointerSize": 134}, xetHash="e" * 64)


def shown(subject: Subject, tree: object, *hidden: str) -> Any:
    view = View("json", "http://gateway.example/hf", hidden=frozenset(hidden))
    return json.loads(b"".join(render(subject, page(tree), view)))


# ---------------------------------------------------------------- digests


def test_every_file_of_a_commit_is_announced() -> None:
    tree = [{"type": "directory", "path": "d", "oid": BLOB, "size": 0}, entry("x/y"), LARGE]
    small, large = pins(TREE, page(tree))
    assert (small.path, small.digest, small.size) == (f"acme/m/resolve/{COMMIT}/x/y", Digest("git-blob", BLOB), 7)
    assert (large.path, large.digest, large.size) == (FILE.key, Digest("sha256", SHA256), 9)
    assert {(pin.url, pin.name, pin.version) for pin in (small, large)} == {("", "acme/m", COMMIT)}
    assert list(pins(tree_of("acme/m", "main"), page(tree))) == [], "a branch moves: these may be another commit's"
    assert [pin.path for pin in pins(paths_of("acme/m", COMMIT), page([LARGE]))] == [FILE.key]
    prefixed = {**LARGE, "lfs": {"oid": f"sha256:{SHA256}", "size": 9}}
    assert next(pins(TREE, page([prefixed]))).digest == Digest("sha256", SHA256)


@pytest.mark.parametrize(
    "wrong",
    [
        {"oid": "xyz"},
        {"oid": ""},
        {"size": -1},
        {"size": "7"},
        {"path": None},
        {"lfs": {"oid": BLOB, "size": 7}},
        {"lfs": 7},
    ],
)
def test_a_digest_that_cannot_be_read_must_not_become_none(wrong: dict[str, object]) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(TREE, page([{**entry("x"), **wrong}])))


def test_a_file_is_announced_by_the_files_of_its_commit() -> None:
    assert homes(FILE, SITE) == (TREE,)
    assert homes(BRANCH, SITE) == homes(TREE, SITE) == ()


def test_a_list_that_may_go_on_leads_to_a_question_about_the_file() -> None:
    assert leads(FILE, page([LARGE] * (FEWEST - 1))) is None
    asked = leads(FILE, page([LARGE] * FEWEST))
    assert asked
    assert asked.route == "commit-paths"
    assert json.loads(asked.question) == {"paths": ["a b.bin"], "expand": False}
    assert asked == question(paths_of("acme/m", COMMIT), b'{"paths":"a b.bin"}')


@pytest.mark.parametrize(
    ("body", "paths", "expand"),
    [
        (b"paths=b&paths=a%20c&expand=False", ["a c", "b"], False),
        (b"paths=a&expand=true", ["a"], True),
        (b' {"paths": ["b", "a", "b"], "expand": true}', ["a", "b"], True),
        (b'{"paths": "a"}', ["a"], False),
        (b"", [], False),
    ],
)
def test_questions(body: bytes, paths: list[str], expand: bool) -> None:
    asked = question(paths_of("acme/m", "main"), body)
    assert json.loads(asked.question) == {"paths": paths, "expand": expand}
    assert question(paths_of("acme/m", "main"), asked.question) == asked
    assert asked.key.startswith("api/models/acme/m/paths-info/main?")


@pytest.mark.parametrize("body", [b"\xff", b"{", b'{"paths":7}', b'{"paths":[""]}', b'{"paths":[7]}', b'{"a":' * 9999])
def test_what_is_no_question(body: bytes) -> None:
    with pytest.raises(BadRequest):
        question(paths_of("acme/m", "main"), body)


def test_a_question_about_too_many_files() -> None:
    with pytest.raises(BadRequest):
        question(paths_of("a", "main"), json.dumps({"paths": [str(n) for n in range(MOST_PATHS + 1)]}).encode())


# ---------------------------------------------------------------- revisions


def test_a_branch_is_settled_by_its_description() -> None:
    assert via(BRANCH) == info_of("acme/m", "main")
    assert via(FILE) is None
    assert via(TREE) is None
    assert settle(BRANCH, page({"sha": COMMIT, "id": "Acme/m"})) == FILE


@pytest.mark.parametrize("tree", [{}, {"sha": None}, {"sha": "main"}, {"sha": COMMIT.upper()}, [], b"<html>"])
def test_what_describes_no_revision(tree: object) -> None:
    for subject in (info_of("acme/m"), info_of("acme/m", "main"), BRANCH):
        with pytest.raises(UpstreamLied):
            commit_in(subject, page(tree))


def test_the_description_of_another_commit_is_none_of_this() -> None:
    with pytest.raises(UpstreamLied):
        list(pins(info_of("acme/m", COMMIT), page({"sha": OTHER})))
    assert list(pins(info_of("acme/m", COMMIT), page({"sha": COMMIT}))) == []


# ---------------------------------------------------------------- what clients see


def test_documents_leave_as_they_came() -> None:
    body = b'{ "sha" : "' + COMMIT.encode() + b'" }'
    assert b"".join(render(info_of("acme/m"), page(body), View("json", ""))) == body


def test_names_that_lead_past_us_go() -> None:
    assert shown(TREE, [LARGE, entry("x")]) == [{k: v for k, v in LARGE.items() if k != "xetHash"}, entry("x")]
    assert shown(info_of("a"), {"sha": COMMIT, "siblings": [{"xetHash": 1, "b": [{"xetHash": 2}]}]})["siblings"] == [
        {"b": [{}]}
    ]


def test_withheld_commits() -> None:
    for subject, tree in (
        (info_of("acme/m"), {"sha": COMMIT}),
        (info_of("acme/m", "main"), {"sha": COMMIT}),
        (TREE, []),
    ):
        with pytest.raises(Refused):
            shown(subject, tree, COMMIT)
        assert shown(subject, tree, OTHER) == tree
    commits = [{"id": COMMIT}, {"id": OTHER}, {"id": 7}, 7]
    assert shown(commits_of("a", "main", ""), commits, COMMIT) == commits[1:]
    refs = {"branches": [{"name": "main", "targetCommit": COMMIT}, {"name": "x", "targetCommit": OTHER}], "tags": []}
    assert shown(refs_of("a", ""), refs, COMMIT) == {**refs, "branches": refs["branches"][1:]}


def test_headers_of_files() -> None:
    facts = Facts(Digest("git-blob", BLOB), 7, "f" * 64)
    assert dict(headers(FILE, facts)) == {
        "x-repo-commit": COMMIT, "x-linked-etag": f'"{BLOB}"', "x-linked-size": "7",
    }  # fmt: skip
    assert headers(FILE, Facts()) == (("x-repo-commit", COMMIT),)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("", ""),
        ('<https://registry.example/x>; rel="prev"', ""),
        (
            '<https://registry.example/api/models/acme/m/tree/x?recursive=true&cursor=Z%3D>; rel="next"',
            "?recursive=true&cursor=Z%3D",
        ),
        ('</a>; rel="prev", </api/x?cursor=1>; rel=next', "?cursor=1"),
    ],
)
def test_the_next_page_is_here(link: str, shown: str) -> None:
    facts = replace(Facts(base="http://gateway.example/hf"), kept={"link": link})
    found = dict(headers(tree_of("acme/m", "refs\ue02fpr\ue02f1"), facts))
    path = "http://gateway.example/hf/api/models/acme/m/tree/refs%2Fpr%2F1"
    assert found == ({"link": f'<{path}{shown}>; rel="next"'} if shown else {})


# ---------------------------------------------------------------- hostile documents


@pytest.mark.parametrize("subject", ALL, ids=lambda s: s.route)
@pytest.mark.parametrize("tree", [b"", b"<html>", b'{"a"', b"[" * 5000, b'"\xff"'], ids=repr)
def test_what_is_no_such_document(subject: Subject, tree: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(subject, page(tree)))


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from(
        [COMMIT, SHA256, BLOB, "file"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["sha", "type", "path", "oid", "size", "lfs", "id", "targetCommit", "xetHash"]),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ALL), TREES, st.sets(st.sampled_from([COMMIT, OTHER])))
def test_any_document_is_either_understood_or_refused(subject: Subject, tree: Any, hidden: set[str]) -> None:
    try:
        list(pins(subject, page(tree)))
    except UpstreamLied:
        return
    try:
        once = shown(subject, tree, *hidden)
    except (UpstreamLied, Refused):
        return
    assert shown(subject, once, *hidden) == once
