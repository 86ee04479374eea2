"""Real request lines and what each must mean: one row per thing we ever got wrong, one file per ecosystem."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subak.ecosystems import ALL
from subak.ecosystems.base import Moved, decode_path, match_route
from subak.errors import NotFound, SubakError
from subak.model.exchange import Subject

FOLDER = Path(__file__).parent


def golden_rows() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.toml")):
        for row in tomllib.loads(file.read_text("utf-8"))["row"]:
            yield pytest.param(row, id=row["asked"])


def identify(asked: str) -> Subject | Moved:
    """What a request line 'GET /mount/…' means. Raises BadRequest, NotFound."""
    _, _, target = asked.partition(" ")
    ecosystem = next(e for e in ALL if target.startswith(e.mount + "/") or target == e.mount)
    found = match_route(ecosystem.routes, decode_path(ecosystem.spell(target.removeprefix(ecosystem.mount))))
    if found is None:
        raise NotFound("no route")
    return ecosystem.subject(*found)


@pytest.mark.parametrize("row", list(golden_rows()))
def test_identify(row: dict[str, Any]) -> None:
    assert sorted(row.keys() - {"asked", "agent", "why"}) in (["want"], ["moved"], ["error"])
    if "error" in row:
        with pytest.raises(SubakError) as caught:
            identify(row["asked"])
        assert type(caught.value).__name__ == row["error"]
        return
    named = identify(row["asked"])
    if "moved" in row:
        assert named == Moved(row["moved"])
        return
    assert isinstance(named, Subject)
    assert row["want"]
    assert {key: str(getattr(named, key)) for key in row["want"]} == row["want"]
