"""Who lives in this world: organisations, their actors, addresses and habits."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tools.traffic import networks
from tools.traffic.actor import Actor
from tools.traffic.agents import agent
from tools.traffic.behaviour import (
    Batch,
    Behaviour,
    Replay,
    crawling,
    looking_up,
    mirroring,
    probing,
    proxying,
    scanning,
    surveying,
    updating,
)
from tools.traffic.catalogue import Catalogue
from tools.traffic.chance import portions, stream
from tools.traffic.habits import Habits, families_of
from tools.traffic.knobs import Group, Knobs
from tools.traffic.networks import CLOUDS, HOMES
from tools.traffic.protocols import install

ROOMS = {name: room for room, name in enumerate((
    "gateways", "machines", "ci", "build", "proxy", "mirror", "bot", "scan", "crawl", "script", "dev", "office", "odd",
))}  # fmt: skip
_VENDORS = {"ci-hosted": ("github-hosted", "github-hosted", "gitlab"), "ci-short": ("github-hosted",),
            "ci-selfhosted": ("github-selfhosted", "jenkins", "gitlab")}  # fmt: skip


class Population:
    """Builds the actors of all groups. An actor depends on the seed, its group and its number only."""

    def __init__(self, seed: int, lines: int, knobs: Knobs, catalogue: Catalogue) -> None:
        self._seed, self._lines, self._knobs, self._catalogue = seed, lines, knobs, catalogue
        self._habits = Habits(seed, knobs, catalogue)
        self._size = lines / 100_000
        self._gateways = {c: self._pool(c, "gateways", knobs.gateways) for c in CLOUDS}
        self._machines = {c: self._pool(c, "machines", knobs.machines) for c in CLOUDS}

    def _pool(self, network: str, room: str, count: float) -> tuple[str, ...]:
        each = max(1, round(count * self._size / len(CLOUDS)))
        return tuple(networks.address(network, ROOMS[room], i, scattered=True) for i in range(each))

    def actors(self) -> list[Actor]:
        """Everybody, numbered, with budgets that add up to the number of lines."""
        groups = self._knobs.groups
        found: list[Actor] = []
        shares = portions(self._lines, [g.weight for g in groups.values()])
        for (name, group), lines in zip(groups.items(), shares, strict=True):
            members = [self._make(name, i) for i in range(self._count(group, lines))]
            sizes = _sizes(len(members), group.skew)
            stream(self._seed, "sizes", name).shuffle(sizes)
            for actor, extra in zip(members, portions(lines - len(members), sizes), strict=True):
                actor.budget = 1 + extra
            found += members
        for number, actor in enumerate(found):
            actor.number = number
        return found

    def _count(self, group: Group, lines: int) -> int:
        return max(0, min(lines, max(1, round(group.actors * self._size))))

    def _make(self, group: str, number: int) -> Actor:
        rng = stream(self._seed, group, number)
        actor = MAKERS[group](self, rng, group, number)
        actor.name, actor.group = f"{group}-{number}", group
        return actor

    # ------------------------------------------------------------ groups

    def _ci_hosted(self, rng: Random, group: str, number: int) -> Actor:
        cloud, small = CLOUDS[number % 3], group == "ci-short"
        behaviour, software = self._habits.builds(
            rng, number, rng.choice(_VENDORS[group]), 8 if small else 6, small=small
        )
        pool = self._machines if small else self._gateways
        return Actor(
            f"{group}-org-{number}",
            "ci-hosted",
            software,
            cloud,
            behaviour,
            pool[cloud],
            "builds",
            12.0,
            zone=rng.choice((-8, -5, 0, 1, 2, 5, 9)),
            shares=True,
        )

    def _ci_selfhosted(self, rng: Random, group: str, number: int) -> Actor:
        behaviour, software = self._habits.builds(rng, number, rng.choice(_VENDORS["ci-selfhosted"]), 5)
        network = CLOUDS[number % 3] if group == "ci-selfhosted" else "companies"
        addresses = networks.block(network, ROOMS["ci"], number, 2 if number % 5 == 4 else 1)
        return Actor(
            f"{group}-org-{number}",
            "ci-selfhosted",
            software,
            network,
            behaviour,
            tuple(addresses),
            "builds" if rng.random() < 0.8 else "nightly",
            15.0,
            zone=rng.choice((-8, -5, 0, 1, 2, 5, 9)),
        )

    def _build_infra(self, rng: Random, group: str, number: int) -> Actor:
        apt = self._habits.only("debian")
        projects = [
            (self._habits.project(rng, "", shelf=apt, small=True) if rng.random() < 0.5 else [])
            + self._habits.project(rng, "", shelf=self._habits.turn(number, i))
            for i in range(4)
        ]
        cloud = CLOUDS[number % 3]
        return Actor(
            f"{group}-org-{number}",
            "build-infra",
            families_of(projects),
            cloud,
            Replay(projects, [1.0] * 4),
            tuple(networks.block(cloud, ROOMS["build"], number, 1)),
            "flat",
            20.0,
        )

    def _proxy_home(self, number: int) -> tuple[str, str, str]:
        """Where the proxy of this organisation stands: network, its address, the address that others there have."""
        network = "companies" if number % 4 == 1 else CLOUDS[number % 3]
        own, other = networks.block(network, ROOMS["proxy"], number, 2)
        return network, own, other

    def _proxy(self, rng: Random, group: str, number: int) -> Actor:
        network, own, _ = self._proxy_home(number)
        family = ("nexus", "artifactory", "nexus", "devpi", "artifactory", "verdaccio", "athens", "apt-cacher")[
            number % 8
        ]
        single = {"devpi": "pypi", "verdaccio": "npm", "athens": "go", "apt-cacher": "debian"}
        known = (
            [self._habits.only(single[family])]
            if family in single
            else [self._catalogue.shelf(e) for e in self._knobs.ecosystems if e != "debian"]
            or [self._habits.shelf(rng)]
        )
        requests = proxying(self._catalogue, known, rng, heads=family == "artifactory")
        behaviour, software = self._habits.one(family, requests, rng, 14)
        return Actor(
            f"org-{number}",
            "caching-proxy",
            software,
            network,
            behaviour,
            (own,),
            "builds",
            6.0,
            behind=f"proxy-{number}",
            zone=rng.choice((-5, 0, 1, 2)),
        )

    def _shadow(self, rng: Random, group: str, number: int) -> Actor:
        host = number % max(1, round(self._knobs.groups["proxy"].actors * self._size))
        network, _, other = self._proxy_home(host)
        if group == "shadow-ci":
            behaviour: Behaviour
            behaviour, software = self._habits.builds(rng, number, rng.choice(_VENDORS["ci-selfhosted"]), 3)
        else:
            behaviour, software = self._habits.people(rng, (group, number), 3, 7)
        purpose = "ci-selfhosted" if group == "shadow-ci" else "dev-install"
        return Actor(
            f"org-{host}",
            purpose,
            software,
            network,
            behaviour,
            (other,),
            "builds" if group == "shadow-ci" else "office",
            10.0,
            behind=f"proxy-{host}",
            shadow=True,
            shares=True,
        )

    def _mirror(self, rng: Random, group: str, number: int) -> Actor:
        if group == "mirror-python":
            shelf, family = self._habits.only("pypi"), "bandersnatch"
        else:
            wanted, family = (("debian", "apt-mirror"), ("npm", "npm-follower"), ("rubygems", "gem-mirror"))[number % 3]
            shelf = self._habits.only(wanted)
        partial = number % 3 == 2
        requests = mirroring(shelf, rng, most=600 if partial else 20_000, versions=3 if partial else 1)
        behaviour, software = self._habits.one(family, requests, rng, 60)
        network = ("universities", CLOUDS[0], "hosting-four")[number % 3]
        return Actor(
            f"{group}-{'partial' if partial else 'full'}-{number}",
            "mirror",
            software,
            network,
            behaviour,
            tuple(networks.block(network, ROOMS["mirror"], number + (group == "mirror") * 1000, 1)),
            "timer",
            8.0,
        )

    def _bot(self, rng: Random, group: str, number: int) -> Actor:
        family = ("renovate", "dependabot")[number % 2]
        shelves = [self._habits.shelf(rng, pages=True) for _ in range(3)]
        behaviour, software = self._habits.one(family, updating(self._catalogue, shelves, rng), rng, 40)
        cloud = CLOUDS[number % 3]
        return Actor(
            f"{group}-org-{number}",
            "update-bot",
            software,
            cloud,
            behaviour,
            tuple(networks.block(cloud, ROOMS["bot"], number, 1)),
            "flat",
            5.0,
        )

    def _scanner(self, rng: Random, group: str, number: int) -> Actor:
        family = ("trivy", "house-scanner", "snyk", "osv")[number % 4]
        shelf = self._habits.only(
            ("npm", "maven", "npm", "maven", "cargo", "npm", "maven", "go", "npm", "maven", "pypi")[number % 11]
        )
        behaviour, software = self._habits.one(family, scanning(shelf, rng, depth=6), rng, 120)
        cloud = CLOUDS[number % 3]
        return Actor(
            f"{group}-org-{number}",
            "sca-scanner",
            software,
            cloud,
            behaviour,
            tuple(networks.block(cloud, ROOMS["scan"], number, 1)),
            "timer",
            10.0,
        )

    def _crawler(self, rng: Random, group: str, number: int) -> Actor:
        shelf = self._habits.shelf(rng, pages=True)
        start = rng.randrange(len(shelf.names))
        network, size, poses = networks.VERIFIED.get(group, "universities"), 4, ""
        family, purpose, pace = group, group, 1.5
        match group:
            case "research":
                behaviour, software = self._habits.one(family, surveying(shelf), rng, 80)
                size = 1
            case "search":
                behaviour, software = self._habits.one(
                    family, crawling(self._catalogue, shelf, rng, files=0.02, start=start), rng, 12
                )
            case "ai-training":
                behaviour, software = self._habits.one(
                    family, crawling(self._catalogue, shelf, rng, files=0.5, start=start), rng, 25
                )
            case "ai-agent":
                behaviour, software = self._habits.one(family, looking_up(self._catalogue, shelf, rng), rng, 4)
            case _:  # an impostor: a crawler's or an installer's name, from a network that is not theirs
                family = rng.choice(("search", "ai-training", "pip"))
                network, purpose, poses, size = rng.choice(("hosting-five", "veil-ten")), "abuse", family, 3
                behaviour, software = self._habits.one(
                    family, crawling(self._catalogue, shelf, rng, files=0.6, start=start), rng, 50
                )
        return Actor(
            f"{group}-{number}",
            purpose,
            software,
            network,
            behaviour,
            tuple(networks.block(network, ROOMS["crawl"], number + len(group) * 200, size)),
            "flat",
            pace,
            poses_as=poses,
        )

    def _monitor(self, rng: Random, group: str, number: int) -> Actor:
        shelf = self._habits.shelf(rng, pages=True)
        page = shelf.draw(rng).page
        asked = self._catalogue.twin(page, "HEAD") if rng.random() < 0.5 else page
        behaviour = Replay([[Batch("monitor", agent("monitor", rng), [asked])]], [1.0])
        network = rng.choice(("hosting-four", "hosting-five", CLOUDS[1]))
        return Actor(
            f"{group}-{number}",
            "monitor",
            "monitor",
            network,
            behaviour,
            tuple(networks.block(network, ROOMS["bot"], 2000 + number, 3)),
            "timer",
            1.0,
            turns=True,
        )

    def _probe(self, rng: Random, group: str, number: int) -> Actor:
        behaviour, software = self._habits.one(
            "probe", probing(self._catalogue, self._habits.shelf(rng).ecosystem, rng), rng, 15
        )
        network = rng.choice(("veil-ten", "hosting-five"))
        return Actor(
            f"{group}-{number}",
            "abuse",
            software,
            network,
            behaviour,
            tuple(networks.block(network, ROOMS["odd"], number, 1)),
            "flat",
            9.0,
        )

    def _script(self, rng: Random, group: str, number: int) -> Actor:
        family = rng.choice(("curl", "wget", "requests", "axios") if group == "script" else ("odd", "none", "odd"))
        shelf = self._habits.shelf(rng)
        packages = shelf.closure(rng, 1, rng.choice((1, 1, 2, 5)))
        picks = [(p, rng.randrange(len(p.versions))) for p in packages]
        requests = install(self._catalogue, "script", picks)
        if family == "curl" and rng.random() < 0.3:
            requests = [self._catalogue.twin(requests[0], "HEAD"), *requests]
        network = rng.choice((*CLOUDS, "hosting-four", "hosting-five", "companies", *HOMES))
        room, rhythm = ROOMS["script" if group == "script" else "odd"], rng.choice(("flat", "nightly", "timer"))
        return Actor(
            f"{group}-{number}",
            "script-unknown" if group == "script" else "unknown",
            family,
            network,
            Replay([[Batch(family, agent(family, rng), requests)]], [1.0]),
            (networks.address(network, room, 9000 + number, scattered=True),),
            rhythm,
            2.0,
        )

    def _dev(self, rng: Random, group: str, number: int) -> Actor:
        behaviour, software = self._habits.people(rng, (group, number), 1 if rng.random() < 0.7 else 2, 6)
        network = rng.choice(HOMES)
        if number % 5 == 0:
            addresses = tuple(networks.household(network, number, week) for week in range(2))
        else:
            addresses = (networks.address(network, ROOMS["dev"], number, scattered=True),)
        return Actor(
            f"household-{number}",
            "dev-install",
            software,
            network,
            behaviour,
            addresses,
            rng.choice(("home", "office")),
            6.0,
            turns=True,
            zone=rng.choice((-8, -5, -3, 0, 1, 1, 2, 5, 8, 9)),
        )

    def _office(self, rng: Random, group: str, number: int) -> Actor:
        """Sixty people and a build server behind one address."""
        address = networks.block("companies", ROOMS["office"], number, 1)[0]
        behaviour: Behaviour
        if group == "office-dev":
            behaviour, software = self._habits.people(rng, (group, number), 24, 7)
        else:
            behaviour, software = self._habits.builds(rng, number, "jenkins", 2)
        return Actor(
            f"office-{number}",
            "dev-install" if group == "office-dev" else "ci-selfhosted",
            software,
            "companies",
            behaviour,
            (address,),
            "office" if group == "office-dev" else "builds",
            8.0,
            zone=(-5, 0, 1, 9)[number % 4],
            shares=True,
        )


def _sizes(count: int, skew: float) -> list[float]:
    """The quantiles of a Pareto distribution: heavy tails without luck; seeds differ in who, not in how much."""
    return [min(40.0, float((1 - (i + 0.5) / count) ** (-1 / skew))) for i in range(count)]


MAKERS: dict[str, Callable[[Population, Random, str, int], Actor]] = {
    "ci-hosted": Population._ci_hosted, "ci-short": Population._ci_hosted,
    "ci-selfhosted": Population._ci_selfhosted, "ci-onprem": Population._ci_selfhosted,
    "build-infra": Population._build_infra, "proxy": Population._proxy,
    "shadow-ci": Population._shadow, "shadow-dev": Population._shadow,
    "mirror-python": Population._mirror, "mirror": Population._mirror,
    "update-bot": Population._bot, "sca-scanner": Population._scanner,
    "research": Population._crawler, "search": Population._crawler, "ai-training": Population._crawler,
    "ai-agent": Population._crawler, "impostor": Population._crawler,
    "monitor": Population._monitor, "probe": Population._probe,
    "script": Population._script, "unknown": Population._script,
    "dev": Population._dev, "office-dev": Population._office, "office-ci": Population._office,
}  # fmt: skip
