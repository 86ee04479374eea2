"""Pieces of the page: tables, legends, footnotes. Whatever is text is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from subak.analytics.report.charts import safe
from subak.analytics.report.model import Definition
from subak.analytics.report.names import NAMES
from subak.analytics.report.words import NOTHING

Row = TypeVar("Row")
UNKNOWN = ("", NOTHING)
"""Cells that say nothing."""


@dataclass(slots=True)
class Notes:
    """Definitions as footnotes, numbered in the order in which the page needs them."""

    known: Mapping[str, Definition]
    used: list[str] = field(default_factory=list)

    def ref(self, name: str) -> str:
        """The mark of a definition, '' if there is none of that name."""
        if name not in self.known and name not in NAMES:
            return ""
        if name not in self.used:
            self.used.append(name)
        number = self.used.index(name) + 1
        return f'<sup><a href="#d{number}" aria-label="definition {number}">{number}</a></sup>'

    def listed(self) -> str:
        """All definitions that were referred to."""
        items = []
        for number, name in enumerate(self.used, 1):
            title = NAMES[name].title if name in NAMES else name.replace("_", " ")
            definition = self.known.get(name)
            text = definition.text if definition else NAMES[name].meaning
            version = f" (definition {definition.version})" if definition and definition.version > 1 else ""
            items.append(f'<li id="d{number}"><b>{safe(title)}</b>{version}: {safe(text)}</li>')
        return f'<ol class="foot">{"".join(items)}</ol>' if items else ""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its heading (HTML), and the HTML of a cell."""

    head: str
    cell: Callable[[Row], str]
    kind: str = ""
    """Classes: 'r' to the right, 'b' for bars, 'wrap' for long names; the first column heads its row."""


def table(caption: str, columns: Sequence[Column[Row]], rows: Iterable[Row], foot: Sequence[str] = ()) -> str:
    """Rows as HTML; `caption`, headings, cells and `foot` are HTML already. A wide table scrolls by itself.

    A column of which no row knows anything is left out; why it does not is told at the top of the page.
    """
    cells = [[column.cell(row) for column in columns] for row in rows]
    kept = [n for n in range(len(columns)) if n == 0 or not cells or any(row[n] not in UNKNOWN for row in cells)]
    head = "".join(f'<th scope="col"{_kind(columns[n].kind)}>{columns[n].head}</th>' for n in kept)
    body = "".join(f"<tr>{''.join(_cell(row[n], columns[n].kind, n) for n in kept)}</tr>" for row in cells)
    last = "".join(_cell(foot[n], columns[n].kind, n) for n in kept) if foot else ""
    told = f"<caption>{caption}</caption>" if caption else ""
    foot_rows = f"<tfoot><tr>{last}</tr></tfoot>" if last else ""
    return (
        f'<div class="scroll" tabindex="0" role="group"><table>{told}<thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody>{foot_rows}</table></div>"
    )


def _cell(inside: str, kind: str, place: int) -> str:
    return f"<td{_kind(kind)}>{inside}</td>" if place else f'<th scope="row"{_kind(kind)}>{inside}</th>'


def _kind(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def swatch(colour: int) -> str:
    """A little square in the colour of a series."""
    return (
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect class="c{colour}" width="10" height="10"/></svg>'
    )


def legend(entries: Iterable[tuple[int, str]]) -> str:
    """What colours mean: (colour, name)."""
    items = "".join(f"<li>{swatch(colour)}{safe(name)}</li>" for colour, name in entries)
    return f'<ul class="legend" aria-hidden="true">{items}</ul>'


def section(title: str, says: str, *inside: str, id: str) -> str:
    """A part of the page: a heading, what it says in a sentence (HTML), and what shows it."""
    shown = "".join(inside)
    return f'<section id="{id}"><h2>{safe(title)}</h2><p class="says">{says}</p>{shown}</section>\n' if shown else ""


def items(lines: Iterable[str]) -> str:
    """A list of sentences that are text."""
    told = "".join(f"<li>{safe(line)}</li>" for line in lines)
    return f'<ul class="plain">{told}</ul>' if told else ""
