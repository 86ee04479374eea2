"""The style sheet needs nothing from elsewhere and knows every colour that charts use."""

from __future__ import annotations

import re

from subak.analytics.report import charts
from subak.analytics.report.style import STYLE


def test_nothing_is_loaded() -> None:
    assert not re.search(r"url\(|@import|expression|https?:", STYLE)
    assert "<" not in STYLE, "it stands in a <style> element as it is"


def test_every_colour_is_there_in_light_dark_and_on_paper() -> None:
    for number in range(charts.COLOURS):
        assert len(re.findall(rf"--c{number}:#", STYLE)) == 3
        assert f".c{number}{{fill:var(--c{number})}}" in STYLE


def test_braces_are_balanced() -> None:
    assert STYLE.count("{") == STYLE.count("}")
