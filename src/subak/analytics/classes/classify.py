"""Fills in the purpose of every stream: traits in SQL, one decision for each distinct row of them, joined back."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Final

import duckdb

from subak.analytics.classes import traits
from subak.analytics.classes.decide import (
    NOTHING,
    Evidence,
    Sums,
    Verdict,
    budget_of,
    capped,
    hundredths,
    judge,
    posteriors,
)
from subak.analytics.classes.pack import Pack, built_in
from subak.analytics.software.record import PURPOSES, Purpose

DECLARED = "declared"
"""Name of the group of what agents say."""

Row = tuple[int, ...]
"""Of each trait of the pack the number of its word, -1 for none."""


def classify(
    engine: duckdb.DuckDBPyConnection, pack: Pack | None = None, spelled: Callable[[], None] = lambda: None
) -> None:
    """Fill `purpose`, `posterior` and `flags` of every row of `streams`.

    Reads the tables of `facts.schema`; of `streams` the other columns. Leaves the table `spells` for the report, see
    `traits.SPELLS`, and calls `spelled` as soon as it is there. Where no label is good enough the purpose is 'unknown'
    and the posterior that of the best guess. Raises duckdb.Error.
    """
    pack = pack or built_in()
    traits.measure(engine, pack, spelled)
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE x_says AS WITH said AS (SELECT agent, list((purpose, weight) ORDER BY purpose)"
        " AS says FROM declared GROUP BY agent) SELECT agent, dense_rank() OVER (ORDER BY says) AS say, says FROM said"
    )
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE x_keyed AS SELECT stream, key, coalesce(say, 0) AS say"
        " FROM x_traits LEFT JOIN x_says USING (agent)"
    )
    says = {0: NOTHING}
    says |= {say: hundredths(dict(pairs)) for say, pairs in engine.execute(_SAYS).fetchall()}
    rows = engine.execute("SELECT DISTINCT key, say FROM x_keyed").fetchall()
    bench = Bench(pack)
    judged = [bench.judge(traits.digits(key, pack), says[say]) for key, say in rows]
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE x_judged AS SELECT unnest($1::HUGEINT[]) AS key, unnest($2::BIGINT[]) AS say,"
        " unnest($3::VARCHAR[]) AS purpose, unnest($4::DOUBLE[]) AS posterior, unnest($5::VARCHAR[]) AS flags",
        [*map(list, zip(*rows, strict=True)), *map(list, zip(*judged, strict=True))] if rows else [[]] * 5,
    )
    engine.execute(  # most rows change: a new table is made in half the time that keeping both versions takes
        "CREATE OR REPLACE TABLE streams AS SELECT s.* REPLACE (j.purpose AS purpose, j.posterior AS posterior,"
        " j.flags AS flags) FROM streams s JOIN x_keyed USING (stream) JOIN x_judged j USING (key, say)"
    )
    traits.clear(engine)
    for name in ("x_says", "x_keyed", "x_judged"):
        engine.execute(f"DROP TABLE {name}")


_SAYS = "SELECT DISTINCT say, says FROM x_says"


_FIELD: Final = 32
"""Bits of a sum within a number that holds all of them: one addition adds them all."""
_MIDDLE: Final = sum(1 << (_FIELD * place + _FIELD - 1) for place in range(len(PURPOSES)))
"""Makes every field positive."""
_FIELDS: Final = struct.Struct(f"<{len(PURPOSES)}I")


def packed(sums: Sums) -> int:
    """All sums in one number."""
    return sum(one << (_FIELD * place) for place, one in enumerate(sums))


def unpacked(number: int) -> Sums:
    """The sums again."""
    half = 1 << (_FIELD - 1)
    return tuple([field - half for field in _FIELDS.unpack((number + _MIDDLE).to_bytes(_FIELDS.size, "little"))])


class Bench:
    """The traits of a pack by group, with what each combination of words weighs remembered."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        groups: dict[str, list[int]] = {}
        for i, trait in enumerate(pack.traits):
            groups.setdefault(trait.group, []).append(i)
        self._groups = [_Group(name, tuple(places), pack) for name, places in groups.items()]
        self._said: dict[Sums, int] = {}
        self._judged: dict[int, Verdict] = {}

    def judge(self, digits: str, declared: Sums) -> tuple[Purpose, float, str]:
        """Purpose, posterior and flags: what `decide` says of `evidence_of` the same words."""
        total = self._said.get(declared)
        if total is None:
            total = self._said[declared] = packed(declared)
        flags: set[str] = set()
        for group in self._groups:
            chosen = group.choose(digits)
            weight, flagged = group.known.get(chosen) or group.weigh(chosen)
            total += weight
            if flagged:
                flags.update(flagged)
        verdict = self._judged.get(total)
        if verdict is None:
            verdict = self._judged[total] = judge(posteriors(unpacked(total), self._pack), self._pack)
        return verdict.purpose, verdict.posterior, ",".join(sorted(flags)) if flags else ""


class _Group:
    """Traits that share a budget."""

    def __init__(self, name: str, places: tuple[int, ...], pack: Pack) -> None:
        self._traits = [pack.traits[place] for place in places]
        self._budget = budget_of(name, pack)
        self.choose = itemgetter(*places)
        self.known: dict[str | tuple[str, ...], tuple[int, tuple[str, ...]]] = {}

    def weigh(self, chosen: str | tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        pairs = zip(self._traits, map(int, chosen), strict=True)
        words = [trait.words[digit - 1] for trait, digit in pairs if digit]
        sums = capped([hundredths(word.weights) for word in words], self._budget) if words else NOTHING
        found = self.known[chosen] = packed(sums), tuple(word.flag for word in words if word.flag)
        return found


def evidence_of(row: Row, declared: Mapping[Purpose, float], pack: Pack) -> Iterator[Evidence]:
    """What is known of a stream, as items: of its agent, then trait by trait."""
    if declared:
        yield Evidence(DECLARED, "declared", DECLARED, declared, "says so in its agent")
    for trait, word in zip(pack.traits, row, strict=True):
        if word >= 0:
            told = trait.words[word]
            yield Evidence(trait.name, trait.kind, trait.group, told.weights, told.says, told.flag)
