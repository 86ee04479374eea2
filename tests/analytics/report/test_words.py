"""How figures are said; how text of strangers is made harmless."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.report import words
from subak.analytics.report.words import THIN


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.number(1234567), f"1{THIN}234{THIN}567"),
        (words.number(None), "–"),
        (words.share(0.8264), "82.6 %"),
        (words.share(0.0), "0.0 %"),
        (words.share(0.00001), "< 0.1 %"),
        (words.share(0.99999), "> 99.9 %"),
        (words.share(1.0), "100.0 %"),
        (words.share(None), "–"),
        (words.size(0), "0 B"),
        (words.size(34_200_000), "34.2 MB"),
        (words.size(66e15), "66.0 PB"),
        (words.size(None), "–"),
        (words.factor(2.646), "2.6 ×"),
        (words.money(Decimal("1234.5"), "EUR"), f"EUR 1{THIN}234.50"),
        (words.money(None), "–"),
        (words.amount(12, "requests"), "12"),
        (words.amount(1.25, "per download"), "1.25"),
        (words.amount(7200, "seconds"), "2 hours"),
        (words.amount(None, "seconds"), "–"),
        (words.amount(Decimal(3), "money", "EUR"), "EUR 3.00"),
        (words.span(604_796), "7 days"),
        (words.span(86_400), "1 day"),
        (words.span(5400), "90 minutes"),
        (words.span(3600), "1 hour"),
        (words.span(45), "45 seconds"),
        (words.span(1), "1 second"),
        (words.moment(0), "1970-01-01 00:00"),
        (words.day(0), "1 Jan 1970"),
        (words.iso(0, 60), "1970-01-01T00:00Z/1970-01-01T00:01Z"),
    ],
)
def test_figures_are_said(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_spreadsheet_calculates(text: str) -> None:
    assert words.harmless(text)[0] in "'\\"


@given(st.text())
def test_nothing_of_a_strangers_text_is_obeyed(text: str) -> None:
    assert words.harmless(text).isprintable()
    assert words.shown(text).replace(THIN, "").isprintable()
    assert not words.harmless(text).startswith(words.FORMULA)
