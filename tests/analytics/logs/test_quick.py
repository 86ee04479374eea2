"""The pieces of SQL that the quick readers share mean what the functions of `fields` mean."""

from __future__ import annotations

import duckdb
import pytest

from subak.analytics.logs import fields, quick
from subak.analytics.logs.scratch import Scratch


def asked(sql: str, value: str) -> object:
    return duckdb.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS v)", [value]).fetchall()[0][0]


WORDS = [
    "",
    "-",
    '""',
    "null",
    "(null)",
    "x",
    "200",
    "099",
    "2000",
    "1e2",
    "+20",
    "-5",
    "9" * 18,
    "9" * 19,
    "007",
    "0",
    "Ä.example",
    "a.Example",
    "a.example:80",
    "192.0.2.1",
    "192.0.2.1:80",
    "2001:db8::1",
    "[2001:db8::1]:80",
    "192.0.2.1, 192.0.2.2",
    "GET",
    "get",
    "Hit",
    "hit-cluster",
    "TCP_HIT",
    "None",
    "it's",
]


@pytest.mark.parametrize("value", WORDS)
@pytest.mark.parametrize(
    ("pair", "exact"),
    [
        (quick.client("v"), fields.address),
        (quick.host("v"), fields.hostname),
        (quick.status("v"), fields.status),
        (quick.whole("v"), fields.size),
        (quick.cache("v"), fields.cache_word),
        ((quick.dashed("v"), "true"), fields.dash),
    ],
    ids=["client", "host", "status", "whole", "cache", "dashed"],
)
def test_what_is_sure_is_the_same(value: str, pair: tuple[str, str], exact: object) -> None:
    sql, sure = pair
    if asked(f"coalesce({sure}, false)", value):
        assert asked(sql, value) == exact(value)  # type: ignore[operator]


def test_usual_values_are_sure() -> None:
    for value, pair in (
        ("192.0.2.1", quick.client("v")),
        ("a.example", quick.host("v")),
        ("200", quick.status("v")),
        ("48211", quick.whole("v")),
        ("Hit", quick.cache("v")),
    ):
        assert asked(pair[1], value) is True
    assert asked(quick.method("v"), "GET") is True


@pytest.mark.parametrize(
    ("day", "clock", "sure"),
    [
        ("2026-10-05", "08:00:06", True),
        ("2026-10-5", "08:00:06", False),
        ("2026-02-30", "08:00:06", False),
        ("2026-10-05", "24:00:00", False),
        ("2026-10-05", "08:00:60", False),
        ("1969-12-31", "08:00:06", False),
    ],
)
def test_moments(day: str, clock: str, sure: bool) -> None:
    at, believed = quick.moment(f"'{day}'", f"'{clock}'")
    assert bool(asked(f"coalesce({believed}, false)", "")) is sure
    if sure:
        assert asked(at, "") == fields.iso_time(f"{day}T{clock}")


def test_lines_are_split_and_put_together_again() -> None:
    lines = ["a|b|c", "a||", "|", "x", "é|\x02|'"]
    with Scratch() as scratch:
        scratch.put("".join(line + "\n" for line in lines).encode())
        found = duckdb.execute(
            f"SELECT {quick.line('|', 4)}, {quick.size('|', 4)} FROM {quick.rows(scratch.path, '|', 4)}"
        ).fetchall()
    assert found == [(line, len(line.encode()) + 1) for line in lines]


def test_lines_that_may_be_missing_are_known() -> None:
    assert [quick.left_out(line, "|", 3) for line in (b"", b"a|b|c", b"a|b|c|d", b"x" * 2**18, b"x" * (2**18 + 1))] == [
        True,
        False,
        True,
        False,
        True,
    ]
