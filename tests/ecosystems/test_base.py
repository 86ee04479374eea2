"""What every ecosystem must do, whatever its registry: one suite over all of them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from ecosystems.samples import SAMPLES, Sample
from pipeline_world import Answer, World, until
from subak.ecosystems import ALL, BY_NAME
from subak.ecosystems.base import Client, Ecosystem, Site, decode_path, match_route, subject_of
from subak.errors import BadRequest, NotAllowed, NotFound, SubakError, UpstreamDown
from subak.model.exchange import Kind, Origin
from subak.pipeline.identify import MOVED, identify

GOLDEN = Path(__file__).parents[1] / "golden"
LATER = 10_000_000.0
SITE = Site("https://registry.example/", further={"sumdb": "sum.example+00000000+AQ=="})
MUTABLE = (Kind.INDEX, Kind.LISTING, Kind.CONFIG)


def named(ecosystem: Ecosystem) -> str:
    return ecosystem.name


def rows(ecosystem: Ecosystem) -> list[dict[str, Any]]:
    """The ecosystem's golden rows."""
    found: list[dict[str, Any]] = tomllib.loads((GOLDEN / f"{ecosystem.name}.toml").read_text("utf-8"))["row"]
    return found


def target(asked: str) -> tuple[str, str, str]:
    """'GET /npm/a?x=1' as method, path, query."""
    method, _, rest = asked.partition(" ")
    path, _, query = rest.partition("?")
    return method, path, query


# ---------------------------------------------------------------- the literal


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_every_route_has_a_golden_row(ecosystem: Ecosystem) -> None:
    """A route that no request reaches is ambiguous or dead; those that only we ask for are met as homes."""
    met = {ecosystem.signpost(SITE).route} if ecosystem.signpost(SITE) else set()  # type: ignore[union-attr]
    for row in rows(ecosystem):
        met |= _met(row, ecosystem)
    missing = {r.name for r in ecosystem.routes} - met
    assert not missing, "write a row for each in tests/golden"


def _met(row: dict[str, Any], ecosystem: Ecosystem) -> set[str]:
    """The routes that one request takes part in."""
    if "error" in row:
        return set()
    method, path, query = target(row["asked"])
    subject = identify(method, path, BY_NAME, query)
    if subject.route == MOVED:
        below = "/" + path.removeprefix(ecosystem.mount).lstrip("/")
        match = match_route(ecosystem.routes, decode_path(ecosystem.spell(below)))
        return {match[0].name} if match else set()
    others = [*ecosystem.homes(subject, SITE), ecosystem.via(subject), ecosystem.companion(subject)]
    return {subject.route, *(other.route for other in others if other is not None)}


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_it_can_be_used_and_described(ecosystem: Ecosystem) -> None:
    assert ecosystem.title
    assert ecosystem.pinned_by, "say what files are checked against"
    assert ecosystem.clients, "say how clients are pointed here"
    assert ecosystem.agents, "say how its clients are recognised"
    for pattern in ecosystem.agents:
        re.compile(pattern.pattern)
        re.compile(pattern.ci)
    for client in ecosystem.clients:
        _check_client(client)


def _check_client(client: Client) -> None:
    known = {"base", "host", "port", "netloc", "folder", "upstream"}
    texts = [client.line, *(v for _, v in (*client.environ, *client.plain_http))]
    for text in texts:
        assert set(re.findall(r"\{([a-z_]+)\}", text)) <= known, client.name
    assert "{base}" in client.line or "{netloc}" in client.line or "{host}" in client.line, client.name


def test_mounts_are_told_apart() -> None:
    assert len({e.mount for e in ALL}) == len(ALL) == len(BY_NAME)
    names = [c.name for e in ALL for c in e.clients]
    assert len(names) == len(set(names)), "`subak env NAME` must mean one client"


# ---------------------------------------------------------------- any input


RAW = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_path_does_anything_but_mean_something_or_be_refused(ecosystem: Ecosystem, data: st.DataObject) -> None:
    _, path, query = target(data.draw(st.sampled_from(rows(ecosystem)))["asked"])
    cut = data.draw(st.integers(0, len(path)))
    raw = path[:cut] + data.draw(RAW) + path[cut + data.draw(st.integers(0, 12)) :]
    method = data.draw(st.sampled_from(["GET", "HEAD", "POST", "PUT"]))
    try:
        subject = identify(method, f"/{raw.lstrip('/')}", BY_NAME, query + data.draw(RAW))
    except (BadRequest, NotFound, NotAllowed):
        return
    if subject.ecosystem and subject.route != MOVED:
        route = BY_NAME[subject.ecosystem].route(subject.route)
        assert route.kind is subject.kind
        assert subject.key or subject.kind in (Kind.MADE, Kind.RELAY)
        assert not subject.key.startswith("/")


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_purls_lead_back(ecosystem: Ecosystem) -> None:
    back = 0
    for row in rows(ecosystem):
        if "error" in row or "moved" in row:
            continue
        method, path, query = target(row["asked"])
        subject = identify(method, path, BY_NAME, query)
        if not subject.purl:
            continue
        purl = PackageURL.from_string(subject.purl)
        document = subject_of(purl, ecosystem)
        if document is not None:
            back += 1
            bare = PackageURL.from_string(document.purl)
            assert (bare.type, bare.namespace, bare.name) == (purl.type, purl.namespace, purl.name)
    assert back, "no purl leads back to a document"


# ---------------------------------------------------------------- samples through the whole pipeline


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
    return made


async def ask(world: World, asked: str, method: str = "GET", **headers: str) -> Any:
    path, _, query = asked.partition("?")
    return await world.ask(path, method, query=query, **headers)


def test_every_ecosystem_has_a_sample() -> None:
    assert {make().ecosystem for make in SAMPLES} == BY_NAME.keys()


async def test_documents_and_files_are_served(sample: Sample, world: World) -> None:
    for document in sample.documents:
        reply = await ask(world, document)
        assert reply.status == 200, document
        again = await ask(world, document)
        assert (again.body, world.exchange.origin) == (reply.body, Origin.CACHE), document
        assert (await ask(world, document, "HEAD")).headers["content-length"] == str(len(reply.body))
    reply = await ask(world, sample.file)
    assert (reply.status, reply.body) == (200, sample.upstream[sample.file_url].body)  # type: ignore[union-attr]
    assert world.exchange.proof.first_seen is sample.unpinned
    await world.settled()


async def test_a_file_is_found_without_asking_any_index_before(sample: Sample, world: World) -> None:
    reply = await ask(world, sample.file)
    assert (reply.status, len(reply.body)) == (200, len(sample.upstream[sample.file_url].body))
    assert world.exchange.proof.first_seen is sample.unpinned
    await world.settled()
    part = await ask(world, sample.file, range="bytes=5-9")
    assert (part.status, part.body) == (206, reply.body[5:10])


async def test_a_corrupt_file_is_refused_and_not_kept(sample: Sample, world: World, tmp_path: Path) -> None:
    body = sample.upstream[sample.file_url].body
    for number, wrong in enumerate((body[:-1] + bytes([body[-1] ^ 1]), bytes([body[0] ^ 1]) + body[1:], body + b"x")):
        fresh = world_of(sample, tmp_path / str(number))
        answer = replace(sample.upstream[sample.file_url], body=wrong)
        if sample.unpinned:
            await ask(fresh, sample.file)
            await fresh.settled()
            file = next(f for f in fresh.catalogue.files.values() if f.blob)
            fresh.catalogue.lose_blob(file.blob)
        fresh.upstream.pages[sample.file_url] = answer
        reply = await ask(fresh, sample.file)
        assert not reply.whole or reply.status == 502
        await fresh.settled()
        assert not any(f.blob for f in fresh.catalogue.files.values() if f.blob == _sha256(wrong))


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def test_with_the_upstream_gone_everything_is_still_served(sample: Sample, world: World) -> None:
    bodies = {asked: (await ask(world, asked)).body for asked in (*sample.documents, sample.file)}
    await world.settled()
    world.upstream.pages = {u: Answer(error=UpstreamDown("gone")) for u in world.upstream.pages}
    world.now += LATER
    for asked, body in bodies.items():
        reply = await ask(world, asked)
        assert (reply.status, reply.body) == (200, body), asked
        kind = world.exchange.subject.kind
        assert world.exchange.origin is (Origin.STALE if kind in MUTABLE else Origin.CACHE), asked


async def test_unpublished_is_not_lost(sample: Sample, world: World) -> None:
    """Left-pad: upstream answers 404 to everything."""
    bodies = {asked: (await ask(world, asked)).body for asked in (*sample.documents, sample.file)}
    await world.settled()
    world.upstream.pages.clear()
    world.now += LATER
    for asked, body in bodies.items():
        assert (await ask(world, asked)).body == body, asked


async def test_a_web_page_is_no_document(sample: Sample, world: World) -> None:
    page = b"<!DOCTYPE html><html><body>Please log in</body></html>"
    for url in sample.upstream:
        if url != sample.file_url:
            world.upstream.pages[url] = Answer(page, headers={"content-type": "text/html"})
    reply = await ask(world, sample.documents[0])
    assert reply.status == 502
    assert not any(d.status == 200 for d in world.catalogue.documents.values())


async def test_no_link_leads_past_us(sample: Sample, world: World) -> None:
    for document in sample.documents:
        reply = await ask(world, document)
        text = reply.body.decode("utf-8", "replace")
        assert "files.example" not in text, document
        if sample.links:
            assert "registry.example" not in text, document


async def test_every_file_that_is_linked_is_pinned(sample: Sample, world: World) -> None:
    base = f"http://gateway.example{BY_NAME[sample.ecosystem].mount}"
    for document in sample.documents:
        text = (await ask(world, document)).body.decode("utf-8", "replace").replace("\\/", "/")
        for link in re.findall(rf"{re.escape(base)}(/[^\s\"'<>#?{{}}\\]*)", text):
            try:
                subject = identify("GET", f"{BY_NAME[sample.ecosystem].mount}{link}", BY_NAME)
            except SubakError:
                continue  # a folder, a template
            if subject.kind is Kind.ARTIFACT:
                known = world.catalogue.file(sample.ecosystem, subject.key)
                assert known is not None or BY_NAME[sample.ecosystem].route(subject.route).open, link


async def test_rendering_again_changes_nothing(sample: Sample, world: World) -> None:
    """The same page gives the same bytes, so the same validator; a validator is honoured."""
    for document in sample.documents:
        first = await ask(world, document)
        for rendering in (world.renderings.folder).glob("**/*"):
            if rendering.is_file():
                rendering.unlink()
        second = await ask(world, document)
        assert (second.body, second.headers["etag"]) == (first.body, first.headers["etag"])
        assert (await ask(world, document, if_none_match=first.headers["etag"])).status == 304


async def test_one_transfer_for_many(sample: Sample, world: World) -> None:
    replies = await asyncio.gather(*(ask(world, sample.file) for _ in range(5)))
    assert {r.status for r in replies} == {200}
    await until(lambda: not world.artifacts._flights)
    asked = [a for a in world.upstream.asked if a.url == sample.file_url and a.method == "GET"]
    assert len(asked) == 1
