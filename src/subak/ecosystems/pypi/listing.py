"""The list of all projects: tens of megabytes, so it is read piece by piece and never held as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

import msgspec
from msgspec import Raw

from subak.ecosystems.base import Page, View
from subak.ecosystems.pypi.documents import CHUNK, HTML_TAIL, chunked, html_head
from subak.ecosystems.pypi.names import is_name, normalise
from subak.ecosystems.pypi.pages import (
    LARGEST_HTML,
    check_api,
    check_text,
    decode,
    form_of,
    metas_of,
    title_of,
    tree_of,
)
from subak.errors import UpstreamLied

WINDOW = 64 * 2**10
"""Bytes of HTML parsed at a time; the tree of its anchors takes some twenty times that."""


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _Listing(msgspec.Struct):
    projects: Raw
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Entry(msgspec.Struct):
    name: str


def check_listing(page: Page) -> None:
    """Raises UpstreamLied unless the page is a list of projects."""
    if form_of(page) == "json":
        check_text(page.body)
        _json_listing(page)
    else:
        _check_html(page)


def render_listing(page: Page, view: View) -> Iterator[bytes]:
    """The list in the form of the view. Raises UpstreamLied."""
    if form_of(page) == "json":
        listing = _json_listing(page)
        if view.form == "json":  # it holds no links: nothing to rewrite
            return _slices(page.body)
        names = _names_in_json(memoryview(listing.projects))
    else:
        _check_html(page)
        names = _names_in_html(page)
    return chunked(_as_json(names) if view.form == "json" else _as_html(names))


def _slices(body: bytes | memoryview) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK):
        yield bytes(body[start : start + CHUNK])


def _as_json(names: Iterator[str]) -> Iterator[bytes]:
    yield b'{"meta":{"api-version":"1.0"},"projects":['
    comma = b""
    for name in names:
        yield comma + msgspec.json.encode({"name": name})
        comma = b","
    yield b"]}"


def _as_html(names: Iterator[str]) -> Iterator[bytes]:
    yield html_head("Simple index", "1.0")
    for name in names:
        yield f'<a href="{normalise(name)}/">{escape(name)}</a><br/>\n'.encode()
    yield HTML_TAIL


# ---------------------------------------------------------------- JSON


def _json_listing(page: Page) -> _Listing:
    listing = decode(page.body, _Listing)
    check_api(listing.meta.api_version)
    if memoryview(listing.projects)[0] != ord("["):
        raise UpstreamLied("the upstream's JSON has no list of 'projects'")
    return listing


def _nested(depth: int) -> bytes:
    inside = rb"[^{}\[\]\"]++|\"(?:[^\"\\]++|\\.)*+\"" + (b"|" + _nested(depth - 1) if depth else b"")
    return rb"[{\[](?:" + inside + rb")*+[}\]]"


_ELEMENT = re.compile(_nested(3) + rb"|\"(?:[^\"\\]++|\\.)*+\"|[^\s,\[\]{}\"]++", re.DOTALL)
"""One element of a valid JSON array, a few levels deep."""


def _names_in_json(projects: memoryview) -> Iterator[str]:
    """The names, in order; an element without one names no project. `projects` is valid JSON already, so finding the
    ends of its elements is all there is to do; a list of 700 000 views of them would take as much memory as the page.
    """
    at, entry = 1, msgspec.json.Decoder(_Entry)
    while True:
        found = _GAP.match(projects, at)
        at = found.end() if found else at
        if projects[at] == ord("]"):
            return
        element = _ELEMENT.match(projects, at)
        if not element:
            raise UpstreamLied("the upstream's list of projects nests without end")
        at = element.end()
        try:
            name = entry.decode(element[0]).name
        except msgspec.MsgspecError:
            continue
        if is_name(name):
            yield name


_GAP = re.compile(rb"[\s,]*")


# ---------------------------------------------------------------- HTML

_TITLE = re.compile(r"\b(?:simple|index|links for)\b", re.IGNORECASE)


def _check_html(page: Page) -> None:
    """A list is entitled as every index does it, or names its API version (PEP 629)."""
    head = tree_of(bytes(page.body[:WINDOW]), page)
    metas = metas_of(head)
    if "repository-version" not in metas and not _TITLE.search(title_of(head)):
        raise UpstreamLied("the upstream sent HTML that is not a list of projects; it may be an error or a login page")
    check_api((metas.get("repository-version") or ["1.0"])[0])


def _names_in_html(page: Page) -> Iterator[str]:
    """Each anchor's text if a project can be called that, else the last segment of its link."""
    for piece in _pieces(page.body):
        for node in tree_of(piece, page).css("a"):
            link = (node.attributes.get("href") or "").partition("?")[0].partition("#")[0]
            for name in (node.text(strip=True), link.strip().rstrip("/").rpartition("/")[2]):
                if is_name(name):
                    yield name
                    break


def _pieces(body: bytes | memoryview) -> Iterator[bytes]:
    """Cut before anchors. One that would be cut in a comment or a script only shows a name too many."""
    start = 0
    while start < len(body):
        width = WINDOW
        while True:
            piece = bytes(body[start : start + width])
            cut = piece.rfind(b"<a") if start + len(piece) < len(body) else len(piece)
            if cut > 0:
                break
            width *= 2
            if width > LARGEST_HTML:
                raise UpstreamLied("the upstream's list of projects holds no links where they should be")
        yield piece[:cut]
        start += cut
