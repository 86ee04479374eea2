"""Texts that a block of lines has and none before it had, on their way to be named."""

from __future__ import annotations

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
        self.asked = Asked((), (), (), ())
        self.users: list[Named] = []
