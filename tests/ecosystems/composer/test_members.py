"""JSON one layer at a time, with PHP's habits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from subak.ecosystems.composer.members import encode, items, members, text
from subak.errors import UpstreamLied


@pytest.mark.parametrize("body", [b"{}", b"[]", b" [ ]\n", b"[\t]", memoryview(b"[]")])
def test_an_empty_map_may_be_written_as_an_array(body: bytes) -> None:
    assert members(body, "x") == {}


def test_members_are_slices_as_they_came() -> None:
    found = members(b'{"a": {"b" : 1}, "c":[ 2 ]}', "x")
    assert {key: bytes(raw) for key, raw in found.items()} == {"a": b'{"b" : 1}', "c": b"[ 2 ]"}
    assert encode(found) == b'{"a":{"b" : 1},"c":[ 2 ]}'


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"1", b'"x"', b"[1]", b"[{}]", b"<html>", b'{"a":', b"{" * 100_000, b'{"a":1}x', b'{"\xff":1}'],
)
def test_what_is_no_object_is_the_upstreams_lie(body: bytes) -> None:
    with pytest.raises(UpstreamLied, match="the thing"):
        members(body, "the thing")


def test_items_are_those_of_an_array_or_the_values_of_an_object() -> None:
    assert [bytes(raw) for raw in items(Raw(b"[1, {}]"), "x")] == [b"1", b"{}"]
    assert [bytes(raw) for raw in items(Raw(b'{"1.0": {}, "2.0": 2}'), "x")] == [b"{}", b"2"]
    assert items(Raw(b"[]"), "x") == []


@pytest.mark.parametrize("body", [b"1", b"null", b'"x"', b""])
def test_what_is_no_array_is_the_upstreams_lie(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        items(Raw(body), "x")


def test_a_text_may_be_absent_or_null_but_nothing_else() -> None:
    fields = members(b'{"a": "caf\\u00e9", "b": null, "c": 1, "d": ""}', "x")
    assert [text(fields, key, "x") for key in ("a", "b", "d", "e")] == ["café", "", "", ""]
    with pytest.raises(UpstreamLied, match="c is not a text"):
        text(fields, "c", "x")


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for read in (lambda: members(body, "x"), lambda: items(Raw(body), "x")):
        try:
            read()
        except UpstreamLied:
            continue
