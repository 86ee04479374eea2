"""What a path means, in every ecosystem and in none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_world import TOY
from subak.ecosystems import BY_NAME, served
from subak.errors import BadRequest, NotAllowed, NotFound, SubakError
from subak.model.exchange import Kind, Subject
from subak.pipeline.identify import MOVED, identify

ALL = {**BY_NAME, "toy": TOY}


@pytest.mark.parametrize(
    ("path", "kind", "key", "keyed"),
    [
        ("/toy/index/a/", Kind.INDEX, "index/a/", False),
        ("/k/toy/index/a/", Kind.INDEX, "index/a/", True),
        ("/toy/index/%61/", Kind.INDEX, "index/a/", False),
        ("/toy/files/a/1/a.whl", Kind.ARTIFACT, "files/a/1/a.whl", False),
        ("/k/toy/files/a/1/a.whl", Kind.ARTIFACT, "files/a/1/a.whl", True),
        ("/toy/files/a/1/a.whl.meta", Kind.METADATA, "files/a/1/a.whl.meta", False),
        ("/toy/search", Kind.RELAY, "search/", False),
        ("/pypi/simple/numpy/", Kind.INDEX, "simple/numpy/", False),
        ("/npm/@types%2fnode", Kind.INDEX, "@types/node", False),
        ("/npm/@types/node", Kind.INDEX, "@types/node", False),
    ],
)
def test_subjects(path: str, kind: Kind, key: str, keyed: bool) -> None:
    subject = identify("GET", path, ALL)
    assert (subject.kind, subject.keyed) == (kind, keyed)
    assert subject.key.rstrip("/") == key.rstrip("/")


def test_a_further_registry_has_subjects_of_its_own() -> None:
    further = served(["pypi-internal", "npm-internal"])
    for prefix, keyed in (("", False), ("/k", True)):
        subject = identify("GET", f"{prefix}/pypi-internal/simple/numpy/", further)
        same = identify("GET", f"{prefix}/pypi/simple/numpy/", further)
        assert (subject.ecosystem, subject.keyed, same.ecosystem) == ("pypi-internal", keyed, "pypi")
        assert replace(subject, ecosystem="pypi") == same
    moved = identify("GET", "/pypi-internal/simple/NumPy", further)
    assert (moved.ecosystem, moved.route, moved.part) == ("pypi-internal", MOVED, "simple/numpy/")
    with pytest.raises(NotFound, match="no registry is served at /pypi-other"):
        identify("GET", "/pypi-other/simple/numpy/", further)


@pytest.mark.parametrize("path", ["/", "/-/health", "/-/", "/-/api/v1/x", "/-", "/favicon.ico", "/robots.txt"])
def test_our_own_pages(path: str) -> None:
    assert identify("GET", path, ALL) == Subject(kind=Kind.OWN, key=path, route="own")


@pytest.mark.parametrize(
    ("path", "target", "keyed"),
    [
        ("/toy", "", False),
        ("/k/toy", "", True),
        ("/toy/index/Big/", "index/big/", False),
        ("/k/toy/index/Big/", "index/big/", True),
        ("/pypi/simple", "simple/", False),
    ],
)
def test_misspellings_are_redirected(path: str, target: str, keyed: bool) -> None:
    subject = identify("GET", path, ALL)
    assert (subject.route, subject.part, subject.keyed) == (MOVED, target, keyed)


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "", BadRequest),
        ("GET", "*", BadRequest),
        ("GET", "http://registry.example/", BadRequest),
        ("GET", "/nothing/here", NotFound),
        ("GET", "/k/", NotFound),
        ("GET", "/k/-/health", Kind.OWN),
        ("GET", "/K/toy/index/a/", NotFound),
        ("GET", "/toy/", NotFound),
        ("GET", "/toy/nothing", NotFound),
        ("GET", "/TOY/index/a/", NotFound),
        ("POST", "/toy/nothing", NotAllowed),
        ("PUT", "/toy/index/a/", NotAllowed),
        ("DELETE", "/toy/files/a/1/a.whl", NotAllowed),
        ("POST", "/toy/search", Kind.RELAY),
        ("HEAD", "/toy/search", Kind.RELAY),
        ("PUT", "/toy/search", NotAllowed),
        ("GET", "/toy/files/../../etc/passwd", BadRequest),
        ("GET", "/toy/files/a%2fb", BadRequest),
        ("GET", "/toy/files/%2e%2e/x", BadRequest),
        ("GET", "/toy/files/a%00b", BadRequest),
        ("GET", "/toy/files/a%0d%0aSet-Cookie:x", BadRequest),
        ("GET", "/toy/files/a\\b", BadRequest),
        ("GET", "/toy/files//a", BadRequest),
        ("GET", "/toy/files/%ff", BadRequest),
        ("GET", "/toy/files/" + "a" * 10_000, BadRequest),
        ("GET", "/-/../toy", BadRequest),
    ],
)
def test_the_rest(method: str, path: str, error: type[SubakError] | Kind) -> None:
    if isinstance(error, Kind):
        assert identify(method, path, ALL).kind is error
        return
    with pytest.raises(error):
        identify(method, path, ALL)


def test_what_is_allowed_instead_is_told() -> None:
    with pytest.raises(NotAllowed) as caught:
        identify("PUT", "/toy/search", ALL)
    assert caught.value.allow == ("GET", "HEAD", "POST")


def test_a_long_name_is_not_repeated() -> None:
    with pytest.raises(NotFound) as caught:
        identify("GET", "/" + "x" * 10_000, ALL)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=60) | st.text("/%.ak012_-tefoy\\\0", max_size=40))
def test_any_path_means_something_or_is_refused(text: str) -> None:
    for path in (text, "/toy/" + text, "/k/npm/" + text, "/pypi/simple/" + text):
        try:
            subject = identify("GET", path, ALL)
        except SubakError:
            continue
        assert ".." not in subject.key.split("/")
        assert not {"\0", "\r", "\n", "\\"} & set(subject.key + subject.part)
