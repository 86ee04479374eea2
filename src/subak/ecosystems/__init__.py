"""The ecosystems served, by name; the only list."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import replace

from subak.ecosystems.base import Ecosystem, Hints
from subak.ecosystems.cargo import CARGO
from subak.ecosystems.composer import COMPOSER
from subak.ecosystems.conda import CONDA
from subak.ecosystems.debian import DEBIAN
from subak.ecosystems.go import GO
from subak.ecosystems.hf import HF
from subak.ecosystems.maven import MAVEN
from subak.ecosystems.npm import NPM
from subak.ecosystems.nuget import NUGET
from subak.ecosystems.oci import OCI
from subak.ecosystems.openvsx import OPENVSX
from subak.ecosystems.perl import PERL
from subak.ecosystems.pypi import PYPI
from subak.ecosystems.rubygems import RUBYGEMS
from subak.errors import ConfigError

ALL: tuple[Ecosystem, ...] = (
    PYPI, NPM, MAVEN, CARGO, GO, RUBYGEMS, COMPOSER, DEBIAN, OPENVSX, OCI, NUGET, CONDA, HF, PERL,
)  # fmt: skip
BY_NAME: dict[str, Ecosystem] = {e.name: e for e in ALL}


def family(name: str) -> str:
    """The ecosystem that a registry is of: 'debian' for 'debian' and for 'debian-security'."""
    return name.partition("-")[0]


def served(registries: Iterable[str] = ()) -> dict[str, Ecosystem]:
    """Every ecosystem, each followed by its further registries, which the settings name '<ecosystem>-<suffix>': the
    same ecosystem once more, below '/<ecosystem>-<suffix>/', with an upstream and stored files of its own. Nobody's
    settings are discovered for it, and no client is pointed at it alone. Raises ConfigError."""
    further = [_again(name) for name in registries if name not in BY_NAME]
    ordered = ((e, *(f for f in further if family(f.name) == e.name)) for e in ALL)
    return {e.name: e for row in ordered for e in row}


def _again(name: str) -> Ecosystem:
    ecosystem = BY_NAME.get(family(name))
    where = f"upstream.registries.{name}"
    if ecosystem is None:
        close = difflib.get_close_matches(family(name), BY_NAME, 1)
        near = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(BY_NAME)}"
        raise ConfigError(f"{where}: no ecosystem {family(name)!r}; {near}")
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name):
        raise ConfigError(f"{where}: name it like '{ecosystem.name}-internal', with nothing but a-z, 0-9 and '-'")
    if ecosystem.at:
        raise ConfigError(f"{where}: there can be one only, because its clients insist on {ecosystem.mount}/")
    title = f"{ecosystem.title}: {name.partition('-')[2]}"
    # What files are proved by (Go's checksum database) is found as for the first: no registry is trusted more.
    wanted = ecosystem.hints.further
    hints = Hints(builtin=ecosystem.hints.builtin, further=wanted) if wanted else Hints()
    return replace(ecosystem, name=name, title=title, hints=hints, clients=())
