"""What the door remembers, for how long, and in how much memory."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from subak.gateway.house import CALLERS, CHOICES, LONGEST, OVERHEAD, Entry, House
from subak.model.exchange import Agent, Asked, Caller, Exchange, Kind, Origin, Sent, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.run import Request

HOST = (b"host", b"gateway.example")


class Keeper:
    """A gatekeeper whose rules change on demand."""

    number = 1

    def generation(self) -> int:
        return self.number


@dataclass
class World:
    """A house and the clock on its wall."""

    room: int = 1_000_000
    largest: int = 100_000
    believe: float = math.inf
    at: float = 1000.0
    keeper: Keeper = field(default_factory=Keeper)

    def __post_init__(self) -> None:
        self.house = House(
            self.keeper, lambda consumer, now: 0.0, [],  # type: ignore[arg-type]  # all it is asked for
            now=lambda: self.at, monotonic=lambda: self.at, instance="feedbeef", stem="a1", room=self.room,
            largest=self.largest, believe=self.believe,
        )  # fmt: skip

    def serve(
        self,
        path: str = "/pypi/simple/x/",
        body: bytes | Path = b"page",
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (HOST,),
        kind: Kind = Kind.INDEX,
        etag: str = "",
        at: float = 0.0,
        until: float = math.inf,
        base: str = "http://gateway.example",
        consumer: str = "addr:10.0.0.1",
        origin: Origin = Origin.CACHE,
        status: int = 200,
        method: str = "GET",
        query: str = "",
        complete: bool = True,
        peer: str = "10.0.0.1",
        key: str = "",
    ) -> None:
        """One answer of the ordinary way."""
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        held = Held(size, body) if isinstance(body, bytes) else Held(size, path=body)
        found = Found(
            origin, held, 200, "text/html", f'"{etag or path}"', (("vary", "Accept"),), good_until=until,
            blob=f"blob of {path}", ranges=kind is Kind.ARTIFACT,
        )  # fmt: skip
        asked = Asked(method, path, query, {}, peer, base, at or self.at)
        subject = Subject("pypi", kind, "route", key or path, purl="pkg:pypi/x")
        x = Exchange(asked, subject, Caller(Agent("pip"), consumer), sent=Sent(status, size, 0, complete))

        async def nothing() -> bytes:
            return b""

        scope = {"headers": list(headers), "raw_path": path.encode(), "client": (peer, 1)}
        self.house.remember(scope, Request(asked, "1", nothing, found), x)

    def paths(self) -> list[str]:
        return [url.decode() for url in self.house.entries]

    def entry(self, path: str = "/pypi/simple/x/") -> Entry:
        return self.house.entries[path.encode()]


def counted(house: House) -> int:
    return sum(hot.cost for entry in house.entries.values() for hot in entry.hots())


# ---------------------------------------------------------------- remembering


def test_a_served_copy_and_its_caller_are_remembered() -> None:
    world = World()
    world.serve(etag="abc")
    ((choice, hot),) = world.entry().by.items()
    assert choice == (None, None, "http://gateway.example")
    assert hot.whole == (
        b'vary: Accept\r\netag: "abc"\r\ncontent-type: text/html\r\ncontent-length: 4\r\n'
        b"x-subak-cache: hit\r\nvia: 1.1 feedbeef\r\nx-content-type-options: nosniff\r\n\r\npage"
    )
    assert hot.whole == hot.head + b"page"
    assert b"content-length" not in hot.head_304
    ((key, known),) = world.house.callers.items()
    assert key == ("10.0.0.1", None, None, b"gateway.example", None, None, None, None)
    assert (known.consumer, known.by_key, known.base) == ("addr:10.0.0.1", False, "http://gateway.example")


@pytest.mark.parametrize(
    "odd",
    [
        {"origin": Origin.UPSTREAM}, {"origin": Origin.STALE}, {"until": 999.0}, {"until": 1000.0}, {"status": 206},
        {"status": 404}, {"method": "HEAD"}, {"query": "a=b"}, {"complete": False}, {"kind": Kind.OWN},
        {"headers": (HOST, (b"accept", b"a"), (b"accept", b"b"))}, {"headers": (HOST, (b"accept", b"a" * LONGEST))},
        {"headers": (HOST, (b"user-agent", b"a" * LONGEST))},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_not_remembered(odd: dict[str, object]) -> None:
    world = World()
    world.serve(**odd)  # type: ignore[arg-type]  # rows of arguments
    assert not world.house.entries
    if {"complete", "kind", "headers"} & set(odd):
        assert not world.house.callers


def test_only_what_is_still_there_as_served_is_remembered(tmp_path: Path) -> None:
    world, file = World(), tmp_path / "file"
    file.write_bytes(b"1234")
    world.serve("/here", file, kind=Kind.ARTIFACT)
    assert world.entry("/here").fixed
    held = Held(5, path=file)
    found = Found(Origin.CACHE, held, etag='"x"', good_until=math.inf)
    assert world.house._hot(found, held, Subject(), 0.0) is None
    file.unlink()
    assert world.house._hot(found, held, Subject(), 0.0) is None


def test_large_bodies_stay_on_disk(tmp_path: Path) -> None:
    world, file = World(largest=100), tmp_path / "file"
    for size, path in ((100, None), (101, file)):
        file.write_bytes(b"x" * size)
        world.serve(f"/{size}", file, kind=Kind.ARTIFACT)
        hot = world.entry(f"/{size}").fixed
        assert hot is not None
        assert (hot.path, hot.size) == (path, size)
        assert hot.cost < OVERHEAD + 1000


def test_each_choice_has_its_answer_and_equal_representations_share_one() -> None:
    world = World()
    for number in range(5):
        accept = (b"accept", b"text/%d" % number)
        world.serve(body=b"x" * 5000, headers=(HOST, accept), etag="even" if number % 2 == 0 else "odd")
    entry = world.entry()
    assert len(entry.by) == 5
    assert len(entry.hots()) == 2
    assert world.house.held == counted(world.house) < 3 * 7000


def test_an_equal_representation_is_good_for_longer_when_it_was_confirmed() -> None:
    world = World()
    world.serve(etag="same", until=1100.0)
    world.at = 1050.0
    world.serve(etag="same", until=1200.0, headers=(HOST, (b"accept", b"*/*")))
    assert [hot.good_until for hot in world.entry().hots()] == [1200.0]
    world.serve(etag="other", body=b"longer page")
    assert world.house.held == counted(world.house)
    assert {hot.etag for hot in world.entry().hots()} == {b'"same"', b'"other"'}


def test_a_representation_belongs_to_the_url_its_caller_sees() -> None:
    """The same headers mean another URL of ours when they come from a proxy that we trust."""
    world = World()
    headers = (HOST, (b"x-forwarded-host", b"outside.example"))
    world.serve(headers=headers, base="https://outside.example", peer="10.0.0.9", etag="out")
    world.serve(headers=headers, base="http://gateway.example", peer="10.0.0.1", etag="in")
    assert {choice[2]: hot.etag for choice, hot in world.entry().by.items()} == {
        "https://outside.example": b'"out"',
        "http://gateway.example": b'"in"',
    }
    assert {key[0]: known.base for key, known in world.house.callers.items()} == {
        "10.0.0.9": "https://outside.example",
        "10.0.0.1": "http://gateway.example",
    }


def test_choices_and_callers_are_bounded() -> None:
    world = World(room=100_000_000)
    for number in range(CHOICES + 9):
        world.serve(headers=(HOST, (b"accept", b"%d" % number)), etag=str(number))
    assert len(world.entry().by) == CHOICES
    assert world.house.held == counted(world.house)
    for number in range(CALLERS + 5):
        world.house.callers[str(number),] = world.house.callers[next(iter(world.house.callers))]
    world.serve(headers=(HOST, (b"user-agent", b"new")))
    assert len(world.house.callers) <= 1


def test_with_several_workers_documents_are_believed_briefly_and_files_for_ever() -> None:
    world = World(believe=5.0)
    world.serve("/page", until=1600.0)
    world.serve("/short", until=1003.0)
    world.serve("/file", kind=Kind.ARTIFACT)
    until = {path: world.entry(path).hots()[0].good_until for path in world.paths()}
    assert until == {"/page": 1005.0, "/short": 1003.0, "/file": math.inf}


# ---------------------------------------------------------------- forgetting


def test_a_changed_document_is_dropped_under_all_its_paths() -> None:
    world = World()
    world.serve("/a", key="one", body=b"x" * 100)
    world.serve("/A", key="one", body=b"x" * 100)
    world.serve("/b", key="two")
    world.at += 1
    world.house.drop("pypi", "one")
    world.house.drop("pypi", "never heard of")
    assert world.paths() == ["/b"]
    assert world.house.held == counted(world.house)


def test_an_answer_made_before_the_change_is_not_remembered_after_it() -> None:
    world = World()
    world.at = 1005.0
    world.house.drop("pypi", "/page")
    world.at = 1006.0
    world.serve("/page", at=1004.0)
    assert not world.house.entries
    world.serve("/page", at=1006.0)
    assert world.house.entries


def test_changed_rules_void_everything() -> None:
    world = World()
    world.serve()
    era = world.house.era
    world.house.tick()
    assert (world.house.era, len(world.house.entries)) == (era, 1)
    world.keeper.number += 1
    world.house.tick()
    assert world.house.era == era + 1
    assert (world.house.entries, world.house.callers, world.house.held) == ({}, {}, 0)
    world.serve()
    assert world.house.held == counted(world.house)


def test_the_clock_and_the_heads_move_with_the_tick() -> None:
    world = World()
    assert world.house.ok == b"HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 1970 00:16:40 GMT\r\nx-request-id: a1-"
    world.at += 60
    assert world.house.clock == 1000
    world.house.tick()
    assert world.house.clock == 1060
    assert b"304 Not Modified\r\ndate: Thu, 01 Jan 1970 00:17:40 GMT" in world.house.not_modified
    assert [world.house.request_id() for _ in range(2)] == ["a1-1", "a1-2"]


# ---------------------------------------------------------------- room


def test_memory_is_bounded_whatever_is_served(tmp_path: Path) -> None:
    world, draw = World(room=200_000, largest=50_000), random.Random(7)
    file = tmp_path / "file"
    for _ in range(1500):
        file.write_bytes(b"x" * draw.choice((0, 10, 3000, 49_000, 60_000)))
        path, kind = f"/{draw.randrange(60)}", draw.choice((Kind.ARTIFACT, Kind.INDEX))
        accept = (HOST, (b"accept", b"%d" % draw.randrange(4)))
        world.serve(f"{path}{kind}", file, headers=accept, kind=kind, etag=str(draw.randrange(3)))
        world.at += 1
        if draw.random() < 0.1:
            world.house.drop("pypi", f"{path}{kind}")
        assert world.house.held == counted(world.house) <= 200_000
    assert world.house._urls.keys() == {h.document for e in world.house.entries.values() for h in e.hots()}


def test_what_is_used_gets_a_second_chance() -> None:
    world = World(room=4 * (OVERHEAD + 1600))
    for name in "abcd":
        world.serve(f"/{name}", b"x" * 1000, kind=Kind.ARTIFACT)
        world.at += 1
    assert world.paths() == ["/a", "/b", "/c", "/d"]
    world.serve("/e", b"x" * 1000, kind=Kind.ARTIFACT)  # all were used since they came: the oldest goes
    assert world.paths() == ["/b", "/c", "/d", "/e"]
    world.at += 1
    for name in "bd":
        world.entry(f"/{name}").hots()[0].used_at = world.at
    world.serve("/f", b"x" * 1000, kind=Kind.ARTIFACT)
    assert sorted(world.paths()) == ["/b", "/d", "/e", "/f"]
    world.at += 1
    world.serve("/g", b"x" * 1000, kind=Kind.ARTIFACT)
    assert "/e" not in world.paths()


def test_use_is_told_once_and_with_its_time() -> None:
    world = World()
    world.serve("/a")
    world.serve("/b", origin=Origin.UPSTREAM)
    world.at = 1010.0
    assert world.house.take_touched() == {"blob of /a": 1000.0, "blob of /b": 1000.0}
    assert world.house.take_touched() == {}, "what only lies here was not used"
    world.entry("/a").hots()[0].used_at = 1020.0
    assert world.house.take_touched() == {"blob of /a": 1020.0}


def test_what_makes_room_does_not_lose_its_use() -> None:
    world = World(room=OVERHEAD + 1500)
    world.serve("/a")
    world.house.take_touched()
    world.entry("/a").hots()[0].used_at = 1020.0
    world.at = 1030.0
    world.serve("/b", b"x" * 1000)
    assert world.paths() == ["/b"]
    assert world.house.take_touched() == {"blob of /a": 1020.0, "blob of /b": 1030.0}
