"""Who asks, and with what: each text once, whatever else is in its batch."""

from __future__ import annotations

import pytest
from tests.analytics.facts.named import NAMES
from tests.analytics.workers.told import rows

from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES
from subak.analytics.workers import askers as askers_module
from subak.analytics.workers.askers import Askers


@pytest.fixture
def askers() -> Askers:
    return Askers(NAMES, NO_RANGES, NO_CONSUMERS)


def test_nothing_is_told_of_nothing(askers: Askers) -> None:
    assert askers.tell([], [], []) == {}
    assert askers.tell([], [(7, "")], []) == {}


def test_who_asks(askers: Askers) -> None:
    told = askers.tell([(1, "uv/0.9.9", 7)], [(2, "192.0.2.1"), (3, "")], [(4, "deploy")])
    assert rows(told, "named_agents", "id, run, software, version, ci") == [("1", "7", "uv", "0.9.9", "False")]
    client = NAMES.client("192.0.2.1")
    assert rows(told, "named_clients") == [("2", client, NAMES.network("192.0.2.0/24"), "4", "", "", "", "")]
    assert rows(told, "named_users") == [("4", NAMES.consumer("deploy"))]


def test_names_of_networks_are_the_same_when_they_were_forgotten(
    askers: Askers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(askers_module, "NETWORKS", 2)
    clients = [(n, f"192.0.{n % 5}.{n}") for n in range(40)]
    found = [rows(askers.tell([], [client], []), "named_clients", "network") for client in clients]
    assert found == [[(NAMES.network(f"192.0.{n % 5}.0/24"),)] for n in range(40)]


def test_agents_mean_the_same_when_they_were_forgotten(askers: Askers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(askers_module, "SPOKEN", 2)
    agents = [(n, f"uv/0.{n % 5}.0", n) for n in range(40)]
    found = [rows(askers.tell([agent], [], []), "named_agents", "id, run, version") for agent in agents]
    assert found == [[(str(n), str(n), f"0.{n % 5}.0")] for n in range(40)]
