"""The sentence: every request is answered or broken off, and leaves exactly one reading."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pipeline_world import BASE, FILES, LARGE, SMALL, Answer, FakeReply, World, pinned
from subak.errors import Mismatch, StoreFailed, SubakError, TooMany, Unauthorised, UpstreamDown
from subak.model.exchange import UNIDENTIFIED, Agent, Asked, Caller, Kind, Origin, Verdict
from subak.pipeline import transfer
from subak.pipeline.answer import Found, Held
from subak.pipeline.run import BrokenOff, Request, run

PATH = "/toy/files/a/1/a.whl"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(transfer, "PAUSE", 0.0)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.publish("a/1/a.whl", LARGE)
    return made


# ---------------------------------------------------------------- answers


async def test_an_answer(world: World) -> None:
    world.gatekeeper.caller = Caller(Agent("toy-client", "1.0", True), "key:k1", "gold")
    reply = await world.ask(PATH)
    assert (reply.status, reply.body, reply.ended) == (200, LARGE, True)
    assert reply.headers["x-subak-cache"] == "miss"
    assert reply.headers["x-request-id"] == "id-1"
    x = world.exchange
    assert (x.subject.kind, x.subject.key, x.origin) == (Kind.ARTIFACT, "files/a/1/a.whl", Origin.UPSTREAM)
    assert x.proof.digest == pinned(LARGE)
    assert x.verdict.admitted
    (reading,) = world.meter.readings
    assert reading == reading._replace(
        at=world.now, ecosystem="toy", kind="artifact", purl="pkg:toy/a@1/a.whl", consumer="key:k1", tier="gold",
        agent="toy-client", agent_version="1.0", ci=True, method="GET", status=200, sent=len(LARGE), origin="miss",
        rule="", error="",
    )  # fmt: skip
    assert world.request is not None
    assert world.request.found is not None


async def test_time_is_taken_from_the_clock(world: World) -> None:
    class Slow(FakeReply):
        async def write(self, piece: bytes, *, more: bool) -> None:
            world.clock += 0.25
            await super().write(piece, more=more)

    await world.ask("/", reply=Slow())
    assert world.reading.ms == 500.0
    assert world.exchange.took == 0.5


@pytest.mark.parametrize(("path", "status", "kind"), [("/", 200, "own"), ("/toy", 301, "unknown")])
async def test_own_answers_are_metered_too(world: World, path: str, status: int, kind: str) -> None:
    reply = await world.ask(path)
    assert (reply.status, reply.ended) == (status, True)
    assert (world.reading.status, world.reading.kind, world.reading.origin) == (status, kind, "own")


async def test_a_found_answer_is_given_back_whatever_happens(world: World) -> None:
    returned: list[str] = []

    async def own(asked: Asked) -> Found:
        return Found(Origin.OWN, Held(5, path=Path("gone")), last=lambda: returned.append("back"))

    object.__setattr__(world.gate.sources, "own", own)
    reply = await world.ask("/")
    assert returned == ["back"]
    assert not reply.whole
    assert world.reading.error == "StoreFailed"


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("path", "method", "status", "error", "kind"),
    [
        ("/nothing/here", "GET", 404, "NotFound", "unknown"),
        ("/toy/nothing", "GET", 404, "NotFound", "unknown"),
        ("/toy/files/../x", "GET", 400, "BadRequest", "unknown"),
        ("/toy/files/" + "x" * 10_000, "GET", 400, "BadRequest", "unknown"),
        ("/toy/index/a/", "PUT", 405, "NotAllowed", "unknown"),
        ("/toy/index/none/", "GET", 404, "NotFound", "index"),
        ("/toy/files/a/9/a.whl", "GET", 404, "NotFound", "artifact"),
        ("/-/nothing", "GET", 404, "NotFound", "own"),
    ],
)
async def test_a_refusal_is_a_reading(world: World, path: str, method: str, status: int, error: str, kind: str) -> None:
    reply = await world.ask(path, method)
    assert (reply.status, reply.ended) == (status, True)
    assert json.loads(reply.body)["status"] == status
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["x-request-id"] == "id-1"
    assert reply.reason
    (reading,) = world.meter.readings
    assert (reading.status, reading.error, reading.kind, reading.sent) == (status, error, kind, len(reply.body))
    assert world.request is not None
    assert world.request.found is None


async def test_a_refusal_to_head_has_no_body(world: World) -> None:
    reply = await world.ask("/nothing", "HEAD")
    assert (reply.status, reply.body, reply.ended) == (404, b"", True)
    assert int(reply.headers["content-length"]) > 0
    assert world.reading.sent == 0


@pytest.mark.parametrize(
    ("verdict", "status", "error"),
    [
        (Verdict(False, "deny", "on the list"), 403, "Refused"),
        (Verdict(False, "allowance", "too fast", 7), 429, "TooMany"),
    ],
)
async def test_a_verdict_stands_in_the_record(world: World, verdict: Verdict, status: int, error: str) -> None:
    world.gatekeeper.verdict = verdict
    reply = await world.ask(PATH)
    assert reply.status == status
    assert (world.exchange.verdict, world.reading.rule, world.reading.error) == (verdict, verdict.rule, error)
    assert world.reading.consumer == "addr:127.0.0.1"
    assert not world.upstream.asked


async def test_a_wrong_key(world: World) -> None:
    world.gatekeeper.error = Unauthorised("unknown key")
    reply = await world.ask(PATH)
    assert reply.status == 401
    assert "www-authenticate" in reply.headers
    assert (world.reading.consumer, world.reading.kind) == ("", "artifact")


@pytest.mark.parametrize(("via", "status"), [("1.1 abc123", 508), ("1.1 other, 1.1 abc123", 508), ("1.1 other", 200)])
async def test_loops(world: World, via: str, status: int) -> None:
    reply = await world.ask("/", via=via)
    assert reply.status == status
    assert world.exchange.subject is UNIDENTIFIED or status == 200


# ---------------------------------------------------------------- broken off


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(LARGE[:-1] + b"!"), "Mismatch"),
        (Answer(LARGE, broken_after=100_000, ranges=False), "UpstreamDown"),
    ],
)
async def test_what_fails_in_the_middle_is_broken_off(
    world: World, answer: Answer, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.upstream.pages[FILES + "a/1/a.whl"] = answer
    reply = FakeReply()
    request = Request(Asked("GET", PATH, at=world.now), "id-9", _no_body)
    with pytest.raises(BrokenOff):
        await run(request, world.gate, reply)
    assert (reply.status, reply.ended, reply.whole) == (200, False, False)
    (reading,) = world.meter.readings
    assert (reading.status, reading.error, reading.sent) == (200, error, len(reply.body))
    assert reading.fetched > 0
    assert request.found is None
    assert len([r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]) == 1


async def _no_body() -> bytes:
    return b""


async def test_a_client_that_leaves(world: World) -> None:
    reply = await world.ask(PATH, reply=FakeReply(gone_after=1))
    assert not reply.ended
    assert (world.reading.error, world.reading.status) == ("ClientGone", 200)
    assert 0 < world.reading.sent < len(LARGE)


async def test_a_cancelled_request(world: World) -> None:
    stuck = asyncio.Event()

    class Stuck(FakeReply):
        async def write(self, piece: bytes, *, more: bool) -> None:
            stuck.set()
            await asyncio.sleep(3600)

    asking = asyncio.create_task(world.ask(PATH, reply=Stuck()))
    await stuck.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (reading,) = world.meter.readings
    assert (reading.error, reading.status, reading.sent) == ("Cancelled", 200, 0)


async def test_a_bug_flies_and_is_metered(world: World) -> None:
    class Broken(FakeReply):
        async def start(self, status: int, headers: list[tuple[str, str]], *, reason: str = "") -> None:
            raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError):
        await world.ask("/", reply=Broken())
    assert world.reading.error == "ZeroDivisionError"
    assert len(world.meter.lines) == 1


@pytest.mark.parametrize("error", [UpstreamDown("x", retry_after=9), StoreFailed("x"), Mismatch("x"), TooMany("x")])
async def test_failures_before_the_head_are_clean(world: World, error: SubakError) -> None:
    async def own(asked: Asked) -> Found:
        raise error

    object.__setattr__(world.gate.sources, "own", own)
    reply = await world.ask("/")
    assert (reply.ended, reply.whole) == (True, True)
    assert world.reading.error == type(error).__name__
    assert ("retry-after" in reply.headers) == bool(error.retry_after)


# ---------------------------------------------------------------- a day in the life


async def test_upstream_down_after_a_good_day(world: World) -> None:
    """Invariant 3: what we hold keeps being served."""
    world.publish("a/1/a.whl", SMALL)
    await world.ask("/toy/index/a/")
    await world.ask(PATH)
    down = Answer(error=UpstreamDown("down"))
    world.upstream.pages = {f"{BASE}index/a/": down, FILES + "a/1/a.whl": down}
    world.now += 10**6
    page, file = await world.ask("/toy/index/a/"), await world.ask(PATH)
    assert (page.status, page.headers["x-subak-cache"]) == (200, "stale")
    assert (file.status, file.body, file.headers["x-subak-cache"]) == (200, SMALL, "hit")
    tag = page.headers["etag"]
    assert (await world.ask("/toy/index/a/", if_none_match=tag)).status == 304
    assert [r.origin for r in world.meter.readings] == ["miss", "miss", "stale", "hit", "stale"]
