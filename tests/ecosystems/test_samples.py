"""What every ecosystem must do, whatever its registry: a sample of each through the whole pipeline."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest

from ecosystems.asking import MUTABLE, meaning
from ecosystems.samples import SAMPLES, Sample
from ecosystems.sampling import sha256
from pipeline_world import Answer, FakeReply, World, until
from subak.ecosystems import BY_NAME
from subak.ecosystems.base import FOREVER, Form, Page, View, negotiate
from subak.errors import SubakError, UpstreamDown
from subak.model.exchange import Kind, Origin, Subject
from subak.pipeline.identify import identify

NOW = 1_800_000_000.0
"""After everything that samples were changed at."""
LATER = 10_000_000.0
GATEWAY = "http://gateway.example"


@pytest.fixture(params=SAMPLES, ids=lambda make: make.__name__)
def sample(request: pytest.FixtureRequest) -> Sample:
    made: Sample = request.param()
    return made


@pytest.fixture
def world(sample: Sample, tmp_path: Path) -> World:
    return world_of(sample, tmp_path)


def world_of(sample: Sample, folder: Path) -> World:
    folder.mkdir(exist_ok=True)
    made = World(folder, ecosystems={sample.ecosystem: BY_NAME[sample.ecosystem]})
    made.upstream.pages.update(sample.upstream)
    made.upstream.said.update(sample.further)
    made.now = NOW
    return made


async def ask(world: World, asked: str, method: str = "GET", base: str = GATEWAY, **headers: str) -> FakeReply:
    path, _, query = asked.partition("?")
    return await world.ask(path, method, query=query, base=base, **headers)


def asked_for(sample: Sample) -> Iterator[tuple[str, dict[str, str]]]:
    """Every document in every form, as (request target, headers)."""
    for document in sample.documents:
        route = BY_NAME[sample.ecosystem].route(meaning(f"GET {document}").route)
        for form in route.forms or ("",):
            yield document, {"accept": form.media[0]} if form else {}


async def read_chain(sample: Sample, world: World) -> None:
    """Ask as clients do before they know of the file."""
    for asked in (*sample.documents, *sample.chain):
        assert (await ask(world, asked)).status == 200, asked
    await world.settled()


def test_every_ecosystem_has_a_sample() -> None:
    assert {make().ecosystem for make in SAMPLES} == BY_NAME.keys()


async def test_documents_and_files_are_served(sample: Sample, world: World) -> None:
    for document, headers in asked_for(sample):
        reply = await ask(world, document, **headers)
        assert reply.status == 200, document
        again = await ask(world, document, **headers)
        assert (again.body, world.exchange.origin) == (reply.body, Origin.CACHE), document
        head = await ask(world, document, "HEAD", **headers)
        assert (head.body, head.headers["content-length"]) == (b"", str(len(reply.body))), document
    for asked, url in {**sample.chain, sample.file: sample.file_url}.items():
        reply = await ask(world, asked)
        assert (reply.status, reply.body) == (200, sample.upstream[url].body), asked
        assert world.exchange.proof.first_seen is sample.unpinned, asked
        await world.settled()


async def test_a_file_is_found_without_asking_any_index_before(sample: Sample, world: World) -> None:
    reply = await ask(world, sample.file)
    assert (reply.status, len(reply.body)) == (200, len(sample.upstream[sample.file_url].body))
    assert world.exchange.proof.first_seen is (sample.unpinned or sample.stray)
    await world.settled()
    part = await ask(world, sample.file, range="bytes=5-9")
    assert (part.status, part.body) == (206, reply.body[5:10])


async def test_the_head_of_a_file_costs_no_file(sample: Sample, world: World) -> None:
    for asked, url in {**sample.chain, sample.file: sample.file_url}.items():
        reply = await ask(world, asked, "HEAD")
        assert (reply.status, reply.body) == (200, b""), asked
        assert reply.headers["content-length"] == str(len(sample.upstream[url].body)), asked
        assert not [a for a in world.upstream.asked if a.url == url and a.method == "GET"], asked


# ---------------------------------------------------------------- a bad upstream


async def test_a_corrupt_file_is_refused_and_not_kept(sample: Sample, tmp_path: Path) -> None:
    number = 0
    for asked, url in {**sample.chain, sample.file: sample.file_url}.items():
        for wrong in _corrupt(sample.upstream[url].body):
            number += 1
            fresh = world_of(sample, tmp_path / str(number))
            await read_chain(sample, fresh)
            if asked in sample.chain or sample.unpinned:
                await ask(fresh, asked)
                await fresh.settled()
                lost = fresh.catalogue.file(sample.ecosystem, fresh.exchange.subject.key)
                assert lost is not None
                fresh.catalogue.lose_blob(lost.blob)
                fresh.blobs.remove(lost.blob)
            fresh.upstream.pages[url] = replace(sample.upstream[url], body=wrong)
            reply = await ask(fresh, asked)
            assert not reply.whole or reply.status == 502, asked
            await fresh.settled()
            assert not any(f.blob for f in fresh.catalogue.files.values() if f.blob == sha256(wrong))
            assert fresh.blobs.size(sha256(wrong)) == -1
            # nothing of it stays: when upstream is well again, so are we
            fresh.upstream.pages[url] = sample.upstream[url]
            assert (await ask(fresh, asked)).body == sample.upstream[url].body
            await fresh.settled()


def _corrupt(body: bytes) -> Iterator[bytes]:
    """One bit at either end and in the middle; shorter by one byte; and longer."""
    for at in (0, len(body) // 2, len(body) - 1):
        yield body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    yield body[:-1]
    yield body + b"x"


WEB_PAGE = Answer(b"<!DOCTYPE html><html><body>Please log in</body></html>", headers={"content-type": "text/html"})


async def test_a_web_page_is_no_document(sample: Sample, tmp_path: Path) -> None:
    for number, document in enumerate(sample.documents):
        fresh = world_of(sample, tmp_path / str(number))
        fresh.upstream.pages = dict.fromkeys(sample.upstream, WEB_PAGE)
        reply = await ask(fresh, document)
        assert reply.status == 502, document
        assert not any(d.status == 200 for d in fresh.catalogue.documents.values()), document


async def test_a_web_page_is_no_file(sample: Sample, tmp_path: Path) -> None:
    for number, (asked, url) in enumerate({**sample.chain, sample.file: sample.file_url}.items()):
        for read in (True, False):
            fresh = world_of(sample, tmp_path / f"{number}{read}")
            if read:
                await read_chain(sample, fresh)
                lost = fresh.catalogue.file(sample.ecosystem, meaning(f"GET {asked}").key)
                if lost is not None and lost.blob:
                    fresh.catalogue.lose_blob(lost.blob)
                    fresh.blobs.remove(lost.blob)
            fresh.upstream.pages[url] = WEB_PAGE
            assert (await ask(fresh, asked)).status == 502, asked
            await fresh.settled()
            assert fresh.blobs.size(sha256(WEB_PAGE.body)) == -1, asked


async def test_with_the_upstream_gone_everything_is_still_served(sample: Sample, world: World) -> None:
    bodies = await _held(sample, world)
    world.upstream.pages = {u: Answer(error=UpstreamDown("gone")) for u in world.upstream.pages}
    world.now += LATER
    for asked, body in bodies.items():
        reply = await ask(world, asked)
        assert (reply.status, reply.body) == (200, body), asked
        assert world.exchange.origin is _expected_origin(world.exchange.subject), asked


async def test_unpublished_is_not_lost(sample: Sample, world: World) -> None:
    """Left-pad: upstream answers 404 to everything."""
    bodies = await _held(sample, world)
    world.upstream.pages.clear()
    world.now += LATER
    for asked, body in bodies.items():
        reply = await ask(world, asked)
        assert (reply.status, reply.body) == (200, body), asked


async def _held(sample: Sample, world: World) -> dict[str, bytes]:
    """Everything asked for once."""
    bodies = {asked: (await ask(world, asked)).body for asked in (*sample.documents, *sample.chain, sample.file)}
    await world.settled()
    return bodies


def _expected_origin(subject: Subject) -> Origin:
    """Documents that may change are marked as old; some, such as a version's date, never do."""
    route = BY_NAME[subject.ecosystem].route(subject.route)
    return Origin.STALE if subject.kind in MUTABLE and route.fresh_for < FOREVER else Origin.CACHE


# ---------------------------------------------------------------- what clients see


@pytest.mark.parametrize(("base", "prefix"), [(GATEWAY, ""), ("https://intra.example:8443/deep/er", "/k")])
async def test_no_link_leads_past_us(sample: Sample, world: World, base: str, prefix: str) -> None:
    """Neither to the upstream, nor round the prefix or the keyed path that the client came by."""
    mount = f"{base}{prefix}{BY_NAME[sample.ecosystem].mount}"
    for document, headers in asked_for(sample):
        reply = await ask(world, f"{prefix}{document}", base=base, **headers)
        text = reply.body.decode("utf-8", "replace").replace("\\/", "/")
        ours = re.compile(rf"{re.escape(base)}[^\s\"'<>]*")
        assert all(f"{link}/".startswith(f"{mount}/") for link in ours.findall(text)), document
        others = ours.sub("", text)  # a path of ours may name the host that it stands for
        assert "files.example" not in others, document
        assert "registry.example" not in others, document


async def test_every_file_that_is_linked_is_pinned(sample: Sample, world: World) -> None:
    ecosystem = BY_NAME[sample.ecosystem]
    linked = set()
    for document, headers in asked_for(sample):
        reply = await ask(world, document, **headers)
        for path in _links(reply.body, document):
            try:
                subject = identify("GET", path, BY_NAME)
            except SubakError:
                continue  # a folder, a template
            if subject.kind is Kind.ARTIFACT:
                linked.add(subject.key)
                known = world.catalogue.file(sample.ecosystem, subject.key)
                assert known is not None or ecosystem.route(subject.route).open, path
    assert bool(linked) is sample.links


def _links(body: bytes, document: str) -> Iterator[str]:
    """The paths of what a document links here: whole addresses, and what stands where addresses do."""
    text = body.decode("utf-8", "replace").replace("\\/", "/")
    whole = re.findall(rf"{re.escape(GATEWAY)}/[^\s\"'<>#?{{}}\\]*", text)
    for link in (*whole, *re.findall(r"(?:href=|\"url\": ?)\"([^\"#?]+)", text)):
        url = urljoin(f"{GATEWAY}{document}", link)
        if url.startswith(f"{GATEWAY}/"):
            yield url.removeprefix(GATEWAY)


async def test_what_is_announced_can_be_asked_for(sample: Sample, world: World) -> None:
    """A pin whose path means nothing, or something else, would never be compared with anything."""
    await read_chain(sample, world)
    await ask(world, sample.file)
    mount = BY_NAME[sample.ecosystem].mount
    announced = [file.pin for (_, path), file in world.catalogue.files.items()]
    assert announced
    for pin in announced:
        subject = identify("GET", f"{mount}/{quote(pin.path)}", BY_NAME)
        assert (subject.key, subject.kind in MUTABLE) == (pin.path, False)
        assert not pin.name or pin.name.lower() == subject.name.lower(), pin.path
        fold = BY_NAME[sample.ecosystem].fold_version
        assert not pin.version or not subject.version or fold(pin.version) == fold(subject.version), pin.path


async def test_rendering_again_changes_nothing(sample: Sample, world: World) -> None:
    """The same page gives the same bytes, so the same validator; a validator is honoured."""
    for document, headers in asked_for(sample):
        first = await ask(world, document, **headers)
        for rendering in (world.renderings.folder).glob("**/*"):
            if rendering.is_file():
                rendering.unlink()
        second = await ask(world, document, **headers)
        assert (second.body, second.headers["etag"]) == (first.body, first.headers["etag"])
        again = await ask(world, document, **headers, if_none_match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")


# ---------------------------------------------------------------- what policy withholds


async def test_a_withheld_version_is_not_offered(sample: Sample, world: World) -> None:
    """The listing stays one that clients can use, and none of them is told that it has not changed."""
    assert bool(sample.hidden) is not bool(sample.signed), "say which version may be hidden, or why none can be"
    if sample.signed:
        return
    listing = sample.listing or sample.documents[0]
    before = await ask(world, listing)
    offered = sample.offered(before.body)
    assert len(offered) > 1
    assert sample.hidden in offered
    withhold(world, sample.hidden)
    tag, date = before.headers["etag"], before.headers["last-modified"]
    after = await ask(world, listing, if_none_match=tag)
    assert (after.status, sample.offered(after.body)) == (200, offered - {sample.hidden})
    assert after.headers["etag"] != tag
    assert (await ask(world, listing, if_modified_since=date)).status == 200
    assert (await ask(world, listing, "HEAD")).headers["content-length"] == str(len(after.body))
    for document, headers in asked_for(sample):
        assert (await ask(world, document, **headers)).status in (200, 403), document
    withhold(world)
    assert (await ask(world, listing)).headers["etag"] == tag


async def test_the_whole_of_a_package_may_be_withheld(sample: Sample, world: World) -> None:
    """Then the listing is empty or refused; nothing breaks, and a copy is not lost over it."""
    if sample.signed:
        return
    listing = sample.listing or sample.documents[0]
    before = await ask(world, listing)
    withhold(world, *sample.offered(before.body))
    reply = await ask(world, listing)
    assert reply.status == 403 or (reply.status == 200 and not sample.offered(reply.body))
    withhold(world)
    assert (await ask(world, listing)).body == before.body


async def test_what_is_signed_leaves_as_it_came(sample: Sample, world: World) -> None:
    if not sample.signed:
        return
    for document in sample.documents:
        (body,) = {a.body for u, a in sample.upstream.items() if u.endswith(document.rpartition("/")[2])}
        withhold(world, "1.0", "2.10-3", "2.12-1")
        assert (await ask(world, document)).body == body


def withhold(world: World, *versions: str) -> None:
    """From now on policy withholds these versions and no others."""
    world.now += 10
    world.gatekeeper.hides, world.gatekeeper.since = frozenset(versions), world.now


async def test_a_gateway_behind_a_gateway_sees_the_same(sample: Sample, world: World) -> None:
    """What leaves here, also less a version, is again a registry's own document; made here once more it stays so."""
    ecosystem = BY_NAME[sample.ecosystem]
    for hidden in {"", sample.hidden}:
        withhold(world, *filter(None, (hidden,)))
        for document, headers in asked_for(sample):
            subject, reply = meaning(f"GET {document}"), await ask(world, document, **headers)
            if reply.status != 200 or document != f"{ecosystem.mount}/{subject.key}":
                continue  # withheld, or a part of the document
            form = negotiate(ecosystem.route(subject.route).forms or NO_FORMS, headers.get("accept", "")).name
            page = Page(reply.body, reply.headers["content-type"], f"{GATEWAY}{document}")
            announced = list(ecosystem.pins(subject, page))
            if not sample.nests:
                again = ecosystem.render(subject, page, View(form, f"{GATEWAY}{ecosystem.mount}"))
                assert b"".join(again) == reply.body, document
                for pin in announced:
                    known = world.catalogue.file(sample.ecosystem, pin.path)
                    assert known is not None, document
                    assert pin.dates or known.pin.digest == pin.digest, document


NO_FORMS = (Form("", (), ""),)


# ---------------------------------------------------------------- many at once


async def test_one_transfer_for_many(sample: Sample, world: World) -> None:
    replies = await asyncio.gather(*(ask(world, sample.file) for _ in range(5)))
    assert {r.status for r in replies} == {200}
    await until(lambda: not world.artifacts._flights)
    asked = [a for a in world.upstream.asked if a.url == sample.file_url and a.method == "GET"]
    assert len(asked) == 1
