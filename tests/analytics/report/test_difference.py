"""A comparison, said."""

from __future__ import annotations

import pytest

from subak.analytics.report.compare import Change, Comparison
from subak.analytics.report.difference import comparison, relative, signed


def change(unit: str, before: float | None, after: float | None, note: str = "") -> Change:
    known = before is not None and after is not None
    return Change(
        part="figures", name="<x>", unit=unit, before=before, after=after, note=note,
        difference=after - before if known else None,  # type: ignore[operator]
        relative=after / before - 1 if known and before else None,  # type: ignore[operator]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "difference", "ratio"),
    [
        (change("share", 0.5, 0.625), "+12.5 points", "+25.0 %"),
        (change("bytes", 2000, 1000), "−1.0 kB", "−50.0 %"),
        (change("requests", 3, 3), "±0", "+0.0 %"),
        (change("requests", 0, 3), "+3", "–"),
        (change("requests", None, 3), "–", "–"),
    ],
)
def test_differences_have_a_sign_and_a_unit(one: Change, difference: str, ratio: str) -> None:
    assert (signed(one), relative(one)) == (difference, ratio)


def test_a_part_of_the_page() -> None:
    found = comparison(
        Comparison(before="a", after="b", warnings=["careful <i>"], changes=[change("requests", 1, 2, "why")])
    )
    assert "&lt;x&gt;" in found
    assert "careful &lt;i&gt;" in found
    assert "(why)" in found
