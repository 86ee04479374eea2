"""Real request lines and what each must mean: one row per thing we ever got wrong, one file per ecosystem."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subak.ecosystems import BY_NAME
from subak.ecosystems.base import Moved
from subak.errors import SubakError
from subak.model.exchange import Subject
from subak.pipeline.identify import MOVED
from subak.pipeline.identify import identify as named

FOLDER = Path(__file__).parent


def golden_rows() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.toml")):
        for row in tomllib.loads(file.read_text("utf-8"))["row"]:
            yield pytest.param(row, id=row["asked"])


def identify(asked: str) -> Subject | Moved:
    """What a request line 'GET /mount/…' means. Raises BadRequest, NotFound."""
    method, _, target = asked.partition(" ")
    path, _, query = target.partition("?")
    subject = named(method, path, BY_NAME, query)
    return Moved(subject.part) if subject.route == MOVED else subject


@pytest.mark.parametrize("row", list(golden_rows()))
def test_identify(row: dict[str, Any]) -> None:
    assert sorted(row.keys() - {"asked", "body", "agent", "why"}) in (["want"], ["moved"], ["error"])
    if "error" in row:
        with pytest.raises(SubakError) as caught:
            identify(row["asked"])
        assert type(caught.value).__name__ == row["error"]
        return
    named = identify(row["asked"])
    if "body" in row:
        assert isinstance(named, Subject)
        named = BY_NAME[named.ecosystem].question(named, row["body"].encode())
    if "moved" in row:
        assert named == Moved(row["moved"])
        return
    assert isinstance(named, Subject)
    assert row["want"]
    assert {key: str(getattr(named, key)) for key in row["want"]} == row["want"]
