"""Copies as answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_lab import LAB, OPEN, TABLE, named
from subak.model.digest import Digest, Pin
from subak.model.exchange import Origin, Proof
from subak.pipeline.answer import Held
from subak.pipeline.copies import UNTYPED, dated, described, proof_of
from subak.ports import File

SHA = "ab" * 32
SUBJECT = named(OPEN, "open/f")


def test_all_that_is_known_is_told() -> None:
    pin = Pin("open/f", "", Digest("sha1", "cd" * 20), content_type="application/x-announced")
    file = File(pin, SHA, 7, kept={"last-modified": "Mon", "x-colour": "red"}, further={"sha1": "cd" * 20})
    found = described(Origin.CACHE, Held(7, path=Path("x")), file, SUBJECT, LAB, OPEN, 3)
    assert (found.etag, found.modified, found.content_type) == (f'"{SHA}"', "Mon", "application/x-announced")
    assert dict(found.headers) == {
        "cache-control": "public, max-age=31536000, immutable",
        "x-size": "7",
        "x-sha1": "cd" * 20,
        "x-kept-x-colour": "red",
    }
    assert (found.proof, found.fetched, found.good_until) == (Proof(pin.digest), 3, float("inf"))


def test_paths_that_get_other_bytes_are_not_final() -> None:
    file = File(Pin("table/t", ""), SHA, 7)
    found = described(Origin.CACHE, Held(7, path=Path("x")), file, SUBJECT, LAB, TABLE)
    assert (found.good_until, dict(found.headers)["cache-control"]) == (0.0, "public, max-age=60")


@pytest.mark.parametrize(
    ("told", "sent"),
    [("image/png", "image/png"), ("text/html; x", UNTYPED), ("image/svg+xml", UNTYPED), ("", UNTYPED)],
)
def test_nothing_that_a_browser_would_run(told: str, sent: str) -> None:
    file = File(Pin("open/f", ""), SHA, 7, kept={"content-type": told})
    assert described(Origin.CACHE, Held(7), file, SUBJECT, LAB, OPEN).content_type == sent


def test_proofs() -> None:
    assert proof_of(File(Pin("f", ""))) == Proof(first_seen=True)
    assert proof_of(File(Pin("f", ""), SHA)).digest.hex == SHA
    assert proof_of(File(Pin("f", ""), SHA, first_seen=Digest("md5", "00" * 16))).digest.algorithm == "md5"


@pytest.mark.parametrize(
    ("date", "at"),
    [("Thu, 01 Jan 1970 00:01:00 GMT", 60.0), ("", 0.0), ("yesterday", 0.0), ("Thu, 01 Jan 1960 00:00:00 GMT", 0.0)],
)
def test_dated(date: str, at: float) -> None:
    assert dated({"last-modified": date}) == at
