"""The pieces of tables mean what the totals of the same name mean."""

from __future__ import annotations

import pytest

from metrics_world import load, make
from subak.analytics.metrics.catalogue import SHOWN
from subak.analytics.metrics.fragments import ADDITIVE, TIMES
from subak.analytics.metrics.run import measure
from subak.analytics.metrics.table import table


def test_every_piece_that_a_table_uses_exists() -> None:
    assert SHOWN.keys() <= ADDITIVE.keys()
    assert set(TIMES) == {"hour", "day", "weekday"}


@pytest.mark.parametrize("by", [[], ["ecosystem"], ["software", "hour"]], ids=str)
def test_cells_add_up_to_the_totals(by: list[str]) -> None:
    names = [name for name in SHOWN if name != "addresses"]
    with load(make(21, 3_000)) as engine:
        totals = measure(engine, *names)
        cells = table(engine, by, names, k=0)
    for name in names:
        assert sum(int(row[name] or 0) for row in cells.dicts()) == totals[name].value()
