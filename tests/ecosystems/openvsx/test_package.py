"""What a package must be inside."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page
from subak.ecosystems.openvsx import package
from subak.ecosystems.openvsx.places import Place, vsix
from subak.errors import UpstreamLied

HELLO = vsix(Place("acme", "hello", "1.0.0"))
MANIFEST: dict[str, object] = {"publisher": "Acme", "name": "Hello", "version": "1.0.0", "engines": {}}


def packed(text: bytes, name: str = package.MANIFEST) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extension/noise", bytes(range(256)) * 40)
        archive.writestr(name, text)
    return out.getvalue()


GOOD = packed(json.dumps(MANIFEST).encode())


def checked(body: bytes | memoryview) -> None:
    package.check(HELLO, Page(body, "application/octet-stream", "https://files.example/x"))


def test_names_are_the_same_in_any_case() -> None:
    checked(GOOD)
    checked(memoryview(GOOD))
    checked(packed(b"\xef\xbb\xbf" + json.dumps(MANIFEST).encode()))


def test_the_view_is_given_back() -> None:
    data = bytearray(GOOD)
    view = memoryview(data)
    checked(view)
    view.release()
    data.clear()  # raises BufferError while anybody holds a view


@pytest.mark.parametrize("changed", [{"publisher": "other"}, {"name": "other"}, {"version": "1.0.1"}])
def test_another_package_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(UpstreamLied, match="inside"):
        checked(packed(json.dumps({**MANIFEST, **changed}).encode()))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", GOOD[:-30], GOOD[:200], packed(b"{}"), packed(b"{"), packed(b"[" * 100_000),
        packed(json.dumps(MANIFEST).encode(), "package.json"), packed(json.dumps({**MANIFEST, "name": 7}).encode()),
        packed(b" " * (package.LARGEST + 1)), GOOD.replace(b"extension/package.json", b"extension/package.jsoX", 1),
    ],
    ids=range(11),
)  # fmt: skip
def test_what_is_no_package(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        checked(body)


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_damage_is_refused_and_never_something_else(position: int, change: int) -> None:
    spoilt = bytearray(GOOD)
    spoilt[position] ^= change
    try:
        checked(bytes(spoilt))
    except UpstreamLied:
        return  # else it did not touch what is read


@given(st.binary(max_size=300))
def test_any_bytes_after_a_beginning_of_a_zip(tail: bytes) -> None:
    for body in (tail, b"PK\x05\x06" + tail, GOOD[:-22] + tail):
        try:
            checked(body)
        except UpstreamLied:
            continue
