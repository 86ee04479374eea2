"""Locks between processes: exclusive, freed by death, leaving no files behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conformance.locks import NAME, check_locks
from subak.errors import StoreFailed
from subak.store.folder import Folder, open_folder
from subak.store.locks import Locks

TAKE = """
import pathlib, sys
from subak.store.folder import open_folder
from subak.store.locks import Locks
held = Locks(open_folder(pathlib.Path(sys.argv[1]))).take(sys.argv[2])
print("in" if held else "out", flush=True)
sys.stdin.read()
"""


def test_locks_keep_the_promises_of_the_port(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    check_locks(lambda: (Locks(folder), Locks(folder)))
    assert list(folder.parts.iterdir()) == []


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    locks = Locks(open_folder(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", TAKE, str(tmp_path), NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"in\n"
        assert locks.take(NAME) is None
        other.send_signal(signal.SIGKILL)
        other.wait()
        held = locks.take(NAME)
        assert held is not None
        held.release()


def test_never_two_holders_while_files_come_and_go(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    inside: list[int] = []
    most, won = [0], [0]

    def contend() -> None:
        locks = Locks(folder)
        for _ in range(500):
            held = locks.take(NAME)
            if held:
                inside.append(1)
                most[0] = max(most[0], len(inside))
                won[0] += 1
                inside.pop()
                held.release()

    threads = [threading.Thread(target=contend) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
    assert won[0] > 0
    assert list(folder.parts.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../../etc", "AB" * 20, "ab/cd" * 4, "ab" * 20 + "\n", "ab" * 65])
def test_names_are_digests(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        Locks(open_folder(tmp_path)).take(name)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="locking in the data folder failed"):
        Locks(Folder(tmp_path / "gone")).take(NAME)
