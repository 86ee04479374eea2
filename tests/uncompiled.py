"""Modules that Cython compiles, as plain Python: what their sources say, whatever was made of them."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subak import analytics

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner


def _source(name: str) -> Any:
    loader = SourceFileLoader(f"plain_{Path(name).name}", str(Path(analytics.__path__[0]) / f"{name}.py"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


NUMBERS = _source("logs/numbers")
STAMPS = _source("logs/stamps")
HASHING = _source("logs/hashing")
SCAN = _source("logs/scan")
SCAN.numbers, SCAN.stamps, SCAN.hashing = NUMBERS, STAMPS, HASHING
THINGS = _source("facts/things")
THINGS.hashing = HASHING


def scanner(key: bytes, since: float, until: float) -> Scanner:
    """`scan.Scanner` in plain Python."""
    made: Scanner = SCAN.Scanner(key, since, until)
    return made
