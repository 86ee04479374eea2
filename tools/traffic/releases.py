"""Versions published within the window, and who comes for them: mirrors at once, people when they get to it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from packageurl import PackageURL
from tools.traffic import networks
from tools.traffic.actor import Actor
from tools.traffic.agents import agent
from tools.traffic.behaviour import Batch, Planned
from tools.traffic.catalogue import Catalogue, Package, Request
from tools.traffic.chance import stream
from tools.traffic.layouts import LAYOUTS
from tools.traffic.networks import CLOUDS, HOMES
from tools.traffic.rhythm import DAY, HOUR, Window

ROOM = 14
"""The /12 of each network that nobody else here uses."""

_MIRRORS = {"pypi": "bandersnatch", "npm": "npm-follower", "rubygems": "gem-mirror"}
_PEOPLE = {"pypi": "pip", "npm": "npm", "maven": "maven", "cargo": "cargo", "rubygems": "bundler", "go": "go"}


@dataclass(frozen=True, slots=True)
class Release:
    """One version that came out within the window."""

    package: Package
    version: str
    second: int
    files: Sequence[Request]
    """The file that installs take, then its companions."""


@dataclass(frozen=True, slots=True)
class Chasing:
    """Visits that were decided beforehand. `batches`: one for each."""

    batches: Sequence[Batch]

    def plan(self, rng: Random, budget: int) -> list[Planned]:
        return [Planned(len(batch.requests), i) for i, batch in enumerate(self.batches)]

    def run(self, rng: Random, planned: Planned) -> list[Batch]:
        return [self.batches[planned.choice]]


def publish(seed: int, count: int, catalogue: Catalogue, ecosystems: Sequence[str], window: Window) -> list[Release]:
    """`count` versions of popular packages, in order of time; the last tenth of the window is left to those who come.

    They are not among the versions that everybody else knows, so nobody asks for one before it is there.
    """
    rng = stream(seed, "releases")
    known = [e for e in ecosystems if e in _PEOPLE]
    found: dict[tuple[str, str], Release] = {}
    for second in sorted(rng.randrange(int(window.seconds * 0.9)) for _ in range(count if known else 0)):
        package = catalogue.shelf(rng.choice(known)).draw(rng)
        if (package.ecosystem, package.name) in found:
            continue  # one a package: which of two a client wants would be another question
        major, minor, _ = package.versions[-1].split(".")
        version = f"{major}.{int(minor) + 1}.0"
        files = _files(catalogue, package, version)
        found[package.ecosystem, package.name] = Release(package, version, second, files)
    return list(found.values())


def _files(catalogue: Catalogue, package: Package, version: str) -> list[Request]:
    """What an installer takes of it: sizes like those of the version before."""
    old = package.files(-1)
    sizes = {role: requests[0].sent for role, requests in old.items()}
    found = []
    for file in LAYOUTS[package.ecosystem].files(package.name, version, package.shape):
        if file.role in ("main", "linux", "note", "pom", "info"):
            host, told = old[file.role][0].host, version if file.version is None else file.version
            size = sizes[file.role] + 11
            found.append(catalogue.add(package.ecosystem, file.kind, host, file.path, size, package.name, told))
    return found


def chasers(seed: int, releases: Sequence[Release], window: Window) -> list[Actor]:
    """Those who come for them, with their visits; what falls behind the end of the window does not happen."""
    found = []
    for name, purpose, network, count, median, spread, wanted in (
        ("mirror", "mirror", "universities", 3, 3 * 60, 0.6, 1.0),
        ("update-bot", "update-bot", CLOUDS[0], 4, 25 * 60, 0.5, 0.3),
        ("proxy", "caching-proxy", CLOUDS[1], 6, 5 * HOUR, 0.9, 0.15),
        ("dev", "dev-install", HOMES[0], 60, 1.2 * DAY, 0.8, 0.06),
    ):
        for number in range(count):
            rng = stream(seed, "chase", name, number)
            visits = sorted(
                _visits(name, number, rng, releases, window.seconds, median, spread, wanted), key=lambda v: v[0]
            )
            if not visits:
                continue
            batches = [batch for _, batch in visits]
            found.append(
                Actor(
                    f"chase-{name}-org-{number}", purpose, batches[0].family, network, Chasing(batches),
                    tuple(networks.block(network, ROOM, number + 100 * len(name), 1)), "chase", 8.0,
                    name=f"chase-{name}-{number}", group=f"chase-{name}", budget=sum(len(b.requests) for b in batches),
                    moments=tuple(second for second, _ in visits),
                )
            )  # fmt: skip
    return found


def _visits(
    who: str, number: int, rng: Random, releases: Sequence[Release], end: int, median: float, spread: float, part: float
) -> Iterator[tuple[int, Batch]]:
    """When and for what one of them comes. Lags are log-normal."""
    told: dict[str, str] = {}
    for release in releases:
        ecosystem = release.package.ecosystem
        mine = (list(_MIRRORS) if who == "mirror" else list(_PEOPLE))[number % (3 if who == "mirror" else 6)]
        second = release.second + 1 + int(median * rng.lognormvariate(0, spread))
        if rng.random() >= part or second >= end or (who in ("mirror", "dev") and ecosystem != mine):
            continue
        family = {
            "mirror": _MIRRORS.get(ecosystem, ""), "update-bot": ("renovate", "dependabot")[number % 2],
            "proxy": ("nexus", "artifactory")[number % 2], "dev": _PEOPLE[ecosystem],
        }[who]  # fmt: skip
        text = told.setdefault(family, agent(family, rng))
        files = [] if who == "update-bot" else list(release.files)
        yield second, Batch(family, text, [release.package.page, *files])


def purl(ecosystem: str, name: str, version: str) -> str:
    """The package URL of one version."""
    kind = {"rubygems": "gem", "go": "golang"}.get(ecosystem, ecosystem)
    space, _, last = name.replace(":", "/").rpartition("/")
    return PackageURL(kind, space or None, last, version).to_string()


def write(path: Path, releases: Sequence[Release], window: Window) -> None:
    """The list that a registry would hand in: when which version was published (UTC)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("purl", "time"))
        for release in releases:
            at = window.start + timedelta(seconds=release.second)
            ecosystem, name = release.package.ecosystem, release.package.name
            version = f"v{release.version}" if ecosystem == "go" else release.version
            rows.writerow((purl(ecosystem, name, version), at.isoformat()))
