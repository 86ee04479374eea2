"""One spelling of targets, and where a proxy's prefix ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.packages.targets import FIRST, NOT_BELOW, below, clean, split


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/simple/demo/", "/simple/demo/", ""),
        ("/a?b=c?d", "/a", "b=c?d"),
        ("/a#b?c", "/a", ""),
        ("/a?b#c", "/a", "b"),
        ("https://a.example:443/b/c?d", "/b/c", "d"),
        ("https://a.example", "/", ""),
        ("a/b", "/a/b", ""),
        ("", "/", ""),
        ("*", "/*", ""),
        ("/@a%2fb", "/@a%2fb", ""),
        ("/@a%252Fb", "/@a%2Fb", ""),
        ("/%61%2D%40%2f", "/a-%40%2f", ""),
        ("/%2e%2e/x", "/../x", ""),
        ("//a///b/", "/a/b/", ""),
        ("/a%20", "/a", ""),
        ('/a"),', "/a", ""),
        ("/a b", "/a b", ""),
        ("/\u00e9", "/\u00e9", ""),
    ],
)
def test_split(target: str, path: str, query: str) -> None:
    assert split(target) == (path, query)
    assert not clean(target) or path == target


@given(st.text(max_size=60) | st.text("/%25aA2fF?# .:", max_size=30))
def test_a_path_stays_what_it_is_once_it_is_in_one_spelling(target: str) -> None:
    path, _ = split(target)
    assert path.startswith("/")
    assert "//" not in path
    assert "?" not in path
    assert "#" not in path


@pytest.mark.parametrize(
    ("path", "prefix", "words"),
    [
        ("/repository/maven-central/org/x", "/repository/maven-central", ("maven", "central")),
        ("/nexus/repository/all/x", "/nexus/repository/all", ("all",)),
        ("/artifactory/api/npm/js.remote/react", "/artifactory/api/npm/js.remote", ("npm", "js", "remote")),
        ("/api/nuget/v3/feed/index.json", "/api/nuget/v3/feed", ("nuget", "feed")),
        ("/artifactory/libs-release/org/x", "/artifactory/libs-release", ("libs", "release")),
        ("/api/models/acme/m", "", ()),
        ("/repository/x", "", ()),
        ("/artifactory/api/unheard/x/y", "", ()),
        ("/", "", ()),
    ],
)
def test_below(path: str, prefix: str, words: tuple[str, ...]) -> None:
    found = below(path)
    assert found == (prefix, words)
    assert (found == NOT_BELOW) == (not prefix)
    assert not prefix or path.split("/")[1] in FIRST
