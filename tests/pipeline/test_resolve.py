"""Each kind of subject is found in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_world import BASE, SMALL, TOY, Answer, World, announced, index
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Asked, Exchange, Kind, Origin, Subject
from subak.pipeline.answer import Found, Held
from subak.pipeline.identify import identify
from subak.pipeline.resolve import resolve

MUST_NOT_BE_READ = "the body of a request that is no question must not be read"


async def unread() -> bytes:
    raise AssertionError(MUST_NOT_BE_READ)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish("a/1/a.whl")
    return made


async def resolved(world: World, path: str, *, query: str = "", base: str = "http://gateway.example") -> Found:
    asked = Asked("GET", path, query, {}, "127.0.0.1", base, world.now)
    x = Exchange(asked, identify("GET", path, {"toy": TOY}))
    return await resolve(x, world.sources, unread)


async def test_our_own_pages(world: World) -> None:
    assert (await resolved(world, "/")).body == Held(5, b"hello")
    with pytest.raises(NotFound):
        await resolved(world, "/-/nothing")


@pytest.mark.parametrize(
    ("path", "query", "base", "location"),
    [
        ("/toy", "", "http://gateway.example", "http://gateway.example/toy/"),
        ("/k/toy", "", "http://gateway.example", "http://gateway.example/k/toy/"),
        ("/toy/index/Big/", "", "https://gateway.example/prefix", "https://gateway.example/prefix/toy/index/big/"),
        ("/k/toy/index/Big/", "a=b&c=%2B", "http://g.example", "http://g.example/k/toy/index/big/?a=b&c=%2B"),
    ],
)
async def test_redirects(world: World, path: str, query: str, base: str, location: str) -> None:
    found = await resolved(world, path, query=query, base=base)
    assert (found.status, found.origin, found.body) == (301, Origin.OWN, Held(0, b""))
    assert dict(found.headers)["location"] == location
    assert not world.upstream.asked


async def test_documents(world: World) -> None:
    found = await resolved(world, "/toy/index/a/")
    assert (found.origin, found.ranges, found.content_type) == (Origin.UPSTREAM, False, "text/plain; charset=utf-8")
    world.upstream.pages[f"{BASE}status/a"] = Answer(b"{}", headers={"content-type": "application/json"})
    assert (await resolved(world, "/toy/status/a")).content_type == "application/json"


async def test_documents_without_what_is_withheld(world: World) -> None:
    lines = (announced("a/1/a.whl", SMALL), announced("a/2/a.whl", SMALL))
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index(*lines))
    world.gatekeeper.hides = frozenset({"a/2/"})
    body = (await resolved(world, "/toy/index/a/")).body
    assert isinstance(body, Held)
    assert body.path is not None
    assert b"a/1/" in body.path.read_bytes()
    assert b"a/2/" not in body.path.read_bytes()


async def test_files_and_their_sidecars(world: World) -> None:
    found = await resolved(world, "/toy/files/a/1/a.whl")
    assert (found.ranges, found.content_type) == (True, "application/x-toy")
    found.last()
    with pytest.raises(NotFound):
        await resolved(world, "/toy/files/a/1/a.whl.meta")


async def test_questions_read_the_body(world: World) -> None:
    read: list[bool] = []

    async def body() -> bytes:
        read.append(True)
        return b"{}"

    world.upstream.pages[f"{BASE}search"] = Answer(b"[]")
    x = Exchange(Asked("POST", "/toy/search"), Subject("toy", Kind.RELAY, "search", "search"))
    assert (await resolve(x, world.sources, body)).body == Held(2, b"[]")
    assert read == [True]
    assert world.upstream.asked[0].body == b"{}"


async def test_what_cannot_be_fetched(world: World) -> None:
    x = Exchange(Asked("GET", "/toy/x"), Subject("toy", Kind.UNKNOWN, "file", "x"))
    with pytest.raises(BadRequest):
        await resolve(x, world.sources, unread)
