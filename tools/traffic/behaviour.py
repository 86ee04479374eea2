"""What actors do in one run: replay a locked project, or go on with a stream of requests that never ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Protocol

from tools.traffic.agents import agent
from tools.traffic.catalogue import Catalogue, Package, Request, Shelf
from tools.traffic.chance import Urn
from tools.traffic.protocols import archives, documents, everything, install


@dataclass(frozen=True, slots=True)
class Batch:
    """Requests that one tool makes in one go."""

    family: str
    agent: str
    requests: Sequence[Request]


@dataclass(frozen=True, slots=True)
class Planned:
    """One run to come: how many requests, and which of the behaviour's choices."""

    length: int
    choice: int


class Behaviour(Protocol):
    """What the scheduler knows of an actor."""

    def plan(self, rng: Random, budget: int) -> list[Planned]:
        """Runs whose lengths add up to the budget."""

    def run(self, rng: Random, planned: Planned) -> list[Batch]:
        """Exactly `planned.length` requests."""


def _cut(batches: Sequence[Batch], length: int) -> list[Batch]:
    found, left = [], length
    for batch in batches:
        if left <= 0:
            break
        found.append(batch if len(batch.requests) <= left else Batch(batch.family, batch.agent, batch.requests[:left]))
        left -= len(batch.requests)
    return found


class Replay:
    """The same projects again and again, from nothing each time: what CI, image builds, scripts and monitors do."""

    def __init__(self, projects: Sequence[Sequence[Batch]], weights: Sequence[float]) -> None:
        self._projects = projects
        self._lengths = [sum(len(b.requests) for b in project) for project in projects]
        self._urn = Urn(range(len(projects)), weights)

    def plan(self, rng: Random, budget: int) -> list[Planned]:
        found = []
        while budget > 0:
            choice = self._urn.draw(rng)
            length = min(budget, self._lengths[choice])
            found.append(Planned(length, choice))
            budget -= length
        return found

    def run(self, rng: Random, planned: Planned) -> list[Batch]:
        batches = _cut(self._projects[planned.choice], planned.length)
        return [
            Batch(b.family, b.agent[:-16] + f"{rng.getrandbits(64):016x}", b.requests) if b.family == "bundler" else b
            for b in batches
        ]


@dataclass(slots=True)
class Tool:
    """One tool of an actor and what it goes on to ask."""

    family: str
    agent: str
    requests: Iterator[Request]


@dataclass(slots=True)
class Streams:
    """Tools that remember: each run takes up where the last one ended."""

    tools: int
    mean: float
    begin: Callable[[], list[Tool]]
    """Called at the first run, so that a hundred thousand developers do not live at once."""
    _begun: list[Tool] = field(default_factory=list)
    _left: int = 0

    def plan(self, rng: Random, budget: int) -> list[Planned]:
        found = []
        while budget > 0:
            length = min(budget, 1 + int(rng.expovariate(1 / self.mean)))
            found.append(Planned(length, rng.randrange(self.tools)))
            budget -= length
        self._left = len(found)
        return found

    def run(self, rng: Random, planned: Planned) -> list[Batch]:
        if not self._begun:
            self._begun = self.begin()
        tool = self._begun[planned.choice]
        batch = Batch(tool.family, tool.agent, list(islice(tool.requests, planned.length)))
        self._left -= 1
        if not self._left:
            self._begun = []
        return [batch]


# ---------------------------------------------------------------- streams


def _latest(packages: Sequence[Package]) -> list[tuple[Package, int]]:
    return [(p, len(p.versions) - 1) for p in packages]


def developing(catalogue: Catalogue, family: str, shelf: Shelf, rng: Random, platform: str) -> Iterator[Request]:
    """A person with a client cache: files once, documents again only when they may have changed."""
    seen: set[int] = set()
    while True:
        packages = shelf.closure(rng, rng.choice((1, 1, 2, 3)), rng.choice((3, 6, 12, 40)))
        if rng.random() < 0.03:  # a name that only the company's own index knows
            yield catalogue.page(shelf.ecosystem, _private(shelf.ecosystem, rng), 404, 150)
        for request in install(catalogue, family, _latest(packages), platform):
            if request.number not in seen:
                seen.add(request.number)
                yield request
            elif request.item < 0 and rng.random() < 0.7:
                yield catalogue.twin(request, status=304)
        if rng.random() < 0.5:
            packages = [shelf.at(rng.randrange(len(shelf.names)))]
            yield from install(catalogue, family, _latest(packages), platform)


def _private(ecosystem: str, rng: Random) -> str:
    name = f"acme-internal-{rng.randrange(40)}"
    return {
        "pypi": f"/simple/{name}/", "npm": f"/@acme%2f{name}", "maven": f"/maven2/com/acme/{name}/maven-metadata.xml",
        "cargo": f"/ac/me/{name}", "rubygems": f"/info/{name}", "go": f"/git.acme.example/{name}/@v/list",
    }.get(ecosystem, f"/debian/pool/main/a/{name}/{name}_1.0_amd64.deb")  # fmt: skip


def proxying(catalogue: Catalogue, shelves: Sequence[Shelf], rng: Random, *, heads: bool) -> Iterator[Request]:
    """A cache in front of a company: each file once, documents revalidated. `heads`: asks HEAD first."""
    held: set[int] = set()
    fresh: dict[int, int] = {}
    turn = 0
    while True:
        turn += 1
        shelf = rng.choice(shelves)
        for package in shelf.closure(rng, 1, 10):
            picks = [
                (package, rng.randrange(len(package.versions)) if rng.random() < 0.3 else len(package.versions) - 1)
            ]
            for page in documents(picks):
                if turn - fresh.get(page.number, -99) > 40:
                    known = page.number in fresh
                    fresh[page.number] = turn
                    yield catalogue.twin(page, status=304) if known and rng.random() < 0.8 else page
            platform = rng.choice(("linux", "linux", "mac"))
            for file in install(catalogue, "proxy", picks, platform):
                if file.item >= 0 and file.item not in held:
                    held.add(file.item)
                    if heads:
                        yield catalogue.twin(file, "HEAD")
                    yield file


def mirroring(shelf: Shelf, rng: Random, *, most: int, versions: int) -> Iterator[Request]:
    """Every file of the newest versions of `most` packages, in the order of a change log; then older ones."""
    ranks = list(range(min(most, len(shelf.names))))
    rng.shuffle(ranks)
    first = 0
    while True:
        for rank in ranks:
            package = shelf.at(rank)
            count = len(package.versions)
            picks = [(package, count - 1 - first - i) for i in range(versions) if count - 1 - first - i >= 0]
            if picks:
                yield from _once(everything(picks))
            elif package.page.path:
                yield package.page
        first += versions


def _once(requests: Sequence[Request]) -> list[Request]:
    return list(dict.fromkeys(requests))


def scanning(shelf: Shelf, rng: Random, *, depth: int) -> Iterator[Request]:
    """Whole trees by name, many versions each, no order of dependencies; and the same trees again."""
    popular = {shelf.draw(rng) for _ in range(120)}
    packages = sorted(popular | {shelf.at(rng.randrange(len(shelf.names))) for _ in range(60)}, key=lambda p: p.name)
    while True:
        for package in packages:
            if package.page.path:
                yield package.page
            for version in range(len(package.versions) - 1, max(-1, len(package.versions) - 1 - depth), -1):
                files = package.files(version)
                yield from files.get("pom", ())
                yield from archives([(package, version)])


def updating(catalogue: Catalogue, shelves: Sequence[Shelf], rng: Random) -> Iterator[Request]:
    """Documents of everything that anybody depends on; now and then a lock file is made anew."""
    watched = [shelf.closure(rng, 30, 250) for shelf in shelves]
    while True:
        packages = rng.choice(watched)
        for package in rng.sample(packages, min(len(packages), 40)):
            if not package.page.path:
                continue
            yield catalogue.twin(package.page, status=304) if rng.random() < 0.12 else package.page
            if rng.random() < 0.05:
                yield from archives([(package, len(package.versions) - 1)])


def surveying(shelf: Shelf) -> Iterator[Request]:
    """Every document, by name, again and again."""
    ranks = sorted(range(len(shelf.names)), key=lambda r: shelf.names[r])
    while True:
        for rank in ranks:
            page = shelf.at(rank).page
            if page.path:
                yield page


def crawling(catalogue: Catalogue, shelf: Shelf, rng: Random, *, files: float, start: int = 0) -> Iterator[Request]:
    """Web pages and documents by name; `files`: how often the newest archive is taken as well."""
    order = sorted(range(len(shelf.names)), key=lambda r: shelf.names[r])
    robots = catalogue.page(shelf.ecosystem, "/robots.txt", size=160)
    at = start
    while True:
        if at % 400 == start % 400:
            yield robots
        package = shelf.at(order[at % len(order)])
        at += 1 + int(rng.expovariate(1.2))
        if rng.random() < 0.5:
            yield catalogue.page(
                shelf.ecosystem, f"/project/{package.name}/", 404 if package.shape % 10 == 0 else 200, 30_000
            )
        if package.page.path:
            yield package.page
        if rng.random() < files:
            yield from archives(_latest([package]))


def looking_up(catalogue: Catalogue, shelf: Shelf, rng: Random) -> Iterator[Request]:
    """An agent that was asked about packages: a few documents, whatever people talk about."""
    while True:
        package = shelf.draw(rng)
        if rng.random() < 0.5 and package.page.path:
            yield package.page
        else:
            yield catalogue.page(shelf.ecosystem, f"/project/{package.name}/", 200, 30_000)
        if rng.random() < 0.1:
            yield from archives(_latest([package]))


_SILLY = (
    "/.env", "/wp-login.php", "/.git/config", "/admin/", "/phpmyadmin/index.php", "/../../etc/passwd",
    "/simple/..%2f..%2fetc%2fpasswd", "/actuator/health", "/?id=1%27%20OR%201=1--", "/xmlrpc.php", "/server-status",
    "/%00", "/api/v1/users", "/cgi-bin/test.cgi", "/login?next=%3Cscript%3E",
)  # fmt: skip


def probing(catalogue: Catalogue, ecosystem: str, rng: Random) -> Iterator[Request]:
    """Doors that might be open."""
    while True:
        yield catalogue.page(ecosystem, rng.choice(_SILLY), rng.choice((404, 404, 404, 400, 403)), 150)


def tool(family: str, requests: Iterator[Request], rng: Random, platform: str = "linux") -> Tool:
    """A tool that says nothing of CI."""
    return Tool(family, agent(family, rng, platform=platform), requests)
