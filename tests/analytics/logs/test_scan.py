r"""The scanner by itself: what it takes, and that the compiled one does what its source says."""

from __future__ import annotations

from array import array
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

import pytest

import uncompiled
from subak.analytics.logs import scan
from subak.analytics.logs.scanning import compiled, scanner

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner

KEY = b"sixteen bytes or"
LINE = '198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"'
SOLID = [
    LINE,
    LINE.replace('"uv/0.9.9"', r'"pip/26.0 {\"ci\":true}"'),
    LINE.replace("198.51.100.20", "2001:db8::7").replace("200 48211", "304 -"),
    LINE.replace("- - [", "- jo ["),
    LINE.replace("+0000", "-0730"),
    LINE + ' "203.0.113.7" 0.004 HIT',
    LINE.split(' "-"')[0],
]


def rows(line: str) -> list[tuple[float, int, int]]:
    """Time, status and bytes of what is taken."""
    made = uncompiled.scanner(KEY, 0.0, 1e11)
    made.scan(line.encode() + b"\n")
    columns = made.columns
    return list(zip(columns["at"], columns["status"], columns["sent"], strict=True))


@pytest.mark.parametrize("line", SOLID)
def test_what_is_beyond_doubt(line: str) -> None:
    assert len(rows(line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x",
        LINE.replace("198.51.100.20", "198.51.100.20:443"),
        LINE.replace("198.51.100.20", "proxy"),
        LINE.replace("198.51.100.20 - -", "198.51.100.20 jo -"),
        LINE.replace("- - [", "- jo van ["),
        LINE.replace("- - [", "- null ["),
        LINE.replace("GET", r"\x16"),
        LINE.replace("uv", "üv"),
        LINE.replace("200 ", "2000 "),
        LINE.replace("48211", "9" * 19),
        LINE.replace('"uv/0.9.9"', '"uv'),
        LINE.replace("uv/0.9.9", 'a "b" c'),
        LINE + " TCP_MISS HIT",
        LINE + " HIT,MISS",
        LINE.replace("05/Oct", "32/Oct"),
        LINE.replace("198.51.100.20", "1." * 129),
        LINE.replace("demo", "d" * 4096),
        LINE.replace("uv", "u" * 4096),
        LINE.replace("uv", r"\n" * 2048),
    ],
)
def test_what_is_left_to_the_exact_reader(line: str) -> None:
    assert rows(line) == []


@pytest.mark.parametrize(
    ("part", "rest"), [("demo", "GET /simple// HTTP/1.1"), ("uv", "/0.9.9")], ids=["asked", "agent"]
)
def test_the_longest_fields(part: str, rest: str) -> None:
    most = 4096 - len(rest)
    assert len(rows(LINE.replace(part, "x" * most))) == 1
    assert rows(LINE.replace(part, "x" * (most + 1))) == []


def test_the_shortest_lines() -> None:
    """A block of nothing but these has room for all their rows."""
    line = b'. - - [05/Oct/2026:08:00:06 +0000] "" 200 5\n'
    for made in (uncompiled.scanner(KEY, 0.0, 1e11), scanner(KEY, 0.0, 1e11)):
        assert made is not None
        assert made.scan(line * 1000) == []
        assert (made.lines, made.rows) == (1000, 1000)
        assert made.scan(line[1:]) == [(0, 0)]


def test_lines_in_doubt_are_found_again() -> None:
    made = uncompiled.scanner(KEY, 0.0, 1e11)
    data = f"{LINE}\nodd\n{LINE}\n\n".encode()
    assert made.scan(data) == [(1, len(LINE) + 1), (3, 2 * len(LINE) + 6)]
    assert (made.lines, made.size, made.rows) == (2, 2 * len(LINE) + 2, 2)


def test_rows_wait_until_somebody_takes_them() -> None:
    made = uncompiled.scanner(KEY, 0.0, 1e11)
    data = f"{LINE}\n".encode() * 30
    for times in range(1, 5):
        made.scan(data)
        assert made.rows == 30 * times
    assert list(made.columns["status"]) == [200] * 120
    assert list(made.askers[1]) == []  # they came with the first block
    taken = made.take()
    assert (made.rows, list(made.columns["at"])) == (0, [])
    made.scan(data.replace(b"200", b"404"))
    assert list(made.columns["status"]) == [404] * 30
    assert list(taken["status"]) == [200] * 120


def compare(slow: Scanner, fast: Scanner, data: bytes) -> None:
    """Both read a block and find the same."""
    assert slow.scan(data) == fast.scan(data)
    assert (slow.lines, slow.size, slow.rows) == (fast.lines, fast.size, fast.rows)
    assert found(slow) == found(fast)
    asked = slow.requests(data)
    assert asked == fast.requests(data)
    assert uncompiled.SCAN.requests(*asked[1:]) == scan.requests(*asked[1:])
    assert (slow.askers[0], list(slow.askers[1])) == (fast.askers[0], list(fast.askers[1]))
    for kind in ("clients", "agents", "users", "words"):
        assert getattr(slow, kind).new(data) == getattr(fast, kind).new(data)


def found(made: Scanner) -> dict[str, list[float]]:
    return {name: list(column) for name, column in made.columns.items()}


def hostile(lines: int) -> list[bytes]:
    """Lines with bytes that have been changed, among good ones."""
    random = Random(7)
    made = [line.encode() for line in SOLID]
    for _ in range(lines):
        line = bytearray(random.choice(made[: len(SOLID)]))
        for _ in range(random.randrange(3)):
            line[random.randrange(len(line))] = random.choice(b' "\\[]:-/aZ09\x00\xff\t(')
        made.append(bytes(line))
    return made


def test_the_compiled_scanner_does_what_its_source_does() -> None:
    assert compiled(), "there is a C compiler wherever these tests are to pass"
    text = b"\n".join(hostile(20_000)) + b"\n"
    slow, fast = uncompiled.scanner(KEY, 1e9, 1.8e9), scanner(KEY, 1e9, 1.8e9)
    assert fast is not None
    taken = 0
    for start in range(0, len(text), 1 << 19):
        compare(slow, fast, text[text.rfind(b"\n", 0, start) + 1 : text.rfind(b"\n", 0, start + (1 << 19)) + 1])
        taken += slow.lines
    assert taken > 5_000


@pytest.mark.parametrize("field", ["/simple/demo/", '"-"', "uv/0.9.9"])
def test_every_byte_at_every_place(field: str) -> None:
    """Eight bytes are looked at at a time: whatever the field's length, whatever byte in whatever place."""
    slow, fast = uncompiled.scanner(KEY, 0.0, 1e11), scanner(KEY, 0.0, 1e11)
    assert fast is not None
    before, after = (f"{part}".encode() for part in LINE.split(field))
    lines = [before + b'"' * (field == '"-"') + b"x" * size + b'"' * (field == '"-"') + after for size in range(41)]
    for byte in set(range(256)) - {10}:
        for place in range(16):
            inside = b"x" * place + bytes([byte]) + b"x" * (20 - place)
            lines.append(before + (b'"%b"' % inside if field == '"-"' else inside) + after)
    compare(slow, fast, b"\n".join(lines) + b"\n")
    # Space and all that is printable but quotes and backslashes; 41 lengths, the backslash where it escapes an x.
    assert slow.lines == 41 + 93 * 16 + 16 * (field == "uv/0.9.9")


def test_the_end_of_a_block_is_none_of_a_field() -> None:
    """What eight bytes would hold that reach behind it."""
    slow, fast = uncompiled.scanner(KEY, 0.0, 1e11), scanner(KEY, 0.0, 1e11)
    assert fast is not None
    endings = ["", " ", " -", ' "', ' "-', ' "-" ', ' "-" "', *(f' "-" "{"u" * n}' for n in range(20))]
    for ending in [*endings, *(f'{ending}"' for ending in endings), *(f'{ending}" HIT' for ending in endings)]:
        for line in SOLID:
            short = line.split(' "-"')[0]
            compare(slow, fast, f"{line}\n{short}{ending}\n".encode())
    for end in range(len(LINE)):
        compare(slow, fast, f"{LINE[:end]}\n".encode())
        compare(slow, fast, f"{LINE}\n{LINE[:end]}\n".encode())


def test_a_block_ends_in_a_newline() -> None:
    """Nothing stops the compiled reader but a newline."""
    for made in (uncompiled.scanner(KEY, 0.0, 1e11), scanner(KEY, 0.0, 1e11)):
        assert made is not None
        assert made.scan(b"") == []
        for end in range(1, len(LINE)):
            with pytest.raises(ValueError, match="newline"):
                made.scan(LINE[:end].encode())
        data = f"{LINE}\n".encode()
        made.scan(data)
        with pytest.raises(ValueError, match="last block"):
            made.requests(data[1:])


def test_what_the_last_line_had_is_known() -> None:
    """A line means what it means alone, whatever stands in front of it."""
    together, alone = scanner(KEY, 1e9, 1.8e9), scanner(KEY, 1e9, 1.8e9)
    assert together is not None
    assert alone is not None
    lines = [line + b"\n" for line in hostile(5_000)]
    data = b"".join(lines)
    doubtful, askers, texts = together.scan(data), [], {kind: [] for kind in ("clients", "agents", "users", "words")}
    odd = []
    for place, line in enumerate(lines):
        odd += [place] * len(alone.scan(line))
        askers += alone.askers[1]
        for kind, new in texts.items():
            new += getattr(alone, kind).new(line)
    assert odd == [place for place, _ in doubtful]
    assert found(alone) == found(together)
    assert askers == list(together.askers[1])
    assert texts == {kind: getattr(together, kind).new(data) for kind in texts}


def test_many_texts_have_many_numbers() -> None:
    made = scanner(KEY, 0.0, 1e11)
    assert made is not None
    before = made.memory
    for part in range(4):
        lines = (
            LINE.replace("demo", sha256(b"%d" % n).hexdigest()) for n in range(part * 5_000, part * 5_000 + 10_000)
        )
        data = "".join(f"{line}\n" for line in lines).encode()
        made.scan(data)
        assert len(made.requests(data)[1]) - 1 == (10_000 if part == 0 else 5_000)
    assert made.asked.count == 25_000
    assert len(set(made.columns["what"])) == 25_000
    assert made.memory - before >= 25_000 * 32


@pytest.mark.parametrize(("ends", "texts"), [([], b""), ([0, 3], b"ab"), ([1, 2], b"ab"), ([0, 2, 1, 2], b"ab")])
def test_texts_that_do_not_fit_are_refused(ends: list[int], texts: bytes) -> None:
    for read in (uncompiled.SCAN.requests, scan.requests):
        with pytest.raises(ValueError, match="text"):
            read(array("i", ends), texts)
