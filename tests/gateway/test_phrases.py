"""Reason phrases of our own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from subak.gateway import phrases
from subak.gateway.phrases import MOST, phrased


@pytest.fixture(autouse=True)
def _none_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(STATUS_LINE)
    monkeypatch.setattr(phrases, "_known", {})
    yield
    for number in set(STATUS_LINE) - before:
        del STATUS_LINE[number]


def test_a_phrase_becomes_a_status_line() -> None:
    number = phrased(403, "Refused by policy: rule deny")
    assert STATUS_LINE[number] == b"HTTP/1.1 403 Refused by policy: rule deny\r\n"
    assert phrased(403, "Refused by policy: rule deny") == number
    assert phrased(404, "Refused by policy: rule deny") != number


@pytest.mark.parametrize("reason", ["", "a\r\nset-cookie: x", "naïve", "a\tb", "\x7f", "a\x00b"])
def test_what_does_not_fit_a_status_line_is_not_sent(reason: str) -> None:
    assert phrased(404, reason) == 404
    assert all(b"cookie" not in line for line in STATUS_LINE.values())


def test_phrases_are_bounded() -> None:
    numbers = [phrased(404, f"phrase {n}") for n in range(MOST + 10)]
    assert len(set(numbers)) == MOST + 1
    assert numbers[-1] == 404
    assert phrased(404, "phrase 3") == numbers[3]
