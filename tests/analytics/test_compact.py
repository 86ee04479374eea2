"""Compaction changes where rows are, never how many: whatever moment it is broken off."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.compact import Compacted, Merge, Step, compact, day_name, shelf
from subak.analytics.stats import stats
from subak.errors import StoreFailed
from subak.model.exchange import Agent, Caller, Kind, Origin, Subject
from subak.model.reading import COLUMNS, asked_part, caller_part, compose, outcome_part
from subak.store.journal import Journal

DAY = 86400.0
NOON = 1_790_035_200.0 + DAY / 2  # 2026-09-22T12:00:00Z
CALLER = caller_part(Caller(agent=Agent("npm", "11", False), consumer="addr:1"))


def line(number: int, at: float) -> bytes:
    asked = asked_part(Subject(ecosystem="npm", kind=Kind.ARTIFACT, purl=f"pkg:npm/demo@{number}"))
    return compose(outcome_part(at, "GET", 200, number, 0, Origin.CACHE, 0.1, "", ""), asked, CALLER)


def write(folder: Path, at: float, numbers: range, worker: str = "w0") -> Path:
    """One finished segment of that hour."""
    before = set((folder / "journal").glob("*.jsonl"))
    journal = Journal(folder, worker, lambda: at, 0.5, 10**6)
    journal.note_many(line(number, at) for number in numbers)
    journal.close()
    (made,) = set((folder / "journal").glob("*.jsonl")) - before
    return made


def counted(folder: Path) -> tuple[int, int]:
    """How many readings, and the sum of their numbers."""
    ((rows, total),) = stats(folder, 0, 1e11, [], ["requests", "bytes_sent"]).rows
    assert isinstance(rows, int)
    assert isinstance(total, int)
    return rows, total


def scene(folder: Path) -> None:
    """Yesterday: two segments, one with a foreign and a torn line. Today: one segment. 1+…+30 in all."""
    write(folder, NOON - DAY, range(1, 11))
    odd = write(folder, NOON - DAY + 3600, range(11, 21), "w1")
    with odd.open("ab") as file:
        file.write(b"nobody's line\n" + line(99, NOON)[:-20])
    write(folder, NOON, range(21, 31))


WHOLE = (30, sum(range(1, 31)))


class Crash(BaseException):
    """Not to be caught by anything in the house."""


def crash_at(number: int) -> Step:
    steps = iter(range(10**6))

    def step(name: str) -> None:
        if next(steps) == number:
            raise Crash(name)

    return step


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def parquet_rows(folder: Path) -> list[tuple[object, ...]]:
    return duckdb.execute(f"SELECT * FROM read_parquet('{folder}/*/*.parquet') ORDER BY sent").fetchall()


# ---------------------------------------------------------------- in fair weather


def test_segments_become_parquet_and_past_days_one_file(tmp_path: Path) -> None:
    scene(tmp_path)
    done = compact(tmp_path, NOON, 0)
    assert done == Compacted(segments=3, rows=30, torn=1, rejected=1, merged=1)
    today = int(NOON * 1e9)
    assert files(tmp_path) == [
        "2026-09-21/day-1.parquet",
        f"2026-09-22/12-w0-{today}.parquet",
        f"journal/2026-09-21T13-w1-{int((NOON - DAY + 3600) * 1e9)}.rejected",
        "journal/w0.totals",
        "journal/w1.totals",
    ]
    (rejected,) = (json.loads(text) for text in next(tmp_path.rglob("*.rejected")).read_text().splitlines())
    assert rejected["line"] == "nobody's line"
    assert rejected["reason"]
    assert counted(tmp_path) == WHOLE
    assert compact(tmp_path, NOON, 0) == Compacted()


def test_parquet_has_our_types_and_is_sorted(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w0", lambda: NOON, 0.5, 100)
    journal.note_many([line(1, NOON - 5), line(2, NOON - 9), line(3, NOON - 7)])
    journal.close()
    compact(tmp_path, NOON, 0)
    (file,) = tmp_path.rglob("*.parquet")
    table = duckdb.execute(f"SELECT * FROM read_parquet('{file}')")
    assert {column[0]: str(column[1]) for column in table.description or ()} == COLUMNS
    assert [row[0] for row in table.fetchall()] == [NOON - 9, NOON - 7, NOON - 5]


def test_late_rows_of_a_merged_day_join_it(tmp_path: Path) -> None:
    scene(tmp_path)
    compact(tmp_path, NOON, 0)
    write(tmp_path, NOON - DAY / 2 - 1, range(31, 41))
    assert compact(tmp_path, NOON, 0).merged == 1
    assert [p.name for p in (tmp_path / "2026-09-21").iterdir()] == ["day-2.parquet"]
    assert counted(tmp_path) == (40, sum(range(1, 41)))


def test_days_beyond_the_retention_go(tmp_path: Path) -> None:
    scene(tmp_path)
    compact(tmp_path, NOON, 0)
    assert compact(tmp_path, NOON + 9.4 * DAY, 10 * DAY).deleted == 0
    assert compact(tmp_path, NOON + 9.6 * DAY, 10 * DAY).deleted == 1
    assert [p.name for p in tmp_path.glob("20*")] == ["2026-09-22"]
    assert not list(tmp_path.rglob("*.rejected"))
    assert counted(tmp_path) == (10, sum(range(21, 31)))


def test_an_empty_or_missing_folder_is_no_trouble(tmp_path: Path) -> None:
    assert compact(tmp_path / "readings", NOON, 0) == Compacted()
    assert shelf(tmp_path / "readings").parquet == ()


def test_an_odd_folder_name_is_only_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's [a-z]*? 100%"
    scene(folder)
    assert counted(folder) == WHOLE
    assert compact(folder, NOON, 0).failed == 0
    assert counted(folder) == WHOLE


@pytest.mark.parametrize(
    ("at", "day"), [(0.0, "1970-01-01"), (NOON, "2026-09-22"), (-5.0, "1970-01-01"), (1e20, "9999-12-31")]
)
def test_day_name(at: float, day: str) -> None:
    assert day_name(at) == day


# ---------------------------------------------------------------- what is whose


def test_a_living_segment_is_left_alone_and_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w0", lambda: NOON, 0.5, 100)
    journal.note(line(5, NOON))
    journal.flush()
    assert compact(tmp_path, NOON, 0).segments == 0
    assert counted(tmp_path) == (1, 5)
    journal.note(line(6, NOON))
    journal.close()
    assert compact(tmp_path, NOON, 0).segments == 1
    assert counted(tmp_path) == (2, 11)


def test_two_compactors_never_run_together(tmp_path: Path) -> None:
    scene(tmp_path)
    with (tmp_path / "compact.lock").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert compact(tmp_path, NOON, 0) == Compacted(busy=True)
    assert compact(tmp_path, NOON, 0).segments == 3


FOREIGN: list[bytes] = [
    b"nobody's line",
    b"{}",
    b"[1, 2]",
    b"\xff\xfe\x00",
    b"\x00" * 50,
    line(1, NOON).replace(b'"npm"', b'"\xff"', 1),
    line(1, NOON).replace(b'"status":200', b'"status":70000'),
    line(1, NOON).replace(b'"status":200', b'"status":null'),
    line(1, NOON).replace(b'"method":"GET",', b""),
    line(1, NOON).replace(b'"at":', b'"at":1e99,"was":'),
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_line_is_kept_aside_with_the_reason(tmp_path: Path, foreign: bytes) -> None:
    segment = write(tmp_path, NOON, range(1, 4))
    segment.write_bytes(foreign + b"\n" + segment.read_bytes() + b"\n" + foreign + b"\n")
    done = compact(tmp_path, NOON, 0)
    assert (done.rows, done.rejected, done.failed, done.torn) == (3, 2, 0, 0)
    kept = [json.loads(text) for text in segment.with_suffix(".rejected").read_text().splitlines()]
    assert [row["line"] for row in kept] == [foreign.decode("utf-8", "backslashreplace")] * 2
    assert counted(tmp_path) == (3, 6)


@pytest.mark.parametrize("cut", range(0, 300, 13))
def test_a_line_cut_anywhere_does_not_count_and_harms_no_other(tmp_path: Path, cut: int) -> None:
    segment = write(tmp_path, NOON, range(1, 4))
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) - 1 - min(cut, 200)])
    before = counted(tmp_path)
    done = compact(tmp_path, NOON, 0)
    assert (done.rows, done.torn) == ((3, 0) if cut == 0 else (2, 1))
    assert counted(tmp_path) == before == ((3, 6) if cut == 0 else (2, 3))


def test_nothing_but_foreign_lines_leaves_only_them(tmp_path: Path) -> None:
    segment = write(tmp_path, NOON, range(1))
    segment.write_bytes(b"nobody's\n")
    assert compact(tmp_path, NOON, 0) == Compacted(segments=1, rejected=1)
    assert not segment.exists()
    assert not list(tmp_path.rglob("*.parquet"))


def test_one_damaged_file_does_not_hold_up_the_others(tmp_path: Path) -> None:
    scene(tmp_path)
    damaged = tmp_path / "2026-09-20" / "day-1.parquet"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no Parquet")
    (damaged.parent / "00-w0-1.parquet").write_bytes(b"none either")
    done = compact(tmp_path, NOON, 0)
    assert (done.segments, done.merged, done.failed) == (3, 1, 1)
    assert "2026-09-20" in done.problems[0]
    with pytest.raises(StoreFailed, match="cannot be read"):
        counted(tmp_path)
    ((rows,),) = stats(tmp_path, NOON - 1.2 * DAY + DAY, 1e11, [], ["requests"]).rows
    assert rows == 10


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "readings").write_text("a file")
    with pytest.raises(StoreFailed, match="cannot be compacted"):
        compact(tmp_path / "readings", NOON, 0)


# ---------------------------------------------------------------- broken off


def test_readers_count_the_same_at_every_step(tmp_path: Path) -> None:
    scene(tmp_path)
    seen: list[str] = []

    def step(name: str) -> None:
        seen.append(name)
        assert counted(tmp_path) == WHOLE, name

    compact(tmp_path, NOON, 0, step)
    assert len(set(seen)) == 10


def test_broken_off_at_every_step_then_run_again(tmp_path: Path) -> None:
    for number in range(100):
        folder = tmp_path / str(number)
        scene(folder)
        crashed = True
        with contextlib.suppress(Crash):
            compact(folder, NOON, 0, crash_at(number))
            crashed = False
        assert counted(folder) == WHOLE, number
        if not crashed:
            break
        compact(folder, NOON, 0)
        assert counted(folder) == WHOLE
        assert len(parquet_rows(folder)) == 30
        assert len(next(folder.rglob("*.rejected")).read_text().splitlines()) == 1
        assert not [name for name in files(folder) if "merge" in name or ".work" in name or ".jsonl" in name]
    assert number > 15


@settings(max_examples=15, deadline=None)
@given(crashes=st.lists(st.integers(0, 25), min_size=2, max_size=5))
def test_broken_off_again_and_again(tmp_path_factory: pytest.TempPathFactory, crashes: list[int]) -> None:
    folder = tmp_path_factory.mktemp("readings")
    scene(folder)
    for number in crashes:
        with contextlib.suppress(Crash):
            compact(folder, NOON, 0, crash_at(number))
        assert counted(folder) == WHOLE
    compact(folder, NOON, 0)
    assert counted(folder) == WHOLE
    assert len(parquet_rows(folder)) == 30


KILLED = """
import os, signal, sys
from pathlib import Path
from subak.analytics.compact import compact
steps = iter(range(10**6))
def step(name):
    if next(steps) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
compact(Path(sys.argv[1]), float(sys.argv[3]), 0, step)
"""


@pytest.mark.slow
def test_kill_9_at_every_step(tmp_path: Path) -> None:
    for number in range(100):
        folder = tmp_path / str(number)
        scene(folder)
        done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(number), str(NOON)], check=False)
        assert counted(folder) == WHOLE, number
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert not compact(folder, NOON, 0).busy
        assert counted(folder) == WHOLE, number
        assert len(parquet_rows(folder)) == 30
    assert number > 15


def test_a_merge_that_was_announced_only_is_forgotten(tmp_path: Path) -> None:
    scene(tmp_path)
    compact(tmp_path, NOON, 0)
    day = tmp_path / "2026-09-22"
    (only,) = day.iterdir()
    (day / "merge.json").write_bytes(msgspec.json.encode(Merge("day-7.parquet", [only.name])))
    assert counted(tmp_path) == WHOLE
    compact(tmp_path, NOON, 0)
    assert files(day) == [only.name]
    assert counted(tmp_path) == WHOLE


def test_a_damaged_manifest_stops_its_day_only(tmp_path: Path) -> None:
    scene(tmp_path)
    compact(tmp_path, NOON, 0)
    (tmp_path / "2026-09-21" / "merge.json").write_bytes(b"{")
    done = compact(tmp_path, NOON, 0)
    assert done.failed == 1
    assert "merge.json is damaged" in done.problems[0]
    with pytest.raises(StoreFailed, match=r"merge\.json is damaged"):
        counted(tmp_path)


def test_reading_while_segments_come_and_go(tmp_path: Path) -> None:
    """A reader that always asks, a compactor that always works, a writer: the count never falls, and ends right."""
    write(tmp_path, NOON - DAY, range(1, 11))
    stop, seen, broken = threading.Event(), [10], []

    def reading() -> None:
        try:
            while not stop.is_set():
                seen.append(counted(tmp_path)[0])
        except Exception as error:
            broken.append(error)

    thread = threading.Thread(target=reading)
    thread.start()
    for number in range(1, 12):
        write(tmp_path, NOON - DAY + 600 * number, range(10 * number + 1, 10 * number + 11))
        compact(tmp_path, NOON, 0)
    stop.set()
    thread.join()
    assert not broken
    assert seen == sorted(seen)
    assert counted(tmp_path) == (120, sum(range(1, 121)))
    assert os.listdir(tmp_path / "2026-09-21") == ["day-11.parquet"]
