"""NuGet's ids and versions: spelling and order."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.nuget.versions import fold_version, folded, is_semver2, lower_id, rank
from subak.errors import NotFound

ASCENDING = (
    "0.9.0", "1.0.0-1", "1.0.0-a", "1.0.0-a.2", "1.0.0-a.10", "1.0.0-a.b", "1.0.0-b", "1.0.0-rc1", "1.0.0",
    "1.0.0.1-a", "1.0.0.1", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1", "1.0.0"),
        ("1.2", "1.2.0"),
        ("1.02.003", "1.2.3"),
        ("1.2.3.0", "1.2.3"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3-Beta.1", "1.2.3-beta.1"),
        ("1.2.3.0-rc", "1.2.3-rc"),
        ("1.2.3+Build", "1.2.3"),
        ("1.2.3-a+b.c", "1.2.3-a"),
        ("1.2.3.4.5", ""),
        ("1.2.3-", ""),
        ("1.2.3-a..b", ""),
        ("1.2.3-ä", ""),
        ("v1.2.3", ""),
        ("", ""),
        ("1" * 11, ""),
        ("1.0.0-" + "a" * 200, ""),
    ],
)
def test_versions_have_one_spelling(text: str, wanted: str) -> None:
    assert folded(text) == wanted
    assert folded(wanted) == wanted
    assert fold_version(text) == (wanted or text.lower())


def test_order() -> None:
    mixed = list(ASCENDING)
    random.Random(7).shuffle(mixed)
    assert sorted(mixed, key=rank) == list(ASCENDING)
    for lower, higher in itertools.combinations(ASCENDING, 2):
        assert rank(lower) < rank(higher)


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(-[a-z0-9.-]{1,9})?", fullmatch=True))
def test_any_folded_version_has_a_rank(text: str) -> None:
    version = folded(text)
    if version:
        assert folded(version) == version
        assert rank(version) >= rank("0.0.0-0")


@pytest.mark.parametrize(
    ("version", "new"), [("1.0.0", False), ("1.0.0-a-b", False), ("1.0.0-a.1", True), ("1.0.0+b", True)]
)
def test_semver2(version: str, new: bool) -> None:
    assert is_semver2(version) is new


@pytest.mark.parametrize("text", ["a", "Newtonsoft.Json", "a-b.c_d", "café"])
def test_possible_ids(text: str) -> None:
    assert lower_id(text) == lower_id(lower_id(text)) == text.lower()


@pytest.mark.parametrize("text", ["", ".", "a.", "a..b", "-a", "a b", "a/b", "İ", "a" * 129])
def test_impossible_ids(text: str) -> None:
    with pytest.raises(NotFound):
        lower_id(text)
