"""Real request lines, from tests/golden, and what they mean."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from subak.ecosystems import BY_NAME
from subak.ecosystems.base import Ecosystem, Site
from subak.model.exchange import Kind, Subject
from subak.pipeline.identify import identify

GOLDEN = Path(__file__).parents[1] / "golden"
SITE = Site("https://registry.example/", further={"sumdb": "sum.example+00000000+AQ=="})
MUTABLE = (Kind.INDEX, Kind.LISTING, Kind.CONFIG)


def named(ecosystem: Ecosystem) -> str:
    """For test ids."""
    return ecosystem.name


@cache
def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((GOLDEN / f"{name}.toml").read_text("utf-8"))["row"]
    return found


def rows(ecosystem: Ecosystem) -> list[dict[str, Any]]:
    """The ecosystem's golden rows."""
    return _read(ecosystem.name)


def target(asked: str) -> tuple[str, str, str]:
    """'GET /npm/a?x=1' as method, path, query."""
    method, _, rest = asked.partition(" ")
    path, _, query = rest.partition("?")
    return method, path, query


def meaning(asked: str, body: str = "") -> Subject:
    """What a request line, and the body of a POST, mean. Raises as `identify` does."""
    method, path, query = target(asked)
    subject = identify(method, path, BY_NAME, query)
    return BY_NAME[subject.ecosystem].question(subject, body.encode()) if body else subject
