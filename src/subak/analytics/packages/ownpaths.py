"""All ecosystems' own paths (`Ecosystem.own`), looked up by what a path shows at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from subak.ecosystems.base import SURE, Ecosystem, Own


class Shape(NamedTuple):
    """One form of one ecosystem's paths, ready to be tried."""

    fits: Callable[[str], re.Match[str] | None]
    to: str
    template: bool
    """`to` is a format of all groups, else it is put before the first."""
    within: str
    level: int
    ecosystem: Ecosystem


def _ready(ecosystem: Ecosystem, own: Own) -> Shape:
    return Shape(re.compile(own.pattern).fullmatch, own.to, "{" in own.to, own.within, own.level, ecosystem)


def below_mount(shape: Shape, path: str) -> str:
    """The path below the ecosystem's mount ('/react'); '' if this is not its shape."""
    found = shape.fits(path)
    if found is None:
        return ""
    return shape.to.format(*found.groups()) if shape.template else shape.to + found[1]


class Shapes:
    """The sure ones by first segment, by ending, and the rest; the others by ecosystem. Compiled when first met."""

    def __init__(self, ecosystems: Mapping[str, Ecosystem]) -> None:
        self._all = [(ecosystem, own) for ecosystem in ecosystems.values() for own in ecosystem.own]
        sure = [own for _, own in self._all if own.level == SURE]
        self.segments = frozenset(segment for own in sure for segment in own.begins)
        """What some begin with."""
        self._endings = frozenset(ending for own in sure for ending in own.ends)
        self._by_first: dict[str, tuple[Shape, ...]] = {}
        self._by_last: dict[str, tuple[Shape, ...]] = {}
        self._anywhere: tuple[Shape, ...] = ()
        self._weak: dict[str, tuple[Shape, ...]] = {}

    def by_first(self, segment: str) -> tuple[Shape, ...]:
        """Those that begin with this segment."""
        if segment not in self.segments:
            if segment[:1] != "@" and segment[:3] != "%40":
                return ()
            segment = "@"
        found = self._by_first.get(segment)
        if found is None:
            found = self._by_first[segment] = self._sure(lambda own: segment in own.begins)
        return found

    def by_last(self, path: str) -> tuple[Shape, ...]:
        """Those whose last segment ends so."""
        last = path[path.rfind("/") + 1 :]
        ending = last[max(last.rfind("."), 0) :]
        if ending not in self._endings:
            return ()
        found = self._by_last.get(ending)
        if found is None:
            found = self._by_last[ending] = self._sure(lambda own: ending in own.ends)
        return found

    def anywhere(self, path: str) -> list[Shape]:
        """Those that any path may have, if it holds what they do."""
        if not self._anywhere:
            self._anywhere = self._sure(lambda own: not own.begins and not own.ends)
        return [shape for shape in self._anywhere if shape.within in path]

    def weak(self, ecosystem: str) -> tuple[Shape, ...]:
        """Those that are not sure."""
        found = self._weak.get(ecosystem)
        if found is None:
            unsure = [(e, own) for e, own in self._all if e.name == ecosystem and own.level != SURE]
            found = self._weak[ecosystem] = tuple(_ready(*row) for row in unsure)
        return found

    def _sure(self, wanted: Callable[[Own], bool]) -> tuple[Shape, ...]:
        rows: Iterable[tuple[Ecosystem, Own]] = ((e, own) for e, own in self._all if own.level == SURE and wanted(own))
        return tuple(_ready(*row) for row in rows)
