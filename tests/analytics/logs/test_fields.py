"""Single fields: times, addresses, quoting, numbers, samples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.logs import fields

AT = 1791187206.0


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (AT, AT),
        (AT * 1e3, AT),
        (int(AT) * 10**6, AT),
        (int(AT) * 10**9, AT),
        ("1791187206.000", AT),
        ("1791187206000", AT),
        ("2026-10-05T08:00:06Z", AT),
        ("2026-10-05T10:00:06+02:00", AT),
        ("2026-10-05T10:00:06+0200", AT),
        ("2026-10-05 08:00:06", AT),
        ("2026-10-05T08:00:06.120001122Z", AT + 0.120001),
        ("05/Oct/2026:10:00:06 +0200", AT),
        ("Mon, 05 Oct 2026 08:00:06 GMT", AT),
        ("Mon, 05 Foo 2026 08:00:06 GMT", None),
        (0, 0.0),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e30, None),
        (True, None),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("2026-13-05T08:00:06Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("٢٠٢٦-10-05T08:00:06Z", None),
    ],
)
def test_times(value: object, want: float | None) -> None:
    got = fields.any_time(value)
    assert got == (None if want is None else pytest.approx(want, abs=1e-6))


@given(st.text(max_size=40) | st.floats() | st.integers() | st.none())
def test_any_time_never_fails(value: object) -> None:
    got = fields.any_time(value)
    assert got is None or 0 <= got < fields.LATEST


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (r"a\"b\\c", 'a"b\\c'),
        (r"\x22\xc3\xa9\t", '"é\t'),
        (r"\\x22", r"\x22"),
        (r"\x00\xff\q\x2", r"\x00\xff\q\x2"),
        ("plain", "plain"),
    ],
)
def test_unescape(text: str, want: str) -> None:
    assert fields.unescape(text) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("-", ""),
    ],
)
def test_address(text: str, want: str) -> None:
    assert fields.address(text) == want


@pytest.mark.parametrize(
    ("url", "want"),
    [
        ("/a?b", ("", "/a?b")),
        ("https://Reg.Example:443/a?b", ("reg.example", "/a?b")),
        ("http://jo:secret@reg.example", ("reg.example", "/")),
        ("http://reg.example?x=1", ("reg.example", "/?x=1")),
        ("*", ("", "*")),
    ],
)
def test_located(url: str, want: tuple[str, str]) -> None:
    assert fields.located(url) == want


def test_percent_is_undone_once() -> None:
    assert fields.unpercent("cargo%25201%2Fé%ff%00") == "cargo%201/é\\xff%00"


@pytest.mark.parametrize(
    ("text", "want"), [("-", 0), ("", -1), ("12", 12), ("-1", -1), ("1e3", -1), ("9" * 19, -1), ("٣", -1)]
)
def test_size(text: str, want: int) -> None:
    assert fields.size(text) == want


def test_milliseconds() -> None:
    assert fields.millis("0.011", 1000.0) == 11.0
    assert [fields.millis(text) for text in ("-", "", "nan", "inf", "-1", "x")] == [-1.0] * 6


@given(st.binary(max_size=2000))
def test_a_sample_is_short_printable_and_masked(line: bytes) -> None:
    got = fields.sample(b"\x1b[31m 192.0.2.44 2001:db8::7 \xe2\x80\xae" + line)
    assert len(got) <= 200
    assert got.isprintable()
    assert got.startswith(r"\x1b[31m x.x.x.x x::x \u202e")


def test_times_of_day_are_no_addresses() -> None:
    assert fields.sample(b"[05/Oct/2026:08:00:06 +0000]") == "[05/Oct/2026:08:00:06 +0000]"


def test_cache_words() -> None:
    assert set(fields.CACHE_WORDS) == {word.lower() for word in fields.CACHE_WORDS}
    assert [fields.cache_word(word) for word in ("TCP_HIT", "RefreshHit", "Miss", "what")] == [
        "hit",
        "revalidated",
        "miss",
        "",
    ]
