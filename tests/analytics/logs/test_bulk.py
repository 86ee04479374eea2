r"""Blocks of lines through the engine's CSV reader: which shapes are taken; that sums notice what goes wrong."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from subak.analytics.logs import bulk
from subak.analytics.logs.bulk import Shape, relation, shape_of, sifted, taken

HEAD = b'198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211'
APACHE = HEAD + rb' "-" "pip/26.0 {\"ci\":true}"'
NGINX = HEAD + rb' "-" "pip/26.0 {\x22ci\x22:true}"'
COMMON = bulk._HEAD
FULL = (*bulk._HEAD, *bulk._TAIL)


@pytest.mark.parametrize(
    ("lines", "want"),
    [
        ([HEAD], Shape(COMMON, "\\")),
        ([HEAD + b' "-" "uv/0.9"', APACHE], Shape(FULL, "\\")),
        ([NGINX], Shape(FULL, "")),
        ([APACHE + b' "203.0.113.7"'], Shape((*FULL, "x0"), "\\")),
        ([APACHE + b' "203.0.113.7" 0.004 hit'], Shape((*FULL, "x0", "x1", "x2"), "\\")),
        ([APACHE + b" 1 2 3 4"], None),
        ([APACHE, NGINX], None),
        ([APACHE, HEAD], None),
        ([b"hello world"], None),
        ([], None),
    ],
)
def test_shapes(lines: list[bytes], want: Shape | None) -> None:
    assert shape_of(lines) == want


def read(tmp_path: Path, lines: list[bytes]) -> tuple[list[tuple[object, ...]], bool]:
    """The rows of lines that have the shape of the first one, and whether the sums say that all is well."""
    shape = shape_of(lines[:1])
    assert shape is not None
    block = b"".join(line + b"\n" for line in lines)
    path = tmp_path / "block"
    path.write_bytes(block)
    with duckdb.connect() as engine:
        rows = engine.execute(relation(str(path), shape)).fetchall()
    return rows, len(rows) == len(lines) and taken(block, sum(row[6] for row in rows))


def test_what_rows_say(tmp_path: Path) -> None:
    rows, well = read(tmp_path, [APACHE, HEAD.replace(b"48211", b"-") + b' "https://r.example/" "-"'])
    assert well
    assert rows == [
        (1791187206.0, "198.51.100.20", "GET /simple/demo/ HTTP/1.1", 'pip/26.0 {"ci":true}', 200, 48211, 107, False),
        (1791187206.0, "198.51.100.20", "GET /simple/demo/ HTTP/1.1", "-", 200, 0, 101, False),
    ]


GOOD = HEAD + b' "-" "uv/0.9"'


@pytest.mark.parametrize(
    "line",
    [
        HEAD + b' "-" "unbalanced',
        HEAD + b' "-" "raw {"ci":true}"',
        HEAD,
        HEAD + b' "-" "a" "extra"',
        GOOD.replace(b"- - [", b"- jo van ["),
        HEAD.replace(b"GET /simple/demo/", rb"\x16\x03\x01") + b' "-" "-"',
        HEAD + rb' "-" "a\\b"',
        HEAD + rb' "-" "a\x22b"',
        b"",
    ],
)
def test_the_sums_notice(tmp_path: Path, line: bytes) -> None:
    assert not read(tmp_path, [GOOD, GOOD, line, GOOD, GOOD])[1]


@pytest.mark.parametrize(
    "line",
    [
        GOOD.replace(b"200 48211", b"2e2 48211"),
        GOOD.replace(b"48211", b"1e2"),
        GOOD.replace(b"48211", b"007"),
        GOOD.replace(b"48211", b"-5"),
        GOOD.replace(b"200 ", b"- "),
        GOOD.replace(b"Oct", b"Okt"),
        GOOD.replace(b"08:00:06", b"08:00:99"),
        GOOD.replace(b"+0000", b"+9900"),
        GOOD.replace(b"2026", b"1969"),
        GOOD.replace(b"198.51.100.20", b"[2001:db8::1]:80"),
        GOOD.replace(b"198.51.100.20", b"198.51.100.20:80"),
        GOOD.replace(b"- - [", b"- jo ["),
        GOOD.replace(b"/demo/", rb"/de\"mo/"),
    ],
)
def test_doubtful_lines_are_marked(tmp_path: Path, line: bytes) -> None:
    rows, well = read(tmp_path, [GOOD, line, GOOD])
    assert well
    assert [row[7] for row in rows] == [False, True, False]


def test_junk_is_a_backslash_before_anything_but_a_quote() -> None:
    lines = [GOOD, APACHE, NGINX, HEAD + rb' "-" "a\\"', HEAD + rb' "-" "\\"']
    block = b"".join(line + b"\n" for line in lines)
    assert sifted(block, Shape(FULL, "\\")) == (GOOD + b"\n" + APACHE + b"\n", lines[2:])
    assert sifted(block, Shape(FULL, "")) == (block, [])
    assert sifted(GOOD + b"\n", Shape(FULL, "\\")) == (GOOD + b"\n", [])
