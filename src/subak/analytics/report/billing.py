"""Puts money beside traffic, by a stated price list; everything exact, everything adds up to the bill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from subak.analytics import prices
from subak.analytics.prices import PriceList, Usage
from subak.analytics.report.model import Avoidable, Bill, Consumer, CostLine, Figure, Purpose, Rows

MONTH: Final = 2_629_746
"""Seconds of a month: a twelfth of the mean Gregorian year (365.2425 days)."""


def months(since: float, until: float) -> Fraction:
    """How many months a window is long, at least a second."""
    return Fraction(max(1, round(until - since)), MONTH)


def usage(figures: Mapping[str, Figure]) -> Usage:
    """What is paid for in all; unknown bytes cost nothing, and the report says so."""
    return Usage(bytes=int(figures["bytes"].value or 0), requests=int(figures["requests"].value or 0))


def bill(listed: PriceList, total: Usage, purposes: Sequence[Purpose], length: Fraction) -> Bill:
    """The bill by class; what belongs to no class in particular stands apart, named in words."""
    rows = {one.name: Usage(one.bytes or 0, one.requests) for one in purposes}
    taken = prices.attribute(listed, total, rows, length)
    whole = taken.bill or 1

    def line(name: str, average: int, marginal: int) -> CostLine:
        return CostLine(
            name=name, average=_main(average, listed), marginal=_main(marginal, listed), share=average / whole
        )

    parts = [line(share.name, share.average, share.marginal) for share in taken.shares]
    for name, rest in (("of nobody in particular", taken.others), ("fixed, whoever asks", taken.fixed)):
        if rest:
            parts.append(line(name, rest, 0))
    return Bill(
        prices=listed.name,
        currency=listed.currency,
        scope=listed.scope,
        total=_main(taken.bill, listed),
        parts=parts,
        positions=list(_positions(listed, total, length)),
    )


def _positions(listed: PriceList, total: Usage, length: Fraction) -> Iterable[CostLine]:
    cost = prices.cost(listed, total, length)
    amounts = {"transfer": cost.egress, "requests": cost.requests, "fixed": cost.fixed}
    parts = prices.apportion({("", name): amount for name, amount in amounts.items()}, listed.minor_digits)
    for name, amount in amounts.items():
        share = float(amount / cost.total) if cost.total else 0.0
        exact = _main(parts["", name], listed)
        yield CostLine(name=name, average=exact, marginal=exact, share=share)


def waste(listed: PriceList, total: Usage, rows: Sequence[Avoidable], length: Fraction) -> list[Avoidable]:
    """With what the bill would drop by without it."""
    return [replace(row, cost=_saved(listed, total, Usage(row.bytes or 0, row.requests), length)) for row in rows]


def consumers(listed: PriceList, total: Usage, rows: Rows[Consumer], length: Fraction) -> Rows[Consumer]:
    """With the average cost of each, and what the bill would drop by without what it could have kept."""
    by = {str(place): Usage(row.bytes or 0, row.requests) for place, row in enumerate(rows.rows)}
    average = {share.name: share.average for share in prices.attribute(listed, total, by, length).shares}
    priced = [
        replace(
            row,
            cost=_main(average[str(place)], listed),
            avoidable_cost=_saved(listed, total, Usage(row.avoidable_bytes or 0, row.avoidable_requests), length),
        )
        for place, row in enumerate(rows.rows)
    ]
    return replace(rows, rows=priced)


def _saved(listed: PriceList, total: Usage, spared: Usage, length: Fraction) -> Decimal:
    return _main(prices.to_minor(prices.avoidable_cost(listed, total, spared, length), listed.minor_digits), listed)


def _main(minor: int, listed: PriceList) -> Decimal:
    """In the currency's main unit."""
    return Decimal(minor).scaleb(-listed.minor_digits)
