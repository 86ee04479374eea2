"""The answer first: one sentence on who takes how much, one on how much of it is waste."""

from __future__ import annotations

from dataclasses import dataclass

from subak.analytics.report import words
from subak.analytics.report.model import Avoidable, Concentration, Report

PLURAL = {"address": "addresses", "network": "networks", "consumer": "consumers"}


@dataclass(frozen=True, slots=True)
class Headline:
    """Two sentences, without markup. The parts of `answer` may be set apart."""

    before: str
    figure: str
    """'82.6 %'; '' where there is nothing to say."""
    after: str
    waste: str
    """The second sentence, '' if it cannot be said."""

    @property
    def answer(self) -> str:
        """The first sentence."""
        return f"{self.before}{self.figure}{self.after}"


def headline(report: Report) -> Headline:
    """What a board should remember."""
    found = leading(report)
    waste = _waste(report)
    if found:
        return Headline(
            f"1 % of {PLURAL[found.level]} took ", words.share(found.top_share), f" of {found.weight}.", waste
        )
    requests = words.number(report.figures["requests"].value)
    if report.figures["addresses"].value == 1:
        return Headline("", requests, " requests, all of them from one address.", waste)
    return Headline("", requests, " requests; these logs do not tell who sent them.", waste)


def leading(report: Report) -> Concentration | None:
    """By requests, of addresses if the log has them, else of whoever it tells apart."""
    order = [(level, "requests") for level in PLURAL]
    by = {(one.level, one.weight): one for one in report.concentration if one.n > 1}
    return next((by[key] for key in order if key in by), None)


def at_consumers(report: Report) -> Avoidable | None:
    """What an ideal cache at each consumer would have spared, else one at each address."""
    ideal = {row.level: row for row in report.avoidable if row.cache == "ideal"}
    return ideal.get("consumer") or ideal.get("network") or ideal.get("address")


def _waste(report: Report) -> str:
    row = at_consumers(report)
    if row is None:
        return ""
    if not row.requests:
        return f"No {row.level} was sent the same file twice."
    part = (
        f"{words.share(row.share_requests)} of the requests"
        if row.share_bytes is None
        else f"{words.share(row.share_bytes)} of the bytes"
    )
    said = f"{part} would not have been asked for with a cache at each {row.level}"
    if row.cost is None or report.bill is None:
        return f"{said}."
    within = words.span(report.meta.window.seconds)
    return f"{said}: {words.money(row.cost, report.bill.currency)} in {within}."
