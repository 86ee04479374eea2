from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.paths import LONGEST_PATH, Form, Route, decode_path, match_route, negotiate
from subak.errors import BadRequest
from subak.model.exchange import Kind

HTML = Form("html", ("text/html",), "text/html")
JSON = Form("json", ("application/x+json", "application/x.latest+json"), "application/x+json")
V1 = Form("v1", ("application/x+html",), "application/x+html")
FORMS = (HTML, JSON, V1)


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        ("", "html"),
        ("*/*", "html"),
        ("text/html", "html"),
        ("image/png", "html"),
        ("application/x+json, application/x+html; q=0.1, text/html; q=0.01", "json"),
        ("application/x+json;q=0.2, text/html;q=0.9", "html"),
        ("application/x+json, */*;q=0.1", "json"),
        ("application/x+html;q=0.8, */*;q=0.9", "html"),
        ("application/*, text/html;q=0.5", "json"),
        ("text/*, application/x+html", "v1"),
        ("application/x.latest+json", "json"),
        ("APPLICATION/X+JSON", "json"),
        ("application/x+json;q=0, */*", "html"),
        ("text/html;q=0, */*", "json"),
        ("text/html;q=0", "html"),
        ("application/x+json;q=nonsense, text/html;q=0.1", "html"),
        ("application/x+json; charset=utf-8 ; q=1", "json"),
        (",,;q=1,", "html"),
    ],
)
def test_negotiate(accept: str, name: str) -> None:
    assert negotiate(FORMS, accept).name == name


def test_negotiate_has_no_choice_with_one_form() -> None:
    assert negotiate((JSON,), "text/html") is JSON


qualities = st.sampled_from(["", ";q=1", ";q=0.5", "; q=0.25", ";q=0"])
medias = st.sampled_from([m for f in FORMS for m in f.media])


@given(st.dictionaries(medias, qualities, min_size=1))
def test_negotiate_gives_the_best_of_exact_ranges(asked: dict[str, str]) -> None:
    def quality(form: Form) -> float:
        given = [asked[m].rpartition("=")[2] for m in form.media if m in asked]
        return max((float(q) if q else 1.0 for q in given), default=0.0)

    chosen = negotiate(FORMS, ", ".join(media + q for media, q in asked.items()))
    best = max(map(quality, FORMS))
    assert quality(chosen) == best or (best == 0.0 and chosen is HTML)


@given(st.text(max_size=200))
def test_negotiate_bears_any_header(accept: str) -> None:
    assert negotiate(FORMS, accept) in FORMS


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/simple/a/", "/simple/a/"),
        ("/%7euser/x%2Bcu121.whl", "/~user/x+cu121.whl"),
        ("/a%C3%BC", "/aü"),
        ("/a..b/.c/d.", "/a..b/.c/d."),
        ("/...", "/..."),
    ],
)
def test_decode_path(raw: str, path: str) -> None:
    assert decode_path(raw) == path


@pytest.mark.parametrize(
    "raw",
    [
        "/a/../b", "/a/..", "/..", "/.", "/a/./b", "/%2e%2e/x", "/%2E./x", "/a//b", "/a%2fb", "/a%2Fb", "/a%00b",
        "/a%0d%0aSet-Cookie:x", "/a\\b", "/a%5cb", "/a%252fb", "/100%", "/a%ff", "/a b", "/a%20b", "/a%3fb", "/a%23b",
        "/a\x7f", "/" + "a" * LONGEST_PATH,
    ],
)  # fmt: skip
def test_decode_path_refuses(raw: str) -> None:
    with pytest.raises(BadRequest):
        decode_path(raw)


segments = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"], exclude_characters="/\\%?#"), min_size=1)
paths = st.lists(segments.filter(lambda s: s not in (".", "..")), min_size=1).map(lambda s: "/" + "/".join(s))


@given(paths)
def test_decode_path_undoes_quoting_once(path: str) -> None:
    raw = quote(path)
    if len(raw) <= LONGEST_PATH:
        assert decode_path(raw) == path


@given(st.text(max_size=60).map(lambda s: "/" + s))
def test_what_is_decoded_is_harmless_and_final(raw: str) -> None:
    try:
        path = decode_path(raw)
    except BadRequest:
        return
    assert not {".", ".."} & set(path.split("/"))
    assert "//" not in path
    assert "%" not in path
    assert min(path) > " "
    assert decode_path(path) == path


ROUTES = (
    Route("sidecar", "/files/{path+}.metadata", Kind.METADATA),
    Route("file", "/files/{path+}", Kind.ARTIFACT),
    Route("index", "/simple/{name}/", Kind.INDEX),
    Route("bare", "/simple/{name}", Kind.INDEX),
    Route("dotted", "/a.b", Kind.CONFIG),
)


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/files/a/b.whl", "file", {"path": "a/b.whl"}),
        ("/files/a/b.whl.metadata", "sidecar", {"path": "a/b.whl"}),
        ("/files/.metadata", "file", {"path": ".metadata"}),
        ("/simple/a/", "index", {"name": "a"}),
        ("/simple/a", "bare", {"name": "a"}),
        ("/a.b", "dotted", {}),
    ],
)
def test_match_route(path: str, name: str, params: dict[str, str]) -> None:
    found = match_route(ROUTES, path)
    assert found is not None
    assert (found[0].name, found[1]) == (name, params)


@pytest.mark.parametrize("path", ["/", "/files/", "/simple/a/b/", "/acb", "/a.b/", "/a.b\n", "x/a.b"])
def test_match_route_finds_none(path: str) -> None:
    assert match_route(ROUTES, path) is None


@given(segments)
def test_a_segment_never_holds_a_slash(name: str) -> None:
    found = match_route(ROUTES, f"/simple/{name}/")
    assert found is not None
    assert found[1] == {"name": name}
