"""The ecosystems served, by name; the only list."""

from __future__ import annotations

from subak.ecosystems.base import Ecosystem
from subak.ecosystems.npm import NPM
from subak.ecosystems.pypi import PYPI

ALL: tuple[Ecosystem, ...] = (PYPI, NPM)
BY_NAME: dict[str, Ecosystem] = {e.name: e for e in ALL}
