"""Where the digest of a file comes from when no index announced it before the file was asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pipeline_world import BASE, LARGE, SMALL, Answer, FakeReply, World, pinned, sha256, until
from subak.model.digest import Pin
from subak.model.exchange import Origin

URL = f"{BASE}open/a/file.bin"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def ask(world: World, path: str, method: str = "GET", **headers: str) -> FakeReply:
    return await world.ask(f"/l/{path}", method, **headers)


def announce(world: World, body: bytes, where: str = "sum") -> None:
    world.upstream.pages[f"{BASE}{where}/a/file.bin"] = Answer(f"open/a/file.bin {pinned(body)}\n".encode())


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_the_answers_own_head_is_believed_first(world: World, body: bytes) -> None:
    world.upstream.pages[URL] = Answer(body, headers={"x-checksum-sha256": sha256(body)})
    reply = await ask(world, "open/a/file.bin")
    assert (reply.status, reply.body) == (200, body)
    assert not world.exchange.proof.first_seen
    assert f"{BASE}sum/a/file.bin" not in world.upstream.urls()


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_else_the_index_is_asked_while_the_file_waits(world: World, body: bytes) -> None:
    world.upstream.pages[URL] = Answer(body)
    announce(world, body)
    assert (await ask(world, "open/a/file.bin")).body == body
    assert world.exchange.proof.digest == pinned(body)
    assert not world.exchange.proof.first_seen


@pytest.mark.parametrize("body", [SMALL, LARGE])
@pytest.mark.parametrize("by", ["head", "index"])
async def test_a_wrong_body_is_refused_and_not_kept(world: World, body: bytes, by: str) -> None:
    told = {"x-checksum-sha256": sha256(b"another")} if by == "head" else {}
    world.upstream.pages[URL] = Answer(body, headers=told)
    announce(world, b"another")
    reply = await ask(world, "open/a/file.bin")
    assert not reply.ended or reply.status == 502
    await world.settled()
    file = world.catalogue.file("lab", "open/a/file.bin")
    assert file is None or not file.blob


async def test_an_index_may_lead_to_the_document_that_knows(world: World) -> None:
    world.upstream.pages[URL] = Answer(SMALL)
    world.upstream.pages[f"{BASE}sum/a/file.bin"] = Answer(b"see elsewhere/x")
    world.upstream.pages[f"{BASE}far/elsewhere/x"] = Answer(f"open/a/file.bin {pinned(SMALL)}\n".encode())
    assert (await ask(world, "open/a/file.bin")).status == 200
    assert not world.exchange.proof.first_seen


async def test_nobody_announces_it_so_the_first_bytes_count(world: World) -> None:
    world.upstream.pages[URL] = Answer(SMALL)
    assert (await ask(world, "open/a/file.bin")).status == 200
    assert world.exchange.proof.first_seen
    await world.settled()
    world.catalogue.lose_blob(sha256(SMALL))
    world.upstream.pages[URL] = Answer(b"other bytes\n")
    assert (await ask(world, "open/a/file.bin")).status == 502


async def test_an_index_that_fails_is_a_closed_gate(world: World) -> None:
    world.upstream.pages[URL] = Answer(SMALL)
    world.upstream.pages[f"{BASE}sum/a/file.bin"] = Answer(b"<html>", 200)
    assert (await ask(world, "open/a/file.bin")).status == 502


async def test_the_path_itself_names_the_digest(world: World) -> None:
    world.upstream.pages[f"{BASE}by/{sha256(SMALL)}"] = Answer(SMALL)
    assert (await ask(world, f"by/{sha256(SMALL)}")).body == SMALL
    assert world.exchange.proof.digest == pinned(SMALL)
    world.upstream.pages[f"{BASE}by/{sha256(LARGE)}"] = Answer(SMALL)
    assert (await ask(world, f"by/{sha256(LARGE)}")).status == 502


async def test_absence_is_remembered_for_a_while(world: World) -> None:
    assert (await ask(world, "open/a/file.bin")).status == 404
    asked = len(world.upstream.asked)
    assert (await ask(world, "open/a/file.bin")).status == 404
    assert len(world.upstream.asked) == asked
    world.now += 61
    world.upstream.pages[URL] = Answer(SMALL)
    assert (await ask(world, "open/a/file.bin")).status == 200


async def test_head_does_not_fetch(world: World) -> None:
    world.upstream.pages[URL] = Answer(LARGE, headers={"x-checksum-sha256": sha256(LARGE), "x-colour": "red"})
    reply = await ask(world, "open/a/file.bin", "HEAD")
    assert (reply.status, reply.headers["content-length"], reply.body) == (200, str(len(LARGE)), b"")
    assert reply.headers["x-kept-x-colour"] == "red"
    assert [a.method for a in world.upstream.asked if a.url == URL] == ["HEAD"]
    assert (await ask(world, "open/no.bin", "HEAD")).status == 404


async def test_head_of_a_pinned_file_asks_nobody(world: World) -> None:
    world.publish("a/1/a.whl", LARGE)
    await world.ask("/toy/index/a/")
    asked = len(world.upstream.asked)
    reply = await world.ask("/toy/files/a/1/a.whl", "HEAD")
    assert (reply.status, reply.headers["content-length"]) == (200, str(len(LARGE)))
    assert reply.headers["etag"] == f'"{sha256(LARGE)}"'
    assert len(world.upstream.asked) == asked


async def test_a_signpost_tells_where_files_are(world: World) -> None:
    world.upstream.pages[f"{BASE}sum/x"] = Answer(f"closed/x {pinned(SMALL)}\n".encode())
    assert (await ask(world, "closed/x")).status == 404, "no signpost, no place"
    world.now += 61
    world.upstream.pages[f"{BASE}post"] = Answer(b"https://files.example/below/")
    world.upstream.pages["https://files.example/below/closed/x"] = Answer(SMALL)
    assert (await ask(world, "closed/x")).body == SMALL


async def test_a_mismatch_makes_the_index_fresh_for_the_next_one(world: World) -> None:
    world.upstream.pages[f"{BASE}post"] = Answer(BASE.encode())
    world.upstream.pages[f"{BASE}sum/x"] = Answer(f"closed/x {pinned(b'old')}\n".encode())
    world.upstream.pages[f"{BASE}closed/x"] = Answer(b"new")
    assert (await ask(world, "sum/x")).status == 200
    world.now += 10
    world.upstream.pages[f"{BASE}sum/x"] = Answer(f"closed/x {pinned(b'new')}\n".encode())
    assert (await ask(world, "closed/x")).status == 502
    assert (await ask(world, "closed/x")).body == b"new"


async def test_a_verified_index_announces_files(world: World) -> None:
    table = f"closed/y {pinned(SMALL)}\n".encode()
    world.upstream.pages[f"{BASE}post"] = Answer(BASE.encode())
    world.upstream.pages[f"{BASE}table/t"] = Answer(table)
    world.upstream.pages[f"{BASE}closed/y"] = Answer(SMALL)
    reply = await ask(world, "table/t")
    assert reply.headers["cache-control"] == "public, max-age=60"
    assert (await ask(world, "closed/y")).body == SMALL
    assert world.exchange.proof.digest == pinned(SMALL)


async def test_an_index_that_is_none_is_refused_although_its_bytes_are_right(world: World) -> None:
    world.upstream.pages[f"{BASE}table/t"] = Answer(b"<html>")
    assert (await ask(world, "table/t")).status == 502
    await world.settled()


async def test_a_branch_is_settled_before_the_file_is_found(world: World) -> None:
    world.upstream.pages[f"{BASE}heads/main"] = Answer(b"abc")
    world.upstream.pages[f"{BASE}open/abc/f"] = Answer(SMALL, headers={"x-checksum-sha256": sha256(SMALL)})
    reply = await ask(world, "at/main/f")
    assert reply.body == SMALL
    assert reply.headers["cache-control"] == "public, max-age=60"
    await world.settled()
    await ask(world, "at/main/f")
    assert world.exchange.origin is Origin.CACHE
    assert world.request is not None
    assert world.request.found is not None
    assert world.request.found.good_until == world.now + 60


async def test_bytes_held_under_another_name_are_not_fetched_again(world: World) -> None:
    world.upstream.pages[f"{BASE}post"] = Answer(BASE.encode())
    world.upstream.pages[f"{BASE}sum/x"] = Answer(f"closed/x {pinned(SMALL)}\n".encode())
    assert (await ask(world, "sum/x")).status == 200
    world.upstream.pages[f"{BASE}by/{sha256(SMALL)}"] = Answer(SMALL)
    await ask(world, f"by/{sha256(SMALL)}")
    await world.settled()
    assert (await ask(world, "closed/x")).body == SMALL
    assert world.exchange.origin is Origin.CACHE
    assert f"{BASE}closed/x" not in world.upstream.urls()
    file = world.catalogue.file("lab", "closed/x")
    assert file is not None
    assert file.blob == sha256(SMALL)


async def test_a_file_of_which_only_the_date_is_known_is_learnt_about(world: World) -> None:
    world.upstream.pages[f"{BASE}post"] = Answer(BASE.encode())
    world.upstream.pages[f"{BASE}sum/x"] = Answer(b"see x")
    world.upstream.pages[f"{BASE}far/x"] = Answer(f"closed/x {pinned(SMALL)}\n".encode())
    world.upstream.pages[f"{BASE}closed/x"] = Answer(SMALL)
    world.catalogue.keep_pins("lab", [Pin("closed/x", "", published=5.0, dates=True)])
    assert (await ask(world, "closed/x")).body == SMALL
    assert world.exchange.proof.digest == pinned(SMALL)


async def test_statuses_that_mean_there_is_none(world: World) -> None:
    world.upstream.pages[URL] = Answer(b"forbidden", 403)
    assert (await ask(world, "open/a/file.bin")).status == 502
    world.upstream.pages[f"{BASE}by/{sha256(SMALL)}"] = Answer(b"forbidden", 403)
    reply = await ask(world, f"by/{sha256(SMALL)}")
    assert (reply.status, reply.headers["x-lab-error"]) == (404, "named")


@pytest.mark.parametrize("wrong", [False, True])
async def test_some_files_leave_only_once_they_are_whole(world: World, wrong: bool) -> None:
    """A client that ignores broken transfers gets a clean refusal, however large the file is."""
    body = LARGE[:-1] + b"?" if wrong else LARGE
    world.upstream.pages[f"{BASE}by/{sha256(LARGE)}"] = Answer(body)
    reply = await ask(world, f"by/{sha256(LARGE)}")
    assert (reply.status, reply.whole) == (502 if wrong else 200, True)


async def test_head_of_a_file_that_is_on_its_way_waits_for_what_will_be_known(world: World) -> None:
    held = asyncio.Event()
    world.upstream.pages[URL] = Answer(LARGE, headers={"x-checksum-sha256": sha256(LARGE)}, held=held)
    get = asyncio.create_task(ask(world, "open/a/file.bin"))
    await until(lambda: bool(world.artifacts._flights))
    head = asyncio.create_task(ask(world, "open/a/file.bin", "HEAD"))
    held.set()
    assert (await head).headers["etag"] == f'"{sha256(LARGE)}"'
    assert (await get).body == LARGE
    assert {a.method for a in world.upstream.asked if a.url == URL} == {"GET"}
