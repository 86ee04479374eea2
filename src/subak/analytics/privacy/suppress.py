"""Which cells of a table may be published: enough clients, none that dominates, and none that subtraction reveals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

FEWEST: Final = 20
"""Clients behind a published cell (research, section 6)."""
DOMINANT: Final = 0.8
"""Part of a published cell that one client may have, unless it is an organisation that agreed to be named."""

Reason: TypeAlias = Literal["", "few", "dominated", "complement"]
"""Why a cell is withheld; '' if it is published. `complement`: its neighbour could be told from it and the total."""

FEW_SQL: Final = f"{{clients}} < {FEWEST}"
DOMINATED_SQL: Final = f"{{largest}} > {DOMINANT} * {{weight}}"
"""The same rules for tables in an engine; fill in the names of columns with `str.format`."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table and who is behind it."""

    key: tuple[str, ...]
    """Where it stands, one value for each dimension."""
    clients: int
    weight: float
    """What is published: requests or bytes, >= 0."""
    largest: float
    """Of that, the most that one client has."""
    consents: bool = False
    """It is the cell of one organisation that agreed to be named."""


def judge(cell: Cell) -> Reason:
    """What a cell is withheld for, by itself. Nothing at all may be published: it is about nobody."""
    if cell.consents or (cell.clients == 0 and cell.weight == 0):
        return ""
    if cell.clients < FEWEST:
        return "few"
    return "dominated" if cell.largest > DOMINANT * cell.weight else ""


def withhold(cells: Sequence[Cell], margins: Iterable[Sequence[int]] = ((),)) -> list[Reason]:
    """One reason a cell, '' for those that may be published together with the sums named by `margins`.

    Each margin names the dimensions that a published sum keeps: `()` the grand total, `(0,)` sums over all but the
    first. In each sum, what is withheld must be at least two cells that together pass the rules themselves, otherwise
    the sum minus the published cells tells them; until then the smallest further cell is withheld too.
    A sum where everything is withheld must itself be judged before it is published.
    """
    reasons = [judge(cell) for cell in cells]
    lines = [line for margin in margins for line in _lines(cells, margin)]
    changed = True
    while changed:
        changed = False
        for line in lines:
            changed |= _complete(cells, reasons, line)
    return reasons


def _lines(cells: Sequence[Cell], margin: Sequence[int]) -> list[list[int]]:
    """The cells that add up to each published sum."""
    lines: dict[tuple[str, ...], list[int]] = {}
    for number, cell in enumerate(cells):
        lines.setdefault(tuple(cell.key[place] for place in margin), []).append(number)
    return list(lines.values())


def _complete(cells: Sequence[Cell], reasons: list[Reason], line: list[int]) -> bool:
    """Withhold as many more as it takes; were there any?"""
    hidden = [number for number in line if reasons[number]]
    if not hidden:
        return False
    shown = [number for number in line if not reasons[number] and cells[number].clients]
    shown.sort(key=lambda number: (cells[number].weight, cells[number].clients, cells[number].key), reverse=True)
    changed = False
    while shown and not _safe([cells[number] for number in hidden]):
        number = shown.pop()
        reasons[number] = "complement"
        hidden.append(number)
        changed = True
    return changed


def _safe(hidden: Sequence[Cell]) -> bool:
    """May their sum be known? Clients are counted as if all were different, so at least two cells are asked for."""
    together = Cell(
        (),
        sum(cell.clients for cell in hidden),
        sum(cell.weight for cell in hidden),
        max(cell.largest for cell in hidden),
    )
    return len(hidden) > 1 and not judge(together)
