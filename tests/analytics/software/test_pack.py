"""The pack as shipped is in order, and a pack that is not is refused with the place of the mistake."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest

from subak.analytics.software.pack import built_in, family_of, load, numbers, version
from subak.analytics.software.parse import parse
from subak.analytics.software.record import KINDS, MOST, PURPOSES, Purpose

TEXT = files("subak.analytics.software").joinpath("pack.toml").read_text("utf-8")
RULES: dict[str, list[dict[str, Any]]] = tomllib.loads(TEXT)["rules"]


def first_name(entry: dict[str, Any]) -> str:
    return family_of(entry.get("family") or entry["each"][0])


def test_it_is_dated() -> None:
    assert re.fullmatch(r"20\d\d\.(?:[1-9]|1[0-2])\.[1-9]\d*", built_in().version)


def test_kinds_stand_in_the_order_of_the_record() -> None:
    assert list(RULES) == [kind for kind in KINDS if kind in RULES]
    assert set(RULES) == set(KINDS) - {"unknown"}


@pytest.mark.parametrize("kind", RULES)
def test_rules_are_sorted_so_that_a_name_is_found_and_added_once(kind: str) -> None:
    plain = [first_name(entry) for entry in RULES[kind] if "family" in entry]
    assert [pair for pair in pairwise(plain) if pair[0] > pair[1]] == []


def test_a_family_is_of_one_kind() -> None:
    kinds: dict[str, set[str]] = {}
    for rule in built_in().rules:
        kinds.setdefault(rule.family, set()).add(rule.kind)
    assert {family: found for family, found in kinds.items() if len(found) > 1} == {}


def test_weights_are_within_bounds_and_in_order() -> None:
    for rule in built_in().rules:
        assert all(0 < abs(weight) <= MOST for weight in rule.weights.values()), rule.family
        assert list(rule.weights) == [purpose for purpose in PURPOSES if purpose in rule.weights]


def test_training_and_abuse_are_only_declared_by_name() -> None:
    """Adverse purposes must be precise: no guess and no family of another kind may reach them."""
    adverse = {rule.family for rule in built_in().rules if max(rule.weights.get(p, 0) for p in ADVERSE) > 1.0}
    named = {rule.family for rule in built_in().rules if rule.kind in ("ai-training", "scanner")}
    assert adverse <= named
    for name in ("FooTrainingBot/1.0", "LLMCrawler/2", "attack-tool/1", "ai-training-spider/1"):
        assert max(parse(name).weight(purpose) for purpose in ADVERSE) <= 0.5


ADVERSE: tuple[Purpose, ...] = ("ai-training", "abuse")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("format = 1", "format = 2", "format"),
        ('version = "2026', 'verson = "2026', "verson"),
        ('{ family = "sbt"', '{ famly = "sbt"', "famly"),
        ('{ family = "sbt"', '{ family = "sbt", each = ["sbt"]', "either family or each"),
        ('{ family = "sbt"', '{ family = "sbt", flags = ["odd"]', "unknown flags"),
        ('{ family = "sbt"', '{ family = "sbt", names = ["npm"]', "'npm' names"),
        ('{ family = "sbt"', '{ family = "sbt", names = ["a b"], match = "x"', "several words"),
        ('{ family = "sbt"', '{ family = "sbt", names = ["a b", "c"]', "two rules"),
        ("dev-install = 1.0, ci-hosted = 0.7", "dev-install = 9.0, ci-hosted = 0.7", "4.0"),
        ('circle = "circleci"', 'circle = "circleville"', "circleville"),
        ('"monitor", "search",\n', '"monitor",\n', "precedence"),
        ("[evidence.doubt]\n", "[evidence.doubt]\nodd = 0.5\n", "unknown flags"),
        ("silent = {", "quiet = {", "four states"),
        ("unknown = { at", "search2 = { at", "search2"),
    ],
)
def test_a_mistake_in_the_file_is_named(old: str, new: str, why: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=re.escape(why)):
        load(TEXT.replace(old, new, 1))


def test_a_pattern_that_is_none_is_an_error_too() -> None:
    with pytest.raises(re.error):
        load(TEXT.replace('{ family = "sbt"', '{ family = "sbt", match = "("', 1))


def test_every_pattern_of_ours_is_one() -> None:
    assert load(TEXT).version == built_in().version  # which compiles none before it is looked for


@pytest.mark.parametrize(
    ("version", "want"),
    [("19.1", (19, 1)), ("1.10.0rc1", (1, 10, 0)), ("", ()), ("v2", ()), ("7", (7,)), ("1..2", (1,))],
)
def test_numbers_of_versions(version: str, want: tuple[int, ...]) -> None:
    assert numbers(version) == want


def test_another_pack_may_be_asked() -> None:
    other = load(
        TEXT.replace('{ family = "sbt"', '{ family = "our-builder", names = ["OurBuilder"] },\n  { family = "sbt"', 1)
    )
    assert parse("OurBuilder/3", other).family == "our-builder"
    assert parse("OurBuilder/3").family == "unknown"


def test_its_version_is_known_without_reading_all_of_it() -> None:
    assert version() == built_in().version
