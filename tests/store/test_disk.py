"""The operating system's complaints in our words."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from subak.store.disk import disk_failed, sync_data, sync_folder, write_all


@pytest.mark.parametrize(
    ("number", "reason", "fix"),
    [
        (errno.ENOSPC, "No space left on device", "Free space"),
        (errno.EDQUOT, "quota exceeded", "Raise the disk quota"),
        (errno.EFBIG, "File too large", "ulimit -f"),
        (errno.EROFS, "Read-only file system", "Make the data folder writable"),
        (errno.EACCES, "Permission denied", "Give the user"),
        (errno.EMFILE, "Too many open files", "ulimit -n"),
        (errno.EIO, "nput/output error", "Check the disk"),
        (errno.ENOENT, "No such file", "Make the data folder writable"),
    ],
)
def test_every_complaint_says_what_to_do(number: int, reason: str, fix: str) -> None:
    failed = disk_failed("writing a copy", OSError(number, "x", "/secret/path"))
    assert str(failed).startswith("writing a copy failed: ")
    assert reason in str(failed)
    assert fix in failed.fix
    assert "/secret" not in str(failed)


def test_all_of_it_is_written_however_little_at_a_time() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        assert write_all(writer, b"") == 0
        assert write_all(writer, b"abc") == 3
        assert os.read(reader, 10) == b"abc"
        with pytest.raises(BlockingIOError):  # the pipe takes 64 kB, then no more
            write_all(writer, b"x" * 10_000_000)
        assert len(os.read(reader, 10_000_000)) >= 4096
    finally:
        os.close(reader)
        os.close(writer)


def test_synchronising(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with (tmp_path / "file").open("wb") as file:
        sync_data(file.fileno())
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")
