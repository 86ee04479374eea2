"""What the heaviest units of several registries have together: an interval from sketches that holds the truth.

Notation: m heaviest of N units of all registries, W their whole weight, T(m) what the m heaviest have. A unit's weight
is the sum over the parts; where a part lists it, bounds are known, elsewhere it is at most that part's `rest`.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Literal

import msgspec

from subak.analytics.privacy.counting import ERROR, SURE, Registers
from subak.analytics.privacy.sketches import UNITS, Level, Point, Sketch, Unit, Weighed
from subak.analytics.privacy.suppress import DOMINANT, FEWEST

WEIGHTS: Final = ("requests", "bytes")


class TopShare(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a weight that the heaviest units of all registries have."""

    unit: Unit
    weight: Literal["requests", "bytes"]
    top: float
    """Which part of the units, such as 0.01."""
    units: tuple[int, int]
    """Bounds of how many units there are; three standard deviations where they are estimated."""
    heaviest: tuple[int, int]
    """How many of them are the top."""
    total: int
    share: tuple[float, float]
    """Bounds of the part of the total that they have."""
    parts: int
    publishable: bool
    """Enough units are in the top, and none dominates it."""


def concentration(merged: Sketch, top: Fraction = Fraction(1, 100)) -> tuple[TopShare, ...]:
    """One interval for each rung and weight that all parts have; `top` is a part of the units. Raises ValueError."""
    if not 0 < top <= 1:
        raise ValueError(f"a part of {top}")
    found: list[TopShare] = []
    for unit in UNITS:
        levels = [level for part in merged.parts for level in part.levels if level.unit == unit]
        if len(levels) == len(merged.parts):
            found += [_top_share(levels, "requests", top), _top_share(levels, "bytes", top)]
    return tuple(found)


def distinct(levels: Sequence[Level]) -> tuple[int, int]:
    """Bounds of how many different units there are: from the registers, and from each part's own count."""
    lower, upper = max(level.fewest for level in levels), sum(level.most for level in levels)
    if len(levels) == 1:
        return lower, upper
    registers = Registers()
    for level in levels:
        registers |= Registers(level.registers)
    phantoms = sum(level.phantoms for level in levels)
    counted = registers.estimate()
    estimated = (counted / (1 + SURE * ERROR) - phantoms, counted / (1 - SURE * ERROR) - phantoms)
    low, high = max(lower, math.floor(estimated[0])), min(upper, math.ceil(estimated[1]))
    return (low, high) if low <= high else (lower, upper)


def _top_share(levels: Sequence[Level], weight: Literal["requests", "bytes"], top: Fraction) -> TopShare:
    parts = [level.requests if weight == "requests" else level.sent for level in levels]
    units = distinct(levels)
    few, many = (max(1, math.ceil(count * top)) for count in units)
    total = sum(part.total for part in parts)
    listed = _listed(parts)
    lower = _lower(parts, listed, few, units[1])
    upper = max(lower, _upper(parts, listed, many))
    largest = max((low for low, _ in listed.values()), default=0)
    return TopShare(
        unit=levels[0].unit,
        weight=weight,
        top=float(top),
        units=units,
        heaviest=(few, many),
        total=total,
        share=(lower / total, upper / total) if total else (0.0, 0.0),
        parts=len(parts),
        publishable=few >= FEWEST and largest <= DOMINANT * lower,
    )


def _listed(parts: Sequence[Weighed]) -> dict[str, tuple[int, int]]:
    """Bounds of the whole weight of every unit that any part lists."""
    everywhere = sum(part.rest for part in parts)
    found: dict[str, tuple[int, int]] = {}
    for part in parts:
        for number, lower, upper in part.heads:
            low, high = found.get(number, (0, everywhere))
            found[number] = low + lower, high + upper - part.rest
    return found


def _lower(parts: Sequence[Weighed], listed: dict[str, tuple[int, int]], few: int, most_units: int) -> int:
    """T(m) is at least: what the m surest listed units have, and of the rest as much as if all had the same;
    and what the heaviest of each part have where those places are shared out among the parts in any way."""
    total = sum(part.total for part in parts)
    have = sum(heapq.nlargest(few, (low for low, _ in listed.values())))
    if few > len(listed) and most_units > len(listed):
        beyond = max(0, total - sum(high for _, high in listed.values()))
        have += beyond * (few - len(listed)) // (most_units - len(listed))
    return max(have, total * min(few, most_units) // max(1, most_units), _shared_out(parts, few))


def _shared_out(parts: Sequence[Weighed], few: int) -> int:
    """The steepest stretches of all curves first. Different parts may mean the same unit: then fewer have as much."""
    stretches: list[tuple[Fraction, int, int]] = []
    for number, part in enumerate(parts):
        before, had = 0, 0
        for place, lower, _ in part.curve:
            stretches.append((Fraction(lower - had, place - before), place - before, number))
            before, had = place, lower
    taken = [0] * len(parts)
    left = few
    for _, length, number in sorted(stretches, reverse=True):
        taken[number] += min(left, length)
        left -= min(left, length)
    return sum(_on_curve(part.curve, place) for part, place in zip(parts, taken, strict=True))


def _on_curve(curve: Sequence[Point], place: int) -> int:
    """A lower bound between two points: the curve bends down, so it is above the straight line."""
    at = bisect_left(curve, place, key=lambda point: point[0])
    if at == len(curve):
        return curve[-1][1]
    before, had = (curve[at - 1][0], curve[at - 1][1]) if at else (0, 0)
    after, has = curve[at][0], curve[at][1]
    return had + max(0, has - had) * (place - before) // (after - before)


def _upper(parts: Sequence[Weighed], listed: dict[str, tuple[int, int]], many: int) -> int:
    """T(m) is at most: the sum of the m greatest upper bounds; the sum of every part's own m heaviest; what the m
    greatest lower bounds have with all that parts do not ascribe to listed units; and everything."""
    total = sum(part.total for part in parts)
    everywhere = sum(part.rest for part in parts)
    greatest = [max(high, everywhere) for high in heapq.nlargest(many, (high for _, high in listed.values()))]
    by_bounds = sum(greatest) + everywhere * (many - len(greatest))
    by_curves = sum(_above_curve(part.curve, many) for part in parts)
    sure = [low for low, _ in listed.values()]
    by_rest = total - sum(sure) + sum(heapq.nlargest(many, sure))
    return min(by_bounds, by_curves, by_rest, total)


def _above_curve(curve: Sequence[Point], place: int) -> int:
    at = bisect_left(curve, place, key=lambda point: point[0])
    return curve[min(at, len(curve) - 1)][2]
