"""What traffic costs by a stated list, exactly, and who causes it; parts add up to the bill to the cent."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final

import msgspec

from subak.errors import ConfigError, StoreFailed
from subak.store.disk import disk_failed

LARGEST: Final = 1 << 20
"""Bytes of a price list."""

Amount = Annotated[Decimal, msgspec.Meta(description="Of money, in the currency's main unit.")]


class Tier(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A price per GB, up to so many GB in a month."""

    per_gb: Amount
    up_to_gb: int = 0
    """0: no limit; only the last tier may say so, and must."""


class Fixed(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What falls due every month."""

    name: str
    per_month: Amount


class PriceList(msgspec.Struct, forbid_unknown_fields=True, frozen=True, dict=True):
    """A price list and what it covers: two figures of cost with different scopes are no comparison."""

    name: str
    currency: str
    scope: str
    source: str
    date: datetime.date
    egress: tuple[Tier, ...] = ()
    per_million_requests: Amount = Decimal(0)
    fixed: tuple[Fixed, ...] = ()
    bytes_per_gb: Annotated[int, msgspec.Meta(ge=1)] = 1_000_000_000
    minor_digits: Annotated[int, msgspec.Meta(ge=0, le=6)] = 2
    """Of the currency's smallest unit: 2 for cents, 0 for yen."""
    illustration: bool = False
    """Made up: every report that uses it must say so."""

    @cached_property
    def monthly(self) -> Fraction:
        """All that is fixed, for one month."""
        return sum((Fraction(each.per_month) for each in self.fixed), Fraction(0))


@dataclass(frozen=True, slots=True)
class Usage:
    """What is paid for."""

    bytes: int
    requests: int

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.bytes - other.bytes, self.requests - other.requests)


@dataclass(frozen=True, slots=True)
class Cost:
    """In the currency's main unit, exactly."""

    egress: Fraction
    requests: Fraction
    fixed: Fraction

    @property
    def total(self) -> Fraction:
        """All of it."""
        return self.egress + self.requests + self.fixed


@dataclass(frozen=True, slots=True)
class Share:
    """One consumer's part of a bill, in the currency's smallest unit."""

    name: str
    average: int
    """Pro rata: the same price per byte and per request for all."""
    marginal: int
    """What the bill would drop by without this consumer."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A bill taken apart, in the currency's smallest unit. `average` of all shares and the rest add up to it."""

    bill: int
    shares: tuple[Share, ...]
    """The dearest first."""
    others: int
    """Pro rata for traffic of nobody in particular."""
    fixed: int
    """Falls due whoever asks for whatever; nobody's in particular."""
    unexplained: int
    """What a stated bill says more than the list; negative if it says less."""
    shared: int
    """The bill without all marginal parts: what no single consumer's absence would save."""


def parse_prices(text: str, name: str) -> PriceList:
    """Read a list (TOML); `name` is its file's. Raises ConfigError."""
    try:
        prices = msgspec.convert(tomllib.loads(text, parse_float=Decimal), PriceList, strict=False)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is no TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}") from error
    amounts = [prices.per_million_requests, *(t.per_gb for t in prices.egress), *(f.per_month for f in prices.fixed)]
    if any(not amount.is_finite() or amount < 0 for amount in amounts):
        raise ConfigError(f"{name}: a price is a number that is not negative")
    limits = [tier.up_to_gb for tier in prices.egress]
    if limits and (limits[-1] != 0 or any(low >= high for low, high in zip([0, *limits], limits[:-1], strict=False))):
        fix = "Give up_to_gb to all tiers but the last, each greater than the one before."
        raise ConfigError(f"{name}: the tiers of egress do not rise", fix=fix)
    return prices


def load_prices(path: Path) -> PriceList:
    """Read a list from a file. Raises ConfigError, StoreFailed."""
    try:
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
    except OSError as error:
        raise disk_failed(f"Reading {path.name}", error) from error
    if len(written) > LARGEST:
        raise StoreFailed(f"{path.name} is too large for a price list", fix="Give a TOML file with prices.")
    try:
        return parse_prices(written.decode("utf-8"), path.name)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is no text") from error


def example_prices() -> PriceList:
    """The built-in list; an illustration and labelled as one."""
    return parse_prices((files("subak.analytics") / "example_prices.toml").read_text("utf-8"), "example_prices.toml")


def cost(prices: PriceList, usage: Usage, months: Fraction = Fraction(1)) -> Cost:
    """What so much traffic costs when it flows within so many months: limits of tiers and fixed parts grow with them.

    Raises ValueError for less than nothing.
    """
    if usage.bytes < 0 or usage.requests < 0 or months <= 0:
        raise ValueError(f"{usage} in {months} months")
    sent = Fraction(usage.bytes, prices.bytes_per_gb)
    egress, below = Fraction(0), Fraction(0)
    for tier in prices.egress:
        limit = tier.up_to_gb * months if tier.up_to_gb else sent
        within = min(sent, limit) - below
        if within <= 0:
            break
        egress += within * Fraction(tier.per_gb)
        below = limit
    requests = Fraction(usage.requests, 1_000_000) * Fraction(prices.per_million_requests)
    return Cost(egress, requests, prices.monthly * months)


def avoidable_cost(prices: PriceList, total: Usage, avoidable: Usage, months: Fraction = Fraction(1)) -> Fraction:
    """What the bill would drop by without the avoidable traffic. Raises ValueError if there is more of it than all."""
    return cost(prices, total, months).total - cost(prices, total - avoidable, months).total


def attribute(
    prices: PriceList,
    total: Usage,
    rows: Mapping[str, Usage],
    months: Fraction = Fraction(1),
    *,
    bill: Decimal | None = None,
) -> Attribution:
    """Take the bill for `total` apart by consumer. `bill` is a real one, if it differs from what the list says.

    The residuals are shown and never spread over consumers. Raises ValueError if rows hold more than the total.
    """
    listed = cost(prices, total, months)
    rest = total - Usage(sum(u.bytes for u in rows.values()), sum(u.requests for u in rows.values()))
    if rest.bytes < 0 or rest.requests < 0:
        raise ValueError("the rows hold more than the total")
    per_byte = listed.egress / total.bytes if total.bytes else Fraction(0)
    per_request = listed.requests / total.requests if total.requests else Fraction(0)
    stated = listed.total if bill is None else Fraction(bill)
    parts = {("1", name): usage.bytes * per_byte + usage.requests * per_request for name, usage in rows.items()}
    parts["2", "others"] = rest.bytes * per_byte + rest.requests * per_request
    parts["2", "fixed"] = listed.fixed
    parts["2", "unexplained"] = stated - listed.total
    average = apportion(parts, prices.minor_digits)
    marginal = {
        name: to_minor(listed.total - cost(prices, total - usage, months).total, prices.minor_digits)
        for name, usage in rows.items()
    }
    shares = [Share(name, average["1", name], marginal[name]) for name in rows]
    whole = to_minor(stated, prices.minor_digits)
    return Attribution(
        whole,
        tuple(sorted(shares, key=lambda share: (-share.average, share.name))),
        others=average["2", "others"],
        fixed=average["2", "fixed"],
        unexplained=average["2", "unexplained"],
        shared=whole - sum(marginal.values()),
    )


def to_minor(amount: Fraction, digits: int) -> int:
    """In the smallest unit, halves away from zero as invoices do."""
    scaled = abs(amount) * 10**digits
    rounded: int = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return rounded if amount >= 0 else -rounded


def apportion(parts: Mapping[tuple[str, str], Fraction], digits: int) -> dict[tuple[str, str], int]:
    """Whole smallest units that add up to the rounded sum: the largest remainders get what rounding down left over.

    Parts that are nothing stay nothing; of equal remainders the first by name goes first, so order does not matter.
    """
    scaled = {name: part * 10**digits for name, part in parts.items()}
    made = {name: part.numerator // part.denominator for name, part in scaled.items()}
    left = to_minor(sum(parts.values(), Fraction(0)), digits) - sum(made.values())
    most_first = sorted(scaled, key=lambda name: (made[name] - scaled[name], name))
    for name in most_first[:left]:
        made[name] += 1
    return made


def money(minor: int, prices: PriceList) -> str:
    """'1,234.50 USD' for an amount in the smallest unit."""
    return f"{Decimal(minor).scaleb(-prices.minor_digits):,.{prices.minor_digits}f} {prices.currency}"
