"""Times of combined lines, and what is none."""

from __future__ import annotations

import pytest

import uncompiled


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        ("01/Jan/1970:00:00:00 +0000", 0),
        ("29/Feb/2024:23:59:59 +0000", 1709251199),
        ("01/Mar/2100:00:00:00 +0000", 4107542400),
        ("31/Dec/2026:23:30:00 -0130", 1798765200),
        ("01/Jan/2027:01:00:00 +0200", 1798758000),
        ("29/Feb/2026:00:00:00 +0000", -1),
        ("29/Feb/2100:00:00:00 +0000", -1),
        ("31/Apr/2026:00:00:00 +0000", -1),
        ("00/Apr/2026:00:00:00 +0000", -1),
        ("05/oct/2026:00:00:00 +0000", -1),
        ("05/Oct/2026:24:00:00 +0000", -1),
        ("05/Oct/2026:00:00:60 +0000", -1),
        ("05/Oct/2026:00:00:00 +1500", -1),
        ("05/Oct/2026:00:00:00 0000 ", -1),
        ("31/Dec/1969:23:59:59 +0000", -1),
    ],
)
def test_times(stamp: str, at: int) -> None:
    assert uncompiled.STAMPS.Stamps().seconds(f"[{stamp}]".encode(), 1) == at
