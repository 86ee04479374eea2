"""How columns lie in memory."""

from __future__ import annotations

from array import array

import pytest

from subak.analytics.workers.lay import NUMBERS, lay


def test_texts_lie_one_after_the_other() -> None:
    ((rows, (ends, data)),) = lay({"text": "VARCHAR"}, [["ab", "", "c"]])
    assert (rows, list(ends), data) == (3, [0, 2, 2, 3], b"abc")


@pytest.mark.parametrize(("text", "laid"), [("é", "é"), ("\ud800", "\\ud800"), ("a\0b", "a b")])
def test_texts_that_are_not_plain(text: str, laid: str) -> None:
    ((_, (ends, data)),) = lay({"text": "VARCHAR"}, [["x", text, "y"]])
    assert bytes(data) == f"x{laid}y".encode()
    assert list(ends) == [0, 1, 1 + len(laid.encode()), 2 + len(laid.encode())]


@pytest.mark.parametrize(("kind", "code"), NUMBERS.items())
def test_numbers_lie_as_they_are(kind: str, code: str) -> None:
    numbers = array(code, [1, 2, 3])
    assert lay({"n": kind}, [numbers])[0].buffers[0] is numbers
    assert lay({"n": kind}, [[1, 2, 3]]) == [(3, (numbers,))]


def test_truth_values_go_as_texts() -> None:
    assert lay({"ci": "BOOLEAN"}, [[True, False]])[0].buffers[1] == b"TrueFalse"
