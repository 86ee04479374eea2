"""How commands talk: tables and colours to a terminal, plain text to a pipe, JSON when asked."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, Literal

from subak.errors import SubakError

MARKS = {"ok": ("ok", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red")}


def complain(error: SubakError) -> None:
    """Tell what went wrong and what to do, on standard error."""
    print(f"error: {error.detail}", file=sys.stderr)
    if error.fix:
        print(f"fix: {error.fix}", file=sys.stderr)


def note(text: str) -> None:
    """A remark beside the output proper, on standard error."""
    print(f"subak: {text}", file=sys.stderr)


def as_json(data: Any) -> None:
    """Print data for programs."""
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def pretty() -> bool:
    """Is a person looking?"""
    return sys.stdout.isatty()


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: int = 0,
    expendable: Sequence[str] = (),
) -> None:
    """Print rows; the last `numbers` columns are set to the right. Where a terminal is too narrow, `expendable` columns
    are left out, those without anything in them first. Piped: tab-separated, every column, with a heading line."""
    if not pretty():
        print("\t".join(columns))
        for row in rows:
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    places = fitting(columns, rows, console.width, expendable)
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for place in places:
        right = place >= len(columns) - numbers
        justify: Literal["left", "right"] = "right" if right else "left"
        drawn.add_column(columns[place], justify=justify, overflow="fold", no_wrap=right)
    for row in rows:
        drawn.add_row(*(Text(row[place]) for place in places))
    console.print(drawn)


NAME = 32
"""Letters after which a name may be folded."""


def fitting(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int, expendable: Sequence[str]
) -> tuple[int, ...]:
    """The places of the columns that fit side by side, two blanks apart."""
    cells = {column: [row[place] for row in rows] for place, column in enumerate(columns)}
    needs = {column: max(map(len, (column, *cells[column]))) + 2 for column in columns}
    needs[columns[0]] = min(needs[columns[0]], NAME + 2)
    empty = [column for column in expendable if set(cells[column]) <= {"0", "-"}]
    leaving = [*empty, *(column for column in expendable if column not in empty)]
    kept = list(columns)
    while leaving and sum(needs[column] for column in kept) - 2 > width:
        kept.remove(leaving.pop(0))
    return tuple(columns.index(column) for column in kept)


def marked(state: str, name: str, text: str, fix: str, *, width: int = 20) -> None:
    """One finding with its state, and below it what to do. `width` is the room for names."""
    mark, style = MARKS[state]
    if not pretty():
        print(f"{mark}\t{name}\t{text}" + (f"\t{fix}" if fix else ""))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    indent = " " * (6 + width)
    room = max(20, console.width - len(indent))
    first, *rest = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
    console.print(Text.assemble((f"{mark:<5} ", style), (f"{name:<{width}}", "bold"), first), soft_wrap=True)
    for line in rest:
        console.print(Text(indent + line), soft_wrap=True)
    if fix:
        # Never wrapped: a line to type has to be copied in one piece.
        console.print(Text(indent + fix, style="cyan"), soft_wrap=True)


def heading(text: str) -> None:
    """A line above what follows."""
    if not pretty():
        print(text)
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False).print(Text(text, style="bold"))
