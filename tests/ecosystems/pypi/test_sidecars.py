"""METADATA cut out of wheels, good and bad."""

from __future__ import annotations

import io
import zipfile

import pytest

from subak.ecosystems.pypi.sidecars import companion, cut
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject

SIDECAR = Subject("pypi", Kind.METADATA, "metadata", "files/p/a-1.0-py3-none-any.whl.metadata", "a", "1.0")


def wheel(*members: tuple[str, bytes]) -> io.BytesIO:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    body.seek(0)
    return body


def test_companion_is_the_wheel() -> None:
    found = companion(SIDECAR)
    assert found is not None
    assert (found.kind, found.route, found.key) == (Kind.ARTIFACT, "file", "files/p/a-1.0-py3-none-any.whl")


def test_an_sdist_has_none() -> None:
    assert companion(Subject("pypi", Kind.METADATA, "metadata", "files/p/a-1.0.tar.gz.metadata")) is None


def test_cut_gives_the_exact_bytes() -> None:
    body = wheel(("a/x/METADATA", b"no"), ("a-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\r\nName: a\n"))
    assert cut(SIDECAR, body) == b"Metadata-Version: 2.1\r\nName: a\n"


def broken_stream() -> io.BytesIO:
    """A wheel whose directory is fine and whose compressed METADATA is not."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a-1.0.dist-info/METADATA", b"Name: a\n" * 100)
        start = 30 + len("a-1.0.dist-info/METADATA")
    raw = bytearray(body.getvalue())
    raw[start : start + 8] = b"\xff" * 8
    return io.BytesIO(bytes(raw))


@pytest.mark.parametrize(
    "body",
    [
        wheel(("a/__init__.py", b"")),
        wheel(("a-1.0.dist-info/METADATA", b"1"), ("b-1.0.dist-info/METADATA", b"2")),
        io.BytesIO(b"PK\x03\x04 not really"),
        io.BytesIO(b""),
        broken_stream(),
    ],
    ids=["none", "two", "torn", "empty", "broken stream"],
)
def test_a_wheel_without_one_metadata_has_no_sidecar(body: io.BytesIO) -> None:
    with pytest.raises(NotFound):
        cut(SIDECAR, body)
