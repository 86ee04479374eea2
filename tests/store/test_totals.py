"""Totals only grow, stay few, and add up however the requests are split."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.model.exchange import Agent, Caller, Kind, Origin, Subject
from subak.model.reading import HIT, asked_part, caller_part, compose, outcome_part
from subak.store.totals import BUCKETS, MOST_AGENTS, Snapshot, Tally, Totals, read_snapshots

ASKED = asked_part(Subject(ecosystem="npm", kind=Kind.ARTIFACT, purl="pkg:npm/demo@1.0.0"))


def caller(family: str, ci: bool = False) -> bytes:
    return caller_part(Caller(agent=Agent(family, "1", ci)))


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (0.0001, 0), (0.00011, 1), (1.0, BUCKETS.index(1.0)), (300.0, len(BUCKETS) - 1), (301.0, len(BUCKETS))],
)
def test_a_duration_falls_in_the_first_bucket_that_reaches_it(seconds: float, bucket: int) -> None:
    tally = Tally("", "", "", 200, "", False)
    tally.add(1, 2, seconds)
    assert tally.buckets.index(1) == bucket
    assert (tally.requests, tally.sent, tally.fetched, tally.seconds) == (1, 1, 2, seconds)


@given(st.lists(st.tuples(st.sampled_from(["npm", "yarn"]), st.booleans(), st.integers(0, 9), st.booleans())))
def test_a_plain_hit_counts_as_its_line_does(rows: list[tuple[str, bool, int, bool]]) -> None:
    quick, slow = Totals(), Totals()
    for family, ci, sent, as_line in rows:
        line = compose(HIT % (1.0, b"GET", 200, sent, 250.0), ASKED, caller(family, ci))
        slow.count(line)
        if as_line:
            quick.count(line)
        else:
            quick.plain(ASKED, caller(family, ci), 200).add(sent, 0, 0.25)
    assert quick.snapshot("w") == slow.snapshot("w")


def test_made_up_agents_are_counted_together() -> None:
    totals = Totals()
    for number in range(3 * MOST_AGENTS):
        totals.plain(ASKED, caller(f"tool{number}"), 200).add(1, 0, 0.1)
        totals.count(compose(outcome_part(1, "GET", 200, 1, 0, Origin.CACHE, 0.1, "", ""), ASKED, caller(f"x{number}")))
    tallies = totals.snapshot("w").tallies
    assert len(tallies) <= MOST_AGENTS + 1
    assert sum(t.requests for t in tallies) == 6 * MOST_AGENTS
    assert "other" in {t.agent for t in tallies}


def test_what_is_no_reading_is_not_counted() -> None:
    totals = Totals()
    for line in (b"{}", b"nonsense", b'{"ecosystem":1}'):
        with pytest.raises(ValueError, match=r"."):
            totals.count(line)
    with pytest.raises(ValueError, match=r"."):
        totals.plain(b"nonsense", caller("npm"), 200)
    assert totals.snapshot("w").tallies == []


def test_snapshots_that_cannot_be_read_or_have_other_buckets_are_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    good = Snapshot("w0", 3, [Tally("npm", "index", "hit", 200, "npm", False)])
    old = Snapshot("w1", 0, [Tally("npm", "index", "hit", 200, "npm", False, buckets=[1, 2])])
    (folder / "w0.totals").write_bytes(msgspec.json.encode(good))
    (folder / "w1.totals").write_bytes(msgspec.json.encode(old))
    (folder / "w2.totals").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert read_snapshots(tmp_path) == [good]
    assert "w2.totals" in caplog.text
    assert read_snapshots(tmp_path / "nowhere") == []


@given(st.lists(st.one_of(st.floats(0, 20), st.sampled_from(BUCKETS)), max_size=50), st.integers(0, 10**9))
def test_many_at_once_count_as_one_by_one(seconds: list[float], sent: int) -> None:
    together, single = (
        Tally("pypi", "index", "hit", 200, "pip", False),
        Tally("pypi", "index", "hit", 200, "pip", False),
    )
    together.add_many(sent, list(seconds))
    for one in seconds:
        single.add(sent, 0, one)
    assert together.buckets == single.buckets
    assert (together.requests, together.sent) == (single.requests, single.sent)
    assert together.seconds == pytest.approx(single.seconds)
