r"""Coded hits say exactly what the exact reader says, whatever the lines look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from subak.analytics.facts.coder import Coding
from subak.analytics.logs.ledger import Ledger
from subak.analytics.logs.read import read
from subak.analytics.workers.batch import Asked, Batch, Logged
from uncompiled import scanner as plain

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner

Make: TypeAlias = "Callable[[bytes, float, float], Scanner | None]"
KEY = b"sixteen bytes or"


LINE = '198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"'
SOLID = [
    LINE,
    LINE.replace('"uv/0.9.9"', r'"pip/26.0 {\"ci\":true}"'),
    LINE.replace("198.51.100.20", "2001:db8::7").replace("200 48211", "304 -"),
    LINE.replace("- - [", "- jo ["),
    LINE.replace("GET /simple/demo/", "HEAD /a?b=c"),
    LINE.replace("+0000", "-0730"),
    LINE.replace("GET", "POST") + ' "203.0.113.7" 0.004 HIT',
    LINE.replace("uv/0.9.9", r"pip/26.0 {\x22ci\x22:true}") + " TCP_MISS:HIER_DIRECT /x",
    LINE.split(' "-"')[0],
]
TRICKY = [
    r'\"', r"\x22", "\\", '"', '" ', ' "', " ", "  ", "-", '"-"', '""', "[", "]", "é", "\t", "\x01", "null", "(null)",
    "200 5", " HTTP/1.1", "HIT", "1e2", "::", "[::1]:4", "%22", "/", "#", "", "NULL", "\r", "\0", "\n", "\n\n", "\x85",
    "29/Feb", "60", "9999", "MISS", "HIT,", "H1T", "HIT-a", "AB12", "TCP_HIT",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A solid line, often with pieces replaced, removed, doubled or inserted."""
    parts = re.split(r'([ "\[\]:/])', draw(st.sampled_from(SOLID)))
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2, 3)))):
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                parts[at] = draw(st.sampled_from(TRICKY))
            case 1:
                parts[at] = ""
            case 2:
                parts[at] += parts[at]
            case _:
                parts.insert(at, draw(st.sampled_from(TRICKY)))
    return "".join(parts)


def exactly(path: Path) -> tuple[Counter[tuple[object, ...]], Ledger]:
    """What the exact way makes of a log."""
    with duckdb.connect() as engine:
        ledger = read(engine, [str(path)], "combined")
        rows = engine.execute(
            'SELECT "at", client, method, host, target, agent, username, status, sent, cache FROM events'
        ).fetchall()
    return Counter(rows), ledger


def named(batch: Batch) -> Asked:
    """What a batch asks about."""
    return batch.asked.read() if isinstance(batch.asked, Logged) else batch.asked


def coded(path: Path, block: int, make: Make) -> tuple[Counter[tuple[object, ...]], Ledger]:
    """The same of coded hits, with their texts put back."""
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11, make(KEY, 0.0, 1e11))
        ledger = read(engine, [str(path)], "combined", absorb=coding.absorb, coder=coding, block=block)
        coding.flush()
        coding.close()
        rows = engine.execute(
            'SELECT "at", client, asked, agent, "user", status, sent, cache FROM requests JOIN askers ON asker = id'
        ).fetchall()
        assert engine.execute("SELECT count(*) FROM requests").fetchall() == [(len(rows),)]
    clients, agents, users = {}, {}, {0: ""}
    asked = {}
    for batch in coding.fresh:
        clients.update(batch.clients)
        agents.update({number: text for number, text, _ in batch.agents})
        users.update(batch.users)
        asked.update({number: rest for number, *rest in zip(*named(batch), strict=True)})
    return Counter(
        (at, clients[client], *asked[target], agents[agent], users[user], status, sent, str(cache))
        for at, client, target, agent, user, status, sent, cache in rows
    ), ledger


def same(tmp_path: Path, text: bytes, block: int = 2500, make: Make = plain) -> Ledger:
    path = tmp_path / "access.log"
    path.write_bytes(text)
    want, sums = exactly(path)
    got, ledger = coded(path, block, make)
    assert got == want
    assert [ledger.total(what) for what in ("accepted", "rejected", "skipped")] == [
        sums.total(what) for what in ("accepted", "rejected", "skipped")
    ]
    return ledger


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(damaged(), min_size=1, max_size=12))
@example([LINE.replace("GET /", r"\x16\x03"), LINE, LINE, LINE.replace("198", "2e1"), LINE])
@example([LINE] * 9 + [LINE.replace('"uv/0.9.9"', '"unbalanced')])
@example([LINE] * 3 + [LINE.replace("48211", "1e2"), LINE.replace("uv", r"a\\"), ""])
def test_coded_lines_say_what_exact_ones_say(tmp_path: Path, lines: list[str]) -> None:
    same(tmp_path, "\n".join(lines).encode())


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_last_line(tmp_path: Path, end: bytes) -> None:
    ledger = same(tmp_path, LINE.encode() + b"\n" + LINE.encode() + end)
    assert ledger.total("accepted").lines == 2


def test_most_lines_need_no_text(tmp_path: Path) -> None:
    scanners: list[Scanner] = []

    def make(key: bytes, since: float, until: float) -> Scanner:
        scanners.append(plain(key, since, until))
        return scanners[-1]

    junk = [LINE.replace("GET /simple/demo/", rf"\x16\x03 {n}") for n in range(3)]
    text = "\n".join((SOLID + junk) * 30).encode() + b"\n"
    assert same(tmp_path, text, 10**6, make).total("accepted").lines == 30 * (len(SOLID) + 3)
    assert scanners[0].lines == 30 * len(SOLID)


def test_when_numbers_take_too_much_the_engine_reads_on(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.replace("demo", f"demo-{n}") + "\n" for n in range(12_000)))
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11, plain(KEY, 0.0, 1e11), 100_000)
        ledger = read(engine, [str(path)], absorb=coding.absorb, coder=coding, block=1 << 20)
        coding.flush()
        coding.close()
        distinct = engine.execute("SELECT count(*), count(DISTINCT asked) FROM requests").fetchall()
    assert distinct == [(12_000, 12_000)]
    assert ledger.total("accepted").lines == 12_000
    assert sum(len(named(batch).numbers) for batch in coding.fresh) == 12_000
    assert {number >= 2**32 for batch in coding.fresh for number in named(batch).numbers} == {True, False}


@pytest.mark.parametrize("make", [plain, lambda *_: None])
def test_bundlers_run_is_no_part_of_its_agent(tmp_path: Path, make: Make) -> None:
    agent = "bundler/2.6.1 rubygems/3.6.1 ruby/3.4.1 (x86_64-linux) command/install ci/github,ci "
    lines = [LINE.replace("uv/0.9.9", f"{agent}{run:016x}") for run in (1, 2, 2)]
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11, make(KEY, 0.0, 1e11))
        read(engine, [str(path)], absorb=coding.absorb, coder=coding)
        coding.flush()
        coding.close()
        rows = engine.execute("SELECT agent, run FROM requests JOIN askers ON asker = id").fetchall()
    agents = {number: (text, run) for batch in coding.fresh for number, text, run in batch.agents}
    assert sorted(max(run, agents[number][1]) for number, run in rows) == [1, 2, 2]
    assert len({agents[number][0].removesuffix("1") for number, _ in rows}) == 1


def test_hits_outside_of_the_window_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.replace("08:00:06", f"08:00:{n:02}") + "\n" for n in range(10)))
    for make in (plain, lambda *_: None):
        with duckdb.connect() as engine:
            window = 1791187203.0, 1791187205.0
            coding = Coding(engine, *window, make(KEY, *window))
            ledger = read(engine, [str(path)], absorb=coding.absorb, coder=coding)
            coding.flush()
            coding.close()
            assert engine.execute('SELECT "at" FROM requests ORDER BY 1').fetchall() == [
                (1791187203.0,),
                (1791187204.0,),
            ]
        assert ledger.total("accepted").lines == 10


@pytest.mark.parametrize("make", [plain, lambda *_: None])
def test_texts_that_differ_in_two_places_alike_are_two(tmp_path: Path, make: Make) -> None:
    """DuckDB's hash takes some such texts for one; where they begin decides which."""
    path = tmp_path / "access.log"
    asked = "/a/example/pgvector/mypy-pytz/0.3.{n}/mypy-pytz-0.3.{n}.jar"
    targets = {"/" + "m" * pad + asked.format(n=n) for pad in range(9) for n in range(10)}
    path.write_text("".join(LINE.replace("/simple/demo/", target) + "\n" for target in sorted(targets)))
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11, make(KEY, 0.0, 1e11))
        read(engine, [str(path)], absorb=coding.absorb, coder=coding)
        coding.flush()
        coding.close()
        assert engine.execute("SELECT count(DISTINCT asked) FROM requests").fetchall() == [(90,)]
        theirs = engine.execute("SELECT count(DISTINCT hash(x)) FROM unnest(?) t(x)", [sorted(targets)]).fetchall()
    assert theirs[0][0] < 90, "the engine's hash is better now: `number` may use it"
