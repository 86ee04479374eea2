from __future__ import annotations

import json
from typing import Any

import pytest

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.legacy import check_legacy, check_members, render_legacy
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

BASE = "https://gw.example/pypi"
URL = "https://registry.example/pypi/demo/json"
PROJECT = Subject("pypi", Kind.CONFIG, "legacy", "pypi/demo/json", "demo")
VERSION = Subject("pypi", Kind.CONFIG, "legacy-version", "pypi/demo/1.0/json", "demo", "1.0")


def file(version: str, host: str = "files.example") -> dict[str, Any]:
    name = f"demo-{version}.tar.gz"
    return {"filename": name, "url": f"https://{host}/p/{name}", "digests": {"sha256": "a"}, "size": 1, "new": [None]}


DOCUMENT: dict[str, Any] = {
    "info": {"name": "demo", "version": "2.0", "summary": "ü", "requires_dist": ["x"], "requires_python": ">=3.9"},
    "last_serial": 5,
    "releases": {v: [file(v)] for v in ("0.9", "1.0", "1.1rc1", "2.0")} | {"1.5": [], "odd": [file("odd")]},
    "urls": [file("2.0")],
    "vulnerabilities": [{"id": "x"}],
}


def page(document: object = DOCUMENT, content_type: str = "application/json") -> Page:
    return Page(json.dumps(document).encode(), content_type, URL)


def render(subject: Subject = PROJECT, document: object = DOCUMENT, *hidden: str) -> Any:
    view = View("json", BASE, hidden=frozenset(hidden))
    return json.loads(b"".join(render_legacy(subject, page(document), view)))


def ours(entry: dict[str, Any]) -> dict[str, Any]:
    return entry | {"url": f"{BASE}/files/p/{entry['filename']}"}


def test_only_urls_change() -> None:
    assert render() == DOCUMENT | {
        "releases": {v: [ours(f) for f in files] for v, files in DOCUMENT["releases"].items()},
        "urls": [ours(file("2.0"))],
    }


def test_hostile_links_are_left_out() -> None:
    assert render(PROJECT, {"urls": [file("1.0") | {"url": "file:///x"}, file("1.1")]}) == {"urls": [ours(file("1.1"))]}


def test_nothing_is_something() -> None:
    assert render(PROJECT, {}) == {}
    assert render(PROJECT, {"releases": {}, "urls": []}) == {"releases": {}, "urls": []}


def test_hidden_releases_are_cut() -> None:
    out = render(PROJECT, DOCUMENT, "1.0.0", "0.9")
    assert list(out["releases"]) == ["1.1rc1", "2.0", "1.5", "odd"]
    assert (out["info"], out["urls"]) == (DOCUMENT["info"], [ours(file("2.0"))])


def test_the_newest_left_takes_the_place_of_a_hidden_one() -> None:
    out = render(PROJECT, DOCUMENT, "2.0")
    assert out["info"] == DOCUMENT["info"] | {"version": "1.0", "requires_dist": None, "requires_python": None}
    assert out["urls"] == [ours(file("1.0"))]
    assert render(PROJECT, DOCUMENT, "2.0", "1.0", "0.9")["info"]["version"] == "1.1rc1"


def test_nothing_left() -> None:
    out = render(PROJECT, {"info": {"version": "2.0"}, "urls": [file("2.0")]}, "2.0")
    assert (out["info"]["version"], out["urls"]) == ("", [])


def test_a_hidden_version_alone_is_not_found() -> None:
    assert render(VERSION, {"urls": [file("1.0")]}, "2.0") == {"urls": [ours(file("1.0"))]}
    with pytest.raises(NotFound, match="policy"):
        render(VERSION, {"urls": [file("1.0")]}, "1")


@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.x.v1+json; charset=utf-8"])
def test_check_members(content_type: str) -> None:
    check_members(page({"b": 1}, content_type), "a", "b")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"b":1}', "text/html"),
        (b'{"b":1}', ""),
        (b"<html>", "application/json"),
        (b"[]", "application/json"),
        (b'{"message":"no"}', "application/json"),
        (b'{"b":"\xff"}', "application/json"),
    ],
)
def test_check_members_of_something_else(body: bytes, content_type: str) -> None:
    with pytest.raises(UpstreamLied):
        check_members(Page(body, content_type, URL), "a", "b")


@pytest.mark.parametrize("document", [{"urls": {}}, {"urls": [{"url": 1}]}, {"releases": []}, {"releases": {"1": 2}}])
def test_documents_of_another_shape(document: object) -> None:
    with pytest.raises(UpstreamLied):
        render(PROJECT, document)


def test_what_is_kept_can_be_shown() -> None:
    check_legacy(page())
    for broken in (
        {"urls": 5}, {"urls": [1]}, {"releases": []}, {"releases": {"1.0": [{"filename": "x"}]}}, {"info": []},
        {"info": {"version": None}},
    ):  # fmt: skip
        with pytest.raises(UpstreamLied):
            check_legacy(page(DOCUMENT | broken))
