"""Agents, consumers, keys and rules put together."""

from __future__ import annotations

import base64

import pytest

from fakes import FakeKeys
from subak.access.agents import Agents
from subak.access.consumers import Addresses, hash_token
from subak.access.gatekeeper import Gate
from subak.access.gcra import Limiter
from subak.access.rules import Allowance, Deny, Rule
from subak.ecosystems import BY_NAME
from subak.errors import Unauthorised
from subak.model.exchange import Agent, Asked, Caller, Kind, Subject
from subak.ports import Key

TOKEN = "sbk_token"
PAGE = Subject("npm", Kind.INDEX, "packument", "a", "a", purl="pkg:npm/a")
KEYED = Subject("npm", Kind.INDEX, "packument", "a", "a", purl="pkg:npm/a", keyed=True)


def gate(*rules: Rule, keys: FakeKeys | None = None) -> Gate:
    if keys is None:
        keys = FakeKeys()
        keys.keep_key(Key("k1", hash_token(TOKEN), "team-a", "gold"))
    return Gate(Agents(()), Addresses(b"secret"), keys, rules)


def asked(authorization: str = "", agent: str = "curl/8") -> Asked:
    headers = {"user-agent": agent, **({"authorization": authorization} if authorization else {})}
    return Asked("GET", "/npm/a", headers=headers, client="10.0.0.1")


def test_without_a_key() -> None:
    assert gate().classify(asked(), PAGE) == Caller(Agent("curl", "8"), "addr:10.0.0.1", "anonymous")


@pytest.mark.parametrize("subject", [PAGE, KEYED])
@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}", "Basic " + base64.b64encode(f"u:{TOKEN}".encode()).decode()]
)
def test_with_a_key(authorization: str, subject: Subject) -> None:
    assert gate().classify(asked(authorization), subject) == Caller(Agent("curl", "8"), "key:k1", "gold")


def test_credentials_meant_for_somebody_else_are_ignored() -> None:
    assert gate().classify(asked("Bearer npm_something"), PAGE).consumer == "addr:10.0.0.1"


@pytest.mark.parametrize("authorization", ["", "Bearer npm_something", "Basic !!!"])
def test_below_k_a_key_is_needed(authorization: str) -> None:
    with pytest.raises(Unauthorised, match="a key is needed"):
        gate().classify(asked(authorization), KEYED)


@pytest.mark.parametrize("subject", [PAGE, KEYED])
def test_a_wrong_key_is_nobody(subject: Subject) -> None:
    with pytest.raises(Unauthorised, match="unknown or revoked") as caught:
        gate().classify(asked("Bearer sbk_wrong"), subject)
    assert "sbk_wrong" not in str(caught.value)


def test_a_revoked_key_is_nobody() -> None:
    keys = FakeKeys()
    keys.keep_key(Key("k1", hash_token(TOKEN), "team-a"))
    keys.revoke_key("k1", 5.0)
    with pytest.raises(Unauthorised, match="unknown or revoked"):
        gate(keys=keys).classify(asked(f"Bearer {TOKEN}"), PAGE)


def test_rules_are_asked() -> None:
    limited = gate(Deny(["pkg:npm/b"], BY_NAME), Allowance(Limiter(1, 1)))
    caller = limited.classify(asked(), PAGE)
    assert limited.admit(PAGE, caller, 0.0).admitted
    assert limited.admit(PAGE, caller, 0.0).rule == "allowance"
    other = Subject("npm", Kind.INDEX, purl="pkg:npm/b")
    assert limited.admit(other, caller, 9.0).rule == "deny"


def test_hidden_versions_come_from_every_list() -> None:
    two = gate(Deny(["pkg:npm/a@1.0.0"], BY_NAME), Deny(["pkg:npm/a@2.0.0"], BY_NAME), Allowance(Limiter(0, 0)))
    assert two.hidden(PAGE) == {"1.0.0", "2.0.0"}
    assert gate().hidden(PAGE) == frozenset()


def test_a_change_of_keys_is_a_new_generation_once_looked_at() -> None:
    keys = FakeKeys()
    subject = gate(keys=keys)
    before = subject.generation()
    keys.keep_key(Key("k1", hash_token(TOKEN), "team-a"))
    assert subject.generation() == before
    subject.refresh()
    assert subject.generation() > before


def test_a_subject_is_judged_without_being_counted() -> None:
    strict = gate(Deny(["pkg:npm/b"], BY_NAME), Allowance(Limiter(1, 1)))
    assert not strict.judge(Subject("npm", Kind.ARTIFACT, name="b", purl="pkg:npm/b@1.0.0")).admitted
    for _ in range(5):
        assert strict.judge(Subject("npm", Kind.ARTIFACT, name="a", purl="pkg:npm/a@1.0.0")).admitted
