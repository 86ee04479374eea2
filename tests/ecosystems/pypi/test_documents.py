from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.documents import CHUNK, project_pins, render_project, root_of
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Kind, Subject

A, B = "a" * 64, "b" * 64
JSON = "application/vnd.pypi.simple.v1+json"
URL = "https://registry.example/simple/demo-kit/"
BASE = "https://gw.example/prefix/pypi"
SUBJECT = Subject("pypi", Kind.INDEX, "index", "simple/demo-kit/", "demo-kit", purl="pkg:pypi/demo-kit")
WHEEL = "demo_kit-1.0+cu121-py3-none-any.whl"
ENTRY: dict[str, Any] = {
    "filename": WHEEL,
    "url": "https://files.example/packages/aa/demo_kit-1.0%2Bcu121-py3-none-any.whl?sig=1#x",
    "hashes": {"sha256": A, "blake2b_256": "x"},
    "requires-python": '>=3.8,<"4"',
    "size": 1234,
    "upload-time": "2026-01-02T03:04:05.678901Z",
    "yanked": '"><script>alert(1)</script>',
    "core-metadata": {"sha256": B},
    "data-dist-info-metadata": {"sha256": A},
    "provenance": f"https://registry.example/integrity/demo-kit/1.0+cu121/{WHEEL}/provenance",
    "gpg-sig": True,
    "future-key": {"nested": [1, 2.50, None]},
}
SDIST: dict[str, Any] = {
    "filename": "demo.kit-0.9.tar.gz",
    "url": "../../packages/bb/demo.kit-0.9.tar.gz",
    "hashes": {},
}
PAGE: dict[str, Any] = {
    "meta": {"api-version": "1.4", "_last-serial": 77, "tracks": ["https://t.example/?a&b"]},
    "name": "Demo.Kit",
    "versions": ["0.9", "1.0+cu121", "2.0"],
    "project-status": {"status": "archived", "reason": 'no "time"'},
    "alternate-locations": ["https://alt.example/"],
    "future-member": [True],
    "files": [ENTRY, SDIST],
}
HTML = (
    "<title>Links for demo-kit</title>"
    f'<a href="https://files.example/p/demo_kit-2.0.zip#sha256={A}" data-requires-python="&gt;=3" '
    'data-upload-time="2026-02-19T05:00:57.678803Z" data-yanked="">demo_kit-2.0.zip</a><br/>'
    f'<a href="https://files.example/p/{WHEEL}" data-dist-info-metadata="sha256={B}" data-yanked="a &lt; b">x</a>'
)


def json_page(page: object = PAGE, url: str = URL) -> Page:
    return Page(json.dumps(page).encode(), JSON, url)


def html_page(html: str | bytes = HTML, url: str = URL) -> Page:
    return Page(html.encode() if isinstance(html, str) else html, "text/html", url)


def as_json(page: Page, *hidden: str) -> Any:
    return json.loads(b"".join(render_project(SUBJECT, page, View("json", BASE, hidden=frozenset(hidden)))))


def as_html(page: Page, *hidden: str) -> str:
    return b"".join(render_project(SUBJECT, page, View("html", BASE, hidden=frozenset(hidden)))).decode()


def anchors(html: str) -> list[dict[str, str | None]]:
    return [node.attributes | {"text": node.text()} for node in LexborHTMLParser(html).css("a")]


# ---------------------------------------------------------------- pins


def test_pins_of_json() -> None:
    path = f"files/packages/aa/{WHEEL}"
    url = "https://files.example/packages/aa/demo_kit-1.0%2Bcu121-py3-none-any.whl"
    published = 1767323045.678901
    assert list(project_pins(SUBJECT, json_page())) == [
        Pin(path, f"{url}?sig=1", Digest("sha256", A), 1234, "demo-kit", "1.0+cu121", published),
        Pin(f"{path}.metadata", f"{url}.metadata?sig=1", Digest("sha256", B), -1, "demo-kit", "1.0+cu121", published),
        Pin(
            "files/packages/bb/demo.kit-0.9.tar.gz",
            "https://registry.example/packages/bb/demo.kit-0.9.tar.gz",
            name="demo-kit",
            version="0.9",
        ),
    ]


def test_pins_of_html() -> None:
    assert [(p.path, p.digest, p.version, p.published) for p in project_pins(SUBJECT, html_page())] == [
        ("files/p/demo_kit-2.0.zip", Digest("sha256", A), "2.0", 1771477257.678803),
        (f"files/p/{WHEEL}", UNPINNED, "1.0+cu121", 0.0),
        (f"files/p/{WHEEL}.metadata", Digest("sha256", B), "1.0+cu121", 0.0),
    ]


def test_a_sidecar_without_digest_is_unpinned_whatever_the_wheel_has() -> None:
    entry = ENTRY | {"core-metadata": True}
    _, sidecar = project_pins(SUBJECT, json_page({"files": [entry]}))
    assert sidecar.digest == UNPINNED


@pytest.mark.parametrize("key", ["hashes", "core-metadata"])
def test_a_digest_that_cannot_be_read(key: str) -> None:
    with pytest.raises(UpstreamLied, match="digest"):
        list(project_pins(SUBJECT, json_page({"files": [ENTRY | {key: {"sha256": "abc"}}]})))


def test_a_digest_that_cannot_be_read_in_html() -> None:
    with pytest.raises(UpstreamLied, match="digest"):
        list(project_pins(SUBJECT, html_page("<title>Links for x</title><a href='x.zip#sha256=zz'>x</a>")))


def test_no_such_page_raises_before_the_first_pin() -> None:
    with pytest.raises(UpstreamLied):
        project_pins(SUBJECT, html_page("<h1>It works!</h1>"))
    with pytest.raises(UpstreamLied, match="UTF-8"):
        project_pins(SUBJECT, Page(b'{"files":[],"name":"\xff"}', JSON, URL))


@pytest.mark.parametrize(
    ("time", "published"),
    [
        ("2026-01-02T03:04:05Z", 1767323045.0),
        ("2026-01-02T05:04:05+02:00", 1767323045.0),
        ("2026-01-02T03:04:05", 1767323045.0),
        ("1960-01-01T00:00:00Z", 0.0),
        ("0001-01-01T00:00:00+14:00", 0.0),
        ("yesterday", 0.0),
        ("", 0.0),
    ],
)
def test_published(time: str, published: float) -> None:
    (pin,) = project_pins(SUBJECT, json_page({"files": [SDIST | {"upload-time": time}]}))
    assert pin.published == published


# ---------------------------------------------------------------- JSON


def test_json_to_json_keeps_everything_but_links() -> None:
    out = as_json(json_page())
    wheel, sdist = out["files"]
    assert wheel == ENTRY | {
        "url": "../../files/packages/aa/demo_kit-1.0%2Bcu121-py3-none-any.whl",
        "data-dist-info-metadata": {"sha256": B},
        "provenance": f"{BASE}/integrity/demo-kit/1.0%2Bcu121/{WHEEL.replace('+', '%2B')}/provenance",
    }
    assert sdist == SDIST | {"url": "../../files/packages/bb/demo.kit-0.9.tar.gz"}
    assert out | {"files": 0} == PAGE | {"files": 0}


def test_json_from_html_claims_no_sizes() -> None:
    assert as_json(html_page()) == {
        "meta": {"api-version": "1.0"},
        "name": "demo-kit",
        "files": [
            {
                "filename": "demo_kit-2.0.zip",
                "url": "../../files/p/demo_kit-2.0.zip",
                "hashes": {"sha256": A},
                "requires-python": ">=3",
                "upload-time": "2026-02-19T05:00:57.678803Z",
                "yanked": True,
            },
            {
                "filename": WHEEL,
                "url": "../../files/p/demo_kit-1.0%2Bcu121-py3-none-any.whl",
                "hashes": {},
                "yanked": "a < b",
                "core-metadata": {"sha256": B},
                "data-dist-info-metadata": {"sha256": B},
            },
        ],
    }


@pytest.mark.parametrize("head", [{}, {"meta": {}}, {"meta": {"_last-serial": 1}}])
def test_json_always_names_its_version(head: dict[str, object]) -> None:
    out = as_json(json_page(head | {"files": []}))
    assert out["meta"]["api-version"] == "1.0"
    assert out["name"] == "demo-kit"
    assert out["files"] == []


@pytest.mark.parametrize(
    "provenance",
    [
        f"https://elsewhere.example/integrity/demo-kit/1.0+cu121/{WHEEL}/provenance",
        f"https://registry.example/integrity/other/1.0+cu121/{WHEEL}/provenance",
        "https://registry.example/integrity/demo-kit/1.0+cu121/other.whl/provenance",
        f"https://registry.example/integrity/demo-kit/1.1/{WHEEL}/provenance",
        f"https://registry.example/integrity/demo-kit/1.0+cu121/{WHEEL}/provenance?x",
        "https://[oops/",
    ],
)
def test_a_provenance_that_we_could_not_serve_is_none(provenance: str) -> None:
    page = json_page({"files": [ENTRY | {"provenance": provenance}]})
    assert as_json(page)["files"][0]["provenance"] is None
    assert "data-provenance" not in as_html(page)


def test_relative_provenance() -> None:
    page = json_page({"files": [ENTRY | {"provenance": f"/integrity/Demo_Kit/1.0%2Bcu121/{WHEEL}/provenance"}]})
    assert as_json(page)["files"][0]["provenance"].startswith(f"{BASE}/integrity/demo-kit/1.0%2Bcu121/")


# ---------------------------------------------------------------- HTML


def test_json_to_html() -> None:
    html = as_html(json_page())
    wheel, sdist = anchors(html)
    assert wheel == {
        "href": f"../../files/packages/aa/demo_kit-1.0%2Bcu121-py3-none-any.whl#sha256={A}",
        "data-requires-python": '>=3.8,<"4"',
        "data-yanked": '"><script>alert(1)</script>',
        "data-core-metadata": f"sha256={B}",
        "data-dist-info-metadata": f"sha256={B}",
        "data-upload-time": "2026-01-02T03:04:05.678901Z",
        "data-provenance": f"{BASE}/integrity/demo-kit/1.0%2Bcu121/{WHEEL.replace('+', '%2B')}/provenance",
        "data-gpg-sig": "true",
        "text": WHEEL,
    }
    assert sdist == {"href": "../../files/packages/bb/demo.kit-0.9.tar.gz", "text": "demo.kit-0.9.tar.gz"}
    tree = LexborHTMLParser(html)
    assert {m.attributes["name"]: m.attributes["content"] for m in tree.css("meta[name]")} == {
        "pypi:repository-version": "1.4",
        "pypi:project-status": "archived",
        "pypi:project-status-reason": 'no "time"',
        "pypi:tracks": "https://t.example/?a&b",
        "pypi:alternate-locations": "https://alt.example/",
    }
    assert not tree.css("script")


def test_html_prefers_sha256_and_takes_the_strongest_otherwise() -> None:
    page = json_page({"files": [SDIST | {"hashes": {"sha512": "c" * 128, "sha256": A}}]})
    assert anchors(as_html(page))[0]["href"] == f"../../files/packages/bb/demo.kit-0.9.tar.gz#sha256={A}"
    page = json_page({"files": [SDIST | {"hashes": {"md5": "d" * 32, "sha1": "e" * 40}}]})
    assert str(anchors(as_html(page))[0]["href"]).endswith("#sha1=" + "e" * 40)


hostile = st.text(st.sampled_from("ab\"'<>&= /-\n\tü"), max_size=20)


@given(hostile, hostile, hostile, hostile)
def test_html_escapes_whatever_upstream_writes(requires: str, yanked: str, time: str, reason: str) -> None:
    entry = SDIST | {"requires-python": requires, "yanked": yanked, "upload-time": time}
    html = as_html(json_page({"files": [entry], "project-status": {"status": requires, "reason": reason}}))
    (found,) = anchors(html)
    assert (found.get("data-requires-python", ""), found.get("data-yanked", "")) == (requires, yanked)
    assert found.get("data-upload-time", "") == time
    assert set(found) <= {"href", "text", "data-requires-python", "data-yanked", "data-upload-time"}
    assert unescape(html).count("<a ") >= 1
    assert len(LexborHTMLParser(html).css("head > meta[name]")) <= 3


# ---------------------------------------------------------------- both


def test_hidden_versions_are_cut_from_every_form() -> None:
    out = as_json(json_page(), "1.0+cu121")
    assert [f["filename"] for f in out["files"]] == ["demo.kit-0.9.tar.gz"]
    assert out["versions"] == ["0.9", "2.0"]
    assert [a["text"] for a in anchors(as_html(json_page(), "1.0+cu121"))] == ["demo.kit-0.9.tar.gz"]
    assert [a["text"] for a in anchors(as_html(html_page(), "2.0.0"))] == [WHEEL]
    assert as_json(html_page(), "2", "1.0+cu121")["files"] == []


def test_two_hosts_get_the_paths_that_their_pins_have() -> None:
    files = [
        {"filename": "x.zip", "url": f"https://{host}/p/x.zip", "hashes": {"sha256": pin}}
        for host, pin in (("a.example", A), ("b.example:81", B), ("a.example", B))
    ]
    page = json_page({"files": files})
    pins = list(project_pins(SUBJECT, page))
    assert [(p.path, p.digest.hex) for p in pins] == [("files/p/x.zip", A), ("files/~b.example:81/p/x.zip", B)]
    assert [f["url"] for f in as_json(page)["files"]] == ["../../files/p/x.zip", "../../files/~b.example%3A81/p/x.zip"]


def test_hostile_links_are_left_out_of_pins_and_pages() -> None:
    links = [
        "https://h/a/%2e%2e/demo.kit-0.9.tar.gz",
        "file:///demo.kit-0.9.tar.gz",
        "https://h/a%0d/demo.kit-0.9.tar.gz",
    ]
    page = json_page({"files": [SDIST | {"url": link} for link in links]})
    assert list(project_pins(SUBJECT, page)) == []
    assert as_json(page)["files"] == []
    assert anchors(as_html(page)) == []


@pytest.mark.parametrize("page", [json_page(), html_page()], ids=["json", "html"])
@pytest.mark.parametrize("form", ["json", "html"])
def test_a_gateway_behind_a_gateway_shows_the_same(page: Page, form: str) -> None:
    """What we render is a page that we read: the links lead to us instead, everything else stays."""
    url = f"{BASE}/simple/demo-kit/"
    first = list(project_pins(SUBJECT, page))
    once = b"".join(render_project(SUBJECT, page, View(form, BASE)))
    again = Page(once, JSON if form == "json" else "text/html", url)
    second = list(project_pins(SUBJECT, again))
    assert [p.path for p in second] == [p.path.replace("files/", "files/prefix/pypi/files/", 1) for p in first]
    assert [(p.digest, p.version, p.published) for p in second] == [(p.digest, p.version, p.published) for p in first]
    twice = b"".join(render_project(SUBJECT, again, View(form, BASE)))
    assert twice.replace(b"../../files/prefix/pypi/files/", b"../../files/") == once


def test_every_form_shows_the_same_files() -> None:
    for page in (json_page(), html_page()):
        links = [str(a["href"]).partition("#")[0] for a in anchors(as_html(page))]
        assert links == [f["url"] for f in as_json(page)["files"]]
        v1 = b"".join(render_project(SUBJECT, page, View("html-v1", BASE)))
        assert v1.decode() == as_html(page)


def test_long_pages_come_in_chunks() -> None:
    files = [SDIST | {"filename": f"demo-kit-{n}.zip", "url": f"/p/demo-kit-{n}.zip"} for n in range(5000)]
    page = json_page({"files": files})
    for form in ("json", "html"):
        chunks = list(render_project(SUBJECT, page, View(form, BASE)))
        assert len(chunks) > 3
        assert max(map(len, chunks)) < CHUNK + 1024
    assert len(json.loads(b"".join(render_project(SUBJECT, page, View("json", BASE))))["files"]) == 5000


@pytest.mark.parametrize(
    ("index", "root"),
    [
        ("https://h/simple/", "https://h/"),
        ("https://h/root/pypi/+simple/", "https://h/root/pypi/"),
        ("https://h/notsimple/", "https://h/notsimple/"),
        ("https://h/x/", "https://h/x/"),
    ],
)
def test_root_of(index: str, root: str) -> None:
    assert root_of(index) == root
