"""All ecosystems' usual forms of paths (`Ecosystem.usual`), looked up by what a path shows at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from subak.ecosystems.base import Ecosystem, Told, Usual

LONGEST: Final = 1000
"""Characters of a path that is read here; only because of their length longer ones mean something else."""


class Form:
    """One form, compiled when first met."""

    __slots__ = ("_pattern", "fits", "told")

    def __init__(self, usual: Usual) -> None:
        self._pattern = usual.pattern
        self.told = usual.told
        self.fits = self._first_time

    def _first_time(self, path: str) -> re.Match[str] | None:
        self.fits = re.compile(rf"(?:{self._pattern})\Z", re.ASCII).match  # type: ignore[assignment]
        return self.fits(path)


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
            form = Form(usual)
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

    def possible(self, first: str, path: str) -> tuple[Form, ...]:
        """Those that a raw path may have, given its first segment."""
        if len(path) > LONGEST:
            return ()
        forms = self._by_first.get(first)
        return self._by_end.get(path[-4:], self._rest) if forms is None else forms

    def below(self, ecosystem: str, path: str) -> Told | None:
        """What a raw path below an ecosystem's mount is about, if one of its unsure forms fits."""
        for form in self._below.get(ecosystem, ()):
            found = form.fits(path) if len(path) <= LONGEST else None
            if found is not None:
                return form.told(path, *found.groups(""))
        return None
