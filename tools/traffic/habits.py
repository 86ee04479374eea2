"""What people, builds and programs get used to: their projects, their tools, the ecosystems they know."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tools.traffic.agents import INSTALLERS, agent
from tools.traffic.behaviour import Batch, Replay, Streams, Tool, developing, tool
from tools.traffic.catalogue import Catalogue, Request, Shelf
from tools.traffic.chance import Urn, stream
from tools.traffic.knobs import Knobs
from tools.traffic.protocols import documents, install

_DIRECT = {"npm": (12, 260), "pypi": (9, 60), "maven": (12, 90), "cargo": (10, 120), "rubygems": (10, 70),
           "go": (9, 70), "debian": (8, 50)}  # fmt: skip


class Habits:
    """Makes behaviours. Whatever it makes depends on the generator of random numbers that is handed in."""

    def __init__(self, seed: int, knobs: Knobs, catalogue: Catalogue) -> None:
        self._seed, self._knobs, self.catalogue = seed, knobs, catalogue
        self._ecosystems = Urn(list(knobs.ecosystems), list(knobs.ecosystems.values()))

    def shelf(self, rng: Random, *, pages: bool = False) -> Shelf:
        """An ecosystem by its part of projects; `pages`: one whose packages have documents."""
        while True:
            shelf = self.catalogue.shelf(self._ecosystems.draw(rng))
            if not pages or shelf.ecosystem != "debian" or len(self._knobs.ecosystems) == 1:
                return shelf

    def only(self, wanted: str) -> Shelf:
        """This ecosystem, or the first there is."""
        known = self._knobs.ecosystems
        return self.catalogue.shelf(wanted if wanted in known else next(iter(known)))

    def turn(self, number: int, project: int) -> Shelf:
        """The ecosystem of an organisation's project, such that any few organisations show the whole mix."""
        at = (number * 0.754877666 + project * 0.569840291 + 0.37) % 1  # a low-discrepancy sequence, not chance
        return self.catalogue.shelf(self._ecosystems.at(at))

    def project(self, rng: Random, ci: str, *, shelf: Shelf | None = None, small: bool = False) -> list[Batch]:
        """A locked project: what one of its builds asks for, starting from nothing or from a cache."""
        shelf = shelf or self.shelf(rng)
        families = INSTALLERS[shelf.ecosystem]
        family = Urn([f for f, _ in families], [w for _, w in families]).draw(rng)
        direct, most = _DIRECT[shelf.ecosystem]
        most = 4 if small else max(4, min(3 * most, int(most * rng.lognormvariate(-0.5, 0.7))))
        packages = shelf.closure(rng, 2 if small else direct, most)
        picks = [(p, len(p.versions) - 1 if rng.random() < 0.6 else rng.randrange(len(p.versions))) for p in packages]
        says = self._knobs.declared.get(family, self._knobs.declared[""])
        text = agent(family, rng, ci if rng.random() < says else "")
        if ci and not small and rng.random() < self._knobs.cached:
            pages = [r for r in shelf.beginnings if r.item < 0] + documents(picks)
            requests = self.catalogue.unchanged(pages[: len(pages) // 2]) + pages[len(pages) // 2 :]
            requests += install(self.catalogue, family, picks[:3])
        else:
            requests = install(self.catalogue, family, picks)
        return [Batch(family, text, requests[:3] if small else requests)]

    def builds(self, rng: Random, number: int, ci: str, count: int, *, small: bool = False) -> tuple[Replay, str]:
        projects = [self.project(rng, ci, shelf=self.turn(number, i), small=small) for i in range(count)]
        return Replay(projects, [1 / (i + 1) for i in range(count)]), families_of(projects)

    def people(self, rng: Random, key: tuple[object, ...], count: int, mean: float) -> tuple[Streams, str]:
        tools = []
        for i in range(count):
            shelf = self.shelf(rng)
            families = INSTALLERS[shelf.ecosystem]
            family = Urn([f for f, _ in families], [w for _, w in families]).draw(rng)
            family = {"npm-ci": "npm", "pnpm-frozen": "pnpm"}.get(family, family)
            tools.append((shelf, family, rng.choice(("linux", "mac")) if family != "apt" else "linux", i))

        def begin() -> list[Tool]:
            found = []
            for shelf, family, platform, i in tools:
                own = stream(self._seed, *key, i)
                found.append(tool(family, developing(self.catalogue, family, shelf, own, platform), own, platform))
            return found

        return Streams(count, mean, begin), ",".join(sorted({family for _, family, _, _ in tools}))

    def one(self, family: str, requests: Iterator[Request], rng: Random, mean: float) -> tuple[Streams, str]:
        """One tool that goes on for ever."""
        return Streams(1, mean, lambda: [tool(family, requests, rng)]), family


def families_of(projects: list[list[Batch]]) -> str:
    """The families of tools in these projects, by name."""
    return ",".join(sorted({batch.family for project in projects for batch in project}))
