"""The class pack: what behaviour, network and surroundings weigh for each purpose, read from `pack.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal

import msgspec

from subak.analytics.software.record import MOST, PURPOSES, Purpose

Weight = Annotated[float, msgspec.Meta(ge=-MOST, le=MOST)]
Kind = Literal["verified", "network", "behavioural", "contextual"]
ADVERSE: Final = frozenset({"abuse", "ai-training"})
"""Labels that may do harm: they need more."""


class Word(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of the words of a trait."""

    says: str
    """The predicate of a sentence about the client: 'asks for the same files again in every run'."""
    weights: dict[Purpose, Weight] = {}
    flag: str = ""
    """Set on streams of which this is true."""


class Trait(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Something measured. Numbers are cut at `edges` (word i: i of them reached); else `values` are the words."""

    name: str
    group: str
    kind: Kind
    because: str
    words: tuple[Word, ...]
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()


class Pack(msgspec.Struct, forbid_unknown_fields=True, frozen=True, eq=False):
    """The whole file."""

    format: Literal[1]
    version: str
    scale: Annotated[float, msgspec.Meta(gt=0, le=2)]
    """All evidence times this before it becomes a probability; set so that posteriors are frequencies."""
    margin: Annotated[float, msgspec.Meta(ge=0, le=1)]
    """The label must be ahead of the runner-up by so much."""
    prior: dict[Purpose, float]
    threshold: dict[Purpose, Annotated[float, msgspec.Meta(ge=0, le=1)]]
    """The least posterior with which a label is given; below it is 'unknown'."""
    budget: dict[str, Annotated[float, msgspec.Meta(ge=0, le=MOST)]]
    """Group of traits that tell much the same: all of them together weigh no more than this."""
    traits: tuple[Trait, ...]


@cache
def built_in() -> Pack:
    """The pack that comes with this version of the program."""
    return load(files(__package__).joinpath("pack.toml").read_text("utf-8"))


def load(text: str) -> Pack:
    """A pack from TOML. Raises ValueError when it is not one, with the place of the mistake."""
    pack = msgspec.convert(tomllib.loads(text), Pack)
    for purpose in PURPOSES:
        _require(purpose in pack.prior and purpose in pack.threshold, f"{purpose} has neither prior nor threshold")
    for trait in pack.traits:
        count = len(trait.values) if trait.values else len(trait.edges) + 1
        _require(bool(trait.values) != bool(trait.edges), f"{trait.name}: give either edges or values")
        _require(len(trait.words) == count, f"{trait.name}: {count} words are wanted, {len(trait.words)} given")
        _require(list(trait.edges) == sorted(set(trait.edges)), f"{trait.name}: edges must rise")
        _require(trait.group in pack.budget, f"{trait.name}: group {trait.group} has no budget")
    names = [trait.name for trait in pack.traits]
    _require(len(names) == len(set(names)), "two traits of one name")
    return pack


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the class pack is not as it must be: {what}")
