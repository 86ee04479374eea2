"""Blobs: published whole or not at all, and plain words when the disk refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from conformance.blobs import FLIGHT, check_blobs
from subak.errors import StoreFailed
from subak.store.blobs import SEAL, Blobs
from subak.store.folder import Folder, open_folder

EMPTY = sha256(b"").hexdigest()

# One process may write files of 64 kB at most: the disk is "full" after that, whoever runs the test.
FULL_DISK = """
import pathlib, resource, sys
from subak.errors import StoreFailed
from subak.store.blobs import Blobs
from subak.store.folder import open_folder
blobs = Blobs(open_folder(pathlib.Path(sys.argv[1])), 0)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
part = blobs.part("ab" * 20)
part.write(b"x" * 60000)
try:
    part.write(b"x" * 10000)
except StoreFailed as error:
    print(error, "|", error.fix)
part.restart()
part.write(b"y" * 60000)
print(part.size, part.path.stat().st_size)
try:
    part.write(b"x" * 10000)
except StoreFailed:
    part.discard()
print(list(part.path.parent.iterdir()))
"""


def test_blobs_keep_the_promises_of_the_port(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    check_blobs(lambda: Blobs(folder, 0))
    assert list(folder.parts.iterdir()) == []


def test_a_blob_is_read_only_and_lies_by_its_digest(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    blobs.part(FLIGHT).commit(EMPTY)
    assert blobs.path(EMPTY) == tmp_path / "blobs" / "sha256" / EMPTY[:2] / EMPTY[2:]
    assert blobs.path(EMPTY).stat().st_mode & 0o777 == 0o444
    assert blobs.size(EMPTY) == 0


def test_a_blob_that_was_written_to_is_none(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    part = blobs.part(FLIGHT)
    part.write(b"good")
    name = sha256(b"good").hexdigest()
    part.commit(name, durable=False)
    assert blobs.path(name).stat().st_mtime_ns == SEAL
    blobs.path(name).chmod(0o644)
    blobs.path(name).write_bytes(b"evil")
    assert blobs.size(name) == -1
    again = blobs.part(FLIGHT)
    again.write(b"good")
    again.commit(name)
    assert blobs.path(name).read_bytes() == b"good"
    assert blobs.size(name) == 4


def test_recovery_believes_only_a_hash(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    name = sha256(b"good").hexdigest()
    assert not blobs.recover(name)
    for body, good in ((b"good", True), (b"evil", False)):
        blobs.path(name).parent.mkdir(exist_ok=True)
        blobs.path(name).write_bytes(body)
        assert blobs.recover(name) is good
        assert blobs.size(name) == (4 if good else -1)
        assert blobs.path(name).exists() is good


def test_a_short_blob_is_replaced(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    name = sha256(b"whole").hexdigest()
    blobs.path(name).parent.mkdir()
    blobs.path(name).write_bytes(b"who")
    part = blobs.part(FLIGHT)
    part.write(b"whole")
    part.commit(name)
    assert blobs.path(name).read_bytes() == b"whole"


def test_the_reserve_stays_free(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    free = Blobs(folder, 0).free()
    assert free > 0
    assert Blobs(folder, 0).room_for(1)
    assert not Blobs(folder, 0).room_for(free * 2)
    assert not Blobs(folder, free * 2).room_for(0)


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    refused, sizes, left = done.stdout.splitlines()
    assert refused.startswith("writing a copy failed: File too large | Raise the limit")
    assert sizes == "60000 60000"
    assert left == "[]"


def test_a_part_whose_folder_vanished(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    part = blobs.part(FLIGHT)
    part.write(b"")
    part.path.unlink()
    with pytest.raises(StoreFailed, match="keeping a copy failed"):
        part.commit(EMPTY)
    part.discard()
    assert blobs.size(EMPTY) == -1


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    blobs = Blobs(open_folder(tmp_path), 0)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(3):
        blobs.part(FLIGHT).commit(EMPTY)
        blobs.part(FLIGHT).discard()
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    blobs = Blobs(Folder(tmp_path / "gone"), 0)
    with pytest.raises(StoreFailed, match="starting a copy failed: No such file"):
        blobs.part(FLIGHT)
    with pytest.raises(StoreFailed, match="measuring the disk failed"):
        blobs.room_for(1)
    assert blobs.size(EMPTY) == -1
    (tmp_path / "gone").write_text("a file")
    with pytest.raises(StoreFailed, match="looking for a copy failed"):
        blobs.size(EMPTY)
    with pytest.raises(StoreFailed, match="removing a copy failed"):
        blobs.remove(EMPTY)


@pytest.mark.parametrize("name", ["", "..", "ab" * 31, "AB" * 32, "ab" * 31 + "/.", "ab" * 32 + "\n"])
def test_names_are_digests(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a sha256"):
        Blobs(open_folder(tmp_path), 0).path(name)
