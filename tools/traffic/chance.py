"""Chance that depends on names: every actor, package and project has a stream of its own."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

T = TypeVar("T")


def seed_of(*parts: object) -> int:
    """A number told from these parts alone; the same on every machine and in every order of calls."""
    return int.from_bytes(hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def stream(*parts: object) -> Random:
    """A generator of one's own."""
    return Random(seed_of(*parts))


class Urn(Generic[T]):
    """Draws with given weights, with replacement."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self.things = things
        self.sums = list(accumulate(weights))

    def draw(self, rng: Random) -> T:
        """One of them."""
        return self.at(rng.random())

    def at(self, part: float) -> T:
        """The one at this part, 0 to 1, of all weights."""
        return self.things[bisect(self.sums, part * self.sums[-1], 0, len(self.things) - 1)]


def portions(total: int, weights: Sequence[float]) -> list[int]:
    """`total` split by weight into whole numbers that add up to it (largest remainders)."""
    whole = sum(weights)
    exact = [total * w / whole for w in weights]
    parts = [int(e) for e in exact]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: total - sum(parts)]:
        parts[i] += 1
    return parts
