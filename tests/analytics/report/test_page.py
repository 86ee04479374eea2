"""One page that needs nothing else, whatever stood in the logs."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace
from tests.analytics.report.harvest import HOSTILE

from subak.analytics.report.compare import compare
from subak.analytics.report.model import Report, Rows, Slice
from subak.analytics.report.page import MARK, page
from subak.analytics.report.style import STYLE
from subak.console import home

EMPTY = ("meta", "link", "path", "rect")
"""Elements without an end tag of their own."""


class Reader(HTMLParser):
    """Collects elements and attributes, and checks that elements are nested."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.values: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.values += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def text(report: Report) -> str:
    return page(report).decode()


def test_the_answer_comes_first(text: str) -> None:
    assert "<h1>1 % of addresses took <em>72.1 %</em> of requests.</h1>" in text
    assert "EUR 0.77 in 29 hours." in text


def test_it_is_well_formed_and_nothing_runs(text: str) -> None:
    reader = Reader(text)
    assert reader.open == []
    assert not {"script", "iframe", "object", "embed", "img", "form", "base"} & set(reader.tags)
    assert [name for _, name, _ in reader.values if name.startswith("on") or name == "style"] == []


def test_nothing_is_asked_of_anybody(text: str) -> None:
    reader = Reader(text)
    links = [value for _, name, value in reader.values if name in ("href", "src", "action", "srcset", "xlink:href")]
    assert links
    assert all(link.startswith(("#", "data:image/svg+xml,")) for link in links)
    shown = re.sub(r'xmlns="http://www.w3.org/2000/svg"|data:image[^"]*', "", text)
    assert not re.search(r"https?://|//[a-z]", shown)


def test_only_its_own_style_may_apply(text: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert policy[1].startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert f"<style>{STYLE}</style>" in text


def test_hostile_text_is_shown_and_not_obeyed(text: str) -> None:
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert(") >= 4, "consumer, package, program, reason"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert HOSTILE not in text


def test_folders_and_addresses_are_not_in_it(text: str) -> None:
    assert "secret" not in text
    assert "<code>a.log</code>" in text


def test_every_picture_is_told_in_words(text: str) -> None:
    for picture in re.findall(r"<svg[^>]*>(?:<title[^>]*>.*?</title><desc[^>]*>.*?</desc>)?", text):
        assert 'aria-hidden="true"' in picture or ('role="img"' in picture and "<desc" in picture) or "dash" in picture


def test_all_parts_are_there(text: str) -> None:
    parts = (
        "concentration",
        "avoidable",
        "classes",
        "consumers",
        "cost",
        "origins",
        "ecosystems",
        "packages",
        "answers",
        "method",
    )
    assert [part for part in parts if f'<section id="{part}">' not in text] == []


def test_every_footnote_leads_somewhere(text: str) -> None:
    assert set(re.findall(r'href="#(d\d+)"', text)) == set(re.findall(r'id="(d\d+)"', text))


def test_a_table_that_was_asked_for(report: Report) -> None:
    one = Slice(by=["purpose"], show=["bytes"], units=["bytes"], rows=[[HOSTILE, 1000], ["x", None]], n=3)
    text = page(replace(report, slices=[one])).decode()
    assert "bytes by purpose" in text
    assert '<td class="r">1.0 kB</td>' in text
    assert "<script" not in text


def test_what_changed(report: Report, later: Report) -> None:
    text = page(later, compare(report, later)).decode()
    assert Reader(text).open == []
    assert '<section id="changes">' in text


def test_an_empty_report_is_a_page(report: Report) -> None:
    nothing: Rows = Rows(of="x", n=0, rows=[])
    line = replace(report.timeline, starts=[], series={})
    empty = replace(
        report, concentration=[], avoidable=[], bill=None, timeline=line, providers=nothing, origins=nothing,
        purposes=nothing, ecosystems=nothing, software=nothing, consumers=nothing, packages=nothing, statuses=nothing,
        caches=nothing, rejects=nothing,
    )  # fmt: skip
    text = page(empty).decode()
    assert Reader(text).open == []
    assert "<em>208</em> requests; these logs do not tell who sent them.</h1>" in text


def test_the_sign_is_that_of_the_gateways_own_page() -> None:
    assert MARK == home.MARK
