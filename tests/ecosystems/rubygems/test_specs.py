"""The old indexes: Ruby's own bytes are read, and what is written reads back."""

from __future__ import annotations

import contextlib
import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page
from subak.ecosystems.rubygems import specs
from subak.errors import UpstreamLied

RUBY = (
    b'\x04\x08[\x09[\x08I"\x06a\x06:\x06ETU:\x11Gem::Version[\x06I"\n1.0.0\x06;\x00TI"\truby\x06;\x00T'
    b'[\x08I"\x06b\x06;\x00TU;\x06[\x06I"\n1.1.0\x06;\x00T@\x0b[\x08@\x07U;\x06[\x06I"\x082.0\x06;\x00T'
    b'I"\tjava\x06;\x00T[\x08I"\x06c\x06;\x00T@\x08I"\truby\x06;\x00T'
)
"""Marshal.dump of Ruby 3.1: names, versions and platforms used twice stand there once."""

ROWS = [
    (b"a", b"1.0.0", b"ruby"),
    (b"b", b"1.1.0", b"ruby"),
    (b"a", b"2.0", b"java"),
    (b"c", b"1.0.0", b"ruby"),
]


def page(body: bytes) -> Page:
    return Page(body, "application/octet-stream", "https://registry.example/specs.4.8.gz")


def written(rows: list[specs.Row]) -> bytes:
    return b"".join(specs.write(len(rows), rows))


def left(body: bytes, *hidden: str) -> list[specs.Row]:
    return list(specs.read(gzip.decompress(b"".join(specs.specs_without(page(body), frozenset(hidden))))))


def test_rubys_own_bytes() -> None:
    assert list(specs.read(RUBY)) == ROWS


def test_texts_without_utf_8() -> None:
    raw = b'\x04\x08[\x06[\x08I"\x07\xc3\xa9\x06:\x06ETU:\x11Gem::Version[\x06"\x081.0I"\truby\x06;\x00F'
    assert list(specs.read(raw)) == [("é".encode(), b"1.0", b"ruby")]
    named = b'\x04\x08[\x06[\x08I"\x06a\x06:\rencoding"\x0eShift_JISU:\x11Gem::Version[\x06@\x07@\x07'
    assert list(specs.read(named)) == [(b"a", b"a", b"a")]


def test_what_is_written_is_what_ruby_writes() -> None:
    """But for the last platform, which Ruby was given as a text of its own, and links of texts to version texts."""
    assert written(ROWS[:3]) == RUBY.replace(b"[\x09", b"[\x08", 1)[: RUBY.index(b'[\x08I"\x06c')]


def test_hidden_rows_go_even_when_others_refer_to_them() -> None:
    packed = gzip.compress(RUBY)
    assert left(packed, "a@1.0") == ROWS[1:]
    assert left(packed, "a@1", "a@2.0.0") == [ROWS[1], ROWS[3]]
    assert left(packed, "z@1") == ROWS
    assert left(packed, "a@1", "a@2", "b@1.1", "c@1") == []


def test_with_nothing_hidden_the_bytes_are_upstreams() -> None:
    packed = gzip.compress(RUBY)
    assert b"".join(specs.specs_without(page(packed), frozenset())) == packed
    assert gzip.decompress(b"".join(specs.specs_without(page(RUBY), frozenset()))) == RUBY


TEXTS = st.text(max_size=12).map(str.encode)


@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=300))
def test_reading_back(rows: list[specs.Row]) -> None:
    assert list(specs.read(written(rows))) == rows


def test_reading_back_many() -> None:
    rows = [(b"gem%d" % (n // 3), b"%d.%d" % (n % 300, n % 7), b"ruby") for n in range(70_000)]
    assert list(specs.read(written(rows))) == rows
    assert list(specs.read(written([(b"x" * 70_000, b"1", b"ruby")]))) == [(b"x" * 70_000, b"1", b"ruby")]


def test_filtering_is_idempotent() -> None:
    once = b"".join(specs.specs_without(page(gzip.compress(RUBY)), frozenset({"a@1.0.0"})))
    assert b"".join(specs.specs_without(page(once), frozenset({"a@1.0.0"}))) == once


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        gzip.compress(b"<html>"),
        gzip.compress(RUBY)[:-9],
        gzip.compress(RUBY)[:30] + b"\0\0\0" + gzip.compress(RUBY)[33:],
        b"\x1f\x8b rubbish",
        b"\x04\x08{\x00",
    ],
)
def test_lies(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        specs.check(page(body))


def test_a_whole_index_is_none() -> None:
    specs.check(page(gzip.compress(RUBY)))


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specs, "LARGEST", 1_000_000)
    with pytest.raises(UpstreamLied, match="unpacks to more"):
        specs.check(page(gzip.compress(b"\x04\x08[" + bytes(2_000_000))))


@pytest.mark.parametrize(
    "raw",
    [
        RUBY[:-1],
        RUBY + b"0",
        RUBY.replace(b"Gem::Version", b"Gem::Victory"),
        RUBY.replace(b"@\x0b", b"@\x7f"),
        RUBY.replace(b"@\x0b", b"@\x06"),
        RUBY.replace(b"@\x0b", b"@\xff"),
        RUBY.replace(b";\x06", b";\x07"),
        b"\x04\x08[\x06o:\x0bObject\x00",
        b"\x04\x08[\x04\xff\xff\xff\xff",
        b"\x04\x08[\x04",
        b'\x04\x08[\x06[\x08"\x04\xff\xff\xff\x7f',
    ],
)
def test_other_shapes(raw: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(specs.read(raw))


@given(st.binary(max_size=120), st.integers(0, len(RUBY)))
def test_hostile_bytes(noise: bytes, at: int) -> None:
    for raw in (b"\x04\x08[" + noise, RUBY[:at] + noise + RUBY[at:]):
        with contextlib.suppress(UpstreamLied):
            list(specs.read(raw))
        with contextlib.suppress(UpstreamLied):
            list(specs.specs_without(page(raw), frozenset({"a@1.0.0"})))
