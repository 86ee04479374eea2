"""maven-metadata.xml: what it announces, and the same without the versions that policy withholds.

The document leaves as it came, byte for byte, but for the elements that are cut out or filled anew. The parser only
tells where they are: a document written afresh would lose comments, order and whatever a later Maven puts there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from subak.ecosystems.maven.order import highest, is_snapshot
from subak.errors import UpstreamLied

_VERSION = "metadata/versioning/versions/version"
_LATEST = "metadata/versioning/latest"
_RELEASE = "metadata/versioning/release"
_WANTED = frozenset({_VERSION, _LATEST, _RELEASE})
_DEEPEST = 64
"""Elements inside each other; Maven's own have six."""


@dataclass(frozen=True, slots=True)
class Element:
    """Where one element stands in the body."""

    path: str
    text: str
    start: int
    end: int
    """The first byte behind it."""
    inside: int
    """Where its text begins."""
    closing: int
    """Where its end tag begins."""


@dataclass(slots=True)
class Metadata:
    """What of a maven-metadata.xml matters here."""

    elements: list[Element] = field(default_factory=list)

    @property
    def versions(self) -> list[str]:
        """As listed."""
        return [e.text for e in self.elements if e.path == _VERSION]


def read(body: memoryview | bytes, what: str) -> Metadata:
    """Parse a document. Raises UpstreamLied unless it is XML in UTF-8 with the root <metadata> and without DOCTYPE."""
    return _Reader(bytes(body), what).read()


def without(body: memoryview | bytes, hidden: frozenset[str], what: str) -> bytes:
    """The body without the hidden versions; <latest> and <release> move to the highest that remain, or go.

    Raises UpstreamLied as `read` does.
    """
    raw = bytes(body)
    found = read(raw, what)
    shown = [version for version in found.versions if version not in hidden]
    stand_ins = {_LATEST: highest(shown), _RELEASE: highest(v for v in shown if not is_snapshot(v))}
    pieces, at = [], 0
    for element in found.elements:
        if element.text not in hidden:
            continue
        stand_in = stand_ins.get(element.path, "")
        start, end = (element.inside, element.closing) if stand_in else (_line_start(raw, element.start), element.end)
        pieces += [raw[at:start], _escaped(stand_in)]
        at = end
    return b"".join([*pieces, raw[at:]])


def _line_start(raw: bytes, start: int) -> int:
    """Where the white space before an element begins: cut with it, so that no empty lines pile up."""
    while start > 0 and raw[start - 1] in b" \t\r\n":
        start -= 1
    return start


def _escaped(text: str) -> bytes:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").encode()


class _Reader:
    """Walks through one document."""

    def __init__(self, body: bytes, what: str) -> None:
        self._body = body
        self._what = what
        self._open: list[tuple[str, int, int]] = []
        """Of each element that is open: its path, where it starts, and where its text begins."""
        self._text: list[str] = []
        self._found = Metadata()

    def read(self) -> Metadata:
        if self._body.startswith((b"\xff\xfe", b"\xfe\xff")):  # which the parser would follow, against its orders
            raise UpstreamLied(f"{self._what} is not in UTF-8")
        parser = self._parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(self._body, True)
        except expat.ExpatError as error:
            raise UpstreamLied(f"{self._what} is not XML: {error}") from error
        return self._found

    def _doctype(self, *_: object) -> NoReturn:
        raise UpstreamLied(f"{self._what} has a DOCTYPE, which Maven's metadata never has")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._open and name != "metadata":
            raise UpstreamLied(f"{self._what} is <{name[:40]}> and not <metadata>")
        if len(self._open) >= _DEEPEST:
            raise UpstreamLied(f"{self._what} nests elements without end")
        path = f"{self._open[-1][0]}/{name}" if self._open else name
        if attributes and path in _WANTED:  # whose values may hold a '>', by which the end of a tag is found
            raise UpstreamLied(f"{self._what} has attributes at <{name}>")
        start = self._parser.CurrentByteIndex
        self._open.append((path, start, self._body.index(b">", start) + 1))
        self._text.clear()

    def _end(self, name: str) -> None:
        path, start, inside = self._open.pop()
        closing = self._parser.CurrentByteIndex
        text = "".join(self._text).strip()
        self._text.clear()
        if path in _WANTED:
            end = self._body.index(b">", closing) + 1 if closing >= inside else inside
            self._found.elements.append(Element(path, text, start, end, inside, closing))
