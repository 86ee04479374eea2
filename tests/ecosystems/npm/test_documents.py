"""Packuments: what they pin, and how each client sees them."""

from __future__ import annotations

import base64
import hashlib
import json
import mmap
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View, decode_path, match_route
from subak.ecosystems.npm import NPM
from subak.ecosystems.npm.documents import ABBREVIATED, CHUNK
from subak.errors import NotFound, Refused, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Kind, Subject

BASE = "https://gateway.example/prefix/npm"
UPSTREAM = "https://registry.example/npm/"


def subject(name: str = "demo") -> Subject:
    return Subject("npm", Kind.INDEX, "packument", name, name)


def sri(data: bytes, algorithm: str = "sha512") -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def version(name: str, number: str, **more: Any) -> dict[str, Any]:
    file = f"{name.rpartition('/')[2]}-{number}.tgz"
    dist = {
        "integrity": sri(number.encode()),
        "shasum": hashlib.sha1(number.encode()).hexdigest(),
        "tarball": f"https://files.example/{name}/-/{file}",
        "fileCount": 3,
        "unpackedSize": 12345,
        "signatures": [{"keyid": "SHA256:x", "sig": "MEUC"}],
    }
    return {"name": name, "version": number, "dist": {**dist, **more.pop("dist", {})}, **more}


def packument(name: str = "demo", *numbers: str, **more: Any) -> dict[str, Any]:
    numbers = numbers or ("1.0.0", "1.1.0")
    return {
        "_id": name,
        "_rev": "3-abc",
        "name": name,
        "dist-tags": {"latest": numbers[-1]},
        "versions": {n: version(name, n) for n in numbers},
        "time": {
            "created": "2020-01-01T00:00:00.000Z",
            "modified": "2024-05-06T07:08:09.123Z",
            **dict.fromkeys(numbers, "2021-02-03T04:05:06.789Z"),
        },
        "readme": "# hello",
        **more,
    }


def page(document: object) -> Page:
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    return Page(body, "application/json", UPSTREAM + "demo")


def pins(document: object, name: str = "demo") -> list[Pin]:
    return list(NPM.pins(subject(name), page(document)))


def rendered(document: object, form: str, name: str = "demo", part: str = "", hidden: tuple[str, ...] = ()) -> bytes:
    view = View(form, BASE, part, frozenset(hidden))
    return b"".join(NPM.render(subject(name), page(document), view))


def seen(document: object, form: str, name: str = "demo", part: str = "", hidden: tuple[str, ...] = ()) -> Any:
    return json.loads(rendered(document, form, name, part, hidden))


# ---------------------------------------------------------------- pins


def test_a_pin_carries_everything_announced() -> None:
    name = "@scope/demo"
    assert pins(packument(name, "1.0.0"), name) == [
        Pin(
            path="@scope/demo/-/demo-1.0.0.tgz",
            url="https://files.example/@scope/demo/-/demo-1.0.0.tgz",
            digest=Digest("sha512", hashlib.sha512(b"1.0.0").hexdigest()),
            size=-1,
            name=name,
            version="1.0.0",
            published=1612325106.789,
        )
    ]


@pytest.mark.parametrize(
    ("dist", "algorithm"),
    [
        ({}, "sha512"),
        ({"integrity": None}, "sha1"),
        ({"integrity": ""}, "sha1"),
        ({"integrity": "sha3-AAAA"}, "sha1"),  # an algorithm we cannot check
        ({"integrity": sri(b"x", "sha1") + " " + sri(b"x", "sha384")}, "sha384"),
        ({"integrity": sri(b"x", "md5")}, "sha1"),
        ({"integrity": None, "shasum": None}, ""),
    ],
)
def test_the_strongest_digest_is_pinned(dist: dict[str, Any], algorithm: str) -> None:
    document = packument(versions={"1.0.0": version("demo", "1.0.0", dist=dist)})
    assert [pin.digest.algorithm for pin in pins(document)] == [algorithm]


def test_no_digest_is_unpinned() -> None:
    tarball = {"tarball": "https://files.example/demo-1.0.0.tgz"}
    assert pins(packument(versions={"1.0.0": {"dist": tarball}}))[0].digest == UNPINNED


@pytest.mark.parametrize(
    "dist", [{"integrity": "sha512-!!"}, {"integrity": "sha512-AAAA"}, {"shasum": "12"}, {"integrity": 5}]
)
def test_an_unreadable_digest_is_no_pin_at_all(dist: dict[str, Any]) -> None:
    with pytest.raises(UpstreamLied, match=r"demo@1\.0\.0"):
        pins(packument(versions={"1.0.0": version("demo", "1.0.0", dist=dist)}))


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("2021-02-03T04:05:06.789Z", 1612325106.789),
        ("2021-02-03T04:05:06.789000+00:00", 1612325106.789),
        ("2021-02-03T05:05:06+01:00", 1612325106.0),
        ("2021-02-03T04:05:06", 1612325106.0),
        ("yesterday", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_publish_time(text: str | None, published: float) -> None:
    assert pins(packument("demo", "1.0.0", time={"1.0.0": text}))[0].published == published


def test_no_time_at_all() -> None:
    document = packument()
    del document["time"]
    assert {pin.published for pin in pins(document)} == {0.0}
    assert "time" not in seen(document, "abbreviated")


@pytest.mark.parametrize(
    ("tarball", "path", "url"),
    [
        ("https://f.example/a/odd.tgz?x=1#y", "demo/-/odd.tgz", "https://f.example/a/odd.tgz?x=1#y"),
        ("/files/odd.tgz", "demo/-/odd.tgz", "https://registry.example/files/odd.tgz"),
        ("https://f.example/demo-1.0.0%2Bb.tgz", "demo/-/demo-1.0.0+b.tgz", "https://f.example/demo-1.0.0%2Bb.tgz"),
        ("https://f.example/..%2f..%2fetc", "demo/-/demo-1.0.0.tgz", "https://f.example/..%2f..%2fetc"),
        ("https://f.example/%ff.tgz", "demo/-/demo-1.0.0.tgz", "https://f.example/%ff.tgz"),
        ("https://f.example/a/", "demo/-/demo-1.0.0.tgz", "https://f.example/a/"),
    ],
)
def test_file_names(tarball: str, path: str, url: str) -> None:
    (pin,) = pins(packument(versions={"1.0.0": version("demo", "1.0.0", dist={"tarball": tarball})}))
    assert (pin.path, pin.url) == (path, url)


@pytest.mark.parametrize(
    "dist",
    [
        None,
        {},
        {"tarball": None},
        {"tarball": "file:///etc/passwd"},
        {"tarball": "ftp://x/a.tgz"},
        {"tarball": "//[x/a.tgz"},
    ],
)
def test_what_cannot_be_fetched_is_not_pinned(dist: dict[str, Any] | None) -> None:
    document = packument(versions={"1.0.0": {"name": "demo", "version": "1.0.0", "dist": dist}})
    assert pins(document) == []
    assert "passwd" not in json.dumps(seen(document, "full")["versions"]).replace(f"{BASE}/demo/-/passwd", "")


def test_two_files_of_one_base_name_stay_two() -> None:
    """Some hosts end every address in '/download'."""
    versions = {n: version("demo", n, dist={"tarball": f"https://f.example/{n}/download"}) for n in ("1.0.0", "1.1.0")}
    document = packument(versions=versions)
    assert [pin.path for pin in pins(document)] == ["demo/-/download", "demo/-/demo-1.1.0.tgz"]
    full = seen(document, "full")["versions"]
    assert [v["dist"]["tarball"] for v in full.values()] == [f"{BASE}/demo/-/download", f"{BASE}/demo/-/demo-1.1.0.tgz"]
    hidden = seen({**document, "dist-tags": {}}, "full", hidden=("1.0.0",))["versions"]
    assert hidden["1.1.0"]["dist"]["tarball"] == f"{BASE}/demo/-/demo-1.1.0.tgz"
    assert seen(document, "manifest", part="1.1.0")["dist"]["tarball"] == f"{BASE}/demo/-/demo-1.1.0.tgz"


# ---------------------------------------------------------------- what is no packument


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>please log in</html>",
        b'{"name":"demo"',
        b"[]",
        b"null",
        b'{"error":"not_found"}',
        b'{"name":"demo"}',
        b'{"name":"other","versions":{}}',
        b'{"name":"Demo","versions":{}}',
        b'{"name":null,"versions":{}}',
        b'{"name":["demo"],"versions":{}}',
        b'{"name":"demo","versions":[]}',
        b'{"name":"demo","versions":{"1.0.0":"x"}}',
        b'{"name":"demo","versions":{"1.0.0":{"dist":[]}}}',
        b'{"name":"demo","versions":{"1.0.0":{"dist":{"tarball":1}}}}',
        b'{"name":"demo","versions":{},"time":[]}',
        b'{"name":"demo","versions":{"1.0.0":{"\xff":1}}}',
        b'{"name":"demo","versions":{},"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name":"demo","versions":{},"readme":"\\ud83d", x}',
        b"\x1f\x8b\x08\x00",
    ],
)
def test_an_upstream_that_lies_is_not_believed(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(NPM.pins(subject(), page(body)))


def test_an_unpublished_package_is_an_absence() -> None:
    stub = {
        "_id": "demo",
        "name": "demo",
        "time": {"unpublished": {"time": "2024-01-01T00:00:00.000Z", "versions": ["1.0.0"]}},
    }
    with pytest.raises(NotFound, match="unpublished"):
        pins(stub)


def test_a_document_without_versions_is_valid() -> None:
    document = {"name": "demo", "dist-tags": {}, "versions": {}}
    assert pins(document) == []
    assert seen(document, "full") == document
    assert seen(document, "full", hidden=("1.0.0",)) == document


def test_broken_tags_are_not_believed() -> None:
    with pytest.raises(UpstreamLied, match="dist-tags"):
        rendered(packument(**{"dist-tags": {"latest": 1}}), "full")
    with pytest.raises(UpstreamLied, match="dist-tags"):  # so it never takes the place of one that can be shown
        pins(packument(**{"dist-tags": {"latest": 1}}))


def test_half_a_surrogate_pair_in_a_cut_readme_is_mended() -> None:
    body = json.dumps(packument(readme="whole \U0001f600 and cut \ud83d", quoted="\\ud83d")).encode()
    assert len(list(NPM.pins(subject(), page(body)))) == 2
    full = seen(body, "full")
    assert full["readme"] == "whole \U0001f600 and cut \ufffd"
    assert full["quoted"] == "\\ud83d"


# ---------------------------------------------------------------- the full form


def test_full_changes_addresses_and_nothing_else() -> None:
    attestations = {
        "url": "https://registry.example/-/npm/v1/attestations/demo@1.0.0",
        "provenance": {"predicateType": "p"},
    }
    document = packument(
        versions={"1.0.0": version("demo", "1.0.0", dist={"attestations": attestations}, unknown=[1, {}])}
    )
    want = json.loads(json.dumps(document))
    want["versions"]["1.0.0"]["dist"]["tarball"] = f"{BASE}/demo/-/demo-1.0.0.tgz"
    want["versions"]["1.0.0"]["dist"]["attestations"]["url"] = f"{BASE}/-/npm/v1/attestations/demo@1.0.0"
    full = seen(document, "full")
    assert full == want
    assert list(full) == list(want)
    assert list(full["versions"]["1.0.0"]) == list(want["versions"]["1.0.0"])


def test_scoped_addresses_are_not_encoded() -> None:
    dist = {"attestations": {"url": "https://registry.example/x"}}
    document = packument("@s/demo", versions={"1.0.0": version("@s/demo", "1.0.0", dist=dist)})
    served = seen(document, "full", "@s/demo")["versions"]["1.0.0"]["dist"]
    assert served["tarball"] == f"{BASE}/@s/demo/-/demo-1.0.0.tgz"
    assert served["attestations"]["url"] == f"{BASE}/-/npm/v1/attestations/@s/demo@1.0.0"


def test_what_is_not_ours_stays_byte_for_byte() -> None:
    odd = b'{"big":123456789012345678901234567890.50e+400,"a":"\\u00e9\\/\xc3\xa9","a":2 , "n":-0.0}'
    body = b'{ "name" : "demo", "odd":' + odd + b',"versions":{"1.0.0":{"odd":' + odd + b"}}}"
    full = rendered(body, "full")
    assert full.count(odd) == 2
    assert b'"versions":{"1.0.0":{"odd":' + odd + b"}}" in full


def test_an_abbreviated_upstream_is_passed_on() -> None:
    document = json.loads(rendered(packument(), "abbreviated"))
    del document["time"]
    assert seen(document, "full") == document
    assert seen(document, "abbreviated") == document


# ---------------------------------------------------------------- the abbreviated form


def test_abbreviated_keeps_what_installs_need() -> None:
    more = {field: {"kept": field} for field in ABBREVIATED - {"name", "version", "dist", "hasInstallScript"}}
    dropped = {
        "scripts": {"test": "x"},
        "readme": "long",
        "_npmUser": {"name": "x"},
        "gitHead": "abc",
        "description": "d",
    }
    served = seen(packument(versions={"1.0.0": version("demo", "1.0.0", **more, **dropped)}), "abbreviated")
    assert set(served) == {"name", "modified", "dist-tags", "versions", "time"}
    manifest = served["versions"]["1.0.0"]
    assert set(manifest) == ABBREVIATED - {"hasInstallScript"}
    assert {field: manifest[field] for field in more} == more
    assert manifest["dist"]["signatures"] == [{"keyid": "SHA256:x", "sig": "MEUC"}]
    assert manifest["dist"]["unpackedSize"] == 12345


def test_modified_comes_from_where_upstream_has_it() -> None:
    assert seen(packument(), "abbreviated")["modified"] == "2024-05-06T07:08:09.123Z"
    assert seen(packument(modified="2025-01-01T00:00:00.000Z"), "abbreviated")["modified"] == "2025-01-01T00:00:00.000Z"
    assert "modified" not in seen(packument(time={}), "abbreviated")


@pytest.mark.parametrize(
    ("more", "want"),
    [
        ({"scripts": {"postinstall": "x"}}, True),
        ({"scripts": {"install": "x"}}, True),
        ({"scripts": {"preinstall": "x"}}, True),
        ({"scripts": {"test": "x", "prepare": "y"}}, None),
        ({"scripts": "odd"}, None),
        ({"scripts": None}, None),
        ({"hasInstallScript": True}, True),
        ({"hasInstallScript": False, "scripts": {"install": "x"}}, False),
        ({}, None),
    ],
)
def test_install_scripts_are_announced(more: dict[str, Any], want: bool | None) -> None:
    served = seen(packument(versions={"1.0.0": version("demo", "1.0.0", **more)}), "abbreviated")
    assert served["versions"]["1.0.0"].get("hasInstallScript") is want


# ---------------------------------------------------------------- parts


def test_manifest_by_version_and_by_tag() -> None:
    document = packument()
    full = seen(document, "full")
    assert seen(document, "manifest", part="1.0.0") == full["versions"]["1.0.0"]
    assert seen(document, "manifest", part="latest") == full["versions"]["1.1.0"]


@pytest.mark.parametrize("part", ["9.9.9", "next", "dangling", ""])
def test_no_such_manifest(part: str) -> None:
    with pytest.raises(NotFound):
        rendered(packument(**{"dist-tags": {"dangling": "7.0.0"}}), "manifest", part=part)


def test_tags() -> None:
    assert seen(packument(**{"dist-tags": {"latest": "1.0.0", "next": "1.1.0"}}), "tags") == {
        "latest": "1.0.0",
        "next": "1.1.0",
    }
    assert seen({"name": "demo", "versions": {}}, "tags") == {}


def test_keys_and_attestations_pass_unchanged() -> None:
    keys = Subject("npm", Kind.CONFIG, "keys", "-/npm/v1/keys")
    body = b'{ "keys": [ ] }'
    assert list(NPM.pins(keys, page(body))) == []
    assert b"".join(NPM.render(keys, page(body), View("json", BASE))) == body
    with pytest.raises(UpstreamLied):
        NPM.pins(keys, page(b"<html>"))


# ---------------------------------------------------------------- withheld versions


@pytest.mark.parametrize("form", ["full", "abbreviated"])
def test_a_hidden_version_leaves_no_trace(form: str) -> None:
    document = packument("demo", "1.0.0", "1.1.0", "2.0.0-rc.1", "2.0.0-rc.2")
    document["dist-tags"] = {"latest": "1.1.0", "next": "2.0.0-rc.2", "old": "1.1.0"}
    served = seen(document, form, hidden=("1.1.0", "2.0.0-rc.2"))
    assert list(served["versions"]) == ["1.0.0", "2.0.0-rc.1"]
    assert served["dist-tags"] == {"latest": "1.0.0", "next": "2.0.0-rc.1"}
    assert set(served["time"]) == {"created", "modified", "1.0.0", "2.0.0-rc.1"}
    assert served["time"]["modified"] == document["time"]["modified"]


def test_a_deprecated_version_does_not_become_latest() -> None:
    document = packument("demo", "1.0.0", "1.1.0", "1.2.0")
    document["versions"]["1.1.0"]["deprecated"] = "do not use"
    document["versions"]["1.0.0"]["deprecated"] = False
    assert seen(document, "tags", hidden=("1.2.0",)) == {"latest": "1.0.0"}


def test_a_hidden_manifest_is_refused_and_latest_moves() -> None:
    with pytest.raises(Refused, match=r"demo@1\.1\.0") as refusal:
        rendered(packument(), "manifest", part="1.1.0", hidden=("1.1.0",))
    assert refusal.value.rule == "deny"
    assert seen(packument(), "manifest", part="latest", hidden=("1.1.0",))["version"] == "1.0.0"


@pytest.mark.parametrize("form", ["full", "abbreviated", "manifest", "tags"])
def test_all_hidden_is_a_refusal_before_the_first_byte(form: str) -> None:
    with pytest.raises(Refused, match="every version of demo") as refusal:
        NPM.render(subject(), page(packument()), View(form, BASE, "latest", frozenset({"1.0.0", "1.1.0"})))
    assert refusal.value.rule == "deny"


def test_without_hidden_versions_tags_stay_upstreams_own() -> None:
    body = json.dumps(packument()).encode().replace(b'{"latest": "1.1.0"}', b'{"latest" : "9.9.9"}')
    assert b'"dist-tags":{"latest" : "9.9.9"}' in rendered(body, "full")


# ---------------------------------------------------------------- whatever upstream sends

TARBALLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["https://f.example/download", "https://f.example/x/download", "/a/b.tgz", "..", "https://f.example/%2e%2e"]
    ),
    st.from_regex(r"https://f\.example/[a-c]/[a-z%2F.+?#-]{0,8}", fullmatch=True),
)
DOCUMENTS = st.dictionaries(
    st.one_of(st.from_regex(r"[0-2]\.[0-2]\.[0-2](-[ab]\.[0-9])?", fullmatch=True), st.text(max_size=8)),
    TARBALLS, min_size=1, max_size=6,
)  # fmt: skip


@given(DOCUMENTS)
def test_every_address_served_is_ours_and_means_its_pin(tarballs: dict[str, str]) -> None:
    versions = {
        v: {"version": v, "dist": {"tarball": t, "shasum": hashlib.sha1(t.encode()).hexdigest()}}
        for v, t in tarballs.items()
    }
    document = {"name": "demo", "dist-tags": {}, "versions": versions}
    by_path = {pin.path: pin for pin in pins(document)}
    full = seen(document, "full")
    for number, manifest in full["versions"].items():
        address = manifest["dist"]["tarball"]
        if not tarballs[number]:
            continue
        assert address.startswith(f"{BASE}/demo/-/")
        found = match_route(NPM.routes, decode_path(NPM.spell(address.removeprefix(BASE))))
        assert found
        asked = NPM.subject(*found)
        assert isinstance(asked, Subject)
        assert asked.kind is Kind.ARTIFACT
        if asked.key in by_path:
            assert by_path[asked.key].digest.hex == manifest["dist"]["shasum"]
    assert {v["dist"]["tarball"] for v in seen(document, "abbreviated")["versions"].values()} == {
        v["dist"]["tarball"] for v in full["versions"].values()
    }


@given(DOCUMENTS, st.sampled_from(["full", "abbreviated"]))
def test_rendering_twice_is_rendering_once(tarballs: dict[str, str], form: str) -> None:
    versions = {v: {"version": v, "scripts": {"install": "x"}, "dist": {"tarball": t}} for v, t in tarballs.items()}
    once = rendered({"name": "demo", "dist-tags": {}, "versions": versions, "time": {"modified": "x"}}, form)
    assert rendered(once, form) == once


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["name", "versions", "time", "dist-tags", "readme"]), JSONS), JSONS, JSONS)
def test_any_json_is_a_document_or_a_lie(top: dict[str, Any], manifest: Any, dist: Any) -> None:
    for document in (
        top,
        {"name": "demo", "versions": {"1.0.0": manifest}},
        {"name": "demo", "versions": {"1": {"dist": dist}}},
    ):
        try:
            pins(document)
            for form in ("full", "abbreviated", "tags"):
                seen(document, form, hidden=("0.0.1",))
        except (UpstreamLied, NotFound):
            pass


@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_a_lie(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        pins(body)


# ---------------------------------------------------------------- size


def test_a_large_packument_needs_no_memory_of_its_size(tmp_path: Path) -> None:
    """Ten megabytes from a memory map: neither pins nor any form may build it up on the heap."""
    name, count = "demo", 400
    document = packument(name, *(f"{n}.0.0" for n in range(count)), readme="r" * 5_000_000)
    for manifest in document["versions"].values():
        manifest["readme"] = "x" * 12_000
    (tmp_path / "body").write_bytes(json.dumps(document).encode())
    size = (tmp_path / "body").stat().st_size
    assert size > 9_500_000
    with (tmp_path / "body").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    del document
    whole = Page(memoryview(mapped), "application/json", UPSTREAM + name)
    tracemalloc.start()
    try:
        assert sum(1 for _ in NPM.pins(subject(name), whole)) == count
        for form in ("full", "abbreviated", "manifest", "tags"):
            for piece in NPM.render(subject(name), whole, View(form, BASE, "latest")):
                assert len(piece) < 2 * CHUNK
        assert tracemalloc.get_traced_memory()[1] < size / 10
    finally:
        tracemalloc.stop()
