"""Work of which some needs what other work made: done by several threads, each with a hand of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


class Board(Generic[Hand]):
    """Tasks to be taken by whoever has a hand free; threads may come late."""

    def __init__(self, tasks: Sequence[Task[Hand]], later: Iterable[str] = ()) -> None:
        """`later` are names of what is made elsewhere, see `made`; no task that needs it is done before."""
        self._waiting: dict[str, tuple[Task[Hand], frozenset[str]]] = {}
        for task in tasks:
            self._waiting[task.name] = (task, task.needs & {*self._waiting, *later})  # so none waits for itself
        self._missing = {*self._waiting, *later}
        self._change = Condition()

    def made(self, name: str) -> None:
        """Tell that something is there now."""
        with self._change:
            self._missing.discard(name)
            self._change.notify_all()

    def clear(self) -> None:
        """Begin no further task."""
        with self._change:
            self._waiting.clear()
            self._change.notify_all()

    def work(self, hand: Hand) -> None:
        """Do tasks, always the first one that waits for nothing, until none is left to begin.

        Raises what a task raised; the others that wait are not begun then.
        """
        while task := self._next():
            try:
                task.do(hand)
            except BaseException:
                self.clear()
                raise
            self.made(task.name)

    def _next(self) -> Task[Hand] | None:
        with self._change:
            self._change.wait_for(lambda: self._ready() or not self._waiting)
            if task := self._ready():
                del self._waiting[task.name]
            return task

    def _ready(self) -> Task[Hand] | None:
        return next((task for task, needs in self._waiting.values() if not needs & self._missing), None)


def carry_out(tasks: Sequence[Task[Hand]], hands: Sequence[Hand]) -> None:
    """Do all tasks, the first hand in this thread: each hand takes the first task that waits for nothing.

    Raises what a task raised, when no other one is being done any more.
    """
    board = Board(tasks)
    with ThreadPoolExecutor(max(1, len(hands) - 1)) as pool:
        others = [pool.submit(board.work, hand) for hand in hands[1:]]
        board.work(hands[0])
        for other in others:
            other.result()
