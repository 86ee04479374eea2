"""One exchange, one line: written in parts, read back whole."""

from __future__ import annotations

import json
import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.model.exchange import Agent, Asked, Caller, Exchange, Kind, Origin, Sent, Subject, Verdict
from subak.model.reading import COLUMNS, HIT, Reading, asked_part, caller_part, compose, meter, outcome_part, parse

SUBJECT = Subject("npm", Kind.ARTIFACT, "tarball", "a/-/a-1.0.0.tgz", "a", "1.0.0", purl="pkg:npm/a@1.0.0")
CALLER = Caller(Agent("npm", "11.0.0", True), "addr:10.0.0.1", "anonymous")
X = Exchange(
    Asked("GET", "/npm/a/-/a-1.0.0.tgz", at=1_700_000_000.1234),
    SUBJECT,
    CALLER,
    Verdict(True, ""),
    Origin.UPSTREAM,
    sent=Sent(200, 10, 20, True),
    took=0.0123456,
)


def test_a_reading() -> None:
    assert parse(meter(X)) == Reading(
        1_700_000_000.123, "npm", "artifact", "pkg:npm/a@1.0.0", "addr:10.0.0.1", "anonymous", "npm", "11.0.0", True,
        "GET", 200, 10, 20, "miss", 12.346, "", "",
    )  # fmt: skip


def test_a_refusal_and_a_lost_client_are_readings() -> None:
    refused = replace(X, verdict=Verdict(False, "deny", "no"), origin=Origin.NOWHERE, sent=Sent(403, 5, 0, True))
    assert (parse(meter(refused)).rule, parse(meter(refused)).origin) == ("deny", "none")
    lost = replace(X, sent=Sent(200, 5, 20, False, "ClientGone"))
    assert (parse(meter(lost)).error, parse(meter(lost)).sent) == ("ClientGone", 5)


def test_nothing_known_is_still_a_reading() -> None:
    empty = parse(meter(Exchange(Asked("GET", "/"))))
    assert (empty.ecosystem, empty.kind, empty.status, empty.agent) == ("", "unknown", 0, "unknown")


def test_columns_and_fields_agree() -> None:
    sql = {float: {"DOUBLE"}, str: {"VARCHAR"}, bool: {"BOOLEAN"}, int: {"SMALLINT", "BIGINT"}}
    hints = typing.get_type_hints(Reading)
    assert tuple(COLUMNS) == Reading._fields
    assert all(COLUMNS[name] in sql[hints[name]] for name in COLUMNS)


def test_a_line_is_one_line_whatever_a_client_writes() -> None:
    odd = replace(X, caller=replace(CALLER, agent=Agent("a\nb\r\u2028", '"}{')), asked=replace(X.asked, method="G\n"))
    line = meter(odd)
    assert b"\n" not in line
    assert b"\r" not in line
    assert parse(line).agent == "a\nb\r\u2028"
    assert json.loads(line)["agent_version"] == '"}{'


@given(
    at=st.floats(0, 4e9), method=st.sampled_from(["GET", "HEAD"]), status=st.sampled_from([200, 304]),
    sent=st.integers(0, 2**50), took=st.floats(0, 1e5),
)  # fmt: skip
def test_the_ready_made_hit_says_the_same(at: float, method: str, status: int, sent: int, took: float) -> None:
    """The door formats hits by itself; both ways of writing must read the same."""
    long = outcome_part(at, method, status, sent, 0, Origin.CACHE, took, "", "")
    short = HIT % (at, method.encode(), status, sent, took * 1000)
    ours, theirs = (parse(compose(part, asked_part(SUBJECT), caller_part(CALLER))) for part in (long, short))
    assert ours._replace(at=0, ms=0) == theirs._replace(at=0, ms=0)
    assert theirs.at == pytest.approx(ours.at, abs=0.0011)
    assert theirs.ms == pytest.approx(ours.ms, abs=0.0011)


@given(st.text(), st.text(), st.text(), st.integers(0, 999), st.integers(0, 2**60))
def test_what_is_written_can_be_read(agent: str, purl: str, rule: str, status: int, size: int) -> None:
    x = replace(
        X,
        subject=replace(SUBJECT, purl=purl),
        caller=replace(CALLER, agent=Agent(agent)),
        verdict=Verdict(False, rule),
        sent=Sent(status, size),
    )
    row = parse(meter(x))
    assert (row.agent, row.purl, row.rule, row.status, row.sent) == (agent, purl, rule, status, size)


@pytest.mark.parametrize(
    "line", [b"", b"{", meter(X)[:-1], meter(X)[: len(meter(X)) // 2], b"[]", b"{}", b"null", b'{"at":1}', b"\xff",
             meter(X)[:-1] + b',"more":1}', meter(X) + meter(X)]
)  # fmt: skip
def test_torn_and_foreign_lines(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a reading"):
        parse(line)
