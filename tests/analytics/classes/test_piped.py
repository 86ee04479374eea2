"""Worlds read as `subak analyze` reads them: every line has its truth, and what is hidden is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.classes.piped import drawn, piped
from tools.classes.table import cells
from tools.classes.world import Wanted

from subak.analytics.software.pack import built_in

LINES = 6000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("piped")


def test_every_line_has_its_truth(folder: Path) -> None:
    with piped(Wanted(seed=920, lines=LINES, generator="replica"), folder) as engine:
        found = cells(engine)
        origins = engine.execute("SELECT count(DISTINCT origin) FROM clients").fetchall()
    assert sum(cell.requests for cell in found) == LINES
    assert len({cell.truth for cell in found}) >= 8
    assert origins[0][0] >= 5


def test_without_a_range_pack_nothing_is_known_of_networks(folder: Path) -> None:
    with piped(Wanted(seed=920, lines=LINES, generator="replica", ranges=False), folder) as engine:
        assert engine.execute("SELECT DISTINCT origin, provider FROM clients").fetchall() == [("", "")]


def test_hidden_families_are_seen_nowhere(folder: Path) -> None:
    with piped(Wanted(seed=920, lines=LINES, generator="replica", draw=910), folder) as engine:
        software = {name for (name,) in engine.execute("SELECT DISTINCT software FROM streams").fetchall()}
        families = {name for (name,) in engine.execute("SELECT DISTINCT family FROM truth WHERE masked").fetchall()}
        found = cells(engine, masked=True)
    assert families
    assert not drawn(910) & software
    assert families <= drawn(910)
    assert 0 < sum(cell.requests for cell in found) < LINES


def test_nobody_says_ci_where_that_is_hidden(folder: Path) -> None:
    said = "SELECT count_if(ci) FROM agents"
    with piped(Wanted(seed=920, lines=LINES, generator="replica"), folder) as engine:
        assert engine.execute(said).fetchall()[0][0] > 0
    with piped(Wanted(seed=920, lines=LINES, generator="replica", mask_ci=True), folder) as engine:
        assert engine.execute(said).fetchall() == [(0,)]


def test_the_lot_is_the_same_every_time_and_takes_a_third() -> None:
    assert drawn(1) == drawn(1) != drawn(2)
    families = {rule.family for rule in built_in().rules if rule.kind == "installer"}
    assert abs(len(drawn(1) & families) - len(families) / 3) < 1
