"""Every measure is one exact sentence with a unit, and everything named exists."""

from __future__ import annotations

import pytest

from subak.analytics.metrics.catalogue import (
    ALL_RUNGS,
    COLUMN_TYPES,
    DEFAULT,
    DIMENSIONS,
    JOINS,
    MEASURES,
    PARAMETERS,
    ROBOT_KINDS,
    ROBOT_PURPOSES,
    SHOWN,
)  # fmt: skip
from subak.analytics.software.record import KINDS, PURPOSES


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_says_what_it_is(name: str) -> None:
    measure = MEASURES[name]
    assert measure.definition.endswith(".")
    assert ". " not in measure.definition, "one sentence"
    assert measure.title
    assert measure.unit
    assert set(measure.parameters) <= PARAMETERS.keys()
    assert set(measure.rungs) <= set(ALL_RUNGS)
    assert ("rung" in measure.columns) == bool(measure.rungs)


def test_robots_are_known_kinds_and_purposes() -> None:
    assert set(ROBOT_KINDS) <= set(KINDS)
    assert set(ROBOT_PURPOSES) <= set(PURPOSES)


def test_what_needs_more_than_the_log_is_not_asked_by_default() -> None:
    assert set(MEASURES) - set(DEFAULT) == {"catalogue_coverage", "publish_lag", "freshness_chase", "avoidable_bounded"}


def test_dimensions_have_a_column() -> None:
    computed = {"hour", "day", "weekday"}
    assert {d.column for d in DIMENSIONS.values()} <= COLUMN_TYPES.keys() | computed
    assert all(own in COLUMN_TYPES for own, _, _ in JOINS.values())
    assert {"requests", "bytes", "downloads_rust_like", "addresses"} <= SHOWN.keys()
    assert not {"conditional_share", "metadata_ratio"} & SHOWN.keys()
