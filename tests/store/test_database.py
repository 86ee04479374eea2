"""The database file: opened, refused, and in plain words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from subak.errors import ConfigError, StoreFailed
from subak.store.database import Database
from subak.store.schema import MIGRATIONS

OPEN = "import pathlib, sys; from subak.store.database import Database; Database(pathlib.Path(sys.argv[1]))"

# The database may grow to 1 MB: the disk is "full" after that, whoever runs the test.
FULL_DISK = """
import pathlib, resource, sys
from subak.errors import StoreFailed
from subak.model.digest import Pin
from subak.ports import Document
from subak.store.catalogue import Catalogue
from subak.store.database import Database
catalogue = Catalogue(Database(pathlib.Path(sys.argv[1])))
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
small = Document("pypi", "small", "https://registry.example/", 404)
catalogue.keep_document(small, ())
try:
    pins = (Pin(f"{n}.whl", "https://files.example/" + "x" * 1000) for n in range(100_000))
    catalogue.keep_document(Document("pypi", "large", "https://registry.example/", 404), pins)
except StoreFailed as error:
    print(error, "|", error.fix)
print(catalogue.document("pypi", "small") == small, catalogue.document("pypi", "large"), catalogue.totals().files)
catalogue.keep_document(small, [Pin("next.whl", "https://files.example/")])
print(catalogue.file("pypi", "next.whl") is not None)
"""


def test_a_later_layout_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "subak.db").close()
    with sqlite3.connect(tmp_path / "subak.db") as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(ConfigError, match="has layout 99"):
        Database(tmp_path / "subak.db")


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    first = Database(tmp_path / "subak.db")
    with first.write() as writer:
        writer.execute("UPDATE counts SET files = 7")
    first.close()
    again = Database(tmp_path / "subak.db")
    assert again.row("SELECT files FROM counts") == (7,)
    assert again.row("PRAGMA journal_mode") == ("wal",)
    assert again.rows("SELECT files FROM counts WHERE files = 8") == []
    assert again.row("SELECT files FROM counts WHERE files = 8") is None


def test_no_database_of_ours(tmp_path: Path) -> None:
    (tmp_path / "subak.db").write_bytes(b"not a database, " * 1000)
    with pytest.raises(StoreFailed, match="not a database") as caught:
        Database(tmp_path / "subak.db")
    assert "move subak.db away" in caught.value.fix
    with pytest.raises(StoreFailed):
        Database(tmp_path / "missing" / "subak.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreFailed, match="unable to open"):
        Database(tmp_path / "folder")


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "subak.db")

    def write(then: str) -> None:
        with database.write() as writer:
            writer.execute("UPDATE counts SET files = 7")
            if not then:
                raise KeyError("ours")
            writer.execute(then)

    with pytest.raises(StoreFailed, match="no such table"):
        write("UPDATE nonsense SET files = 7")
    with pytest.raises(KeyError, match="ours"):
        write("")
    assert database.row("SELECT files FROM counts") == (0,)
    with pytest.raises(StoreFailed, match="readonly"):
        database.row("UPDATE counts SET files = 7")


def test_threads_have_their_own_connections(tmp_path: Path) -> None:
    database = Database(tmp_path / "subak.db")
    seen: list[object] = []

    def work() -> None:
        for _ in range(20):
            with database.write() as writer:
                writer.execute("UPDATE counts SET files = files + 1")
            seen.append(database.row("SELECT files FROM counts"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 160
    assert database.row("SELECT files FROM counts") == (160,)
    database.tidy()
    database.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["subak.db", "subak.db.lock"]


def test_many_processes_open_a_new_one(tmp_path: Path) -> None:
    opening = [subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path / "subak.db")]) for _ in range(6)]
    assert [process.wait(60) for process in opening] == [0] * 6


def test_a_full_disk_says_so_and_the_next_write_works(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "subak.db")],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    refused, state, following = done.stdout.splitlines()
    assert refused.startswith("the database failed: ")
    assert "Check the disk" in refused or "Free space" in refused
    assert (state, following) == ("True None 0", "True")
