"""Answers of the gallery API: what they pin, what the client sees, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.openvsx import gallery
from subak.ecosystems.openvsx.places import VSIX, Place, vsix
from subak.ecosystems.openvsx.question import ALL, LATEST_OF_EACH, NEWEST, NEWEST_OF_EACH, about_one
from subak.errors import NotFound, UpstreamLied
from subak.model.exchange import Kind, Subject

BASE = "https://gateway.example/openvsx"
THEIRS = "https://registry.example/sub"
HELLO = about_one(Place("acme", "hello"), "query", 439)
LATEST = about_one(Place("acme", "hello"), "latest", LATEST_OF_EACH)
SEARCH = Subject("openvsx", Kind.LISTING, "search", "vscode/gallery/extensionquery/x", part=ALL)
MANIFEST = "Microsoft.VisualStudio.Code.Manifest"


def version(number: str, target: str | None = "universal", *, pre: bool = False, **more: object) -> dict[str, Any]:
    """One package as the gallery tells it."""
    uri = f"{THEIRS}/vscode/asset/Acme/Hello/{number}"
    row: dict[str, Any] = {
        "version": number, "lastUpdated": "2024-05-06T07:08:09.123Z", "assetUri": uri, "fallbackAssetUri": uri,
        "files": [{"assetType": VSIX, "source": f"{THEIRS}/api/Acme/Hello/{number}/file/x.vsix"}],
        "properties": [{"key": gallery.PRE_RELEASE, "value": "true"}] if pre else [], "future": {"é": [1.50, None]},
    }  # fmt: skip
    return {**row, **({"targetPlatform": target} if target else {}), **more}


def extension(*versions: dict[str, Any], name: str = "Hello", **more: object) -> dict[str, Any]:
    publisher = {"publisherName": "Acme", "publisherId": "id", "future": 1}
    told = {"extensionId": "id", "extensionName": name, "publisher": publisher, "versions": list(versions)}
    return {**told, "lastUpdated": "2025-01-01T00:00:00Z", "future": 2, **more}


def page(*extensions: dict[str, Any], total: int = -1) -> Page:
    count = {"name": "TotalCount", "count": len(extensions) if total < 0 else total}
    metadata = [{"metadataType": "ResultCount", "metadataItems": [count, {"name": "Other", "count": 9}]}]
    body = {"results": [{"extensions": list(extensions), "resultMetadata": metadata}]}
    return Page(json.dumps(body).encode(), "application/json", THEIRS)


def shown(what: Page, *hidden: str, subject: Subject = HELLO, part: str = ALL) -> Any:
    view = View("json", BASE, part, frozenset(hidden))
    return json.loads(b"".join(gallery.render(replace(subject, part=part), what, view)))


def packages(answer: Any) -> list[tuple[str, str]]:
    rows = [row for result in answer["results"] for e in result["extensions"] for row in e["versions"]]
    return [(row["version"], row.get("targetPlatform", "")) for row in rows]


def total(answer: Any) -> int:
    return int(answer["results"][0]["resultMetadata"][0]["metadataItems"][0]["count"])


MANY = page(
    extension(
        version("2.0.0-rc.1", "linux-x64", pre=True),
        version("1.1.0"),
        version("1.1.0", "linux-x64"),
        version("1.0.0", lastUpdated="2023-01-01T00:00:00Z"),
        version("1.0.0", "linux-x64", lastUpdated="2023-02-02T00:00:00Z"),
    )
)


# ---------------------------------------------------------------- links


def test_addresses_are_built_from_what_a_package_is() -> None:
    (row,) = shown(page(extension(version("1.0.0", "linux-x64"))))["results"][0]["extensions"][0]["versions"]
    assert row["assetUri"] == row["fallbackAssetUri"] == f"{BASE}/vscode/asset/Acme/Hello/1.0.0"
    assert row["files"] == [
        {"assetType": VSIX, "source": f"{BASE}/vscode/asset/Acme/Hello/1.0.0/{VSIX}?targetPlatform=linux-x64"}
    ]


@pytest.mark.parametrize("target", ["universal", None])
def test_packages_for_all_platforms_need_no_parameter(target: str | None) -> None:
    (row,) = shown(page(extension(version("1.0.0", target))))["results"][0]["extensions"][0]["versions"]
    assert row["files"][0]["source"] == f"{BASE}/vscode/asset/Acme/Hello/1.0.0/{VSIX}"


def test_a_fallback_is_given_with_every_asset_address() -> None:
    uri = f"{THEIRS}/vscode/asset/Acme/Hello/1.0.0"
    (row,) = shown(page(extension({"version": "1.0.0", "assetUri": uri})))["results"][0]["extensions"][0]["versions"]
    assert row["fallbackAssetUri"] == row["assetUri"]
    (row,) = shown(page(extension({"version": "1.0.0"})))["results"][0]["extensions"][0]["versions"]
    assert row == {"version": "1.0.0"}


def test_public_keys_keep_their_own_place() -> None:
    kind = "Microsoft.VisualStudio.Services.PublicKey"
    for source, ours in (
        (f"{THEIRS}/api/-/public-key/3f2b", f"{BASE}/api/-/public-key/3f2b"),
        (f"{THEIRS}/a.b", f"{BASE}/vscode/asset/Acme/Hello/1.0.0/{kind}"),
    ):
        told = version("1.0.0", files=[{"assetType": kind, "source": source}])
        (row,) = shown(page(extension(told)))["results"][0]["extensions"][0]["versions"]
        assert row["files"] == [{"assetType": kind, "source": ours}]


def test_nothing_of_upstreams_is_left_and_nothing_else_is_lost() -> None:
    answer = shown(MANY)
    assert THEIRS not in json.dumps(answer)
    (told,) = answer["results"][0]["extensions"]
    assert (told["future"], told["publisher"]["future"], told["lastUpdated"]) == (2, 1, "2025-01-01T00:00:00Z")
    assert told["versions"][0]["future"] == {"é": [1.50, None]}


def test_rendering_what_was_rendered_changes_nothing() -> None:
    once = b"".join(gallery.render(HELLO, MANY, View("json", BASE, ALL)))
    again = b"".join(gallery.render(HELLO, replace(MANY, body=once), View("json", BASE, ALL)))
    assert once == again


# ---------------------------------------------------------------- which versions


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (NEWEST, ["2.0.0-rc.1 linux-x64", "1.1.0 universal"]),
        (NEWEST_OF_EACH, ["2.0.0-rc.1 linux-x64", "1.1.0 universal", "1.1.0 linux-x64"]),
        (
            ALL,
            [
                "2.0.0-rc.1 linux-x64", "1.1.0 universal", "1.1.0 linux-x64", "1.0.0 universal", "1.0.0 linux-x64",
            ],
        ),
    ],
)  # fmt: skip
def test_as_many_versions_as_were_asked_for(part: str, wanted: list[str]) -> None:
    assert [" ".join(p) for p in packages(shown(MANY, part=part))] == wanted


def test_hidden_versions_go_for_all_platforms_and_the_next_takes_their_place() -> None:
    answer = shown(MANY, "1.1.0", "2.0.0-rc.1", part=NEWEST)
    assert packages(answer) == [("1.0.0", "universal"), ("1.0.0", "linux-x64")]
    assert answer["results"][0]["extensions"][0]["lastUpdated"] == "2023-02-02T00:00:00Z"
    assert total(answer) == 1


def test_an_extension_without_versions_left_is_not_counted() -> None:
    answer = shown(MANY, "1.0.0", "1.1.0", "2.0.0-rc.1")
    assert answer["results"][0]["extensions"] == []
    assert total(answer) == 0
    assert answer["results"][0]["resultMetadata"][0]["metadataItems"][1]["count"] == 9


def test_in_listings_hidden_versions_are_named_with_their_extension() -> None:
    two = page(extension(version("1.0.0")), extension(version("1.0.0"), name="Base"), total=700)
    answer = shown(two, "acme.base@1.0.0", "1.0.1", subject=SEARCH)
    assert [e["extensionName"] for e in answer["results"][0]["extensions"]] == ["Hello"]
    assert total(answer) == 699, "the count of all pages"


def test_extensions_that_were_asked_without_versions_stay() -> None:
    for versions in ([], None):
        answer = shown(page(extension(versions=versions)), "1.0.0", subject=SEARCH)
        assert len(answer["results"][0]["extensions"]) == 1


def test_duplicates_and_impossible_rows_are_left_out() -> None:
    odd = page(
        extension(version("1.0.0"), version("1.0.0"), version("../x"), version("latest"), version("1.0.0", "plan9")),
        extension(version("1.0.0"), name="im.possible"),
    )
    answer = shown(odd, subject=SEARCH)
    assert packages(answer) == [("1.0.0", "universal")]
    assert total(answer) == 1


def test_of_an_extension_nobody_asked_for_nothing_is_shown() -> None:
    answer = shown(page(extension(version("1.0.0"), name="Other"), extension(version("1.0.0"))))
    assert [e["extensionName"] for e in answer["results"][0]["extensions"]] == ["Hello"]


# ---------------------------------------------------------------- latest


def test_latest_is_the_extension_itself() -> None:
    told = shown(MANY, subject=LATEST, part=NEWEST_OF_EACH)
    assert told["extensionName"] == "Hello"
    assert [row["version"] for row in told["versions"]] == ["2.0.0-rc.1", "1.1.0", "1.1.0"]


def test_latest_of_nothing() -> None:
    with pytest.raises(NotFound):
        shown(MANY, "1.0.0", "1.1.0", "2.0.0-rc.1", subject=LATEST)
    with pytest.raises(NotFound):
        shown(page(extension(version("1.0.0"), name="Other")), subject=LATEST)


# ---------------------------------------------------------------- pins


def test_pins_say_when_packages_were_published_and_nothing_else() -> None:
    found = list(gallery.pins(HELLO, MANY))
    at = [Place("acme", "hello", v, t) for v, t in (("2.0.0-rc.1", "linux-x64"), ("1.1.0", ""), ("1.1.0", "linux-x64"))]
    assert [pin.path for pin in found[:3]] == [vsix(place).key for place in at]
    assert all(pin.dates and not pin.digest and not pin.url for pin in found)
    assert found[0].published == pytest.approx(1714979289.123)


def test_an_empty_answer_about_one_extension_is_an_absence() -> None:
    for empty in (page(), page(extension(version("1.0.0"), name="Other"))):
        with pytest.raises(NotFound):
            list(gallery.pins(HELLO, empty))
        assert len(list(gallery.pins(SEARCH, empty))) <= 1


BROKEN = (
    b"", b"<html>", b"{}", b"[]", b'{"results":7}', b'{"results":[{}]}', b'{"results":[{"extensions":[7]}]}',
    b'{"results":[{"extensions":[{"extensionName":"Hello"}]}]}', bytes(MANY.body)[:-20], b"\xff",
    bytes(page(extension({"version": 7})).body), bytes(page(extension(version("1.0.0", files=7))).body),
    b'{"results":' + b"[" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(13))
def test_what_is_no_answer(body: bytes) -> None:
    broken = Page(body, "application/json", THEIRS)
    with pytest.raises(UpstreamLied):
        list(gallery.pins(SEARCH, broken))
    with pytest.raises(UpstreamLied):
        list(gallery.render(SEARCH, broken, View("json", BASE, ALL)))


_names = st.sampled_from(
    ["results", "extensions", "versions", "publisher", "extensionName", "publisherName", "version", "resultMetadata"]
)
_json = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(_names, inner),
    max_leaves=20,
)


@given(_json)
def test_any_json_is_shown_or_refused(value: object) -> None:
    told = {"extensionName": "Hello", "publisher": {"publisherName": "Acme"}, "versions": value}
    for body in (value, {"results": [{"extensions": [told], "resultMetadata": value}]}):
        what = Page(json.dumps(body).encode(), "application/json", THEIRS)
        for subject in (HELLO, LATEST, SEARCH):
            try:
                list(gallery.pins(subject, what))
                shown(what, "1.0.0", subject=subject)
            except (UpstreamLied, NotFound):
                continue


_numbers = st.sampled_from(["1.0.0", "1.1.0", "2.0.0"])


@given(
    st.lists(st.tuples(_numbers, st.sampled_from(["universal", "web"]))),
    st.sets(_numbers),
    st.sampled_from([ALL, NEWEST, NEWEST_OF_EACH]),
)
def test_whatever_is_hidden_the_answer_stays_valid(rows: list[tuple[str, str]], hidden: set[str], part: str) -> None:
    what = page(extension(*(version(v, t) for v, t in rows)))
    answer = shown(what, *hidden, part=part)
    left = packages(answer)
    assert len(set(left)) == len(left)
    assert not {v for v, _ in left} & hidden
    assert {t for _, t in left} == {t for v, t in rows if v not in hidden}
    assert total(answer) == len(answer["results"][0]["extensions"])
    pinned = {pin.path for pin in gallery.pins(HELLO, what)}
    assert {vsix(Place("acme", "hello", v, "" if t == "universal" else t)).key for v, t in left} <= pinned
