"""How commands talk: tables and colours to a terminal, plain text to a pipe, JSON when asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

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


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: int = 0) -> None:
    """Print rows; the last `numbers` columns are set to the right. Piped: tab-separated, with a heading line."""
    if not pretty():
        print("\t".join(columns))
        for row in rows:
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for place, column in enumerate(columns):
        right = place >= len(columns) - numbers
        drawn.add_column(column, justify="right" if right else "left", overflow="fold", no_wrap=right)
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    Console().print(drawn)


def marked(state: str, name: str, text: str, fix: str) -> None:
    """One finding with its state, and below it what to do."""
    mark, style = MARKS[state]
    if not pretty():
        print(f"{mark}\t{name}\t{text}" + (f"\t{fix}" if fix else ""))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text.assemble((f"{mark:<5}", style), (f"{name:<20}", "bold"), text))
    if fix:
        # Never wrapped: a line to type has to be copied in one piece.
        console.print(Text(f"{'':<25}{fix}", style="cyan"), soft_wrap=True)


def heading(text: str) -> None:
    """A line above what follows."""
    if not pretty():
        print(text)
        return
    from rich.console import Console
    from rich.text import Text

    Console(highlight=False).print(Text(text, style="bold"))
