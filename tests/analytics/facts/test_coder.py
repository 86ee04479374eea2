r"""Coded hits say exactly what the exact reader says, whatever the lines look like."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from subak.analytics.facts.coder import Coding
from subak.analytics.logs.ledger import Ledger
from subak.analytics.logs.read import read

LINE = '198.51.100.20 - - [05/Oct/2026:08:00:06 +0000] "GET /simple/demo/ HTTP/1.1" 200 48211 "-" "uv/0.9.9"'
SOLID = [
    LINE,
    LINE.replace('"uv/0.9.9"', r'"pip/26.0 {\"ci\":true}"'),
    LINE.replace("198.51.100.20", "2001:db8::7").replace("200 48211", "304 -"),
    LINE.replace("- - [", "- jo ["),
    LINE.replace("GET /simple/demo/", "HEAD /a?b=c"),
    LINE.replace("+0000", "-0730"),
]
TRICKY = [
    r'\"', r"\x22", "\\", '"', '" ', ' "', " ", "  ", "-", '"-"', '""', "[", "]", "é", "\t", "\x01", "null", "(null)",
    "200 5", " HTTP/1.1", "HIT", "1e2", "::", "[::1]:4", "%22", "/", "#", "", "NULL", "\r", "\0", "\n", "\n\n", "\x85",
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


def coded(path: Path, block: int) -> tuple[Counter[tuple[object, ...]], Ledger]:
    """The same of coded hits, with their texts put back."""
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11)
        ledger = read(engine, [str(path)], "combined", absorb=coding.absorb, coder=coding, block=block)
        rows = engine.execute('SELECT "at", client, asked, agent, "user", status, sent, cache FROM hits').fetchall()
    clients, agents, users = {}, {}, {0: ""}
    asked = {}
    for batch in coding.fresh:
        clients.update(batch.clients)
        agents.update(batch.agents)
        users.update(batch.users)
        asked.update({number: rest for number, *rest in batch.asked})
    return Counter(
        (at, clients[client], *asked[target], agents[agent], users[user], status, sent, str(cache))
        for at, client, target, agent, user, status, sent, cache in rows
    ), ledger


def same(tmp_path: Path, text: bytes, block: int = 2500) -> Ledger:
    path = tmp_path / "access.log"
    path.write_bytes(text)
    want, sums = exactly(path)
    got, ledger = coded(path, block)
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


def test_most_blocks_take_the_coded_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    keep = Coding.keep

    def counted(self: Coding) -> None:
        kept.append(self._engine.execute("SELECT count(*) FROM staged").fetchall()[0][0])
        keep(self)

    monkeypatch.setattr(Coding, "keep", counted)
    junk = [LINE.replace("GET /simple/demo/", rf"\x16\x03 {n}") for n in range(3)]
    text = "\n".join((SOLID + junk) * 30).encode() + b"\n"
    assert same(tmp_path, text, 10_000).total("accepted").lines == 270
    assert sum(kept) == 30 * len(SOLID)


def test_bundlers_run_is_no_part_of_its_agent(tmp_path: Path) -> None:
    agent = "bundler/2.6.1 rubygems/3.6.1 ruby/3.4.1 (x86_64-linux) command/install ci/github,ci "
    lines = [LINE.replace("uv/0.9.9", f"{agent}{run:016x}") for run in (1, 2, 2)]
    path = tmp_path / "access.log"
    path.write_text("\n".join(lines) + "\n")
    with duckdb.connect() as engine:
        coding = Coding(engine, 0.0, 1e11)
        read(engine, [str(path)], absorb=coding.absorb, coder=coding)
        found = engine.execute("SELECT count(DISTINCT agent), count(DISTINCT run), min(run) > 0 FROM hits").fetchall()
    assert found == [(1, 2, True)]
    assert sum(len(batch.agents) for batch in coding.fresh) == 1


def test_hits_outside_of_the_window_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.replace("08:00:06", f"08:00:{n:02}") + "\n" for n in range(10)))
    with duckdb.connect() as engine:
        coding = Coding(engine, 1791187203.0, 1791187205.0)
        read(engine, [str(path)], absorb=coding.absorb, coder=coding)
        assert engine.execute('SELECT "at" FROM hits ORDER BY 1').fetchall() == [(1791187203.0,), (1791187204.0,)]
