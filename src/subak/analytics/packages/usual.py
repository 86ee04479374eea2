"""All ecosystems' usual forms of paths (`Ecosystem.usual`), looked up by what a path shows at once, many at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property
from itertools import compress
from typing import Final, NamedTuple

from subak.ecosystems.base import Columns, Ecosystem, Usual

LONGEST: Final = 1000
"""Characters of a path that is read here; only because of their length longer ones mean something else."""


class Form:
    """One form of one ecosystem, compiled when first met."""

    def __init__(self, ecosystem: str, usual: Usual) -> None:
        self.ecosystem = ecosystem
        self.told = usual.told
        self._pattern = usual.pattern

    @cached_property
    def fits(self) -> Callable[[str], re.Match[str] | None]:
        """Matches a whole path."""
        return re.compile(rf"(?:{self._pattern})\Z", re.ASCII).match


class Answer(NamedTuple):
    """What paths of one form are about."""

    ecosystem: str
    places: list[int]
    """Where they are among the paths that were asked about."""
    told: Columns
    """In the order of the places."""


class Forms:
    """By first segment, by the last four characters, and the rest."""

    def __init__(self, ecosystems: Iterable[Ecosystem], reserved: Collection[str]) -> None:
        """`reserved` are the first segments that mean something to somebody: those that are no form's begin have none
        at all, whatever follows."""
        self._by_first: dict[str, tuple[Form, ...]] = dict.fromkeys(reserved, ())
        self._by_end: dict[str, tuple[Form, ...]] = {}
        self._below: dict[str, tuple[Form, ...]] = {}
        rest: list[Form] = []
        for name, usual in ((ecosystem.name, usual) for ecosystem in ecosystems for usual in ecosystem.usual):
            form = Form(name, usual)
            if usual.unsure:
                self._below[name] = (*self._below.get(name, ()), form)
                continue
            for segment in usual.begins:
                self._by_first[segment] = (*self._by_first.get(segment, ()), form)
            for end in usual.ends:
                self._by_end[end] = (*self._by_end.get(end, ()), form)
            if not usual.begins and not usual.ends:
                rest.append(form)
        self._rest = tuple(rest)
        self._by_end = {end: (*forms, *rest) for end, forms in self._by_end.items()}

    def tell(self, paths: Sequence[str]) -> tuple[list[Answer], list[int]]:
        """What raw paths are about, by forms; then the places of those that no form fits."""
        by_first: dict[str, list[int]] = {segment: [] for segment in self._by_first}
        by_end: dict[str, list[int]] = {end: [] for end in self._by_end}
        others: list[int] = []
        paths = _short(paths)
        for place, path in enumerate(paths):
            try:
                alike = by_first.get(path.split("/", 2)[1])
            except IndexError:  # no path at all
                alike = others
            if alike is None:
                alike = by_end.get(path[-4:], others)
            alike.append(place)
        answers: list[Answer] = []
        untold: list[int] = []
        for segment, places in by_first.items():
            untold += _tell(self._by_first[segment], paths, places, answers)
        for end, places in by_end.items():
            untold += _tell(self._by_end[end], paths, places, answers)
        untold += _tell(self._rest, paths, others, answers)
        return answers, untold

    def below(self, ecosystem: str, paths: Sequence[str]) -> tuple[list[Answer], list[int]]:
        """As `tell`, by the unsure forms of an ecosystem, of raw paths below its mount."""
        answers: list[Answer] = []
        return answers, _tell(self._below.get(ecosystem, ()), _short(paths), list(range(len(paths))), answers)


def _short(paths: Sequence[str]) -> Sequence[str]:
    """The paths, '' for those that are too long."""
    if max(map(len, paths), default=0) <= LONGEST:
        return paths
    return [path if len(path) <= LONGEST else "" for path in paths]


def _tell(forms: Iterable[Form], paths: Sequence[str], places: list[int], answers: list[Answer]) -> list[int]:
    """Adds to the answers; the places of those that no form fits. The first that fits counts."""
    for form in forms:
        if not places:
            break
        texts = [paths[place] for place in places]
        found = [match and match.groups("") for match in map(form.fits, texts)]
        parts = [groups for groups in found if groups is not None]
        if len(parts) == len(places):
            answers.append(Answer(form.ecosystem, places, form.told(texts, parts)))
            return []
        if parts:
            fits = [groups is not None for groups in found]
            fitting = list(compress(places, fits))
            places = [place for place, groups in zip(places, found, strict=True) if groups is None]
            answers.append(Answer(form.ecosystem, fitting, form.told(list(compress(texts, fits)), parts)))
    return places
