"""What one request of a log is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from subak.ecosystems.base import Columns, Told


class Good(NamedTuple):
    """Of one distinct method, host and target. The names of kinds are those of `subak.model.exchange.Kind`."""

    ecosystem: str = ""
    """'' where nothing fits."""
    kind: str = "unknown"
    key: str = ""
    """The file or the document within its ecosystem; all spellings of one thing share it."""
    version: str = ""
    package: str = ""
    """The purl without version and qualifiers; '' where no package is meant."""
    purl: str = ""


NOTHING: Final = Good()
LATER: Final = Good(kind="later")
"""Its shape says too little: `Recogniser.settle` tells once all the log was seen. Compare by identity."""


class Goods:
    """What many requests are about, in no order: columns, as they go to the engine."""

    def __init__(self) -> None:
        self.places: list[int] = []
        """Where each row's request is among those that were asked about."""
        self.columns: tuple[list[str], ...] = ([], [], [], [], [], [])
        """One for each field of `Good`, in its order."""

    def __iter__(self) -> Iterator[tuple[int, Good]]:
        """The rows: place and good."""
        return zip(self.places, map(Good, *self.columns), strict=True)

    def add(self, ecosystem: str, places: Sequence[int], told: Columns) -> None:
        """Further rows of one ecosystem."""
        self.places += places
        for column, further in zip(self.columns, (repeat(ecosystem, len(places)), *told), strict=True):
            column.extend(further)

    def add_all(self, places: Sequence[int], told: Told) -> None:
        """Further rows that all say the same."""
        self.places += places
        for column, value in zip(self.columns, told, strict=True):
            column.extend(repeat(value, len(places)))

    def add_one(self, place: int, told: Told) -> None:
        """One further row."""
        self.places.append(place)
        for column, value in zip(self.columns, told, strict=True):
            column.append(value)
