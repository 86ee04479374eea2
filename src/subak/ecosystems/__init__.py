"""The ecosystems served, by name; the only list."""

from __future__ import annotations

from subak.ecosystems.base import Ecosystem
from subak.ecosystems.cargo import CARGO
from subak.ecosystems.composer import COMPOSER
from subak.ecosystems.debian import DEBIAN
from subak.ecosystems.go import GO
from subak.ecosystems.maven import MAVEN
from subak.ecosystems.npm import NPM
from subak.ecosystems.oci import OCI
from subak.ecosystems.pypi import PYPI
from subak.ecosystems.rubygems import RUBYGEMS

ALL: tuple[Ecosystem, ...] = (PYPI, NPM, CARGO, RUBYGEMS, GO, COMPOSER, MAVEN, OCI, DEBIAN)
BY_NAME: dict[str, Ecosystem] = {e.name: e for e in ALL}
