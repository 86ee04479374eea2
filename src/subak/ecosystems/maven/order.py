"""Maven's order of versions, as the resolver that evaluates ranges has it.

Source: the class GenericVersion of Maven Artifact Resolver. A version is a row of numbers and words; 1.0 equals
1.0.0 and 1.0-ga, 1.0-rc1 is below 1.0, and a word that nobody knows is above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LOWEST, _KNOWN, _WORD, _NUMBER, _HIGHEST = range(5)
"""The kinds of items, in their order: 'min', a qualifier, another word, a number, 'max'."""

_QUALIFIERS = {
    "alpha": -5, "beta": -4, "milestone": -3, "cr": -2, "rc": -2, "snapshot": -1, "ga": 0, "final": 0, "release": 0,
    "sp": 1,
}  # fmt: skip
_BEFORE_A_NUMBER = {"a": -5, "b": -4, "m": -3}
"""1.0a1 means alpha-1; 1.0-a does not."""


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    """One number or word."""

    kind: int
    value: int = 0
    """A qualifier's rank; of a number how many digits it has, of which 0 has none."""
    text: str = ""

    @property
    def number(self) -> bool:
        return self.kind not in (_KNOWN, _WORD)

    @property
    def above_padding(self) -> int:
        """Against what the shorter of two versions is filled up with, 0 or 'ga': negative, 0 or positive."""
        if self.kind in (_KNOWN, _NUMBER):
            return self.value
        return -1 if self.kind == _LOWEST else 1


def is_snapshot(version: str) -> bool:
    """Is this a version in development, whose files change?"""
    return version == "SNAPSHOT" or version.endswith("-SNAPSHOT")


def highest(versions: Iterable[str]) -> str:
    """The highest of the versions, of equal ones the last; '' if there is none."""
    best = ""
    for version in versions:
        if not best or compare(version, best) >= 0:
            best = version
    return best


def compare(left: str, right: str) -> int:
    """Negative, 0 or positive, as `left` is below, equal to or above `right`."""
    mine, theirs = _items(left), _items(right)
    number = True
    for index, (item, other) in enumerate(zip(mine, theirs, strict=False)):
        if item.number != other.number:
            # The one that goes on in the same manner is compared with what the other is filled up with.
            return _tail(mine[index:], [number]) if item.number == number else -_tail(theirs[index:], [number])
        if item != other:
            return 1 if item > other else -1
        number = item.number
    common = min(len(mine), len(theirs))
    return _tail(mine[common:], [True, False]) - _tail(theirs[common:], [True, False])


def _tail(items: list[_Item], kinds: list[bool]) -> int:
    """What is left of one version against padding, as far as its items are (no) numbers, as `kinds` says."""
    for item in items:
        if item.number not in kinds:
            return 0
        if item.above_padding:
            return item.above_padding
    return 0


def _items(version: str) -> list[_Item]:
    items = []
    for token in _TOKEN.finditer(version):
        word, separator = token[1].lower(), token[2]
        last = token.end() == len(version)
        if word[:1] in "0123456789":  # or nothing: 1..2 is 1.0.2
            digits = word.lstrip("0")
            items.append(_Item(_NUMBER, len(digits), digits))
        elif last and word in ("min", "max"):
            items.append(_Item(_LOWEST if word == "min" else _HIGHEST))
        elif word in _BEFORE_A_NUMBER and not separator and not last:
            items.append(_Item(_KNOWN, _BEFORE_A_NUMBER[word]))
        elif word in _QUALIFIERS:
            items.append(_Item(_KNOWN, _QUALIFIERS[word]))
        else:
            items.append(_Item(_WORD, text=word))
    return _trimmed(items)


_TOKEN = re.compile(r"(?!\Z)([0-9]+|[^0-9._-]*)([._-]?)")


def _trimmed(items: list[_Item]) -> list[_Item]:
    """Without the zeros and 'ga's at the end, and at the end of numbers that a word follows: 1.0-x is 1-x."""
    number, end = None, -1
    for index in range(len(items) - 1, 0, -1):
        item = items[index]
        if item.number != number:
            number, end = item.number, index
        alike = index == len(items) - 1 or items[index - 1].number == item.number
        if end == index and alike and not item.above_padding:
            del items[index]
            end -= 1
    return items
