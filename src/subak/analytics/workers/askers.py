"""Tells who asks for something, and with what: clients, agents and users, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from subak.analytics.privacy.pseudonyms import Names, canonical_all
from subak.analytics.ranges import Consumers, Ranges
from subak.analytics.software.parse import parse
from subak.analytics.workers.batch import Agent, Named
from subak.analytics.workers.told import Told, as_told, spoken_of

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
        return as_told(
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
