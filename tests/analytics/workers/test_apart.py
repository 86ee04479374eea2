"""A worker beside, in a thread and in a process of its own: it answers in order, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from subak.analytics.workers.apart import Worker, employed
from subak.errors import StoreFailed


class Counter:
    """Remembers how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def count(self) -> int:
        self.asked += 1
        return self.asked

    def echo(self, data: bytes) -> bytes:
        return data

    def fail(self) -> None:
        raise ValueError("no")

    def unsendable(self) -> object:
        return lambda: None

    def pid(self) -> int:
        return os.getpid()


@pytest.fixture(params=[False, True], ids=["here", "apart"])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    with closing(employed(Counter, apart=request.param)) as worker:
        yield worker


@pytest.fixture
def away() -> Iterator[Worker]:
    with closing(employed(Counter, apart=True)) as worker:
        yield worker


def gone(pid: int) -> bool:
    """Has the process ended, or does it within some seconds?"""
    for _ in range(500):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_it_answers_in_order_and_remembers(worker: Worker) -> None:
    assert [answer.result() for answer in [worker.ask("count") for _ in range(100)]] == list(range(1, 101))


def test_what_it_raises_is_raised_where_it_was_asked(worker: Worker) -> None:
    with pytest.raises(ValueError, match="no"):
        worker.ask("fail").result()
    assert worker.ask("count").result() == 1


def test_who_cannot_be_made_says_so_whatever_is_asked() -> None:
    def make() -> object:
        raise ValueError("no tools")

    for apart in (False, True):
        with closing(employed(make, apart=apart)) as worker:
            for _ in range(2):
                with pytest.raises(ValueError, match="no tools"):
                    worker.ask("count").result()


def test_both_sides_may_have_much_to_say(worker: Worker) -> None:
    data = bytes(2**20)
    answers = [worker.ask("echo", data) for _ in range(50)]
    assert all(answer.result() == data for answer in answers)


def test_apart_is_another_process(away: Worker) -> None:
    assert away.ask("pid").result() != os.getpid()
    mine = Counter()
    with closing(employed(lambda: mine, apart=True)) as worker:
        assert worker.ask("count").result() == 1
    assert mine.asked == 0


def test_where_no_further_process_is_allowed_it_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", fork)
    with closing(employed(Counter, apart=True)) as worker:
        assert worker.ask("pid").result() == os.getpid()


def test_an_answer_that_cannot_be_sent_is_an_error(away: Worker) -> None:
    with pytest.raises(Exception, match=r"(?i)pickle"):
        away.ask("unsendable").result()
    assert away.ask("count").result() == 1


def test_a_process_that_is_ended_by_others_is_told(away: Worker) -> None:
    os.kill(away.ask("pid").result(), signal.SIGKILL)
    with pytest.raises(StoreFailed, match="stopped from outside"):
        [answer.result() for answer in [away.ask("echo", bytes(2**20)) for _ in range(3)]]


def test_an_interrupt_is_for_those_who_ask(away: Worker) -> None:
    os.kill(away.ask("pid").result(), signal.SIGINT)
    assert away.ask("count").result() == 1


def test_it_ends_when_it_is_no_longer_needed() -> None:
    with closing(employed(Counter, apart=True)) as worker:
        pid = worker.ask("pid").result()
        waiting = [worker.ask("echo", bytes(2**20)) for _ in range(100)]
    assert gone(pid)
    assert all(answer.done() for answer in waiting)


def test_it_ends_with_those_who_asked() -> None:
    code = (
        "import os, time\n"
        "from subak.analytics.workers.apart import employed\n"
        "class Idle:\n"
        "    def pid(self): return os.getpid()\n"
        "workers = [employed(Idle, apart=True) for _ in range(2)]\n"
        "print(*(worker.ask('pid').result() for worker in workers), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pids = [int(pid) for pid in program.stdout.readline().split()]
        program.kill()
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)
