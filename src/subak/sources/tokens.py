"""Tokens that a registry sends us to fetch: read its challenge, ask its token service, remember the answer.

A registry may answer 401 with `WWW-Authenticate: Bearer realm="…",service="…",scope="…"`; the realm then hands out a
token for that scope (distribution specification, "Token Authentication"). Nothing here opens a connection: whoever
can, passes `ask`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from subak.errors import UpstreamLied

LARGEST = 2**18
"""Bytes of a token service's answer that are read."""
LASTS, MARGIN = 60.0, 30.0
"""Seconds that a token lasts when nobody says, and by how much too early it is thrown away: by half at most."""
MOST = 2000
"""Tokens that are remembered, and places whose scope is."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a 401 asks for."""

    realm: str
    service: str = ""
    scope: str = ""

    @property
    def question(self) -> str:
        """The realm's URL with the question."""
        rows = [("service", self.service)] if self.service else []
        rows += [("scope", scope) for scope in self.scope.split()]
        if not rows:
            return self.realm
        return f"{self.realm}{'&' if '?' in self.realm else '?'}{urlencode(rows)}"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token service hands out."""

    text: str
    lasts: float
    """Seconds."""


def read_challenge(values: Iterable[str]) -> Challenge | None:
    """The Bearer challenge among the values of WWW-Authenticate (RFC 9110 §11.6.1), None without one."""
    for value in values:
        begins = re.search(r"(?:^|,)\s*Bearer\s+(?=[\w-]+\s*=)", value, re.IGNORECASE)
        if not begins:
            continue
        rest, found = value[begins.end() :], dict[str, str]()
        while row := re.match(r'\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)', rest):
            found.setdefault(row[1].lower(), re.sub(r"\\(.)", r"\1", row[2]) if row[2] is not None else row[3])
            rest = rest[row.end() :]
        if found.get("realm"):
            return Challenge(found["realm"], found.get("service", ""), found.get("scope", ""))
    return None


def read_token(body: bytes) -> Token:
    """A token service's answer. Raises UpstreamLied."""
    try:
        told = json.loads(body)
        text = told.get("token") or told.get("access_token")
        lasts = told.get("expires_in")
    except (ValueError, AttributeError, RecursionError) as error:
        raise UpstreamLied("the token service sent something that is not a token") from error
    if not isinstance(text, str) or not re.fullmatch(r"[!-~]{1,16384}", text):
        raise UpstreamLied("the token service sent something that is not a token")
    known = isinstance(lasts, (int, float)) and not isinstance(lasts, bool) and 0 < lasts < 1e9
    return Token(text, float(lasts) if known else LASTS)


class Tokens:
    """Remembers tokens per ecosystem and challenge, and which challenge each part of a registry makes."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._tokens: dict[tuple[str, Challenge], tuple[str, float]] = {}
        self._places: dict[tuple[str, str], Challenge] = {}
        self._asking: dict[tuple[str, Challenge], asyncio.Lock] = {}

    def known(self, ecosystem: str, url: str) -> str:
        """A token that is likely to be wanted at `url`, '' if none is known: saves the 401."""
        place = _whole(url)
        while place:
            challenge = self._places.get((ecosystem, place))
            if challenge:
                return self._valid(ecosystem, challenge)
            place = place[: place.rstrip("/").rfind("/") + 1] if place.count("/") > 3 else ""
        return ""

    async def obtain(
        self, ecosystem: str, url: str, challenge: Challenge, refused: str, ask: Callable[[], Awaitable[bytes]]
    ) -> str:
        """The token for a challenge made at `url`: remembered, unless it is the one just `refused`, or asked for;
        '' when the service gives none (`ask` returns nothing).

        Raises UpstreamLied, and whatever `ask` raises. However many want the same token, one asks.
        """
        key = (ecosystem, challenge)
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                text = self._valid(*key)
                if not text or text == refused:
                    body = await ask()
                    if not body:
                        return ""
                    token = read_token(body)
                    text = token.text
                    self._keep(key, token)
                self._places[(ecosystem, _part(url, challenge))] = challenge
                return text
        finally:
            if not lock.locked():
                self._asking.pop(key, None)

    def _valid(self, ecosystem: str, challenge: Challenge) -> str:
        text, until = self._tokens.get((ecosystem, challenge), ("", 0.0))
        return text if self._monotonic() < until else ""

    def _keep(self, key: tuple[str, Challenge], token: Token) -> None:
        if len(self._tokens) >= MOST or len(self._places) >= MOST:
            self._tokens.clear()
            self._places.clear()
        self._tokens[key] = (token.text, self._monotonic() + token.lasts - min(MARGIN, token.lasts / 2))


def _whole(url: str) -> str:
    """scheme://host/path/ of a URL, always ending in '/'."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"


def _part(url: str, challenge: Challenge) -> str:
    """The part of a registry that a challenge speaks for: up to the repository's name, which its scope holds
    ('repository:<name>:pull'); without one, that very URL."""
    whole = _whole(url)
    name = challenge.scope.partition(" ")[0].partition(":")[2].rpartition(":")[0]
    found = whole.find(f"/{name}/") if name else -1
    return whole[: found + len(name) + 2] if found >= 0 else whole
