"""Why a stream has its purpose, in plain words: what speaks for it, what against, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from subak.analytics.classes import traits
from subak.analytics.classes.classify import DECLARED, evidence_of
from subak.analytics.classes.decide import Decision, Evidence, decide
from subak.analytics.classes.pack import ADVERSE, Pack, built_in
from subak.analytics.slices import drop
from subak.analytics.software.record import Purpose

MOST_TOLD = 3
"""Items that are told for, and as many against."""
_CI: tuple[Purpose, ...] = ("ci-hosted", "ci-selfhosted", "build-infra")


@dataclass(frozen=True, slots=True)
class Told:
    """One item of evidence: `says` is a predicate about the client, `weight` log odds against the runner-up."""

    says: str
    kind: str
    weight: float


@dataclass(frozen=True, slots=True)
class Explained:
    """One stream, explained. No part of it holds an address or an agent's own text."""

    stream: int
    software: str
    requests: int
    purpose: Purpose
    posterior: float
    """Of `best`, 0 … 1."""
    best: Purpose
    """The most likely purpose; not the label if `purpose` is 'unknown'."""
    runner_up: Purpose
    runner_up_posterior: float
    support: tuple[Told, ...]
    """What speaks most for `best` and against the runner-up, the weightiest first."""
    against: tuple[Told, ...]
    change: str
    """One sentence: what would change it."""
    flags: tuple[str, ...]

    def sentences(self) -> tuple[str, ...]:
        """For people; software names are the pack's own words."""
        share, rival = f"{self.posterior:.0%}", f"{self.runner_up} ({self.runner_up_posterior:.0%})"
        head = f"{self.software} with {self.requests} requests: {self.purpose}"
        if self.purpose == self.best:
            first = f"{head} ({share}); runner-up {rival}."
        else:
            first = f"{head}: the best guess, {self.best} ({share}), is not good enough; runner-up {rival}."
        lines = [first]
        lines += [f"For {self.best}: it {told.says} ({told.kind}, {told.weight:+.1f})." for told in self.support]
        lines += [f"Against: it {told.says} ({told.kind}, {told.weight:+.1f})." for told in self.against]
        lines += [f"Flag: {flag}." for flag in self.flags]
        return (*lines, self.change)


def explain(engine: duckdb.DuckDBPyConnection, stream: int, pack: Pack | None = None) -> Explained:
    """Explain one stream of classified tables. Raises KeyError if there is none of that number, duckdb.Error."""
    return _explained(engine, "stream = ?", stream, pack or built_in())[0]


def explain_consumer(
    engine: duckdb.DuckDBPyConnection, consumer: int, pack: Pack | None = None
) -> tuple[Explained, ...]:
    """Explain all streams of a consumer, the busiest first. Raises KeyError if it has none, duckdb.Error."""
    where = "stream IN (SELECT DISTINCT stream FROM facts WHERE consumer = ?)"
    return _explained(engine, where, consumer, pack or built_in())


def _explained(engine: duckdb.DuckDBPyConnection, where: str, number: int, pack: Pack) -> tuple[Explained, ...]:
    traits.measure(engine, pack)
    rows = engine.execute(
        "SELECT stream, s.software, n, key, s.agent, a.ci, a.kind FROM streams s JOIN x_traits USING (stream)"
        f" JOIN x_sums USING (stream) JOIN agents a ON a.agent = s.agent WHERE {where} ORDER BY n DESC, stream",
        [number],
    ).fetchall()
    traits.clear(engine)
    drop(engine, "spells")
    if not rows:
        raise KeyError(number)
    found = []
    for stream, software, requests, key, agent, ci, kind in rows:
        pairs = engine.execute("SELECT purpose, weight FROM declared WHERE agent = ?", [agent]).fetchall()
        items = list(evidence_of(traits.words(key, pack), dict(pairs), pack))
        says = _declaration(software, kind, ci=ci)
        told = [Evidence(i.id, i.kind, i.group, i.weights, says, i.flag) if i.id == DECLARED else i for i in items]
        found.append(explained(stream, software, requests, told, pack))
    return tuple(found)


def _declaration(software: str, kind: str, *, ci: bool) -> str:
    if software == "none":
        return "sends no agent"
    if kind == "unknown":
        return "sends an agent that names no known software"
    article = "an" if kind[0] in "aeiou" else "a"
    return f"calls itself {software}, {article} {kind}{', and says that it runs in CI' if ci else ''}"


def explained(stream: int, software: str, requests: int, evidence: Sequence[Evidence], pack: Pack) -> Explained:
    """The same of evidence at hand."""
    decision = decide(evidence, pack)
    verdict = decision.verdict
    told = sorted(
        (Told(i.says, i.kind, round(_against(i.weights, verdict.best, verdict.second), 2)) for i in evidence),
        key=lambda one: (-abs(one.weight), one.says),
    )
    return Explained(
        stream,
        software,
        requests,
        verdict.purpose,
        verdict.posterior,
        verdict.best,
        verdict.second,
        verdict.runner_up,
        support=tuple(one for one in told if one.weight > 0)[:MOST_TOLD],
        against=tuple(one for one in told if one.weight < 0)[:MOST_TOLD],
        change=_change(decision, evidence, pack),
        flags=decision.flags,
    )


def _against(weights: Mapping[Purpose, float], best: Purpose, second: Purpose) -> float:
    return weights.get(best, 0.0) - weights.get(second, 0.0)


def _change(decision: Decision, evidence: Sequence[Evidence], pack: Pack) -> str:
    """The weightiest thing without which it would be something else; or what is missing."""
    verdict = decision.verdict
    known = {item.id for item in evidence}
    if verdict.purpose == "unknown":
        if verdict.best in ADVERSE and "standing" not in known:
            return "A range pack that tells where its owner's crawlers come from would change this."
        if "origin" not in known:
            return "A range pack that tells what kind of network it comes from would change this."
        if {verdict.best, verdict.second} & set(_CI):
            return "If its tool said whether it runs in CI, and on whose machine, this would change."
        return "More requests would change this."
    for item in sorted(evidence, key=lambda one: -_against(one.weights, verdict.best, verdict.second)):
        other = decide([one for one in evidence if one.id != item.id], pack).verdict
        if other.purpose != verdict.purpose:
            return f"It would be {other.purpose} if it were not known that it {item.says}."
    return "No single thing would change this."
