"""The interval from sketches holds what brute force over all registries' logs says."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.privacy.tables import tables
from subak.analytics.privacy import sketches
from subak.analytics.privacy.concentration import TopShare, concentration, distinct
from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.sketches import Sketch, merge, sketch

KEYS = derive(b"k" * 32, "2026-10")
_ENGINE = duckdb.connect(config={"threads": 1})


def registry(units: dict[int, tuple[int, int]], seed: int = 1) -> Sketch:
    """The sketch of a log: unit → requests, bytes of each. Consumers stand for all three rungs."""
    numbers = sorted(units)
    with _ENGINE.cursor() as engine:
        tables(engine)
        engine.execute(
            "INSERT INTO consumers (consumer, name) SELECT n, 'c-' || n FROM (SELECT unnest($numbers) AS n)",
            {"numbers": numbers},
        )
        engine.execute(
            'INSERT INTO facts ("at", client, network, consumer, sent) SELECT 0, -1, -1, n, size FROM (SELECT'
            " unnest($numbers) AS n, unnest($times) AS times, unnest($sizes) AS size), LATERAL range(times)",
            {"numbers": numbers, "times": [units[n][0] for n in numbers], "sizes": [units[n][1] for n in numbers]},
        )
        return sketch(engine, KEYS, random.Random(seed).randbytes)


def truth(registries: Sequence[dict[int, tuple[int, int]]], top: Fraction) -> tuple[int, float, float]:
    """How many units, and what the top has of requests and bytes; by adding up."""
    requests: Counter[int] = Counter()
    sent: Counter[int] = Counter()
    for units in registries:
        for unit, (times, size) in units.items():
            requests[unit] += times
            sent[unit] += times * size
    few = math.ceil(len(requests) * top)

    def share(weights: Counter[int]) -> float:
        return sum(value for _, value in weights.most_common(few)) / max(1, weights.total())

    return len(requests), share(requests), share(sent)


def check(registries: Sequence[dict[int, tuple[int, int]]], top: Fraction) -> tuple[TopShare, TopShare]:
    found = concentration(merge(registry(units, seed) for seed, units in enumerate(registries)), top)
    requests, sent = found
    count, by_requests, by_bytes = truth(registries, top)
    assert requests.units[0] <= count <= requests.units[1]
    assert requests.heaviest[0] <= math.ceil(count * top) <= requests.heaviest[1]
    assert requests.share[0] <= by_requests + 1e-12
    assert by_requests <= requests.share[1] + 1e-12
    assert sent.share[0] <= by_bytes + 1e-12
    assert by_bytes <= sent.share[1] + 1e-12
    return requests, sent


def heavy_tailed(count: int, seed: int, start: int = 0) -> dict[int, tuple[int, int]]:
    """Few ask a lot."""
    chance = random.Random(seed)
    return {start + n: (max(1, int(20_000 / (n + 1) ** 1.2)), chance.randrange(1, 5000)) for n in range(count)}


def test_one_registry_is_known_closely() -> None:
    requests, sent = check([heavy_tailed(5000, 1)], Fraction(1, 100))
    assert requests.share[1] - requests.share[0] < 0.01
    assert sent.share[1] - sent.share[0] < 0.01
    assert requests.publishable
    assert (requests.unit, requests.weight, sent.weight, requests.parts) == ("consumer", "requests", "bytes", 1)


def test_registries_with_the_same_clients() -> None:
    registries = [heavy_tailed(4000, seed, start=200 * seed) for seed in range(4)]
    requests, _ = check(registries, Fraction(1, 100))
    assert requests.share[1] - requests.share[0] < 0.06


def test_registries_with_nothing_in_common() -> None:
    registries = [heavy_tailed(3000, seed, start=10_000 * seed) for seed in range(3)]
    requests, _ = check(registries, Fraction(1, 100))
    assert requests.share[1] - requests.share[0] < 0.06


def test_more_than_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketches, "HEADS", 30)
    registries = [heavy_tailed(4000, seed, start=1000 * seed) for seed in range(3)]
    requests, _ = check(registries, Fraction(1, 20))
    assert requests.share[1] - requests.share[0] < 0.25


def test_a_client_that_dominates_is_not_for_publication() -> None:
    units = dict.fromkeys(range(3000), (25, 10)) | {0: (400_000, 10)}
    requests, _ = check([units], Fraction(1, 100))
    assert not requests.publishable
    assert not check([dict.fromkeys(range(300), (25, 10))], Fraction(1, 100))[0].publishable, "three are too few"


def test_units_that_a_part_lacks_are_not_compared() -> None:
    one, two = registry(heavy_tailed(100, 1)), registry(heavy_tailed(100, 2), 2)
    (part,) = two.parts
    level = part.levels[0]
    alone = Sketch(
        epoch=two.epoch,
        key=two.key,
        parts=(sketches.Part("", 0, 0, (sketches.msgspec.structs.replace(level, unit="client"),)),),
    )
    assert concentration(merge([one, alone])) == ()
    assert len(concentration(merge([one, two]))) == 2
    with pytest.raises(ValueError, match="part"):
        concentration(one, Fraction(0))


def test_many_registries_count_a_client_once() -> None:
    parts = [registry(dict.fromkeys(range(3000), (1, 1)), seed).parts[0].levels[0] for seed in range(4)]
    low, high = distinct(parts)
    assert low <= 3000 <= high < 5500


times_ = st.one_of(st.integers(1, 60), st.integers(1, 3000))
units_ = st.dictionaries(st.integers(0, 70), st.tuples(times_, st.integers(0, 10**6)), min_size=20, max_size=60)


@settings(max_examples=25)
@given(st.lists(units_, min_size=1, max_size=3), st.fractions(Fraction(1, 200), 1, max_denominator=200))
def test_the_interval_holds_the_truth(registries: list[dict[int, tuple[int, int]]], top: Fraction) -> None:
    check(registries, top)
