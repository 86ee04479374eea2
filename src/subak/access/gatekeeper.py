"""Who asks and whether they may: agents, consumers, keys and rules put together."""

from __future__ import annotations

from collections.abc import Sequence

from subak.access.agents import Agents
from subak.access.consumers import Addresses, hash_token, token_of
from subak.access.rules import Deny, Rule, admit
from subak.errors import Unauthorised
from subak.model.exchange import UNCLASSIFIED, Asked, Caller, Subject, Verdict
from subak.ports import Keys


class Gate:
    """Implements ports.Gatekeeper over a list of rules."""

    def __init__(
        self, agents: Agents, addresses: Addresses, keys: Keys, rules: Sequence[Rule], since: float = 0.0
    ) -> None:
        self._agents = agents
        self._addresses = addresses
        self._keys = keys
        self._rules = tuple(rules)
        self._deny = [r for r in rules if isinstance(r, Deny)]
        self._since = since
        self._generation = keys.keys_generation()

    def classify(self, asked: Asked, subject: Subject) -> Caller:
        """See ports.Gatekeeper."""
        agent = self._agents.parse(asked.agent)
        token = token_of(asked.headers.get("authorization", ""))
        if not token:
            if subject.keyed:
                raise Unauthorised(
                    "a key is needed below /k/", fix="Send a key as the password, or drop /k/ from the URL."
                )
            return Caller(agent, self._addresses.consumer(asked.client), "anonymous")
        key = self._keys.find_key(hash_token(token))
        if key is None or key.revoked_at:
            # A key that is wrong must not silently count as anonymous: its owner would never learn.
            raise Unauthorised("this key is unknown or revoked", fix="Ask this gateway's operator for a new key.")
        return Caller(agent, f"key:{key.id}", key.tier)

    def admit(self, subject: Subject, caller: Caller, now: float) -> Verdict:
        """See ports.Gatekeeper."""
        return admit(self._rules, subject, caller, now)

    def judge(self, subject: Subject) -> Verdict:
        """See ports.Gatekeeper."""
        return admit(self._deny, subject, UNCLASSIFIED, 0.0)

    def hidden(self, subject: Subject) -> frozenset[str]:
        """See ports.Gatekeeper."""
        return frozenset().union(*(d.hidden(subject) for d in self._deny))

    def withheld_since(self) -> float:
        """See ports.Gatekeeper."""
        return self._since

    def generation(self) -> int:
        """See ports.Gatekeeper; refreshed by `refresh`."""
        return self._generation

    def refresh(self) -> None:
        """Look whether keys changed, in this process or another; called about once a second."""
        self._generation = self._keys.keys_generation()
