"""Handing through: verified with the tail held back, kept nowhere, credentials never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pipeline_world import BASE, FILE, FILES, LARGE, TOY, Answer, FakeUpstream, pinned, until
from subak.ecosystems.base import Ecosystem, Site
from subak.errors import Mismatch, NotFound, NoUpstream, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import UNPROVEN, Asked, Kind, Origin, Proof, Subject
from subak.pipeline import relay
from subak.pipeline.answer import Flow, Found, Held
from subak.pipeline.flight import TAIL
from subak.pipeline.relay import PassingFile, Relay, Rescued
from subak.ports import File

KEY = "files/a/1/a.whl"
URL = FILES + "a/1/a.whl"


def passing(
    upstream: FakeUpstream, digest: Digest | None = None, size: int = -1, seen: Digest = UNPINNED
) -> PassingFile:
    pin = Pin(KEY, URL, pinned(LARGE) if digest is None else digest, size)
    return PassingFile(upstream, "toy", KEY, File(pin, first_seen=seen), FILE)


def up(*answers: Answer) -> FakeUpstream:
    upstream = FakeUpstream()
    upstream.pages[URL] = list(answers)
    return upstream


async def read(flow: Flow, start: int = 0) -> bytes:
    return b"".join([piece async for piece in flow.pieces(start)])


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("start", [0, 1, 9_999, 10_000, len(LARGE) - 1, len(LARGE)])
async def test_a_file_passes(start: int) -> None:
    upstream = up(Answer(LARGE))
    file = passing(upstream)
    await file.open()
    assert (file.length, file.proof) == (len(LARGE), UNPROVEN)
    assert await read(file, start) == LARGE[start:]
    assert (file.proof, file.fetched, upstream.open) == (Proof(pinned(LARGE)), len(LARGE), 0)


async def test_the_announced_size_is_its_length_when_upstream_tells_none() -> None:
    file = passing(up(Answer(LARGE, length=False)), size=len(LARGE))
    await file.open()
    assert file.length == len(LARGE)
    assert await read(file) == LARGE


async def test_first_seen() -> None:
    file = passing(up(Answer(LARGE)), UNPINNED)
    await file.open()
    await read(file)
    assert file.proof == Proof(pinned(LARGE), first_seen=True)
    other = passing(up(Answer(b"other" * 9999)), UNPINNED, seen=pinned(LARGE))
    await other.open()
    with pytest.raises(Mismatch, match="the bytes first seen here"):
        await read(other)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(status=404), NotFound), (Answer(status=410), NotFound), (Answer(status=451), NotFound),
        (Answer(status=403), UpstreamLied), (Answer(status=206), UpstreamLied),
        (Answer(error=UpstreamDown("down")), UpstreamDown), (Answer(LARGE[1:]), Mismatch), (Answer(b""), Mismatch),
    ],
)  # fmt: skip
async def test_what_cannot_be_the_file(answer: Answer, kind: type[SubakError]) -> None:
    upstream = up(answer)
    with pytest.raises(kind):
        await passing(upstream, size=len(LARGE)).open()
    assert upstream.open == 0


@pytest.mark.parametrize("digest", [None, UNPINNED], ids=["pinned", "first seen"])
async def test_an_empty_body_is_refused_before_its_head_is_sent(digest: Digest | None) -> None:
    """Content-Length: 0 completes with the head, so the digest must be checked before."""
    with pytest.raises(Mismatch):
        await passing(up(Answer(b"")), digest, seen=pinned(LARGE)).open()
    empty = passing(up(Answer(b"")), pinned(b""))
    await empty.open()
    assert await read(empty) == b""


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(LARGE[:-1] + b"!"), Mismatch),
        (Answer(b"wrong" * 99_999, length=False), Mismatch),
        (Answer(LARGE[:-1], length=False), UpstreamDown),
        (Answer(LARGE, broken_after=len(LARGE) - 1), UpstreamDown),
    ],
)
async def test_the_tail_is_held_back(answer: Answer, kind: type[SubakError]) -> None:
    upstream = up(answer)
    file = passing(upstream, size=len(LARGE))
    await file.open()
    got = b""
    with pytest.raises(kind):  # noqa: PT012  # what came until then matters
        async for piece in file.pieces():
            got += piece
    assert len(got) <= len(LARGE) - TAIL
    assert file.proof == UNPROVEN
    assert upstream.open == 0


async def test_nothing_lands() -> None:
    file = passing(up(Answer(LARGE)))
    await file.open()
    with pytest.raises(StoreFailed):
        await file.landed()


async def test_a_file_nobody_reads_is_hung_up() -> None:
    upstream = up(Answer(LARGE))
    file = passing(upstream)
    await file.open()
    assert upstream.open == 1
    file.close()
    await until(lambda: upstream.open == 0)


# ---------------------------------------------------------------- rescued flows


class Sinking:
    """A flow whose store fails after some bytes."""

    def __init__(self, after: int, error: SubakError | None = None, length: int = len(LARGE)) -> None:
        self.length = length
        self.proof = UNPROVEN
        self.fetched = 1000
        self._after = after
        self._error = error or StoreFailed("the disk is full")

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        yield LARGE[start : self._after]
        raise self._error

    async def landed(self) -> Held:
        raise self._error


@pytest.mark.parametrize("after", [0, 1, 10_000, len(LARGE) - 1])
@pytest.mark.parametrize("length", [len(LARGE), -1])
async def test_a_full_disk_breaks_no_download(after: int, length: int) -> None:
    upstream = up(Answer(LARGE))
    flow = Rescued(Sinking(after, length=length), lambda: passing(upstream))
    assert (flow.length, flow.proof, flow.fetched) == (length, UNPROVEN, 1000)
    assert await read(flow) == LARGE
    assert flow.proof == Proof(pinned(LARGE))
    assert flow.fetched == 1000 + len(LARGE)
    assert upstream.open == 0


async def test_other_failures_are_not_rescued() -> None:
    upstream = up(Answer(LARGE))
    with pytest.raises(Mismatch):
        await read(Rescued(Sinking(5, Mismatch("wrong")), lambda: passing(upstream)))
    assert not upstream.asked
    with pytest.raises(StoreFailed):
        await Rescued(Sinking(5), lambda: passing(upstream)).landed()


@pytest.mark.parametrize("body", [LARGE + b"!", LARGE[:-1], b"wrong" * 99_999])
@pytest.mark.parametrize("length", [True, False])
async def test_the_rescuer_keeps_the_promised_length(body: bytes, length: bool) -> None:
    """Unpinned: the length already sent to the client is all that is known."""
    upstream = up(Answer(body, length=length))
    flow, got = Rescued(Sinking(10_000), lambda: passing(upstream, UNPINNED)), b""
    with pytest.raises((Mismatch, UpstreamDown)):  # noqa: PT012  # what came until then matters
        async for piece in flow.pieces():
            got += piece
    assert len(got) < len(LARGE)
    await until(lambda: upstream.open == 0)


async def test_a_client_that_leaves_hangs_up_on_the_rescuer() -> None:
    upstream = up(Answer(LARGE))
    pieces = Rescued(Sinking(10), lambda: passing(upstream)).pieces()
    while not upstream.open:
        await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined]  # a generator
    await until(lambda: upstream.open == 0)


# ---------------------------------------------------------------- questions

SEARCH = Subject("toy", Kind.RELAY, "search", "search")
QUIET = Subject("toy", Kind.RELAY, "quiet", "quiet")


async def asked(
    upstream: FakeUpstream, subject: Subject = SEARCH, method: str = "GET", body: bytes = b"", query: str = "",
    **headers: str,
) -> Found:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def site(ecosystem: Ecosystem, asking: Subject) -> Site:
        return Site(upstream.base(ecosystem.name))

    return await Relay(upstream, site).ask(Asked(method, "/toy/search", query, named), subject, TOY, body)


def answering(answer: Answer, path: str = "search") -> FakeUpstream:
    upstream = FakeUpstream()
    upstream.pages[BASE + path] = answer
    return upstream


async def test_a_question() -> None:
    upstream = answering(Answer(b'{"objects":[]}', headers={"content-type": "application/json; charset=utf-8"}))
    found = await asked(upstream)
    assert found.body == Held(14, b'{"objects":[]}')
    assert (found.origin, found.status, found.fetched, found.good_until) == (Origin.UPSTREAM, 200, 14, 0.0)
    assert found.content_type == "application/json; charset=utf-8"
    assert dict(found.headers) == {"cache-control": "no-store"}


async def test_what_is_passed_on_and_what_is_not() -> None:
    upstream = answering(Answer(b"{}"))
    await asked(
        upstream, method="POST", body=b"\x1f\x8b", content_type="application/json", content_encoding="gzip",
        accept="application/json", npm_command="audit", npm_scope="@s", authorization="Basic secret", cookie="a=b",
        x_forwarded_for="10.0.0.1", user_agent="npm/11", range="bytes=0-1", if_none_match='"x"',
    )  # fmt: skip
    (ask,) = upstream.asked
    assert (ask.method, ask.body, ask.accept, ask.identity) == ("POST", b"\x1f\x8b", "application/json", False)
    assert set(ask.headers) == {"content-type", "content-encoding", "npm-command", "npm-scope"}
    assert (ask.etag, ask.start) == ("", 0)


@pytest.mark.parametrize(("method", "sent"), [("GET", "GET"), ("HEAD", "GET"), ("POST", "POST")])
async def test_methods(method: str, sent: str) -> None:
    upstream = answering(Answer(b"{}"))
    await asked(upstream, method=method)
    assert upstream.asked[0].method == sent
    assert upstream.asked[0].accept == "*/*"


async def test_the_query_is_passed_on_as_it_is() -> None:
    upstream = FakeUpstream()
    upstream.pages[f"{BASE}search?text=%2B&size=20"] = Answer(b"{}")
    assert (await asked(upstream, query="text=%2B&size=20")).status == 200


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_what_upstream_does_not_offer(status: int) -> None:
    with pytest.raises(NotFound, match="does not offer search"):
        await asked(answering(Answer(status=status)))
    polite = await asked(answering(Answer(status=status), "quiet"), QUIET)
    assert (polite.status, polite.body, polite.content_type) == (200, Held(2, b"{}"), "application/json")


@pytest.mark.parametrize("status", [204, 304, 400, 401, 403])
async def test_other_statuses(status: int) -> None:
    with pytest.raises(UpstreamLied, match=f"answered {status}"):
        await asked(answering(Answer(status=status)))


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        ("text/html", "application/json"), ("application/xhtml+xml", "application/json"),
        ("text/plain\r\nset-cookie: x", "application/json"), ("tëxt/plain", "application/json"),
        ("text/plain", "text/plain"),
    ],
)  # fmt: skip
async def test_nothing_that_a_browser_would_run(sent: str, passed: str) -> None:
    assert (await asked(answering(Answer(b"x", headers={"content-type": sent})))).content_type == passed


async def test_answers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LARGEST", 100_000)
    assert isinstance((await asked(answering(Answer(b"x" * 100_000)))).body, Held)
    upstream = answering(Answer(b"x" * 10**6))
    with pytest.raises(UpstreamLied, match="larger than"):
        await asked(upstream)
    await asyncio.sleep(0)
    assert upstream.open == 0


async def test_failures_pass() -> None:
    with pytest.raises(UpstreamDown):
        await asked(answering(Answer(error=UpstreamDown("down"))))
    upstream = FakeUpstream()
    upstream.known = False
    with pytest.raises(NoUpstream):
        await asked(upstream)
