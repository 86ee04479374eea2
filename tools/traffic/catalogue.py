"""Packages, their versions, files and dependencies, and every request that can be made for them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from tools.traffic.chance import Urn, stream
from tools.traffic.layouts import BEGINNINGS, FILE_HOSTS, INDEX_HOSTS, LAYOUTS
from tools.traffic.popularity import ranking

LARGEST = 600_000_000
NO_ITEM = -1


class Request:
    """A request and its answer. `item`: number of the plain GET of the same file, for files; else NO_ITEM."""

    __slots__ = (
        "ecosystem", "host", "item", "kind", "method", "name", "number", "path", "sent", "status", "twins", "version",
    )  # fmt: skip

    def __init__(self, number: int, ecosystem: str, kind: str, host: str, path: str, sent: int) -> None:
        self.number, self.ecosystem, self.kind, self.host, self.path = number, ecosystem, kind, host, path
        self.method, self.status, self.sent = "GET", 200, sent
        self.name = self.version = ""
        self.item = NO_ITEM
        self.twins: dict[tuple[str, int, int], Request] = {}


class Package:
    """One package: its rank, its versions (oldest first), what it depends on."""

    __slots__ = (
        "_archive",
        "_needs",
        "_page",
        "catalogue",
        "ecosystem",
        "files_of",
        "name",
        "rank",
        "shape",
        "versions",
    )

    def __init__(self, catalogue: Catalogue, ecosystem: str, name: str, rank: int) -> None:
        self.catalogue, self.ecosystem, self.name, self.rank = catalogue, ecosystem, name, rank
        rng = stream("package", ecosystem, name)
        layout = LAYOUTS[ecosystem]
        self.shape = rng.randrange(10_000)
        self._archive = min(LARGEST, int(layout.archive * rng.lognormvariate(0, layout.spread)) + 700)
        self.versions = _versions(rng, popular=rank < 2000, last=1 if ecosystem == "go" else 99)
        page = int(layout.page * rng.lognormvariate(0, 0.7) * (1 + len(self.versions) / 8)) + 60
        self._page = catalogue.add(ecosystem, "index", INDEX_HOSTS[ecosystem], layout.index(name), page, name)
        self.files_of: dict[int, dict[str, list[Request]]] = {}
        self._needs: list[Package] | None = None

    @property
    def page(self) -> Request:
        """The request for its document."""
        return self._page

    def files(self, version: int) -> dict[str, list[Request]]:
        """All files of a version, by role. `version` counts from the oldest; negative from the newest."""
        version %= len(self.versions)
        found = self.files_of.get(version)
        if found is None:
            found = self.files_of[version] = {}
            text = self.versions[version]
            for file in LAYOUTS[self.ecosystem].files(self.name, text, self.shape):
                grown = 0.7 + 0.3 * (version + 1) / len(self.versions)
                size = int(self._archive * file.share * grown) if not file.tiny else file.tiny + self.shape % 37
                size = 40 if file.tiny == 40 else size
                host = FILE_HOSTS[self.ecosystem]
                told = text if file.version is None else file.version
                request = self.catalogue.add(self.ecosystem, file.kind, host, file.path, size, self.name, told)
                found.setdefault(file.role, []).append(request)
        return found

    def needs(self) -> list[Package]:
        """Direct dependencies: always more popular ones, so that there are no circles."""
        if self._needs is None:
            rng = stream("needs", self.ecosystem, self.name)
            shelf = self.catalogue.shelf(self.ecosystem)
            count = min(self.rank, int(rng.expovariate(1 / 2.6)))
            ranks = {int(self.rank * rng.random() ** 2.2) for _ in range(count)}
            self._needs = [shelf.at(rank) for rank in sorted(ranks)]
        return self._needs


def _versions(rng: Random, *, popular: bool, last: int) -> list[str]:
    """Versions, oldest first; `last`: the highest major number (Go writes those above 1 into a module's name)."""
    count = min(120 if popular else 40, 1 + int(3 * rng.paretovariate(0.9)))
    major, minor, patch, found = min(last, rng.randrange(3)), rng.randrange(4), 0, []
    for _ in range(count):
        found.append(f"{major}.{minor}.{patch}")
        step = rng.random()
        if step < 0.08 and major < last:
            major, minor, patch = major + 1, 0, 0
        elif step < 0.4:
            minor, patch = minor + 1, 0
        else:
            patch += 1
    return found


class Shelf:
    """The packages of one ecosystem."""

    def __init__(self, catalogue: Catalogue, ecosystem: str) -> None:
        self._catalogue, self.ecosystem = catalogue, ecosystem
        self.names, weights = ranking(ecosystem)
        self._made: dict[int, Package] = {}
        self._urn = Urn(range(len(self.names)), weights)
        self.beginnings = [
            catalogue.add(ecosystem, kind, INDEX_HOSTS[ecosystem], path, size)
            for kind, path, size in BEGINNINGS.get(ecosystem, ())
        ]

    def at(self, rank: int) -> Package:
        """The package of a rank, 0 being the most popular."""
        found = self._made.get(rank)
        if found is None:
            found = self._made[rank] = Package(self._catalogue, self.ecosystem, self.names[rank], rank)
        return found

    def draw(self, rng: Random) -> Package:
        """A package, by popularity."""
        return self.at(self._urn.draw(rng))

    def closure(self, rng: Random, direct: int, most: int) -> list[Package]:
        """What so many direct dependencies lead to, dependants before what they need, at most `most`."""
        found: dict[int, Package] = {}
        queue = [self.at(rng.randrange(len(self.names)) if rng.random() < 0.25 else self._urn.draw(rng))
                 for _ in range(direct)]  # fmt: skip
        while queue and len(found) < most:
            package = queue.pop(0)
            if package.rank not in found:
                found[package.rank] = package
                queue += package.needs()
        return list(found.values())


class Catalogue:
    """Every package and request of one run. The same for every seed: only who asks differs."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._shelves: dict[str, Shelf] = {}
        self._pages: dict[str, Request] = {}

    def shelf(self, ecosystem: str) -> Shelf:
        """The packages of an ecosystem."""
        found = self._shelves.get(ecosystem)
        if found is None:
            found = self._shelves[ecosystem] = Shelf(self, ecosystem)
        return found

    def add(
        self, ecosystem: str, kind: str, host: str, path: str, size: int, name: str = "", version: str = ""
    ) -> Request:
        """A plain GET and its whole answer."""
        request = Request(len(self.requests), ecosystem, kind, host, path, size)
        request.name, request.version = name, version
        if kind in ("artifact", "metadata", "derived"):
            request.item = request.number
        self.requests.append(request)
        return request

    def page(self, ecosystem: str, path: str, status: int = 200, size: int = 4000, host: str = "") -> Request:
        """A page that belongs to no package: robots.txt, a probe, a project page, a name that does not exist."""
        found = self._pages.get(f"{ecosystem}{path}")
        if found is None:
            found = self._pages[f"{ecosystem}{path}"] = self.add(
                ecosystem, "other", host or INDEX_HOSTS[ecosystem], path, size
            )
            found.status = status
        return found

    def twin(self, request: Request, method: str = "GET", status: int = 200, sent: int = -1) -> Request:
        """The same path asked or answered otherwise: 304 and HEAD send nothing, 206 sends `sent` bytes."""
        key = (method, status, sent)
        found = request.twins.get(key)
        if found is None:
            quiet = method == "HEAD" or status == 304
            size = 0 if quiet else request.sent if sent < 0 else min(sent, request.sent)
            found = Request(len(self.requests), request.ecosystem, request.kind, request.host, request.path, size)
            found.method, found.status = method, status
            found.name, found.version, found.item = request.name, request.version, request.item
            request.twins[key] = found
            self.requests.append(found)
        return found

    def unchanged(self, requests: Sequence[Request]) -> list[Request]:
        """The same documents, revalidated: 304."""
        return [self.twin(r, status=304) for r in requests]
