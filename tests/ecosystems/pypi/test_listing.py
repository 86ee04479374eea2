from __future__ import annotations

import json
import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.documents import CHUNK
from subak.ecosystems.pypi.listing import WINDOW, check_listing, render_listing
from subak.errors import UpstreamLied

JSON = "application/vnd.pypi.simple.v1+json"
URL = "https://registry.example/simple/"
NAMES = ["Flask", "zope.interface", "a"]
HTML = '<title>Simple index</title><a href="/simple/flask/">Flask</a><a href="zope-interface/#x"> the interface </a>'


def page(body: str | bytes, content_type: str = "text/html") -> Page:
    return Page(memoryview(body.encode() if isinstance(body, str) else body), content_type, URL)


def json_page(projects: object) -> Page:
    return page(json.dumps({"meta": {"api-version": "1.1", "_last-serial": 3}, "projects": projects}), JSON)


def render(listing: Page, form: str) -> str:
    return b"".join(render_listing(listing, View(form, "https://gw.example/pypi"))).decode()


def links(html: str) -> list[tuple[str | None, str]]:
    return [(a.attributes["href"], a.text()) for a in LexborHTMLParser(html).css("a")]


def test_json_to_json_is_untouched() -> None:
    listing = json_page([{"name": name, "_last-serial": 1} for name in NAMES])
    assert render(listing, "json").encode() == bytes(listing.body)


def test_json_to_html() -> None:
    listing = json_page([{"_last-serial": 1, "name": name, "more": [{"x": ']}"'}]} for name in NAMES])
    assert links(render(listing, "html")) == [
        ("flask/", "Flask"), ("zope-interface/", "zope.interface"), ("a/", "a"),
    ]  # fmt: skip


def test_html_to_either() -> None:
    assert links(render(page(HTML), "html-v1")) == [("flask/", "Flask"), ("zope-interface/", "zope-interface")]
    assert json.loads(render(page(HTML), "json")) == {
        "meta": {"api-version": "1.0"},
        "projects": [{"name": "Flask"}, {"name": "zope-interface"}],
    }


def test_a_rendered_listing_is_a_listing() -> None:
    once = page(render(page(HTML), "html"))
    check_listing(once)
    assert render(once, "html").encode() == bytes(once.body)
    check_listing(page(render(once, "json"), JSON))


def test_names_that_are_none_are_left_out() -> None:
    listing = json_page([{"name": "<script>"}, {"name": "ok"}, {"name": "../x"}])
    assert links(render(listing, "html")) == [("ok/", "ok")]
    assert links(render(page("<title>Simple index</title><a href='//'>&lt;b&gt;</a>"), "html")) == []


texts = st.text(max_size=12)
values = st.recursive(
    texts | st.integers() | st.none(), lambda v: st.lists(v) | st.dictionaries(texts, v), max_leaves=3
)
depth_two = st.dictionaries(texts.filter(lambda k: k != "name"), texts | st.lists(texts | st.lists(texts)), max_size=3)


@given(st.lists(depth_two))
def test_elements_end_where_they_end(others: list[dict[str, object]]) -> None:
    projects = [other | {"name": f"p{n}"} for n, other in enumerate(others)]
    names = [text for _, text in links(render(json_page(projects), "html"))]
    assert names == [f"p{n}" for n in range(len(projects))]


@given(values)
def test_anything_in_the_list_is_read_or_refused(value: object) -> None:
    listing = json_page([value, {"name": "a"}])
    try:
        assert ("a/", "a") in links(render(listing, "html"))
    except UpstreamLied:
        assert re.search(r"[\[{].*[\[{].*[\[{]", json.dumps(value)), "only what nests deeply is refused"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("{}", JSON),
        ('{"files":[]}', JSON),
        ('{"projects":{}}', JSON),
        ('{"projects":[', JSON),
        ('{"projects":[],"meta":{"api-version":"2.0"}}', JSON),
        (b'{"projects":[],"x":"\xff"}', JSON),
        ("<h1>503 Service Unavailable</h1>", "text/html"),
        ('<title>Sign in</title><a href="/a/">a</a>', "text/html"),
        ('<meta name="pypi:repository-version" content="2.0">', "text/html"),
        ("flask", "text/plain"),
    ],
)
def test_what_is_no_listing(body: str | bytes, content_type: str) -> None:
    with pytest.raises(UpstreamLied):
        check_listing(page(body, content_type))
    if isinstance(body, str):
        with pytest.raises(UpstreamLied):
            render(page(body, content_type), "html")


def test_html_without_links_where_they_should_be() -> None:
    with pytest.raises(UpstreamLied, match="no links"):
        render(page(b"<title>Simple index</title>" + b"x" * (40 * 2**20)), "html")


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("upstream", ["json", "html"])
def test_long_listings_take_little_memory(upstream: str, form: str) -> None:
    count = 40_000
    if upstream == "json":
        listing = json_page([{"name": f"project-{n}", "_last-serial": n} for n in range(count)])
    else:
        anchors = "".join(f'<a href="/simple/project-{n}/">project-{n}</a><br/>\n' for n in range(count))
        listing = page(f"<title>Simple index</title>{anchors}")
    assert len(listing.body) > 3 * WINDOW
    tracemalloc.start()
    seen, end = 0, b""
    for chunk in render_listing(listing, View(form, "")):
        assert len(chunk) <= CHUNK + 256
        seen += (end + chunk).count(b"project-")
        end = chunk[-7:]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seen == count * (2 if form == "html" else 1)
    assert peak < 8 * 2**20
