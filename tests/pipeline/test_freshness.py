"""What to do about a document: each case is a row."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import NotFound, SubakError, UpstreamDown
from subak.pipeline.freshness import Ask, Freshness, GiveUp, Seen, Step, Upstream, Use, good_until, next_step
from subak.ports import Document

FRESH = Freshness(fresh_for=300, behind=60, absent_for=30)
HELD = Document("toy", "index/a/", "https://registry.example/a/", 200, checked_at=1000, blob="b", size=1)
GONE = replace(HELD, gone=True)
ABSENT = replace(HELD, status=404, blob="", size=0)
DOWN = UpstreamDown("down")
UNTRIED, ANSWERED, FAILED = Upstream.UNTRIED, Upstream.ANSWERED, Upstream.FAILED


@pytest.mark.parametrize(
    ("seen", "age", "step"),
    [
        # fresh copies
        (Seen(HELD), 0, Use(HELD)),
        (Seen(HELD), 299.9, Use(HELD)),
        (Seen(HELD), -50, Use(HELD)),
        (Seen(HELD, ANSWERED), 0, Use(HELD)),
        (Seen(HELD, FAILED, DOWN), 10, Use(HELD)),
        (Seen(GONE), 0, Use(GONE, stale=True)),
        # a little old: at once, and look behind
        (Seen(HELD), 300, Use(HELD, stale=True, behind=True)),
        (Seen(HELD), 359.9, Use(HELD, stale=True, behind=True)),
        (Seen(GONE), 310, Use(GONE, stale=True, behind=True)),
        # old: ask, but not for ever
        (Seen(HELD), 360, Ask(patient=False)),
        (Seen(GONE), 10_000, Ask(patient=False)),
        # whatever upstream does, what we hold is served
        (Seen(HELD, FAILED, DOWN), 10_000, Use(HELD, stale=True)),
        (Seen(HELD, FAILED), 10_000, Use(HELD, stale=True)),
        (Seen(GONE, ANSWERED, NotFound("gone")), 10_000, Use(GONE, stale=True)),
        (Seen(HELD, ANSWERED), 10_000, Use(HELD)),
        # nothing held
        (Seen(None), 0, Ask(patient=True)),
        (Seen(None, FAILED, DOWN), 0, GiveUp(DOWN)),
        # absences
        (Seen(ABSENT), 31, Ask(patient=True)),
        (Seen(ABSENT, FAILED, DOWN), 31, GiveUp(DOWN)),
    ],
)
def test_next_step(seen: Seen, age: float, step: Step) -> None:
    assert next_step(seen, FRESH, 1000 + age) == step


@pytest.mark.parametrize(
    ("seen", "age"),
    [
        (Seen(ABSENT), 0), (Seen(ABSENT), 29.9), (Seen(ABSENT, FAILED, DOWN), 5), (Seen(ABSENT, ANSWERED), 31),
        (Seen(None, ANSWERED), 0), (Seen(None, FAILED), 0),
    ],
)  # fmt: skip
def test_absence(seen: Seen, age: float) -> None:
    step = next_step(seen, FRESH, 1000 + age)
    assert isinstance(step, GiveUp)
    assert isinstance(step.error, NotFound)


def test_always_asking_still_ends() -> None:
    """With no freshness at all the answer just fetched is served."""
    never = Freshness(0, 0, 0)
    assert next_step(Seen(HELD), never, 1000) == Ask(patient=False)
    assert next_step(Seen(HELD, ANSWERED), never, 1000) == Use(HELD)
    assert isinstance(next_step(Seen(ABSENT, ANSWERED), never, 1000), GiveUp)


def test_for_ever_is_for_ever() -> None:
    assert next_step(Seen(HELD), Freshness(float("inf"), 0, 0), 1e12) == Use(HELD)


DOCUMENTS = st.sampled_from([None, HELD, GONE, ABSENT])
ERRORS = st.sampled_from([None, DOWN, NotFound("no")])


@given(DOCUMENTS, st.sampled_from(Upstream), ERRORS, st.floats(-100, 1e6), st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_copy_always_serves_and_nothing_asks_twice(
    document: Document | None, upstream: Upstream, error: NotFound | UpstreamDown | None, age: float, fresh: float,
    behind: float,
) -> None:  # fmt: skip
    step = next_step(Seen(document, upstream, error), Freshness(fresh, behind, 30), 1000 + age)
    if document is not None and document.status == 200:
        assert not isinstance(step, GiveUp)
    if upstream is not UNTRIED:
        assert not isinstance(step, Ask)
    if isinstance(step, Use):
        assert step.document is document
        assert step.stale or not step.behind


def test_every_combination_has_an_answer() -> None:
    for document, upstream, error in product((None, HELD, GONE, ABSENT), Upstream, (None, DOWN)):
        assert isinstance(next_step(Seen(document, upstream, error), FRESH, 5000), (Use, Ask, GiveUp))


def test_good_until() -> None:
    assert good_until(HELD, FRESH) == 1300
    assert good_until(HELD, Freshness(float("inf"), 0, 0)) == float("inf")


@pytest.mark.parametrize(("optional", "error"), [(True, NotFound), (False, UpstreamDown)])
def test_an_absence_that_clients_expect_is_repeated(optional: bool, error: type[SubakError]) -> None:
    absence = Document("toy", "shards", "https://registry.example/shards", 404, checked_at=1000)
    failed = Seen(absence, Upstream.FAILED, UpstreamDown("down"))
    step = next_step(failed, replace(FRESH, optional=optional), 9000)
    assert isinstance(step, GiveUp)
    assert type(step.error) is error
