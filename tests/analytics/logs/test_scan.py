r"""The scanner by itself: what it takes, and that the compiled one does what its source says."""

from __future__ import annotations

from hashlib import sha256
from itertools import accumulate
from random import Random

import pytest

import uncompiled
from subak.analytics.logs.scanning import compiled, ends, scanner

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
    ("stamp", "at"),
    [
        ("01/Jan/1970:00:00:00 +0000", 0.0),
        ("29/Feb/2024:23:59:59 +0000", 1709251199.0),
        ("01/Mar/2100:00:00:00 +0000", 4107542400.0),
        ("31/Dec/2026:23:30:00 -0130", 1798765200.0),
        ("01/Jan/2027:01:00:00 +0200", 1798758000.0),
        ("29/Feb/2026:00:00:00 +0000", None),
        ("29/Feb/2100:00:00:00 +0000", None),
        ("31/Apr/2026:00:00:00 +0000", None),
        ("00/Apr/2026:00:00:00 +0000", None),
        ("05/oct/2026:00:00:00 +0000", None),
        ("05/Oct/2026:24:00:00 +0000", None),
        ("05/Oct/2026:00:00:60 +0000", None),
        ("05/Oct/2026:00:00:00 +1500", None),
        ("05/Oct/2026:00:00:00 0000 ", None),
        ("31/Dec/1969:23:59:59 +0000", None),
    ],
)
def test_times(stamp: str, at: float | None) -> None:
    found = rows(LINE.replace("05/Oct/2026:08:00:06 +0000", stamp))
    assert [row[0] for row in found] == ([] if at is None else [at])


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
    ],
)
def test_what_is_left_to_the_exact_reader(line: str) -> None:
    assert rows(line) == []


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
    assert made.askers == []  # they came with the first block
    taken = made.take()
    assert (made.rows, list(made.columns["at"])) == (0, [])
    made.scan(data.replace(b"200", b"404"))
    assert list(made.columns["status"]) == [404] * 30
    assert list(taken["status"]) == [200] * 120


def test_other_keys_make_other_numbers() -> None:
    """SipHash-1-3 of known texts, as another implementation has it, cannot be had; but it must depend on all of key."""
    one = uncompiled.SCAN.Scanner(KEY, 0.0, 1e11)
    others = [uncompiled.SCAN.Scanner(KEY[:n] + b"!" + KEY[n + 1 :], 0.0, 1e11) for n in range(16)]
    text = b"GET / HTTP/1.1"
    found = {made._hash(text, start, end) for made in (one, *others) for start in range(9) for end in range(9, 15)}
    assert len(found) == 17 * 9 * 6


def test_siphash() -> None:
    """Against a second implementation of SipHash-1-3, written from the paper."""
    random = Random(3)
    for length in range(40):
        text, key = random.randbytes(length), random.randbytes(16)
        assert uncompiled.SCAN.Scanner(key, 0.0, 1e11)._hash(text, 0, length) == siphash13(key, text)


def siphash13(key: bytes, text: bytes) -> int:
    def rotated(word: int, by: int) -> int:
        return (word << by | word >> (64 - by)) & (2**64 - 1)

    def turn(v: list[int]) -> None:
        for a, b, by, half in ((0, 1, 13, True), (2, 3, 16, False), (0, 3, 21, False), (2, 1, 17, True)):
            v[a] = (v[a] + v[b]) % 2**64
            v[b] = rotated(v[b], by) ^ v[a]
            if half:
                v[a] = rotated(v[a], 32)

    magic = b"somepseudorandomlygeneratedbytes"
    first, second = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    v = [int.from_bytes(magic[8 * n : 8 * n + 8], "big") ^ (first, second)[n % 2] for n in range(4)]
    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        turn(v)
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(3):
        turn(v)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_the_compiled_scanner_does_what_its_source_does() -> None:
    assert compiled(), "there is a C compiler wherever these tests are to pass"
    texts = ["", "a", "bcd", "ü"] * 9
    assert list(ends(texts)) == list(uncompiled.SCAN.ends(texts)) == list(accumulate(map(len, texts), initial=0))
    random = Random(7)
    lines = [line.encode() for line in SOLID]
    for _ in range(20_000):
        line = bytearray(random.choice(lines[: len(SOLID)]))
        for _ in range(random.randrange(3)):
            line[random.randrange(len(line))] = random.choice(b' "\\[]:-/aZ09\x00\xff\t(')
        lines.append(bytes(line))
    text = b"\n".join(lines) + b"\n"
    slow, fast = uncompiled.scanner(KEY, 1e9, 1.8e9), scanner(KEY, 1e9, 1.8e9)
    assert fast is not None
    taken = 0
    for start in range(0, len(text), 1 << 19):
        data = text[text.rfind(b"\n", 0, start) + 1 : text.rfind(b"\n", 0, start + (1 << 19)) + 1]
        assert slow.scan(data) == fast.scan(data)
        assert (slow.lines, slow.size, slow.rows) == (fast.lines, fast.size, fast.rows)
        assert {name: list(column) for name, column in slow.columns.items()} == {
            name: list(column) for name, column in fast.columns.items()
        }
        assert slow.requests(data) == fast.requests(data)
        assert slow.askers == fast.askers
        for kind in ("clients", "agents", "users", "words"):
            assert getattr(slow, kind).new(data) == getattr(fast, kind).new(data)
        taken += slow.lines
    assert taken > 5_000


def test_the_compiled_scanner_never_reads_behind_the_block() -> None:
    """A block that ends anywhere is an error, not a crash: bounds are checked."""
    made = scanner(KEY, 0.0, 1e11)
    assert made is not None
    for end in range(1, len(LINE)):
        with pytest.raises(IndexError):
            made.scan(LINE[:end].encode())


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
        assert len(made.requests(data)[1]) == (10_000 if part == 0 else 5_000)
    assert made.asked.count == 25_000
    assert len(set(made.columns["what"])) == 25_000
    assert made.memory - before >= 25_000 * 32
