"""What is asked of an upstream about a document: the whole, only its head, or only what was appended."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from pipeline_world import BASE, Answer, FakeReply, World, sha256
from subak.model.exchange import Origin, Verdict

OLD, NEW = b"created\n---\na 1.0\n", b"created\n---\na 1.0\nb 2.0\n"
LOG = f"{BASE}log"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def ask(world: World, path: str, method: str = "GET", **how: object) -> FakeReply:
    return await world.ask(f"/l/{path}", method, **how)  # type: ignore[arg-type]  # passed on


def tagged(body: bytes) -> Answer:
    return Answer(body, headers={"etag": f'"{hashlib.md5(body).hexdigest()}"'})


def repr_digest(body: bytes) -> dict[str, str]:
    return {"repr-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"}


# ---------------------------------------------------------------- documents that grow


async def grown(world: World, then: Answer) -> bytes:
    """What is served after the upstream's document changed, seconds before it would be old."""
    world.upstream.pages[LOG] = tagged(OLD)
    assert (await ask(world, "log")).body == OLD
    world.upstream.pages[LOG] = then
    world.now += 1000
    return (await ask(world, "log")).body


async def test_only_what_was_appended_is_asked_for(world: World) -> None:
    assert await grown(world, tagged(NEW)) == NEW
    last = world.upstream.asked[-1]
    assert (last.start, last.grown, last.identity) == (len(OLD) - 1, True, True)
    assert world.reading.fetched == len(NEW) - len(OLD) + 1


async def test_nothing_was_appended(world: World) -> None:
    assert await grown(world, tagged(OLD)) == OLD
    assert world.exchange.sent.fetched == 0
    assert world.upstream.asked[-1].grown


@pytest.mark.parametrize(
    "then",
    [
        tagged(b"rebuilt from scratch, and longer than before\n"),
        Answer(b"shorter"),
        Answer(NEW, headers={"etag": '"x"'}, ranges=False),
        Answer(NEW, headers={"etag": '"x"', **repr_digest(NEW)}),
    ],
    ids=["rebuilt", "shorter", "no ranges", "digest"],
)
async def test_what_was_not_appended_is_fetched_whole(world: World, then: Answer) -> None:
    assert await grown(world, then) == then.body
    assert world.exchange.origin is Origin.UPSTREAM


async def test_a_digest_that_does_not_fit_what_we_put_together(world: World) -> None:
    other = b"another\n---\nx 1.0\nb 2.0\n"  # the same length, the same last byte of what we hold
    assert other[len(OLD) - 1 : len(OLD)] == OLD[-1:]
    assert await grown(world, Answer(other, headers={"etag": '"x"', **repr_digest(other)})) == other


async def test_a_digest_that_does_not_fit_the_whole_is_a_lie(world: World) -> None:
    world.upstream.pages[LOG] = Answer(OLD, headers=repr_digest(NEW))
    assert (await ask(world, "log")).status == 502
    assert world.catalogue.document("lab", "log") is None


async def test_its_digests_are_announced(world: World) -> None:
    world.upstream.pages[LOG] = tagged(NEW)
    whole = await ask(world, "log", accept_encoding="gzip")
    assert "content-encoding" not in whole.headers
    assert whole.headers["etag"] == f'"{hashlib.md5(NEW).hexdigest()}"'
    part = await ask(world, "log", range="bytes=5-")
    assert (part.status, part.body) == (206, NEW[5:])
    for reply in (whole, part):
        assert reply.headers["repr-digest"] == repr_digest(NEW)["repr-digest"]
    assert (await ask(world, "log", if_none_match=whole.headers["etag"])).status == 304


# ---------------------------------------------------------------- documents that are looked at first


async def test_an_unchanged_document_costs_a_head(world: World) -> None:
    world.upstream.pages[f"{BASE}tag/a"] = tagged(OLD)
    await ask(world, "tag/a")
    world.now += 1000
    assert (await ask(world, "tag/a")).body == OLD
    assert [a.method for a in world.upstream.asked if a.url.endswith("tag/a")] == ["GET", "HEAD"]
    world.upstream.pages[f"{BASE}tag/a"] = Answer(NEW, headers={"x-checksum-sha256": sha256(NEW)})
    world.now += 1000
    assert (await ask(world, "tag/a")).body == NEW
    assert [a.method for a in world.upstream.asked][-2:] == ["HEAD", "GET"]
    world.now += 1000
    assert (await ask(world, "tag/a")).body == NEW
    assert world.upstream.asked[-1].method == "HEAD", "the announced digest tells"


async def test_a_digest_that_does_not_fit_is_a_lie(world: World) -> None:
    world.upstream.pages[f"{BASE}tag/a"] = Answer(OLD, headers={"x-checksum-sha256": sha256(NEW)})
    assert (await ask(world, "tag/a")).status == 502
    assert world.catalogue.document("lab", "tag/a") is None


async def test_response_headers_are_remembered(world: World) -> None:
    world.upstream.pages[f"{BASE}tag/a"] = Answer(OLD, headers={"link": "</next>"})
    assert (await ask(world, "tag/a")).headers["x-kept-link"] == "</next>"
    reply = await ask(world, "tag/a")
    assert (reply.headers["x-kept-link"], reply.headers["x-size"]) == ("</next>", str(len(OLD)))
    assert reply.headers["etag"] == f'"{sha256(OLD)}"'


# ---------------------------------------------------------------- questions, queries, proofs


async def test_a_question_is_a_document(world: World) -> None:
    canonical = b'{"a": 1, "b": 2}'
    world.upstream.pages[f"{BASE}ask/{sha256(canonical)}"] = Answer(b"42")
    assert (await ask(world, "ask", "POST", body=b'{"b":2,"a":1}')).body == b"42"
    sent = world.upstream.asked[-1]
    assert (sent.method, sent.body, sent.headers["Content-Type"]) == ("POST", canonical, "application/json")
    assert (await ask(world, "ask", "POST", body=b'{"a":1, "b":2}')).body == b"42"
    assert world.exchange.origin is Origin.CACHE
    assert (await ask(world, "ask", "POST", body=b"?")).status == 400
    assert (await world.ask("/toy/status/a", "POST")).status == 405


async def test_policy_looks_again_once_the_question_is_read(world: World) -> None:
    world.gatekeeper.judged = Verdict(False, "deny", "on the list")
    reply = await ask(world, "ask", "POST", body=b"{}")
    assert (reply.status, world.reading.error) == (403, "Refused")
    world.upstream.pages[f"{BASE}heads/main"] = Answer(b"abc")
    assert (await ask(world, "at/main/f")).status == 403
    assert not any(a.url.startswith((f"{BASE}ask", f"{BASE}open")) for a in world.upstream.asked)


async def test_query_parameters_that_matter(world: World) -> None:
    world.upstream.pages[f"{BASE}paged?n=2&last=a b"] = Answer(b"page 2")
    assert (await ask(world, "paged", query="x=9&last=a+b&n=2&n=3")).body == b"page 2"
    assert (await ask(world, "paged", query="n=%00")).status == 400


async def test_a_document_is_kept_once_it_is_proved(world: World) -> None:
    world.upstream.pages[f"{BASE}proved/x"] = Answer(b"abc")
    assert (await ask(world, "proved/x")).status == 502, "no evidence"
    world.now += 100
    world.upstream.pages[f"{BASE}heads/proof"] = Answer(b"xyz")
    assert (await ask(world, "proved/x")).status == 502
    assert world.catalogue.document("lab", "proved/x") is None
    world.upstream.pages[f"{BASE}heads/proof"] = Answer(b"cba")
    world.now += 1000
    assert (await ask(world, "proved/x")).body == b"abc"


async def test_what_is_made_here_asks_nobody(world: World) -> None:
    world.upstream.known = False
    for method in ("GET", "POST"):
        reply = await ask(world, "", method)
        assert (reply.status, reply.body) == (200, b'{"base": "http://gateway.example/l"}')
    assert world.upstream.asked == []
    assert (await world.ask("/lab/")).status == 404, "it is served at /l"


async def test_dates(world: World) -> None:
    date = "Mon, 02 Jan 2023 03:04:05 GMT"
    world.upstream.pages[LOG] = Answer(OLD, headers={"last-modified": date})
    assert (await ask(world, "log")).headers["last-modified"] == date
    assert (await ask(world, "log", if_modified_since=date)).status == 304
    assert (await ask(world, "log", if_modified_since="Mon, 02 Jan 2023 03:04:04 GMT")).status == 200
    assert (await ask(world, "log", if_modified_since=date, if_none_match='"x"')).status == 200
    assert (await ask(world, "log", range="bytes=3-", if_range=date)).status == 206
    assert (await ask(world, "log", range="bytes=3-", if_range="Mon, 02 Jan 2023 03:04:06 GMT")).status == 200
