"""CloudFront through the engine: never another meaning than the exact one."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.logs import formats, quick_table, tables
from subak.analytics.logs.event import EVENTS, Event, Fields
from subak.analytics.logs.scratch import Scratch

LINE = (
    "2026-10-05 08:00:06 ZRH50-C1 20890 203.0.113.9 GET d0.cdn.example /crates/demo.crate 200 - "
    "cargo%201.93.0 - - Hit abc== "
    "static.example https 60 0.011 - TLSv1.3 AES Hit HTTP/2.0 - - 50123 0.010 Hit application/gzip 20311 - -"
).replace(" ", "\t")
FORM = formats.by_name("cloudfront")
SHORT: Fields = ("date", "time", "x-edge-location", "cs-uri-stem", "sc-status", "c-ip", "cs-method", *("x",) * 5)


def quickly(lines: list[bytes], header: Fields) -> list[tuple[Event | None, int, str | None]]:
    names = ", ".join(f'"{name}"' for name in EVENTS)
    with Scratch() as scratch, duckdb.connect(config={"threads": 1}) as engine:
        scratch.put(b"".join(line + b"\n" for line in lines))
        sql = quick_table.fast(scratch.path, header)
        rows = engine.execute(f"SELECT {names}, bytes, raw FROM ({sql})").fetchall()
    return [(None if raw is not None else Event(*row), size, raw) for *row, size, raw in rows]


def agree(lines: list[bytes], header: Fields = tables.CLOUDFRONT) -> int:
    """Check every line; gives how many were read quickly."""
    assert FORM
    kept = [line for line in lines if not quick_table.left_out(line, header)]
    found = quickly(kept, header)
    assert len(found) == len(kept)
    for line, (event, size, raw) in zip(kept, found, strict=True):
        assert size == len(line) + 1
        if raw is None:
            assert event == formats.parse(FORM, line, header)
        else:
            assert raw.encode() == line
    return sum(event is not None for event, _, _ in found)


def with_value(name: str, value: str) -> bytes:
    values = LINE.split("\t")
    values[tables.CLOUDFRONT.index(name)] = value
    return "\t".join(values).encode()


SURE = [
    ("cs(user-agent)", "pip/24%20%7B%22ci%22:true%7D"),
    ("cs(user-agent)", "cargo%25201.93.0"),
    ("cs(user-agent)", "-"),
    ("cs-uri-query", "v=1&x=%2520"),
    ("sc-bytes", "0"),
    ("c-ip", "2001:db8::7"),
    ("x-host-header", "-"),
    ("sc-status", "304"),
    ("cs(referer)", "https://r.example/?a%20b"),
    ("x-edge-result-type", "RefreshHit"),
    ("time-taken", "12.345"),
    ("time-taken", "-"),
    ("cs-uri-stem", "/a%2520b"),
    ("x-edge-result-type", "Error"),
    ("x-host-header", "Static.Example"),
]


def test_ordinary_lines_are_read_quickly() -> None:
    assert agree([LINE.encode(), *(with_value(*pair) for pair in SURE)]) == len(SURE) + 1
    assert agree([LINE.encode()], ()) == 1


ODD = [
    "",
    "-",
    '""',
    "null",
    "(null)",
    "%00",
    "%C3%A9",
    "%zz",
    "%2",
    "%25252541",
    "é",
    "\x01",
    "0",
    "007",
    "000",
    "1e3",
    "+5",
    "-1",
    "9" * 20,
    "24:00:00",
    "08:00:60",
    "2026-1-005",
    "2026-02-30",
    "0000-01-01",
    "1.5",
    ".011",
    "0.0111",
    "1_0.000",
    "*",
    "http://x/",
    "a:80",
    "[::1]",
    "::",
    "PROPFIND",
    "get",
    "HIT",
    "what",
    "a\tb",
    "/x?y",
    "%0A",
    "%22%2522",
    "٣",
    "\u2028",
    "'",
    "#",
    " ",
]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(tables.CLOUDFRONT), st.sampled_from(ODD) | st.text("%0123456789abcdef -/\"'é", max_size=8)
        ),
        min_size=1,
        max_size=80,
    )
)
def test_the_quick_way_and_the_exact_one_agree(changes: list[tuple[str, str]]) -> None:
    agree([with_value(name, value) for name, value in changes])


def test_every_odd_value_in_every_column() -> None:
    lines = [with_value(name, value) for name in tables.CLOUDFRONT for value in ODD]
    assert agree(lines) > len(lines) // 3


def test_other_columns() -> None:
    line = b"2026-10-05\t08:00:06\tZRH50\t/a\t200\t192.0.2.1\tGET" + b"\t-" * 5
    assert agree([line, line + b"\t-", line + b"\t-\t-", b"#Version: 1.0", b"x"], SHORT) == 1
    assert quick_table.fast("x", ("date", "time", "cs-uri-stem")) == ""
    assert quick_table.fast("x", (*tables.CLOUDFRONT, "cs-username")) == ""


def test_a_block_is_cut_where_its_columns_change() -> None:
    other = b"#Fields: date time cs-uri-stem\n"
    same = b"#Fields: " + " ".join(tables.CLOUDFRONT).encode() + b"\n"
    parts = [b"a\nb\n", same + b"c\n" + same + b"#Version: 1\nd\n", other + b"e\n", same + b"f"]
    found = list(quick_table.runs(b"".join(parts), ()))
    assert [piece for _, piece in found] == parts
    assert [header for header, _ in found] == [
        (),
        tables.CLOUDFRONT,
        ("date", "time", "cs-uri-stem"),
        tables.CLOUDFRONT,
    ]
    assert list(quick_table.runs(b"", ())) == []
