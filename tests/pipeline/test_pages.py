"""Stored bytes as pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import FakeBlobs
from subak.model.exchange import Origin
from subak.pipeline.pages import Kept, mapped, page_of
from subak.ports import Document

SHA = "ab" * 32


def test_a_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes(b"hello")
    with mapped(path, "text/plain", "https://registry.example/") as page:
        assert isinstance(page.body, memoryview)
        assert (bytes(page.body), page.content_type, page.url) == (b"hello", "text/plain", "https://registry.example/")
        held = page.body
    assert bytes(held[:2]) == b"he", "whoever holds a piece may read on"


def test_an_empty_file_is_an_empty_page(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.touch()
    with mapped(path, "", "") as page:
        assert bytes(page.body) == b""


def test_a_document_kept_in_memory(tmp_path: Path) -> None:
    document = Document("toy", "k", "https://registry.example/k", 200, "text/plain", blob=SHA, size=3)
    blobs = FakeBlobs(tmp_path)
    with page_of(Kept(document, Origin.UPSTREAM, body=b"abc"), blobs) as page:
        assert bytes(page.body) == b"abc"
    with pytest.raises(FileNotFoundError), page_of(Kept(document, Origin.CACHE), blobs):
        pass
