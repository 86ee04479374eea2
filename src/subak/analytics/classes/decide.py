"""From evidence to one purpose, or to none: pure, and the same for a whole log and for one explanation.

Evidence is added as logarithms of odds. No item weighs more than ±4, and items of one group, which tell much the
same, no more than the group's budget together. Sums are of whole hundredths, so their order is of no consequence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from subak.analytics.classes.pack import ADVERSE, Pack
from subak.analytics.software.record import MOST, PURPOSES, Purpose

Sums = tuple[int, ...]
"""Hundredths of log odds, one for each of PURPOSES."""

_CAP: Final = round(MOST * 100)
_PROXY: Final = PURPOSES.index("caching-proxy")
_DOUBT: Final = 0.02
"""A caching proxy that is at least so likely keeps anything adverse from being said."""
NOTHING: Final[Sums] = (0,) * len(PURPOSES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that is known of a stream."""

    id: str
    kind: str
    """declared, verified, network, behavioural or contextual."""
    group: str
    weights: Mapping[Purpose, float]
    """Log odds; beyond ±4 they count as ±4."""
    says: str = ""
    """The predicate of a sentence about the client."""
    flag: str = ""


class Verdict(NamedTuple):
    """What was decided of one stream."""

    purpose: Purpose
    """'unknown' where no label reached its threshold."""
    posterior: float
    """Of that purpose, 0 … 1; of the best guess where it is 'unknown'."""
    best: Purpose
    """What it is most likely, whether that was enough or not."""
    second: Purpose
    runner_up: float
    """The posterior of `second`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, with all that led to it."""

    verdict: Verdict
    posteriors: Mapping[Purpose, float]
    flags: tuple[str, ...]
    totals: Mapping[Purpose, float]
    """Log odds before scaling, without the prior."""


def decide(evidence: Iterable[Evidence], pack: Pack) -> Decision:
    """The purpose that the evidence speaks for. Of two items with one id, the later counts."""
    items = {item.id: item for item in evidence}
    groups: dict[str, list[Sums]] = {}
    for item in items.values():
        groups.setdefault(item.group, []).append(hundredths(item.weights))
    totals = added(capped(sums, budget_of(group, pack)) for group, sums in groups.items())
    shares = posteriors(totals, pack)
    return Decision(
        verdict=judge(shares, pack),
        posteriors={purpose: shares[i] for i, purpose in enumerate(PURPOSES)},
        flags=tuple(sorted({item.flag for item in items.values() if item.flag})),
        totals={purpose: totals[i] / 100 for i, purpose in enumerate(PURPOSES)},
    )


def hundredths(weights: Mapping[Purpose, float]) -> Sums:
    """Whole hundredths of log odds for each of PURPOSES, each within ±4."""
    return tuple(max(-_CAP, min(_CAP, round(100 * weights.get(purpose, 0.0)))) for purpose in PURPOSES)


def budget_of(group: str, pack: Pack) -> int:
    """Hundredths that a group may weigh; what is declared, 4."""
    return round(100 * pack.budget.get(group, MOST))


def capped(sums: Iterable[Sums], budget: int) -> Sums:
    """Added up, within ±budget."""
    return tuple(max(-budget, min(budget, sum(column))) for column in zip(*sums, strict=True))


def added(groups: Iterable[Sums]) -> Sums:
    """Groups added up."""
    return tuple(map(sum, zip(*groups, strict=True))) or NOTHING


def posteriors(totals: Sums, pack: Pack) -> tuple[float, ...]:
    """Prior and evidence as probabilities that add up to 1."""
    scale = pack.scale / 100
    odds = [prior + scale * total for prior, total in zip(_prior(pack), totals, strict=True)]
    most = max(odds)
    shares = [math.exp(odd - most) for odd in odds]
    whole = math.fsum(shares)
    return tuple([share / whole for share in shares])


def judge(shares: tuple[float, ...], pack: Pack) -> Verdict:
    """The best label if it is good enough. A caching proxy is acquitted before anything adverse is considered."""
    best = max(shares)
    first = shares.index(best)
    others = (*shares[:first], -1.0, *shares[first + 1 :])
    runner_up = max(others)
    second, least = others.index(runner_up), _thresholds(pack)[first]
    purpose = PURPOSES[first]
    if best < least or best - runner_up < pack.margin:
        purpose = "unknown"
    if purpose in ADVERSE and shares[_PROXY] > _DOUBT:
        purpose = "unknown"  # might be a proxy, which deserves credit and not blame
    return Verdict(purpose, best, PURPOSES[first], PURPOSES[second], runner_up)


@lru_cache(8)
def _prior(pack: Pack) -> tuple[float, ...]:
    return tuple(pack.prior[purpose] for purpose in PURPOSES)


@lru_cache(8)
def _thresholds(pack: Pack) -> tuple[float, ...]:
    return tuple(pack.threshold[purpose] for purpose in PURPOSES)
