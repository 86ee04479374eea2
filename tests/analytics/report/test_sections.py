"""What each part says, and when it says nothing."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from subak.analytics.report import sections
from subak.analytics.report.markup import Notes
from subak.analytics.report.model import Report
from subak.analytics.simulate import Hit, Outcome, People


def test_colours_belong_to_the_greatest_classes(report: Report) -> None:
    found = sections.colours(report)
    assert found["ci-hosted"] == 0
    assert found["unknown"] == sections.BANDS


def test_packages_that_are_withheld_are_counted(report: Report) -> None:
    packages = replace(report.packages, withheld=7)
    text = sections.packages(replace(report, packages=packages), Notes({}))
    assert "7 are left out, as fewer than 1 consumers asked for each." in text


def test_money_only_with_a_price_list(report: Report) -> None:
    assert "EUR" in sections.avoidable(report, Notes({}))
    rows = [replace(row, cost=None) for row in report.avoidable]
    free = replace(report, bill=None, avoidable=rows)
    assert "EUR" not in sections.avoidable(free, Notes({}))
    assert sections.cost(free, Notes({})) == ""


def test_the_bill_ends_with_its_sum(report: Report) -> None:
    assert report.bill is not None
    bill = replace(report.bill, total=Decimal("1234.50"))
    text = sections.cost(replace(report, bill=bill), Notes({}))
    assert "<tfoot>" in text
    assert "1\u202f234.50" in text


def test_limits_that_were_tried(report: Report) -> None:
    people = People(3, 2, 1, 2, 0, 0, 0)
    hits = (Hit("ci-hosted", 90, 900, 40, 400), Hit("", 10, 100, 10, 100), Hit("mirror", 5, 5, 0, 0))
    one = Outcome(
        "5 requests per address and hour", "tight", "address", 100, 1000, 200, 2000, 30, 2, 40, 4, 50, 500, hits, (),
        people, (), 4.0,
    )  # fmt: skip
    text = sections.simulations(replace(report, simulations=[one]), Notes({}))
    assert "tight: 5 requests per address and hour" in text
    assert "2 of 30" in text
    assert "25.0 %" in text
    assert "ci-hosted 40, unknown 10<" in text
    assert sections.simulations(report, Notes({})) == ""
