"""Money beside traffic: everything adds up, whatever the traffic."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.report.harvest import PRICES

from subak.analytics.prices import Usage, parse_prices
from subak.analytics.report import billing
from subak.analytics.report.model import Avoidable, Consumer, Purpose, Rows

LISTED = parse_prices(PRICES + '[[fixed]]\nname = "people"\nper_month = 100\n', "test.toml")


def purpose(name: str, requests: int, bytes: int) -> Purpose:
    return Purpose(
        name=name, streams=1, requests=requests, bytes=bytes, share_requests=0, share_bytes=0, declared=0, at_most=0
    )


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**15)), max_size=17),
    st.integers(0, 10**9),
    st.fractions(Fraction(1, 1000), 12),
)
def test_parts_add_up_to_the_bill_to_the_cent(rows: list[tuple[int, int]], beside: int, length: Fraction) -> None:
    total = Usage(sum(row[1] for row in rows) + beside, sum(row[0] for row in rows) + beside)
    bill = billing.bill(LISTED, total, [purpose(f"p{n}", *row) for n, row in enumerate(rows)], length)
    assert sum((part.average for part in bill.parts), Decimal(0)) == bill.total
    assert sum((part.average for part in bill.positions), Decimal(0)) == bill.total
    assert bill.total == bill.total.quantize(Decimal("0.01"))


def test_fixed_cost_is_nobodys() -> None:
    bill = billing.bill(LISTED, Usage(0, 0), [], Fraction(1, 2))
    assert [(part.name, part.average, part.marginal) for part in bill.parts] == [("fixed, whoever asks", 50, 0)]
    assert (bill.currency, bill.scope) == ("EUR", "all")


def test_waste_costs_what_the_bill_would_drop_by() -> None:
    row = Avoidable(level="address", cache="ideal", requests=0, bytes=10**9, share_requests=0, share_bytes=0.5)
    (priced,) = billing.waste(LISTED, Usage(2 * 10**9, 10), [row], Fraction(1))
    assert priced.cost == Decimal("5000.00")


def test_consumers_may_share_a_name() -> None:
    one = Consumer(
        name="same", grade="C", purpose="", provider="", addresses=1, requests=1_000, downloads=1, bytes=10**9,
        share_requests=0, avoidable_requests=0, avoidable_bytes=10**8, repeat_factor=None, shadow_share=None,
    )  # fmt: skip
    found = billing.consumers(LISTED, Usage(2 * 10**9, 2_000), Rows(of="c", n=2, rows=[one, one]), Fraction(1))
    assert [(row.cost, row.avoidable_cost) for row in found.rows] == [(Decimal("5001.00"), Decimal("500.00"))] * 2


def test_months() -> None:
    assert billing.months(0, 0) == Fraction(1, billing.MONTH)
    assert billing.months(0, billing.MONTH) == 1
