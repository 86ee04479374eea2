"""Looks for addresses where none may be: as text, packed bytes, hexadecimal digits, and in compressed files."""

from __future__ import annotations

import gzip
import ipaddress
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import zstandard

_DOTTED = re.compile(rb"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d)")
_COLONS = re.compile(rb"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_HEX = re.compile(rb"[0-9A-Fa-f]{8,}")
_DIGITS = re.compile(rb"(?<!\d)\d{8,10}(?!\d)")


def leaks(addresses: Iterable[str], *places: Path | bytes | str, packed: bool = True) -> list[str]:
    """'place: address (form)' for every one found in the files (or all files of the folders, or the bytes) given.

    `packed` bytes of four are found by chance once in 4 GiB for each address: give a few hundred addresses at most, or
    leave them out.
    """
    wanted = [ipaddress.ip_address(address) for address in addresses]
    assert wanted, "nothing to look for"
    texts = {str(address).encode(): str(address) for address in wanted}
    numbers = {str(int(a)).encode(): str(a) for a in wanted if a.version == 4}
    found: list[str] = []
    for place in places:
        for name, data in _contents(place):
            found += [f"{name}: {texts[text]} (text)" for text in _texts(data) & texts.keys()]
            found += [f"{name}: {numbers[text]} (number)" for text in {*_DIGITS.findall(data)} & numbers.keys()]
            runs = b" ".join(_HEX.findall(data)).lower()
            found += [f"{name}: {address} (hex)" for address in wanted if address.packed.hex().encode() in runs]
            if packed:
                found += [f"{name}: {a} (packed)" for a in wanted if a.packed in data or a.packed[::-1] in data]
    return sorted(found)


def _texts(data: bytes) -> set[bytes]:
    """All that looks like an address, in its shortest form."""
    found = set(_DOTTED.findall(data))
    for text in set(_COLONS.findall(data)):
        try:
            found.add(str(ipaddress.IPv6Address(text.rstrip(b".").decode())).encode())
        except ValueError:
            continue
    return found


def _contents(place: Path | bytes | str) -> Iterator[tuple[str, bytes]]:
    """Files as they are, and what is in them."""
    if isinstance(place, bytes):
        yield "bytes", place
    elif isinstance(place, str):
        yield "text", place.encode("utf-8", "surrogatepass")
    elif place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.is_file():
                yield from _contents(path)
    else:
        data = place.read_bytes()
        yield place.name, data
        if data.startswith(b"\x1f\x8b"):
            yield place.name, gzip.decompress(data)
        elif data.startswith(b"\x28\xb5\x2f\xfd"):
            yield place.name, zstandard.ZstdDecompressor().decompressobj().decompress(data)
        elif data.startswith(b"PAR1"):
            with duckdb.connect() as engine:
                rows = engine.execute("SELECT * FROM read_parquet(?)", [str(place)]).fetchall()
            yield place.name, "\n".join("\t".join(map(str, row)) for row in rows).encode("utf-8", "surrogatepass")
