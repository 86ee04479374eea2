"""repodata.json: what it pins, what is left of it when versions are withheld, and what is refused."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.conda.names import document, fold_version, place
from subak.ecosystems.conda.repodata import check, elsewhere, pins, render
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin

FOLDER = "https://registry.example/lab/linux-64/"
JSON = document(place("lab", "linux-64"), "json", "repodata.json")
ZST = document(place("lab", "linux-64"), "zst", "repodata.json.zst")
SHA, MD5 = "0123456789abcdef" * 4, "fedcba98" * 4


def record(name: str = "acme", version: str = "1.0", **more: object) -> dict[str, object]:
    return {"name": name, "version": version, "build": "0", "sha256": SHA, "md5": MD5, "size": 7, "depends": []} | more


def page(tree: object, url: str = f"{FOLDER}repodata.json") -> Page:
    return Page(memoryview(json.dumps(tree).encode()), "application/json", url)


def index(**more: object) -> dict[str, object]:
    """A channel in all the forms that records come in."""
    return {
        "info": {"subdir": "linux-64"},
        "packages": {"acme-1.0-0.tar.bz2": record(), "acme-1.1-0.tar.bz2": record(version="1.1")},
        "packages.conda": {"acme-1.1-0.conda": record(version="1.1"), "b-c-2!0.1-x_1.conda": record("b-c", "2!0.1")},
        "removed": ["acme-0.9-0.conda"],
        "repodata_version": 1,
        "v3": {"conda": {"acme-1.1-1": record(version="1.1"), "new-3-0": record("new", "3")}, "whl": {}},
        "signatures": {"acme-1.0-0.tar.bz2": {"key": {"signature": "x"}}},
    } | more


def found(tree: object, url: str = f"{FOLDER}repodata.json") -> dict[str, Pin]:
    return {pin.path.rpartition("/")[2]: pin for pin in pins(JSON, page(tree, url))}


def shown(tree: object, *hidden: str) -> Any:
    once = b"".join(render(JSON, page(tree), View("json", "http://gateway.example/conda", hidden=frozenset(hidden))))
    again = b"".join(render(JSON, Page(once, "", f"{FOLDER}repodata.json"), View("json", "", hidden=frozenset(hidden))))
    assert json.loads(again) == json.loads(once)
    return json.loads(once)


# ---------------------------------------------------------------- pins


def test_every_record_pins_its_file() -> None:
    told = found(index())
    assert list(told) == [
        "acme-1.0-0.tar.bz2", "acme-1.1-0.tar.bz2", "acme-1.1-0.conda", "b-c-2!0.1-x_1.conda",
        "acme-1.1-1.conda", "new-3-0.conda",
    ]  # fmt: skip
    assert told["b-c-2!0.1-x_1.conda"] == Pin(
        "lab/linux-64/b-c-2!0.1-x_1.conda", "", Digest("sha256", SHA), 7, "b-c", "2!0.1"
    )


@pytest.mark.parametrize(
    ("more", "digest"),
    [
        ({}, Digest("sha256", SHA)),
        ({"sha256": None}, Digest("md5", MD5)),
        ({"sha256": ""}, Digest("md5", MD5)),
        ({"sha256": None, "md5": None}, UNPINNED),
    ],
)
def test_the_strongest_digest_counts(more: dict[str, object], digest: Digest) -> None:
    assert found({"packages": {"acme-1.0-0.conda": record(**more)}})["acme-1.0-0.conda"].digest == digest


@pytest.mark.parametrize(
    ("more", "moment"),
    [
        ({}, 0.0),
        ({"timestamp": 1700000000123}, 1700000000.123),
        ({"timestamp": 1400000000}, 1400000000.0),
        ({"timestamp": 1700000000123, "indexed_timestamp": 1800000000456}, 1800000000.456),
        ({"timestamp": 1700000000123, "indexed_timestamp": None}, 1700000000.123),
        ({"timestamp": 0}, 0.0),
        ({"timestamp": -5}, 0.0),
        ({"timestamp": "soon"}, 0.0),
    ],
)
def test_when_it_was_published(more: dict[str, object], moment: float) -> None:
    """Seconds and milliseconds are told apart as conda does; when it was indexed counts before when it was built."""
    assert found({"packages": {"acme-1.0-0.conda": record(**more)}})["acme-1.0-0.conda"].published == moment


def test_files_that_nobody_can_ask_for_are_passed_over() -> None:
    odd = {"../acme-1.0-0.conda": record(), "acme.conda": record(), "a b-1-0.conda": record(), "\ud800-1-0.conda": {}}
    assert found({"packages": odd}) == {}
    assert shown({"packages": odd}, "acme@1")["packages"] == {"\ud800-1-0.conda": {}}


@pytest.mark.parametrize("sha256", ["zz", SHA[:-1], 7, ["x"], {"a": 1}])
def test_a_digest_that_cannot_be_read_is_not_no_digest(sha256: object) -> None:
    with pytest.raises(UpstreamLied):
        found({"packages": {"acme-1.0-0.conda": record(sha256=sha256)}})


@pytest.mark.parametrize(
    ("base_url", "where"),
    [
        (None, ""),
        ("", ""),
        ("./", ""),
        (FOLDER, ""),
        (FOLDER.rstrip("/"), ""),
        ("https://files.example/x", "https://files.example/x/"),
        ("../../files/", "https://registry.example/files/"),
        ("/files", "https://registry.example/files/"),
    ],
)
def test_where_packages_are(base_url: object, where: str) -> None:
    assert elsewhere(base_url, f"{FOLDER}repodata.json?x=1") == where
    info = {"info": {"base_url": base_url}}
    for tree in (info | {"packages": {"b-1+x-0.conda": record()}}, {"packages": {"b-1+x-0.conda": record()}} | info):
        assert found(tree)["b-1+x-0.conda"].url == (f"{where}b-1%2Bx-0.conda" if where else "")


def test_records_with_an_address_of_their_own() -> None:
    tree = {
        "packages": {"acme-1.0-0.conda": record(url="https://files.example/f/acme-1.0-0.conda?x=1")},
        "v3": {"whl": {"acme-1.0-py3_0": record(url="../wheels/acme-1.0-py3-none-any.whl")}},
    }
    assert {file: pin.url for file, pin in found(tree).items()} == {
        "acme-1.0-0.conda": "https://files.example/f/acme-1.0-0.conda?x=1",
        "acme-1.0-py3_0.whl": "https://registry.example/lab/wheels/acme-1.0-py3-none-any.whl",
    }
    after = shown(tree)
    assert after["packages"]["acme-1.0-0.conda"]["url"] == "acme-1.0-0.conda"
    assert after["v3"]["whl"]["acme-1.0-py3_0"] == record(url="acme-1.0-py3_0.whl")


@pytest.mark.parametrize("link", ["ftp://files.example/", "file:///etc/passwd", "//[x", "javascript:x", "https://a b/"])
def test_addresses_that_cannot_be_fetched(link: str) -> None:
    for tree in (
        {"info": {"base_url": link}, "packages": {}},
        {"packages": {"acme-1.0-0.conda": record(url=link)}},
    ):
        with pytest.raises(UpstreamLied, match="address"):
            found(tree)


# ---------------------------------------------------------------- what clients see


def test_where_nothing_changes_the_bytes_are_upstreams() -> None:
    body = json.dumps(index(), indent=3).encode()
    assert b"".join(render(JSON, Page(body, "", f"{FOLDER}repodata.json"), View("json", ""))) == body
    packed = zstandard.compress(body, 19)
    assert b"".join(render(ZST, Page(packed, "", f"{FOLDER}repodata.json.zst"), View("zstd", ""))) == packed


def test_hidden_versions_are_gone_in_every_form() -> None:
    before, after = index(), shown(index(), f"acme@{fold_version('1.1.0')}", "other@1")
    assert after == before | {
        "packages": {"acme-1.0-0.tar.bz2": record()},
        "packages.conda": {"b-c-2!0.1-x_1.conda": record("b-c", "2!0.1")},
        "v3": {"conda": {"new-3-0": record("new", "3")}, "whl": {}},
    }
    assert list(after) == list(before)


def test_packed_and_plain_show_the_same() -> None:
    hidden = View("zstd", "", hidden=frozenset({"acme@1.1"}))
    packed = Page(zstandard.compress(json.dumps(index()).encode()), "", f"{FOLDER}repodata.json.zst")
    body = b"".join(render(ZST, packed, hidden))
    assert zstandard.decompress(body, max_output_size=10**6) == b"".join(render(JSON, page(index()), hidden))
    assert b"".join(render(ZST, packed, hidden)) == body
    assert list(pins(ZST, packed)) == list(pins(JSON, page(index())))


def test_with_everything_hidden_a_valid_index_is_left() -> None:
    after = shown(index(), "acme@1", "acme@1.1", "b-c@2!0.1", "new@3")
    assert (after["packages"], after["packages.conda"], after["v3"]) == ({}, {}, {"conda": {}, "whl": {}})
    assert after["info"] == {"subdir": "linux-64"}


@pytest.mark.parametrize(
    ("file", "said"), [("acme-1.1-0.conda", record("x", "9")), ("x-9-0.conda", record(version="1.1.0"))]
)
def test_neither_name_nor_record_brings_a_hidden_version_back(file: str, said: dict[str, object]) -> None:
    assert shown({"packages": {file: said}}, "acme@1.1")["packages"] == {}


def test_a_base_url_never_leads_past_us() -> None:
    for base_url in (FOLDER, "https://files.example/", "/files"):
        assert shown(index(info={"subdir": "linux-64", "base_url": base_url}))["info"] == {"subdir": "linux-64"}


# ---------------------------------------------------------------- what is refused

LIES = [
    b"", b"{}", b"[]", b"<html>", b'{"message":"not found"}', b'{"packages":[]}', b'{"packages":null}', b'{"v3":7}',
    b'{"packages":{"a-1-0.conda":7}}', b'{"packages":{"a-1-0.conda":{}}', b'{"packages":{}} more',
    b'{"packages.conda":{"a-1-0.conda":[]}}', b'{"v3":{"conda":{"a-1-0":"x"}}}', b'{"packages":' + b"[" * 90_000,
]  # fmt: skip


@pytest.mark.parametrize("body", LIES, ids=range(len(LIES)))
def test_what_is_no_index(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(JSON, Page(body, "", f"{FOLDER}repodata.json")))
    with pytest.raises(UpstreamLied):
        list(pins(ZST, Page(zstandard.compress(body), "", f"{FOLDER}repodata.json.zst")))
    with pytest.raises(UpstreamLied):
        list(pins(ZST, Page(body, "", f"{FOLDER}repodata.json.zst")))


def test_an_index_that_breaks_off_packed_or_not() -> None:
    plain = json.dumps(index()).encode()
    packed = zstandard.compress(plain)
    for subject, body in ((JSON, plain[:-9]), (ZST, packed[:-9]), (ZST, packed[: len(packed) // 2])):
        with pytest.raises(UpstreamLied):
            list(pins(subject, Page(body, "", f"{FOLDER}repodata.json")))


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"a":1', b'{"a":1}}'])
def test_other_documents_must_be_objects(body: bytes) -> None:
    check(page({"notices": []}), packed=False)
    for packed in (False, True):
        with pytest.raises(UpstreamLied):
            check(Page(zstandard.compress(body) if packed else body, "", ""), packed=packed)


NAMES = st.sampled_from(["acme-1.0-0.conda", "acme-1.1-0.tar.bz2", "b-c-1-0.conda", "odd", "../x-1-0.conda"])
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["acme", "b-c", "ACME", 7]), "version": st.sampled_from(["1.0", "1.1", "1.1.0", None]),
        "sha256": st.sampled_from([SHA, "zz", None]), "md5": st.sampled_from([MD5, 3]),
        "size": st.integers() | st.text(max_size=2),
        "timestamp": st.integers() | st.floats(allow_nan=False) | st.text(max_size=2),
        "url": st.sampled_from(["", "x.whl", "https://files.example/x", "//[x", 5]),
    },
)  # fmt: skip
BASES = st.fixed_dictionaries({}, optional={"base_url": st.sampled_from(["", "/x", FOLDER, 4, None])})
GROUPS = st.dictionaries(NAMES, RECORDS, max_size=2) | st.text(max_size=2)
TREES = st.fixed_dictionaries(
    {},
    optional={
        "info": st.none() | BASES,
        "packages": st.dictionaries(NAMES, RECORDS, max_size=3),
        "packages.conda": st.dictionaries(NAMES, RECORDS | st.integers(), max_size=3),
        "v3": st.dictionaries(st.sampled_from(["conda", "whl", "x"]), GROUPS, max_size=2),
    },
)  # fmt: skip


@given(TREES, st.frozensets(st.sampled_from(["acme@1", "acme@1.1", "b-c@1"])))
def test_whatever_comes_is_refused_or_shown_with_its_pins(tree: object, hidden: frozenset[str]) -> None:
    try:
        told = found(tree)
    except UpstreamLied:
        return
    after = shown(tree, *hidden)
    files = {*after.get("packages", {}), *after.get("packages.conda", {})}
    assert {f for f in files if f.startswith(("acme-", "b-c-"))} <= told.keys()
    assert not any(f"{pin.name}@{fold_version(pin.version)}" in hidden for f, pin in told.items() if f in files)


# ---------------------------------------------------------------- size


def test_memory_does_not_grow_with_the_index() -> None:
    def body() -> Iterator[bytes]:
        yield b'{"info":{},"packages":{'
        for number in range(20_000):
            row = json.dumps(record(f"p{number}", summary="x" * 1600))
            yield (b"," if number else b"") + f'"p{number}-1.0-0.conda":{row}'.encode()
        yield b"}}"

    packer = zstandard.ZstdCompressor().compressobj()
    what = Page(b"".join(map(packer.compress, body())) + packer.flush(), "", f"{FOLDER}repodata.json.zst")
    tracemalloc.start()
    try:
        assert sum(1 for _ in pins(ZST, what)) == 20_000
        assert sum(map(len, render(ZST, what, View("zstd", "", hidden=frozenset({"p7@1"}))))) > 10_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * 2**20, "it unpacks to 35 MiB"
