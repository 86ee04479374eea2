"""The report as tables for a terminal, with bars; for a pipe the same tables with plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from subak.analytics.report import words
from subak.analytics.report.compare import Comparison
from subak.analytics.report.difference import relative, signed
from subak.analytics.report.headline import PLURAL
from subak.analytics.report.model import Cell, Report, Slice

WIDTH = 14
"""Cells of a full bar."""
EIGHTHS = " ▏▎▍▌▋▊▉"
SHOWN = 10
"""Rows of a ranking; the other forms have more."""
BAR = "bar"
"""Name of a column that only draws the one behind it; a pipe does not get it."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure whose unit is its own, not its column's."""

    value: float | Decimal | None
    unit: str
    text: str = ""
    """How it is said, if otherwise than figures of this unit are."""


Value = Cell | Decimal | Quantity
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: values as they are, and how to say them."""

    title: str
    columns: tuple[str, ...]
    units: tuple[str, ...]
    """Of each column; '' is text, `BAR` a share of the longest bar."""
    rows: tuple[tuple[Value, ...], ...]
    currency: str = ""
    expendable: tuple[str, ...] = ()
    """Columns that a narrow terminal may go without."""

    @property
    def numbers(self) -> int:
        """How many columns at the right are numbers."""
        count = 0
        for unit in reversed(self.units):
            if unit in ("", BAR):
                break
            count += 1
        return count

    def told(self) -> Sheet:
        """Without the columns of which no row knows anything, for people; programs get every column."""
        empty = [all(row[place] in (None, "") for row in self.rows) for place in range(len(self.columns))]
        kept = [place for place, nothing in enumerate(empty) if place == 0 or not nothing]

        def of(values: tuple[Kind, ...]) -> tuple[Kind, ...]:
            return tuple(values[place] for place in kept)

        columns = of(self.columns)
        return replace(
            self, columns=columns, units=of(self.units), rows=tuple(map(of, self.rows)),
            expendable=tuple(name for name in self.expendable if name in columns),
        )  # fmt: skip

    def pretty(self) -> list[tuple[str, ...]]:
        """Rounded and with units; nothing of a stranger's text is obeyed by a terminal."""
        return [
            tuple(self._said(value, unit) for value, unit in zip(row, self.units, strict=True)) for row in self.rows
        ]

    def _said(self, value: Value, unit: str) -> str:
        if isinstance(value, Quantity):
            return value.text or words.amount(value.value, value.unit, self.currency)
        if unit == BAR:
            return bar(float(value or 0))
        return words.shown(value) if isinstance(value, str) else words.amount(value, unit, self.currency)

    def plain(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Columns and rows for programs: full precision, no bars, text that no spreadsheet calculates."""
        kept = [place for place, unit in enumerate(self.units) if unit != BAR]
        rows = [tuple(raw(row[place]) for place in kept) for row in self.rows]
        return tuple(self.columns[place] for place in kept), rows


def raw(value: Value) -> str:
    """A value for programs; '' where it cannot be known."""
    if isinstance(value, Quantity):
        value = value.value
    if isinstance(value, str):
        return words.harmless(value)
    return "" if value is None else str(value)


def bar(part: float) -> str:
    """0 … 1 as a bar of blocks; what is there is never invisible."""
    eighths = round(8 * WIDTH * min(1.0, max(0.0, part)))
    if part > 0 and eighths == 0:
        eighths = 1
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def sheets(report: Report) -> Iterator[Sheet]:
    """All tables, in the order of the page; empty ones are left out."""
    for make in (
        _figures, _concentration, _avoidable, _purposes, _consumers, _cost, _providers, _ecosystems, _software,
        _packages, _simulations, _sources, _rejects,
    ):  # fmt: skip
        sheet = make(report)
        if sheet.rows:
            yield sheet


def _longest(values: Iterable[float]) -> Callable[[float], float]:
    most = max(values, default=0.0) or 1.0
    return lambda value: value / most


def _figures(report: Report) -> Sheet:
    rows = tuple(
        (name, Quantity(one.value, one.unit), one.unit, one.note)
        for name, one in report.figures.items()
        if one.value is not None
    )
    return Sheet("Figures", ("figure", "value", "unit", "note"), ("", "", "", ""), rows, expendable=("note",))


def _concentration(report: Report) -> Sheet:
    rows = tuple(
        (
            f"1 % of {PLURAL[one.level]}",
            one.n,
            one.weight,
            one.top_share,
            one.top_share,
            one.daily,
            one.gini,
        )
        for one in report.concentration
    )
    columns = ("who", "of", "took of", BAR, "share", "on a day", "gini")
    units = ("", "units", "", BAR, "share", "share", "ratio")
    return Sheet("Few take most", columns, units, rows, expendable=("gini",))


def _avoidable(report: Report) -> Sheet:
    rows = tuple(
        (one.level, one.cache, one.share_bytes or one.share_requests, one.requests, one.share_requests, one.bytes,
         one.share_bytes, one.cost)
        for one in report.avoidable
    )  # fmt: skip
    columns = ("a cache at each", "size", BAR, "requests", "of requests", "bytes", "of bytes", "cost")
    units = ("", "", BAR, "requests", "share", "bytes", "share", "money")
    return _sheet(report, "What need not have been asked for again", columns, units, rows)


def _purposes(report: Report) -> Sheet:
    scale = _longest(one.share_requests for one in report.purposes.rows)
    rows = tuple(
        (one.name, scale(one.share_requests), one.requests, one.share_requests, one.share_bytes, one.streams,
         one.declared, one.at_most)
        for one in report.purposes.rows
    )  # fmt: skip
    columns = ("class", BAR, "requests", "of requests", "of bytes", "streams", "declared", "at most")
    units = ("", BAR, "requests", "share", "share", "streams", "share", "share")
    return _sheet(report, "What it is for", columns, units, rows, expendable=("declared", "at most", "streams"))


def _consumers(report: Report) -> Sheet:
    found = report.consumers.rows[:SHOWN]
    scale = _longest(one.bytes or one.requests for one in found)
    rows = tuple(
        (one.name, one.grade, one.purpose, one.provider, scale(one.bytes or one.requests), one.requests, one.bytes,
         one.avoidable_bytes, one.repeat_factor, one.cost)
        for one in found
    )  # fmt: skip
    columns = ("consumer", "grade", "class", "network", BAR, "requests", "bytes", "avoidable", "repeats", "cost")
    units = ("", "", "", "", BAR, "requests", "bytes", "bytes", "factor", "money")
    expendable = ("grade", "network", BAR, "repeats", "class")
    return _sheet(report, "The heaviest consumers", columns, units, rows, expendable=expendable)


def _cost(report: Report) -> Sheet:
    if report.bill is None:
        return Sheet("", (), (), ())
    bill = report.bill
    scale = _longest(one.share for one in bill.parts)
    rows: list[tuple[Value, ...]] = [
        (one.name or "shared or unknown", scale(one.share), one.share, one.average, one.marginal) for one in bill.parts
    ]
    rows.append(("the bill", 0.0, 1.0, bill.total, None))
    units = ("", BAR, "share", "money", "money")
    title = f"What it costs, by {bill.prices}"
    return Sheet(title, ("class", BAR, "of the bill", "average", "marginal"), units, tuple(rows), bill.currency)


def _providers(report: Report) -> Sheet:
    found = [row for row in report.providers.rows if row.name] and report.providers.rows[:SHOWN]
    scale = _longest(one.share_downloads or 0 for one in found)
    rows = tuple(
        (one.name or "unknown", one.share_downloads and scale(one.share_downloads), one.addresses, one.share_addresses,
         one.share_downloads, one.amplification)
        for one in found
    )  # fmt: skip
    columns = ("network", BAR, "addresses", "of addresses", "of downloads", "amplification")
    units = ("", BAR, "addresses", "share", "share", "factor")
    return Sheet("Where it comes from", columns, units, rows, expendable=("addresses", BAR))


def _ecosystems(report: Report) -> Sheet:
    scale = _longest(one.share_requests for one in report.ecosystems.rows)
    rows = tuple(
        (one.name or "unknown", scale(one.share_requests), one.requests, one.share_requests, one.downloads, one.bytes)
        for one in report.ecosystems.rows
    )
    columns = ("ecosystem", BAR, "requests", "of requests", "downloads", "bytes")
    return Sheet("Ecosystems", columns, ("", BAR, "requests", "share", "downloads", "bytes"), rows)


def _software(report: Report) -> Sheet:
    found = report.software.rows[:SHOWN]
    scale = _longest(one.share_downloads or 0 for one in found)
    rows = tuple(
        (
            one.name or "unknown",
            one.kind,
            one.share_downloads and scale(one.share_downloads),
            one.requests,
            one.downloads,
            one.share_downloads,
        )
        for one in found
    )
    columns = ("program", "kind", BAR, "requests", "downloads", "of downloads")
    units = ("", "", BAR, "requests", "downloads", "share")
    return Sheet("Installers and other programs", columns, units, rows, expendable=(BAR,))


def _packages(report: Report) -> Sheet:
    found = report.packages.rows[:SHOWN]
    scale = _longest(one.share_downloads or 0 for one in found)
    rows = tuple(
        (one.name, scale(one.share_downloads or 0), one.downloads, one.bytes, one.avoidable_bytes, one.consumers)
        for one in found
    )
    columns = ("package", BAR, "downloads", "bytes", "avoidable", "consumers")
    units = ("", BAR, "downloads", "bytes", "bytes", "consumers")
    return Sheet("The packages", columns, units, rows, expendable=("avoidable", BAR))


def _simulations(report: Report) -> Sheet:
    rows = tuple(
        (
            f"{one.name}: {one.rule}" if one.name else one.rule,
            one.refused / (one.total_requests or 1),
            one.units_hit,
            one.units_hit / one.units if one.units else None,
            one.refused,
            one.refused / one.total_requests if one.total_requests else None,
            one.people.dev_streams,
            one.people.bystanders,
        )
        for one in report.simulations
    )
    columns = ("limit", BAR, "hits", "of them", "refuses", "of requests", "people", "bystanders")
    units = ("", BAR, "units", "share", "requests", "share", "streams", "streams")
    return Sheet("Limits, tried on this traffic", columns, units, rows, expendable=(BAR, "of them", "hits"))


def _sources(report: Report) -> Sheet:
    rows = tuple(
        (one.name, one.format or "not known", one.problem, one.accepted.lines, one.rejected.lines, one.skipped.lines)
        for one in report.meta.sources
    )
    columns = ("log", "format", "problem", "understood", "not understood", "skipped")
    return Sheet("Logs", columns, ("", "", "", "lines", "lines", "lines"), rows, expendable=("skipped", "problem"))


def _rejects(report: Report) -> Sheet:
    rows = tuple((one.reason, one.example, one.lines, one.bytes) for one in report.rejects.rows[:SHOWN])
    return Sheet("Not understood", ("because", "first", "lines", "bytes"), ("", "", "lines", "bytes"), rows)


def _sheet(
    report: Report,
    title: str,
    columns: tuple[str, ...],
    units: tuple[str, ...],
    rows: Sequence[tuple[Value, ...]],
    *,
    expendable: tuple[str, ...] = (),
) -> Sheet:
    """A table whose last column is money, which is left out where no price list was given."""
    if report.bill is None:
        columns, units, rows = columns[:-1], units[:-1], [row[:-1] for row in rows]
        return Sheet(title, columns, units, tuple(rows), expendable=expendable)
    return Sheet(title, columns, units, tuple(rows), report.bill.currency, expendable)


def sliced(one: Slice) -> Sheet:
    """A table that was asked for with --by and --show."""
    units = ("",) * len(one.by) + tuple(one.units)
    drawn = next((place for place in range(len(one.by), len(units)) if units[place]), None)
    if drawn is None:
        return Sheet("", (*one.by, *one.show), units, tuple(tuple(row) for row in one.rows))
    scale = _longest(float(row[drawn] or 0) for row in one.rows)
    at = len(one.by)
    rows = tuple((*row[:at], scale(float(row[drawn] or 0)), *row[at:]) for row in one.rows)
    title = f"{', '.join(one.show)} by {', '.join(one.by)}"
    return Sheet(title, (*one.by, BAR, *one.show), (*units[:at], BAR, *units[at:]), rows, expendable=(BAR,))


def changes(compared: Comparison) -> Sheet:
    """What changed since another period."""
    rows = tuple(
        (
            one.part,
            one.name,
            one.note,
            Quantity(one.before, one.unit),
            Quantity(one.after, one.unit),
            Quantity(one.difference, one.unit, signed(one)),
            Quantity(one.relative, "share", relative(one)),
        )
        for one in compared.changes
    )
    columns = ("part", "figure", "note", "before", "now", "difference", "relative")
    return Sheet("What changed", columns, ("",) * len(columns), rows, expendable=("note",))
