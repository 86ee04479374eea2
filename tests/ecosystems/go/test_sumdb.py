"""Signed heads and lookups: what is believed, and every way to lie."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.go_registry import Database, Module, build_mod, build_zip, sums
from subak.ecosystems.base import Page, Site
from subak.ecosystems.go import GO
from subak.errors import ConfigError, NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

MODULE = Module(
    "example.com/Lab/b", "v1.0.0-RC1", mod := build_mod("example.com/Lab/b", {}),
    build_zip("example.com/Lab/b", "v1.0.0-RC1", {"go.mod": mod, "b.go": b"package b\n"}), "",
)  # fmt: skip
NAME = "example.com/!lab/b@v1.0.0-!r!c1"
LOOKUP = Subject("go", Kind.CONFIG, "lookup", f"sumdb/sum.example/lookup/{NAME}", MODULE.path, MODULE.version)
LATEST = Subject("go", Kind.CONFIG, "latest", "sumdb/sum.example/latest")


@dataclass(slots=True)
class World:
    """A database that knows one module, and a gateway that knows its key."""

    database: Database = field(default_factory=Database)

    def __post_init__(self) -> None:
        self.database.add(NAME, sums(MODULE))
        self.database.add("example.com/later@v1.0.0", "example.com/later v1.0.0 h1:x\n")

    @property
    def site(self) -> Site:
        return Site("https://proxy.example/", b"", True, {"sumdb": self.database.key})

    def page(self, subject: Subject) -> Page:
        path = subject.key.removeprefix("sumdb/sum.example/")
        return Page(self.database.answer(path).body, "text/plain", f"https://proxy.example/{subject.key}")

    def tiles(self, lookup: Page) -> dict[str, Page]:
        return {s.key: self.page(s) for s in GO.evidence(LOOKUP, lookup, self.site)}

    def prove(self, lookup: Page | None = None) -> None:
        """All that happens before a lookup is kept."""
        lookup = lookup or self.page(LOOKUP)
        list(GO.pins(LOOKUP, lookup))
        tiles = self.tiles(lookup)
        for key, tile in tiles.items():
            list(GO.pins(Subject("go", Kind.CONFIG, "tile", key), tile))
        GO.prove(LOOKUP, lookup, self.site, tiles)


@pytest.fixture
def world() -> World:
    return World()


def page(body: bytes) -> Page:
    return Page(body, "text/plain", "https://proxy.example/")


# ---------------------------------------------------------------- the truth


def test_a_lookup_announces_zip_and_mod(world: World) -> None:
    zipped, mod = GO.pins(LOOKUP, world.page(LOOKUP))
    assert (zipped.path, mod.path) == (
        "example.com/!lab/b/@v/v1.0.0-!r!c1.zip",
        "example.com/!lab/b/@v/v1.0.0-!r!c1.mod",
    )
    assert (zipped.digest.algorithm, mod.digest.algorithm) == ("h1", "h1-mod")
    listing = f"{hashlib.sha256(MODULE.mod).hexdigest()}  go.mod\n"
    assert mod.digest.hex == hashlib.sha256(listing.encode()).hexdigest()
    encoded = base64.b64encode(bytes.fromhex(zipped.digest.hex)).decode()
    assert f" h1:{encoded}\n" in sums(MODULE)
    assert (zipped.url, zipped.name, zipped.version, zipped.published) == ("", MODULE.path, MODULE.version, 0.0)


def test_a_lookup_is_proved_by_its_tiles(world: World) -> None:
    lookup = world.page(LOOKUP)
    needed = GO.evidence(LOOKUP, lookup, world.site)
    assert [s.key for s in needed] == [
        "sumdb/sum.example/tile/8/0/002.p/190",
        "sumdb/sum.example/tile/8/1/000.p/2",
    ]
    assert {(s.kind, s.route) for s in needed} == {(Kind.CONFIG, "tile")}
    world.prove(lookup)


def test_a_lookup_with_an_older_head_is_as_good(world: World) -> None:
    found = world.database.found[NAME]
    body = b"%d\n%b\n%b" % (found, sums(MODULE).encode(), world.database.head(found + 1))
    world.prove(page(body))


def test_a_head_is_proved_by_its_signature(world: World) -> None:
    head = world.page(LATEST)
    list(GO.pins(LATEST, head))
    assert GO.evidence(LATEST, head, world.site) == ()
    GO.prove(LATEST, head, world.site, {})


def test_other_signatures_on_a_head_do_no_harm(world: World) -> None:
    text, blank, signature = world.page(LATEST).body.rpartition(b"\n\n")  # type: ignore[union-attr]  # bytes
    witness = "— witness.example bm90IGEgc2lnbmF0dXJl\n".encode()
    GO.prove(LATEST, page(text + blank + witness + signature), world.site, {})
    with pytest.raises(UpstreamLied, match="not signed by"):
        GO.prove(LATEST, page(text + blank + witness), world.site, {})


def test_pseudo_versions_tell_when_they_were_made(world: World) -> None:
    version = "v0.0.0-20191109021931-daa7c04131f5"
    subject = Subject("go", Kind.CONFIG, "lookup", "", MODULE.path, version)
    body = bytes(world.page(LOOKUP).body).replace(b"v1.0.0-RC1", version.encode())
    assert {pin.published for pin in GO.pins(subject, page(body))} == {1573265971.0}


# ---------------------------------------------------------------- lies


def lie(change: Callable[[Database], object]) -> World:
    world = World()
    change(world.database)
    return world


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: setattr(d, "forged", True), "signature of sum.example"),
        (lambda d: setattr(d, "other_sums", True), "is not the one in the signed tree"),
        (lambda d: setattr(d, "broken_tiles", True), "do not make the signed tree"),
        (lambda d: d.found.update({NAME: 5}), "has no h1 sum"),
    ],
)
def test_lies_of_the_database(change: Callable[[Database], object], said: str) -> None:
    with pytest.raises(UpstreamLied, match=said):
        lie(change).prove()


def test_a_lie_hidden_in_a_full_tile(world: World) -> None:
    world.database.add("example.com/x@v1.0.0", sums(MODULE))
    lookup = page(b"3\nother.example/m v1.0.3 h1:x\n\n" + world.database.head())
    tiles = world.tiles(lookup)
    GO.prove(LOOKUP, lookup, world.site, tiles)
    full = "sumdb/sum.example/tile/8/0/000"
    tiles[full] = page(bytes(tiles[full].body[:-1]) + b"\x00")
    with pytest.raises(UpstreamLied, match="tile/8/0/000 of the checksum database does not belong"):
        GO.prove(LOOKUP, lookup, world.site, tiles)


@pytest.mark.parametrize(
    "edit",
    [
        lambda b: b"",
        lambda b: b"<html>sign in</html>",
        lambda b: b.replace(b"\n\n", b"\n"),
        lambda b: b.partition(b"\n")[2],
        lambda b: b"-1" + b,
        lambda b: b"0" + b,
        lambda b: b"9" * 40 + b,
        lambda b: b.rpartition(b"\n\n")[0],
        lambda b: b.rstrip(b"\n"),
        lambda b: b.replace(b"go.sum database tree", b"another tree"),
        lambda b: b + b"\xff\n",
        lambda b: b.replace(b"\n\n", b"\r\n\r\n"),
        lambda b: b.replace(b" h1:", b" h2:"),
        lambda b: b.replace(b" h1:", b" h1:!"),
        lambda b: b.replace(b" h1:", b" h1:AAAA"),
        lambda b: b.replace(b"/go.mod", b"/go.sum"),
        lambda b: b.replace(b"v1.0.0-RC1", b"v1.0.0-RC2"),
        lambda b: b.replace(b"example.com/Lab/b", b"example.com/lab/b"),
        lambda b: b.replace(b"\n\n", b"\nexample.com/Lab/b v1.0.0-RC1 h1:" + b"A" * 43 + b"=\n\n", 1),
        lambda b: b + b"x" * 2**20,
        lambda b: b.replace("— ".encode(), b"- "),
        lambda b: b.replace("— sum".encode(), "— som".encode()),
        lambda b: b[:-6] + b"AAA=\n",
    ],
)
def test_broken_lookups_are_refused(world: World, edit: Callable[[bytes], bytes]) -> None:
    whole = bytes(world.page(LOOKUP).body)
    assert edit(whole) != whole
    with pytest.raises(UpstreamLied):
        world.prove(page(edit(whole)))


@given(st.integers(0, 2**20), st.integers(1, 255))
def test_no_byte_of_a_lookup_can_be_changed(at: int, flip: int) -> None:
    world = PLAIN
    whole = bytearray(WHOLE)
    whole[at % len(whole)] ^= flip
    with pytest.raises(UpstreamLied):
        world.prove(page(bytes(whole)))


PLAIN = World()
WHOLE = bytes(PLAIN.page(LOOKUP).body)


@given(st.binary(max_size=200))
def test_hostile_answers_raise_upstream_lied_only(body: bytes) -> None:
    for subject in (LOOKUP, LATEST, Subject("go", Kind.CONFIG, "tile", "sumdb/sum.example/tile/8/data/000.p/1")):
        try:
            list(GO.pins(subject, page(body)))
            GO.evidence(subject, page(body), PLAIN.site)
            GO.prove(subject, page(body), PLAIN.site, {})
        except UpstreamLied:
            continue
        assert subject.route == "tile"
        assert body.endswith(b"\n\n")


@pytest.mark.parametrize("path", ["8/0/000", "8/0/000.p/3", "2/1/000"])
def test_tiles_are_as_long_as_they_say(path: str) -> None:
    subject = Subject("go", Kind.CONFIG, "tile", f"sumdb/sum.example/tile/{path}")
    width = {"8/0/000": 256, "8/0/000.p/3": 3, "2/1/000": 4}[path]
    assert list(GO.pins(subject, page(b"x" * 32 * width))) == []
    for wrong in (0, 32 * width - 1, 32 * width + 32):
        with pytest.raises(UpstreamLied):
            GO.pins(subject, page(b"x" * wrong))


# ---------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "key",
    [
        "sum.example",
        "sum.example+",
        "sum.example+00000000+AAAA",
        "sum.example+zz+AQ==",
        PLAIN.database.key + "x",
        PLAIN.database.key.replace("sum.example", "sam.example"),
        "sum.example+" + hashlib.sha256(b"sum.example\n").hexdigest()[:8] + "+",
    ],
)
def test_keys_that_cannot_be_read(key: str) -> None:
    site = Site("https://proxy.example/", b"", True, {"sumdb": key})
    with pytest.raises(ConfigError, match="cannot be read"):
        GO.prove(LATEST, PLAIN.page(LATEST), site, {})


# ---------------------------------------------------------------- places


def test_only_the_known_database_is_asked() -> None:
    there = PLAIN.site
    assert GO.source(LOOKUP, there) == f"https://proxy.example/{LOOKUP.key}"
    assert GO.source(LOOKUP, Site(there.base, b"", False, there.further)) == f"https://sum.example/lookup/{NAME}"
    for further in ({}, {"sumdb": ""}, {"sumdb": "sum.example.com+1+2"}, {"sumdb": "um.example+1+2"}):
        with pytest.raises(NotFound):
            GO.source(LOOKUP, Site(there.base, b"", True, further))


def test_the_proxy_itself_is_asked_whether_it_speaks_for_the_database() -> None:
    signpost = GO.signpost(PLAIN.site)
    assert signpost is not None
    assert signpost.kind is Kind.CONFIG
    assert GO.route(signpost.route).kind is Kind.CONFIG
    for site in (PLAIN.site, Site(PLAIN.site.base, b"", False, PLAIN.site.further)):
        assert GO.source(signpost, site) == "https://proxy.example/sumdb/sum.example/supported"
    assert GO.signpost(Site("https://proxy.example/")) is None


@pytest.mark.parametrize("body", [b"", b"OK\n", b"yes"])
def test_whatever_is_no_web_page_is_a_yes(body: bytes) -> None:
    signpost = GO.signpost(PLAIN.site)
    assert signpost is not None
    assert list(GO.pins(signpost, Page(body, "text/html", "https://proxy.example/"))) == []


def test_a_web_page_is_no_yes() -> None:
    signpost = GO.signpost(PLAIN.site)
    assert signpost is not None
    with pytest.raises(UpstreamLied, match="web page"):
        list(GO.pins(signpost, Page(b"\n <!DOCTYPE html><html>Log in", "text/plain", "https://proxy.example/")))
