"""Charts are right for known numbers, and can be told by a screen reader."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from subak.analytics.report import charts
from subak.analytics.report.charts import Box, Curve, Series, Waste

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text: str) -> ElementTree.Element:
    """Well-formed, with a role, a title and a description that the picture is labelled by."""
    root = ElementTree.fromstring(text)
    assert root.get("role") == "img"
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert about is not None
    assert title.text
    assert about.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    return root


def points(d: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", d)]


def test_a_lorenz_curve_goes_from_corner_to_corner() -> None:
    root = drawn(charts.lorenz([Curve("addresses", [(0, 0), (0.99, 0.2), (1, 1)], 0.8)], "requests"))
    line = next(e for e in root.iter(f"{SVG}path") if e.get("class") == "curve s0")
    start, bend, end = points(line.get("d", ""))
    assert (start, end) == ((52, 394), (432, 14))
    assert bend == (pytest.approx(52 + 0.99 * 380), pytest.approx(394 - 0.2 * 380))
    assert "80.0 %" in "".join(root.itertext())


def test_bands_lie_on_each_other() -> None:
    series = [Series("a", [1, 3], 0), Series("<b>", [2, 1], 1)]
    root = drawn(charts.stacked(series, [0.0, 3600.0], 3600, "requests"))
    first, second = (points(e.get("d", "")) for e in root.iter(f"{SVG}path") if "band" in e.get("class", ""))
    assert first[:2] == second[:1:-1][:2], "the upper edge of one is the lower edge of the next"
    box = Box(64, 12, 800, 300, (0, 1), (0, 4))
    assert second[:2] == [pytest.approx(box.at(0, 3)), pytest.approx(box.at(1, 4))]
    assert "<b>: 3 requests" in "".join(root.itertext())


@pytest.mark.parametrize("count", [1, 2, 24, 200])
def test_any_number_of_hours_can_be_drawn(count: int) -> None:
    starts = [1_791_158_400.0 + 3600 * n for n in range(count)]
    root = drawn(charts.stacked([Series("a", [1.0] * count, 0)], starts, 3600, "requests"))
    assert len([e for e in root.iter(f"{SVG}text") if e.get("class") == "tick date"]) <= 9


def test_waste_fills_its_share() -> None:
    root = drawn(charts.waste([Waste("at home", 0.25, "1 GB"), Waste("nothing", 0.0, "")], "bytes", "w"))
    widths = [float(e.get("width", "")) for e in root.iter(f"{SVG}rect") if e.get("class") == "part"]
    assert widths == [140, 0]


@pytest.mark.parametrize(("value", "top"), [(0, 4), (4, 4), (5, 5), (11, 12), (19_200, 20_000), (1e6, 1e6)])
def test_axes_end_at_round_numbers(value: float, top: float) -> None:
    assert charts.ceiling(value) == top


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (950, "950"), (12_000, "12 k"), (1_500_000, "1.5 M"), (2e9, "2 G")]
)
def test_ticks_are_short(value: float, said: str) -> None:
    assert charts.short(value) == said


def test_bars_stay_in_their_cells() -> None:
    root = ElementTree.fromstring(charts.bar(7.0, -1.0))
    assert [e.get("width") for e in root] == ["100.00", "0.00"]
    assert root.get("aria-hidden") == "true"
    assert len(ElementTree.fromstring(charts.twin(0.1, 0.9))) == 2


def test_a_strip_is_cut_into_shares() -> None:
    root = ElementTree.fromstring(charts.strip([("a&b", 0.25, 0), ("c", 0.75, 1)], "mix"))
    assert [(e.get("x"), e.get("width")) for e in root if e.tag.endswith("rect")] == [
        ("0.00", "250.00"),
        ("250.00", "750.00"),
    ]


@pytest.mark.parametrize("text", ["</title><script>", "\x00\x1b]0;x\x07", "\u202egpj.exe", "\ud800", '" onload="x'])
def test_text_of_anybody_stays_text(text: str) -> None:
    shown = charts.safe(text)
    assert not set(shown) & set("<>\"'\x00\x1b\x07\u202e\ud800")
    drawn(charts.lorenz([Curve(text, [(0, 0), (1, 1)], 0.01)], "requests"))
