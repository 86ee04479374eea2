"""The data folder: made, refused, occupied once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.clients import unable
from subak.errors import ConfigError, StoreFailed
from subak.store.folder import NOBODY, Occupant, open_folder

OCCUPY = """
import pathlib, sys
from subak.store.folder import open_folder
held = open_folder(pathlib.Path(sys.argv[1])).occupy("http://127.0.0.1:9999")
print("in", flush=True)
sys.stdin.read()
"""

OPEN = """
import pathlib, sys
from subak.errors import StoreFailed
from subak.store.folder import open_folder
try:
    open_folder(pathlib.Path(sys.argv[1]))
except StoreFailed as error:
    print(error, "|", error.fix)
"""


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "deep" / "data")
    assert folder.root.stat().st_mode & 0o777 == 0o700
    for inner in (folder.blobs, folder.parts, folder.renderings, folder.readings):
        assert inner.is_dir()
        assert inner.stat().st_mode & 0o077 == 0
    assert sorted(p.name for p in folder.root.iterdir()) == ["blobs", "parts", "readings", "renderings", "version"]
    assert list(folder.parts.iterdir()) == []
    assert open_folder(folder.root) == folder


@pytest.mark.parametrize("version", ["2", "", "one"])
def test_a_layout_of_another_time_is_refused(tmp_path: Path, version: str) -> None:
    open_folder(tmp_path)
    (tmp_path / "version").write_text(version)
    with pytest.raises(ConfigError, match="this Subak knows 1") as caught:
        open_folder(tmp_path)
    assert "--data" in caught.value.fix


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    for path in (tmp_path / "data", tmp_path / "data" / "below"):
        with pytest.raises(ConfigError, match="a file is in its way"):
            open_folder(path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "parts").write_text("mine")
    with pytest.raises(ConfigError, match="a file is in its way"):
        open_folder(tmp_path / "other")
    assert (tmp_path / "data").read_text() == "mine"


@pytest.mark.parametrize("options", ["ro", "size=64k,nr_inodes=1"])
def test_a_read_only_or_full_disk_says_so(tmp_path: Path, options: str) -> None:
    inside = 'mount -t tmpfs -o "$1" none "$2" && exec "$3" -c "$4" "$2"'
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", str(tmp_path)], capture_output=True).returncode:
        unable("this machine permits no mounts")
    command = ["unshare", "-m", "sh", "-c", inside, "sh", options, str(tmp_path), sys.executable, OPEN]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    word = {"ro": f"{tmp_path} is read-only: Read-only file system | Make the data folder writable"}.get(
        options, f"{tmp_path} is not usable: No space left on device | Free space"
    )
    assert done.stdout.startswith(word)


def test_one_gateway_lives_in_it(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    assert folder.occupant() == NOBODY
    held = folder.occupy("http://127.0.0.1:1")
    assert folder.occupant() == Occupant(os.getpid(), "http://127.0.0.1:1")
    held.announce("http://127.0.0.1:2")
    with pytest.raises(StoreFailed, match=rf"process {os.getpid()}, http://127.0.0.1:2") as caught:
        folder.occupy()
    assert "--data" in caught.value.fix
    held.release()
    held.release()
    assert folder.occupant() == NOBODY
    folder.occupy().release()


def test_another_process_is_named_and_its_death_frees_the_folder(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", OCCUPY, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"in\n"
        assert folder.occupant() == Occupant(other.pid, "http://127.0.0.1:9999")
        with pytest.raises(StoreFailed, match=rf"process {other.pid}, http://127.0.0.1:9999"):
            folder.occupy()
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert folder.occupant() == NOBODY
        held = folder.occupy()
        assert folder.occupant() == Occupant(os.getpid())
        held.release()
