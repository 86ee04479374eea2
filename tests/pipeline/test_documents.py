"""Mutable documents: kept as sent, asked again when old, served whatever upstream does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_world import BASE, LIMITS, SMALL, TOY, Answer, FullBlobs, World, announced, index, sha256, together, until
from subak.errors import NotFound, NoUpstream, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.exchange import Kind, Origin, Subject
from subak.pipeline import flight, inquiry
from subak.pipeline.pages import Kept, mapped
from subak.ports import Document

A = Subject("toy", Kind.INDEX, "index", "index/a/", "a", purl="pkg:toy/a")
STATUS = Subject("toy", Kind.CONFIG, "status", "status/a", "a")
URL = BASE + "index/a/"
OLD, NEW = index(announced("a/1/a.whl", SMALL)), index(announced("a/2/a.whl", SMALL))
DOWN = Answer(error=UpstreamDown("down"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.upstream.pages[URL] = Answer(OLD, headers={"etag": '"v1"', "last-modified": "Mon", "content-type": "text/toy"})
    return made


async def find(world: World, subject: Subject = A, **how: float) -> Kept:
    return await world.documents.find(subject, TOY, **how)


async def failure(world: World, subject: Subject = A) -> SubakError:
    with pytest.raises(SubakError) as caught:
        await find(world, subject)
    return caught.value


# ---------------------------------------------------------------- the first time


async def test_the_first_time(world: World) -> None:
    kept = await find(world)
    assert (kept.origin, kept.fetched, kept.good_until, kept.body) == (Origin.UPSTREAM, len(OLD), world.now + 300, None)
    assert kept.document == Document(
        "toy", "index/a/", URL, 200, "text/toy", '"v1"', "Mon", world.now, world.now, sha256(OLD), len(OLD)
    )
    assert world.blobs.path(sha256(OLD)).read_bytes() == OLD
    assert world.catalogue.file("toy", "files/a/1/a.whl") is not None
    assert world.changed == [("toy", "index/a/")]
    assert world.parts() == []
    assert not world.locks.taken
    (ask,) = world.upstream.asked
    assert (ask.url, ask.accept, ask.identity, ask.etag, ask.last_modified) == (URL, "text/plain", False, "", "")


async def test_fresh_copies_ask_nobody(world: World) -> None:
    await find(world)
    world.now += 299
    kept = await find(world)
    assert (kept.origin, kept.fetched, kept.good_until) == (Origin.CACHE, 0, world.now + 1)
    assert len(world.upstream.asked) == 1


async def test_the_operators_time_overrides_the_routes(tmp_path: Path) -> None:
    world = World(tmp_path, limits=replace(LIMITS, fresh_for=1000))
    world.upstream.pages[URL] = Answer(OLD)
    await find(world)
    world.now += 999
    assert (await find(world)).origin is Origin.CACHE


async def test_where_redirects_led_is_remembered(world: World) -> None:
    world.upstream.pages[URL] = Answer(OLD, url="https://elsewhere.example/a/")
    assert (await find(world)).document.url == "https://elsewhere.example/a/"


@pytest.mark.parametrize("value", ["x\r\ny", "ü", "x" * 2000])
async def test_headers_that_could_hurt_later_are_dropped(world: World, value: str) -> None:
    headers = {"content-type": value, "etag": value, "last-modified": value}
    world.upstream.pages[URL] = Answer(OLD, headers=headers)
    document = (await find(world)).document
    assert (document.content_type, document.etag, document.last_modified) == ("", "", "")


async def test_an_empty_document(world: World) -> None:
    world.upstream.pages[BASE + "status/a"] = Answer(b"")
    kept = await find(world, STATUS)
    assert (kept.document.size, kept.document.blob) == (0, sha256(b""))


async def test_upstream_is_told_nothing_it_did_not_say(world: World) -> None:
    world.upstream.pages[URL] = Answer(OLD)
    await find(world)
    world.now += 1000
    await find(world)
    assert (world.upstream.asked[1].etag, world.upstream.asked[1].last_modified) == ("", "")


# ---------------------------------------------------------------- again


async def test_unchanged(world: World) -> None:
    first = await find(world)
    world.now += 1000
    kept = await find(world)
    assert kept.document == replace(first.document, checked_at=world.now)
    assert kept.origin is Origin.UPSTREAM  # this exchange was not spared
    assert kept.fetched == 0
    assert (world.upstream.asked[1].etag, world.upstream.asked[1].last_modified) == ('"v1"', "Mon")
    assert len(world.changed) == 1
    assert (await find(world)).origin is Origin.CACHE


async def test_the_same_bytes_again_are_no_change(world: World) -> None:
    first = await find(world)
    world.now += 1000
    world.upstream.pages[URL] = Answer(OLD, headers={"etag": '"v2"', "content-type": "text/toy"})
    kept = await find(world)
    assert (kept.document.etag, kept.document.fetched_at) == ('"v2"', first.document.fetched_at)
    assert kept.document.checked_at == world.now
    assert len(world.changed) == 1
    assert world.parts() == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(NEW, headers={"content-type": "text/toy"}),
        Answer(OLD, headers={"content-type": "text/other"}),
        Answer(OLD, headers={"content-type": "text/toy"}, url="https://moved.example/a/"),
    ],
    ids=["bytes", "type", "address"],
)
async def test_a_change(world: World, answer: Answer) -> None:
    """Relative links resolve against the address, so a new one changes what the same bytes mean."""
    await find(world)
    world.now += 1000
    world.upstream.pages[URL] = answer
    document = (await find(world)).document
    assert (document.fetched_at, document.blob) == (world.now, sha256(answer.body))
    assert document.url == (answer.url or URL)
    assert len(world.changed) == 2


async def test_pins_that_are_no_longer_announced_stay(world: World) -> None:
    await find(world)
    world.now += 1000
    world.upstream.pages[URL] = Answer(NEW)
    await find(world)
    assert world.catalogue.file("toy", "files/a/1/a.whl") is not None
    assert world.catalogue.file("toy", "files/a/2/a.whl") is not None


async def test_a_little_old_is_served_at_once_and_checked_behind(world: World) -> None:
    await find(world)
    world.now += 310
    held = asyncio.Event()
    world.upstream.pages[URL] = Answer(NEW, held=held)
    kept = await find(world)
    assert (kept.origin, kept.document.blob, kept.good_until) == (Origin.STALE, sha256(OLD), 0.0)
    await find(world)
    held.set()
    await until(lambda: len(world.changed) == 2)
    assert (await find(world)).document.blob == sha256(NEW)
    assert len(world.upstream.asked) == 2


async def test_a_check_behind_that_fails_hurts_nobody(world: World) -> None:
    await find(world)
    world.now += 310
    world.upstream.pages[URL] = DOWN
    assert (await find(world)).origin is Origin.STALE
    await until(lambda: len(world.upstream.asked) == 2)
    assert (await find(world)).origin is Origin.STALE


async def test_newer_than(world: World) -> None:
    await find(world)
    at = world.now
    world.now += 10
    assert (await find(world, newer_than=at - 1)).origin is Origin.CACHE
    world.upstream.pages[URL] = Answer(NEW)
    assert (await find(world, newer_than=at)).document.blob == sha256(NEW)


# ---------------------------------------------------------------- upstream misbehaves


@pytest.mark.parametrize(
    "answer",
    [
        DOWN,
        Answer(error=UpstreamLied("redirected")),
        Answer(status=403),
        Answer(status=500),
        Answer(b"<html>an error page</html>"),
        Answer(OLD + b"one more line that is no file\n", broken_after=5),
        Answer(b"x" * (LIMITS.largest + 1)),
    ],
    ids=["down", "lied", "forbidden", "500", "error page", "broken off", "huge"],
)
async def test_what_we_hold_keeps_being_served(world: World, answer: Answer) -> None:
    await find(world)
    world.now += 1000
    world.upstream.pages[URL] = answer
    kept = await find(world)
    assert (kept.origin, kept.document.blob, kept.good_until) == (Origin.STALE, sha256(OLD), 0.0)
    assert world.parts() == []
    assert world.catalogue.document("toy", "index/a/") == kept.document
    world.upstream.pages[URL] = Answer(NEW)
    assert (await find(world)).origin is Origin.UPSTREAM


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (DOWN, UpstreamDown, "down"),
        (Answer(error=UpstreamLied("redirected")), UpstreamLied, "redirected"),
        (Answer(status=401), UpstreamLied, "refuses index/a/ with 401"),
        (Answer(status=204), UpstreamLied, "answered 204"),
        (Answer(status=304), UpstreamLied, "answered 304"),
        (Answer(b"<html>an error page</html>"), UpstreamLied, "not a toy index"),
        (Answer(index("files/a x sha256:beef 5")), UpstreamLied, "not a sha256 digest"),
        (Answer(OLD, broken_after=5), UpstreamDown, "broke off"),
        (Answer(b"x" * (LIMITS.largest + 1)), UpstreamLied, "is larger than"),
        (Answer(b"x" * (LIMITS.largest + 1), length=False), UpstreamLied, "is larger than"),
    ],
)
async def test_with_nothing_held_the_failure_is_told(
    world: World, answer: Answer, kind: type[SubakError], said: str
) -> None:
    world.upstream.pages[URL] = answer
    error = await failure(world)
    assert type(error) is kind
    assert said in str(error)
    assert world.catalogue.document("toy", "index/a/") is None
    assert world.catalogue.file("toy", "files/a/1/a.whl") is None
    assert world.parts() == []
    assert not world.locks.taken
    assert world.upstream.open == 0
    world.upstream.pages[URL] = Answer(OLD)
    assert (await find(world)).origin is Origin.UPSTREAM


async def test_a_connection_that_died_is_tried_once_more(world: World) -> None:
    world.upstream.pages[URL] = [DOWN, Answer(OLD)]
    assert (await find(world)).document.blob == sha256(OLD)
    world.upstream.pages[URL] = [DOWN, Answer(OLD)]
    world.now += 1000
    assert (await find(world)).origin is Origin.STALE  # our copy serves; no need to insist


async def test_an_upstream_that_dawdles(tmp_path: Path) -> None:
    world = World(tmp_path, limits=replace(LIMITS, patience=0.05))
    world.upstream.pages[URL] = Answer(OLD)
    await find(world)
    world.now += 1000
    held = asyncio.Event()
    world.upstream.pages[URL] = Answer(NEW, held=held)
    assert (await find(world)).origin is Origin.STALE
    held.set()
    await until(lambda: len(world.changed) == 2)  # the answer was not wasted
    assert (await find(world)).document.blob == sha256(NEW)


async def test_no_upstream_is_set(world: World) -> None:
    world.upstream.known = False
    assert isinstance(await failure(world), NoUpstream)


# ---------------------------------------------------------------- absence


@pytest.mark.parametrize("status", [404, 410, 451])
async def test_absence_is_remembered_for_a_while(world: World, status: int) -> None:
    world.upstream.pages[URL] = Answer(status=status)
    assert isinstance(await failure(world), NotFound)
    assert isinstance(await failure(world), NotFound)
    assert len(world.upstream.asked) == 1
    world.now += 61
    world.upstream.pages[URL] = Answer(OLD)
    assert (await find(world)).document.blob == sha256(OLD)


async def test_an_absence_that_cannot_be_checked_is_not_repeated(world: World) -> None:
    world.upstream.pages[URL] = Answer(status=404)
    await failure(world)
    world.now += 61
    world.upstream.pages[URL] = DOWN
    assert isinstance(await failure(world), UpstreamDown)


@pytest.mark.parametrize("answer", [Answer(status=404), Answer(b"unpublished")], ids=["404", "a page that says so"])
async def test_removal_never_deletes_our_copy(world: World, answer: Answer) -> None:
    await find(world)
    world.now += 1000
    world.upstream.pages[URL] = answer
    kept = await find(world)
    assert (kept.origin, kept.document.blob, kept.document.gone) == (Origin.STALE, sha256(OLD), True)
    assert (await find(world)).origin is Origin.STALE
    assert len(world.upstream.asked) == 2  # and upstream is not asked each time
    world.now += 1000
    world.upstream.pages[URL] = Answer(OLD)
    back = await find(world)
    assert (back.origin, back.document.gone) == (Origin.UPSTREAM, False)


async def test_a_page_that_says_it_is_not_there(world: World) -> None:
    world.upstream.pages[URL] = Answer(b"unpublished")
    assert isinstance(await failure(world), NotFound)
    assert isinstance(await failure(world), NotFound)
    assert len(world.upstream.asked) == 1


# ---------------------------------------------------------------- many at once


async def test_one_question_for_everybody(world: World) -> None:
    found = await together(*(find(world) for _ in range(50)))
    assert len(world.upstream.asked) == 1
    assert {k.document.blob for k in found} == {sha256(OLD)}
    assert sum(k.fetched for k in found) == len(OLD)
    assert sum(k.origin is Origin.UPSTREAM for k in found) == 1


async def test_one_failure_for_everybody(world: World) -> None:
    world.upstream.pages[URL] = Answer(status=404)
    failures = await asyncio.gather(*(find(world) for _ in range(20)), return_exceptions=True)
    assert {type(f) for f in failures} == {NotFound}
    assert len(world.upstream.asked) == 1


async def test_one_question_across_processes(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", beside=world)
    held = asyncio.Event()
    world.upstream.pages[URL] = Answer(OLD, held=held)
    ours = asyncio.create_task(find(world))
    await until(lambda: len(world.upstream.asked) == 1)
    theirs = asyncio.create_task(find(other))
    await asyncio.sleep(0.05)
    held.set()
    kept = await theirs
    await ours
    assert len(world.upstream.asked) == 1
    assert (kept.document.blob, kept.fetched) == (sha256(OLD), 0)


async def test_another_process_that_died_or_failed_is_replaced(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", beside=world)
    name = hashlib.sha256(b"document\0toy\0index/a/").hexdigest()
    lock = other.locks.take(name)
    assert lock is not None
    asking = asyncio.create_task(find(world))
    await asyncio.sleep(0.05)
    assert not world.upstream.asked
    lock.release()
    assert (await asking).fetched == len(OLD)


async def test_another_process_that_never_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "LONGEST_WAIT", 0.1)
    world.locks.take(hashlib.sha256(b"document\0toy\0index/a/").hexdigest())
    assert "too long" in str(await failure(world))


async def test_a_client_that_leaves_stops_nothing(world: World) -> None:
    held = asyncio.Event()
    world.upstream.pages[URL] = Answer(OLD, held=held)
    leaving = asyncio.create_task(find(world))
    await until(lambda: len(world.upstream.asked) == 1)
    staying = asyncio.create_task(find(world))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    held.set()
    assert (await staying).document.blob == sha256(OLD)
    assert len(world.upstream.asked) == 1


# ---------------------------------------------------------------- the store misbehaves


def full(world: FullBlobs) -> None:
    world.takes = 3


def sealed(world: FullBlobs) -> None:
    world.refuses_commits = True


@pytest.mark.parametrize("spoil", [full, sealed])
async def test_a_full_disk_breaks_no_install(tmp_path: Path, spoil: Callable[[FullBlobs], None]) -> None:
    blobs = FullBlobs(tmp_path)
    world = World(tmp_path, blobs=blobs)
    world.upstream.pages[URL] = Answer(OLD, headers={"etag": '"v1"'})
    spoil(blobs)
    kept = await find(world)
    assert (kept.body, kept.origin, kept.good_until) == (OLD, Origin.UPSTREAM, 0.0)
    assert ("toy", "files/a/1/a.whl") in world.documents.inquiry.unkept
    assert world.catalogue.document("toy", "index/a/") is None
    assert world.parts() == []
    blobs.takes, blobs.refuses_commits = 2**40, False
    assert (await find(world)).body is None


async def test_what_is_passed_on_is_checked_too(tmp_path: Path) -> None:
    world = World(tmp_path, blobs=FullBlobs(tmp_path, 3))
    for answer, kind in (
        (Answer(b"<html>"), UpstreamLied),
        (Answer(OLD, broken_after=5), UpstreamDown),
        (Answer(b"x" * (LIMITS.largest + 1)), StoreFailed),
    ):
        world.upstream.pages[URL] = answer
        assert type(await failure(world)) is kind


async def test_unkept_pins_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "UNKEPT", 10)
    world = World(tmp_path, blobs=FullBlobs(tmp_path, 3))
    world.upstream.pages[URL] = Answer(index(*(announced(f"a/{n}/a.whl", SMALL) for n in range(30))))
    await find(world)
    assert list(world.documents.inquiry.unkept) == [("toy", f"files/a/{n}/a.whl") for n in range(20, 30)]


class Locked(World):
    """A data folder in which not even locks can be taken."""

    def spoil(self) -> None:
        def take(name: str) -> None:
            raise StoreFailed("read-only")

        self.locks.take = take  # type: ignore[method-assign]  # a broken disk


async def test_without_locks_we_ask_all_the_same(tmp_path: Path) -> None:
    world = Locked(tmp_path)
    world.spoil()
    world.upstream.pages[URL] = Answer(OLD)
    assert (await find(world)).document.blob == sha256(OLD)


async def test_an_absence_that_cannot_be_noted_is_told_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep(*_: object) -> None:
        raise StoreFailed("read-only")

    monkeypatch.setattr(world.catalogue, "keep_document", keep)
    world.upstream.pages[URL] = Answer(status=404)
    assert isinstance(await failure(world), NotFound)


# ---------------------------------------------------------------- mapped pages


@pytest.mark.parametrize("body", [b"", b"x", OLD])
def test_a_mapped_page(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "blob"
    path.write_bytes(body)
    document = Document("toy", "k", URL, 200, "text/toy", size=len(body))
    with mapped(path, document.content_type, document.url) as page:
        assert bytes(page.body) == body
        assert (page.content_type, page.url) == ("text/toy", URL)
        kept = page.body
    path.unlink()
    assert bytes(kept) == body


def test_a_torn_page_is_empty_rather_than_an_accident(tmp_path: Path) -> None:
    """After a power loss a file published without fsync may have no bytes at all."""
    path = tmp_path / "blob"
    path.touch()
    with mapped(path, "", URL) as page:
        assert bytes(page.body) == b""
