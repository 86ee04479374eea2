"""Charts as SVG text: drawn here, from numbers alone; everything that is text is escaped.

Colours are classes of the page's style sheet (`c0` … `c8`), so that light, dark and paper each have their own.
A chart says what it shows in its title and description; the table beside it says the same in figures.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from subak.analytics.report import words

COLOURS = 9
"""How many the style sheet has; the last one is for what is left."""

Point = tuple[float, float]


def safe(text: str) -> str:
    """Text of anybody, for HTML and SVG."""
    return escape(words.shown(text))


def path(points: Iterable[Point]) -> str:
    """A line through points, as an SVG path."""
    told = [f"{x:.2f} {y:.2f}" for x, y in points]
    return "M" + "L".join(told) if told else ""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a plot lies in its drawing, and the range of data it shows; y grows upwards."""

    left: float
    top: float
    width: float
    height: float
    x: Point = (0.0, 1.0)
    y: Point = (0.0, 1.0)

    def at(self, x: float, y: float) -> Point:
        """The place of a datum."""
        (x0, x1), (y0, y1) = self.x, self.y
        return (
            self.left + self.width * (x - x0) / ((x1 - x0) or 1.0),
            self.top + self.height * (1 - (y - y0) / ((y1 - y0) or 1.0)),
        )


def drawing(name: str, title: str, about: str, width: int, height: int, inside: str) -> str:
    """One SVG picture that a screen reader can tell."""
    return (
        f'<svg class="chart {name}" role="img" aria-labelledby="{name}-t {name}-d" viewBox="0 0 {width} {height}" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-t">{safe(title)}</title>'
        f'<desc id="{name}-d">{safe(about)}</desc>{inside}</svg>'
    )


def label(x: float, y: float, text: str, *, anchor: str = "start", kind: str = "") -> str:
    """Words in a drawing."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{safe(text)}</text>'


@dataclass(frozen=True, slots=True)
class Curve:
    """One Lorenz curve: (share of units, lightest first; share of what they took)."""

    name: str
    points: Sequence[Point]
    top_share: float


def lorenz(curves: Sequence[Curve], weight: str) -> str:
    """Lorenz curves in one square; the first is filled, and what its top hundredth took is marked at the right."""
    box = Box(52, 14, 380, 380)
    x0, y0 = box.at(0, 0)
    x1, y1 = box.at(1, 1)
    parts = [f'<rect class="plot" x="{x0}" y="{y1}" width="{box.width}" height="{box.height}"/>']
    for tick in (0.25, 0.5, 0.75):
        across, up = box.at(tick, 0), box.at(0, tick)
        parts.append(f'<path class="grid" d="{path([across, box.at(tick, 1)])}{path([up, box.at(1, tick)])}"/>')
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(label(box.at(tick, 0)[0], y0 + 18, f"{tick:.0%}", anchor="middle", kind="tick"))
        parts.append(label(x0 - 8, box.at(0, tick)[1] + 4, f"{tick:.0%}", anchor="end", kind="tick"))
    parts.append(f'<path class="even" d="{path([(x0, y0), (x1, y1)])}"/>')
    for place, curve in reversed(list(enumerate(curves))):
        line = path(box.at(*point) for point in curve.points)
        if place == 0:
            parts.append(f'<path class="area c0" d="{line}L{x1:.2f} {y0:.2f}Z"/>')
        parts.append(f'<path class="curve s{place}" d="{line}"><title>{safe(curve.name)}</title></path>')
    parts.append(label((x0 + x1) / 2, y0 + 38, "share of them, lightest first", anchor="middle", kind="axis"))
    for curve in curves[:1]:
        below = box.at(1, 1 - curve.top_share)[1]
        parts.append(f'<path class="mark" d="M{x1 + 6:.1f} {y1:.1f}h7V{below:.1f}h-7"/>')
        middle = (y1 + below) / 2
        parts.append(label(x1 + 22, middle - 4, words.share(curve.top_share), kind="big"))
        parts.append(label(x1 + 22, middle + 15, f"of the {weight}:", kind="note"))
        parts.append(label(x1 + 22, middle + 32, "the heaviest 1 %", kind="note"))
        parts.append(label(x1 + 22, middle + 49, f"of the {curve.name}", kind="note"))
    told = "; ".join(f"{curve.name}: the heaviest 1 % took {words.share(curve.top_share)}" for curve in curves)
    about = f"The further a curve sags below the diagonal, the more unevenly the {weight} are shared out. {told}."
    return drawing("lorenz", f"Lorenz curve of {weight}", about, 580, 440, "".join(parts))


@dataclass(frozen=True, slots=True)
class Series:
    """One band of a stacked chart."""

    name: str
    values: Sequence[float]
    colour: int


def stacked(series: Sequence[Series], starts: Sequence[float], bucket: int, unit: str) -> str:
    """Bands on top of each other over time, the first at the bottom."""
    totals = [sum(values) for values in zip(*(s.values for s in series), strict=True)]
    top = ceiling(max(totals, default=0.0))
    last = max(len(starts) - 1, 1)
    box = Box(64, 12, 800, 300, (0, last), (0, top))
    x0, y0 = box.at(0, 0)
    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = box.at(0, tick * top)[1]
        parts.append(f'<path class="grid" d="{path([(x0, y), (x0 + box.width, y)])}"/>')
        parts.append(label(x0 - 8, y + 4, short(tick * top), anchor="end", kind="tick"))
    floor = [0.0] * len(starts)
    for one in series:
        ceil = [low + value for low, value in zip(floor, one.values, strict=True)]
        upper = [box.at(place, value) for place, value in _wide(ceil)]
        lower = [box.at(place, value) for place, value in _wide(floor)]
        shape = path([*upper, *reversed(lower)])
        about = f"{one.name}: {words.number(sum(one.values))} {unit}"
        parts.append(f'<path class="band c{one.colour}" d="{shape}Z"><title>{safe(about)}</title></path>')
        floor = ceil
    for place, text in _dates(starts, bucket):
        x = box.at(place, 0)[0]
        parts.append(f'<path class="tickline" d="M{x:.1f} {y0:.1f}v5"/>{label(x, y0 + 20, text, kind="tick date")}')
    every = words.span(bucket).removeprefix("1 ")
    names = ", ".join(one.name for one in series)
    peak = words.number(max(totals, default=0))
    about = f"Stacked areas, from the bottom: {names}. At most {peak} {unit} in one {every}."
    return drawing("time", f"Requests by class, each {every}", about, 880, int(box.height) + 44, "".join(parts))


def _wide(values: Sequence[float]) -> list[Point]:
    """Points from the left edge to the right one: a single value becomes a level line."""
    return [(0, values[0]), (1, values[0])] if len(values) == 1 else list(enumerate(values))


def ceiling(value: float) -> float:
    """The next round number that divides well by four."""
    if value <= 4:
        return 4.0
    step = 10.0 ** int(log10(value))
    return next(step * m for m in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10) if step * m >= value)


def short(value: float) -> str:
    """12000 → '12 k', for the ticks of an axis."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{value:.0f}"


def _dates(starts: Sequence[float], bucket: int) -> list[tuple[int, str]]:
    """Where on the time axis something is written, at most nine times: midnights, else hours."""
    if not starts:
        return []
    midnights = [place for place, at in enumerate(starts) if at % 86400 == 0]
    if bucket < 86400 and len(midnights) < 3:
        step = -(-len(starts) // 8)
        return [(place, time.strftime("%H:%M", time.gmtime(starts[place]))) for place in range(0, len(starts), step)]
    step = -(-len(midnights) // 9)
    # The last place is left out if its text would run over the edge.
    kept = [place for place in midnights[::step] if place <= 0.95 * (len(starts) - 1) or len(starts) == 1]
    return [(place, time.strftime("%a %d %b", time.gmtime(starts[place]))) for place in kept]


@dataclass(frozen=True, slots=True)
class Waste:
    """What an ideal cache at one level would have spared of the whole."""

    name: str
    share: float
    told: str


def waste(rows: Sequence[Waste], unit: str, name: str) -> str:
    """Bars of equal length, the whole each; filled is what need not have been asked for again."""
    step, left, width = 58, 4, 560
    parts: list[str] = []
    for place, row in enumerate(rows):
        y = 20 + place * step
        long = width * min(1.0, max(0.0, row.share))
        parts.append(label(left, y - 6, row.name, kind="barname"))
        parts.append(label(left + width, y - 6, row.told, anchor="end", kind="bartold"))
        parts.append(f'<rect class="whole" x="{left}" y="{y}" width="{width}" height="22" rx="2"/>')
        parts.append(f'<rect class="part" x="{left}" y="{y}" width="{long:.1f}" height="22" rx="2"/>')
        inside = long > 70
        x = left + long + (-8 if inside else 8)
        kind = "inbar" if inside else "outbar"
        parts.append(label(x, y + 16, words.share(row.share), anchor="end" if inside else "start", kind=kind))
    told = "; ".join(f"{row.name}: {words.share(row.share)}" for row in rows)
    about = f"Share of all {unit} that an ideal cache would have spared. {told}."
    height = 20 + step * len(rows) - 24
    return drawing(name, f"Avoidable {unit}", about, width + 2 * left, height, "".join(parts))


def bar(value: float, second: float | None = None, *, colour: int = 0) -> str:
    """A bar in the cell of a table, 0 … 1 of its width; with `second`, that part of it is drawn darker.

    Not told to screen readers: the figure stands in the next cell.
    """
    parts = [f'<rect class="c{colour}{" pale" if second is not None else ""}" width="{_percent(value)}" height="10"/>']
    if second is not None:
        parts.append(f'<rect class="c{colour}" width="{_percent(second)}" height="10"/>')
    return f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'


def twin(upper: float, lower: float) -> str:
    """Two bars to be compared, 0 … 1 each."""
    return (
        '<svg class="bar twin" viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="c8" width="{_percent(upper)}" height="6"/>'
        f'<rect class="c0" y="9" width="{_percent(lower)}" height="6"/></svg>'
    )


def strip(parts: Sequence[tuple[str, float, int]], about: str) -> str:
    """One bar cut into coloured shares: (name, share, colour)."""
    edges = list(itertools.accumulate((share for _, share, _ in parts), initial=0.0))
    drawn = "".join(
        f'<rect class="band c{colour}" x="{1000 * start:.2f}" width="{1000 * share:.2f}" height="34">'
        f"<title>{safe(name)}: {words.share(share)}</title></rect>"
        for (name, share, colour), start in zip(parts, edges, strict=False)
    )
    told = "; ".join(f"{name} {words.share(share)}" for name, share, _ in parts)
    return (
        f'<svg class="strip" role="img" viewBox="0 0 1000 34" preserveAspectRatio="none">'
        f"<title>{safe(about)}</title><desc>{safe(told)}</desc>{drawn}</svg>"
    )


def _percent(value: float) -> str:
    return f"{100 * min(1.0, max(0.0, value)):.2f}"
