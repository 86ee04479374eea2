"""A document as one client must see it: form, links, compression, and a name for exactly these bytes."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline_world import BASE, SMALL, TOY, Answer, FakeReply, FullBlobs, World, announced, index, sha256, together
from subak.ecosystems.base import Page, View
from subak.errors import StoreFailed, UpstreamLied
from subak.model.exchange import Asked, Kind, Origin, Subject
from subak.pipeline import representation
from subak.pipeline.answer import Found, Held
from subak.pipeline.pages import Kept

A = Subject("toy", Kind.INDEX, "index", "index/a/", "a", purl="pkg:toy/a")
STATUS = Subject("toy", Kind.CONFIG, "status", "status/a", "a")
LINES = tuple(announced(f"a/{n}/a-{n}.whl", SMALL) for n in range(30))
BODY = index(*LINES)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.upstream.pages[BASE + "index/a/"] = Answer(BODY)
    return made


async def found(
    world: World,
    subject: Subject = A,
    hidden: frozenset[str] = frozenset(),
    base: str = "http://gateway.example",
    **headers: str,
) -> Found:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = await world.documents.find(subject, TOY)
    return await world.representations.find(kept, Asked("GET", "/", headers=named, base=base), subject, TOY, hidden)


def bytes_of(answer: Found) -> bytes:
    assert isinstance(answer.body, Held)
    data = answer.body.data if answer.body.data is not None else answer.body.path.read_bytes()  # type: ignore[union-attr]
    assert len(data) == answer.body.size
    return data


async def test_a_document_is_rendered_for_this_client(world: World) -> None:
    answer = await found(world)
    assert bytes_of(answer) == b"plain http://gateway.example/toy\n" + BODY
    assert (answer.status, answer.origin, answer.content_type) == (200, Origin.UPSTREAM, "text/plain; charset=utf-8")
    assert (answer.fetched, answer.good_until, answer.blob) == (len(BODY), world.now + 300, sha256(BODY))
    assert dict(answer.headers) == {"cache-control": "public, max-age=60", "vary": "Accept, Accept-Encoding"}
    assert answer.ranges is False
    assert world.blobs.path(sha256(BODY)).read_bytes() == BODY  # stored as upstream sent it


async def test_forms_are_negotiated(world: World) -> None:
    answer = await found(world, accept="text/loud, text/plain;q=0.5")
    assert answer.content_type == "text/loud"
    assert bytes_of(answer).startswith(b"loud http://gateway.example/toy\nTOY\n")


async def test_below_k_links_stay_below_k(world: World) -> None:
    answer = await found(world, replace(A, keyed=True), base="https://gateway.example/prefix")
    assert bytes_of(answer).startswith(b"plain https://gateway.example/prefix/k/toy\n")


async def test_withheld_versions_are_not_offered(world: World) -> None:
    body = bytes_of(await found(world, hidden=frozenset({"a/7/"})))
    assert b"a/7/" not in body
    assert b"a/8/" in body


@pytest.mark.parametrize(
    ("header", "compressed"),
    [
        ("", False), ("gzip", True), ("x-gzip", True), ("*", True), ("gzip, deflate, br", True), ("br", False),
        ("identity", False), ("gzip;q=0", False), ("gzip; q=0.000", False), ("gzip;q=0.5", True), ("GZIP", True),
        ("deflate, gzip;q=1.0", True), ("gzip;q=0, *", False), ("br;q=1.0, identity", False), ("gzippy", False),
    ],
)  # fmt: skip
async def test_compression(world: World, header: str, compressed: bool) -> None:
    answer = await found(world, accept_encoding=header)
    body = bytes_of(answer)
    assert dict(answer.headers).get("content-encoding", "") == ("gzip" if compressed else "")
    assert (gzip.decompress(body) if compressed else body) == b"plain http://gateway.example/toy\n" + BODY


async def test_small_documents_are_not_worth_it(world: World) -> None:
    world.upstream.pages[BASE + "index/a/"] = Answer(index(LINES[0]))
    assert "content-encoding" not in dict((await found(world, accept_encoding="gzip")).headers)


async def test_equal_questions_share_one_rendering_and_its_name(world: World) -> None:
    first, second = await found(world), await found(world, user_agent="somebody else")
    assert first.etag == second.etag
    assert first.body == second.body
    assert first.etag.startswith('"')
    assert first.etag.endswith('"')


async def test_whatever_changes_the_bytes_changes_the_name(world: World) -> None:
    answers = [
        await found(world),
        await found(world, accept="text/loud"),
        await found(world, accept_encoding="gzip"),
        await found(world, base="https://gateway.example"),
        await found(world, replace(A, keyed=True)),
        await found(world, replace(A, part="x")),
        await found(world, hidden=frozenset({"a/7/"})),
        await found(world, hidden=frozenset({"a/8/"})),
        await found(world, hidden=frozenset({"a/7/", "a/8/"})),
    ]
    kept = await world.documents.find(A, TOY)
    others = (replace(kept.document, url="https://elsewhere.example/"), replace(kept.document, content_type="text/x"))
    asked = Asked("GET", "/", base="http://gateway.example")
    for document in others:
        copy = Kept(document, Origin.CACHE)
        answers += [await world.representations.find(copy, asked, A, TOY, frozenset())]
    assert len({a.etag for a in answers}) == len(answers)


async def test_withheld_versions_are_a_set(world: World) -> None:
    one = await found(world, hidden=frozenset(["a/7/", "a/8/", "a/9/"]))
    two = await found(world, hidden=frozenset(["a/9/", "a/8/", "a/7/"]))
    assert one.etag == two.etag


async def test_a_new_edition_forgets_old_renderings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await found(world)).etag
    monkeypatch.setattr(representation, "EDITION", b"another")
    assert (await found(world)).etag != before


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("application/json; charset=utf-8", "application/json; charset=utf-8"), ("text/plain", "text/plain"),
        ("", "application/json"), ("text/html", "application/json"), ("application/xhtml+xml", "application/json"),
        ("image/SVG+xml", "application/json"),
    ],
)  # fmt: skip
async def test_documents_without_forms_keep_their_type_unless_a_browser_would_run_it(
    world: World, sent: str, told: str
) -> None:
    world.upstream.pages[BASE + "status/a"] = Answer(b"{}", headers={"content-type": sent})
    answer = await found(world, STATUS)
    assert answer.content_type == told
    assert dict(answer.headers)["vary"] == "Accept-Encoding"


async def test_rendering_happens_once_for_everybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    keep = world.renderings.keep

    def counted(name, chunks):  # type: ignore[no-untyped-def]  # passes on what it gets
        made.append(name)
        return keep(name, chunks)

    monkeypatch.setattr(world.renderings, "keep", counted)
    await found(world)
    world.renderings.clear()
    made.clear()
    answers = await together(*(found(world) for _ in range(30)))
    assert len(made) == 1
    assert {a.etag for a in answers} == {answers[0].etag}
    assert world.representations.running == {}


async def test_renderings_may_vanish_at_any_time(world: World) -> None:
    first = await found(world)
    world.renderings.clear()
    assert bytes_of(await found(world)) == b"plain http://gateway.example/toy\n" + BODY
    assert (await found(world)).etag == first.etag


async def test_a_rendering_that_vanishes_this_instant(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await found(world)
    monkeypatch.setattr(world.renderings, "find", lambda name: Path("gone") / name)
    with pytest.raises(StoreFailed) as caught:
        await found(world)
    assert caught.value.retry_after == 1


async def test_a_document_that_was_passed_on_is_rendered_from_memory(tmp_path: Path) -> None:
    world = World(tmp_path, blobs=FullBlobs(tmp_path, 3))
    world.upstream.pages[BASE + "index/a/"] = Answer(BODY)
    answer = await found(world, accept_encoding="gzip")
    assert isinstance(answer.body, Held)
    assert answer.body.path is None
    assert gzip.decompress(bytes_of(answer)) == b"plain http://gateway.example/toy\n" + BODY
    assert answer.good_until == 0.0


@pytest.mark.parametrize("damaged", [None, b"", b"torn", b"\0" * len(BODY)], ids=["lost", "empty", "torn", "zeroes"])
async def test_a_damaged_copy_is_never_served_and_mended_by_the_next_request(
    tmp_path: Path, damaged: bytes | None
) -> None:
    """Documents are published without fsync, so a power loss may leave anything in their place."""
    world = World(tmp_path, blobs=FullBlobs(tmp_path))
    world.upstream.pages[BASE + "index/a/"] = Answer(BODY)
    await found(world)
    world.renderings.clear()
    path = world.blobs.path(sha256(BODY))
    path.unlink()
    if damaged is not None:
        path.write_bytes(damaged)
    with pytest.raises(StoreFailed, match="was lost") as caught:
        await found(world)
    assert caught.value.retry_after == 1
    assert bytes_of(await found(world)) == b"plain http://gateway.example/toy\n" + BODY


async def test_the_next_request_mends_it_for_clients_too(world: World) -> None:
    await world.ask("/toy/index/a/")
    world.renderings.clear()
    world.blobs.path(sha256(BODY)).unlink()
    first: FakeReply = await world.ask("/toy/index/a/")
    second = await world.ask("/toy/index/a/")
    assert (first.status, first.headers["retry-after"], second.status) == (503, "1", 200)


async def test_what_cannot_be_rendered_is_told_and_not_kept(world: World) -> None:
    def broken(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
        yield b"half"
        raise UpstreamLied("unreadable")

    kept = await world.documents.find(A, TOY)
    toy = replace(TOY, render=broken)
    with pytest.raises(UpstreamLied, match="unreadable"):
        await world.representations.find(kept, Asked("GET", "/", base="http://gateway.example"), A, toy, frozenset())
    assert world.representations.running == {}
    assert bytes_of(await found(world)) == b"plain http://gateway.example/toy\n" + BODY


async def test_a_change_of_policy_is_a_change_of_date(world: World) -> None:
    old = "Mon, 02 Jan 2023 03:04:05 GMT"
    world.upstream.pages[f"{BASE}index/a/"] = Answer(index(), headers={"last-modified": old})
    assert (await world.ask("/toy/index/a/", if_modified_since=old)).status == 304
    world.gatekeeper.since = world.now
    reply = await world.ask("/toy/index/a/", if_modified_since=old)
    assert reply.status == 200
    assert (await world.ask("/toy/index/a/", if_modified_since=reply.headers["last-modified"])).status == 304
