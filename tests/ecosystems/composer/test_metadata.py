"""A package's metadata: what it pins, how it is edited, what remains valid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View, decode_path, match_route
from subak.ecosystems.composer import COMPOSER
from subak.ecosystems.composer.metadata import announced, shown
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Kind, Subject

HERE = "http://127.0.0.1:8765/composer"
LIB = Subject("composer", Kind.INDEX, "package", "p2/acme/lib.json", "acme/lib")
LIB_DEV = Subject("composer", Kind.INDEX, "package", "p2/acme/lib~dev.json", "acme/lib")
A, B, C = "a" * 40, "b" * 40, "c" * 40


def dist(reference: str, **more: object) -> dict[str, Any]:
    return {"type": "zip", "url": f"https://code.example/lib/zip/{reference}", "reference": reference, **more}


def release(version: str, reference: str = A, **more: object) -> dict[str, Any]:
    return {
        "name": "acme/lib",
        "version": version,
        "version_normalized": f"{version.removeprefix('v')}.0",
        "dist": dist(reference, shasum=""),
        "time": "2024-05-06T07:08:09+00:00",
        **more,
    }


def minify(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As Composer's MetadataMinifier writes it."""
    found: list[dict[str, Any]] = []
    last: Mapping[str, Any] = {}
    for entry in entries:
        changed = {k: v for k, v in entry.items() if k not in last or last[k] != v}
        found.append(changed | {k: "__unset" for k in last if k not in entry})
        last = entry
    return found


def expand(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """As Composer reads it."""
    found: list[dict[str, Any]] = []
    now: dict[str, Any] = {}
    for entry in entries:
        now = {k: v for k, v in (now | dict(entry)).items() if v != "__unset"}
        found.append(now)
    return found


def page(document: object, url: str = "https://registry.example/p2/acme/lib.json") -> Page:
    return Page(json.dumps(document).encode(), "application/json", url)


def document(*entries: Mapping[str, Any], minified: bool = True, **more: object) -> Page:
    if minified:
        return page({"packages": {"acme/lib": minify(entries)}, "minified": "composer/2.0", **more})
    return page({"packages": {"acme/lib": list(entries)}, **more})


def pins(of: Page, subject: Subject = LIB) -> list[Pin]:
    return list(announced(subject, of))


def seen(of: Page, *hidden: str, subject: Subject = LIB) -> dict[str, Any]:
    """What a client reads."""
    found: dict[str, Any] = json.loads(b"".join(shown(subject, of, View("json", HERE, hidden=frozenset(hidden)))))
    return found


def versions(of: Page, *hidden: str, subject: Subject = LIB) -> list[dict[str, Any]]:
    found = seen(of, *hidden, subject=subject)
    entries: list[dict[str, Any]] = found["packages"]["acme/lib"]
    return expand(entries) if "minified" in found else entries


# ---------------------------------------------------------------- pins


def test_a_dist_is_pinned_by_its_shasum() -> None:
    sha1 = hashlib.sha1(b"zip").hexdigest()
    assert pins(document(release("v1.1.0", B, dist=dist(B, shasum=sha1)), release("1.0.0"))) == [
        Pin(
            f"dists/acme/lib/1.1.0/{B}.zip", f"https://code.example/lib/zip/{B}", Digest("sha1", sha1), -1,
            "acme/lib", "1.1.0", 1714979289.0, "application/zip",
        ),
        Pin(
            f"dists/acme/lib/1.0.0/{A}.zip", f"https://code.example/lib/zip/{A}", UNPINNED, -1,
            "acme/lib", "1.0.0", 1714979289.0, "application/zip",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("shasum", ["", None])
def test_an_empty_shasum_is_unpinned(shasum: str | None) -> None:
    assert pins(document(release("1.0.0", dist=dist(A, shasum=shasum))))[0].digest == UNPINNED


@pytest.mark.parametrize("shasum", ["0123", "g" * 40, 7, {"a": 1}, "a" * 64])
def test_a_shasum_that_cannot_be_read_is_not_taken_for_none(shasum: object) -> None:
    with pytest.raises(UpstreamLied):
        pins(document(release("1.0.0", dist=dist(A, shasum=shasum))))


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        ("2024-05-06T09:08:09+02:00", 1714979289.0),
        ("2024-05-06 07:08:09", 1714979289.0),
        ("1960-01-01T00:00:00+00:00", 0.0),
        ("yesterday", 0.0),
        ("", 0.0),
        (None, 0.0),
        (7, 0.0),
    ],
)
def test_times(time: object, moment: float) -> None:
    assert pins(document(release("1.0.0", time=time)))[0].published == moment


def test_branches_with_slashes_and_odd_references_are_escaped() -> None:
    odd = release("dev-feature/x", dist=dist("refs/heads/x#1"))
    (pin,) = pins(document(odd), LIB_DEV)
    assert pin.path == "dists/acme/lib/dev-feature~2fx/refs~2fheads~2fx~231.zip"
    assert pin.version == "dev-feature/x"
    assert versions(document(odd), subject=LIB_DEV)[0]["dist"]["url"] == f"{HERE}/{pin.path}"


def test_without_a_reference_other_bytes_get_another_path() -> None:
    bare = {"type": "tar", "url": "https://code.example/lib.tar"}
    moved = bare | {"url": "https://code.example/lib-2.tar"}
    summed = bare | {"shasum": B}
    paths = [pins(document(release("1.0.0", dist=d)))[0].path for d in (bare, moved, summed)]
    assert len(set(paths)) == 3
    assert paths[2] == f"dists/acme/lib/1.0.0/{B}.tar"


def test_two_spellings_of_one_release_are_one_file() -> None:
    assert [pin.version for pin in pins(document(release("v1.0.0"), release("1.0.0")))] == ["1.0.0"]


@pytest.mark.parametrize(
    ("url", "absolute"),
    [
        ("https://code.example/%package%/%reference%.%type%", f"https://code.example/acme/lib/{A}.zip"),
        ("https://code.example/%version%-%prettyVersion%", "https://code.example/1.0.0.0-v1.0.0"),
        ("https://code.example/a%20b%2Fc", "https://code.example/a%20b%2Fc"),
    ],
)
def test_a_dists_url_is_a_template(url: str, absolute: str) -> None:
    assert pins(document(release("v1.0.0", dist=dist(A) | {"url": url})))[0].url == absolute


def test_a_template_takes_digests_of_what_would_not_fit() -> None:
    odd = release(
        "dev-a/b", version_normalized="dev-a/b", dist=dist("x/y") | {"url": "https://c.example/%version%/%reference%"}
    )
    assert pins(document(odd), LIB_DEV)[0].url == "https://c.example/" + "/".join(
        hashlib.md5(text.encode()).hexdigest() for text in ("dev-a/b", "x/y")
    )


@pytest.mark.parametrize(
    "unreachable",
    [
        None, [], {}, {"type": "zip"}, {"url": "https://code.example/x"}, dist(A) | {"url": "/zips/lib.zip"},
        dist(A) | {"url": "lib.zip"},
        dist(A) | {"url": "git@code.example:acme/lib"}, dist(A) | {"url": "file:///etc/passwd"},
        dist(A) | {"url": "//[x"}, dist(A) | {"url": "https://code.example/a b"},
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_is_not_offered(unreachable: object) -> None:
    of = document(release("1.0.0", dist=unreachable, source={"type": "git", "url": "https://code.example/lib.git"}))
    assert pins(of) == []
    (only,) = versions(of)
    assert "dist" not in only
    assert only["source"] == {"type": "git", "url": "https://code.example/lib.git"}


# ---------------------------------------------------------------- rendering


def test_all_but_the_addresses_stays() -> None:
    entry = release(
        "1.0.0", require={"php": ">=8"}, extra={"x": [1.50, None]}, source={"type": "git", "reference": A}, funding=[]
    )
    of = document(entry, **{"security-advisories": [{"advisoryId": "X"}], "filter": {"malware": []}, "new": 1})
    found = seen(of)
    assert found["minified"] == "composer/2.0"
    assert found["security-advisories"] == [{"advisoryId": "X"}]
    assert found["filter"] == {"malware": []}
    assert found["new"] == 1
    ours = entry["dist"] | {"url": f"{HERE}/dists/acme/lib/1.0.0/{A}.zip"}
    assert versions(of) == [entry | {"dist": ours}]


def test_what_leads_round_the_gateway_is_dropped() -> None:
    entry = release("1.0.0", dist=dist(A, mirrors=[{"url": "https://elsewhere.example/%package%", "preferred": True}]))
    (only,) = versions(document(entry | {"notification-url": "https://registry.example/downloads/"}))
    assert "notification-url" not in only
    assert "mirrors" not in only["dist"]
    assert "elsewhere" not in json.dumps(only)


def test_minified_metadata_stays_small() -> None:
    entries = [release(f"1.0.{n}", f"{n:040x}", description="x" * 1000) for n in range(50)]
    assert len(json.dumps(seen(document(*entries)))) < 20_000


def test_members_that_end_are_unset_also_across_hidden_versions() -> None:
    entries = [
        release("1.3.0", A, abandoned="acme/new", bin=["a"]),
        release("1.2.0", B, abandoned="acme/new"),
        release("1.1.0", C, suggest={"ext-x": "*"}),
        release("1.0.0", A),
    ]
    for hidden in ((), ("1.2.0",), ("1.3.0",), ("1.1.0",), ("1.3.0", "1.1.0"), ("1.0.0",)):
        shown_now = versions(document(*entries), *hidden)
        plain = versions(document(*entries, minified=False), *hidden)
        assert shown_now == plain
        assert [e["version"] for e in plain] == [e["version"] for e in entries if e["version"] not in hidden]
        for entry in plain:
            original = next(e for e in entries if e["version"] == entry["version"])
            assert {k: v for k, v in entry.items() if k != "dist"} == {k: v for k, v in original.items() if k != "dist"}


@pytest.mark.parametrize("hidden", ["1.1.0", "v1.1.0", "1.1", "1.1.0.0"])
def test_a_hidden_version_is_gone_however_it_is_spelled(hidden: str) -> None:
    assert [e["version"] for e in versions(document(release("v1.1.0"), release("v1.0.0")), hidden)] == ["v1.0.0"]


@pytest.mark.parametrize("minified", [True, False])
def test_when_all_versions_are_hidden_the_name_stays_known(minified: bool) -> None:
    found = seen(document(release("1.1.0"), release("1.0.0"), minified=minified), "1.0.0", "1.1.0")
    assert found["packages"] == {"acme/lib": []}


@pytest.mark.parametrize("packages", [[], {}])
def test_a_document_that_does_not_know_the_package_stays_one(packages: object) -> None:
    # `{"acme/lib": []}` would keep the client from asking its next repository
    of = page({"packages": packages})
    assert seen(of) == {"packages": {}}
    assert pins(of) == []


def test_a_package_without_branches_stays_one() -> None:
    assert seen(page({"packages": {"acme/lib": []}, "minified": "composer/2.0"}))["packages"] == {"acme/lib": []}


# ---------------------------------------------------------------- packages that stand in a root

ROOT = {
    "packages": {
        "Acme/Lib": {"1.0.0": release("1.0.0"), "dev-main": release("dev-main", B)},
        "acme/other": {"2.0.0": release("2.0.0") | {"name": "acme/other"}},
    },
    "notify-batch": "https://registry.example/downloads/",
    "filter": {"metadata": True},
}


def test_a_root_gives_tags_and_branches_apart_and_nothing_of_its_own() -> None:
    of = page(ROOT, "https://registry.example/packages.json")
    assert seen(of).keys() == {"packages"}
    assert [e["version"] for e in versions(of)] == ["1.0.0"]
    assert [e["version"] for e in versions(of, subject=LIB_DEV)] == ["dev-main"]
    assert [pin.version for pin in pins(of)] == ["1.0.0"]
    assert [pin.version for pin in pins(of, LIB_DEV)] == ["dev-main"]


# ---------------------------------------------------------------- hostile documents


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>not found</html>", b"{}", b"[]", b'{"packages":1}', b'{"packages":{"acme/lib":1}}',
        b'{"packages":{"acme/other":[]}}', b'{"packages":{"acme/lib":[1]}}', b'{"packages":{"acme/lib":[{}]}}',
        b'{"packages":{"acme/lib":[{"version":1}]}}', b'{"packages":{"acme/lib":[{"version":" "}]}}',
        b'{"packages":{"acme/lib":[{"version":"1","name":"acme/other"}]}}',
        b'{"packages":{"acme/lib":[{"version":"1","dist":7}]}}',
        b'{"packages":{"acme/lib":[{"version":"1","dist":{"url":7}}]}}',
        b'{"packages":{"acme/lib":[]},"minified":"composer/3.0"}', b'{"packages":{"acme/lib":[]},"minified":true}',
        b'{"packages":{"acme/lib":[{"version":"\\ud800"}]}}',
    ],
)  # fmt: skip
def test_what_is_no_metadata_is_the_upstreams_lie(body: bytes) -> None:
    of = Page(body, "text/html", "https://registry.example/p2/acme/lib.json")
    with pytest.raises(UpstreamLied):
        pins(of)
    with pytest.raises(UpstreamLied):
        seen(of)


def test_a_small_document_cannot_stand_for_a_huge_one() -> None:
    entry = {"version": "1", **{f"x{n}": 0 for n in range(300)}}
    with pytest.raises(UpstreamLied, match="members"):
        pins(page({"packages": {"acme/lib": [entry]}, "minified": "composer/2.0"}))


def test_many_versions_leave_in_pieces() -> None:
    entries = [release(f"1.0.{n}", f"{n:040x}", description="x" * 1000) for n in range(300)]
    pieces = list(shown(LIB, document(*entries, minified=False), View("json", HERE)))
    assert len(pieces) > 3
    assert max(map(len, pieces)) < 70_000


# ---------------------------------------------------------------- whatever comes

_TEXT = st.text(max_size=10)
_VALUE = st.one_of(st.none(), st.integers(), _TEXT, st.dictionaries(_TEXT, _TEXT, max_size=2))
_DIST = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["zip", "tar", ".", "z/p"]),
        "url": st.sampled_from(["https://c.example/x", "/%version%", "x y"]),
    },
    optional={"reference": st.one_of(st.none(), _TEXT, st.just(A)), "shasum": st.sampled_from(["", B, None])},
)
_ENTRY = st.fixed_dictionaries(
    {
        "version": st.one_of(
            st.sampled_from(["1.0", "v1.0", "1.0.0", "2.0-beta1", "dev-a/b", ".."]), st.text(min_size=1)
        )
    },
    optional={
        "dist": st.one_of(_DIST, _DIST, st.none()),
        "time": _VALUE,
        "extra": _VALUE,
        "bin": _VALUE,
        "require": _VALUE,
    },
)
_ENTRIES = st.lists(_ENTRY, max_size=6)
_VERSION = st.sampled_from(["1.0", "2.0-beta1", "dev-a/b"])


@given(_ENTRIES, st.booleans(), st.frozensets(_VERSION))
def test_pins_cover_every_link_and_rendering_is_idempotent(
    entries: list[dict[str, Any]], minified: bool, hidden: frozenset[str]
) -> None:
    of = document(*entries, minified=minified)
    try:
        known = {pin.path: pin for pin in pins(of)}
    except UpstreamLied:
        return
    body = b"".join(shown(LIB, of, View("json", HERE, hidden=hidden)))
    read = json.loads(body)
    for entry in expand(read["packages"]["acme/lib"]) if minified else read["packages"]["acme/lib"]:
        if "dist" not in entry:
            continue
        path = decode_path(entry["dist"]["url"].removeprefix(HERE))
        pin = known[path.removeprefix("/")]
        found = match_route(COMPOSER.routes, path)
        assert found
        subject = COMPOSER.subject(*found)
        assert isinstance(subject, Subject)
        assert (subject.key, subject.name, subject.version) == (pin.path, pin.name, pin.version)
    again = b"".join(shown(LIB, Page(body, "", of.url), View("json", HERE, hidden=hidden)))
    assert len(json.loads(again)["packages"]["acme/lib"]) == len(read["packages"]["acme/lib"])
    dists = [entry.get("dist") or {"reference": A} for entry in entries]
    if all(dist.get("reference") or dist.get("shasum") for dist in dists):  # else the address itself is the sign
        assert again == body


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["packages", "acme/lib", "version", "dist", "url", "minified", "x"]), inner)
    ),
    max_leaves=12,
)


@given(st.one_of(_JSON, st.builds(lambda inner: {"packages": {"acme/lib": inner}}, _JSON)))
def test_hostile_documents_raise_upstream_lied_and_nothing_else(document: object) -> None:
    for read in (lambda: pins(page(document)), lambda: seen(page(document), "1.0")):
        try:
            read()
        except UpstreamLied:
            continue


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        pins(Page(body, "", "https://registry.example/"))
    except UpstreamLied:
        return
