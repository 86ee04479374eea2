"""JSON opened with care, and without the addresses in it."""

from __future__ import annotations

import pytest

from subak.ecosystems.base import Page
from subak.ecosystems.nuget.members import (
    as_array,
    as_object,
    bare,
    bare_entry,
    document,
    each_dependency,
    read,
    text,
    version_of,
    withheld,
)
from subak.ecosystems.nuget.places import versions_of
from subak.errors import UpstreamLied

SUBJECT = versions_of("acme.lib")


def page(body: bytes) -> Page:
    return Page(body, "application/json", "https://feed.example/")


def test_a_mark_at_the_beginning_is_passed_over() -> None:
    assert read(SUBJECT, page(b'\xef\xbb\xbf{"a":1}')) == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a"', b'"\xff"', b'{"a":' * 9999])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        read(SUBJECT, page(body))


def test_shapes_are_checked() -> None:
    assert document(SUBJECT, page(b'{"a":[]}'), "a") == {"a": []}
    for body, key in ((b"[]", ""), (b"{}", "a"), (b'{"a":{}}', "a"), (b"null", "")):
        with pytest.raises(UpstreamLied):
            document(SUBJECT, page(body), key)
    for check, value in ((as_object, []), (as_array, {}), (as_object, None)):
        with pytest.raises(UpstreamLied, match="what"):
            check(value, "what")  # type: ignore[operator]


def test_texts() -> None:
    assert (text({"a": "b"}, "a"), text({"a": 1}, "a"), text({}, "a")) == ("b", "", "")


def test_an_entry_is_of_the_package_that_was_asked_for() -> None:
    assert version_of(SUBJECT, {"id": "Acme.Lib", "version": "1.0"}) == "1.0.0"
    assert version_of(SUBJECT, {"id": "acme.lib", "version": 7}) == ""
    with pytest.raises(UpstreamLied, match="other"):
        version_of(SUBJECT, {"id": "other", "version": "1.0"})


def test_addresses_go_at_any_depth() -> None:
    found = {"@id": "x", "@type": "y", "a": [{"parent": 1, "b": {"registration": 2, "c": [[{"@context": 3}]]}}], "d": 1}
    assert bare(found, "d") == {"@type": "y", "a": [{"b": {"c": [[{}]]}}]}


def test_dependencies_lead_here() -> None:
    entry = {"dependencyGroups": [{"dependencies": [{"id": "B.C", "registration": "x"}, {"id": "?"}, 7]}, {}, 3]}
    shown = bare_entry(entry, "https://gw.example/reg")
    assert [d.get("registration") for d in each_dependency(shown)] == ["https://gw.example/reg/b.c/index.json", None]
    assert entry["dependencyGroups"][0]["dependencies"][0]["registration"] == "x", "the page itself stays"  # type: ignore[index]
    assert list(each_dependency({"dependencyGroups": None})) == []


def test_what_is_withheld_is_told_by_name() -> None:
    assert "acme.lib" in str(withheld(SUBJECT))
