"""Figures as people read them."""

from __future__ import annotations

import pytest

from subak.adoption.words import counted, percent, size


@pytest.mark.parametrize(
    ("bytes", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (34_200_000, "34.2 MB"),
        (999_600_000, "1.0 GB"),
        (123_456, "123 kB"),
        (5e15, "5000 TB"),
    ],
)
def test_size(bytes: float, text: str) -> None:
    assert size(bytes) == text


def test_counted_and_percent() -> None:
    assert (counted(1, "request"), counted(1234, "request"), counted(2, "copy", "copies")) == (
        "1 request",
        "1 234 requests",
        "2 copies",
    )
    assert (percent(0.987), percent(None)) == ("98.7 %", "-")
