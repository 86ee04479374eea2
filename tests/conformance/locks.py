"""What every `ports.Locks` must do."""

from __future__ import annotations

from collections.abc import Callable

from subak.ports import Locks

NAME, OTHER = "aa" * 20, "bb" * 20


def check_locks(make: Callable[[], tuple[Locks, Locks]]) -> None:
    """Two takers of one folder exclude each other, and a lock is free once given back."""
    ours, theirs = make()
    held = ours.take(NAME)
    assert held is not None
    assert theirs.take(NAME) is None
    assert ours.take(NAME) is None
    free = theirs.take(OTHER)
    assert free is not None
    held.release()
    held.release()
    now = theirs.take(NAME)
    assert now is not None
    held.release()  # a second release gives nobody else's lock away
    assert ours.take(NAME) is None
    now.release()
    free.release()
    last = ours.take(NAME)
    assert last is not None
    last.release()
