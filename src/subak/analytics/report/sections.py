"""The parts of the page, in the order in which a board would ask: who, what, how much of it is waste, what it costs."""

from __future__ import annotations

from subak.analytics.report import charts, words
from subak.analytics.report.charts import Curve, Series, Waste, bar, safe
from subak.analytics.report.headline import PLURAL, leading
from subak.analytics.report.markup import Column, Notes, items, legend, section, swatch, table
from subak.analytics.report.model import (
    Avoidable,
    Concentration,
    Consumer,
    CostLine,
    Mix,
    Origin,
    Package,
    Purpose,
    Report,
    Software,
)
from subak.analytics.report.untold import STATUS_UNKNOWN
from subak.analytics.simulate import Outcome

BANDS = charts.COLOURS - 1
"""Classes that get a colour of their own; the others are 'all others'."""
SHOWN = 15
"""Rows of a long table; the JSON has more."""
REST = "unknown and all others"
UNSAID = ("", STATUS_UNKNOWN)


def keys(report: Report, notes: Notes) -> str:
    """The few figures that everybody asks for first."""
    shown = []
    for name, said in (
        ("requests", "requests"),
        ("downloads_npm_like", "downloads"),
        ("bytes", "sent"),
        ("addresses", "addresses"),
        ("consumers", "consumers"),
        ("packages", "packages"),
    ):
        figure = report.figures.get(name)
        if figure and figure.value is not None:
            value = words.amount(figure.value, figure.unit)
            shown.append(f"<li><strong>{value}</strong><span>{said}{notes.ref(name)}</span></li>")
    if report.bill:
        total = words.money(report.bill.total, report.bill.currency)
        shown.append(f"<li><strong>{safe(total)}</strong><span>by {safe(report.bill.prices)}</span></li>")
    return f'<ul class="keys">{"".join(shown)}</ul>'


def concentration(report: Report, notes: Notes) -> str:
    """Lorenz curves, and the top share of every unit and weight."""
    first = leading(report)
    if first is None:
        return ""
    same = [one for one in report.concentration if one.weight == first.weight and one.n > 1]
    curves = [Curve(PLURAL[one.level], one.lorenz, one.top_share) for one in same]
    dashes = ("", "7 4", "2 3")
    lines = "".join(
        f'<li><svg class="dash" viewBox="0 0 28 10"><path class="curve s{place}" d="M0 5H28" stroke-dasharray='
        f'"{dashes[place % 3]}"/></svg>{safe(curve.name)}</li>'
        for place, curve in enumerate(curves)
    )
    figure = f'<figure>{charts.lorenz(curves, first.weight)}<ul class="legend" aria-hidden="true">{lines}</ul></figure>'
    columns: list[Column[Concentration]] = [
        Column("the heaviest 1 % of", lambda row: f"{words.number(row.n)} {PLURAL[row.level]}"),
        Column("took", lambda row: words.share(row.top_share), "r strong"),
        Column("of", lambda row: safe(row.weight)),
        Column(f"on a day{notes.ref('daily')}", lambda row: words.share(row.daily), "r"),
        Column(f"Gini{notes.ref('gini')}", lambda row: f"{row.gini:.3f}", "r"),
    ]
    told = table(f"Top share{notes.ref('top_share')}, whole window", columns, report.concentration)
    says = (
        f"If all {PLURAL[first.level]} took alike, the curve would be the dotted line. The heaviest hundredth of them, "
        f"{words.number(-(-first.n // 100))} of {words.number(first.n)}, took {words.share(first.top_share)} of the "
        f"{first.weight}. A share is only as good as its unit: in longer windows addresses change hands, "
        "so the figure of a single day stands beside it."
    )
    return section(
        "Few take most",
        says,
        f'<div class="pair">{figure}<div>{told}{_presets(report, notes)}</div></div>',
        id="concentration",
    )


def _presets(report: Report, notes: Notes) -> str:
    """Downloads, by the definitions that registries use."""
    names = [name for name in report.figures if name.startswith("downloads_")]
    columns: list[Column[str]] = [
        Column("counted", lambda name: safe(name.removeprefix("downloads_").replace("_", "-")) + notes.ref(name)),
        Column("downloads", lambda name: words.number(report.figures[name].value), "r strong"),
    ]
    return f"<h3>What is a download?</h3>{table('', columns, names)}" if names else ""


def purposes(report: Report, notes: Notes) -> str:
    """Classes over time, and the table of classes."""
    rows = report.purposes.rows
    if not rows:
        return ""
    colour = colours(report)
    shown = [row for row in rows if colour.get(row.name, BANDS) < BANDS]
    line = report.timeline
    bands = [Series(row.name, line.series[row.name], colour[row.name]) for row in shown if row.name in line.series]
    others = [values for name, values in line.series.items() if name not in {band.name for band in bands}]
    if others:
        bands.append(Series(REST, [sum(at) for at in zip(*others, strict=True)], BANDS))
    figure = ""
    if line.starts:
        named = legend((band.colour, band.name) for band in bands)
        figure = f"<figure>{charts.stacked(bands, line.starts, line.bucket, 'requests')}{named}</figure>"
    top = max((row.share_requests for row in rows), default=1.0) or 1.0
    columns: list[Column[Purpose]] = [
        Column(f"class{notes.ref('purpose')}", lambda row: swatch(colour.get(row.name, BANDS)) + safe(row.name)),
        Column("", lambda row: bar(row.share_requests / top, colour=colour.get(row.name, BANDS)), "b"),
        Column("of requests", lambda row: words.share(row.share_requests), "r strong"),
        Column("of bytes", lambda row: words.share(row.share_bytes), "r"),
        Column("requests", lambda row: words.number(row.requests), "r"),
        Column(f"streams{notes.ref('streams')}", lambda row: words.number(row.streams), "r"),
        Column(f"declared{notes.ref('declared')}", lambda row: words.share(row.declared), "r quiet"),
        Column(f"at most{notes.ref('at_most')}", lambda row: words.share(row.at_most), "r quiet"),
    ]
    says = (
        "What the traffic is for, told from what clients declare, from published networks and from how they behave. "
        "Where the evidence does not suffice the class is <i>unknown</i>, so every share is a range: "
        "at least what declares itself, at most that plus all that stays unknown."
    )
    return section("What it is for", says, figure, "<h3>Classes</h3>" + table("", columns, rows), id="classes")


def colours(report: Report) -> dict[str, int]:
    """The colour of each class: the greatest first; 'unknown' and the small ones share the last."""
    ranked = [row.name for row in report.purposes.rows if row.name != "unknown"]
    return {name: min(place, BANDS) for place, name in enumerate(ranked)} | {"unknown": BANDS}


def consumers(report: Report, notes: Notes) -> str:
    """Who takes most, and how much of it again."""
    found = report.consumers
    rows = found.rows[:SHOWN]
    if not rows:
        return ""
    by_bytes = any(row.bytes for row in rows)
    top = max((row.bytes or 0) if by_bytes else row.requests for row in rows) or 1
    currency = report.bill.currency if report.bill else ""

    def drawn(row: Consumer) -> str:
        whole, again = (row.bytes, row.avoidable_bytes) if by_bytes else (row.requests, row.avoidable_requests)
        return bar((whole or 0) / top, (again or 0) / top)

    columns: list[Column[Consumer]] = [
        Column(f"consumer{notes.ref('consumers')}", _identity),
        Column("class", lambda row: safe(row.purpose), "id"),
        Column("network", lambda row: safe(row.provider or words.NOTHING), "id"),
        Column("addresses", lambda row: words.number(row.addresses), "r"),
        Column("", drawn, "b"),
        Column("bytes", lambda row: words.size(row.bytes), "r"),
        Column("of requests", lambda row: words.share(row.share_requests), "r"),
        Column(f"avoidable{notes.ref('avoidable_bytes')}", lambda row: words.size(row.avoidable_bytes), "r strong"),
        Column(f"repeats{notes.ref('repeat_factor')}", lambda row: words.factor(row.repeat_factor), "r"),
    ]
    if any(row.cost is not None for row in rows):
        columns.append(Column("cost", lambda row: safe(words.money(row.cost, currency)), "r"))
    if any(row.shadow_share for row in rows):
        head = f"past its proxy{notes.ref('shadow_share')}"
        columns.append(Column(head, lambda row: words.share(row.shadow_share), "r"))
    says = (
        f"The {len(rows)} heaviest of {words.number(found.n)}. The dark part of each bar is what the same consumer had "
        "been sent before. Names are pseudonyms unless the operator gave one; "
        f"the letter behind it is the grade of that identity{notes.ref('grade')}."
    )
    return section("The heaviest consumers", says, table("", columns, rows), id="consumers")


def _identity(row: Consumer) -> str:
    return f'{safe(row.name)} <span class="quiet">{safe(row.grade)}</span>'


def avoidable(report: Report, notes: Notes) -> str:
    """What a cache at each address, network or consumer would have spared."""
    if not report.avoidable:
        return ""
    ideal = [row for row in report.avoidable if row.cache == "ideal"]
    currency = report.bill.currency if report.bill else ""

    def told(row: Avoidable) -> str:
        amount = words.size(row.bytes) if row.share_bytes is not None else f"{words.number(row.requests)} requests"
        return f"{amount}, {words.money(row.cost, currency)}" if row.cost is not None else amount

    unit = "bytes" if any(row.share_bytes is not None for row in ideal) else "requests"
    bars = [
        Waste(
            f"a cache at each {row.level}",
            row.share_bytes if row.share_bytes is not None else row.share_requests,
            told(row),
        )
        for row in ideal
    ]
    figure = f"<figure>{charts.waste(bars, unit, 'waste')}<figcaption>Full length: all {unit}.</figcaption></figure>"
    columns: list[Column[Avoidable]] = [
        Column("a cache at each", lambda row: safe(row.level)),
        Column("of size", lambda row: safe(row.cache)),
        Column(f"requests{notes.ref('avoidable_files')}", lambda row: words.number(row.requests), "r"),
        Column("of requests", lambda row: words.share(row.share_requests), "r"),
        Column("bytes", lambda row: words.size(row.bytes), "r"),
        Column("of bytes", lambda row: words.share(row.share_bytes), "r strong"),
        Column("and of documents", lambda row: words.size(row.document_bytes), "r quiet"),
    ]
    if any(row.cost is not None for row in report.avoidable):
        columns.append(Column(f"cost{notes.ref('marginal')}", lambda row: safe(words.money(row.cost, currency)), "r"))
    says = (
        "A released file never changes. Whoever is sent it a second time could have kept it. This is what an ideal "
        "cache would have spared, placed at each address, each network or each consumer. Documents change: what of "
        "them was asked for again while it was fresh is told apart, and not in the bars."
    )
    shown = f'<div class="pair">{figure}{_habits(report, notes)}</div>'
    rows = table("", columns, report.avoidable)
    return section("What need not have been asked for again", says, shown, "<h3>In figures</h3>", rows, id="avoidable")


def _habits(report: Report, notes: Notes) -> str:
    lines = []
    for name, title in (
        ("conditional_share", "documents asked for with a condition, and unchanged"),
        ("metadata_ratio", "requests for documents for each download"),
        ("shadow_share.consumer", "of the downloads of consumers that run a proxy go past it"),
        ("repeat_factor.consumer", "downloads of each file by the same consumer, on average"),
    ):
        figure = report.figures.get(name)
        if figure and figure.value is not None:
            mark = notes.ref(name.partition(".")[0])
            lines.append(f"<dt>{words.amount(figure.value, figure.unit)}</dt><dd>{title}{mark}</dd>")
    return f'<dl class="facts habits">{"".join(lines)}</dl>' if lines else ""


def cost(report: Report, notes: Notes) -> str:
    """The bill by class: average and marginal."""
    bill = report.bill
    if bill is None:
        return ""
    top = max((line.share for line in bill.parts), default=1.0) or 1.0
    columns: list[Column[CostLine]] = [
        Column("class", lambda row: safe(row.name or "shared or unknown")),
        Column("", lambda row: bar(row.share / top), "b"),
        Column("of the bill", lambda row: words.share(row.share), "r"),
        Column(f"average{notes.ref('average')}", lambda row: words.money(row.average), "r strong"),
        Column(f"marginal{notes.ref('marginal')}", lambda row: words.money(row.marginal), "r"),
    ]
    foot = ("the bill", "", "", words.money(bill.total), "")
    by = [line for line in bill.positions if line.average]
    positions = ", ".join(f"{line.name} {words.money(line.average, bill.currency)}" for line in by)
    says = (
        f"By {safe(bill.prices)}, in {safe(bill.currency)}: {safe(positions)}. Averages share the bill pro rata "
        "and sum to it; marginal is what the bill would drop by if this class alone had stayed away. "
        f"The list covers: {safe(bill.scope)}."
    )
    return section("What it costs", says, table("", columns, bill.parts, foot), id="cost")


def origins(report: Report, notes: Notes) -> str:
    """Providers and kinds of network: shares of addresses against shares of downloads."""
    parts = []
    for title, found in (("By provider", report.providers), ("By kind of network", report.origins)):
        known = [row for row in found.rows if row.name]
        if not known:
            continue
        rows = found.rows[:SHOWN]
        top = max(max(row.share_addresses, row.share_downloads) for row in rows) or 1.0
        parts.append(f"<div><h3>{title}</h3>{table('', _origin_columns(top, notes), rows)}</div>")
    says = (
        f"{swatch(8)}share of the addresses, {swatch(0)}share of the downloads. Their ratio is the amplification"
        f"{notes.ref('amplification')}: above 1, fewer addresses take more. A cloud's network says whose machines "
        "they are, not who rents them."
    )
    return section(
        "Where it comes from", says, f'<div class="pair">{"".join(parts)}</div>' if parts else "", id="origins"
    )


def _origin_columns(top: float, notes: Notes) -> list[Column[Origin]]:
    return [
        Column("network", lambda row: safe(row.name or "unknown")),
        Column("", lambda row: charts.twin(row.share_addresses / top, row.share_downloads / top), "b"),
        Column("of addresses", lambda row: words.share(row.share_addresses), "r"),
        Column("of downloads", lambda row: words.share(row.share_downloads), "r strong"),
        Column("ratio", lambda row: words.factor(row.amplification), "r"),
    ]


def ecosystems(report: Report, notes: Notes) -> str:
    """The mix of ecosystems, and of installers."""
    rows = report.ecosystems.rows
    if not rows:
        return ""
    parts = [(row.name or "unknown", row.share_requests, min(place, BANDS)) for place, row in enumerate(rows)]
    columns: list[Column[Mix]] = [
        Column("ecosystem", lambda row: swatch(min(rows.index(row), BANDS)) + safe(row.name or "unknown")),
        Column("of requests", lambda row: words.share(row.share_requests), "r strong"),
        Column("downloads", lambda row: words.number(row.downloads), "r"),
        Column("bytes", lambda row: words.size(row.bytes), "r"),
    ]
    programs = report.software.rows[:SHOWN]
    top = max((row.share_downloads or 0 for row in programs), default=1.0) or 1.0
    software: list[Column[Software]] = [
        Column("program", lambda row: safe(row.name or "unknown")),
        Column("kind", lambda row: safe(row.kind)),
        Column("", lambda row: bar((row.share_downloads or 0) / top), "b"),
        Column("of downloads", lambda row: words.share(row.share_downloads), "r strong"),
        Column("requests", lambda row: words.number(row.requests), "r"),
    ]
    figure = f"<figure>{charts.strip(parts, 'Requests by ecosystem')}</figure>"
    left = f"<div><h3>Ecosystems</h3>{table('', columns, rows)}</div>"
    right = f"<div><h3>Installers and other programs</h3>{table('', software, programs)}</div>" if programs else ""
    says = "Which registries' paths were asked for, and by which programs, as their agents say."
    return section("What is asked for", says, figure, f'<div class="pair">{left}{right}</div>', id="ecosystems")


def packages(report: Report, notes: Notes) -> str:
    """The most downloaded packages that enough consumers share."""
    found = report.packages
    rows = found.rows[:SHOWN]
    if not rows:
        return ""
    top = max((row.share_downloads or 0 for row in rows), default=1.0) or 1.0
    columns: list[Column[Package]] = [
        Column("package", lambda row: f"<code>{safe(row.name)}</code>", "wrap"),
        Column("", lambda row: bar((row.share_downloads or 0) / top), "b"),
        Column("downloads", lambda row: words.number(row.downloads), "r strong"),
        Column("bytes", lambda row: words.size(row.bytes), "r"),
        Column("avoidable", lambda row: words.size(row.avoidable_bytes), "r"),
        Column("consumers", lambda row: words.number(row.consumers), "r"),
    ]
    left = f" {words.number(found.withheld)} are left out, as fewer than {report.meta.k} consumers asked for each."
    says = f"The {len(rows)} most downloaded of {words.number(found.n)}.{left if found.withheld else ''}"
    return section("The packages", says, table("", columns, rows), id="packages")


def simulations(report: Report, notes: Notes) -> str:
    """Limits that were tried."""
    if not report.simulations:
        return ""

    def hit(row: Outcome) -> str:
        ranked = [one for one in row.purposes if one.refused][:3]
        return (
            safe(", ".join(f"{one.name or 'unknown'} {words.number(one.refused)}" for one in ranked)) or words.NOTHING
        )

    columns: list[Column[Outcome]] = [
        Column("limit", lambda row: safe(f"{row.name}: {row.rule}" if row.name else row.rule), "wrap"),
        Column("hits", lambda row: f"{words.number(row.units_hit)} of {words.number(row.units)}", "r"),
        Column("refuses", lambda row: words.number(row.refused), "r"),
        Column("of all requests", lambda row: words.share(_of(row.refused, row.total_requests)), "r strong"),
        Column("of all bytes", lambda row: words.share(_of(row.refused_bytes, row.total_bytes)), "r"),
        Column(
            f"people's tools{notes.ref('dev_streams')}", lambda row: words.number(row.people.dev_streams), "r strong"
        ),
        Column(f"bystanders{notes.ref('bystanders')}", lambda row: words.number(row.people.bystanders), "r"),
        Column("mostly of", hit),
    ]
    says = (
        "Each limit was run over this traffic as it came, as if nobody had changed their ways: "
        "whom it is about, not a forecast."
    )
    return section("Limits, tried on this traffic", says, table("", columns, report.simulations), id="limits")


def _of(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def statuses(report: Report, notes: Notes) -> str:
    """How requests ended, and what caches in front said."""
    parts = []
    for title, found in (("Status", report.statuses), ("What the cache in front said", report.caches)):
        rows = [row for row in found.rows if row.name not in UNSAID] and found.rows[:SHOWN]
        if rows:
            columns: list[Column[Mix]] = [
                Column("", lambda row: "unknown" if row.name in UNSAID else safe(row.name)),
                Column("", lambda row: bar(row.share_requests), "b"),
                Column("of requests", lambda row: words.share(row.share_requests), "r strong"),
                Column("requests", lambda row: words.number(row.requests), "r"),
            ]
            parts.append(f"<div><h3>{title}</h3>{table('', columns, rows)}</div>")
    says = "As the logs tell."
    return section(
        "How it was answered", says, f'<div class="pair">{"".join(parts)}</div>' if parts else "", id="answers"
    )


def unknown(report: Report) -> str:
    """What the reader must know before believing any figure."""
    return (
        f'<div class="note"><p><b>What these logs do not tell</b></p>{items(report.meta.unknown)}</div>'
        if (report.meta.unknown)
        else ""
    )
