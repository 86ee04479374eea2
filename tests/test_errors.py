"""Every failure has a status, a title and room for what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from subak.errors import STATUS, NotAllowed, NotFound, Refused, SubakError, TooMany


def kinds(parent: type[SubakError] = SubakError) -> Iterator[type[SubakError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_of_failure_has_a_status() -> None:
    named = {kind for kind in kinds() if kind.__module__.startswith("subak.")}
    assert named == set(STATUS)


@pytest.mark.parametrize("kind", list(STATUS), ids=lambda kind: kind.__name__)
def test_each_says_what_it_is(kind: type[SubakError]) -> None:
    assert 400 <= STATUS[kind] <= 599
    assert kind.title != SubakError.title
    assert kind.title.isascii()  # it becomes a reason phrase
    assert kind.__doc__
    error = kind("detail", fix="fix")
    assert (str(error), error.detail, error.fix, error.retry_after) == ("detail", "detail", "fix", 0)


def test_titles_tell_failures_apart() -> None:
    assert len({kind.title for kind in STATUS}) == len(STATUS)


def test_what_else_a_failure_may_carry() -> None:
    assert NotFound("gone").fix == ""
    assert NotFound("gone", retry_after=7).retry_after == 7
    assert NotAllowed("no").allow == ("GET", "HEAD")
    assert NotAllowed("no", allow=("POST",)).allow == ("POST",)


@pytest.mark.parametrize("kind", [Refused, TooMany])
def test_refusals_name_their_rule(kind: type[Refused]) -> None:
    assert kind("no", rule="deny").rule == "deny"
    assert kind("no").rule == ""
