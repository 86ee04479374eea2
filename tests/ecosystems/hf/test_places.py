"""Where the Hub's things are: odd characters, repositories, revisions, purls, upstream addresses."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Site, decode_path
from subak.ecosystems.hf.places import (
    address,
    asked,
    commits_of,
    file_of,
    info_of,
    is_commit,
    path_of,
    paths_of,
    plain,
    purl_of,
    refs_of,
    repository,
    revision_and_path,
    revision_in,
    source,
    spell,
    tree_of,
    veiled,
)
from subak.errors import BadRequest, NotFound

COMMIT = "0123456789abcdef" * 2 + "01234567"
SITE = Site("https://registry.example/")

NAMES = st.lists(
    st.text(st.characters(blacklist_categories=("Cs", "Cc", "Co"), blacklist_characters="/\x7f"), min_size=1).filter(
        lambda name: name.strip(".") != ""
    ),
    min_size=1,
    max_size=3,
).map("/".join)
"""Files as git allows them."""


@given(NAMES)
def test_any_file_that_git_allows_has_a_path_here(name: str) -> None:
    raw = f"/acme/m/resolve/main/{quote(name)}"
    assert spell(spell(raw)) == spell(raw)
    assert decode_path(spell(raw)) == f"/acme/m/resolve/main/{veiled(name)}"
    assert plain(veiled(name)) == name
    assert address(veiled(name)) == quote(name, safe="/")


def test_what_no_path_may_hold_is_still_refused() -> None:
    for raw in ("/a/%00", "/a/..", "/a/%2e%2e", "/a//b"):
        with pytest.raises(BadRequest):
            decode_path(spell(raw))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("models", "acme", "m"), "acme/m"),
        (("models", "", "gpt2"), "gpt2"),
        (("datasets", "acme", "d"), "datasets/acme/d"),
        (("spaces", "", "s"), "spaces/s"),
    ],
)
def test_repositories_and_their_purls(parts: tuple[str, str, str], name: str) -> None:
    assert repository(*parts) == name
    purl = PackageURL.from_string(purl_of(name, COMMIT))
    assert (purl.type, purl.version) == ("huggingface", COMMIT)
    kind, owner, last = parts
    assert path_of(purl) == f"api/{kind}/{f'{owner}/' if owner else ''}{last}"


@pytest.mark.parametrize(
    "parts", [("kernels", "a", "b"), ("models", "a b", "c"), ("models", "", ""), ("models", ".a", "b")]
)
def test_impossible_repositories(parts: tuple[str, str, str]) -> None:
    with pytest.raises(NotFound):
        repository(*parts)


def test_rules_meet_every_spelling_of_a_name() -> None:
    assert purl_of("Acme/M") == purl_of("acme/m") == "pkg:huggingface/acme/m"
    for wrong in ("pkg:pypi/a", "pkg:huggingface/a/b/c", "pkg:huggingface/a%20b"):
        with pytest.raises(NotFound):
            path_of(PackageURL.from_string(wrong))


@pytest.mark.parametrize(
    ("text", "revision"),
    [
        ("main", "main"),
        ("v1.0-rc+x", "v1.0-rc+x"),
        (COMMIT.upper(), COMMIT),
        ("refs/pr/1", "refs\ue02fpr\ue02f1"),
        ("refs\ue02fpr\ue02f1", "refs\ue02fpr\ue02f1"),
        (COMMIT[:12], COMMIT[:12]),
    ],
)
def test_revisions(text: str, revision: str) -> None:
    assert revision_in(text) == revision == revision_in(revision)
    assert is_commit(revision) is (revision == COMMIT)


@pytest.mark.parametrize("text", ["", "a..b", "/a", "a/", "a b", "a~1", "a^", "a:b", "a" * 256])
def test_what_git_allows_to_no_ref(text: str) -> None:
    with pytest.raises(NotFound):
        revision_in(text)


# ---------------------------------------------------------------- subjects and addresses


def test_a_purl_names_a_version_only_where_it_is_known() -> None:
    for make in (lambda revision: file_of("acme/m", revision, "x"), lambda revision: tree_of("acme/m", revision)):
        assert make("main").version == ""
        assert "@" not in make("main").purl
        assert make(COMMIT).version == COMMIT
        assert make(COMMIT).purl.endswith(f"@{COMMIT}")


def test_what_is_about_a_commit_lives_longer() -> None:
    assert [tree_of("a", r).route for r in ("main", COMMIT)] == ["tree", "commit-tree"]
    assert [paths_of("a", r).route for r in ("main", COMMIT)] == ["paths", "commit-paths"]
    assert [info_of("a", r).route for r in ("", "main", COMMIT)] == ["revision", "revision", "commit-revision"]


def test_a_file_falls_apart_again() -> None:
    assert revision_and_path(file_of("datasets/a/d", "main", "x/resolve/y")) == ("main", "x/resolve/y")


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        (file_of("acme/m", "refs\ue02fpr\ue02f1", "a\ue020b/c+d.txt"), "acme/m/resolve/refs%2Fpr%2F1/a%20b/c%2Bd.txt"),
        (info_of("acme/m"), "api/models/acme/m"),
        (info_of("datasets/d", "main", "blobs=true"), "api/datasets/d/revision/main?blobs=true"),
        (tree_of("acme/m", COMMIT), f"api/models/acme/m/tree/{COMMIT}?recursive=true"),
        (tree_of("acme/m", "main", "a\ue02fb", ""), "api/models/acme/m/tree/main/a%2Fb"),
        (paths_of("spaces/a/s", "main"), "api/spaces/a/s/paths-info/main"),
        (refs_of("acme/m", "include_prs=1"), "api/models/acme/m/refs?include_prs=1"),
        (commits_of("acme/m", "main", ""), "api/models/acme/m/commits/main"),
    ],
)  # fmt: skip
def test_upstream_has_it_at_the_same_path(subject: object, path: str) -> None:
    assert source(subject, SITE) == f"https://registry.example/{path}"  # type: ignore[arg-type]


def test_questions_are_spelled_one_way() -> None:
    names = ("recursive", "expand", "cursor")
    assert asked({"expand": "False", "cursor": "a=", "recursive": "1"}, names) == "recursive=true&cursor=a%3D"
    assert asked({}, names) == ""
