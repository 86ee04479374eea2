"""Work of which some needs what other work made: done by several threads, each with a hand of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Condition
from typing import Generic, TypeVar

Hand = TypeVar("Hand")
"""What a task is done with, such as a connection, and only by one thread at a time."""


@dataclass(frozen=True, slots=True)
class Task(Generic[Hand]):
    """One thing to be done once."""

    name: str
    needs: frozenset[str]
    """Names of tasks before it; what is none of them is there already."""
    do: Callable[[Hand], None]


def carry_out(tasks: Sequence[Task[Hand]], hands: Sequence[Hand]) -> None:
    """Do all tasks, the first hand in this thread: each hand takes the first task that waits for nothing.

    Raises what a task raised, when no other one is being done any more.
    """
    waiting: dict[str, tuple[Task[Hand], frozenset[str]]] = {}
    for task in tasks:
        waiting[task.name] = (task, task.needs & waiting.keys())  # so none waits for itself
    missing = {*waiting}
    change = Condition()

    def ready() -> Task[Hand] | None:
        return next((task for task, needs in waiting.values() if not needs & missing), None)

    def work(hand: Hand) -> None:
        while True:
            with change:
                change.wait_for(lambda: ready() or not waiting)
                task = ready()
                if task is None:
                    return
                del waiting[task.name]
            done = False
            try:
                task.do(hand)
                done = True
            finally:
                with change:
                    missing.discard(task.name)
                    if not done:
                        waiting.clear()
                    change.notify_all()

    with ThreadPoolExecutor(max(1, len(hands) - 1)) as pool:
        others = [pool.submit(work, hand) for hand in hands[1:]]
        work(hands[0])
        for other in others:
            other.result()
