"""The answer first, whatever the log can tell."""

from __future__ import annotations

from msgspec.structs import replace

from subak.analytics.report.headline import headline
from subak.analytics.report.model import Report


def test_who_and_how_much_of_it_is_waste(report: Report) -> None:
    said = headline(report)
    assert said.answer == "1 % of addresses took 72.1 % of requests."
    assert (
        said.waste
        == "77.3 % of the bytes would not have been asked for with a cache at each consumer: EUR 0.77 in 29 hours."
    )


def test_without_prices_or_sizes(report: Report) -> None:
    rows = [replace(row, share_bytes=None, cost=None) for row in report.avoidable]
    said = headline(replace(report, avoidable=rows, bill=None))
    assert said.waste == "71.2 % of the requests would not have been asked for with a cache at each consumer."


def test_without_addresses(report: Report) -> None:
    by_consumer = [one for one in report.concentration if one.level == "consumer"]
    assert headline(replace(report, concentration=by_consumer)).answer.startswith("1 % of consumers took ")
    said = headline(replace(report, concentration=[], avoidable=[]))
    assert said.answer == "208 requests; these logs do not tell who sent them."
    assert said.waste == ""
