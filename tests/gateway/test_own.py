"""Our own pages as a table, and how their arguments are read."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

import pytest

from subak.errors import BadRequest, NotFound
from subak.gateway.own import OwnPages, Page, argument, json_page, number, page
from subak.model.exchange import Asked, Origin
from subak.pipeline.answer import Found, Held


def answer(text: str) -> Callable[[Asked], Awaitable[Found]]:
    async def answered(asked: Asked) -> Found:
        return json_page({"said": text, "argument": argument(asked, "a", "none")})

    return answered


PAGES = OwnPages(
    (
        Page("/", "Front", answer("front"), api=False),
        Page("/-/health", "Health", answer("health")),
        Page("/-/api/v1/stats", "Stats", answer("stats"), (("since", "seconds"),)),
    ),
    "1.2.3",
)


def text(found: Found) -> bytes:
    assert isinstance(found.body, Held)
    assert found.body.data is not None
    assert found.body.size == len(found.body.data)
    return found.body.data


async def test_a_page_answers_at_its_path() -> None:
    found = await PAGES(Asked("GET", "/-/health", "a=b%20c"))
    assert json.loads(text(found)) == {"said": "health", "argument": "b c"}
    assert (found.origin, found.content_type) == (Origin.OWN, "application/json")
    assert ("cache-control", "no-store") in found.headers


@pytest.mark.parametrize("path", ["/-/", "/-/nothing", "/-/health/", "/-/api/v1/stats/x", "/-/%68ealth", "//", ""])
async def test_elsewhere_is_nothing(path: str) -> None:
    with pytest.raises(NotFound):
        await PAGES(Asked("GET", path))


async def test_the_description_names_every_page_of_the_api() -> None:
    document = json.loads(text(await PAGES(Asked("GET", "/-/api/openapi.json"))))
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == "1.2.3"
    assert list(document["paths"]) == ["/-/health", "/-/api/v1/stats"]
    (parameter,) = document["paths"]["/-/api/v1/stats"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"]) == ("since", "query")


@pytest.mark.parametrize(
    ("query", "value"),
    [("", 9.0), ("n=5", 5.0), ("n=1.5", 1.5), ("n=1e3", 1000.0), ("n=7&n=8", 7.0), ("n=", 9.0), ("m=1", 9.0)],
)
def test_numbers(query: str, value: float) -> None:
    assert number(Asked("GET", "/", query), "n", 9.0) == value


@pytest.mark.parametrize("query", ["n=x", "n=-1", "n=0", "n=nan", "n=inf", "n=1e12", "n=1_0x", "&".join(["a=1"] * 99)])
def test_what_is_no_number(query: str) -> None:
    with pytest.raises(BadRequest):
        number(Asked("GET", "/", query), "n", 9.0)


def test_a_page_may_have_more_headers() -> None:
    found = page(b"<h1>", "text/html", ("content-security-policy", "default-src 'none'"))
    assert found.headers == (("cache-control", "no-store"), ("content-security-policy", "default-src 'none'"))
