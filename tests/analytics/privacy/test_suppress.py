"""Withheld cells stay unknown, also to who subtracts."""

from __future__ import annotations

import random

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.metrics import table
from subak.analytics.privacy.suppress import DOMINATED_SQL, FEW_SQL, FEWEST, Cell, Reason, judge, withhold


@pytest.mark.parametrize(
    ("clients", "weight", "largest", "consents", "reason"),
    [
        (20, 100, 80, False, ""),
        (20, 100, 80.1, False, "dominated"),
        (19, 100, 1, False, "few"),
        (1, 100, 100, True, ""),
        (0, 0, 0, False, ""),
        (0, 5, 0, False, "few"),
    ],
)
def test_the_two_rules(clients: int, weight: float, largest: float, consents: bool, reason: Reason) -> None:
    assert judge(Cell(("x",), clients, weight, largest, consents)) == reason
    if not consents and (clients or weight):
        few, dominated = (
            rule.format(clients=clients, weight=weight, largest=largest) for rule in (FEW_SQL, DOMINATED_SQL)
        )
        sql = f"SELECT CASE WHEN {few} THEN 'few' WHEN {dominated} THEN 'dominated' ELSE '' END"
        with duckdb.connect() as engine:
            assert engine.execute(sql).fetchall() == [(reason,)]


def test_tables_ask_for_as_many_clients() -> None:
    assert table.FEWEST == FEWEST


def many(key: str, weight: float = 1000) -> Cell:
    return Cell((key,), 50, weight, weight / 10)


def test_one_small_cell_takes_the_smallest_other_with_it() -> None:
    cells = [many("a", 500), many("b", 300), Cell(("c",), 3, 10, 5), many("d", 400)]
    assert withhold(cells) == ["", "complement", "few", ""]
    assert withhold(cells, margins=()) == ["", "", "few", ""]


def test_small_cells_that_are_many_together_cover_each_other() -> None:
    assert withhold([many("a"), *(Cell((f"s{n}",), 11, 10, 2) for n in range(2))]) == ["", "few", "few"]
    assert withhold([many("a"), *(Cell((f"s{n}",), 5, 10, 2) for n in range(2))]) == ["complement", "few", "few"]


def test_a_dominating_client_is_covered_until_it_dominates_no_more() -> None:
    cells = [Cell(("big",), 50, 1000, 990), many("a", 100), many("b", 110), many("c", 90)]
    assert withhold(cells) == ["dominated", "complement", "complement", "complement"]
    cells.append(many("d", 400))
    assert withhold(cells) == ["dominated", "complement", "complement", "complement", ""]


def test_rows_and_columns_cover_each_other() -> None:
    cells = [Cell((row, column), 50, 100, 10) for row in "abc" for column in "xyz"]
    cells[4] = Cell(("b", "y"), 2, 3, 2)
    reasons = withhold(cells, margins=((0,), (1,)))
    for place in (0, 1):
        for value in {cell.key[place] for cell in cells}:
            line = [r for cell, r in zip(cells, reasons, strict=True) if cell.key[place] == value]
            assert sum(map(bool, line)) != 1
    assert 4 <= sum(map(bool, reasons)) < 9


def test_empty_cells_hide_nobody() -> None:
    cells = [Cell(("none",), 0, 0, 0), many("a"), Cell(("small",), 2, 3, 2)]
    assert withhold(cells) == ["", "complement", "few"]


def cell(row: str, column: str, clients: int, weight: int, part: float) -> Cell:
    return Cell((row, column), clients, weight, weight * part) if clients else Cell((row, column), 0, 0, 0)


cells_ = st.lists(
    st.builds(
        cell,
        st.sampled_from("ab"),
        st.sampled_from("xyz"),
        st.integers(0, 60),
        st.integers(0, 1000),
        st.floats(0.01, 1),
    ),
    max_size=6,
    unique_by=lambda cell: cell.key,
)


@given(cells_, st.randoms(use_true_random=False))
def test_no_sum_tells_what_is_withheld(cells: list[Cell], order: random.Random) -> None:
    margins = ((), (0,), (1,))
    reasons = withhold(cells, margins)
    for cell, reason in zip(cells, reasons, strict=True):
        if judge(cell):
            assert reason == judge(cell)
    for margin in margins:
        for value in {tuple(cell.key[place] for place in margin) for cell in cells}:
            line = [(c, r) for c, r in zip(cells, reasons, strict=True) if tuple(c.key[p] for p in margin) == value]
            hidden = [cell for cell, reason in line if reason]
            shown = [cell for cell, reason in line if not reason and cell.clients]
            weight, largest = sum(c.weight for c in hidden), max((c.largest for c in hidden), default=0)
            together = Cell((), sum(c.clients for c in hidden), weight, largest)
            assert not hidden or not shown or (len(hidden) > 1 and not judge(together))
    shuffled = list(cells)
    order.shuffle(shuffled)
    again = dict(zip((cell.key for cell in shuffled), withhold(shuffled, margins), strict=True))
    assert all(bool(reason) == bool(again[c.key]) for c, reason in zip(cells, reasons, strict=True) if judge(c))
