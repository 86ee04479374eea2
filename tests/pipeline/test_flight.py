"""One transfer, many followers: nobody is handed the end before it is verified."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pipeline_world import pinned, until
from subak.errors import Mismatch, NotFound, Refused, SubakError, UpstreamDown
from subak.model.exchange import UNPROVEN, Proof
from subak.pipeline.answer import Held
from subak.pipeline.flight import PIECE, TAIL, Flight, Follower, copy_of

BODY = bytes(range(256)) * 400
PROOF = Proof(pinned(BODY))


class Growing:
    """A flight whose bytes arrive when a test says so."""

    def __init__(self, folder: Path, length: int = len(BODY)) -> None:
        self.path = folder / "part"
        self.path.touch()
        self.flight = Flight("name", "toy a.whl")
        self.flight.begin(self.path, length)

    def grow(self, size: int) -> None:
        self.path.write_bytes(BODY[:size])
        self.flight.advance(size)

    def follow(self, *, leads: bool = True) -> Follower:
        return Follower(self.flight, leads=leads, held=lambda blob: Held(len(BODY), path=self.path))


class Reader:
    """Reads a follower in the background."""

    def __init__(self, follower: Follower, start: int = 0) -> None:
        self.got = b""
        self.task = asyncio.create_task(self._read(follower, start))

    async def _read(self, follower: Follower, start: int) -> None:
        async for piece in follower.pieces(start):
            self.got += piece


async def test_the_tail_is_held_back(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    reader = Reader(growing.follow())
    growing.grow(TAIL)
    growing.grow(TAIL + 100)
    await until(lambda: len(reader.got) == 100)
    growing.grow(len(BODY))
    await until(lambda: len(reader.got) == len(BODY) - TAIL)
    assert not reader.task.done()
    growing.flight.verify(PROOF, "blob")
    await reader.task
    assert reader.got == BODY


@pytest.mark.parametrize("error", [Mismatch("wrong"), UpstreamDown("broke off"), NotFound("gone")])
async def test_a_flight_that_fails_never_gives_its_tail(tmp_path: Path, error: SubakError) -> None:
    growing = Growing(tmp_path)
    readers = [Reader(growing.follow()) for _ in range(3)]
    growing.grow(len(BODY))
    growing.flight.fail(error)
    for reader in readers:
        with pytest.raises(type(error), match=str(error)) as caught:
            await reader.task
        assert caught.value is not error  # each gets its own
        assert len(reader.got) <= len(BODY) - TAIL


async def test_what_is_verified_is_complete_even_if_it_cannot_be_kept(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    follower = growing.follow()
    growing.grow(len(BODY))
    growing.flight.verify(PROOF, "blob")
    growing.flight.fail(UpstreamDown("the disk is full"))
    reader = Reader(follower)
    await reader.task
    assert reader.got == BODY
    with pytest.raises(UpstreamDown):
        await follower.landed()


async def test_followers_may_join_at_any_time_and_place(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    growing.grow(50_000)
    late = Reader(growing.follow(), 1000)
    growing.grow(len(BODY))
    growing.flight.verify(PROOF, "blob")
    last = Reader(growing.follow(), len(BODY) - 5)
    await late.task
    await last.task
    assert late.got == BODY[1000:]
    assert last.got == BODY[-5:]


async def test_the_file_may_be_renamed_and_removed_meanwhile(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    growing.grow(len(BODY))
    follower = growing.follow()
    growing.path.rename(tmp_path / "blob").unlink()
    growing.flight.verify(PROOF, "blob")
    reader = Reader(follower)
    await reader.task
    assert reader.got == BODY
    follower.close()
    follower.close()


async def test_a_part_that_shrinks_is_noticed(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    growing.grow(100)
    growing.flight.advance(len(BODY))
    reader = Reader(growing.follow())
    with pytest.raises(Mismatch, match="shorter"):
        await reader.task


async def test_pieces_are_bounded(tmp_path: Path) -> None:
    growing = Growing(tmp_path)
    body = b"x" * (3 * PIECE)
    growing.path.write_bytes(body)
    growing.flight.advance(len(body))
    growing.flight.verify(PROOF, "blob")
    sizes = [len(piece) async for piece in growing.follow().pieces()]
    assert (max(sizes), sum(sizes)) == (PIECE, len(body))


async def test_what_a_follower_knows(tmp_path: Path) -> None:
    growing = Growing(tmp_path, length=-1)
    leader, other = growing.follow(), growing.follow(leads=False)
    growing.flight.fetched = 77
    assert (leader.length, leader.proof, leader.fetched, other.fetched) == (-1, UNPROVEN, 77, 0)
    growing.grow(len(BODY))
    growing.flight.verify(PROOF, "blob")
    assert (leader.length, leader.proof) == (len(BODY), PROOF)
    waiting = asyncio.create_task(leader.landed())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert not growing.flight.kept
    growing.flight.land()
    assert growing.flight.kept
    assert (await waiting).size == len(BODY)


async def test_nobody_follows_what_has_no_file(tmp_path: Path) -> None:
    flight = Flight("name", "toy a.whl")
    flight.begin(tmp_path / "gone", 5)
    with pytest.raises(FileNotFoundError):
        Follower(flight, leads=True, held=lambda blob: Held(0))


async def test_waiting_for_what_is_already_so() -> None:
    flight = Flight("name", "toy a.whl")
    await flight.until(lambda: True)
    flight.fail(NotFound("no"))
    await flight.until(lambda: True)
    with pytest.raises(NotFound):
        await flight.until(lambda: flight.kept)


@pytest.mark.parametrize("error", [Mismatch("m", fix="f", retry_after=3), Refused("r", fix="f")])
def test_copies_say_the_same(error: SubakError) -> None:
    copy = copy_of(error)
    assert type(copy) is type(error)
    assert (copy.detail, copy.fix, copy.retry_after) == (error.detail, error.fix, error.retry_after)
    assert copy.__cause__ is error
