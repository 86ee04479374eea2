"""A limit's outcome against a replay of the log, request by request."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.privacy.tables import tables
from subak.analytics.limits import PER, WINDOWS, Condition, Rule, parse_rule, parse_tiers
from subak.analytics.simulate import Outcome, simulate, tiers

_ENGINE = duckdb.connect(config={"threads": 1})
START = datetime(2026, 10, 31, 23, tzinfo=UTC).timestamp()
PURPOSES = ("dev-install", "dev-install", "ci-hosted", "caching-proxy", "search", "")

Row = dict[str, Any]


def load(facts: Sequence[Row], streams: Sequence[Row], clients: Sequence[Row] = ()) -> duckdb.DuckDBPyConnection:
    engine = _ENGINE.cursor()
    tables(engine, facts=facts, streams=streams, clients=clients)
    return engine


def holds(row: Row, where: Sequence[Condition], streams: dict[int, Row], clients: dict[int, Row]) -> bool:
    stream, client = streams.get(row["stream"], {}), clients.get(row["client"], {})
    known = {
        "purpose": stream.get("purpose", ""), "software": stream.get("software", ""),
        "origin": client.get("origin", ""), "provider": client.get("provider", ""), "kind": row["kind"],
        "ecosystem": row["ecosystem"], "method": row["method"], "consumer": "", "grade": "",
    }  # fmt: skip
    return all((known[c.field] in c.values) == c.wanted for c in where)


def window(at: float, name: str) -> int:
    if WINDOWS[name]:
        return int(at // WINDOWS[name])
    moment = datetime.fromtimestamp(at, UTC)
    return moment.year * 12 + moment.month


def replay(
    rule: Rule, before: Sequence[Rule], facts: Sequence[Row], streams: Sequence[Row], clients: Sequence[Row]
) -> dict[str, Any]:
    """By hand; all requests of a log here are at different times, so that there is one order."""
    by_stream, by_client = {s["stream"]: s for s in streams}, {c["client"]: c for c in clients}
    used: dict[tuple[int, int], int] = defaultdict(int)
    asked: dict[tuple[int, int], int] = defaultdict(int)
    own: dict[tuple[int, int, int], int] = defaultdict(int)
    refused: list[tuple[Row, tuple[int, int]]] = []
    under = 0
    for row in sorted(facts, key=lambda row: row["at"]):
        unit = row[PER[rule.per]]
        if unit < 0 or not holds(row, rule.where, by_stream, by_client):
            continue
        if any(holds(row, earlier.where, by_stream, by_client) for earlier in before):
            continue
        under += 1
        place = (unit, window(row["at"], rule.window))
        amount = max(0, row["sent"]) if rule.bytes else 1
        asked[place] += amount
        own[row["stream"], *place] += amount
        if used[place] >= rule.limit:
            refused.append((row, place))
        else:
            used[place] += amount
    hit = {row["stream"] for row, _ in refused}
    dev = {s for s in hit if s >= 0 and by_stream[s]["purpose"] == "dev-install"}
    dev_of: dict[int, int] = defaultdict(int)
    for stream in streams:
        dev_of[stream["client"]] += stream["purpose"] == "dev-install"
    most: dict[int, int] = defaultdict(int)
    for row, place in refused:
        most[row["stream"]] = max(most[row["stream"]], own[row["stream"], *place])
    by_purpose: dict[str, int] = defaultdict(int)
    for row, _ in refused:
        by_purpose[by_stream.get(row["stream"], {}).get("purpose", "")] += 1
    return {
        "requests": under,
        "units": len({unit for unit, _ in asked}),
        "units_hit": len({unit for _, (unit, _) in refused}),
        "windows": len(asked),
        "windows_hit": len({place for _, place in refused}),
        "refused": len(refused),
        "refused_bytes": sum(max(0, row["sent"]) for row, _ in refused),
        "purposes": dict(by_purpose),
        "dev": (
            len(dev),
            len({by_stream[s]["client"] for s in dev}),
            len({by_stream[s]["client"] for s in dev if dev_of[by_stream[s]["client"]] > 1}),
        ),
        "bystanders": sum(most[s] <= rule.limit for s in dev),
        "ci": len(
            {
                row["run"]
                for row, _ in refused
                if row["run"] and by_stream.get(row["stream"], {}).get("purpose") == "ci-hosted"
            }
        ),
        "furthest": max((asked[place] / max(1, rule.limit) for _, place in refused), default=0),
    }


def told(outcome: Outcome) -> dict[str, Any]:
    people = outcome.people
    assert sum(count for _, count in outcome.over) == outcome.windows_hit
    assert sum(hit.refused for hit in outcome.software) == outcome.refused
    assert sum(hit.requests for hit in outcome.purposes) == outcome.requests
    assert sum(hit.refused_bytes for hit in outcome.purposes) == outcome.refused_bytes
    return {
        "requests": outcome.requests,
        "units": outcome.units,
        "units_hit": outcome.units_hit,
        "windows": outcome.windows,
        "windows_hit": outcome.windows_hit,
        "refused": outcome.refused,
        "refused_bytes": outcome.refused_bytes,
        "purposes": {hit.name: hit.refused for hit in outcome.purposes if hit.refused},
        "dev": (people.dev_streams, people.dev_addresses, people.shared_addresses),
        "bystanders": people.bystanders,
        "ci": people.ci_runs,
        "furthest": outcome.furthest,
    }


def a_log(seed: int, count: int) -> tuple[list[Row], list[Row], list[Row]]:
    chance = random.Random(seed)
    clients = [{"client": n, "origin": chance.choice(["residential", "hyperscaler"])} for n in range(5)]
    streams = [
        {"stream": n, "client": n % 5, "purpose": PURPOSES[chance.randrange(6)], "software": f"tool-{n % 3}"}
        for n in range(12)
    ]
    facts = []
    for number in range(count):
        stream = chance.randrange(-1, 12)
        facts.append({
            "at": START + number * chance.choice((7.0, 7.0, 90.5)) + number / 1024, "stream": stream,
            "client": stream % 5 if stream >= 0 else chance.randrange(-1, 5),
            "network": (stream % 5) // 2 if stream >= 0 else -1, "consumer": 0 if stream > 3 else -1,
            "run": chance.randrange(4), "kind": chance.choice(["artifact", "metadata"]),
            "method": "GET", "ecosystem": "pypi", "sent": chance.randrange(-1, 2000),
        })  # fmt: skip
    for number, row in enumerate(sorted(facts, key=lambda row: row["at"])):
        row["at"] += number / 4096
    return facts, streams, clients


rules_ = st.builds(
    Rule,
    limit=st.integers(0, 40),
    bytes=st.just(False),
    window=st.sampled_from(sorted(WINDOWS)),
    per=st.sampled_from(sorted(PER)),
    where=st.lists(
        st.sampled_from([
            Condition("purpose", ("dev-install", ""), True), Condition("purpose", ("caching-proxy",), False),
            Condition("kind", ("artifact",), True), Condition("origin", ("residential",), False),
            Condition("software", ("tool-1", "tool-2"), True),
        ]), max_size=2,
    ).map(tuple),
)  # fmt: skip
byte_rules = rules_.map(lambda rule: Rule(rule.limit * 700, True, rule.window, rule.per, rule.where))


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.integers(0, 100), st.lists(st.one_of(rules_, byte_rules), min_size=1, max_size=3))
def test_outcomes_are_those_of_a_replay(seed: int, count: int, rules: list[Rule]) -> None:
    facts, streams, clients = a_log(seed, count)
    shuffled = list(facts)
    random.Random(seed).shuffle(shuffled)
    with load(shuffled, streams, clients) as engine:
        found = tiers(engine, rules)
    for number, rule in enumerate(rules):
        assert told(found[number]) == replay(rule, rules[:number], facts, streams, clients)
        assert found[number].total_requests == len(facts)


def fact(second: int, stream: int, **more: Any) -> Row:
    return {"at": START + second, "client": 0, "stream": stream, "sent": 100, "kind": "artifact", **more}


DEV = [{"stream": n, "client": 0, "purpose": "dev-install", "software": "pip"} for n in range(3)]


def test_an_office_behind_one_address() -> None:
    facts = [fact(n, 0) for n in range(10)] + [fact(20, 1), fact(21, 2)]
    with load(facts, DEV, [{"client": 0}]) as engine:
        outcome = simulate(engine, parse_rule("limit=5/hour per=address"))
        assert (outcome.units, outcome.units_hit, outcome.refused, outcome.refused_bytes) == (1, 1, 7, 700)
        people = outcome.people
        assert (people.dev_streams, people.dev_addresses, people.shared_addresses, people.bystanders) == (3, 1, 1, 2)
        assert dict(outcome.over)["to 5"] == 1
        assert outcome.furthest == 12 / 5
        fairer = simulate(engine, parse_rule("limit=5/hour per=stream"))
        assert (fairer.people.dev_streams, fairer.people.bystanders, fairer.refused) == (1, 0, 5)


def test_months_are_those_of_the_calendar() -> None:
    facts = [fact(0, 0), fact(3599, 0), fact(3600, 0), fact(86400 * 29, 0), fact(3600 + 86400 * 30, 0)]
    with load(facts, DEV) as engine:
        outcome = simulate(engine, parse_rule("limit=1/month"))
    assert (outcome.windows, outcome.windows_hit, outcome.refused) == (3, 2, 2)


def test_the_request_that_exceeds_a_limit_of_bytes_is_served() -> None:
    with load([fact(n, 0, sent=600) for n in range(4)], DEV) as engine:
        outcome = simulate(engine, parse_rule("limit=1KB/hour"))
    assert (outcome.refused, outcome.refused_bytes) == (2, 1200)


def test_a_request_is_under_the_first_rule_about_it() -> None:
    streams = [DEV[0], {"stream": 1, "client": 0, "purpose": "caching-proxy", "software": "devpi"}]
    facts = [fact(n, n % 2) for n in range(20)]
    with load(facts, streams) as engine:
        proxies, rest = tiers(
            engine, parse_tiers(["proxies: limit=9/hour where purpose=caching-proxy", "rest: limit=2/hour"])
        )
    assert (proxies.name, proxies.requests, proxies.refused, proxies.people.proxies) == ("proxies", 10, 1, 1)
    assert (rest.name, rest.requests, rest.refused, rest.people.proxies) == ("rest", 10, 8, 0)


def test_an_empty_log_refuses_nobody() -> None:
    with load([], []) as engine:
        outcome = simulate(engine, parse_rule("limit=1/hour"))
    assert (outcome.units, outcome.refused, outcome.furthest, outcome.purposes) == (0, 0, 0, ())


def test_values_cannot_become_sql() -> None:
    with load([fact(0, 0)], DEV) as engine:
        assert simulate(engine, parse_rule("limit=0/hour where software='); DROP TABLE facts; --")).requests == 0
        assert simulate(engine, parse_rule("limit=0/hour where software=pip")).refused == 1


@pytest.mark.parametrize("lines", [1, 3])
def test_nothing_is_left_behind(lines: int) -> None:
    with load([fact(n, 0) for n in range(lines)], DEV) as engine:
        simulate(engine, parse_rule("limit=1/hour"))
        left = engine.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'sim_%'").fetchall()
    assert left == []
