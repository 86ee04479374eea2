"""Questions and answers: what can be asked, how it is sorted, what a summary holds."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import msgspec
import pytest

from subak.analytics import stats as stats_module
from subak.analytics.compact import Shelf, compact, shelf
from subak.analytics.measures import MEASURES
from subak.analytics.stats import Summary, stats, summary
from subak.errors import BadRequest, StoreFailed
from subak.model.exchange import Agent, Caller, Kind, Origin, Subject
from subak.model.reading import COLUMNS, asked_part, caller_part, compose, outcome_part
from subak.store.journal import Journal

NOON = 1_790_078_400.0
ORIGINS = [Origin.CACHE, Origin.CACHE, Origin.UPSTREAM, Origin.STALE]


def keep(folder: Path, at: float, count: int = 12, kind: Kind = Kind.ARTIFACT) -> None:
    journal = Journal(folder, "w0", lambda: at, 0.5, 10**6)
    for n in range(count):
        ecosystem = "npm" if n % 3 else "pypi"
        subject = Subject(ecosystem=ecosystem, kind=kind, purl=f"pkg:{ecosystem}/p{n % 4}@1.{n}")
        caller = Caller(agent=Agent(["pip", "npm", "uv"][n % 3], f"{n}", n % 2 == 0), consumer=f"addr:{n % 5}")
        outcome = outcome_part(at + n, "GET", 200, 100 * n, 0, ORIGINS[n % 4], 0.01 * n, "", "")
        journal.note(compose(outcome, asked_part(subject), caller_part(caller)))
    journal.close()


def test_no_readings_at_all(tmp_path: Path) -> None:
    assert stats(tmp_path, 0, NOON, ["agent"], ["requests"]).rows == []
    found = summary(tmp_path / "nowhere", 0, NOON)
    assert found.overall["requests"] == 0
    assert found.overall["bytes_spared"] == 0
    assert found.overall["hit_ratio"] is None
    assert found.ecosystems == found.agents == found.packages == []


@pytest.mark.parametrize(
    ("by", "measures", "where", "hint"),
    [
        (["agnet"], ["requests"], {}, "did you mean 'agent'"),
        ([], ["request"], {}, "did you mean 'requests'"),
        ([], ["requests"], {"1=1; --": "x"}, "known: ecosystem"),
        ([], [], {}, "at least one"),
    ],
)
def test_an_unknown_name_is_refused_with_a_hint(
    tmp_path: Path, by: list[str], measures: list[str], where: dict[str, str], hint: str
) -> None:
    with pytest.raises(BadRequest, match=hint):
        stats(tmp_path, 0, 1, by, measures, where=where)


def test_the_window_includes_its_start_and_not_its_end(tmp_path: Path) -> None:
    keep(tmp_path, NOON)
    for _ in range(2):
        assert stats(tmp_path, NOON + 2, NOON + 5, [], ["requests"]).rows == [(3,)]
        compact(tmp_path, NOON, 0)
    assert stats(tmp_path, float("-inf"), float("inf"), [], ["requests"]).rows == [(12,)]


def test_a_reading_counts_on_the_day_it_arrived_though_it_ended_on_another(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w0", lambda: NOON, 0.5, 10)
    slow = outcome_part(NOON - 3 * 86400, "GET", 200, 1, 1, Origin.UPSTREAM, 3 * 86400, "", "")
    journal.note(compose(slow, asked_part(Subject()), caller_part(Caller())))
    journal.close()
    for _ in range(2):
        table = stats(tmp_path, NOON - 4 * 86400, NOON - 2 * 86400, ["day"], ["requests"])
        assert table.rows == [("2026-09-19", 1)]
        compact(tmp_path, NOON, 0)


def test_sorted_by_the_first_measure_or_by_time(tmp_path: Path) -> None:
    keep(tmp_path, NOON)
    keep(tmp_path, NOON - 7200, count=3)
    by_bytes = stats(tmp_path, 0, NOON + 99, ["purl"], ["bytes_sent"], limit=2)
    assert by_bytes.rows == [("pkg:npm/p3@1.11", 1100), ("pkg:npm/p2@1.10", 1000)]
    hours = stats(tmp_path, 0, NOON + 99, ["hour", "ecosystem"], ["requests"])
    assert hours.columns == ("hour", "ecosystem", "requests")
    assert [row[:2] for row in hours.rows] == [
        ("2026-09-22T10", "npm"), ("2026-09-22T10", "pypi"), ("2026-09-22T12", "npm"), ("2026-09-22T12", "pypi"),
    ]  # fmt: skip


def test_where_keeps_rows_by_value(tmp_path: Path) -> None:
    keep(tmp_path, NOON)
    asked = {"ecosystem": "npm", "ci": "true"}
    assert stats(tmp_path, 0, NOON + 99, [], ["requests"], where=asked).rows == [(4,)]
    assert stats(tmp_path, 0, NOON + 99, [], ["requests"], where={"agent": "x' OR '1'='1"}).rows == [(0,)]
    assert stats(tmp_path, 0, NOON + 99, ["status"], ["requests"], where={"status": "200"}).rows == [(200, 12)]


def test_the_summary_adds_up_and_leaves_out_our_own_pages(tmp_path: Path) -> None:
    keep(tmp_path, NOON)
    keep(tmp_path, NOON, kind=Kind.OWN)
    found = summary(tmp_path, NOON - 100, NOON + 100, top=2)
    assert list(found.overall) == list(MEASURES)
    assert found.overall["requests"] == 12
    assert found.overall["hits"] == 6
    assert found.overall["bytes_sent"] == 6600
    assert [(row["ecosystem"], row["requests"]) for row in found.ecosystems] == [("npm", 8), ("pypi", 4)]
    assert len(found.agents) == 2
    assert [row["package"] for row in found.packages] == ["pkg:npm/p3", "pkg:npm/p0"]
    assert msgspec.json.decode(msgspec.json.encode(found), type=Summary) == found


def test_a_file_that_vanishes_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(tmp_path, NOON)
    old = shelf(tmp_path)
    compact(tmp_path, NOON, 0)  # what the first listing named is gone
    listings = iter([old, old])
    monkeypatch.setattr(stats_module, "shelf", lambda folder, day: next(listings, None) or shelf(folder, day))
    assert stats(tmp_path, 0, NOON + 99, [], ["requests"]).rows == [(12,)]
    assert next(listings, None) is None


def test_a_file_that_stays_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats_module, "shelf", lambda folder, day: Shelf((tmp_path / "gone.parquet",), ()))
    with pytest.raises(StoreFailed, match=r"gone\.parquet"):
        stats(tmp_path, 0, NOON, [], ["requests"])


def test_a_million_rows_are_summed_up_quickly(tmp_path: Path) -> None:
    """Not a benchmark: the margin is wide, to hold on a busy machine (measured: 0.4 s)."""
    values = {
        "at": f"{NOON} + i / 100.0", "ecosystem": "'npm'", "kind": "'artifact'", "purl": "'pkg:npm/p' || i % 5000",
        "agent": "'a' || i % 9", "status": "200", "sent": "i % 100000", "fetched": "0", "origin": "'hit'",
        "ms": "i % 997 / 10", "ci": "true",
    }  # fmt: skip
    columns = ", ".join(f'({values.get(name, chr(39) * 2)})::{kind} AS "{name}"' for name, kind in COLUMNS.items())
    file = tmp_path / "2026-09-22" / "day-1.parquet"
    file.parent.mkdir()
    duckdb.execute(f"COPY (SELECT {columns} FROM range(1000000) r(i)) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    start = time.perf_counter()
    assert summary(tmp_path, 0, NOON * 2).overall["requests"] == 1_000_000
    assert time.perf_counter() - start < 5
