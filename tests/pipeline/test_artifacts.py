"""Files: one transfer for everybody, verified while it streams, kept once, never served wrong."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from pipeline_world import (
    BASE,
    FILES,
    LARGE,
    SMALL,
    Answer,
    FakeReply,
    FullBlobs,
    World,
    announced,
    index,
    pinned,
    sha256,
    together,
    until,
)
from subak.errors import StoreFailed, UpstreamDown
from subak.pipeline import transfer
from subak.pipeline.flight import TAIL

PATH = "/toy/files/a/1/a.whl"
KEY = "files/a/1/a.whl"
FLIGHT = hashlib.sha256(f"file\0toy\0{KEY}".encode()).hexdigest()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(transfer, "PAUSE", 0.0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def served(reply: FakeReply, body: bytes, origin: str) -> None:
    assert (reply.status, reply.headers["x-subak-cache"]) == (200, origin)
    assert reply.body == body
    assert reply.ended
    assert reply.headers["content-length"] == str(len(body))


def held(world: World) -> str:
    file = world.catalogue.file("toy", KEY)
    return file.blob if file else ""


# ---------------------------------------------------------------- fair weather


@pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512", "sha1"])
async def test_fetched_once_then_held(world: World, body: bytes, algorithm: str) -> None:
    world.publish("a/1/a.whl", body, algorithm=algorithm)
    served(await world.ask(PATH), body, "miss")
    document = len(world.upstream.pages[f"{BASE}index/a/"].body)  # type: ignore[union-attr]  # one answer
    assert (world.reading.fetched, world.reading.sent) == (document + len(body), len(body))
    assert world.exchange.proof.digest == pinned(body, algorithm)
    await world.settled()
    assert held(world) == sha256(body)
    assert world.blobs.path(sha256(body)).read_bytes() == body
    again = await world.ask(PATH)
    served(again, body, "hit")
    assert again.headers["content-type"] == "application/x-toy"
    assert again.headers["etag"] == f'"{sha256(body)}"'
    assert "immutable" in again.headers["cache-control"]
    assert (world.reading.fetched, world.reading.origin) == (0, "hit")
    assert world.files_asked() == ["a/1/a.whl"]


async def test_a_held_file_never_reads_its_index(world: World) -> None:
    world.publish("a/1/a.whl")
    await world.ask(PATH)
    world.now += 10**9
    world.upstream.pages.clear()
    before = len(world.upstream.asked)
    served(await world.ask(PATH), SMALL, "hit")
    assert len(world.upstream.asked) == before


async def test_what_an_index_announced_needs_no_index_again(world: World) -> None:
    world.publish("a/1/a.whl")
    await world.ask("/toy/index/a/")
    served(await world.ask(PATH), SMALL, "miss")
    assert world.upstream.urls() == [f"{BASE}index/a/", f"{FILES}a/1/a.whl"]


async def test_the_same_bytes_under_two_names_are_fetched_once(world: World) -> None:
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index(announced("a/1/a.whl", SMALL)))
    world.upstream.pages[f"{BASE}index/b/"] = Answer(index(announced("b/1/b.whl", SMALL)))
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL)
    served(await world.ask(PATH), SMALL, "miss")
    served(await world.ask("/toy/files/b/1/b.whl"), SMALL, "hit")


async def test_parts_and_conditions(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    reply = await world.ask(PATH, range="bytes=100-199")
    assert (reply.status, reply.body) == (206, LARGE[100:200])
    tag = reply.headers.get("etag") or (await world.ask(PATH, "HEAD")).headers["etag"]
    assert (await world.ask(PATH, if_none_match=tag)).status == 304
    assert (await world.ask(PATH, range="bytes=5-6", if_range=tag)).body == LARGE[5:7]
    head = await world.ask(PATH, "HEAD")
    assert (head.body, head.headers["content-length"], head.ended) == (b"", str(len(LARGE)), True)


# ---------------------------------------------------------------- where is it announced


async def test_a_file_nobody_announces(world: World) -> None:
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index())
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL)
    reply = await world.ask(PATH)
    assert reply.status == 404
    assert "announces" in json.loads(reply.body)["detail"]
    assert world.files_asked() == []


async def test_every_home_is_looked_at(world: World) -> None:
    world.upstream.pages[f"{BASE}index/a-elsewhere/"] = Answer(index(announced("a/1/a.whl", SMALL)))
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL)
    served(await world.ask(PATH), SMALL, "miss")


async def test_a_home_that_fails_is_told_unless_another_knows(world: World) -> None:
    world.upstream.pages[f"{BASE}index/a/"] = Answer(error=UpstreamDown("down"))
    assert (await world.ask(PATH)).status == 504
    world.upstream.pages[f"{BASE}index/a-elsewhere/"] = Answer(index(announced("a/1/a.whl", SMALL)))
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL)
    world.now += 100
    served(await world.ask(PATH), SMALL, "miss")


async def test_a_file_newer_than_our_index(world: World) -> None:
    """A lock file may name what was published a minute ago: the index is asked again, but not each time."""
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index())
    await world.ask("/toy/index/a/")
    world.now += 10
    world.publish("a/1/a.whl")
    served(await world.ask(PATH), SMALL, "miss")
    before = len(world.upstream.asked)
    for _ in range(3):
        assert (await world.ask("/toy/files/a/2/a.whl")).status == 404
    assert len(world.upstream.asked) - before <= 1


# ---------------------------------------------------------------- many at once


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_one_transfer_for_everybody(world: World, body: bytes) -> None:
    world.publish("a/1/a.whl", body)
    replies = await together(*(world.ask(PATH) for _ in range(60)))
    assert all(reply.body == body and reply.ended for reply in replies)
    assert world.files_asked() == ["a/1/a.whl"]
    assert world.upstream.urls().count(f"{BASE}index/a/") == 1
    assert sorted(r.origin for r in world.meter.readings) == ["hit"] * 59 + ["miss"]
    assert sum(r.fetched for r in world.meter.readings) == len(body) + len(
        index(announced("a/1/a.whl", body, size=len(body)))
    )
    await world.settled()


async def test_bytes_stream_while_they_arrive(world: World) -> None:
    half = asyncio.Event()
    world.publish("a/1/a.whl", LARGE, held=half)
    reply = FakeReply()
    asking = asyncio.create_task(world.ask(PATH, reply=reply))
    await until(lambda: len(reply.body) > 50_000)
    assert not reply.whole
    half.set()
    served(await asking, LARGE, "miss")


async def test_the_tail_waits_for_the_digest(world: World) -> None:
    world.publish("a/1/a.whl", LARGE, broken_after=len(LARGE) - 1)
    reply = await world.ask(PATH)  # each attempt brings all but a byte; the last one gives up
    assert reply.body == LARGE
    assert len(world.upstream.asked) == 3


async def test_across_processes(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", beside=world)
    half = asyncio.Event()
    world.publish("a/1/a.whl", LARGE, held=half)
    ours = asyncio.create_task(world.ask(PATH))
    await until(lambda: bool(world.files_asked()))
    reply = FakeReply()
    theirs = asyncio.create_task(other.ask(PATH, reply=reply))
    await until(lambda: len(reply.body) > 50_000)  # streams along with what the other process writes
    half.set()
    served(await ours, LARGE, "miss")
    served(await theirs, LARGE, "hit")
    assert world.files_asked() == ["a/1/a.whl"]
    assert other.reading.fetched == 0
    await world.settled()


async def test_small_files_across_processes(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", beside=world)
    world.publish("a/1/a.whl")
    for reply in await together(world.ask(PATH), other.ask(PATH), world.ask(PATH), other.ask(PATH)):
        assert reply.body == SMALL
    assert world.files_asked() == ["a/1/a.whl"]


async def test_another_process_that_dies_before_its_first_byte_is_replaced(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    lock = world.locks.take(FLIGHT)
    assert lock is not None
    asking = asyncio.create_task(world.ask(PATH))
    await until(lambda: bool(world.artifacts._flights))
    await asyncio.sleep(0.05)
    assert world.files_asked() == []
    lock.release()
    served(await asking, LARGE, "miss")


async def test_another_process_that_dies_in_the_middle_breaks_followers_but_not_the_next(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    lock = world.locks.take(FLIGHT)
    assert lock is not None
    part = world.blobs.growing(FLIGHT)
    part.write_bytes(LARGE[:100_000])
    part.with_suffix(".head").write_text(json.dumps({"length": len(LARGE)}))
    reply = FakeReply()
    asking = asyncio.create_task(world.ask(PATH, reply=reply))
    await until(lambda: len(reply.body) == 100_000 - TAIL)
    lock.release()
    await asking
    assert not reply.whole
    assert world.reading.error == "UpstreamDown"
    served(await world.ask(PATH), LARGE, "miss")


@pytest.mark.parametrize("head", ["", "{", "{}", '{"length": "x"}'])
async def test_an_unreadable_head_of_another_process_is_waited_out(world: World, head: str) -> None:
    world.publish("a/1/a.whl", LARGE)
    lock = world.locks.take(FLIGHT)
    assert lock is not None
    world.blobs.growing(FLIGHT).with_suffix(".head").write_text(head)
    asking = asyncio.create_task(world.ask(PATH))
    await asyncio.sleep(0.05)
    lock.release()
    served(await asking, LARGE, "miss")


# ---------------------------------------------------------------- clients that leave


async def test_a_client_that_leaves_stops_nothing(world: World) -> None:
    half = asyncio.Event()
    world.publish("a/1/a.whl", LARGE, held=half)
    leaving = asyncio.create_task(world.ask(PATH))
    staying = asyncio.create_task(world.ask(PATH))
    await until(lambda: bool(world.files_asked()))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    half.set()
    served(await staying, LARGE, "hit")


async def test_even_when_everybody_leaves_the_file_arrives(world: World) -> None:
    half = asyncio.Event()
    world.publish("a/1/a.whl", LARGE, held=half)
    reply = FakeReply(gone_after=10_000)
    asking = asyncio.create_task(world.ask(PATH, reply=reply))
    await asking
    assert not reply.whole
    assert world.reading.error == "ClientGone"
    half.set()
    await world.settled()
    served(await world.ask(PATH), LARGE, "hit")


# ---------------------------------------------------------------- wrong bytes


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_wrong_bytes_are_never_completed_and_never_kept(world: World, body: bytes) -> None:
    world.publish("a/1/a.whl", body[:-1] + b"!", pin=body)
    replies = await together(*(world.ask(PATH) for _ in range(5)))
    for reply in replies:
        if body is SMALL:  # answered only once verified: a clean problem document
            assert reply.status == 502
            assert json.loads(reply.body)["type"].endswith(":mismatch")
        else:
            assert not reply.whole
            assert len(reply.body) <= len(body) - TAIL
    assert {r.error for r in world.meter.readings} == {"Mismatch"}
    await world.settled()
    assert held(world) == ""
    assert not world.blobs.path(sha256(body[:-1] + b"!")).exists()
    world.publish("a/1/a.whl", body)
    served(await world.ask(PATH), body, "miss")


async def test_a_longer_wrong_body_is_never_taken_for_the_whole(world: World) -> None:
    world.publish("a/1/a.whl", b"wrong" * 100_000, pin=LARGE, size=len(LARGE), length=False)
    reply = await world.ask(PATH)
    assert not reply.whole
    assert len(reply.body) < len(LARGE)


async def test_an_index_that_changes_its_mind_is_believed(world: World) -> None:
    world.publish("a/1/a.whl")
    await world.ask(PATH)
    other = SMALL[::-1]
    world.publish("a/1/a.whl", other)
    world.now += 10_000
    await world.ask("/toy/index/a/")
    served(await world.ask(PATH), other, "miss")


async def test_nobody_rides_along_on_a_transfer_of_other_bytes(world: World) -> None:
    """The index changes its mind while the old file is still on its way."""
    held = asyncio.Event()
    world.publish("a/1/a.whl", LARGE, held=held)
    first = asyncio.create_task(world.ask(PATH))
    await until(lambda: any(f.begun for f in world.artifacts._flights.values()))
    world.publish("a/1/a.whl", SMALL)
    world.now += 10_000
    await world.ask("/toy/index/a/")
    second = asyncio.create_task(world.ask(PATH))
    await asyncio.sleep(0)
    held.set()
    assert (await first).body == LARGE
    assert (await second).body == SMALL


# ---------------------------------------------------------------- without a pin


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_unpinned_is_remembered_as_first_seen(world: World, body: bytes) -> None:
    world.publish("a/1/a.whl", body, algorithm="")
    served(await world.ask(PATH), body, "miss")
    await world.settled()
    served(await world.ask(PATH), body, "hit")
    assert world.exchange.proof.first_seen
    file = world.catalogue.file("toy", KEY)
    assert file is not None
    assert file.first_seen == pinned(body)
    # evicted, and upstream now sends something else
    world.blobs.remove(sha256(body))
    world.publish("a/1/a.whl", body[::-1], algorithm="")
    reply = await world.ask(PATH)
    assert not (reply.status == 200 and reply.whole)
    assert world.reading.error == "Mismatch"
    world.publish("a/1/a.whl", body, algorithm="")
    served(await world.ask(PATH), body, "miss")


# ---------------------------------------------------------------- breaks


async def test_a_break_is_mended_without_the_client_noticing(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    tagged = {"etag": '"v1"'}
    world.upstream.pages[FILES + "a/1/a.whl"] = [
        Answer(LARGE, headers=tagged, broken_after=100_000), Answer(LARGE, headers=tagged),
    ]  # fmt: skip
    served(await world.ask(PATH), LARGE, "miss")
    assert [(a.start, a.etag) for a in world.upstream.asked[1:]] == [(0, ""), (100_000, '"v1"')]


async def test_an_upstream_without_ranges_is_asked_for_all_again(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    world.upstream.pages[FILES + "a/1/a.whl"] = [Answer(LARGE, broken_after=100_000), Answer(LARGE, ranges=False)]
    served(await world.ask(PATH), LARGE, "miss")


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_a_transfer_that_dies_leaves_nothing_behind(world: World, body: bytes) -> None:
    world.publish("a/1/a.whl", body, broken_after=len(body) // 10, ranges=False)
    reply = await world.ask(PATH)
    assert reply.status == (504 if body is SMALL else 200)
    assert body is SMALL or not reply.whole
    await world.settled()
    assert held(world) == ""
    world.publish("a/1/a.whl", body)
    served(await world.ask(PATH), body, "miss")


@pytest.mark.parametrize("status", [404, 403, 500])
async def test_a_file_that_upstream_does_not_give(world: World, status: int) -> None:
    world.publish("a/1/a.whl", status=status)
    reply = await world.ask(PATH)
    assert reply.status == (404 if status == 404 else 502)
    await world.settled()


async def test_an_unforeseen_failure_is_told_and_logged(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def hold(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    world.publish("a/1/a.whl")
    monkeypatch.setattr(world.catalogue, "hold_file", hold)
    await world.ask(PATH)
    await world.settled()
    assert "unforeseen" in caplog.text
    monkeypatch.undo()
    served(await world.ask(PATH), SMALL, "hit")  # its bytes were proven and kept; only the note was missing


# ---------------------------------------------------------------- our own copies go wrong


@pytest.mark.parametrize("left", [None, b"short"], ids=["gone", "damaged"])
async def test_a_copy_that_is_not_there_is_fetched_again(world: World, left: bytes | None) -> None:
    world.publish("a/1/a.whl", LARGE)
    await world.ask(PATH)
    await world.settled()
    path = world.blobs.path(sha256(LARGE))
    path.unlink()
    if left is not None:
        path.write_bytes(left)
    served(await world.ask(PATH), LARGE, "miss")
    await world.settled()
    served(await world.ask(PATH), LARGE, "hit")


# ---------------------------------------------------------------- the disk is full


async def test_no_room_no_copy_but_the_file(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.publish("a/1/a.whl", LARGE)
    await world.ask("/toy/index/a/")
    world.blobs.room = 1000
    reply = await world.ask(PATH)
    served(reply, LARGE, "miss")
    assert "accept-ranges" not in reply.headers
    assert held(world) == ""
    await world.settled()
    assert (await world.ask(PATH, range="bytes=0-9")).body == LARGE
    assert (await world.ask(PATH, "HEAD")).headers["content-length"] == str(len(LARGE))
    tag = reply.headers["etag"]
    assert (await world.ask(PATH, if_none_match=tag)).status == 304
    await until(lambda: world.upstream.open == 0)


async def test_no_room_and_wrong_bytes(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.publish("a/1/a.whl", LARGE[::-1], pin=LARGE)
    await world.ask("/toy/index/a/")
    world.blobs.room = 0
    reply = await world.ask(PATH)
    assert not reply.whole
    assert world.reading.error == "Mismatch"


@pytest.mark.parametrize("takes", [0, 5000, 100_000, len(LARGE) - 1])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
async def test_a_disk_that_fills_up_in_the_middle(tmp_path: Path, takes: int, body: bytes) -> None:
    blobs = FullBlobs(tmp_path)
    world = World(tmp_path, blobs=blobs)
    world.publish("a/1/a.whl", body)
    await world.ask("/toy/index/a/")
    blobs.takes = min(takes, len(body) - 1)
    replies = await together(*(world.ask(PATH) for _ in range(3)))
    for reply in replies:
        served(reply, body, reply.headers["x-subak-cache"])
    await world.settled()
    assert held(world) == ""


async def test_a_copy_that_cannot_be_published(tmp_path: Path) -> None:
    blobs = FullBlobs(tmp_path)
    world = World(tmp_path, blobs=blobs)
    world.publish("a/1/a.whl", LARGE)
    await world.ask("/toy/index/a/")
    blobs.refuses_commits = True
    served(await world.ask(PATH), LARGE, "miss")
    await world.settled()
    assert held(world) == ""


async def test_an_index_that_could_not_be_kept_still_announces(tmp_path: Path) -> None:
    world = World(tmp_path, blobs=FullBlobs(tmp_path, 3))
    world.publish("a/1/a.whl")
    served(await world.ask(PATH), SMALL, "miss")


async def test_locks_that_cannot_be_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def take(name: str) -> None:
        raise StoreFailed("read-only")

    world.publish("a/1/a.whl")
    await world.ask("/toy/index/a/")
    monkeypatch.setattr(world.locks, "take", take)
    served(await world.ask(PATH), SMALL, "miss")


# ---------------------------------------------------------------- sidecars

META = PATH + ".meta"
CUT = SMALL[:5]


def with_sidecar(world: World, announces: bytes | None = CUT, serves: bytes | None = None) -> None:
    """An artifact and its announced sidecar, which upstream serves or not."""
    lines = (announced("a/1/a.whl", SMALL, size=len(SMALL)), announced("a/1/a.whl.meta", announces))
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index(*lines))
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL)
    if serves is not None:
        world.upstream.pages[FILES + "a/1/a.whl.meta"] = Answer(serves)


async def test_a_sidecar_that_upstream_serves(world: World) -> None:
    with_sidecar(world, b"sidecar", b"sidecar")
    served(await world.ask(META), b"sidecar", "miss")
    served(await world.ask(META), b"sidecar", "hit")
    assert world.files_asked() == ["a/1/a.whl.meta"]


async def test_a_sidecar_that_is_announced_and_missing_is_cut_out(world: World) -> None:
    with_sidecar(world)
    served(await world.ask(META), CUT, "miss")
    assert world.exchange.proof.digest == pinned(CUT)
    served(await world.ask(META), CUT, "hit")
    served(await world.ask(PATH), SMALL, "hit")
    assert world.files_asked() == ["a/1/a.whl.meta", "a/1/a.whl"]
    await world.settled()


async def test_unpinned_sidecars_are_cut_too(world: World) -> None:
    with_sidecar(world, announces=None)
    served(await world.ask(META), CUT, "miss")
    assert world.exchange.proof.first_seen


async def test_many_want_it_at_once(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", beside=world)
    with_sidecar(world)
    for reply in await together(*(w.ask(META) for w in (world, other) * 10)):
        assert (reply.status, reply.body) == (200, CUT)
    assert world.files_asked().count("a/1/a.whl") == 1
    await world.settled()


async def test_a_cut_that_does_not_match_its_pin_is_refused(world: World) -> None:
    with_sidecar(world, announces=b"something else")
    assert (await world.ask(META)).status == 502
    assert world.reading.error == "Mismatch"
    await world.settled()
    file = world.catalogue.file("toy", KEY + ".meta")
    assert file is not None
    assert file.blob == ""


async def test_a_sidecar_nobody_announced(world: World) -> None:
    world.publish("a/1/a.whl")
    assert (await world.ask(META)).status == 404
    assert "a/1/a.whl" not in world.files_asked()


async def test_a_wrong_artifact_makes_no_sidecar(world: World) -> None:
    with_sidecar(world)
    world.upstream.pages[FILES + "a/1/a.whl"] = Answer(SMALL[::-1])
    assert (await world.ask(META)).status == 502


async def test_a_full_disk_and_a_missing_sidecar(tmp_path: Path) -> None:
    blobs = FullBlobs(tmp_path)
    world = World(tmp_path, blobs=blobs)
    with_sidecar(world)
    await world.ask(PATH)
    blobs.takes = 0
    reply = await world.ask(META)
    assert reply.status == 503
    await world.settled()
    blobs.takes = 2**40
    served(await world.ask(META), CUT, "hit")
