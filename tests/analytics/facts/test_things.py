"""Numbers of goods: what is one thing, what is new, and that the compiled numbers are those of the source."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import uncompiled
from subak.analytics.facts.things import Things
from subak.analytics.logs.scanning import compiled
from subak.analytics.workers.lay import lay

KEY = b"sixteen bytes ok"
KINDS = ("artifact", "index")
Row = tuple[str, str, str, str, str]
"""Ecosystem, kind, key, package, method."""


def both(most: int = 10**6) -> list[Any]:
    assert compiled(), "there is a C compiler wherever these tests are to pass"
    return [Things(KEY, KINDS, most), uncompiled.THINGS.Things(KEY, KINDS, most)]


def take(made: Any, rows: Sequence[Row], *, known: bool = False) -> list[list[int]]:
    """The columns for these rows."""
    names = dict.fromkeys("abcde", "VARCHAR")
    ecosystem, kind, key, package, method = (one.buffers for one in lay(names, zip(*rows, strict=True)))
    return [list(column) for column in made.take(len(rows), ecosystem, kind, key, package, method, known)]


def test_a_thing_is_told_once() -> None:
    for made in both():
        rows = [
            ("pypi", "artifact", "a-1.whl", "pkg:pypi/a", "GET"),
            ("pypi", "artifact", "a-1.whl", "pkg:pypi/a", "HEAD"),
            ("npm", "artifact", "a-1.whl", "pkg:pypi/a", "GET"),
            ("pypi", "index", "a-1.whl", "pkg:pypi/a", "GET"),
            ("pypi", "unknown", "a-1.whl", "", "GET"),
        ]
        way, thing, package, mark = take(made, rows)
        assert [made.ways[number] for number in way] == [(row[0], row[1], row[4]) for row in rows]
        assert thing == [0, 0, 1, 2, -1]
        assert package == [0, 0, 1, 0, -1]  # of another ecosystem it is another package
        assert mark == [3, 0, 3, 1, 0]
        assert take(made, rows[1:2]) == [[1], [0], [0], [0]]
        assert take(made, rows[:1], known=True) == [[0], [3], [0], [1]]
        assert not made.forgot


_TEXTS = st.sampled_from(["", "a", "b", "é", "abcdefgh", "abcdefghi", "x" * 5000, "x" * 5001, "\x1f"])
_ROWS = st.lists(
    st.tuples(st.sampled_from(["", "npm", "pypi"]), st.sampled_from([*KINDS, "own"]), _TEXTS, _TEXTS,
              st.sampled_from(["GET", ""])), min_size=1, max_size=30)  # fmt: skip


@given(batches=st.lists(_ROWS, min_size=1, max_size=4))
def test_the_compiled_ones_are_those_of_the_source(batches: list[list[Row]]) -> None:
    fast, slow = both()
    known: dict[tuple[str, ...], int] = {}
    for rows in batches:
        found = take(fast, rows)
        assert found == take(slow, rows)
        expected = [known.setdefault(row[:3], len(known)) if row[1] in KINDS else -1 for row in rows]
        assert found[1] == expected
    assert fast.ways == slow.ways


def test_many() -> None:
    random = Random(1)
    rows = [
        ("npm", "artifact", f"k{random.randrange(20_000)}", f"p{random.randrange(3_000)}", "GET") for _ in range(50_000)
    ]
    fast, slow = both()
    assert take(fast, rows) == take(slow, rows)


def test_what_is_forgotten_is_told_again_under_another_number() -> None:
    for made in both(most=10):
        rows: list[Row] = [("npm", "artifact", f"k{n}", f"p{n}", "GET") for n in range(4)]
        assert take(made, rows)[1] == [0, 1, 2, 3]
        assert not made.forgot
        _, thing, package, mark = take(made, rows)
        assert (thing, package, mark) == ([4, 5, 6, 7], [4, 5, 6, 7], [3] * 4)
        assert made.forgot


@pytest.mark.parametrize("ends", [[0, 1], [0, 1, 3], [1, 1, 2], [0, 3, 2]])
def test_columns_that_do_not_fit_are_refused(ends: list[int]) -> None:
    good = lay({"t": "VARCHAR"}, [["x", "y"]])[0].buffers
    bad = lay({"t": "INTEGER"}, [ends])[0].buffers[0], b"xy"
    for made in both():
        for place in range(5):
            columns = [good] * 5
            columns[place] = bad
            with pytest.raises(ValueError, match=r"column|ends before"):
                made.take(2, *columns, False)


def test_more_ways_than_there_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncompiled.THINGS, "WAYS", 3)
    made = uncompiled.THINGS.Things(KEY, KINDS, 10**6)
    with pytest.raises(ValueError, match="too many ecosystems"):
        take(made, [(f"e{n}", "index", "k", "", "GET") for n in range(4)])
