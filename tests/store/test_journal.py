"""The journal keeps what was noted, once, whatever the disk and the process do."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.model.exchange import Agent, Caller, Kind, Origin, Subject
from subak.model.reading import HIT, asked_part, caller_part, compose, outcome_part, parse
from subak.store import journal as journal_module
from subak.store.journal import SEGMENT, Entry, Journal, Plain, _Segment, parquet_of
from subak.store.totals import read_snapshots

T0 = 1_790_000_000.0  # 2026-09-21T14:13:20Z
ASKED = asked_part(Subject(ecosystem="npm", kind=Kind.ARTIFACT, purl="pkg:npm/demo@1.0.0"))
CALLER = caller_part(Caller(agent=Agent("npm", "11.0", True), consumer="addr:1"))


class Clock:
    def __init__(self, at: float = T0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def line(number: int, origin: Origin = Origin.UPSTREAM, at: float = T0) -> bytes:
    return compose(outcome_part(at, "GET", 200, number, 7, origin, 0.02, "", ""), ASKED, CALLER)


def plain(number: int) -> Plain:
    return (ASKED, CALLER, T0, b"GET", 200, number, 0.0004)


def made(folder: Path, clock: Clock | None = None, *, worker: str = "w0", waiting: int = 1000) -> Journal:
    return Journal(folder, worker, clock or Clock(), 0.5, waiting)


def segments(folder: Path) -> list[Path]:
    return sorted(p for p in (folder / "journal").iterdir() if SEGMENT.fullmatch(p.name))


def kept(folder: Path) -> list[int]:
    """The numbers (bytes sent) of all readings on disk, every line of which must be whole."""
    return [parse(text).sent for path in segments(folder) for text in path.read_bytes().splitlines()]


# ---------------------------------------------------------------- lines


@given(
    at=st.floats(0, 4e9),
    method=st.sampled_from(["GET", "HEAD"]),
    status=st.integers(100, 599),
    sent=st.integers(0, 2**50),
    took=st.floats(0, 1e6),
)
def test_a_plain_hit_has_the_columns_of_any_other_outcome(
    at: float, method: str, status: int, sent: int, took: float
) -> None:
    quick = HIT % (at, method.encode(), status, sent, took * 1000)
    slow = outcome_part(at, method, status, sent, 0, Origin.CACHE, took, "", "")
    assert json.loads(b"{%b}" % quick) == json.loads(b"{%b}" % slow)
    assert list(json.loads(b"{%b}" % quick)) == list(json.loads(b"{%b}" % slow))


def test_lines_and_plain_hits_arrive_in_order(tmp_path: Path) -> None:
    journal = made(tmp_path)
    journal.note(line(1))
    journal.pending.append(plain(2))
    journal.note_many([line(3), plain(4)])
    journal.flush()
    assert kept(tmp_path) == [1, 2, 3, 4]
    rows = [parse(text) for text in segments(tmp_path)[0].read_bytes().splitlines()]
    assert rows[1]._replace(sent=0) == parse(
        compose(outcome_part(T0, "GET", 200, 0, 0, Origin.CACHE, 0.0004, "", ""), ASKED, CALLER)
    )
    journal.close()


def test_what_is_no_reading_is_dropped_counted_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = made(tmp_path)
    broken: Plain = (b"not json", CALLER, T0, b"GET", 200, 5, 0.1)
    entries: list[Entry] = [line(1), b"garbage", broken, plain(2)]
    journal.note_many(entries)
    journal.close()
    assert kept(tmp_path) == [1, 2]
    assert journal.lost == 2
    assert "garbage" in caplog.text


def test_on_lines_sees_every_line_once_and_may_break(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[bytes] = []

    def show(lines: list[bytes]) -> None:
        seen.extend(lines)
        if len(seen) > 1:
            raise BrokenPipeError("nobody listens")

    journal = Journal(tmp_path, "w0", Clock(), 0.5, 100, show)
    for number in (1, 2, 3):
        journal.note(line(number))
        journal.flush()
    journal.close()
    assert seen == [line(1), line(2)]
    assert kept(tmp_path) == [1, 2, 3]
    assert "nobody listens" in caplog.text


def test_nothing_noted_while_flushing_is_lost_or_doubled(tmp_path: Path) -> None:
    journal = made(tmp_path, waiting=10**6)
    append, stop = journal.pending.append, threading.Event()

    def flushing() -> None:
        while not stop.is_set():
            journal.flush()

    thread = threading.Thread(target=flushing)
    thread.start()
    for number in range(20_000):
        append(plain(number))
    stop.set()
    thread.join()
    journal.close()
    assert kept(tmp_path) == list(range(20_000))


# ---------------------------------------------------------------- segments


def test_a_segment_belongs_to_one_hour_and_ends_with_it(tmp_path: Path) -> None:
    clock = Clock()
    journal = made(tmp_path, clock)
    journal.note(line(1))
    journal.flush()
    clock.at += 3600
    journal.flush()  # nothing to write, and yet the old hour's segment is let go
    with segments(tmp_path)[0].open("rb") as file:
        assert journal_module._locked(os.dup(file.fileno()))
    journal.note(line(2))
    journal.flush()
    assert [p.name[:16] for p in segments(tmp_path)] == ["2026-09-21T14-w0", "2026-09-21T15-w0"]
    journal.close()


def test_a_full_segment_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "SEGMENT_LIMIT", 1000)
    journal = made(tmp_path)
    for number in range(20):
        journal.note(line(number))
        journal.flush()
    journal.close()
    assert len(segments(tmp_path)) > 4
    assert sorted(kept(tmp_path)) == list(range(20))


def test_an_open_segment_is_locked_and_a_closed_one_is_not(tmp_path: Path) -> None:
    journal = made(tmp_path)
    journal.note(line(1))
    journal.flush()
    fd = os.open(segments(tmp_path)[0], os.O_RDONLY)
    assert not journal_module._locked(fd)
    journal.close()
    fd = os.open(segments(tmp_path)[0], os.O_RDONLY)
    assert journal_module._locked(fd)
    os.close(fd)


def test_the_name_of_a_compacted_segment_is_not_used_again(tmp_path: Path) -> None:
    for number in range(3):
        journal = made(tmp_path)
        journal.note(line(number))
        journal.close()
        (segment,) = segments(tmp_path)
        parquet = parquet_of(tmp_path, segment.name)
        assert not parquet.exists()
        parquet.parent.mkdir(exist_ok=True)
        segment.rename(parquet)


def test_parquet_of_refuses_other_names(tmp_path: Path) -> None:
    assert parquet_of(tmp_path, "2026-09-21T14-w-0.2-17.jsonl") == tmp_path / "2026-09-21" / "14-w-0.2-17.parquet"
    with pytest.raises(ValueError, match="not the name of a segment"):
        parquet_of(tmp_path, "w0.totals")


def test_a_vanished_segment_is_replaced(tmp_path: Path) -> None:
    journal = made(tmp_path)
    journal.note(line(1))
    journal.flush()
    segments(tmp_path)[0].unlink()
    journal.note(line(2))
    journal.close()
    assert kept(tmp_path) == [2]


def test_closing_twice_and_closing_empty_leave_nothing_behind(tmp_path: Path) -> None:
    journal = made(tmp_path)
    journal.note(line(1))
    journal.close()
    journal.close()
    assert kept(tmp_path) == [1]
    assert sum(t.requests for s in read_snapshots(tmp_path) for t in s.tallies) == 1


# ---------------------------------------------------------------- bad weather


def test_a_refused_folder_keeps_readings_in_memory_and_drops_the_oldest(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "readings"
    folder.write_text("a file where the folder should be")
    journal = made(folder, waiting=5)
    for number in range(8):
        journal.note(line(number))
        journal.flush()
    assert journal.lost == 3
    assert [r.levelname for r in caplog.records] == ["ERROR"]  # told once
    folder.unlink()
    journal.flush()
    assert "3 were lost" in caplog.text
    assert kept(folder) == [3, 4, 5, 6, 7]
    journal.close()
    (snapshot,) = read_snapshots(folder)
    assert snapshot.lost == 3


def run_python(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


DISK_FULL = """
import resource, sys
from pathlib import Path
from subak.store.journal import Journal, SEGMENT
from subak.model.reading import parse

folder, (template,) = Path(sys.argv[1]), sys.argv[2:]
journal = Journal(folder, "w0", lambda: 1790000000.0, 0.5, 10000)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
numbers = iter(range(10**6))

def add(count):
    for _ in range(count):
        journal.note(template.replace("424242", str(next(numbers))).encode())
    journal.flush()

def on_disk():
    names = sorted(p for p in (folder / "journal").iterdir() if SEGMENT.fullmatch(p.name))
    return [parse(line).sent for p in names for line in p.read_bytes().splitlines()]

add(30)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # the kernel cuts the write short, then refuses
for _ in range(3):
    add(20)
    assert on_disk() == list(range(30)), on_disk()
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
add(5)
assert on_disk() == list(range(95)), on_disk()
journal.close()
assert journal.lost == 0
"""


def test_a_full_disk_leaves_no_torn_line_and_loses_nothing(tmp_path: Path) -> None:
    assert len(line(424242)) * 30 < 10_000 < len(line(424242)) * 50
    run_python(DISK_FULL, str(tmp_path), line(424242).decode())


def test_when_nothing_can_be_taken_back_what_arrived_is_not_written_again(tmp_path: Path) -> None:
    # A pipe takes a part of the write, then no more, and cannot be truncated.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    segment = _Segment(tmp_path / "pipe", writer, "2026-09-21T14")
    lines = [b"x" * 999] * 100
    written, trouble = segment.append(lines)
    arrived = len(os.read(reader, 2**20))
    assert trouble is not None
    assert written == (arrived + 1) // 1000 < 100
    assert not segment.usable("2026-09-21T14")
    segment.close()
    os.close(reader)


KILLED = """
import asyncio, sys, time
from pathlib import Path
from subak.store.journal import Journal

folder, template = Path(sys.argv[1]), sys.argv[2].encode()
journal = Journal(folder, "w0", time.time, 0.1, 10**6)

async def work():
    asyncio.create_task(journal.run())
    number = 0
    while True:
        for _ in range(10):
            journal.note(template.replace(b"1790000000.0", b"%.3f" % time.time()).replace(b"424242", b"%d" % number))
            number += 1
        print(number, time.time(), flush=True)
        await asyncio.sleep(0.001)

asyncio.run(work())
"""


def test_kill_9_loses_only_the_last_moments(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), line(424242).decode()], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout
    first = child.stdout.readline()
    assert first
    time.sleep(1.5)
    child.send_signal(signal.SIGKILL)
    noted = [text.split() for text in child.stdout.read().splitlines(keepends=True) if text.endswith("\n")]
    child.wait()
    end = float(noted[-1][1])
    promised = max(int(number) for number, at in noted if float(at) < end - 1.0)
    found = []
    for path in segments(tmp_path):
        for text in path.read_bytes().splitlines():
            try:
                found.append(parse(text).sent)
            except ValueError:
                assert path.read_bytes().endswith(text)  # only the last line may be torn
    assert promised > 0
    assert found == list(range(len(found)))
    assert len(found) >= promised


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - another thread and the disk set no asyncio.Event
        await asyncio.sleep(0.002)


async def test_run_flushes_until_cancelled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w0", Clock(), 0.005, 100)
    task = asyncio.create_task(journal.run())
    journal.note(line(1))
    async with asyncio.timeout(5):
        await until(lambda: (tmp_path / "journal").is_dir() and kept(tmp_path) == [1])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    journal.note(line(2))
    journal.close()
    assert kept(tmp_path) == [1, 2]


async def test_run_bounds_memory_while_a_flush_hangs_and_outlives_a_bug(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hanging, entered = threading.Event(), threading.Event()

    def show(lines: list[bytes]) -> None:
        entered.set()
        hanging.wait(10)
        raise RuntimeError("a bug")

    journal = Journal(tmp_path, "w0", Clock(), 0.005, 10, show)
    task = asyncio.create_task(journal.run())
    journal.note(line(0))
    async with asyncio.timeout(5):
        await until(entered.is_set)
        journal.note_many(line(number) for number in range(1, 31))
        await until(lambda: len(journal.pending) <= 10)
        hanging.set()
        await until(lambda: "a bug" in caplog.text)
    task.cancel()
    journal._on_lines = None
    journal.close()
    assert journal.lost >= 20
    assert kept(tmp_path)[-1] == 30


# ---------------------------------------------------------------- names and totals


def test_totals_go_on_where_the_worker_before_ended(tmp_path: Path) -> None:
    clock = Clock()
    for generation in range(1, 4):
        journal = made(tmp_path, clock)
        journal.note_many([plain(10), line(5)])
        journal.flush()
        os.close(journal._slot)  # as the kernel does after kill -9
        (snapshot,) = read_snapshots(tmp_path)
        assert {t.origin: (t.requests, t.sent, t.fetched) for t in snapshot.tallies} == {
            "hit": (generation, 10 * generation, 0),
            "miss": (generation, 5 * generation, 7 * generation),
        }
        clock.at += 2


def test_two_processes_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    one, two = made(tmp_path), made(tmp_path)
    one.note(line(1))
    two.note(line(2))
    one.flush()
    two.flush()
    assert sorted(kept(tmp_path)) == [1, 2]
    assert [s.worker for s in read_snapshots(tmp_path)] == ["w0", "w0.2"]
    one.close()
    two.close()
    three = made(tmp_path)
    three.note(line(3))
    three.close()
    assert [sum(t.requests for t in s.tallies) for s in read_snapshots(tmp_path)] == [2, 1]


def test_totals_are_published_at_most_every_second_and_on_close(tmp_path: Path) -> None:
    clock = Clock()
    journal = made(tmp_path, clock)

    def published() -> int:
        return sum(t.requests for s in read_snapshots(tmp_path) for t in s.tallies)

    journal.note(line(1))
    journal.flush()
    assert published() == 1
    clock.at += 0.5
    journal.note(line(2))
    journal.flush()
    assert published() == 1
    clock.at += 0.5
    journal.flush()
    assert published() == 2
    journal.note(line(3))
    journal.close()
    assert published() == 3


def test_a_worker_needs_a_name_that_fits_a_file() -> None:
    with pytest.raises(ValueError, match="name"):
        Journal(Path("readings"), "../w", Clock(), 0.5, 10)
