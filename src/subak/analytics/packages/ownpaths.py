"""All ecosystems' own paths (`Ecosystem.own`), looked up by what a path shows at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
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
    found = shape.fits(path) if shape.within in path else None
    if found is None:
        return ""
    return shape.to.format(*found.groups()) if shape.template else shape.to + found[1]


def _ending(path: str) -> str:
    """The last segment from its last dot on, or all of it."""
    dot, slash = path.rfind("."), path.rfind("/")
    return path[dot:] if dot > slash else path[slash + 1 :]


def below_mounts(shape: Shape, paths: Iterable[str]) -> dict[int, str]:
    """The same for many, by their place; those that are not of this shape are left out."""
    found = [shape.fits(path) if shape.within in path else None for path in paths]
    if not any(found):
        return {}
    fitting = ((at, match) for at, match in enumerate(found) if match)
    if shape.template:
        mapped = {at: shape.to.format(*match.groups()) for at, match in fitting}
    else:
        mapped = {at: shape.to + match[1] for at, match in fitting}
    return {at: path for at, path in mapped.items() if path}


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
        ending = _ending(path)
        if ending not in self._endings:
            return ()
        found = self._by_last.get(ending)
        if found is None:
            found = self._by_last[ending] = self._sure(lambda own: ending in own.ends)
        return found

    @cached_property
    def anywhere(self) -> tuple[Shape, ...]:
        """Those that any path may have."""
        return self._sure(lambda own: not own.begins and not own.ends)

    @cached_property
    def _telling(self) -> Callable[[str], re.Match[str] | None]:
        """Finds what one of those that any path may have must hold."""
        return re.compile("|".join({re.escape(shape.within) for shape in self.anywhere if shape.within})).search

    @cached_property
    def _untelling(self) -> tuple[Callable[[str], re.Match[str] | None], ...]:
        return tuple(shape.fits for shape in self.anywhere if not shape.within)

    def silent(self, path: str) -> bool:
        """Whether a path, which begins as no sure one, can have no sure shape for what follows either."""
        if _ending(path) in self._endings or self._telling(path) is not None:
            return False
        return all(fits(path) is None for fits in self._untelling)

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
