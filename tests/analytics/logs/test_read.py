"""Whole logs: every line is read, rejected or skipped, whatever way it took, and the sums agree."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from subak.analytics.logs.read import read
from subak.errors import BadRequest

COMBINED = '198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"\n'
JSON = (
    '{"bytes":48211,"date_time":"2026-10-05T08:00:06Z","host":"h.example","http":{"protocol":"HTTP/2","referer":null,'
    '"useragent":"uv/0.9.9"},"ip":"198.51.100.20","method":"GET","status":200,"url":"https://h.example/simple/demo/"}\n'
)
FRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query\n"
)
CLOUDFRONT = (
    "2026-10-05\t08:00:06\tZRH50-C1\t48211\t198.51.100.20\tGET\th.example\t/simple/demo/\t200\t-\tuv/0.9.9\t-\n"
)
EVENT = (1791187206.0, "198.51.100.20", "GET", "/simple/demo/", 200, 48211, "uv/0.9.9")
QUERY = 'SELECT "at", client, method, target, status, sent, agent FROM events'


def events(engine: duckdb.DuckDBPyConnection) -> Counter[tuple[object, ...]]:
    return Counter(engine.execute(QUERY).fetchall())


@pytest.mark.parametrize(
    ("name", "text"),
    [("combined", COMBINED * 50), ("json", JSON * 50), ("cloudfront", FRONT + CLOUDFRONT * 50)],
)
@pytest.mark.parametrize("block", [200, 2000, 10**6])
def test_formats_with_a_quick_way(tmp_path: Path, name: str, text: str, block: int) -> None:
    path = tmp_path / "log"
    odd = {"combined": "hello\n", "json": "{}\n", "cloudfront": "a\tb\n"}[name]
    path.write_text(text + odd + text.splitlines()[-1])
    with duckdb.connect() as engine:
        ledger = read(engine, [str(path)], block=block)
        assert events(engine) == {EVENT: 51}
        rejects = engine.execute("SELECT line, bytes, sample FROM rejects").fetchall()
    assert rejects == [(text.count("\n") + 1, len(odd), odd.rstrip("\n").replace("\t", "\\t"))]
    assert ledger.tallies[0].format == name
    assert ledger.bytes == path.stat().st_size


def test_columns_that_change_in_the_middle(tmp_path: Path) -> None:
    other = FRONT.replace(" cs(Referer)", "").replace("sc-bytes c-ip", "c-ip sc-bytes")
    turned = CLOUDFRONT.replace("48211\t198.51.100.20", "198.51.100.20\t48211").replace("200\t-\t", "200\t")
    path = tmp_path / "log"
    path.write_text(FRONT + CLOUDFRONT * 30 + other + turned * 30 + FRONT + CLOUDFRONT)
    for block in (500, 10**6):
        with duckdb.connect() as engine:
            ledger = read(engine, [str(path)], block=block)
            assert events(engine) == {EVENT: 61}
        assert ledger.total("skipped").lines == 6


def test_several_formats_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(COMBINED * 20 + JSON * 3 + COMBINED)
    with duckdb.connect() as engine:
        ledger = read(engine, [str(path)])
        assert sum(events(engine).values()) == 24
    assert ledger.tallies[0].rescued == 3


def test_progress_and_standard_input() -> None:
    seen: list[tuple[int, int]] = []
    data = gzip.compress((COMBINED * 100).encode())
    with duckdb.connect() as engine:
        ledger = read(engine, ["-"], stdin=io.BytesIO(data), progress=lambda done, total: seen.append((done, total)))
    assert ledger.total("accepted").lines == 100
    assert seen[-1] == (len(data), 0)


def test_a_log_that_breaks_off_counts_until_then(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    whole = gzip.compress(b"".join(f"{n}".encode() + COMBINED.encode()[1:] for n in range(1, 10)) * 2000)
    path.write_bytes(whole[: len(whole) // 2])
    with duckdb.connect() as engine:
        ledger = read(engine, [str(path)])
    assert ledger.problems
    assert 0 < ledger.total("accepted").lines < 18000


def test_batches_go_to_whoever_absorbs_them(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(COMBINED * 10)
    seen: list[int] = []
    with duckdb.connect() as engine:
        read(
            engine,
            [str(path)],
            absorb=lambda table: seen.append(engine.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]),
        )
        assert engine.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'events'").fetchall() == [(0,)]
    assert sum(seen) == 10


def test_what_means_nothing(tmp_path: Path) -> None:
    with duckdb.connect() as engine:
        with pytest.raises(BadRequest, match="combined"):
            read(engine, [], "combind")
        with pytest.raises(BadRequest):
            read(engine, [str(tmp_path / "absent.log")])
