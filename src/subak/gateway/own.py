"""Our own pages: health, metrics, the JSON API and its description, the front page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec

from subak.errors import BadRequest, NotFound
from subak.model.exchange import Asked, Origin
from subak.pipeline.answer import Found, Held

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Page:
    """One path of ours."""

    path: str
    summary: str
    answer: Callable[[Asked], Awaitable[Found]]
    parameters: tuple[tuple[str, str], ...] = ()
    """(name, description) of query parameters."""
    api: bool = True


def page(body: bytes, content_type: str, *headers: tuple[str, str]) -> Found:
    """An answer made here and now."""
    return Found(
        Origin.OWN, Held(len(body), body), content_type=content_type, headers=(("cache-control", "no-store"), *headers)
    )


def json_page(value: object) -> Found:
    """The same from a value."""
    return page(msgspec.json.encode(value) + b"\n", JSON)


def argument(asked: Asked, name: str, default: str = "") -> str:
    """A query parameter. Raises BadRequest."""
    try:
        return parse_qs(asked.query, max_num_fields=32).get(name, [default])[0]
    except ValueError as error:
        raise BadRequest("the query has too many fields") from error


def number(asked: Asked, name: str, default: float) -> float:
    """A query parameter as a number above 0. Raises BadRequest."""
    text = argument(asked, name)
    try:
        value = float(text) if text else default
    except ValueError as error:
        raise BadRequest(f"{name} must be a number of seconds") from error
    if not 0 < value < 1e12:
        raise BadRequest(f"{name} must be above 0")
    return value


class OwnPages:
    """All paths that belong to no registry."""

    def __init__(self, pages: tuple[Page, ...], version: str) -> None:
        self._pages: Mapping[str, Page] = {p.path: p for p in pages}
        self._version = version

    async def __call__(self, asked: Asked) -> Found:
        """Answer. Raises NotFound, BadRequest."""
        if asked.path == "/-/api/openapi.json":
            return json_page(self.description())
        found = self._pages.get(asked.path)
        if found is None:
            raise NotFound("there is no such page; see / and /-/api/openapi.json")
        return await found.answer(asked)

    def description(self) -> dict[str, object]:
        """OpenAPI 3.1 of every page below /-/."""
        paths: dict[str, object] = {}
        for own in self._pages.values():
            if own.api:
                parameters = [
                    {"name": name, "in": "query", "description": text, "required": False, "schema": {"type": "string"}}
                    for name, text in own.parameters
                ]
                problem = {"description": "A problem document", "content": {"application/problem+json": {}}}
                paths[own.path] = {
                    "get": {
                        "summary": own.summary,
                        "parameters": parameters,
                        "responses": {"200": {"description": own.summary}, "default": problem},
                    }
                }
        return {"openapi": "3.1.0", "info": {"title": "Subak", "version": self._version}, "paths": paths}
