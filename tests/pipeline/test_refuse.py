"""A failure, told in every place where some client looks."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_world import TOY
from subak.errors import STATUS, Mismatch, NotAllowed, NotFound, Refused, SubakError, TooMany, Unauthorised
from subak.model.exchange import Asked, Exchange, Subject
from subak.pipeline.refuse import refusal
from subak.pipeline.serve import Refusal

NOWHERE = Exchange(Asked("GET", "/x"))
TOYS = Exchange(Asked("GET", "/toy/index/a/"), Subject("toy"))


def told(error: SubakError, x: Exchange = TOYS) -> Refusal:
    return refusal(error, x, {"toy": TOY}, "id-1")


@pytest.mark.parametrize("kind", list(STATUS), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("x", [NOWHERE, TOYS], ids=["nowhere", "toy"])
def test_every_failure_is_a_problem_document(kind: type[SubakError], x: Exchange) -> None:
    refused = told(kind("it broke", fix="Mend it."), x)
    problem = json.loads(refused.body)
    assert refused.status == problem["status"] == STATUS[kind]
    assert dict(refused.headers)["content-type"] == "application/problem+json"
    assert dict(refused.headers)["cache-control"] == "no-store"
    assert problem["detail"] == "it broke. Mend it."
    assert problem["title"] == kind.title
    assert problem["type"].startswith("tag:subak,2026:problem:")
    assert problem["instance"] == "urn:subak:request:id-1"
    assert problem.get("error", "") == (f"{kind.title}: it broke" if x is TOYS else "")
    assert dict(refused.headers).get("toy-notice", "") == (f"{kind.title}: it broke" if x is TOYS else "")


def test_types_are_dashed() -> None:
    assert json.loads(told(NotFound("x")).body)["type"].endswith(":not-found")
    assert json.loads(told(Mismatch("x")).body)["type"].endswith(":mismatch")


def test_a_refusal_names_its_rule() -> None:
    refused = told(Refused("on the list", rule="deny"))
    assert json.loads(refused.body)["rule"] == "deny"
    assert refused.reason == "Refused by policy: rule deny"
    assert "retry-after" not in dict(refused.headers)


def test_a_used_up_allowance_says_when_to_come_back() -> None:
    refused = told(TooMany("slowly", rule="allowance", retry_after=3))
    assert refused.status == 429
    assert dict(refused.headers)["retry-after"] == "3"
    assert json.loads(refused.body)["violated-policies"] == ["allowance"]


def test_who_needs_a_key_is_challenged() -> None:
    assert dict(told(Unauthorised("a key")).headers)["www-authenticate"].startswith("Basic ")
    assert "www-authenticate" not in dict(told(Refused("no")).headers)


def test_allowed_methods_are_named() -> None:
    assert dict(told(NotAllowed("no", allow=("GET", "POST"))).headers)["allow"] == "GET, POST"


@given(st.text(max_size=300), st.text(max_size=80))
def test_headers_and_phrase_stay_on_their_line(detail: str, rule: str) -> None:
    refused = told(Refused(detail, rule=rule))
    assert json.loads(refused.body)["detail"] == detail
    for text in (refused.reason, *(value for _, value in refused.headers)):
        assert text.isascii()
        assert text.isprintable()
    assert len(refused.reason) <= 60
    assert len(dict(refused.headers)["toy-notice"]) <= 200


def test_clients_that_print_the_body_get_text() -> None:
    plain = replace(TOY, plain_errors=True)
    exchange = Exchange(Asked("GET", "/toy/files/a"), Subject("toy"))
    told = refusal(Refused("a is on the list", rule="deny", fix="Ask."), exchange, {"toy": plain}, "id-1")
    assert dict(told.headers)["content-type"] == "text/plain; charset=utf-8"
    assert told.body.decode() == "Refused by policy: a is on the list\nAsk.\nRule: deny\nRequest: id-1\n"
