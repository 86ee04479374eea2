"""Stored bytes as pages: mapped rather than read, so that a 50 MB packument costs no heap."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from subak.ecosystems.base import Page
from subak.model.exchange import Origin
from subak.ports import Blobs, Document


@dataclass(frozen=True, slots=True)
class Kept:
    """A document to serve from."""

    document: Document
    origin: Origin
    fetched: int = 0
    good_until: float = 0.0
    body: bytes | None = None
    """Set only when the store could not keep it."""


@contextmanager
def mapped(path: Path, content_type: str, url: str) -> Iterator[Page]:
    """A file as a Page. Raises FileNotFoundError."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:  # cannot be mapped; torn, unless the document is empty
            yield Page(b"", content_type, url)
            return
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    # Not closed here: a generator or traceback may still hold a view; the map goes with the last of them.
    yield Page(view, content_type, url)


@contextmanager
def page_of(kept: Kept, blobs: Blobs) -> Iterator[Page]:
    """A kept document as a Page. Raises FileNotFoundError when its copy was evicted this instant."""
    document = kept.document
    if kept.body is not None:
        yield Page(kept.body, document.content_type, document.url)
        return
    with mapped(blobs.path(document.blob), document.content_type, document.url) as page:
        yield page
