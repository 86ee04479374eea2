"""The catalogue on SQLite: equal to the fake, and whole after whatever happens to its process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.catalogue import check_catalogue, hex_of, page, pin, sha512_pin
from fakes import FakeCatalogue
from store.store_speed import measure
from subak.errors import StoreFailed
from subak.model.digest import UNPINNED, Digest, Pin
from subak.ports import Document, File, Totals
from subak.store.catalogue import Catalogue
from subak.store.database import Database

# Announces pins for ever, so that the test can kill it in the middle of its transaction.
ENDLESS = """
import itertools, pathlib, sys
from subak.model.digest import Pin
from subak.ports import Document
from subak.store.catalogue import Catalogue
from subak.store.database import Database
catalogue = Catalogue(Database(pathlib.Path(sys.argv[1])))
def pins():
    for n in itertools.count():
        if n == 300_000:
            print("half", flush=True)
            sys.stdin.read()
        yield Pin(f"half/{n}.whl", "https://files.example/x")
kept = Document("pypi", "whole", "https://registry.example/", 200, blob="ab" * 32, size=1)
catalogue.keep_document(kept, [Pin("whole.whl", "https://files.example/x")])
catalogue.keep_document(Document("pypi", "half", "https://registry.example/", 200, blob="cd" * 32, size=1), pins())
"""

BUSY = """
import pathlib, sys
from subak.model.digest import Pin
from subak.ports import Document
from subak.store.catalogue import Catalogue
from subak.store.database import Database
me = sys.argv[2]
catalogue = Catalogue(Database(pathlib.Path(sys.argv[1])))
for n in range(100):
    document = Document("pypi", f"{me}/{n}", "https://registry.example/", 200, blob=f"{me}{n:063}", size=1)
    catalogue.keep_document(document, [Pin(f"{me}/{n}/{i}", "https://files.example/") for i in range(20)])
    catalogue.keep_document(Document("pypi", "shared", me, 404, checked_at=n), [Pin("shared", me, size=n)])
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue(Database(tmp_path / "subak.db"))


def test_catalogue_keeps_the_promises_of_the_port(tmp_path: Path) -> None:
    numbers = count()
    check_catalogue(lambda: Catalogue(Database(tmp_path / f"{next(numbers)}.db")))


PATHS = st.sampled_from(["a.whl", "b.whl", "c.whl"])
BLOBS = st.sampled_from([hex_of(name) for name in "abc"])
DIGESTS = st.sampled_from(
    [UNPINNED, UNPINNED, *(Digest("sha256", hex_of(name)) for name in "ab"), Digest("sha512", hex_of("a") * 2)]
)
PINS = st.builds(
    lambda path, digest, size: replace(pin(path), digest=digest, size=size), PATHS, DIGESTS, st.integers(-1, 1)
)
SIZES = dict(zip((hex_of(name) for name in "abc"), (7, 8, 9), strict=True))
TIMES = st.integers(0, 50).map(float)


def document(key: str, blob: str, at: float, gone: bool) -> Document:
    status = 200 if blob else 404
    return Document(
        "pypi", key, "https://registry.example/", status, "", "e", "", at, at, blob, SIZES.get(blob, 0), gone
    )


DOCUMENTS = st.builds(document, st.sampled_from(["x", "y"]), BLOBS | st.just(""), TIMES, st.booleans())
CALLS = st.one_of(
    st.tuples(st.just("keep"), DOCUMENTS, st.lists(PINS, max_size=4)),
    st.tuples(st.just("hold"), PINS, BLOBS, TIMES, DIGESTS),
    st.tuples(st.just("lose"), BLOBS),
    st.tuples(st.just("touch"), st.dictionaries(BLOBS, TIMES)),
    st.tuples(st.just("confirm"), st.sampled_from(["x", "y"]), TIMES, st.sampled_from(["", "e2"]), st.booleans()),
)


def perform(c: Catalogue | FakeCatalogue, call: tuple) -> None:  # type: ignore[type-arg]  # one shape per verb
    match call:
        case "keep", document, pins:
            c.keep_document(document, iter(pins))
        case "hold", announced, blob, at, first_seen:
            c.hold_file("pypi", announced, blob, SIZES[blob], at, first_seen=first_seen)
        case "lose", blob:
            c.lose_blob(blob)
        case "touch", blobs:
            c.touch(blobs)
        case "confirm", key, at, etag, gone:
            c.confirm_document("pypi", key, at, etag=etag, gone=gone)


def answers(c: Catalogue | FakeCatalogue) -> list[object]:
    return [
        *(c.document("pypi", key) for key in "xy"),
        *(c.file("pypi", path) for path in ("a.whl", "b.whl", "c.whl")),
        *(list(c.coldest(free)) for free in (1, 8, 100)),
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS, max_size=25))
def test_it_answers_like_the_fake(calls: list[tuple]) -> None:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "subak.db")
        real, fake = Catalogue(database), FakeCatalogue()
        for call in calls:
            perform(real, call)
            perform(fake, call)
            assert answers(real) == answers(fake), call
            assert real.totals() == fake.totals()
            referenced = {d.blob for d in fake.documents.values()} | {f.blob for f in fake.files.values()}
            # Nothing that is referred to is an orphan, and what lost its last reference is one.
            assert {blob for blob, _ in real.orphans(100)} == fake.blobs.keys() - referenced
        database.close()


def test_orphans_are_forgotten_only_while_they_are_orphans(catalogue: Catalogue) -> None:
    catalogue.keep_document(page(blob="old"), ())
    catalogue.keep_document(page(blob="new"), ())
    assert catalogue.orphans(10) == [(hex_of("old"), 100)]
    catalogue.hold_file("pypi", sha512_pin("a.whl", "a"), hex_of("old"), 100, 1.0)
    assert catalogue.orphans(10) == []
    assert not catalogue.lose_orphan(hex_of("old"))
    catalogue.forget_referenced()
    catalogue.keep_document(page("other"), [sha512_pin("a.whl", "b")])
    assert catalogue.lose_orphan(hex_of("old"))
    assert catalogue.orphans(10) == []
    assert catalogue.totals().blobs == 2


def test_adopted_bytes_are_held_by_whatever_announces_them(catalogue: Catalogue) -> None:
    catalogue.keep_document(page(), [pin("a.whl", "a")])
    catalogue.adopt(hex_of("a"), 7, 1.0)
    assert catalogue.blobs_in(hex_of("a")[:2])[hex_of("a")] == 7
    assert catalogue.orphans(10) == []
    catalogue.keep_document(page(), [pin("a.whl", "a")])
    assert catalogue.file("pypi", "a.whl") == File(pin("a.whl", "a"), hex_of("a"), 7)


def test_old_absences_are_forgotten(catalogue: Catalogue) -> None:
    for n in range(4):
        catalogue.keep_document(Document("pypi", f"no/{n}", "https://registry.example/", 404, checked_at=n), ())
    catalogue.keep_document(page(at=0.0), ())
    assert catalogue.forget_absences(2.0) == 2
    assert catalogue.document("pypi", "no/1") is None
    assert catalogue.document("pypi", "no/2") is not None
    assert catalogue.document("pypi", page().key) == page(at=0.0)
    assert catalogue.totals().documents == 1


def test_unusable_numbers_and_texts_of_an_index(catalogue: Catalogue) -> None:
    catalogue.keep_document(page(), [replace(pin("a.whl"), size=10**30), replace(pin("b.whl"), size=-5)])
    assert catalogue.file("pypi", "a.whl") == File(replace(pin("a.whl"), size=-1))
    assert catalogue.file("pypi", "b.whl") == File(replace(pin("b.whl"), size=-1))
    with pytest.raises(StoreFailed, match="surrogates"):
        catalogue.keep_document(page("other"), [replace(pin("c.whl"), name="\ud800")])
    assert catalogue.document("pypi", "other") is None
    with pytest.raises(StoreFailed, match="surrogates"):
        catalogue.document("pypi", "\ud800")


def test_one_thread_reads_while_another_one_writes(catalogue: Catalogue) -> None:
    writing, read = threading.Event(), threading.Event()

    def pins() -> Iterator[Pin]:
        for n in range(20_000):  # beyond what is read ahead: the transaction is open here
            if n == 15_000:
                writing.set()
                assert read.wait(30)
            yield pin(f"{n}.whl")

    catalogue.keep_document(page(), [pin("0.whl", "a")])
    thread = threading.Thread(target=catalogue.keep_document, args=(page(blob="new"), pins()))
    thread.start()
    assert writing.wait(30)
    assert catalogue.document("pypi", page().key) == page()
    assert catalogue.file("pypi", "0.whl") == File(pin("0.whl", "a"))
    read.set()
    thread.join()
    assert catalogue.document("pypi", page().key) == page(blob="new")
    assert catalogue.totals().files == 20_000


def test_killed_in_the_middle_of_a_document(tmp_path: Path) -> None:
    path = tmp_path / "subak.db"
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == b"half\n"
        assert path.with_name("subak.db-wal").stat().st_size > 1_000_000  # it has spilt to the disk
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    catalogue = Catalogue(Database(path))
    assert catalogue.document("pypi", "whole") is not None
    assert catalogue.document("pypi", "half") is None
    assert catalogue.file("pypi", "half/0.whl") is None
    assert catalogue.totals() == Totals(documents=1, files=1, held=0, blobs=1, bytes=1)
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    catalogue.keep_document(page(), [pin("a.whl")])
    assert catalogue.file("pypi", "a.whl") == File(pin("a.whl"))


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "subak.db"
    writers = [subprocess.Popen([sys.executable, "-c", BUSY, str(path), me]) for me in "abcd"]
    assert [writer.wait(120) for writer in writers] == [0] * 4
    catalogue = Catalogue(Database(path))
    assert catalogue.totals() == Totals(documents=400, files=4 * 100 * 20 + 1, blobs=400, bytes=400)
    for me in "abcd":
        assert catalogue.document("pypi", f"{me}/99") is not None
        assert catalogue.file("pypi", f"{me}/99/19") is not None


@pytest.mark.slow
def test_a_million_files_cost_no_more_than_a_thousand(tmp_path: Path) -> None:
    """Prints what it measures; the bound is loose, because a shared machine is noisy."""
    small, large = measure(tmp_path / "small.db", 1_000), measure(tmp_path / "large.db", 1_000_000)
    print(small, large)
    assert large.file < small.file * 3
    assert large.totals < 0.005
