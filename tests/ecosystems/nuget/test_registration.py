"""Registrations in both hives: pages in the index and elsewhere, leaves, hidden versions."""

from __future__ import annotations

from typing import Any

import pytest

from subak.ecosystems.base import View
from subak.ecosystems.nuget.places import SEMVER1, page_of, placed, registration_of
from subak.ecosystems.nuget.registration import Registration, check
from subak.errors import NotFound, Refused, UpstreamLied

BASE = "http://gateway.example/nuget"
FULL, OLD = f"{BASE}/v3/registration", f"{BASE}/v3/registration-semver1"
THEIRS = "https://feed.example"


def leaf(version: str, *, wants: str = "", listed: bool = True) -> dict[str, Any]:
    """One version in a page, as the public registry writes it."""
    dependency = {
        "@id": f"{THEIRS}/cat/d",
        "id": "Dep.One",
        "range": wants,
        "registration": f"{THEIRS}/reg/d/index.json",
    }
    entry = {
        "@id": f"{THEIRS}/cat/acme.lib.{version}.json", "@type": "PackageDetails", "id": "Acme.Lib", "version": version,
        "listed": listed, "packageContent": f"{THEIRS}/flat/x.nupkg", "projectUrl": "https://project.example/",
        "dependencyGroups": [{"@id": f"{THEIRS}/cat/g", "dependencies": [dependency] if wants else []}],
    }  # fmt: skip
    return {
        "@id": f"{THEIRS}/reg/acme.lib/{version}.json", "@type": "Package", "catalogEntry": entry,
        "packageContent": f"{THEIRS}/flat/x.nupkg", "registration": f"{THEIRS}/reg/acme.lib/index.json",
    }  # fmt: skip


def inlined(*versions: str) -> dict[str, Any]:
    return {
        "@id": f"{THEIRS}/reg/acme.lib/index.json#page/a/b", "count": len(versions), "parent": "x",
        "lower": versions[0], "upper": versions[-1], "items": [leaf(v) for v in versions],
    }  # fmt: skip


def index(*pages: dict[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"{THEIRS}/reg/acme.lib/index.json",
        "@context": {"@vocab": THEIRS},
        "count": 9,
        "items": list(pages),
    }


PLACE = placed(f"{THEIRS}/reg/acme.lib/page/3.json")
ELSEWHERE = {"@id": f"{THEIRS}/reg/acme.lib/page/3.json", "count": 64, "lower": "3.0.0", "upper": "4.0.0"}


def view(*hidden: str, part: str = "") -> View:
    return View("json", BASE, part, frozenset(hidden))


def shown(found: dict[str, Any], *hidden: str, part: str = "") -> Any:
    return Registration(registration_of("acme.lib", part=part), view(*hidden, part=part)).index(found)


def versions(page: Any) -> list[str]:
    return [row["catalogEntry"]["version"] for row in page["items"]]


def test_every_address_is_ours() -> None:
    document = shown(index(inlined("1.0.0", "1.1.0"), ELSEWHERE))
    assert THEIRS not in str(document)
    first, second = document["items"]
    assert document["@id"] == first["parent"] == second["parent"] == f"{FULL}/acme.lib/index.json"
    assert first["@id"] == f"{FULL}/acme.lib/index.json#page/1.0.0/1.1.0"
    assert second["@id"] == f"{FULL}/acme.lib/page/{PLACE}.json"
    assert {key: second[key] for key in ("count", "lower", "upper")} == {
        "count": 64,
        "lower": "3.0.0",
        "upper": "4.0.0",
    }
    row = first["items"][0]
    assert row["@id"] == f"{FULL}/acme.lib/1.0.0.json"
    assert row["packageContent"] == row["catalogEntry"]["packageContent"]
    assert row["packageContent"] == f"{BASE}/v3/flat/acme.lib/1.0.0/acme.lib.1.0.0.nupkg"
    assert (
        row["catalogEntry"]["@id"]
        == f"{BASE}/v3/catalog/acme.lib/1.0.0/{placed(f'{THEIRS}/cat/acme.lib.1.0.0.json')}.json"
    )
    assert row["catalogEntry"]["projectUrl"] == "https://project.example/"


def test_dependencies_stay_in_the_hive() -> None:
    page = {**inlined("1.0.0"), "items": [leaf("1.0.0", wants="[1.0.0, )")]}
    for part, hive in (("", FULL), (SEMVER1, OLD)):
        (row,) = shown(index(page), part=part)["items"][0]["items"]
        (dependency,) = row["catalogEntry"]["dependencyGroups"][0]["dependencies"]
        assert dependency == {"id": "Dep.One", "range": "[1.0.0, )", "registration": f"{hive}/dep.one/index.json"}


def test_hidden_versions_leave_counts_and_bounds_that_fit() -> None:
    document = shown(index(inlined("1.0.0", "1.1.0", "1.2.0"), inlined("2.0.0")), "1.0.0", "2.0.0")
    (page,) = document["items"]
    assert document["count"] == 1
    assert versions(page) == ["1.1.0", "1.2.0"]
    assert (page["count"], page["lower"], page["upper"]) == (2, "1.1.0", "1.2.0")
    nothing = shown(index(inlined("1.0.0")), "1.0.0")
    assert (nothing["count"], nothing["items"]) == (0, [])


def test_bounds_are_of_the_versions_whatever_their_order() -> None:
    (page,) = shown(index(inlined("1.10.0", "1.9.0", "1.2.0-Beta")))["items"]
    assert (page["lower"], page["upper"]) == ("1.2.0-beta", "1.10.0")


def test_the_older_hive_has_no_semver2_versions() -> None:
    page = inlined("1.0.0", "1.1.0-a.1", "1.2.0+b", "1.3.0")
    page["items"][3] = leaf("1.3.0", wants="[1.0.0-a.1, 2.0.0)")
    assert versions(shown(index(page), part=SEMVER1)["items"][0]) == ["1.0.0"]
    assert versions(shown(index(page))["items"][0]) == ["1.0.0", "1.1.0-a.1", "1.2.0+b", "1.3.0"]


def test_a_page_elsewhere() -> None:
    found = {**ELSEWHERE, "items": [leaf("3.0.0"), leaf("4.0.0"), leaf("odd")], "parent": f"{THEIRS}/x"}
    for part, hive in (("", FULL), (SEMVER1, OLD)):
        subject = page_of("acme.lib", PLACE, part)
        document = Registration(subject, view("4.0.0", part=part)).page(found)
        assert document["@id"] == f"{hive}/acme.lib/page/{PLACE}.json"
        assert (versions(document), document["count"], document["upper"]) == (["3.0.0"], 1, "3.0.0")
    empty = Registration(subject, view("3.0.0", "4.0.0")).page(found)
    assert (empty["items"], empty["count"], empty["lower"]) == ([], 0, "3.0.0")


def test_a_page_that_cannot_be_asked_for_is_told() -> None:
    for wrong in ("", "page2.json", None):
        with pytest.raises(UpstreamLied):
            shown(index({"@id": wrong, "lower": "1.0.0", "upper": "2.0.0"}))


def test_leaves() -> None:
    subject = registration_of("acme.lib", "1.0.0")
    found = {**leaf("1.0.0"), "catalogEntry": f"{THEIRS}/cat/x.json", "listed": True}
    document = Registration(subject, view()).leaf(found)
    assert document["catalogEntry"] == f"{BASE}/v3/catalog/acme.lib/1.0.0/{placed(f'{THEIRS}/cat/x.json')}.json"
    assert document["@id"] == f"{FULL}/acme.lib/1.0.0.json"
    assert document["listed"] is True
    assert Registration(subject, view()).leaf(leaf("1.0.0"))["catalogEntry"]["id"] == "Acme.Lib"
    assert "catalogEntry" not in Registration(subject, view()).leaf({**found, "catalogEntry": "/relative"})
    with pytest.raises(Refused):
        Registration(subject, view("1.0.0")).leaf(found)
    new = registration_of("acme.lib", "1.0.0-a.1", SEMVER1)
    with pytest.raises(NotFound):
        Registration(new, view(part=SEMVER1)).leaf(found)


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"items": {}},
        {"items": [7]},
        {"items": [{"items": {"a": 1}}]},
        {"items": [{"items": [7]}]},
        {"items": [{"items": [{"catalogEntry": "x"}]}]},
        index({**inlined("1.0.0"), "items": [{"catalogEntry": {"id": "other", "version": "1.0.0"}}]}),
    ],
)
def test_what_is_no_registration_of_this_package(found: dict[str, Any]) -> None:
    with pytest.raises(UpstreamLied):
        check(registration_of("acme.lib"), found)


def test_pages_are_checked_too() -> None:
    check(registration_of("acme.lib"), index(inlined("1.0.0"), ELSEWHERE))
    page = page_of("acme.lib", PLACE)
    check(page, inlined("1.0.0"))
    for wrong in ({"items": [{"catalogEntry": {"id": "other"}}]}, {"items": None}):
        with pytest.raises(UpstreamLied):
            check(page, wrong)
