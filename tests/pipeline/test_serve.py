"""Conditions, ranges and the bytes: RFC 9110 as rows, then every way a body can end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_world import FakeReply
from subak.errors import Mismatch, StoreFailed, SubakError, UpstreamDown
from subak.model.exchange import UNPROVEN, Asked, Origin, Proof, Sent
from subak.pipeline.answer import Found, Held
from subak.pipeline.serve import PIECE, Plan, Progress, matches, plan, serve

FILE = Found(Origin.CACHE, Held(10, b"0123456789"), etag='"e"', ranges=True)
PAGE = replace(FILE, ranges=False, content_type="text/html")
WHOLE = Plan(200, (), 0, 10)


def part(start: int, stop: int, size: int = 10) -> Plan:
    return Plan(206, (("content-range", f"bytes {start}-{stop - 1}/{size}"),), start, stop)


UNSATISFIABLE = Plan(416, (("content-range", "bytes */10"),))


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("condition", "etag", "want"),
    [
        ("", '"e"', False),
        ('"e"', '"e"', True),
        ('"x"', '"e"', False),
        ('W/"e"', '"e"', True),  # §13.1.2: weak comparison
        ('"x", "e"', '"e"', True),
        ('"x",W/"e" ,"y"', '"e"', True),
        ("*", '"e"', True),
        (" * ", '"e"', True),
        ("*", "", False),
        ('""', '"e"', False),
        ("e", '"e"', False),
        ('"E"', '"e"', False),
        (",,,", '"e"', False),
    ],
)
def test_if_none_match(condition: str, etag: str, want: bool) -> None:
    assert matches(condition, etag) is want


@pytest.mark.parametrize(
    ("headers", "want"),
    [
        ({}, WHOLE),
        # §14.1.2 byte ranges
        ({"range": "bytes=0-3"}, part(0, 4)),
        ({"range": "bytes=0-0"}, part(0, 1)),
        ({"range": "bytes=9-9"}, part(9, 10)),
        ({"range": "bytes=4-"}, part(4, 10)),
        ({"range": "bytes=0-"}, part(0, 10)),
        ({"range": "bytes=4-999"}, part(4, 10)),
        ({"range": "bytes=-3"}, part(7, 10)),
        ({"range": "bytes=-999"}, part(0, 10)),
        ({"range": "bytes = 0 - 3"}, part(0, 4)),
        # §15.5.17 not satisfiable
        ({"range": "bytes=10-"}, UNSATISFIABLE),
        ({"range": "bytes=10-20"}, UNSATISFIABLE),
        ({"range": "bytes=-0"}, UNSATISFIABLE),
        ({"range": "bytes=9999999999999999999-"}, UNSATISFIABLE),
        # §14.2 a server may ignore what it does not like
        ({"range": "bytes=0-1,4-5"}, WHOLE),
        ({"range": "bytes=5-4"}, WHOLE),
        ({"range": "bytes=-"}, WHOLE),
        ({"range": "bytes="}, WHOLE),
        ({"range": "bytes=a-b"}, WHOLE),
        ({"range": "bytes=--3"}, WHOLE),
        ({"range": "bytes=0x1-2"}, WHOLE),
        ({"range": "items=0-3"}, WHOLE),
        ({"range": "bytes=99999999999999999999999999-"}, WHOLE),
        ({"range": "0-3"}, WHOLE),
        # §13.1.5 If-Range: strong comparison, otherwise everything
        ({"range": "bytes=0-3", "if-range": '"e"'}, part(0, 4)),
        ({"range": "bytes=0-3", "if-range": '"x"'}, WHOLE),
        ({"range": "bytes=0-3", "if-range": 'W/"e"'}, WHOLE),
        ({"range": "bytes=0-3", "if-range": "Mon, 06 May 2024 07:08:09 GMT"}, WHOLE),
        ({"range": "bytes=99-", "if-range": '"x"'}, WHOLE),
        # §13.2.2 If-None-Match comes before Range
        ({"if-none-match": '"e"'}, Plan(304)),
        ({"if-none-match": '"x"'}, WHOLE),
        ({"if-none-match": '"e"', "range": "bytes=0-3"}, Plan(304)),
        ({"if-none-match": '"x"', "range": "bytes=0-3"}, part(0, 4)),
    ],
)
def test_plan(headers: dict[str, str], want: Plan) -> None:
    assert plan(FILE, headers, 10) == want


def test_documents_have_no_parts() -> None:
    assert plan(PAGE, {"range": "bytes=0-3"}, 10) == WHOLE


def test_without_an_etag_nothing_is_unchanged() -> None:
    bare = replace(FILE, etag="")
    assert plan(bare, {"if-none-match": "*"}, 10) == WHOLE
    assert plan(bare, {"range": "bytes=0-3"}, 10) == part(0, 4)
    assert plan(bare, {"range": "bytes=0-3", "if-range": '"e"'}, 10) == WHOLE


def test_conditions_apply_to_success_only() -> None:
    moved = replace(FILE, status=301)
    assert plan(moved, {"if-none-match": '"e"', "range": "bytes=0-3"}, 0) == Plan(301, (), 0, 0)


@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=0-5", "bytes=-5", "bytes=-0"])
def test_an_empty_file(wanted: str) -> None:
    decided = plan(FILE, {"range": wanted}, 0)
    assert (decided.status, decided.start, decided.stop) in ((416, 0, 0), (200, 0, 0))
    assert decided.headers in ((), (("content-range", "bytes */0"),))


@given(st.text("bytes=-0123456789, ", max_size=30) | st.text(max_size=20), st.integers(0, 20), st.text(max_size=5))
def test_a_plan_stays_within_the_body(wanted: str, size: int, condition: str) -> None:
    decided = plan(FILE, {"range": wanted, "if-none-match": condition}, size)
    assert 0 <= decided.start <= decided.stop <= size
    assert decided.status in (200, 206, 304, 416)
    if decided.status == 206:
        assert decided.start < decided.stop
        assert decided.headers == (("content-range", f"bytes {decided.start}-{decided.stop - 1}/{size}"),)


# ---------------------------------------------------------------- serving


@dataclass
class Flowing:
    """A flow that ends as told: well, or with `error` after `pieces`."""

    parts: tuple[bytes, ...]
    length: int = -1
    error: SubakError | None = None
    lands: Held | SubakError | None = None
    proof: Proof = UNPROVEN
    fetched: int = 0
    closed: bool = False
    started: bool = False

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        self.started = True
        try:
            for piece in self.parts:
                await asyncio.sleep(0)
                yield piece
            if self.error:
                raise self.error
        finally:
            self.closed = True

    async def landed(self) -> Held:
        if isinstance(self.lands, Held):
            return self.lands
        raise self.lands or StoreFailed("nothing can be kept")


async def served(
    found: Found, method: str = "GET", reply: FakeReply | None = None, **headers: str
) -> tuple[FakeReply, Progress]:
    reply, progress = reply or FakeReply(), Progress()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    await serve(found, Asked(method, "/x", headers=named), reply, progress, (("x-subak-cache", "hit"),))
    return reply, progress


async def test_a_held_body() -> None:
    reply, progress = await served(replace(FILE, headers=(("vary", "Accept"),)))
    assert (reply.status, reply.body, reply.ended) == (200, b"0123456789", True)
    assert reply.headers == {
        "vary": "Accept", "etag": '"e"', "content-type": "application/octet-stream", "content-length": "10",
        "accept-ranges": "bytes", "x-subak-cache": "hit",
    }  # fmt: skip
    assert progress.sent(7) == Sent(200, 10, 7, True)


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"range": "bytes=2-4"}, 206, b"234"),
        ({"range": "bytes=-2"}, 206, b"89"),
        ({"range": "bytes=50-"}, 416, b""),
        ({"if_none_match": '"e"'}, 304, b""),
    ],
)
async def test_less_than_everything(headers: dict[str, str], status: int, body: bytes) -> None:
    reply, progress = await served(FILE, **headers)
    assert (reply.status, reply.body, reply.ended) == (status, body, True)
    assert reply.headers.get("content-length", "none") == ("none" if status == 304 else str(len(body)))
    assert ("content-type" in reply.headers) == (status == 206)
    assert reply.headers["etag"] == '"e"'
    assert progress.sent(0) == Sent(status, len(body), 0, True)


async def test_head() -> None:
    reply, progress = await served(FILE, "HEAD")
    assert (reply.status, reply.body, reply.ended) == (200, b"", True)
    assert reply.headers["content-length"] == "10"
    assert progress.sent(0) == Sent(200, 0, 0, True)


async def test_head_knows_no_ranges() -> None:
    """RFC 9110 §14.2: range handling is defined for GET only."""
    reply, _ = await served(FILE, "HEAD", range="bytes=2-4")
    assert (reply.status, reply.headers["content-length"]) == (200, "10")


async def test_a_file_in_pieces(tmp_path: Path) -> None:
    body = bytes(range(256)) * 3000
    path = tmp_path / "blob"
    path.write_bytes(body)
    found = replace(FILE, body=Held(len(body), path=path))
    assert (await served(found))[0].body == body
    assert (await served(found, range=f"bytes=5-{PIECE + 10}"))[0].body == body[5 : PIECE + 11]
    assert (await served(found, range="bytes=-3"))[0].body == body[-3:]


async def test_an_empty_file_is_served(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for body in (Held(0, b""), Held(0, path=tmp_path / "empty")):
        reply, progress = await served(replace(FILE, body=body))
        assert (reply.status, reply.body, reply.headers["content-length"], reply.ended) == (200, b"", "0", True)
        assert progress.complete


async def test_a_file_that_was_evicted_this_instant(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="cannot open"):
        await served(replace(FILE, body=Held(5, path=tmp_path / "gone")))


async def test_a_file_that_shrank(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"123")
    reply = FakeReply()
    with pytest.raises(StoreFailed, match="shorter"):
        await served(replace(FILE, body=Held(5, path=tmp_path / "short")), reply=reply)
    assert not reply.whole


async def test_a_file_is_read_to_its_end_though_it_is_removed_meanwhile(tmp_path: Path) -> None:
    body = bytes(range(256)) * 3000
    path = tmp_path / "blob"
    path.write_bytes(body)

    class Evicting(FakeReply):
        async def write(self, piece: bytes, *, more: bool) -> None:
            path.unlink(missing_ok=True)
            await super().write(piece, more=more)

    reply, _ = await served(replace(FILE, body=Held(len(body), path=path)), reply=Evicting())
    assert reply.body == body


# ---------------------------------------------------------------- flows


async def test_a_flow_of_known_length_streams() -> None:
    flow = Flowing((b"01234", b"56789"), 10)
    reply, progress = await served(replace(FILE, body=flow))
    assert (reply.body, reply.headers["content-length"], reply.ended) == (b"0123456789", "10", True)
    assert flow.closed
    assert progress.sent(0) == Sent(200, 10, 0, True)


async def test_a_flow_of_unknown_length_lands_first() -> None:
    flow = Flowing((b"never",), lands=Held(10, b"0123456789"))
    reply, _ = await served(replace(FILE, body=flow))
    assert (reply.body, reply.headers["content-length"]) == (b"0123456789", "10")
    assert not flow.started


async def test_parts_of_a_flow_wait_until_it_has_landed() -> None:
    """Bytes that are not verified yet must not leave as a complete range."""
    flow = Flowing((b"never",), 10, lands=Held(10, b"0123456789"))
    reply, _ = await served(replace(FILE, body=flow), range="bytes=2-4")
    assert (reply.status, reply.body, flow.started) == (206, b"234", False)


@pytest.mark.parametrize("error", [Mismatch("wrong"), UpstreamDown("broke off")])
async def test_a_flow_that_never_lands_is_refused_with_a_clean_head(error: SubakError) -> None:
    reply = FakeReply()
    with pytest.raises(type(error)):
        await served(replace(FILE, body=Flowing((), lands=error)), reply=reply)
    assert reply.status == 0


async def test_parts_cannot_be_made_when_nothing_can_be_kept() -> None:
    reply = FakeReply()
    with pytest.raises(StoreFailed):
        await served(replace(FILE, body=Flowing((b"0123456789",), 10)), reply=reply, range="bytes=2-4")
    assert reply.status == 0


async def test_a_file_that_offers_no_parts_is_sent_whole() -> None:
    flow = Flowing((b"0123456789",), 10)
    reply, _ = await served(replace(FILE, body=flow, ranges=False), range="bytes=2-4")
    assert (reply.status, reply.body) == (200, b"0123456789")
    assert "accept-ranges" not in reply.headers


@pytest.mark.parametrize("ranges", [True, False])
async def test_of_unknown_length_and_nothing_can_be_kept(ranges: bool) -> None:
    flow = Flowing((b"01234", b"56789"))
    reply, progress = await served(replace(FILE, body=flow, ranges=ranges))
    assert (reply.status, reply.body, reply.ended) == (200, b"0123456789", True)
    assert "content-length" not in reply.headers
    assert progress.complete


@pytest.mark.parametrize(("method", "headers", "status"), [("HEAD", {}, 200), ("GET", {"if_none_match": '"e"'}, 304)])
async def test_no_body_means_no_body_whatever_the_length(method: str, headers: dict[str, str], status: int) -> None:
    flow = Flowing((b"0123456789",))
    reply, progress = await served(replace(FILE, body=flow), method, **headers)
    assert (reply.status, reply.body, reply.ended, flow.started) == (status, b"", True, False)
    assert progress.sent(0) == Sent(status, 0, 0, True)


async def test_unchanged_needs_no_landing() -> None:
    flow = Flowing((), 10, lands=Mismatch("never asked"))
    reply, _ = await served(replace(FILE, body=flow), if_none_match='"e"', range="bytes=0-1")
    assert reply.status == 304


@pytest.mark.parametrize("error", [Mismatch("wrong"), UpstreamDown("broke off"), StoreFailed("full")])
async def test_a_flow_that_breaks_does_not_end_cleanly(error: SubakError) -> None:
    flow = Flowing((b"01234",), 10, error)
    reply, progress = FakeReply(), Progress()
    with pytest.raises(type(error)):
        await serve(replace(FILE, body=flow), Asked("GET", "/x"), reply, progress)
    assert (reply.body, reply.ended, reply.whole) == (b"01234", False, False)
    assert progress.sent(0, "Mismatch") == Sent(200, 5, 0, False, "Mismatch")
    assert flow.closed


async def test_a_client_that_left_gets_nothing_more() -> None:
    flow = Flowing((b"01234", b"56789"), 10)
    reply, progress = await served(replace(FILE, body=flow), reply=FakeReply(gone_after=5))
    assert (reply.body, reply.ended) == (b"01234", False)
    assert progress.sent(0) == Sent(200, 5, 0, False)
    assert flow.closed


async def test_a_client_that_left_at_the_very_end_is_not_counted_as_served() -> None:
    _, progress = await served(FILE, reply=FakeReply(gone_after=10))
    assert not progress.complete


async def test_a_cancelled_answer_closes_its_source() -> None:
    flow = Flowing((b"01234", b"56789"), 10)
    stuck = asyncio.Event()

    class Stuck(FakeReply):
        async def write(self, piece: bytes, *, more: bool) -> None:
            stuck.set()
            await asyncio.sleep(3600)

    task = asyncio.create_task(served(replace(FILE, body=flow), reply=Stuck()))
    await stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert flow.closed
