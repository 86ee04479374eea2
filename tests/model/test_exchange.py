"""The record of one request: absences have names, and a verdict insists."""

from __future__ import annotations

import pytest

from subak.errors import Refused, TooMany
from subak.model.exchange import (
    ADMITTED,
    NOT_JUDGED,
    NOTHING_SENT,
    UNCLASSIFIED,
    UNIDENTIFIED,
    UNPROVEN,
    Asked,
    Exchange,
    Kind,
    Origin,
    Verdict,
)


def test_a_new_exchange_knows_only_what_was_asked() -> None:
    x = Exchange(Asked("GET", "/"))
    assert (x.subject, x.caller, x.verdict) == (UNIDENTIFIED, UNCLASSIFIED, NOT_JUDGED)
    assert (x.origin, x.proof, x.sent, x.took) == (Origin.NOWHERE, UNPROVEN, NOTHING_SENT, 0.0)
    assert x.subject.kind is Kind.UNKNOWN
    assert x.caller.tier == "anonymous"


def test_the_agent_is_a_header() -> None:
    assert Asked("GET", "/", headers={"user-agent": "pip/25"}).agent == "pip/25"
    assert Asked("GET", "/").agent == ""


def test_admitted_passes() -> None:
    ADMITTED.require()


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (Verdict(False, "deny", "on the list"), Refused),
        (Verdict(False, "allowance", "too fast", 3), TooMany),
        (NOT_JUDGED, Refused),
    ],
)
def test_a_refusal_is_raised_with_its_rule(verdict: Verdict, error: type[Refused]) -> None:
    with pytest.raises(Refused) as caught:
        verdict.require()
    assert type(caught.value) is error
    assert (caught.value.rule, str(caught.value)) == (verdict.rule, verdict.reason)
    assert caught.value.retry_after == verdict.retry_after


def test_words_that_leave_the_house() -> None:
    """They stand in readings, in metrics and in the x-subak-cache header."""
    assert [str(o) for o in Origin] == ["none", "hit", "stale", "miss", "peer", "own"]
    assert [str(k) for k in Kind] == [
        "index", "listing", "artifact", "metadata", "config", "relay", "made", "derived", "own", "unknown",
    ]  # fmt: skip
