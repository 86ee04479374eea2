"""What may leave: proven bytes, bytes that prove themselves, and documents."""

from __future__ import annotations

import pytest

from pipeline_world import pinned
from subak.errors import Mismatch
from subak.model.exchange import Origin, Proof
from subak.pipeline.answer import Found, Held
from subak.pipeline.verify import verify

PROVEN = Proof(pinned(b"x"))


def test_a_proven_file_passes() -> None:
    found = Found(Origin.CACHE, Held(1, b"x"), proof=PROVEN, ranges=True)
    assert verify(found) is found


def test_a_document_needs_no_proof() -> None:
    found = Found(Origin.CACHE, Held(1, b"x"))
    assert verify(found) is found


def test_a_held_file_without_a_proof_does_not_pass() -> None:
    with pytest.raises(Mismatch, match="no proof"):
        verify(Found(Origin.CACHE, Held(1, b"x"), ranges=True))
