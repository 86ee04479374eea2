"""Lists of versions and what a version is: checked, rendered, filtered."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.go import GO
from subak.errors import Refused, UpstreamLied
from subak.model.exchange import Kind, Subject

LIST = Subject("go", Kind.INDEX, "list", "example.com/a/@v/list", "example.com/a")
INFO = Subject("go", Kind.CONFIG, "info", "example.com/a/@v/v1.0.0.info", "example.com/a", "v1.0.0")
QUERY = Subject("go", Kind.CONFIG, "query", "example.com/a/@v/main.info", "example.com/a", part="main")
NEWEST = Subject("go", Kind.CONFIG, "newest", "example.com/a/@latest", "example.com/a")


def page(body: bytes) -> Page:
    return Page(memoryview(body), "text/plain", "https://proxy.example/")


def shown(subject: Subject, body: bytes, *hidden: str) -> bytes:
    """What a client sees, after the document was accepted."""
    assert all(pin.dates and not pin.digest for pin in GO.pins(subject, page(body)))
    view = View(GO.route(subject.route).forms[0].name, "https://gw.example/go", subject.part, frozenset(hidden))
    return b"".join(GO.render(subject, page(body), view))


# ---------------------------------------------------------------- lists


@pytest.mark.parametrize(
    ("body", "hidden", "want"),
    [
        (b"v1.0.0\nv1.1.0\n", (), b"v1.0.0\nv1.1.0\n"),
        (b"v1.0.0\nv1.1.0\n", ("v1.1.0",), b"v1.0.0\n"),
        (b"v1.0.0\nv1.1.0\n", ("v1.0.0", "v1.1.0"), b""),
        (b"v1.1.0", ("v1.0.0",), b"v1.1.0\n"),
        (b"", (), b""),
        (b"\n\n", (), b""),
        (b"v1.0.0\r\nv1.1.0\r\n", ("v1.0.0",), b"v1.1.0\n"),
        (b"v0.0.0-20191109021931-daa7c04131f5 2019-11-09T02:19:31Z\nv1.0.0\n", ("v1.0.0",),
         b"v0.0.0-20191109021931-daa7c04131f5 2019-11-09T02:19:31Z\n"),
        (b"v0.0.0-20191109021931-daa7c04131f5 2019-11-09T02:19:31Z\n", ("v0.0.0-20191109021931-daa7c04131f5",), b""),
        (b"v3.0.0+incompatible\nv1.0.0\n", ("v3.0.0",), b"v3.0.0+incompatible\nv1.0.0\n"),
        (b"v3.0.0+incompatible\nv1.0.0\n", ("v3.0.0+incompatible",), b"v1.0.0\n"),
        (b"v1.10.0\nv1.1.0\n", ("v1.1.0",), b"v1.10.0\n"),
        (b"nightly\nv1.0.0\n", (), b"v1.0.0\n"),
    ],
)  # fmt: skip
def test_lists(body: bytes, hidden: tuple[str, ...], want: bytes) -> None:
    assert shown(LIST, body, *hidden) == want


@pytest.mark.parametrize("body", [b"<html>\nsign in\n</html>", b'{"error":"x"}', b"\xff\xfe", b"not found: x\n"])
def test_no_lists(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        GO.pins(LIST, page(body))


VERSIONS = st.lists(st.from_regex(r"v[0-2]\.[0-9]\.[0-9]{1,2}(-rc\.[1-9])?", fullmatch=True), max_size=30)


@given(VERSIONS, st.data())
def test_a_filtered_list_stays_a_list(versions: list[str], data: st.DataObject) -> None:
    hidden = data.draw(st.lists(st.sampled_from(versions), max_size=5)) if versions else []
    body = "".join(f"{v}\n" for v in versions).encode()
    once = shown(LIST, body, *hidden)
    assert once.decode().split() == [v for v in versions if v not in hidden]
    assert shown(LIST, once, *hidden) == once
    assert shown(LIST, once) == once


def test_long_lists_leave_in_pieces() -> None:
    body = b"".join(b"v1.0.%d\n" % n for n in range(50_000))
    view = View("text", "https://gw.example/go")
    pieces = list(GO.render(LIST, page(body), view))
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) < 200_000


# ---------------------------------------------------------------- versions

V1 = b'{"Version":"v1.0.0","Time":"2024-05-06T07:08:09Z","Origin":{"VCS":"git","URL":"https://vcs.example/a"}}'


@pytest.mark.parametrize("subject", [INFO, QUERY, NEWEST])
def test_what_a_version_is_stays_as_it_came(subject: Subject) -> None:
    assert shown(subject, V1) == V1
    assert shown(subject, V1, "v1.0.1") == V1


@pytest.mark.parametrize("subject", [INFO, QUERY, NEWEST])
def test_withheld_versions_are_refused_aloud(subject: Subject) -> None:
    """A 404 would send the client on to the next proxy."""
    with pytest.raises(Refused, match="is withheld by policy"):
        shown(subject, V1, "v1.0.0")


@pytest.mark.parametrize(
    ("body", "dated"),
    [(V1, 1714979289.0), (b'{"Version":"v1.0.0"}', 0.0), (b'{"Version":"v1.0.0","Time":"0001-01-01T00:00:00Z"}', 0.0)],
)
def test_its_commit_dates_the_zip(body: bytes, dated: float) -> None:
    pins = list(GO.pins(INFO, page(body)))
    assert [pin.published for pin in pins] == ([dated] if dated else [])
    assert [(pin.path, pin.dates) for pin in pins] == ([("example.com/a/@v/v1.0.0.zip", True)] if dated else [])


def test_a_canonical_version_is_itself() -> None:
    other = V1.replace(b"v1.0.0", b"v1.0.1")
    with pytest.raises(UpstreamLied, match="it tells of"):
        GO.pins(INFO, page(other))
    assert shown(QUERY, other) == other
    assert shown(NEWEST, other) == other


@pytest.mark.parametrize("subject", [INFO, QUERY, NEWEST])
@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'"v1.0.0"', b'{"Version":1}', b'{"Version":"main"}', b'{"Version":""}',
     b'{"Version":"v1.0.0"', b"<html>", b'{"Version":"\xff"}', b'{"Version":"v1.0"}', b"[" * 5000,
     b'{"Version":"v1.0.0","Origin":' + b"[" * 5000],
)  # fmt: skip
def test_what_tells_of_no_version(subject: Subject, body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        GO.pins(subject, page(body))


@given(st.sampled_from([LIST, INFO, QUERY, NEWEST]), st.binary(max_size=80))
def test_hostile_documents_raise_upstream_lied_only(subject: Subject, body: bytes) -> None:
    try:
        shown(subject, body)
    except UpstreamLied:
        return
    assert subject is LIST or json.loads(body)["Version"]
