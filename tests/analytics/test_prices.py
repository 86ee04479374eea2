"""Costs are exact, parts add up to the bill to the cent, and the order of consumers changes nothing."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.prices import (
    Attribution,
    PriceList,
    Usage,
    apportion,
    attribute,
    avoidable_cost,
    cost,
    example_prices,
    load_prices,
    money,
    parse_prices,
    to_minor,
)
from subak.errors import ConfigError, StoreFailed

HEAD = 'name = "n"\ncurrency = "EUR"\nscope = "s"\nsource = "o"\ndate = 2026-11-01\n'
TIERED = parse_prices(
    HEAD + "per_million_requests = 0.5\n[[egress]]\nup_to_gb = 10\nper_gb = 0.1\n[[egress]]\nup_to_gb = 100\n"
    "per_gb = 0.05\n[[egress]]\nper_gb = 0.01\n[[fixed]]\nname = 'storage'\nper_month = 7.77\n",
    "tiered",
)
GB = 10**9


@pytest.mark.parametrize(
    ("usage", "months", "egress", "requests", "fixed"),
    [
        (Usage(0, 0), "1", "0", "0", "7.77"),
        (Usage(10 * GB, 0), "1", "1", "0", "7.77"),
        (Usage(10 * GB + 1, 1), "1", "1.00000000005", "0.0000005", "7.77"),
        (Usage(100 * GB, 2_000_000), "1", "5.5", "1", "7.77"),
        (Usage(1000 * GB, 0), "1", "14.5", "0", "7.77"),
        (Usage(10 * GB, 0), "1/2", "0.75", "0", "3.885"),
        (Usage(200 * GB, 0), "2", "11", "0", "15.54"),
    ],
)
def test_costs_by_tiers(usage: Usage, months: str, egress: str, requests: str, fixed: str) -> None:
    found = cost(TIERED, usage, Fraction(months))
    assert (found.egress, found.requests, found.fixed) == (Fraction(egress), Fraction(requests), Fraction(fixed))
    assert found.total == Fraction(egress) + Fraction(requests) + Fraction(fixed)


def test_the_built_in_list_says_that_it_is_made_up() -> None:
    prices = example_prices()
    assert prices.illustration
    assert "llustration" in prices.name
    assert cost(prices, Usage(20_000 * GB, 4_000_000)).total == 850 + 600 + 3
    assert money(123450, prices) == "1,234.50 USD"


def test_a_list_without_egress_costs_nothing_per_byte() -> None:
    assert cost(parse_prices(HEAD, "bare"), Usage(GB, GB)).total == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name = ", "no TOML"),
        ("", "missing"),
        (HEAD + "colour = 1", "colour"),
        (HEAD + "per_million_requests = -1", "not negative"),
        (HEAD + "per_million_requests = nan", "not negative"),
        (HEAD + "[[egress]]\nup_to_gb = 5\nper_gb = 1", "tiers"),
        (HEAD + "[[egress]]\nper_gb = 1\n[[egress]]\nper_gb = 1", "tiers"),
        (
            HEAD + "[[egress]]\nup_to_gb = 5\nper_gb = 1\n[[egress]]\nup_to_gb = 4\nper_gb = 1\n[[egress]]\nper_gb = 1",
            "t",
        ),
        (HEAD + "bytes_per_gb = 0", "bytes_per_gb"),
    ],
)
def test_a_wrong_list_is_told(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        parse_prices(text, "wrong.toml")


def test_lists_come_from_files(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(HEAD + "per_million_requests = 0.1", "utf-8")
    assert load_prices(path).per_million_requests == Decimal("0.1")
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="no text"):
        load_prices(path)
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(StoreFailed, match="large"):
        load_prices(path)
    with pytest.raises(StoreFailed):
        load_prices(tmp_path / "absent")


def test_a_cost_of_less_than_nothing_is_a_mistake() -> None:
    for usage, months in ((Usage(-1, 0), Fraction(1)), (Usage(0, -1), Fraction(1)), (Usage(0, 0), Fraction(0))):
        with pytest.raises(ValueError, match="months"):
            cost(TIERED, usage, months)
    with pytest.raises(ValueError, match="more than the total"):
        attribute(TIERED, Usage(1, 1), {"a": Usage(2, 0)})


def test_a_bill_taken_apart() -> None:
    rows = {"a": Usage(60 * GB, 1_000_000), "b": Usage(30 * GB, 1_000_000)}
    found = attribute(TIERED, Usage(100 * GB, 2_000_000), rows)
    # 5.50 for 100 GB, 1.00 for 2 million requests, 7.77 fixed
    assert found.bill == 1427
    assert [(share.name, share.average, share.marginal) for share in found.shares] == [("a", 380, 350), ("b", 215, 200)]
    assert (found.others, found.fixed, found.unexplained, found.shared) == (55, 777, 0, 877)


def test_a_real_bill_differs_and_the_difference_is_shown() -> None:
    found = attribute(TIERED, Usage(100 * GB, 0), {"a": Usage(100 * GB, 0)}, bill=Decimal("10.00"))
    assert (found.bill, found.shares[0].average, found.fixed, found.unexplained) == (1000, 550, 777, -327)


amounts = st.fractions(min_value=0, max_value=1000, max_denominator=997)
usages = st.builds(Usage, st.integers(0, 10**13), st.integers(0, 10**9))


@st.composite
def price_lists(draw: st.DrawFn) -> PriceList:
    money_ = st.decimals(0, 10, places=4)
    limits = sorted(draw(st.sets(st.integers(1, 5000), max_size=3)))
    tiers = [f"[[egress]]\nup_to_gb = {limit}\nper_gb = {draw(money_)}\n" for limit in limits]
    fixed = [f"[[fixed]]\nname = 'f'\nper_month = {draw(money_)}\n" for _ in range(draw(st.integers(0, 2)))]
    requests = f"per_million_requests = {draw(money_)}\nminor_digits = {draw(st.integers(0, 3))}\n"
    return parse_prices(
        HEAD + requests + "".join(tiers) + f"[[egress]]\nper_gb = {draw(money_)}\n" + "".join(fixed), "x"
    )


def whole(found: Attribution) -> int:
    return sum(share.average for share in found.shares) + found.others + found.fixed + found.unexplained


@given(
    price_lists(),
    st.dictionaries(st.text("abc", max_size=3), usages, max_size=12),
    usages,
    st.fractions(Fraction(1, 60), 12, max_denominator=60),
    st.one_of(st.none(), st.decimals(0, 10**6, places=3)),
    st.randoms(use_true_random=False),
)
def test_parts_add_up_to_the_bill_in_any_order(
    prices: PriceList,
    rows: dict[str, Usage],
    rest: Usage,
    months: Fraction,
    bill: Decimal | None,
    order: random.Random,
) -> None:
    total = Usage(
        rest.bytes + sum(u.bytes for u in rows.values()), rest.requests + sum(u.requests for u in rows.values())
    )
    found = attribute(prices, total, rows, months, bill=bill)
    stated = cost(prices, total, months).total if bill is None else Fraction(bill)
    assert found.bill == whole(found) == to_minor(stated, prices.minor_digits)
    assert found.bill == sum(share.marginal for share in found.shares) + found.shared
    assert all(share.average >= 0 and share.marginal >= 0 for share in found.shares)
    names = list(rows)
    order.shuffle(names)
    assert attribute(prices, total, {name: rows[name] for name in names}, months, bill=bill) == found
    by_name = {share.name: share for share in found.shares}
    for a in rows:
        for b in rows:
            if rows[a].bytes > rows[b].bytes and rows[a].requests > rows[b].requests:
                assert by_name[a].average >= by_name[b].average
                assert by_name[a].marginal >= by_name[b].marginal


@given(price_lists(), usages, usages)
def test_more_traffic_never_costs_less(prices: PriceList, some: Usage, more: Usage) -> None:
    both = Usage(some.bytes + more.bytes, some.requests + more.requests)
    assert cost(prices, both).total >= cost(prices, some).total
    saved = avoidable_cost(prices, both, more)
    assert 0 <= saved <= cost(prices, both).total
    assert saved == cost(prices, both).total - cost(prices, some).total


@given(st.dictionaries(st.tuples(st.text(max_size=2), st.text(max_size=2)), amounts, max_size=20))
def test_apportioned_parts_are_off_by_less_than_a_unit(parts: dict[tuple[str, str], Fraction]) -> None:
    made = apportion(parts, 2)
    assert sum(made.values()) == to_minor(sum(parts.values(), Fraction(0)), 2)
    assert all(abs(made[name] - part * 100) < 1 for name, part in parts.items())


@pytest.mark.parametrize(("amount", "minor"), [("0.005", 1), ("0.0049", 0), ("-0.005", -1), ("1.995", 200)])
def test_halves_are_rounded_away_from_zero(amount: str, minor: int) -> None:
    assert to_minor(Fraction(amount), 2) == minor
