"""Whole logs that nobody would write on purpose: every byte is accounted for, and nothing dangerous comes out."""

from __future__ import annotations

import gzip
import io
import json

import duckdb
import pytest
import zstandard

from subak.analytics.logs.ledger import Ledger
from subak.analytics.logs.read import read

GOOD = b'192.0.2.9 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 5 "-" "uv/0.9"\n'
FIELDS = (
    b"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    b"cs(Referer) cs(User-Agent) cs-uri-query\n"
)
EDGE = b"2026-10-05\t08:00:06\tZRH50\t20\t203.0.113.9\tGET\td.example\t/a\t200\t-\tuv/0.9\t-\n"
JSON = b'{"time":"2026-10-05T08:00:06Z","ip":"192.0.2.4","url":"/a","status":200,"agent":"uv/0.9"}\n'


def run(data: bytes) -> tuple[Ledger, list[tuple[object, ...]], list[tuple[object, ...]]]:
    with duckdb.connect(config={"threads": 1}) as engine:
        ledger = read(engine, ["-"], stdin=io.BytesIO(data), block=2**16)
        return ledger, engine.execute("FROM events").fetchall(), engine.execute("FROM rejects ORDER BY line").fetchall()


@pytest.mark.parametrize(
    ("bad", "accepted", "refused"),
    [
        (GOOD.replace(b'"uv', b"uv"), 0, True),
        (GOOD.replace(b'"-" "uv/0.9"', b'"-" "a"b" c"'), 1, False),
        (GOOD.replace(b"simple", b"sim\0ple"), 0, True),
        (GOOD.replace(b"uv/0.9", b"x" * 10**6), 0, True),
        (GOOD.replace(b"192.0.2.9", b"fe80::1%eth0"), 1, False),
        (GOOD.replace(b"- - [", b"- Jo van Do ["), 1, False),
        (GOOD.replace(b"2026", b"1969"), 0, True),
        (GOOD.replace(b"2026", b"2041"), 1, False),
        (GOOD.replace(b"uv/0.9", b"\xff\xfe"), 1, False),
        (GOOD.replace(b"uv/0.9", b'=cmd|"/c calc"!A1'), 1, False),
        (JSON, 1, False),
        (FIELDS + EDGE, 1, False),
        (b"\r\n", 0, False),
        (b"\x1b[2J\xe2\x80\xae 192.0.2.77\n", 0, True),
    ],
)
def test_one_odd_line_among_good_ones(bad: bytes, accepted: int, refused: bool) -> None:
    data = GOOD * 200 + bad + GOOD * 200
    ledger, events, rejects = run(data)
    assert ledger.total("accepted").lines == len(events) == 400 + accepted
    assert sum(ledger.total(what).bytes for what in ("accepted", "rejected", "skipped")) == ledger.bytes == len(data)
    assert len(rejects) == refused
    for _, line, size, told, sample in rejects:
        assert line == 201
        assert size == len(bad)
        assert told
        assert str(sample).isprintable()
        assert len(str(sample)) <= 200
        assert "192.0.2" not in str(sample)


def test_columns_that_change_in_the_middle() -> None:
    reordered = b"#Fields: time date x-edge-location c-ip cs-method cs-uri-stem sc-status sc-bytes x y z new\n"
    other = b"08:00:07\t2026-10-05\tZRH50\t203.0.113.9\tGET\t/b\t404\t7\t-\t-\t-\t-\n"
    ledger, events, rejects = run(b"#Version: 1.0\n" + FIELDS + EDGE * 3 + reordered + other * 2 + FIELDS + EDGE)
    assert [(event[4], event[5]) for event in events] == [("/a", 200)] * 3 + [("/b", 404)] * 2 + [("/a", 200)]
    assert rejects == []
    assert ledger.total("skipped").lines == 4


def test_three_formats_in_one_file() -> None:
    ledger, events, rejects = run((GOOD + JSON) * 50 + FIELDS + EDGE)
    assert (len(events), rejects) == (101, [])
    assert ledger.tallies[0].rescued == 51


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_a_log_that_breaks_off(pack: object) -> None:
    lines = b"".join(GOOD.replace(b"demo", b"demo%d" % (n * 7919 % 9973)) for n in range(20_000))
    whole = pack(lines)  # type: ignore[operator]
    ledger, events, rejects = run(whole[: len(whole) // 2])
    assert "damaged" in ledger.problems[0]
    assert 0 < len(events) < 20_000
    assert len(rejects) <= 1


@pytest.mark.parametrize("text", ["\x1b[31m", "<script>", "=1+1", "\u202e", "a\nb", "\r", "\t"])
def test_values_arrive_as_they_are(text: str) -> None:
    _, events, _ = run(
        (json.dumps({"time": "2026-10-05T08:00:06Z", "ip": "192.0.2.4", "url": "/a", "agent": text}) + "\n").encode()
    )
    assert events[0][7] == text
