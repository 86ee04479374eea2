"""The class pack: what is in it, and what is refused."""

from __future__ import annotations

from importlib.resources import files

import pytest

from subak.analytics.classes import traits
from subak.analytics.classes.pack import ADVERSE, built_in, load
from subak.analytics.software.record import MOST, PURPOSES

TEXT = files("subak.analytics.classes").joinpath("pack.toml").read_text("utf-8")


def test_every_trait_is_measured_and_no_more() -> None:
    assert {trait.name for trait in built_in().traits} == set(traits.MEASURES)


def test_each_trait_gives_its_reason_and_speaks_in_predicates() -> None:
    for trait in built_in().traits:
        assert trait.because.endswith("."), trait.name
        assert len(trait.words) <= 9, "a word is one digit of the key"
        for word in trait.words:
            assert word.says[0].islower(), word.says
            assert not word.says.endswith("."), word.says


def test_adverse_labels_need_more_than_others() -> None:
    least = built_in().threshold
    assert all(least[purpose] >= 0.9 for purpose in ADVERSE)
    assert all(least[purpose] >= 0.7 for purpose in PURPOSES if purpose != "unknown")


def test_weights_are_within_the_cap() -> None:
    pack = built_in()
    assert all(abs(w) <= MOST for t in pack.traits for word in t.words for w in word.weights.values())
    assert all(budget <= MOST for budget in pack.budget.values())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("format = 1", "format = 2", "format"),
        ("dev-install = 1.2", "dev-install = 1.2\nnonsense = 1.0", "nonsense"),
        ("edges = [2.0]", "edges = [2.0, 1.0]", "systems: 3 words are wanted"),
        ('group = "volume"', 'group = "noise"', "group noise has no budget"),
        ('name = "runs"', 'name = "requests"', "two traits of one name"),
        ("monitor = -0.7", "monitor = -7.0", "-4"),
    ],
)
def test_what_is_wrong_is_refused(old: str, new: str, reason: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=reason):
        load(TEXT.replace(old, new, 1))
