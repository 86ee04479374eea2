"""Questions of editors: what is the same, what upstream is asked, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.openvsx.places import Place
from subak.ecosystems.openvsx.question import (
    ALL,
    LATEST_OF_EACH,
    MANY,
    NEWEST,
    NEWEST_OF_EACH,
    PATH,
    WHOLE,
    about_one,
    question,
)
from subak.errors import BadRequest
from subak.model.exchange import Kind, Subject

ASKED = Subject("openvsx", Kind.INDEX, "query", PATH)
EDITOR = ((8, "Microsoft.VisualStudio.Code"), (12, "4096"))
UUID = "3F2B7C1E-0000-4000-8000-000000000001"


def body(*criteria: tuple[int, str], flags: int = 950, editor: bool = True, **more: object) -> bytes:
    rows = [{"filterType": kind, "value": value} for kind, value in (*criteria, *(EDITOR if editor else ()))]
    row = {"criteria": rows, "pageNumber": 1, "pageSize": len(criteria), "sortBy": 0, "sortOrder": 0, **more}
    return json.dumps({"filters": [row], "assetTypes": ["x"], "flags": flags}).encode()


def sent(subject: Subject) -> dict[str, Any]:
    return dict(json.loads(subject.question))


def test_one_extension_by_its_name() -> None:
    subject = question(ASKED, body((7, "Acme.Hello")))
    assert (subject.kind, subject.route, subject.name) == (Kind.INDEX, "query", "Acme.Hello")
    assert subject.purl == "pkg:vscode-extension/acme/hello"
    assert (subject.key, subject.part) == (f"{PATH}/acme.hello?flags={WHOLE}", NEWEST)
    assert sent(subject) == {
        "filters": [
            {
                "criteria": [
                    {"filterType": 7, "value": "Acme.Hello"},
                    {"filterType": 8, "value": "Microsoft.VisualStudio.Code"},
                    {"filterType": 12, "value": "4096"},
                ],
                "pageNumber": 1, "pageSize": 1, "sortBy": 0, "sortOrder": 0,
            }
        ],
        "assetTypes": [],
        "flags": WHOLE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "part"), [(950, NEWEST), (439, ALL), (439 | LATEST_OF_EACH, NEWEST_OF_EACH), (0, ALL)]
)
def test_one_stored_answer_for_every_wish(flags: int, part: str) -> None:
    subject = question(ASKED, body((7, "acme.hello"), flags=flags))
    assert (subject.key, subject.part) == (f"{PATH}/acme.hello?flags={WHOLE}", part)


def test_update_checks_share_the_answer() -> None:
    latest = about_one(Place("ACME", "hello"), "latest", LATEST_OF_EACH)
    assert latest.key == question(ASKED, body((7, "acme.hello"))).key
    assert latest.part == NEWEST_OF_EACH


@pytest.mark.parametrize(
    "other",
    [
        body((7, "acme.hello"), editor=False),
        body((7, "ACME.hello"), pageSize=50, sortBy=4),
        body((7, "acme.hello"), (7, "acme.hello"), pageNumber=0),
        b'{"filters":[{"criteria":[{"filterType":7,"value":"acme.hello"}]}],"flags":950,"more":[1]}',
    ],
)
def test_the_same_question_in_other_words(other: bytes) -> None:
    assert question(ASKED, other).key == question(ASKED, body((7, "acme.hello"))).key


def test_flags_that_tell_more_make_another_question() -> None:
    assert question(ASKED, body((7, "acme.hello"), flags=950 | 0x8000)).key.endswith(f"?flags={WHOLE | 0x8000}")


@pytest.mark.parametrize(
    "criteria",
    [
        [(4, UUID)],
        [(7, "acme.hello"), (7, "acme.base")],
        [(7, "acme.hello"), (10, "text")],
        [(7, "acme.hello"), (8, "linux-x64")],
        [(7, "no name")],
        [(7, "")],
    ],
)
def test_other_questions_are_listings(criteria: list[tuple[int, str]]) -> None:
    subject = question(ASKED, body(*criteria))
    assert (subject.kind, subject.route, subject.name, subject.purl) == (Kind.LISTING, "search", "", "")
    assert (sent(subject)["flags"], subject.part) == (WHOLE, NEWEST), "all versions: some may be hidden"
    assert subject.key.startswith(f"{PATH}/")


def test_searches_and_long_lists_are_asked_as_they_are() -> None:
    many = [(4, f"3f2b7c1e-0000-4000-8000-{n:012}") for n in range(MANY + 1)]
    for criteria in ([(10, "python")], [], many):
        subject = question(ASKED, body(*criteria))
        assert (sent(subject)["flags"], subject.part) == (950, ALL)


def test_ids_are_the_same_in_any_case_and_any_order() -> None:
    one = question(ASKED, body((4, UUID), (4, UUID.replace("1", "2"))))
    two = question(ASKED, body((4, UUID.replace("1", "2").lower()), (4, UUID.lower())))
    assert one.key == two.key
    assert UUID in one.question.decode(), "upstream is asked with the spelling that came"


def test_searches_differ_by_everything_that_matters() -> None:
    bodies = [
        body((10, "a")), body((10, "b")), body((10, "A")), body((10, "a"), pageNumber=2), body((10, "a"), pageSize=9),
        body((10, "a"), sortBy=4), body((10, "a"), sortOrder=1), body((10, "a"), flags=439), body((5, "a")),
    ]  # fmt: skip
    assert len({question(ASKED, b).key for b in bodies}) == len(bodies)


@pytest.mark.parametrize(
    "broken",
    [
        b"", b"{", b"[]", b"null", b'{"filters":{}}', b'{"filters":[{"criteria":[{"value":"x"}]}]}', b"\xff",
        b'{"filters":[{"criteria":[{"filterType":"7","value":"x"}]}]}', b'{"flags":-1}', b'{"flags":99999999999}',
        b'{"filters":' + b"[" * 100_000, body(*[(7, f"a.b{n}") for n in range(1001)]),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_question(broken: bytes) -> None:
    with pytest.raises(BadRequest):
        question(ASKED, broken)


def test_the_keyed_path_stays_keyed() -> None:
    keyed = Subject("openvsx", Kind.INDEX, "query", PATH, keyed=True)
    assert question(keyed, body((7, "a.b"))).keyed
    assert question(keyed, body((10, "a"))).keyed


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda t: body((7, t))) | st.just(b"{}"))
def test_any_body_is_a_question_or_refused(data: bytes) -> None:
    try:
        subject = question(ASKED, data)
    except BadRequest:
        return
    again = question(ASKED, subject.question)
    assert again.key == subject.key, "a canonical question is its own canonical form"
    assert again.question == subject.question
