"""Each task is done once, after what it needs and at the same time as what it does not; a failure ends all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, current_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.metrics.lanes import Board, Task, carry_out

LONG = 10.0
"""Seconds after which a test that waits for ever fails."""


def task(name: str, needs: str, do: Callable[[str], object]) -> Task[str]:
    """One whose needs are names of one letter."""

    def work(hand: str) -> None:
        do(hand)

    return Task(name, frozenset(needs), work)


@given(needs=st.lists(st.sets(st.integers(0, 11)), max_size=12), hands=st.integers(1, 3))
def test_every_task_is_done_once_and_after_what_it_needs(needs: list[set[int]], hands: int) -> None:
    done: list[int] = []
    wanted = [{other for other in each if other < number} for number, each in enumerate(needs)]

    def do(number: int) -> Callable[[str], None]:
        def work(hand: str) -> None:
            assert wanted[number] <= {*done}
            done.append(number)

        return work

    tasks = [Task(f"{n}", frozenset(map(str, each)), do(n)) for n, each in enumerate(wanted)]
    carry_out(tasks, [f"hand {n}" for n in range(hands)])
    assert sorted(done) == [*range(len(needs))]


def test_one_hand_does_all_in_order_and_in_this_thread() -> None:
    done: list[tuple[str, str]] = []
    tasks = [task(name, "abcx", lambda hand: done.append((hand, current_thread().name))) for name in "abc"]
    carry_out(tasks, ["only"])
    assert done == [("only", current_thread().name)] * 3


def test_what_waits_for_nothing_is_done_at_the_same_time_by_different_hands() -> None:
    both, hands = Barrier(2, timeout=LONG), list[str]()

    def meet(hand: str) -> None:
        both.wait()
        hands.append(hand)

    carry_out([task("a", "", meet), task("b", "", meet), task("c", "ab", hands.append)], ["left", "right"])
    assert {*hands[:2]} == {"left", "right"}
    assert len(hands) == 3


def test_what_could_be_done_first_is() -> None:
    done: list[str] = []
    carry_out([task(name, needs, lambda hand, name=name: done.append(name)) for name, needs in  # type: ignore[misc]
               (("a", ""), ("b", "a"), ("c", ""), ("d", "b"))], ["only"])  # fmt: skip
    assert done == ["a", "b", "c", "d"]


@pytest.mark.parametrize("hands", [["one"], ["one", "two"], ["one", "two", "three"]])
def test_a_failure_ends_what_has_not_begun(hands: list[str]) -> None:
    done: list[str] = []

    def fail(hand: str) -> None:
        raise ValueError(hand)

    with pytest.raises(ValueError, match=r"one|two|three"):
        carry_out([task("a", "", fail), task("b", "a", done.append), task("c", "b", done.append)], hands)
    assert done == []


def test_nothing_to_do_is_done() -> None:
    carry_out([], ["one", "two"])


def test_what_waits_for_others_work_is_not_done_before() -> None:
    done: list[str] = []
    board = Board([task("a", "x", lambda hand: done.append("a")), task("b", "", lambda hand: done.append("b"))], ["x"])
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(board.work, "early")
        while done != ["b"]:
            time.sleep(0.001)
        assert not early.done()
        board.made("x")
        early.result(LONG)
    assert done == ["b", "a"]
    board.work("late")  # nothing is left


def test_a_board_that_is_cleared_lets_everybody_go() -> None:
    board = Board([task("a", "x", str)], ["x"])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(board.work, "hand")
        board.clear()
        waiting.result(LONG)
    board.made("x")
    board.work("hand")
