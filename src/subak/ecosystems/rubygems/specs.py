"""The indexes of before the compact one: gzipped Marshal of [[name, Gem::Version, platform], …].

Only this shape of Ruby's Marshal 4.8 is read, never anything that could make an object of another kind. Rows share
their texts and versions by number (`@`), so a row cannot simply be cut out: all are read, and the kept ones written
with numbers of their own.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from subak.ecosystems.base import Page
from subak.ecosystems.rubygems.fullnames import fold_version
from subak.ecosystems.rubygems.text_index import CHUNK, pieces
from subak.errors import UpstreamLied

LARGEST = 2**28
"""Bytes of an unpacked index that we read; the largest known has some tens of millions."""

_MARSHAL = b"\x04\x08["
_GZIP = b"\x1f\x8b"
_VERSION_CLASS = b"Gem::Version"


def check(page: Page) -> None:
    """Raises UpstreamLied unless the page is a whole gzip of a Marshal array."""
    if not _head(page).startswith(_MARSHAL):
        raise UpstreamLied("the index of specifications is no Marshal array")


def specs_without(page: Page, hidden: frozenset[str]) -> Iterator[bytes]:
    """The index less the hidden versions ('name@version'), on all platforms. Raises UpstreamLied.

    With nothing hidden the bytes leave as they came, packed if upstream's server had unpacked them.
    """
    body = memoryview(page.body)
    if not hidden:
        as_it_is = bytes(body[:2]) == _GZIP
        yield from pieces(body if as_it_is else memoryview(gzip.compress(body, mtime=0)))
        return
    entries = (entry.rpartition("@") for entry in hidden)
    withheld = {(name.encode(), fold_version(version).encode()) for name, _, version in entries}
    names = {name for name, _ in withheld}

    def shown(row: Row) -> bool:
        name, version, _ = row
        return name not in names or (name, fold_version(version.decode("latin-1")).encode()) not in withheld

    raw = b"".join(_unpacked(body))
    count = sum(map(shown, read(raw)))
    encoder = zlib.compressobj(6, zlib.DEFLATED, 31)  # writes no time: equal input gives equal bytes
    for chunk in write(count, filter(shown, read(raw))):
        if packed := encoder.compress(chunk):
            yield packed
    yield encoder.flush()


def _head(page: Page) -> bytes:
    """The first bytes unpacked, once all of them have been, so that a torn or broken file shows."""
    head = b""
    for chunk in _unpacked(memoryview(page.body)):
        head = head or chunk[: len(_MARSHAL)]
    return head


def _unpacked(body: memoryview) -> Iterator[bytes]:
    if bytes(body[:2]) != _GZIP:
        yield from pieces(body)
        return
    decoder, left = zlib.decompressobj(31), LARGEST
    try:
        for piece in pieces(body):
            while piece and not decoder.eof:
                chunk = decoder.decompress(piece, CHUNK)
                piece, left = decoder.unconsumed_tail, left - len(chunk)
                if left < 0:
                    raise UpstreamLied(f"the index of specifications unpacks to more than {LARGEST} bytes")
                if chunk:
                    yield chunk
    except zlib.error as error:
        raise UpstreamLied(f"the index of specifications is no gzip file: {error}") from error
    if not decoder.eof:
        raise UpstreamLied("the index of specifications breaks off")


# ---------------------------------------------------------------- reading

Row = tuple[bytes, bytes, bytes]
"""Name, version, platform."""


def read(raw: bytes) -> Iterator[Row]:
    """The rows of a Marshal text, in order. Raises UpstreamLied for any other shape."""
    if not raw.startswith(_MARSHAL):
        raise UpstreamLied("the index of specifications is no Marshal array")
    reader = _Reader(raw, len(_MARSHAL))
    try:
        reader.objects.append(None)
        for _ in range(reader.number()):
            yield reader.row()
    except IndexError as error:
        raise UpstreamLied("the index of specifications breaks off, or refers to what is not there") from error
    if reader.at != len(raw):
        raise UpstreamLied("the index of specifications goes on behind its end")


@dataclass(slots=True)
class _Reader:
    """A position in a Marshal text. Every method raises IndexError at its end, UpstreamLied for another shape."""

    raw: bytes
    at: int
    symbols: list[bytes] = field(default_factory=list)
    objects: list[bytes | None] = field(default_factory=list)
    """By number: a text, a version as its text, None for an array. A version's own text is entered twice."""

    def row(self) -> Row:
        self._expect(b"[\x08")
        self.objects.append(None)
        return self.text(), self.version(), self.text()

    def text(self) -> bytes:
        kind = self.raw[self.at]
        self.at += 1
        if kind == 0x40:  # '@'
            return self._known()
        if kind == 0x49:  # 'I': a text, then what encoding it has
            self._expect(b'"')
            text = self._remembered()
            for _ in range(self.number()):
                self._encoding()
            return text
        if kind == 0x22:  # '"': bytes without encoding
            return self._remembered()
        raise self._strange("a text")

    def version(self) -> bytes:
        kind = self.raw[self.at]
        self.at += 1
        if kind == 0x40:
            return self._known()
        if kind != 0x55 or self.symbol() != _VERSION_CLASS:  # 'U': an object that dumped itself as an array
            raise self._strange("a Gem::Version")
        number = len(self.objects)
        self.objects += (None, None)
        self._expect(b"[\x06")
        self.objects[number] = version = self.text()
        return version

    def symbol(self) -> bytes:
        kind = self.raw[self.at]
        self.at += 1
        if kind == 0x3B:  # ';'
            return self.symbols[self.number()]
        if kind != 0x3A:  # ':'
            raise self._strange("a symbol")
        self.symbols.append(name := self._bytes())
        return name

    def number(self) -> int:
        """Marshal's integer: small ones are shifted by five, larger ones tell how many bytes follow."""
        first = self.raw[self.at]
        self.at += 1
        if first == 0:
            return 0
        if 5 <= first < 128:
            return first - 5
        if first > 4:
            raise self._strange("a length")  # negative
        self.at += first
        if self.at > len(self.raw):
            raise IndexError
        return int.from_bytes(self.raw[self.at - first : self.at], "little")

    def _known(self) -> bytes:
        known = self.objects[self.number()]
        if known is None:
            raise self._strange("a text or version named before")
        return known

    def _remembered(self) -> bytes:
        self.objects.append(text := self._bytes())
        return text

    def _bytes(self) -> bytes:
        start = self.number() + self.at
        self.at, start = start, self.at
        if self.at > len(self.raw):
            raise IndexError
        return self.raw[start : self.at]

    def _encoding(self) -> None:
        """`:E` with true or false, or `:encoding` with its name."""
        self.symbol()
        if self.raw[self.at] in b"TF":
            self.at += 1
        else:
            self._expect(b'"')
            self._remembered()

    def _expect(self, wanted: bytes) -> None:
        if not self.raw.startswith(wanted, self.at):
            if self.at + len(wanted) > len(self.raw):
                raise IndexError
            raise self._strange(repr(wanted))
        self.at += len(wanted)

    def _strange(self, wanted: str) -> UpstreamLied:
        return UpstreamLied(f"the index of specifications has no {wanted} at byte {self.at}")


# ---------------------------------------------------------------- writing


def write(count: int, rows: Iterable[Row]) -> Iterator[bytes]:
    """The Marshal text of `count` rows, in pieces. Equal texts and versions are written once, as Ruby's own does."""
    out = bytearray(_MARSHAL + _number(count))
    known: dict[bytes, bytes] = {}
    versions: dict[bytes, bytes] = {}
    objects = 1
    symbols = False

    def text(value: bytes) -> None:
        nonlocal objects, symbols
        if value in known:
            out.extend(known[value])
            return
        known[value] = b"@" + _number(objects)
        objects += 1
        out.extend(b'I"%b%b\x06%bT' % (_number(len(value)), value, b";\x00" if symbols else b":\x06E"))
        symbols = True

    for name, version, platform in rows:
        out += b"[\x08"
        objects += 1
        text(name)
        if version in versions:
            out += versions[version]
        else:
            out += b"U;\x06[\x06" if versions else b"U:\x11Gem::Version[\x06"
            versions[version] = b"@" + _number(objects)
            objects += 2
            text(version)
        text(platform)
        if len(out) > CHUNK:
            yield bytes(out)
            out.clear()
    yield bytes(out)


def _number(value: int) -> bytes:
    """Marshal's integer, for lengths and numbers of objects."""
    if value < 123:
        return bytes([value + 5 if value else 0])
    length = (value.bit_length() + 7) // 8
    return bytes([length]) + value.to_bytes(length, "little")
