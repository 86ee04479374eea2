"""The report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

Its style is named by hash in a Content-Security-Policy, and nothing else may load or run, whatever stood in the logs.
"""

from __future__ import annotations

import base64
import hashlib
from functools import partial
from urllib.parse import quote

from subak.analytics.report import sections, words
from subak.analytics.report.charts import safe
from subak.analytics.report.compare import Comparison
from subak.analytics.report.difference import comparison
from subak.analytics.report.headline import headline
from subak.analytics.report.markup import Column, Notes, section, table
from subak.analytics.report.model import Cell, Reject, Report, Slice, SourceFacts
from subak.analytics.report.style import STYLE

MARK = (
    '<svg viewBox="0 0 32 32" xmlns="http://www.w3.org/2000/svg"{more}>'
    '<rect width="32" height="32" rx="8" fill="#2f6b4f"/>'
    '<g fill="none" stroke="#f4f1e6" stroke-width="2.4" stroke-linecap="round">'
    '<path d="M6 11c5-4 8 3 12.5 0S24 9 26 10"/><path d="M6 17c5-4 8 3 12.5 0S24 15 26 16"/>'
    '<path d="M6 23c5-4 8 3 12.5 0S24 21 26 22"/></g></svg>'
)
"""The sign of the house, as on the gateway's own page."""

TERRACES = (
    '<svg class="terraces" viewBox="0 0 1200 150" preserveAspectRatio="none" aria-hidden="true">'
    '<path class="t1" d="M0 62C180 20 330 96 520 60S860 14 1200 54V150H0Z"/>'
    '<path class="t2" d="M0 88C220 50 380 122 600 88S960 44 1200 84V150H0Z"/>'
    '<path class="t3" d="M0 114C240 82 420 142 660 114S1000 78 1200 110V150H0Z"/>'
    '<path class="t4" d="M0 138C260 112 460 158 720 136S1040 110 1200 132V150H0Z"/></svg>'
)

CSP = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Content Security Policy level 2, hash source."""

PARTS = (
    sections.concentration,
    sections.avoidable,
    sections.purposes,
    sections.consumers,
    sections.cost,
    sections.origins,
    sections.ecosystems,
    sections.packages,
    sections.simulations,
    sections.statuses,
)
"""In the order of the page."""


def page(report: Report, compared: Comparison | None = None) -> bytes:
    """The report as UTF-8 HTML; with `compared`, what changed since another period stands first."""
    notes = Notes(report.definitions)
    title = f"Who consumes the commons, {_period(report)}"
    inside = [sections.keys(report, notes), sections.unknown(report)]
    if compared:
        inside.append(comparison(compared))
    inside += [part(report, notes) for part in PARTS]
    inside += [_slice(one) for one in report.slices]
    inside.append(_method(report, notes))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="Subak {safe(report.meta.subak)}">
<title>{safe(title)}</title>
<link rel="icon" href="data:image/svg+xml,{quote(MARK.format(more=""))}">
<style>{STYLE}</style>
</head>
<body>
{_header(report)}
<main class="inner">
{"".join(inside)}</main>
<footer><div class="inner">Made with Subak {safe(report.meta.subak)} on {words.day(report.meta.made)}. \
Addresses are not in this page: names are pseudonyms of epoch <code>{safe(report.meta.epoch)}</code>.</div></footer>
</body>
</html>
""".encode()


def _period(report: Report) -> str:
    window = report.meta.window
    first, last = words.day(window.start), words.day(max(window.start, window.end - 60))
    return first if first == last else f"{first} to {last}"


def _header(report: Report) -> str:
    said = headline(report)
    figure = f"<em>{safe(said.figure)}</em>" if said.figure else ""
    more = f'<p class="lead">{safe(said.waste)}</p>' if said.waste else ""
    mark, period = MARK.format(more=' aria-hidden="true"'), safe(_period(report))
    return f"""<header><div class="inner">
<div class="name">{mark}<span>Who consumes the commons · {period}</span></div>
<h1>{safe(said.before)}{figure}{safe(said.after)}</h1>{more}
</div>{TERRACES}</header>"""


def _slice(one: Slice) -> str:
    """A table that was asked for with --by and --show."""
    names, units = [*one.by, *one.show], [""] * len(one.by) + one.units
    columns = [
        Column(safe(name), partial(_cell, place=place, unit=unit), "r" if unit else "")
        for place, (name, unit) in enumerate(zip(names, units, strict=True))
    ]
    says = f"{len(one.rows)} of {words.number(one.n)} rows."
    return section(" and ".join(one.show) + " by " + ", ".join(one.by), says, table("", columns, one.rows), id="slice")


def _cell(row: list[Cell], place: int, unit: str) -> str:
    value = row[place]
    return safe(value) if isinstance(value, str) else words.amount(value, unit)


def _method(report: Report, notes: Notes) -> str:
    """How it was counted, from what, and what to be careful with."""
    meta = report.meta
    columns: list[Column[SourceFacts]] = [
        Column("log", lambda row: f"<code>{safe(row.name)}</code>", "wrap"),
        Column("format", lambda row: safe(row.format or "not known")),
        Column("lines understood", lambda row: words.number(row.accepted.lines), "r"),
        Column("not understood", lambda row: words.number(row.rejected.lines), "r"),
        Column("headers, empty", lambda row: words.number(row.skipped.lines), "r"),
        Column(
            "bytes read", lambda row: words.size(sum(c.bytes for c in (row.accepted, row.rejected, row.skipped))), "r"
        ),
    ]
    rejects: list[Column[Reject]] = [
        Column("not understood because", lambda row: safe(row.reason), "wrap"),
        Column("lines", lambda row: words.number(row.lines), "r"),
        Column("first", lambda row: safe(row.example)),
    ]
    problems = "".join(
        f'<p class="bad">{safe(one.name)} was not read to its end: {safe(one.problem)}</p>'
        for one in meta.sources
        if one.problem
    )
    reasons = table("", rejects, report.rejects.rows) if report.rejects.rows else ""
    window = meta.window
    facts = (
        ("window", f"{words.moment(window.start)} to {words.moment(window.end)} UTC, {words.span(window.seconds)}"),
        ("counted only", "; ".join(meta.asked)),
        ("agents", meta.packs.agents),
        ("classes", meta.packs.classes),
        ("networks", meta.packs.ranges or "no range pack: providers are unknown (--ranges)"),
        ("consumers", meta.packs.consumers or "no mapping: consumers are inferred from networks (--consumers)"),
        ("prices", meta.packs.prices or "no price list: nothing is said about money (--prices)"),
        ("withheld", f"cells about fewer than {meta.k} consumers"),
    )
    told = "".join(f"<dt>{name}</dt><dd>{safe(text)}</dd>" for name, text in facts if text)
    says = (
        "Every line of a log is either understood or counted below with the reason why not. "
        "Figures are counts of what the logs say, not estimates, unless a sentence beside them says otherwise."
    )
    inside = (
        f'<dl class="facts">{told}</dl>',
        table("", columns, meta.sources),
        problems,
        reasons,
        f"<h3>Definitions</h3>{notes.listed()}",
    )
    return section("Method and limits", says, *inside, id="method")
