"""Texts that a block of lines has and none before it had, on their way to be named."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias


class Asked(NamedTuple):
    """Columns of what was asked."""

    numbers: Sequence[int]
    methods: Sequence[str]
    hosts: Sequence[str]
    targets: Sequence[str]

    def part(self, start: int, end: int) -> Asked:
        """The rows of these places."""
        return Asked(self.numbers[start:end], self.methods[start:end], self.hosts[start:end], self.targets[start:end])


class Logged(NamedTuple):
    """The same as the scanner tells it, which is quick to send."""

    first: int
    """The number of the first."""
    ends: array[int]
    """Where each text ends, 0 first."""
    texts: bytes

    def read(self) -> Asked:
        """By columns."""
        from subak.analytics.logs.scan import requests  # compiled, as what it reads comes from there

        return Asked(range(self.first, self.first + len(self.ends) - 1), *requests(self.ends, self.texts))


Named: TypeAlias = tuple[int, str]
"""Number and text."""
Agent: TypeAlias = tuple[int, str, int]
"""Number, text and the run that it tells, 0 if none."""


class Batch:
    """Texts that were not there before."""

    __slots__ = ("agents", "asked", "clients", "users")

    def __init__(self) -> None:
        self.clients: list[Named] = []
        self.agents: list[Agent] = []
        self.asked: Asked | Logged = Asked((), (), (), ())
        self.users: list[Named] = []
