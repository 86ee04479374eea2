"""Tells what is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from subak.analytics.packages.good import Goods
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.schema import METHODS
from subak.analytics.workers.batch import Asked, Logged
from subak.analytics.workers.told import CALL, Told, as_told


class Targets:
    """Tells what is asked for."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def tell(self, asked: Asked | Logged) -> Told:
        """All but what has to wait, which is told as `later`."""
        if isinstance(asked, Logged):
            asked = asked.read()
        goods: list[Sequence[Sequence[Any]]] = []
        later: list[Sequence[Sequence[Any]]] = []
        for start in range(0, len(asked.numbers), CALL):
            some = asked.part(start, start + CALL)
            told, left = self._recogniser.tell(*some[1:])
            goods.append([*_goods(told, some)])
            later.append([[column[place] for place in left] for column in some])
        return as_told(goods=_together(goods), later=_together(later))

    def settle(self, asked: Asked, hints: Sequence[str]) -> Told:
        """What had to wait, when all of the log was told. The hint is an ecosystem that is likely, or ''."""
        return as_told(goods=[*_goods(self._recogniser.settle_all(*asked[1:], hints), asked)])


def _goods(goods: Goods, asked: Asked) -> Iterator[Sequence[Any]]:
    """Columns of what is told of those that were asked."""
    yield [asked.numbers[place] for place in goods.places]
    yield from goods.columns
    yield [method if (method := asked.methods[place]) in METHODS else "other" for place in goods.places]


def _together(parts: Iterable[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Columns of the rows of all parts."""
    found: list[list[Any]] = []
    for columns in parts:
        found = found or [[] for _ in columns]
        for column, further in zip(found, columns, strict=True):
            column += further
    return found
