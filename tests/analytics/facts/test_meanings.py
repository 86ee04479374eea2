"""What texts mean, as columns: each text once, whatever else is in its batch."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from tests.analytics.facts.named import NAMES

from subak.analytics.facts import meanings
from subak.analytics.facts.coder import Asked
from subak.analytics.facts.columns import insert_laid
from subak.analytics.facts.meanings import CALL, TOLD, Askers, Targets, Told
from subak.analytics.packages.recognise import Recogniser
from subak.analytics.ranges import NO_CONSUMERS, NO_RANGES
from subak.analytics.schema import as_columns


def rows(told: Told, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """What the engine makes of it."""
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE t ({as_columns(dict.fromkeys(TOLD[table], 'VARCHAR'))})")
        insert_laid(engine, "t", TOLD[table], [told[table]])
        return engine.execute(f"SELECT {columns} FROM t").fetchall()


def goods(told: Told) -> list[tuple[Any, ...]]:
    """Number, ecosystem, kind, method and package of each."""
    return sorted(rows(told, "goods", "id::INTEGER, ecosystem, kind, method, package"))


def asked(*requests: tuple[str, str, str]) -> Asked:
    return Asked(range(len(requests)), *zip(*requests, strict=True))


@pytest.fixture
def askers() -> Askers:
    return Askers(NAMES, NO_RANGES, NO_CONSUMERS)


def test_nothing_is_told_of_nothing(askers: Askers) -> None:
    assert askers.tell([], [], []) == {}
    assert askers.tell([], [(7, "")], []) == {}
    assert Targets(Recogniser()).tell(Asked((), (), (), ())) == {}


def test_who_asks(askers: Askers) -> None:
    told = askers.tell([(1, "uv/0.9.9", 7)], [(2, "192.0.2.1"), (3, "")], [(4, "deploy")])
    assert rows(told, "named_agents", "id, run, software, version, ci") == [("1", "7", "uv", "0.9.9", "False")]
    client = NAMES.client("192.0.2.1")
    assert rows(told, "named_clients") == [("2", client, NAMES.network("192.0.2.0/24"), "4", "", "", "", "")]
    assert rows(told, "named_users") == [("4", NAMES.consumer("deploy"))]


def test_names_of_networks_are_the_same_when_they_were_forgotten(
    askers: Askers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meanings, "NETWORKS", 2)
    clients = [(n, f"192.0.{n % 5}.{n}") for n in range(40)]
    found = [rows(askers.tell([], [client], []), "named_clients", "network") for client in clients]
    assert found == [[(NAMES.network(f"192.0.{n % 5}.0/24"),)] for n in range(40)]


def test_agents_mean_the_same_when_they_were_forgotten(askers: Askers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanings, "SPOKEN", 2)
    agents = [(n, f"uv/0.{n % 5}.0", n) for n in range(40)]
    found = [rows(askers.tell([agent], [], []), "named_agents", "id, run, version") for agent in agents]
    assert found == [[(str(n), str(n), f"0.{n % 5}.0")] for n in range(40)]


def test_what_is_asked_for_is_told_now_or_later() -> None:
    targets = Targets(Recogniser())
    told = targets.tell(asked(("GET", "", "/simple/demo/"), ("BREW", "", "/simple/demo/"), ("GET", "h", "/left-pad")))
    assert goods(told) == [(0, "pypi", "index", "GET", "pkg:pypi/demo")]
    assert rows(told, "later") == [("1", "BREW", "", "/simple/demo/"), ("2", "GET", "h", "/left-pad")]
    settled = targets.settle(Asked((1, 2), ("BREW", "GET"), ("", "h"), ("/simple/demo/", "/left-pad")), ["", "npm"])
    assert goods(settled) == [(1, "", "unknown", "other", ""), (2, "npm", "index", "GET", "pkg:npm/left-pad")]


def test_much_at_once_is_the_same_as_bit_by_bit() -> None:
    requests = [("GET", "", f"/simple/demo-{n}/" if n % 3 else f"/demo-{n}") for n in range(2 * CALL + 5)]
    whole, targets = Targets(Recogniser()).tell(asked(*requests)), Targets(Recogniser())
    for table in ("goods", "later"):
        single = [rows(targets.tell(Asked((n,), *zip(r, strict=True))), table) for n, r in enumerate(requests[:30])
                  if (n % 3 == 0) == (table == "later")]  # fmt: skip
        assert sorted(rows(whole, table), key=lambda row: int(row[0]))[: len(single)] == [row for (row,) in single]
