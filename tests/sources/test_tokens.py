"""Challenges, answers of token services, and what is remembered of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import UpstreamDown, UpstreamLied
from subak.sources.tokens import MOST, Challenge, Tokens, read_challenge, read_token

REALM = "https://token.example/token"
PULL = Challenge(REALM, "registry.example", "repository:library/hello:pull")


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([f'Bearer realm="{REALM}",service="registry.example",scope="repository:library/hello:pull"'], PULL),
        ([f'bearer  realm="{REALM}" , scope="a"'], Challenge(REALM, "", "a")),
        ([f"Bearer realm={REALM}"], Challenge(REALM)),
        ([f'Basic realm="x, Bearer y", Bearer realm="{REALM}", error="invalid_token"'], Challenge(REALM)),
        (['Basic realm="x"', f'Bearer realm="{REALM}"'], Challenge(REALM)),
        ([f'Bearer realm="{REALM}", Basic realm="x"'], Challenge(REALM)),
        ([r'Bearer realm="a\"b"'], Challenge('a"b')),
        (['Basic realm="x"'], None),
        (["Bearer"], None),
        (['Bearer service="x"'], None),
        (["Bearer dG9rZW4="], None),
        ([""], None),
        ([], None),
    ],
)
def test_read_challenge(values: list[str], want: Challenge | None) -> None:
    assert read_challenge(values) == want


@given(st.lists(st.text() | st.text('Bearer realm=",\\ ')))
def test_any_header_is_read(values: list[str]) -> None:
    found = read_challenge(values)
    assert found is None or found.realm


@pytest.mark.parametrize(
    ("challenge", "url"),
    [
        (Challenge(REALM), REALM),
        (Challenge(REALM, "a b"), f"{REALM}?service=a+b"),
        (Challenge(f"{REALM}?x=1", "", "a:b:pull c:d:pull"), f"{REALM}?x=1&scope=a%3Ab%3Apull&scope=c%3Ad%3Apull"),
    ],
)
def test_question(challenge: Challenge, url: str) -> None:
    assert challenge.question == url


@pytest.mark.parametrize(
    ("told", "text", "lasts"),
    [
        ({"token": "a", "expires_in": 300}, "a", 300),
        ({"access_token": "a", "token": ""}, "a", 60),
        ({"token": "a", "expires_in": "soon"}, "a", 60),
        ({"token": "a", "expires_in": True}, "a", 60),
        ({"token": "a", "expires_in": -1}, "a", 60),
    ],
)
def test_read_token(told: dict[str, object], text: str, lasts: float) -> None:
    found = read_token(json.dumps(told).encode())
    assert (found.text, found.lasts) == (text, lasts)


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists).map(lambda t: json.dumps(t).encode()))
def test_any_answer_is_a_token_or_a_lie(body: bytes) -> None:
    try:
        found = read_token(body)
    except UpstreamLied:
        return
    assert found.text.isascii()


class Service:
    """Hands out t1, t2, …; `lasts` seconds each."""

    def __init__(self, lasts: int = 300) -> None:
        self.now = 0.0
        self.issued = 0
        self.lasts = lasts
        self.tokens = Tokens(lambda: self.now)

    async def ask(self) -> bytes:
        self.issued += 1
        return json.dumps({"token": f"t{self.issued}", "expires_in": self.lasts}).encode()

    async def obtain(self, path: str, scope: str = PULL.scope, refused: str = "", ecosystem: str = "oci") -> str:
        return await self.tokens.obtain(
            ecosystem, f"https://registry.example{path}", Challenge(REALM, "r", scope), refused, self.ask
        )

    def known(self, path: str, ecosystem: str = "oci") -> str:
        return self.tokens.known(ecosystem, f"https://registry.example{path}")


async def test_a_token_is_known_where_its_scope_reaches() -> None:
    service = Service()
    assert service.known("/v2/library/hello/manifests/1") == ""
    assert await service.obtain("/v2/library/hello/manifests/1") == "t1"
    assert service.known("/v2/library/hello/blobs/sha256:0?x=1") == "t1"
    assert service.known("/v2/library/hello") == "t1"
    for path in ("/v2/library/other/manifests/1", "/v2/library/hello2/blobs/x", "/v2/", "/", "/other/library/hello/x"):
        assert service.known(path) == "", path
    assert service.known("/v2/library/hello/blobs/x", "npm") == ""
    assert service.tokens.known("oci", "http://registry.example/v2/library/hello/x") == ""


async def test_a_challenge_without_a_name_speaks_for_its_page() -> None:
    service = Service()
    await service.obtain("/v2/", "")
    assert (service.known("/v2/"), service.known("/"), service.known("/v3/")) == ("t1", "", "")


@pytest.mark.parametrize(("lasts", "until"), [(300, 270), (60, 30), (40, 20), (1, 0.5)])
async def test_tokens_end_before_their_time(lasts: int, until: float) -> None:
    service = Service(lasts)
    await service.obtain("/v2/library/hello/x")
    service.now = until - 0.01
    assert service.known("/v2/library/hello/x") == "t1"
    service.now = until
    assert service.known("/v2/library/hello/x") == ""


async def test_a_refused_token_is_not_given_again() -> None:
    service = Service()
    await service.obtain("/v2/library/hello/x")
    assert await service.obtain("/v2/library/hello/x", refused="t0") == "t1"
    assert await service.obtain("/v2/library/hello/x", refused="t1") == "t2"


async def test_a_service_that_gives_none_or_fails_leaves_nothing() -> None:
    service = Service()

    async def nothing() -> bytes:
        return b""

    async def down() -> bytes:
        raise UpstreamDown("down")

    assert await service.tokens.obtain("oci", "https://registry.example/a", PULL, "", nothing) == ""
    with pytest.raises(UpstreamDown):
        await service.tokens.obtain("oci", "https://registry.example/a", PULL, "", down)
    assert await service.obtain("/v2/library/hello/x") == "t1"


async def test_memory_is_bounded() -> None:
    service = Service()
    for number in range(MOST + 10):
        await service.obtain(f"/v2/r{number}/x", f"repository:r{number}:pull")
    assert len(service.tokens._tokens) <= MOST
    assert len(service.tokens._places) <= MOST
    assert service.tokens._asking == {}
