"""Limits as people write them, and what they are told when they mistype one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.limits import Condition, Rule, parse_rule, parse_tiers
from subak.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("limit=1000/hour", Rule(1000, False, "hour")),
        ("limit=10GB/day per=consumer", Rule(10 * 10**9, True, "day", "consumer")),
        ("limit=1gib/6h per=network", Rule(2**30, True, "6h", "network")),
        (
            "limit=1000/hour per=address where purpose!=caching-proxy",
            Rule(1000, False, "hour", where=(Condition("purpose", ("caching-proxy",), False),)),
        ),
        (
            "crawlers: per=stream  limit=0/month kinds=artifact,metadata"
            " where purpose=search,ai-training and origin!=,education",
            Rule(
                0, False, "month", "stream",
                (
                    Condition("kind", ("artifact", "metadata"), True),
                    Condition("purpose", ("search", "ai-training"), True),
                    Condition("origin", ("", "education"), False),
                ),
                "crawlers",
            ),
        ),
        (
            "limit=5/minute where consumer=Rice: Bank",
            Rule(5, False, "minute", where=(Condition("consumer", ("Rice: Bank",), True),)),
        ),
    ],
)  # fmt: skip
def test_rules(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


def test_a_rule_in_words() -> None:
    rule = parse_rule("limit=2KB/day per=network where purpose!=monitor,search")
    assert str(rule) == "2000 bytes per network and day where purpose!=monitor,search"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "needs a limit"),
        ("per=address", "needs a limit"),
        ("limit=1000", "no limit"),
        ("limit=many/hour", "no limit"),
        ("limit=-1/hour", "no limit"),
        ("limit=1000/hours", "did you mean 'hour'"),
        ("limit=1/hour limit=2/hour", "no part"),
        ("limit=1/hour pre=address", "did you mean 'per'"),
        ("limit=1/hour per=adress", "did you mean 'address'"),
        ("limit=1/hour kinds=artefact", "did you mean 'artifact'"),
        ("limit=1/hour where purpos=search", "did you mean 'purpose'"),
        ("limit=1/hour where purpose=crawler", "no purpose"),
        ("limit=1/hour where purpose", "no condition"),
        ("limit=1/hour where purpose=search and", "no condition|no purpose"),
        ("\x1b[31m: limit=1/hour", "printable"),
    ],
)
def test_mistakes_are_told(text: str, complaint: str) -> None:
    with pytest.raises(BadRequest, match=complaint):
        parse_rule(text)


@given(st.one_of(st.text(max_size=60), st.text("limtperwh=/10GBour ,!:", max_size=60)))
def test_any_text_is_a_rule_or_told(text: str) -> None:
    complaint = ""
    try:
        rule = parse_rule(text)
    except BadRequest as error:
        complaint = str(error)
    else:
        assert rule.limit >= 0
    assert complaint.isprintable()


def test_tiers_have_names_of_their_own() -> None:
    assert [rule.name for rule in parse_tiers(["a: limit=1/hour", "limit=2/hour", "limit=2/hour"])] == ["a", "", ""]
    for texts in ([], ["a: limit=1/hour", "a: limit=2/hour"]):
        with pytest.raises(BadRequest):
            parse_tiers(texts)
