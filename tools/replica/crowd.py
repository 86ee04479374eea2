"""Who is there and how each acts: agents that wake, ask and sleep, each a Python generator of its own runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tools.replica.goods import COUNTS, Package, Store, draw, tree

Run = tuple[float, str, str, list[int]]
"""Seconds to sleep before it, the tool's family, its agent, what it asks."""

ORIGINS = {"nimbus": "hyperscaler", "strato": "hyperscaler", "cumulus": "hyperscaler", "rack-a": "hosting",
           "rack-b": "hosting", "fibre": "residential", "mobile": "residential", "works": "enterprise",
           "college": "education", "tunnel": "vpn-tor", "indexer": "hosting", "learner": "hosting"}  # fmt: skip
NETWORKS = list(ORIGINS)
ECOSYSTEMS = dict(zip(COUNTS, (25, 28, 14, 5, 4, 5, 7, 4, 5, 3), strict=True))
HOURS = [1, 1, 1, 1, 1, 1, 2, 4, 9, 10, 10, 9, 7, 9, 10, 10, 9, 6, 4, 3, 3, 2, 2, 1]


def pip(version: str, ci: bool) -> str:
    """pip's agent, with what it tells of CI."""
    facts = {
        "ci": ci or None,
        "cpu": "aarch64",
        "distro": {"id": "trixie", "name": "Debian GNU/Linux"},
        "implementation": {"name": "CPython", "version": "3.9.21"},
        "python": "3.9.21",
        "installer": {"name": "pip", "version": version},
        "system": {"name": "Linux", "release": "6.1.0-28-arm64"},
    }
    return f"pip/{version} {json.dumps(facts, separators=(',', ':'), sort_keys=True)}"


def installer(eco: str, rng: Random, ci: str) -> tuple[str, str]:
    """Family and agent of a tool for this ecosystem; `ci`: what its environment says, '' for nothing."""
    word = {"hosted": " ci/circleci", "own": " ci/teamcity"}.get(ci, "")
    return rng.choice({
        "pypi": [("pip", pip(rng.choice(("22.3.1", "24.1.2", "25.0")), bool(ci))), ("pdm", "pdm/2.19.3 CPython/3.12.4"),
                 ("pip", pip("21.2.4", bool(ci)))],
        "npm": [("npm", f"npm/{v} node/v{n} linux arm64 workspaces/true{word}") for v, n in
                (("8.19.4", "16.20.2"), ("10.5.0", "20.12.2"), ("11.0.0", "23.5.0"))] + [("bun", "Bun/1.2.4")],
        "maven": [("maven", "Apache-Maven/3.6.3 (Java 11.0.25; Linux 5.4.0)"), ("coursier", "Coursier/2.1.10"),
                  ("gradle", "Gradle/7.6.4 (Linux;5.15.0;amd64) (Azul Systems, Inc.;11.0.25;11.0.25+9-LTS)")],
        "cargo": [("cargo", "cargo 1.74.1 (ecb9851af 2023-10-18)"), ("cargo", "cargo/1.88.0 (873a06493 2025-05-10)")],
        "rubygems": [("bundler", "bundler/2.3.27 rubygems/3.3.27 ruby/3.1.6 (aarch64-linux-gnu) command/update "
                      f"{'ci/circle,ci ' if ci else ''}{rng.getrandbits(64):016x}")],
        "go": [("go", "Go-http-client/2.0"), ("go", "Go-http-client/1.1")],
        "debian": [("apt", "Debian APT-HTTP/1.3 (2.2.4)"), ("apt", "Debian APT-HTTP/1.3 (1.8.2.3)")],
        "conda": [("conda", "conda/24.9.2 requests/2.32.3 CPython/3.12.7 Linux/5.15.0 ubuntu/22.04 glibc/2.35")],
        "nuget": [("nuget", "NuGet .NET Core MSBuild Task/6.12.1 (Ubuntu 22.04.5 LTS)")],
        "oci": [("containerd", "containerd/1.7.24"), ("docker", "docker/27.4.1 go/go1.22.10 kernel/6.8.0-49-generic "
                "os/linux arch/amd64 UpstreamClient(Docker-Client/27.4.1 \\(linux\\))")],
    }[eco])  # fmt: skip


@dataclass(slots=True)
class Actor:
    """One consumer with one purpose: what is true of it, and its life."""

    organisation: str
    purpose: str
    network: str
    addresses: Sequence[int]
    """Numbers within the network; of a v6 household the number of its /64."""
    runs: Iterator[Run]
    pace: float = 8.0
    behind: str = ""
    shadow: bool = False
    poses_as: str = ""
    shares: bool = False
    six: bool = False
    rhythm: str = "always"
    families: set[str] = field(default_factory=set)
    lines: int = 0


class Crowd:
    """Everybody. Sizes of organisations are log-normal; the more lines, the more of them."""

    def __init__(self, seed: int, lines: int, store: Store) -> None:
        self._rng, self._seed, self._store = Random(seed), seed, store
        self._packages: dict[tuple[str, int], Package] = {}
        self.actors: list[Actor] = []
        scale = max(0.2, lines / 100_000)
        for number in range(int(18 * scale)):
            self._organisation(number)
        for number in range(int(24 * scale)):
            self._hosted(number, int(260 * scale))
        for number in range(int(1400 * scale)):
            self._home(number)
        for kind in ALONE:
            for number in range(max(1, int(ALONE[kind][0] * scale))):
                self._alone(kind, number)

    def package(self, eco: str, rank: int) -> Package:
        """The package of a rank."""
        if (eco, rank) not in self._packages:
            self._packages[eco, rank] = Package(self._store, eco, rank)
        return self._packages[eco, rank]

    def _eco(self, rng: Random) -> str:
        return rng.choices(list(ECOSYSTEMS), list(ECOSYSTEMS.values()))[0]

    def _own(self, *key: object) -> Random:
        return Random(f"{self._seed}/{'/'.join(map(str, key))}")

    # ------------------------------------------------------------ lives

    def builds(self, rng: Random, mean: float, ci: str, projects: int) -> Iterator[Run]:
        """The same locked projects from nothing, over and over."""
        made = []
        for _ in range(projects):
            eco = self._eco(rng)
            picks = [(self.package(eco, r), rng.random()) for r in tree(eco, rng, rng.randrange(3, 12))[:90]]
            locked = rng.random() < 0.5
            asks = [a for p, part in picks for a in p.install(int(part**0.2 * p.versions), locked=locked)]
            made.append((*installer(eco, rng, ci if rng.random() < 0.7 else ""), asks))
        while True:
            family, agent, asks = rng.choice(made)
            yield rng.expovariate(1 / mean), family, agent, asks

    def person(self, rng: Random, mean: float) -> Iterator[Run]:
        """Someone with a client cache who tries this and that, and updates."""
        eco, held = self._eco(rng), set[int]()
        family, agent = installer(eco, rng, "")
        while True:
            asks = []
            for rank in tree(eco, rng, rng.choice((1, 1, 1, 2)))[:25]:
                package = self.package(eco, rank)
                asks += [a for a in package.install(package.versions - 1) if a not in held]
                held.update(package.files(package.versions - 1)[1])
            yield rng.expovariate(1 / mean), family, agent, asks

    def cache(self, rng: Random, family: str, agent: str, mean: float) -> Iterator[Run]:
        """A proxy: each file once, documents revalidated at every third wish."""
        held, ecos = set[int](), rng.sample(list(COUNTS), 3)
        while True:
            asks = []
            eco = rng.choice(ecos)
            for rank in tree(eco, rng, 2)[:20]:
                package = self.package(eco, rank)
                version = int(rng.random() ** 0.1 * package.versions)
                for ask in package.install(version):
                    fresh = ask not in held
                    held.add(ask)
                    document = self._store.rows[ask][9] < 0
                    if fresh or (document and rng.random() < 0.3):
                        asks.append(ask if fresh else self._store.again(ask, status=304))
            yield rng.expovariate(1 / mean), family, agent, asks

    def sweep(self, rng: Random, family: str, agent: str, mean: float, take: str) -> Iterator[Run]:
        """Whole catalogues in an order of their own. `take`: all, old, pages, web or part."""
        eco = rng.choice([e for e in COUNTS if self.package(e, 0).pages() or take == "all"])
        order = list(range(COUNTS[eco]))
        rng.shuffle(order)
        while True:
            for start in range(0, len(order), 30):
                asks: list[int] = []
                for rank in order[start : start + 30]:
                    package = self.package(eco, rank)
                    newest = package.versions - 1
                    if take == "all":
                        asks += [*package.pages(), *(a for part in package.files(newest) for a in part)]
                    elif take == "old":
                        asks += [a for v in range(max(0, newest - 7), newest + 1) for a in package.files(v)[1]]
                    else:
                        asks += package.pages()
                        if take == "web":
                            asks += [self._store.ask(eco, "other", f"/package/{package.name}/", 24_000)]
                        if take == "part" and rng.random() < 0.4:
                            asks += package.files(newest)[1]
                yield rng.expovariate(1 / mean), family, agent, asks

    def same(self, rng: Random, family: str, agent: str, mean: float, few: int) -> Iterator[Run]:
        """A few files or pages, always the same, at even distances."""
        eco = self._eco(rng)
        package = self.package(eco, draw(eco, rng))
        asks = (package.pages() or package.install(0)) if few == 1 else package.install(package.versions // 2)
        while True:
            yield mean * rng.uniform(0.98, 1.02), family, agent, asks[:few]

    def doors(self, rng: Random, family: str, agent: str, mean: float) -> Iterator[Run]:
        """Doors that might be open."""
        paths = [
            "/wp-admin/setup.php",
            "/.aws/credentials",
            "/vendor/phpunit/eval-stdin.php",
            "/cgi-bin/luci",
            "/api/.env",
        ]
        while True:
            asks = [self._store.ask("npm", "other", p, 180, status=404) for p in rng.sample(paths, 3)]
            yield rng.expovariate(1 / mean), family, agent, asks

    # ------------------------------------------------------------ who lives so

    def _organisation(self, number: int) -> None:
        """A company: people behind a NAT pool, builds of its own, sometimes a proxy that some go past."""
        rng = self._own("org", number)
        size, network = rng.lognormvariate(0.6, 1.1), rng.choice(("works", "works", "nimbus", "strato"))
        pool, org = [number * 64 + i for i in range(rng.choice((1, 2, 4)))], f"firm-{number}"
        mixed, proxy = rng.random() < 0.4, rng.random() < 0.4
        for i in range(max(1, min(40, int(size * 3)))):
            self.actors.append(
                Actor(
                    org,
                    "dev-install",
                    network,
                    pool,
                    self.person(self._own(org, "person", i), 45_000),
                    shares=True,
                    rhythm="office",
                    behind=f"{org}-proxy" if proxy else "",
                    shadow=proxy,
                )
            )
        self.actors.append(Actor(
            org, "ci-selfhosted", network, pool if mixed else [number * 64 + 9],
            self.builds(self._own(org, "ci"), max(900, 25_000 / size), "own", rng.randrange(1, 5)), shares=mixed,
            behind=f"{org}-proxy" if proxy else "", shadow=proxy))  # fmt: skip
        if proxy:
            family, agent = rng.choice((
                ("artifactory", "Artifactory/7.90.15 79015900"),
                ("nexus", "Nexus/3.61.0-02 (PRO; Linux; 4.18.0; amd64; 1.8)"),
                ("pulp", "pulpcore/3.63.4 (cpython 3.11.11-final0, Linux x86_64) (aiohttp 3.11.11)"),
                ("binary-vault", "BinaryVault/2.3 (caching proxy)"),
            ))  # fmt: skip
            self.actors.append(Actor(org, "caching-proxy", network, [number * 64 + 17],
                                     self.cache(self._own(org, "proxy"), family, agent, 4000)))  # fmt: skip

    def _hosted(self, number: int, machines: int) -> None:
        rng = self._own("hosted", number)
        pool = [400_000 + rng.randrange(machines) * 3 for _ in range(max(3, machines // 4))]
        life = self.builds(rng, 3000 * rng.paretovariate(1.2), "hosted", 2)
        cloud = ("nimbus", "strato", "cumulus")[number % 3]
        self.actors.append(Actor(f"tenant-{number}", "ci-hosted", cloud, pool, life, pace=20, shares=True))

    def _home(self, number: int) -> None:
        rng = self._own("home", number)
        six = number % 3 == 0
        where = [number] if six else [number // 4 if number % 4 == 1 else 90_000 + number]  # carriers share out one
        self.actors.append(
            Actor(
                f"home-{number}",
                "dev-install",
                rng.choice(("fibre", "mobile")),
                where,
                self.person(rng, 120_000),
                six=six,
                rhythm="office",
                shares=not six and number % 4 == 1,
            )
        )

    def _alone(self, kind: str, number: int) -> None:
        _, purpose, networks, agents, live, poses = ALONE[kind]
        rng = self._own(kind, number)
        family, agent = agents[number % len(agents)]
        first = 600_000 + list(ALONE).index(kind) * 20_000 + number * 300
        self.actors.append(Actor(f"{kind}-{number}", purpose, networks[number % len(networks)], [first, first + 1],
                                 live(self, rng, family, agent), pace=5.0, poses_as=poses))  # fmt: skip


Life = Callable[[Crowd, Random, str, str], Iterator[Run]]
CLOUD = ("nimbus", "strato", "cumulus", "rack-a")
ALONE: dict[str, tuple[float, str, Sequence[str], Sequence[tuple[str, str]], Life, str]] = {
    "images": (5, "build-infra", CLOUD, [("apt", "")], lambda c, r, f, a: c.builds(r, 7000, "", 2), ""),
    "mirror": (3, "mirror", ("college", "rack-b"), [
        ("bandersnatch", "bandersnatch/6.5.0 (cpython 3.11.2-final0, Linux x86_64) (aiohttp 3.9.5)"),
        ("orchard-mirror", "orchard-mirror/0.4"), ("debmirror", "debmirror/1:2.36")],
        lambda c, r, f, a: c.sweep(r, f, a, 11_000, "all"), ""),
    "bot": (3, "update-bot", CLOUD, [("renovate", "RenovateBot/37.440.7 (https://renovate.example)"),
        ("depwatch", "depwatch-bot/3.1 (+https://depwatch.example; dependency updates)")],
        lambda c, r, f, a: c.sweep(r, f, a, 8000, "part" if f == "renovate" else "pages"), ""),
    "scanner": (3, "sca-scanner", CLOUD, [("grype", "grype/0.84.0"), ("vulnsweep", "vulnsweep-scanner/1.8"),
        ("trivy", "trivy/0.49.1")], lambda c, r, f, a: c.sweep(r, f, a, 25_000, "old"), ""),
    "survey": (1, "research", ("college",), [("survey", "pkg-census/2.0 (research; +https://lab.example/census)")],
        lambda c, r, f, a: c.sweep(r, f, a, 9000, "pages"), ""),
    "search": (2, "search", ("indexer",), [("yandex", "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
        ("petal", "Mozilla/5.0 (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)")],
        lambda c, r, f, a: c.sweep(r, f, a, 14_000, "web"), ""),
    "training": (2, "ai-training", ("learner",), [("meta", "meta-externalagent/1.1 (+https://developers.facebook.com/docs)"),
        ("amazon", "Mozilla/5.0 (compatible; Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)")],
        lambda c, r, f, a: c.sweep(r, f, a, 11_000, "web"), ""),
    "helper": (3, "ai-agent", ("learner",), [
        ("claude", "Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)"),
        ("duck", "DuckAssistBot/1.2; (+http://duckduckgo.com/duckassistbot.html)")],
        lambda c, r, f, a: c.same(r, f, a, 9000, 2), ""),
    "false": (2, "abuse", ("rack-b", "tunnel"), [
        ("search", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")],
        lambda c, r, f, a: c.sweep(r, f, a, 12_000, "part"), "search"),
    "probe": (2, "abuse", ("tunnel", "rack-b"), [
        ("nikto", "Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:Port Check)"),
        ("browser", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)")], lambda c, r, f, a: c.doors(r, f, a, 4000), ""),
    "monitor": (4, "monitor", ("rack-a", "rack-b"), [("kuma", "Uptime-Kuma/1.23.16"), ("statuscake", "StatusCake"),
        ("betteruptime", "Better Uptime Bot Mozilla/5.0 (Windows NT 10.0)")],
        lambda c, r, f, a: c.same(r, f, a, 300, 1), ""),
    "script": (40, "script-unknown", (*CLOUD, "works", "fibre"), [("curl", "curl/7.61.1"), ("aria2", "aria2/1.37.0"),
        ("httpie", "HTTPie/3.2.4"), ("perl", "libwww-perl/6.72"), ("wget", "Wget/1.19.5 (linux-gnu)")],
        lambda c, r, f, a: c.same(r, f, a, 15_000, 4), ""),
    "odd": (20, "unknown", (*CLOUD, "mobile"), [
        ("none", ""), ("odd", "agent"), ("odd", "Java/1.8.0_392"), ("odd", "x")],
        lambda c, r, f, a: c.same(r, f, a, 30_000, 3), ""),
}  # fmt: skip
"""Kinds that stand alone: how many per 100,000 lines, purpose, networks, tools, life, whom they pose as."""
