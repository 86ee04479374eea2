"""The fakes keep the promises of the ports."""

from __future__ import annotations

from pathlib import Path

from conformance.blobs import check_blobs
from conformance.catalogue import check_catalogue, check_keys
from conformance.locks import check_locks
from conformance.renderings import check_renderings
from fakes import FakeBlobs, FakeCatalogue, FakeKeys, FakeLocks, FakeRenderings


def test_fake_catalogue() -> None:
    check_catalogue(FakeCatalogue)


def test_fake_keys() -> None:
    check_keys(FakeKeys)


def test_fake_blobs(tmp_path: Path) -> None:
    check_blobs(lambda: FakeBlobs(tmp_path))
    assert not FakeBlobs(tmp_path, room=10).room_for(11)


def test_fake_renderings(tmp_path: Path) -> None:
    check_renderings(lambda: FakeRenderings(tmp_path / "renderings"))


def test_fake_locks() -> None:
    taken: set[str] = set()
    check_locks(lambda: (FakeLocks(taken), FakeLocks(taken)))
