"""JSON member by member: the same as reading it whole, wherever it is cut, and refused where that would fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.conda import scanning
from subak.ecosystems.conda.scanning import Closed, Member, Opened, scan
from subak.errors import UpstreamLied

GROUPS = {"packages": 1, "v3": 2}


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def rebuilt(body: bytes, size: int = 7, groups: dict[str, int] = GROUPS) -> Any:
    """The document as its events tell it; every value as decoded must be as written."""
    stack: list[dict[str, Any]] = []
    whole: dict[str, Any] = {}
    for event in scan(cut(body, size), groups):
        match event:
            case Opened(key):
                inner: dict[str, Any] = {}
                if stack:
                    stack[-1][key] = inner
                else:
                    whole = inner
                stack.append(inner)
            case Closed():
                stack.pop()
            case Member(key, value, written):
                assert json.loads(written) == value
                stack[-1][key] = value
    assert not stack
    return whole


LEAVES = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "info": VALUES, "packages": st.dictionaries(st.text(max_size=6), VALUES, max_size=4), "removed": VALUES,
        "v3": st.dictionaries(st.text(max_size=4), VALUES, max_size=3), "last": st.integers(),
    },
)  # fmt: skip


@given(DOCUMENTS, st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_events_tell_the_document_wherever_it_is_cut(
    tree: Any, size: int, indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert rebuilt(body, size) == tree


def test_groups_are_opened_as_deep_as_said_and_others_come_whole() -> None:
    body = b'{"info":{"a":{}},"packages":{"x":{"y":1}},"v3":{"conda":{"z":{}},"odd":3}}'
    assert list(scan([body], GROUPS)) == [
        Opened(""), Member("info", {"a": {}}, '{"a":{}}'),
        Opened("packages"), Member("x", {"y": 1}, '{"y":1}'), Closed(),
        Opened("v3"), Opened("conda"), Member("z", {}, "{}"), Closed(), Member("odd", 3, "3"), Closed(),
        Closed(),
    ]  # fmt: skip


@pytest.mark.parametrize("number", [b"1", b"12345", b"-1.5e10", b"1.0"])
@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_numbers_are_not_cut_short(number: bytes, size: int) -> None:
    assert rebuilt(b'{"version":' + number + b"}", size) == {"version": json.loads(number)}


BROKEN = [
    b"", b" ", b"[]", b"1", b'"x"', b"null", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,', b'{"a":1,}', b"{,}",
    b'{"a" 1}', b'{"a":1 "b":2}', b"{1:2}", b"{}x", b"{}{}", b'{"packages":{"x":{}', b'{"packages":{"x":1,}}',
    b"<!DOCTYPE html><html></html>", b"\xef\xbb\xbf{}", b'{"\xff":1}', b'{"a":"\xc3"}', b'{"a":' + b"[" * 100_000,
    b'{"a":' + b"9" * 5000 + b"}", b'{"a":tru}',
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("size", [1, 1000])
def test_broken_documents(body: bytes, size: int) -> None:
    with pytest.raises(UpstreamLied):
        list(scan(cut(body, size), GROUPS))


@given(st.binary(max_size=60), st.integers(1, 10))
def test_any_bytes_are_read_or_refused(body: bytes, size: int) -> None:
    try:
        rebuilt(body, size)
    except UpstreamLied:
        return
    assert isinstance(json.loads(body), dict)


def test_an_entry_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "LONGEST", 10_000)
    given_out = 0

    def endless() -> Iterator[bytes]:
        nonlocal given_out
        yield b'{"removed":["'
        while True:
            given_out += 1000
            yield b"x" * 1000

    with pytest.raises(UpstreamLied, match="more than"):
        list(scan(endless(), GROUPS))
    assert given_out < 50_000
