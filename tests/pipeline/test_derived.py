"""Small files that are told from an artifact."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipeline_world import BASE, LARGE, SMALL, Answer, World, sha256
from subak.model.exchange import Origin


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def sha1(body: bytes) -> bytes:
    return hashlib.sha1(body).hexdigest().encode()


@pytest.mark.parametrize("body", [SMALL, LARGE])
async def test_a_checksum_is_told_from_what_we_hold(world: World, body: bytes) -> None:
    world.upstream.pages[f"{BASE}open/f"] = Answer(body, headers={"x-checksum-sha256": sha256(body)})
    reply = await world.ask("/l/open/f.sha1")
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, sha1(body), "text/plain")
    assert world.exchange.sent.fetched == len(body)
    await world.ask("/l/open/f.sha1")
    assert world.exchange.origin is Origin.CACHE
    assert len([a for a in world.upstream.asked if a.url.endswith("open/f")]) == 1
    assert (await world.ask("/l/open/f")).headers["x-sha1"] == sha1(body).decode()


async def test_bytes_that_came_under_another_name_are_hashed_now(world: World) -> None:
    world.upstream.pages[f"{BASE}by/{sha256(SMALL)}"] = Answer(SMALL)
    await world.ask(f"/l/by/{sha256(SMALL)}")
    await world.settled()
    world.upstream.pages[f"{BASE}sum/f"] = Answer(f"open/f sha256:{sha256(SMALL)}".encode())
    await world.ask("/l/sum/f")
    assert (await world.ask("/l/open/f.sha1")).body == sha1(SMALL)
    assert f"{BASE}open/f" not in world.upstream.urls()


async def test_no_artifact_no_checksum(world: World) -> None:
    assert (await world.ask("/l/open/f.sha1")).status == 404


async def test_a_corrupt_artifact_has_no_checksum(world: World) -> None:
    world.upstream.pages[f"{BASE}open/f"] = Answer(SMALL, headers={"x-checksum-sha256": sha256(LARGE)})
    assert (await world.ask("/l/open/f.sha1")).status == 502
