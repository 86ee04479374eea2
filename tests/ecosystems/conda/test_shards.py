"""Shards and their index: what they pin, where they lead, when the whole repodata has to be taken instead."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.conda.names import document, package, place
from subak.ecosystems.conda.shards import index_pins, leads, named, pins, render, shard
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Subject

WHERE = place("lab", "noarch")
FOLDER = "https://registry.example/lab/noarch/"
INDEX = document(WHERE, "shards", "repodata_shards.msgpack.zst")
ACME = package(WHERE, "acme-1.0-0.conda")
HASH = bytes(range(32))


def packed(tree: object) -> bytes:
    return zstandard.compress(msgspec.msgpack.encode(tree))


def unpacked(body: bytes) -> Any:
    return msgspec.msgpack.decode(zstandard.decompress(body, max_output_size=10**6))


def index(base_url: object = "", shards_base_url: object = "./shards/", **shards: bytes) -> Page:
    info = {"subdir": "noarch", "base_url": base_url, "shards_base_url": shards_base_url, "created_at": "2026-01-01"}
    tree = {"version": 1, "info": info, "shards": shards or {"acme": HASH, "b-c": HASH[::-1]}, "more": [1, {"x": None}]}
    return Page(packed(tree), "application/octet-stream", f"{FOLDER}repodata_shards.msgpack.zst")


def shown(page: Page, *hidden: str) -> bytes:
    return b"".join(render(INDEX, page, View("zstd", "http://gateway.example/conda", hidden=frozenset(hidden))))


# ---------------------------------------------------------------- the index


@pytest.mark.parametrize("link", ["", ".", "./", "shards/", "./shards/", "a/b-1.0/"])
def test_where_nothing_changes_the_bytes_are_upstreams(link: str) -> None:
    page = index(shards_base_url=link)
    assert shown(page) == page.body
    assert list(index_pins(INDEX, page)) == []
    below = "" if link in (".", "./") else link.removeprefix("./")
    assert leads(ACME, page) == shard(f"lab/noarch/{below}{HASH.hex()}.msgpack.zst")


@pytest.mark.parametrize(
    ("link", "below"), [(FOLDER, ""), (f"{FOLDER}shards/", "shards/"), ("/lab/noarch/s/", "s/"), ("shards", "shards/")]
)
def test_addresses_of_the_channel_itself_become_relative(link: str, below: str) -> None:
    page = index(FOLDER, link)
    before, after = unpacked(bytes(page.body)), unpacked(shown(page))
    assert after == before | {"info": before["info"] | {"base_url": "", "shards_base_url": below}}
    assert list(after) == list(before)
    assert shown(Page(shown(page), "", page.url)) == shown(page)
    assert list(index_pins(INDEX, page)) == []
    assert leads(ACME, page) == shard(f"lab/noarch/{below}{HASH.hex()}.msgpack.zst")


@pytest.mark.parametrize(
    "link", ["https://shards.example/lab/", "../shards/", f"{FOLDER}../x/", f"{FOLDER}s//", f"{FOLDER}%2e%2e/"]
)
def test_shards_elsewhere_are_pinned_with_their_address(link: str) -> None:
    page = index("", link)
    assert unpacked(shown(page))["info"]["shards_base_url"] == "shards/"
    told = list(index_pins(INDEX, page))
    assert [pin.digest for pin in told] == [Digest("sha256", HASH.hex()), Digest("sha256", HASH[::-1].hex())]
    assert told[0].path == f"lab/noarch/shards/{HASH.hex()}.msgpack.zst"
    assert told[0].url.endswith(f"/{HASH.hex()}.msgpack.zst")
    assert leads(ACME, page) is None, "its path does not tell where it is: the whole repodata is asked"


def test_packages_elsewhere_are_not_told_by_shards() -> None:
    page = index("https://files.example/")
    with pytest.raises(NotFound, match="elsewhere"):
        shown(page)
    assert leads(ACME, page) is None


def test_with_a_hidden_version_of_a_name_the_whole_repodata_is_to_be_taken() -> None:
    with pytest.raises(NotFound, match="repodata"):
        shown(index(), "acme@1")
    assert shown(index(), "other@1") == index().body


def test_a_name_that_is_not_there_leads_nowhere() -> None:
    assert leads(package(WHERE, "other-1.0-0.conda"), index()) is None


BROKEN: list[bytes] = [
    b"", b"<html>", b"{}", packed({}), packed([]), packed({"info": {}}), packed({"shards": {}}),
    packed({"info": {"base_url": 3}, "shards": {}}), packed({"info": {}, "shards": {"a": b"short"}}),
    packed({"info": {}, "shards": {"a": "text" * 8}}), packed({"info": {"shards_base_url": "ftp://x/"}, "shards": {}}),
    packed({"info": {"base_url": "//[x"}, "shards": {}}), index().body[:-9], zstandard.compress(b"\x81" * 90_000),
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_index(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(index_pins(INDEX, Page(body, "", f"{FOLDER}repodata_shards.msgpack.zst")))


# ---------------------------------------------------------------- shards


def one(tree: object) -> tuple[Subject, Page]:
    body = packed(tree)
    subject = shard(f"lab/noarch/shards/{hashlib.sha256(body).hexdigest()}.msgpack.zst")
    return subject, Page(body, "", f"https://registry.example/{subject.key}")


def test_a_shard_pins_its_files() -> None:
    record = {"name": "acme", "version": "1.0", "size": 7, "timestamp": 1700000000000, "url": "https://files.example/x"}
    tree = {
        "packages": {"acme-1.0-0.tar.bz2": record | {"sha256": HASH, "md5": HASH[:16]}},
        "packages.conda": {"acme-1.0-0.conda": record | {"sha256": HASH.hex()}, "odd": record},
        "removed": [], "v3": {"conda": {"acme-1.0-1": record | {"md5": HASH[:16]}}, "whl": {"acme-1.0-2": record}},
    }  # fmt: skip
    assert list(pins(*one(tree))) == [
        Pin(f"lab/noarch/{file}", "", digest, 7, "acme", "1.0", 1700000000.0)
        for file, digest in (
            ("acme-1.0-0.tar.bz2", Digest("sha256", HASH.hex())),
            ("acme-1.0-0.conda", Digest("sha256", HASH.hex())),
            ("acme-1.0-1.conda", Digest("md5", HASH[:16].hex())),
        )
    ]


def test_a_shard_is_named_by_its_digest() -> None:
    subject, page = one({"packages": {}})
    assert named(subject) == Digest("sha256", hashlib.sha256(page.body).hexdigest())
    assert named(ACME) == UNPINNED
    other, _ = one({"packages": {"x": {}}})
    with pytest.raises(UpstreamLied, match="name"):
        list(pins(other, page))


@pytest.mark.parametrize("path", ["lab/noarch/x.msgpack.zst", f"lab/shards/{HASH.hex()}.msgpack.zst", "lab/noarch/s/"])
def test_paths_that_name_no_shard(path: str) -> None:
    with pytest.raises(NotFound):
        shard(path)


@pytest.mark.parametrize(
    "tree", [[], 7, {"packages": []}, {"packages": {"a-1-0.conda": 3}}, {"packages": {"a-1-0.conda": {"sha256": b"x"}}}]
)
def test_what_is_no_shard(tree: object) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(*one(tree)))


# ---------------------------------------------------------------- whatever upstream sends

KEYS = st.sampled_from(["info", "shards", "packages", "packages.conda", "acme-1-0.conda", "sha256"])
TREES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=33) | st.text(max_size=8) | st.just(HASH),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
)  # fmt: skip


@given(TREES)
def test_whatever_comes_is_read_or_refused(tree: object) -> None:
    for read in (index_pins, pins):
        subject, page = one(tree)
        try:
            list(read(INDEX if read is index_pins else subject, page))
        except UpstreamLied:
            continue
    try:
        shown(one(tree)[1])
    except (UpstreamLied, NotFound):
        return
