"""What serves where nothing is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec

import pytest

from subak.analytics.logs import scanning


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    scanning.compiled.cache_clear()
    yield
    scanning.compiled.cache_clear()


@pytest.mark.parametrize("origin", ["scan.py", None])
def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch, origin: str | None) -> None:
    spec = ModuleSpec("scan", None, origin=origin) if origin else None
    monkeypatch.setattr(scanning, "find_spec", lambda name: spec)
    assert not scanning.compiled()
    assert scanning.scanner(b"k" * 16, 0.0, 1e11) is None
    assert list(scanning.ends(["a", "", "bc"])) == [0, 1, 1, 3]


def test_with_one() -> None:
    assert scanning.compiled()
    assert scanning.scanner(b"k" * 32, 0.0, 1e11) is not None
    assert list(scanning.ends(["a", "", "bc"])) == [0, 1, 1, 3]
