from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import decode_path
from subak.ecosystems.pypi.places import _EASY, Places

PAGE = "https://registry.example/simple/a/"


@pytest.mark.parametrize(
    ("link", "filename", "path", "url"),
    [
        ("https://files.example/p/a.whl#sha256=00", "", "files/p/a.whl", "https://files.example/p/a.whl"),
        ("../../p/a%2B1.whl", "", "files/p/a+1.whl", "https://registry.example/p/a%2B1.whl"),
        ("a.whl", "", "files/simple/a/a.whl", "https://registry.example/simple/a/a.whl"),
        ("//files.example:8443/a.whl", "", "files/a.whl", "https://files.example:8443/a.whl"),
        ("HTTP://Files.example//x//a.whl?t=1#f", "", "files/x/a.whl", "HTTP://Files.example//x//a.whl?t=1"),
        ("https://files.example/get?f=a.whl", "a.whl", "files/get/a.whl", "https://files.example/get?f=a.whl"),
        ("https://files.example/", "a.whl", "files/a.whl", "https://files.example/"),
        ("https://files.example/ü/a.whl", "", "files/ü/a.whl", "https://files.example/%C3%BC/a.whl"),
        ("https://u:p@[::1]:8/a.whl", "", "files/a.whl", "https://u:p@[::1]:8/a.whl"),
        ("https://h/~me/a.whl", "", "files/~me/a.whl", "https://h/~me/a.whl"),
    ],
)
def test_where_a_file_appears(link: str, filename: str, path: str, url: str) -> None:
    place = Places(PAGE).find(link, filename)
    assert place is not None
    assert (place.path, place.url) == (path, url)


@pytest.mark.parametrize(
    ("link", "filename"),
    [
        ("javascript:alert(1)", ""), ("file:///etc/passwd", ""), ("ftp://h/a.whl", ""), ("data:,a.whl", ""),
        ("https://h/a/../b.whl", ""), ("https://h/%2e%2e/b.whl", ""), ("https://h/a%2fb.whl", ""),
        ("https://h/a%00.whl", ""), ("https://h/a%0a.whl", ""), ("https://h/a\n.whl", ""), ("https://h/a\\b.whl", ""),
        ("https://h/a%252e.whl", ""), ("https://h/%ff.whl", ""), ("https://h/a b.whl", ""), ("https://h x/a.whl", ""),
        ("https://[oops/a.whl", ""), ("https://h", ""), ("https://h/", ""), ("https:///a.whl", ""), ("//", ""),
        ("https://h/a.whl.metadata", ""), ("https://h:99999999/a.whl", ""), ("https://h/a/", ""),
        ("https://h/get", "../x.whl"), ("https://h/get", ".."), ("https://h/get", "a%2e.whl"),
        ("https://h/get", "a\r.whl"),
        ("https://h/" + "ü" * 2000, ""),
    ],
)  # fmt: skip
def test_links_that_lead_nowhere_good_are_left_out(link: str, filename: str) -> None:
    assert Places(PAGE).find(link, filename) is None


def test_a_path_on_two_hosts() -> None:
    places = Places(PAGE)
    links = ["https://a.example/p/x.whl", "https://b.example:81/p/x.whl", "https://c.example/p/x.whl"]
    found = [places.find(link) for link in [*links, *links, "https://A.example/p/x.whl?again"]]
    assert [place.path if place else "" for place in found] == [
        "files/p/x.whl", "files/~b.example:81/p/x.whl", "files/~c.example/p/x.whl", "", "", "", "",
    ]  # fmt: skip


@given(st.text(st.sampled_from("aZ0._~+-/%"), max_size=30).map(lambda s: "/" + s))
def test_the_short_cut_agrees_with_the_rule(path: str) -> None:
    if _EASY.match(path):
        assert decode_path(path) == path


@given(st.one_of(st.text(max_size=60), st.text("ab/.%2eE5c0fF#?:@[]~\\", max_size=60).map(lambda s: "https://h/" + s)))
def test_whatever_has_a_place_can_be_asked_for(link: str) -> None:
    place = Places(PAGE).find(link)
    if place:
        assert decode_path("/" + quote(place.path, safe="/~")) == "/" + place.path
        assert place.path.startswith("files/")
        assert place.url.isascii()
        assert "#" not in place.url
