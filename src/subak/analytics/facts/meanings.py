"""What the distinct texts of a log mean: clients, agents and targets, each once, as columns for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from subak.analytics.facts.coder import Agent, Asked, Named
from subak.analytics.facts.columns import Laid, lay
from subak.analytics.packages.good import Goods
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.privacy.pseudonyms import Names, canonical_all
from subak.analytics.ranges import Consumers, Ranges
from subak.analytics.schema import AGENTS, METHODS
from subak.analytics.software.parse import parse
from subak.analytics.software.record import Software

Told: TypeAlias = "dict[str, list[Laid]]"
"""Columns of `TOLD`, by table."""

TOLD: Final[dict[str, dict[str, str]]] = {
    "named_clients": {
        "id": "UBIGINT",
        "name": "VARCHAR",
        "network": "VARCHAR",
        "version": "TINYINT",
        "provider": "VARCHAR",
        "origin": "VARCHAR",
        "consumer": "VARCHAR",  # '' where nobody says who that is
        "grade": "VARCHAR",
    },
    "named_users": {"id": "UBIGINT", "consumer": "VARCHAR"},
    "named_agents": {
        "id": "UBIGINT",
        "run": "UBIGINT",
        **{name: kind for name, kind in AGENTS.items() if name != "agent"},
    },
    "goods": {
        "id": "UBIGINT",
        **dict.fromkeys(("ecosystem", "kind", "key", "version", "package", "purl", "method"), "VARCHAR"),
    },
    "later": {"id": "UBIGINT", "method": "VARCHAR", "host": "VARCHAR", "target": "VARCHAR"},
}
"""What is told of texts. `later` are those of which only the rest of the log tells: see `Targets.settle`."""

CALL = 2_000
"""Requests that are told at a time: fewer cost more each, more do not fit the processor's cache."""
NETWORKS = 100_000
"""Whose names are remembered, at most."""
SPOKEN = 10_000
"""Agents whose meaning is remembered, at most: those that name each run of theirs are often the same otherwise."""


class Askers:
    """Tells who asks, and with what. Raises nothing for whatever was logged."""

    def __init__(self, names: Names, ranges: Ranges, consumers: Consumers) -> None:
        self._names, self._ranges, self._consumers = names, ranges, consumers
        self._networks: dict[str, str] = {}
        self._spoken: dict[str, tuple[object, ...]] = {}

    def tell(self, agents: Sequence[Agent], clients: Sequence[Named], users: Sequence[Named]) -> Told:
        """All that is to be told of these."""
        named = self._names.consumers.names([text for _, text in users])
        return _laid(
            named_agents=self._agents(agents),
            named_clients=self._clients(clients),
            named_users=([id for id, _ in users], named),
        )

    def _agents(self, agents: Sequence[Agent]) -> Sequence[Sequence[Any]]:
        spoken = self._spoken
        if len(spoken) > SPOKEN:
            spoken.clear()
        for _, text, _ in agents:
            if text not in spoken:
                spoken[text] = spoken_of(parse(text))
        return [*zip(*((id, run, *spoken[text]) for id, text, run in agents), strict=True)]

    def _clients(self, clients: Sequence[Named]) -> Sequence[Sequence[Any]]:
        texts = [text for _, text in clients if text]
        if not texts:
            return ()
        forms = canonical_all(texts)
        if len(self._networks) > NETWORKS:
            self._networks.clear()
        if unnamed := [network for network in set(forms.networks) if network not in self._networks]:
            self._networks.update(zip(unnamed, self._names.networks.names(unnamed), strict=True))
        places, consumers = self._ranges.lookup_all(forms.clients), self._consumers.lookup_all(forms.clients)
        return (
            [id for id, text in clients if text],
            self._names.clients.names(forms.clients),
            [self._networks[network] for network in forms.networks],
            forms.versions,
            *zip(*places, strict=True),
            *zip(*consumers, strict=True),
        )


class Targets:
    """Tells what is asked for."""

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser

    def tell(self, asked: Asked) -> Told:
        """All but what has to wait, which is told as `later`."""
        goods: list[Sequence[Sequence[Any]]] = []
        later: list[Sequence[Sequence[Any]]] = []
        for start in range(0, len(asked.numbers), CALL):
            some = asked.part(start, start + CALL)
            told, left = self._recogniser.tell(*some[1:])
            goods.append([*_goods(told, some)])
            later.append([[column[place] for place in left] for column in some])
        return _laid(goods=_together(goods), later=_together(later))

    def settle(self, asked: Asked, hints: Sequence[str]) -> Told:
        """What had to wait, when all of the log was told. The hint is an ecosystem that is likely, or ''."""
        return _laid(goods=[*_goods(self._recogniser.settle_all(*asked[1:], hints), asked)])


def spoken_of(software: Software) -> tuple[object, ...]:
    """A row of `schema.AGENTS` but for its number."""
    hosted = {True: "yes", False: "no", None: ""}[software.self_hosted]
    return (
        software.family, software.version, software.kind, bool(software.ci), software.ci_vendor, hosted, software.os,
        software.arch, software.runtime, software.command, software.ecosystem, ",".join(software.flags),
        ",".join(f"{purpose}={weight:g}" for purpose, weight in software.purposes),
    )  # fmt: skip


def _laid(**tables: Sequence[Sequence[Any]]) -> Told:
    """Those that have rows."""
    return {table: lay(TOLD[table], columns) for table, columns in tables.items() if columns and columns[0]}


def _goods(goods: Goods, asked: Asked) -> Iterator[Sequence[Any]]:
    """Columns of what is told of those that were asked."""
    yield [asked.numbers[place] for place in goods.places]
    yield from goods.columns
    yield [method if (method := asked.methods[place]) in METHODS else "other" for place in goods.places]


def _together(parts: Iterable[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Columns of the rows of all parts."""
    found: list[list[Any]] = []
    for columns in parts:
        found = found or [[] for _ in columns]
        for column, further in zip(found, columns, strict=True):
            column += further
    return found
