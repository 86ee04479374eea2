"""The janitor: limits kept, nothing leaked, nothing taken from a reader."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from conformance.catalogue import page, pin
from subak.errors import StoreFailed
from subak.model.digest import Digest
from subak.ports import Document, File
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.database import Database
from subak.store.folder import open_folder
from subak.store.janitor import Janitor, Swept, sweep_parts
from subak.store.locks import Locks
from subak.store.renderings import Renderings

NOW = 1_700_000_000.0
FLIGHT, OTHER = "ab" * 20, "cd" * 20

DIES = """
import os, pathlib, signal, sys
from hashlib import sha256
from subak.store.blobs import Blobs
from subak.store.folder import open_folder
from subak.store.locks import Locks
folder = open_folder(pathlib.Path(sys.argv[1]))
Locks(folder).take("ab" * 20)
part = Blobs(folder, 0).part("ab" * 20)
part.write(b"half")
if sys.argv[2] == "renamed":
    part.commit(sha256(b"half").hexdigest())
os.kill(os.getpid(), signal.SIGKILL)
"""


class House:
    """A data folder with everything in it."""

    def __init__(self, root: Path, limit: int = 10**9, reserve: int = 0) -> None:
        self.folder = open_folder(root)
        self.database = Database(self.folder.database)
        self.catalogue = Catalogue(self.database)
        self.blobs = Blobs(self.folder, reserve)
        self.renderings = Renderings(self.folder)
        self.janitor = Janitor(self.folder, self.catalogue, self.blobs, self.renderings, limit, reserve)

    def blob(self, body: bytes) -> str:
        """Bytes on disk, unknown to the catalogue."""
        part = self.blobs.part(FLIGHT)
        part.write(body)
        name = sha256(body).hexdigest()
        part.commit(name)
        return name

    def file(self, number: int, at: float, size: int = 100) -> str:
        """A held file of that many bytes."""
        body = b"%0*d" % (size, number)
        name = self.blob(body)
        announced = replace(pin(f"{number}.whl"), digest=Digest("sha256", name))
        self.catalogue.hold_file("pypi", announced, name, size, at)
        return name

    def document(self, body: bytes) -> str:
        """A held document."""
        name = self.blob(body)
        self.catalogue.keep_document(replace(page(), blob=name, size=len(body)), ())
        return name

    def round(self, now: float = NOW) -> Swept:
        """As many passes as it takes to look at every shard, added up."""
        done = [self.janitor.sweep(now) for _ in range(32)]
        return Swept(*(sum(getattr(one, name) for one in done) for name in Swept.__dataclass_fields__))

    def held(self, *names: str) -> list[bool]:
        return [self.blobs.size(name) >= 0 for name in names]


def test_above_the_limit_the_coldest_go(tmp_path: Path) -> None:
    house = House(tmp_path, limit=1000)
    names = [house.file(n, NOW - n) for n in range(10)]
    assert house.janitor.sweep(NOW) == Swept()
    names.append(house.file(10, NOW))
    assert house.janitor.sweep(NOW) == Swept(evicted=2, bytes=200)  # down to nine tenths
    assert house.held(*names) == [True] * 8 + [False] * 2 + [True]
    assert house.catalogue.totals().bytes == 900
    lost = house.catalogue.file("pypi", "9.whl")
    assert lost == File(replace(pin("9.whl"), digest=Digest("sha256", names[9])))
    assert house.janitor.sweep(NOW) == Swept()


def test_growing_parts_count(tmp_path: Path) -> None:
    house = House(tmp_path, limit=1000)
    coldest, *_ = [house.file(n, NOW + n) for n in range(10)]
    lock = Locks(house.folder).take(OTHER)
    part = house.blobs.part(OTHER)
    part.write(b"x" * 50)
    assert house.janitor.sweep(NOW).evicted == 2
    assert house.held(coldest) == [False]
    part.write(b"x" * 5000)
    assert house.janitor.sweep(NOW).evicted == 8
    assert part.path.stat().st_size == 5050
    assert lock is not None


def test_the_disks_reserve_costs_only_what_nobody_used_today(tmp_path: Path) -> None:
    house = House(tmp_path, reserve=2**62)
    old, new = house.file(1, NOW - 2 * 86400), house.file(2, NOW - 3600)
    assert house.janitor.sweep(NOW) == Swept(evicted=1, bytes=100)
    assert house.held(old, new) == [False, True]


def test_who_reads_reads_on(tmp_path: Path) -> None:
    house = House(tmp_path, limit=10)
    name = house.file(1, NOW, size=300_000)
    with house.blobs.path(name).open("rb") as reader:
        start = reader.read(1000)
        assert house.janitor.sweep(NOW).evicted == 1
        assert house.held(name) == [False]
        assert sha256(start + reader.read()).hexdigest() == name


def test_a_superseded_document_goes_after_a_pass_of_grace(tmp_path: Path) -> None:
    house = House(tmp_path)
    old, new = house.document(b"old"), house.document(b"newer")
    assert house.janitor.sweep(NOW) == Swept()
    assert house.held(old, new) == [True, True]
    assert house.janitor.sweep(NOW) == Swept(orphans=1, bytes=3)
    assert house.held(old, new) == [False, True]
    assert house.janitor.sweep(NOW) == Swept()


def test_an_orphan_that_is_wanted_again_stays(tmp_path: Path) -> None:
    house = House(tmp_path)
    old, _ = house.document(b"old"), house.document(b"newer")
    house.janitor.sweep(NOW)
    house.document(b"old")
    assert house.janitor.sweep(NOW) == Swept()
    assert house.held(old) == [True]


@pytest.mark.parametrize("when", ["writing", "renamed"])
def test_a_download_that_was_killed_leaves_nothing_behind(tmp_path: Path, when: str) -> None:
    house = House(tmp_path)
    died = subprocess.run([sys.executable, "-c", DIES, str(tmp_path), when], timeout=60)
    assert died.returncode == -signal.SIGKILL
    names = {"writing": [f"{FLIGHT}.lock", f"{FLIGHT}.part"], "renamed": [f"{FLIGHT}.lock"]}[when]
    assert sorted(p.name for p in house.folder.parts.iterdir()) == names
    (house.folder.parts / f"{FLIGHT}.head").write_text("{}")
    assert sweep_parts(house.folder, Locks(house.folder)) == 1
    assert list(house.folder.parts.iterdir()) == []
    if when == "renamed":
        name = sha256(b"half").hexdigest()
        later = house.blobs.path(name).stat().st_ctime + 3600
        assert house.round(later).adopted == 1
        assert house.catalogue.totals().bytes == 4
        assert house.catalogue.coldest(1) == [(name, 4)]


def test_a_living_flight_is_left_alone(tmp_path: Path) -> None:
    house = House(tmp_path)
    lock = Locks(house.folder).take(FLIGHT)
    part = house.blobs.part(FLIGHT)
    part.write(b"half")
    for path in house.folder.parts.iterdir():
        os.utime(path, (0, 0))
    assert sweep_parts(house.folder, Locks(house.folder)) == 0
    part.write(b"half")
    assert part.path.read_bytes() == b"halfhalf"
    assert lock is not None
    lock.release()
    assert sweep_parts(house.folder, Locks(house.folder), before=1.0) == 0  # just written
    assert sweep_parts(house.folder, Locks(house.folder)) == 1


def test_strays_are_adopted_when_whole_and_removed_when_not(tmp_path: Path) -> None:
    house = House(tmp_path)
    whole, restored, torn = house.blob(b"whole"), house.blob(b"restored"), house.blob(b"torn")
    os.utime(house.blobs.path(restored))  # as a backup does: the bytes are right, the seal is broken
    house.blobs.path(torn).chmod(0o644)
    house.blobs.path(torn).write_bytes(b"to")
    published = house.blobs.path(torn).stat().st_ctime
    assert house.round(published + 60) == Swept()  # its row may just be on its way
    assert house.round(published + 3600) == Swept(adopted=2, broken=1)
    assert house.held(whole, restored, torn) == [True, True, False]
    assert not house.blobs.path(torn).exists()
    assert house.catalogue.totals().blobs == 2


def test_rows_without_a_file_are_forgotten(tmp_path: Path) -> None:
    house = House(tmp_path)
    missing = house.file(1, NOW)
    # Something else of this shard is there: a shard that is missing altogether is not believed.
    house.blobs.path(missing[:2] + "0" * 62).touch()
    house.blobs.path(missing).unlink()
    assert house.round() == Swept(missing=1)
    known = house.catalogue.file("pypi", "1.whl")
    assert known == File(replace(pin("1.whl"), digest=Digest("sha256", missing)))
    assert house.catalogue.totals().bytes == 0


def test_an_unmounted_disk_makes_nothing_forgotten(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.file(1, NOW)
    house.folder.blobs.rename(tmp_path / "away")
    house.folder.blobs.mkdir()
    assert house.round() == Swept()
    assert house.catalogue.totals().held == 1


def test_renderings_and_absences(tmp_path: Path) -> None:
    house = House(tmp_path, limit=1000)
    for number in range(3):
        path = house.renderings.keep(f"{number}" * 64, [b"x" * 60])
        os.utime(path, (NOW - number, NOW - number))
    house.catalogue.keep_document(Document("pypi", "no", "https://registry.example/", 404, checked_at=NOW - 1e6), ())
    assert house.janitor.sweep(NOW) == Swept(renderings=2, absences=1, bytes=120)
    assert house.renderings.find("0" * 64)


def test_a_catalogue_that_cannot_be_written_still_lets_go(tmp_path: Path) -> None:
    """On a full disk forgetting needs room: the file goes first then, and the failure is told."""
    house = House(tmp_path, limit=10)
    name = house.file(1, NOW)
    house.database.close()
    read_only = Database(house.folder.database)
    read_only._writer.execute("PRAGMA query_only = ON")
    janitor = Janitor(house.folder, Catalogue(read_only), house.blobs, house.renderings, 10, 0)
    with pytest.raises(StoreFailed, match="readonly"):
        janitor._forget(name)
    assert house.held(name) == [False]
