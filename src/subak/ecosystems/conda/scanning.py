"""Large JSON documents, member by member: memory holds a piece and one entry, however large the whole is."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from subak.errors import UpstreamLied

LONGEST = 32 * 2**20
"""Characters of one entry; the longest known is a list of some megabytes."""

_NOT_SPACE = re.compile(r"[^ \t\n\r]")
_BEHIND = " \t\n\r,:}]"
"""What may follow a value."""
_decode = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True)
class Opened:
    """An object whose members follow one by one, until `Closed`."""

    key: str
    """'' for the document itself."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of the object opened last."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the object opened last."""

    key: str
    value: object
    written: str
    """The value as upstream wrote it."""


def scan(pieces: Iterable[bytes], groups: dict[str, int]) -> Iterator[Opened | Closed | Member]:
    """A JSON object as it stands there. Raises UpstreamLied for anything else, and for what goes on behind its end.

    `groups` tells which members of the document are opened, and how deep: 1 for an object of entries, 2 for an
    object of such objects. All others come whole.
    """
    reader = _Reader(pieces)
    yield from _opened(reader, "", groups, 0)
    if reader.peek():
        raise UpstreamLied("a JSON document that goes on behind its end")


def _opened(reader: _Reader, key: str, groups: dict[str, int], depth: int) -> Iterator[Opened | Closed | Member]:
    """The object that comes next. `depth` more levels below it are opened; the document's own members by name."""
    reader.take("{")
    yield Opened(key)
    while reader.peek() != "}":
        name, _ = reader.value()
        if not isinstance(name, str):
            raise UpstreamLied("a JSON document with a name that is no text")
        reader.take(":")
        below = groups.get(name, 0) if groups else depth
        if below and reader.peek() == "{":
            yield from _opened(reader, name, {}, below - 1)
        else:
            value, written = reader.value()
            yield Member(name, value, written)
        if reader.peek() != "}":
            reader.take(",")
            if reader.peek() == "}":
                raise UpstreamLied("a JSON document with a comma too many")
    reader.take("}")
    yield Closed()


class _Reader:
    """A position in a text that comes in pieces. Every method raises UpstreamLied."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space, '' at the end."""
        while True:
            found = _NOT_SPACE.search(self._text, self._at)
            if found:
                self._at = found.start()
                return found[0]
            self._at = len(self._text)
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise UpstreamLied(f"a JSON document without {wanted!r} where one must be")
        self._at += 1

    def value(self) -> tuple[object, str]:
        """The next value, and how it was written."""
        self.peek()
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except RecursionError as error:
                raise UpstreamLied("a JSON document that is nested too deeply") from error
            except ValueError as error:
                if not self._more():
                    raise UpstreamLied(f"not a JSON document, or one that breaks off: {error}") from error
                continue
            begin, behind = self._at, self._text[end : end + 1]
            # A number that ends with a piece may go on in the next one: '-1.5' and 'e10'.
            if (behind and behind in _BEHIND) or not self._more():
                end -= begin - self._at  # reading on, even in vain, drops what was before
                written = self._text[self._at : end]
                self._at = end
                return value, written

    def _more(self) -> bool:
        """Read on until there is twice as much text, so that a long value is not begun again for each piece."""
        held = len(self._text) - self._at
        if held > LONGEST:
            raise UpstreamLied(f"a JSON document with an entry of more than {LONGEST} characters, or a broken one")
        texts, came = [self._text[self._at :]], 0
        try:
            while not self._ended and came <= held:
                piece = next(self._pieces, None)
                self._ended = piece is None
                texts.append(self._decoder.decode(piece or b"", final=self._ended))
                came += len(texts[-1])
        except UnicodeDecodeError as error:
            raise UpstreamLied("a JSON document that is not UTF-8") from error
        self._text, self._at = "".join(texts), 0
        return came > 0
