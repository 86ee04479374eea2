"""The front page: nothing from elsewhere, nothing unescaped, nothing secret."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser

import pytest

from subak.adoption.settings import line_for
from subak.console.home import home
from subak.ecosystems import ALL, served
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import BadRequest
from subak.model.exchange import UNIDENTIFIED
from subak.sources.discovery import BUILTIN, CLIENT, OFF, Found

BASE = "https://gate.example/subak"
UPSTREAMS = [
    Found(
        "pypi", "https://registry.example:8443/private/simple/", "from PIP_INDEX_URL", authorization="Basic c2VjcmV0"
    ),
    Found("npm", problem="the <address> is no URL", by=CLIENT),
    Found("cargo", problem="it is switched off", by=OFF),
]
PAGE, CSP = home(BASE, ALL, UPSTREAMS, "1.2.3")
TEXT = PAGE.decode()


class _Seen(HTMLParser):
    """Collects what the page loads, links to and shows as code."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.code: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "link", "path", "rect"):
            self.open.append(tag)
        if tag == "code":
            self.code.append("")
        for name, value in attrs:
            if name in ("src", "action", "data") or (name == "href" and tag == "link"):
                self.loads.append(value or "")
            elif name == "href":
                self.links.append(value or "")
            elif name.startswith("on") or name == "style":
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("path", "rect"):
            return
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An SVG shape: nothing to see."""

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "code":
            self.code[-1] += data


def _seen(text: str) -> _Seen:
    parser = _Seen()
    parser.feed(text)
    assert parser.open == []
    return parser


def test_it_loads_nothing_and_runs_only_what_the_policy_names() -> None:
    seen = _seen(TEXT)
    assert all(load.startswith("data:image/svg+xml,") for load in seen.loads)
    assert seen.handlers == []
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", TEXT, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in CSP
        assert "url(" not in inside
        assert "@import" not in inside
    assert CSP.startswith("default-src 'none'; ")
    assert "unsafe" not in CSP


def test_each_client_of_what_is_served_has_its_line() -> None:
    further = served(["debian-security"]).values()
    found = [Found(e.name, f"https://{e.name}.example/", by=BUILTIN) for e in further]
    seen = _seen(home(BASE, further, found, "1")[0].decode())
    for ecosystem in ALL:
        for client in ecosystem.clients:
            assert line_for(client, BASE, f"https://{ecosystem.name}.example/") in [*seen.code, ""]
        assert f"#{ecosystem.name}" in seen.links or not ecosystem.clients
    assert f"subak run --url {BASE} -- COMMAND" in seen.code
    assert "#debian-security" not in seen.links, "its clients are those of its family"


def test_what_is_not_served_is_told_in_a_line() -> None:
    code = _seen(TEXT).code
    assert line_for(ALL[0].clients[0], BASE) in code
    for ecosystem in ALL[1:]:
        for client in ecosystem.clients:
            assert line_for(client, BASE) not in code
    told = TEXT.partition("Served once an upstream is set: ")[2].partition("<")[0]
    assert {"Ruby gems", "Go modules"} < set(told.rstrip(";. ").split(", "))
    assert "Switched off: Rust crates (Cargo).<" in TEXT
    assert TEXT.count('class="none"') == 1


@pytest.mark.parametrize(
    ("url", "by", "line"),
    [
        ("https://registry.example/private/", CLIENT, ""),
        ("https://registry.example/", CLIENT, "mirror https://registry.example"),
        ("https://registry.example/public/", BUILTIN, "mirror https://registry.example/public"),
    ],
)
def test_a_line_that_names_the_upstream_does_not_tell_its_path(url: str, by: str, line: str) -> None:
    ecosystem = dataclasses.replace(ALL[0], clients=(Client("x", (), "mirror {upstream}"),))
    page, _ = home(BASE, [ecosystem], [Found(ecosystem.name, url, by=by)], "1")
    code = _seen(page.decode()).code
    assert "private" not in page.decode()
    assert [c for c in code if c.startswith("mirror")] == ([line] if line else [])


def test_upstreams_by_host_alone() -> None:
    assert "registry.example:8443" in TEXT
    assert "/private/" not in TEXT
    assert "c2VjcmV0" not in TEXT
    assert "the &lt;address&gt; is no URL" in TEXT
    assert ">/pypi/<" in TEXT


def test_links_lead_to_our_own_pages_below_the_prefix() -> None:
    paths = ("/-/health", "/-/metrics", "/-/api/openapi.json")
    assert _seen(TEXT).links == ["#pypi", *(BASE + path for path in paths)]
    assert '<h3 id="pypi">' in TEXT
    assert "1.2.3" in TEXT


def test_everything_is_escaped() -> None:
    nasty = "<script>alert('&\"')</script>"
    sample = Ecosystem(
        name="pypi", title=nasty, routes=(), subject=lambda r, p: UNIDENTIFIED, source=lambda s, b: b,
        clients=(Client(nasty, (), nasty),),
    )  # fmt: skip
    told = (Found("pypi", problem=nasty), Found("pypi", problem=nasty, by=CLIENT), Found("pypi", problem=nasty, by=OFF))
    pages = [home(BASE, [sample], [found], nasty)[0].decode() for found in told]
    pages.append(home(BASE, [sample], [Found("pypi", f"https://{nasty}/", nasty)], nasty)[0].decode())
    for page in pages:
        assert nasty not in page
        assert page.count("<script>") == 1
        _seen(page)
    assert nasty in _seen(pages[-1]).code


@pytest.mark.parametrize(
    "base", ["http://a$(id)", "http://a'b", 'http://a"b', "http://a b", "http://a;b", "javascript:x", "http://a<b"]
)
def test_a_host_that_must_not_reach_a_shell(base: str) -> None:
    with pytest.raises(BadRequest):
        home(base, ALL, UPSTREAMS, "1")


def test_an_ecosystem_nobody_looked_for() -> None:
    assert f"Served once an upstream is set: {ALL[0].title}" in home(BASE, ALL, [], "1")[0].decode()
