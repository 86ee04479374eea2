"""Modules that Cython compiles, as plain Python: what their sources say, whatever was made of them."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subak.analytics import logs

if TYPE_CHECKING:
    from subak.analytics.logs.scan import Scanner


def _source(name: str) -> Any:
    loader = SourceFileLoader(f"plain_{name}", str(Path(logs.__path__[0]) / f"{name}.py"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


NUMBERS = _source("numbers")
STAMPS = _source("stamps")
SCAN = _source("scan")
SCAN.numbers, SCAN.stamps = NUMBERS, STAMPS


def scanner(key: bytes, since: float, until: float) -> Scanner:
    """`scan.Scanner` in plain Python."""
    made: Scanner = SCAN.Scanner(key, since, until)
    return made
