"""Fills in the purpose of every stream: traits in SQL, one decision for each distinct row of them, joined back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

import duckdb

from subak.analytics.classes import traits
from subak.analytics.classes.decide import (
    NOTHING,
    Evidence,
    Sums,
    added,
    budget_of,
    capped,
    hundredths,
    judge,
    posteriors,
)
from subak.analytics.classes.pack import Pack, built_in
from subak.analytics.software.record import Purpose

DECLARED = "declared"
"""Name of the group of what agents say."""

Row = tuple[int, ...]
"""Of each trait of the pack the number of its word, -1 for none."""


def classify(engine: duckdb.DuckDBPyConnection, pack: Pack | None = None) -> None:
    """Fill `purpose`, `posterior` and `flags` of every row of `streams`, in place.

    Reads the tables of `facts.schema`; of `streams` the other columns. Where no label is good enough the purpose is
    'unknown' and the posterior that of the best guess. Raises duckdb.Error.
    """
    pack = pack or built_in()
    traits.measure(engine, pack)
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
    engine.execute(
        "UPDATE streams SET purpose = j.purpose, posterior = j.posterior, flags = j.flags"
        " FROM x_keyed k JOIN x_judged j USING (key, say) WHERE k.stream = streams.stream"
    )
    traits.clear(engine)
    for name in ("x_says", "x_keyed", "x_judged"):
        engine.execute(f"DROP TABLE {name}")


_SAYS = "SELECT DISTINCT say, says FROM x_says"


class Bench:
    """The traits of a pack by group, with what each combination of words weighs remembered."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        groups: dict[str, list[int]] = {}
        for i, trait in enumerate(pack.traits):
            groups.setdefault(trait.group, []).append(i)
        self._groups = [_Group(name, tuple(places), pack) for name, places in groups.items()]

    def judge(self, digits: str, declared: Sums) -> tuple[Purpose, float, str]:
        """Purpose, posterior and flags: what `decide` says of `evidence_of` the same words."""
        sums: list[Sums] = [declared]
        flags: set[str] = set()
        for group in self._groups:
            weight, flagged = group.weigh(digits)
            sums.append(weight)
            if flagged:
                flags.update(flagged)
        verdict = judge(posteriors(added(sums), self._pack), self._pack)
        return verdict.purpose, verdict.posterior, ",".join(sorted(flags))


class _Group:
    """Traits that share a budget."""

    def __init__(self, name: str, places: tuple[int, ...], pack: Pack) -> None:
        self._traits = [pack.traits[place] for place in places]
        self._budget = budget_of(name, pack)
        self._choose = itemgetter(*places)
        self._known: dict[str | tuple[str, ...], tuple[Sums, tuple[str, ...]]] = {}

    def weigh(self, digits: str) -> tuple[Sums, tuple[str, ...]]:
        chosen = self._choose(digits)
        found = self._known.get(chosen)
        if found is None:
            pairs = zip(self._traits, map(int, chosen), strict=True)
            words = [trait.words[digit - 1] for trait, digit in pairs if digit]
            sums = capped([hundredths(word.weights) for word in words], self._budget) if words else NOTHING
            found = self._known[chosen] = sums, tuple(word.flag for word in words if word.flag)
        return found


def evidence_of(row: Row, declared: Mapping[Purpose, float], pack: Pack) -> Iterator[Evidence]:
    """What is known of a stream, as items: of its agent, then trait by trait."""
    if declared:
        yield Evidence(DECLARED, "declared", DECLARED, declared, "says so in its agent")
    for trait, word in zip(pack.traits, row, strict=True):
        if word >= 0:
            told = trait.words[word]
            yield Evidence(trait.name, trait.kind, trait.group, told.weights, told.says, told.flag)
