"""Renderings: never a torn one, never more than allowed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.renderings import NAME, OTHER, check_renderings
from subak.errors import StoreFailed
from subak.store.folder import Folder, open_folder
from subak.store.renderings import Removed, Renderings

NOW = 1_700_000_000.0


def files(folder: Folder) -> list[Path]:
    return [path for path in folder.renderings.rglob("*") if path.is_file()]


def keep(renderings: Renderings, name: str, body: bytes, at: float) -> Path:
    path = renderings.keep(name, [body])
    os.utime(path, (at, at))
    return path


def test_renderings_keep_the_promises_of_the_port(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    check_renderings(lambda: Renderings(folder))
    assert len(files(folder)) == 2


@pytest.mark.parametrize("length", [0, 3])
def test_what_a_power_cut_tore_is_not_served(tmp_path: Path, length: int) -> None:
    folder = open_folder(tmp_path)
    renderings = Renderings(folder)
    os.truncate(renderings.keep(NAME, [b"whole"]), length)
    assert renderings.find(NAME) is None
    assert renderings.sweep(10**9, NOW) == Removed(1, length)
    assert files(folder) == []
    assert renderings.keep(NAME, [b"whole"]) == renderings.find(NAME)


def test_the_sweep_removes_what_was_used_longest_ago(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    renderings = Renderings(folder)
    for number, at in enumerate((30.0, 10.0, 20.0)):
        keep(renderings, f"{number}" * 64, b"x" * 100, NOW + at)
    assert renderings.sweep(300, NOW) == Removed()
    assert renderings.sweep(250, NOW) == Removed(1, 100)
    assert renderings.find("1" * 64) is None
    assert renderings.sweep(100, NOW) == Removed(1, 100)
    assert renderings.find("0" * 64)
    assert renderings.sweep(0, NOW) == Removed(1, 100)
    assert files(folder) == []


def test_drafts_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    renderings = Renderings(folder)
    draft = folder.renderings / "draft.1.1.0"
    draft.write_bytes(b"x")
    os.utime(draft, (NOW, NOW))
    assert renderings.sweep(0, NOW + 60) == Removed()
    assert renderings.sweep(10**9, NOW + 7200) == Removed(1, 1)
    assert not draft.exists()


def test_keeping_while_sweeping(tmp_path: Path) -> None:
    renderings = Renderings(open_folder(tmp_path))
    stop = threading.Event()
    failures: list[Exception] = []

    def sweep() -> None:
        while not stop.is_set() and not failures:
            try:
                renderings.sweep(0, NOW)
            except StoreFailed as error:
                failures.append(error)

    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        for _ in range(500):
            renderings.keep(NAME, [b"x"])
    finally:
        stop.set()
        thread.join()
    assert failures == []


def test_clear(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    renderings = Renderings(folder)
    renderings.keep(NAME, [b"a"])
    (folder.renderings / "draft.1.1.0").touch()
    renderings.clear()
    assert list(folder.renderings.iterdir()) == []


def test_a_broken_folder_says_so_but_the_callers_failures_are_its_own(tmp_path: Path) -> None:
    folder = open_folder(tmp_path)
    renderings = Renderings(folder)

    def unreadable() -> Iterator[bytes]:
        yield b"a"
        raise OSError(5, "from the caller")

    with pytest.raises(OSError, match="from the caller"):
        renderings.keep(NAME, unreadable())
    assert list(folder.renderings.iterdir()) == []
    (folder.renderings / NAME[:2]).write_text("a file")
    with pytest.raises(StoreFailed, match="keeping a rendering failed"):
        renderings.keep(NAME, [b"a"])
    with pytest.raises(StoreFailed, match="looking for a rendering failed"):
        renderings.find(NAME)
    with pytest.raises(StoreFailed, match="writing a rendering failed"):
        Renderings(Folder(tmp_path / "gone")).keep(OTHER, [b"a"])


@pytest.mark.parametrize("name", ["", "..", "ab/" * 20, "AB" * 20])
def test_names_are_digests(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a rendering"):
        Renderings(open_folder(tmp_path)).find(name)
