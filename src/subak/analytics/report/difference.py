"""A comparison as a part of the page."""

from __future__ import annotations

from itertools import groupby

from subak.analytics.report import words
from subak.analytics.report.charts import safe
from subak.analytics.report.compare import Change, Comparison
from subak.analytics.report.markup import Column, items, section, table


def signed(change: Change) -> str:
    """The difference with its sign: '+1.3 points' for shares, '−12.0 MB' for bytes."""
    value = change.difference
    if value is None:
        return words.NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else "±"
    if change.unit == "share":
        return f"{sign}{abs(100 * value):.1f} points"
    return f"{sign}{words.amount(abs(value), change.unit)}"


def relative(change: Change) -> str:
    """'+12.3 %', in relation to what was before."""
    if change.relative is None:
        return words.NOTHING
    return f"{change.relative:+.1%}".replace("-", "−").replace("%", " %")


def comparison(compared: Comparison) -> str:
    """What changed since another period."""
    columns: list[Column[Change]] = [
        Column(
            "",
            lambda row: (
                safe(row.name or "unknown") + (f" <span class=bad>({safe(row.note)})</span>" if row.note else "")
            ),
        ),
        Column("before", lambda row: words.amount(row.before, row.unit), "r"),
        Column("now", lambda row: words.amount(row.after, row.unit), "r strong"),
        Column("difference", signed, "r"),
        Column("relative", relative, "r"),
    ]
    parts = [
        f"<h3>{safe(part)}</h3>{table('', columns, list(rows))}"
        for part, rows in groupby(compared.changes, key=lambda change: change.part)
    ]
    warned = f'<div class="note">{items(compared.warnings)}</div>' if compared.warnings else ""
    says = f"{safe(compared.before)} against {safe(compared.after)}."
    return section("What changed", says, warned, *parts, id="changes")
