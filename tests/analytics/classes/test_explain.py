"""Explanations: what they say, and that they agree with the label."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tools.classes.world import Wanted, build

from subak.analytics import slices
from subak.analytics.classes.classify import classify
from subak.analytics.classes.decide import Evidence
from subak.analytics.classes.explain import explain, explain_consumer, explained
from subak.analytics.classes.pack import built_in
from subak.analytics.software.record import PURPOSES

PACK = built_in()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with build(Wanted(seed=901, lines=4000), tmp_path_factory.mktemp("world")) as engine:
        classify(engine)
        yield engine


def test_the_label_is_the_one_given(engine: duckdb.DuckDBPyConnection) -> None:
    for stream, purpose, posterior in engine.execute(
        "SELECT stream, purpose, posterior FROM streams LIMIT 12"
    ).fetchall():
        told = explain(engine, stream)
        assert (told.purpose, told.posterior) == (purpose, pytest.approx(posterior))
        assert told.runner_up != told.best
        assert all(a.weight >= b.weight > 0 for a, b in zip(told.support, told.support[1:], strict=False))


def test_a_consumer_is_all_its_streams(engine: duckdb.DuckDBPyConnection) -> None:
    consumer, streams = engine.execute(
        "SELECT consumer, count(DISTINCT stream) AS n FROM facts GROUP BY consumer ORDER BY n DESC LIMIT 1"
    ).fetchall()[0]
    told = explain_consumer(engine, consumer)
    assert len(told) == streams > 1
    assert [one.requests for one in told] == sorted((one.requests for one in told), reverse=True)


def test_of_a_log_that_is_too_large_for_memory_the_same_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with build(Wanted(seed=901, lines=500), tmp_path) as engine:
        consumer = engine.execute("SELECT consumer FROM facts GROUP BY 1 ORDER BY count(*) DESC, 1").fetchall()[0][0]
        told = explain_consumer(engine, consumer)
        engine.execute(f"SET temp_directory = '{tmp_path}'")
        monkeypatch.setattr(slices, "REQUEST_BYTES", 10**10)
        slices.settle(engine)
        assert slices.cut(engine)
        assert explain_consumer(engine, consumer) == told
        assert not engine.execute("SELECT 1 FROM duckdb_views() WHERE view_name = 'spells'").fetchall()


@pytest.mark.parametrize("ask", [explain, explain_consumer])
def test_nobody_of_that_number(engine: duckdb.DuckDBPyConnection, ask: object) -> None:
    with pytest.raises(KeyError):
        ask(engine, 10**8)  # type: ignore[operator]


def test_sentences() -> None:
    items = [
        Evidence(
            "declared",
            "declared",
            "declared",
            dict.fromkeys(PURPOSES, -3.0) | {"search": 3.5, "abuse": 0.0},
            "calls itself examplebot",
        ),
        Evidence("standing", "verified", "verified", {"abuse": 4.0, "search": -3.0}, "is not at home", "impersonator"),
        Evidence("origin", "network", "network", {"abuse": 1.0}, "comes from a network that hides its users"),
        Evidence("fleet", "contextual", "neighbours", {"search": 0.5}, "has several neighbours"),
    ]
    told = explained(0, "examplebot", 1234, items, PACK)
    lines = told.sentences()
    assert told.best == "abuse"
    assert lines[0].startswith("examplebot with 1234 requests: ")
    assert "For abuse: it is not at home (verified, +7.0)." in lines
    assert "Against: it calls itself examplebot (declared, -3.5)." in lines
    assert "Flag: impersonator." in lines


@pytest.mark.parametrize(
    ("items", "change"),
    [
        ([], "A range pack that tells what kind of network it comes from would change this."),
        (
            [Evidence("declared", "declared", "declared", {"ai-training": 3.0})],
            "A range pack that tells where its owner's crawlers come from would change this.",
        ),
        (
            [
                Evidence(
                    "declared", "declared", "declared", {"mirror": 4.0, "dev-install": -3.0}, "calls itself a mirror"
                )
            ],
            "It would be unknown if it were not known that it calls itself a mirror.",
        ),
        (
            [
                Evidence(
                    "declared", "declared", "declared", {"mirror": 4.0, "dev-install": -3.0}, "calls itself a mirror"
                ),
                Evidence("breadth", "behavioural", "verified", {"mirror": 4.0, "dev-install": -4.0}, "takes it all"),
            ],
            "No single thing would change this.",
        ),
    ],
)
def test_what_would_change_it(items: list[Evidence], change: str) -> None:
    assert explained(0, "x", 1, items, PACK).change == change
