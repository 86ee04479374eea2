"""From a logged request to what it is about: which registry's path it is, and then `identify`, as for live requests."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from typing import Final

from subak.analytics.packages.good import LATER, NOTHING, Good, Goods
from subak.analytics.packages.ownpaths import Shape, Shapes, below_mount, below_mounts
from subak.analytics.packages.targets import FIRST, below, clean, split
from subak.analytics.packages.usual import Answer, Forms
from subak.ecosystems import BY_NAME, family
from subak.ecosystems.base import LIKELY, POSSIBLE, Ecosystem, ecosystem_at
from subak.errors import ConfigError, SubakError
from subak.model.exchange import Kind
from subak.model.purls import without_version
from subak.pipeline.identify import MOVED, identify_below

STRAY: Final = 0.01
"""An ecosystem with a smaller share of a place's sure paths is not served there: somebody lost their way."""

GATEWAY: Final = "/"
"""Counted beside ecosystems: paths that begin with a gateway's prefix."""

_MOUNTS: Final = frozenset(e.mount[1:] for e in BY_NAME.values())
_KEYED: Final = "k"
_OURS: Final = "-"
_PREFIXES: Final = _MOUNTS | {_KEYED, _OURS}
_WORDS: Final = {word: e.name for e in BY_NAME.values() for word in (e.name, *e.words)}
_READING: Final = frozenset({"GET", "HEAD", ""})
"""Methods; '' where the log does not tell."""
_VALUES: Final[dict[str, str]] = {kind: kind.value for kind in Kind}

_Alike = tuple[str, str, str, str, str]
"""Method, query, place, the ecosystem that the operator said and the likely one, of requests that are settled alike."""


class Recogniser:
    """Names what distinct requests are about, in two passes, so that the order of requests and shards never matters.

    Give `tell` each distinct (method, host, target) of the log once, many at a time. A path whose shape no other
    registry has is named at once and counts as evidence about its host. Others, as '/react' of npm, are told later:
    when all were seen, `settle_all` names these by what is known of the host by then. `names` does both.

    Which ecosystem: what the operator said (`registry`); the shape of the path; the format in the name of a proxy's
    repository; the agent's ecosystem (`hint`); what else is asked of the same host. It never raises for anything
    logged, and keeps nothing but `evidence`.

    `registry` is one ecosystem for the whole log, or {host: ecosystem}. Raises ConfigError for an unknown one.
    """

    def __init__(self, registry: str | Mapping[str, str] = "") -> None:
        self._everywhere = registry if isinstance(registry, str) else ""
        self._hosts = {} if isinstance(registry, str) else {host.lower(): name for host, name in registry.items()}
        for name in filter(None, (self._everywhere, *self._hosts.values())):
            _check(name)
        self._instructed = bool(self._everywhere or self._hosts)
        self._shapes = Shapes(BY_NAME)
        self._reserved = self._shapes.segments | _PREFIXES | FIRST
        self._forms = Forms(BY_NAME.values(), self._reserved)
        self.evidence: dict[str, dict[str, int]] = {}
        """{place: {ecosystem: distinct requests of a sure shape}}, where a place is a host, or a proxy's repository at
        one. Shards add theirs up with `learn`."""

    def told(self, method: str, host: str, target: str) -> Good:
        """What one request is about, or `LATER`; `tell` is faster for many."""
        goods, _ = self.tell((method,), (host,), (target,))
        return next((good for _, good in goods), LATER)

    def tell(self, methods: Sequence[str], hosts: Sequence[str], targets: Sequence[str]) -> tuple[Goods, list[int]]:
        """What requests are about, given as columns; then the places of those to be told by `settle_all`.

        A row costs 1 to 2 µs, least where 2,000 to 20,000 come together.
        """
        goods = Goods()
        later: list[int] = []
        answers, untold = self._forms.tell(_read(methods, targets))
        several = bool(hosts) and hosts.count(hosts[0]) < len(hosts)
        for answer in answers:
            ecosystem, places, told = self._allowed(answer, hosts, later) if self._instructed else answer
            goods.add(ecosystem, places, told)
            if several:
                for host, count in Counter([hosts[place] for place in places]).items():
                    self._count(host, ecosystem, count)
            elif places:
                self._count(hosts[0], ecosystem, len(places))
        for place in untold:
            method, target = methods[place], targets[place]
            silent = method in _READING and clean(target) and self._silent(target)
            good = LATER if silent else self._at_length(method, hosts[place], target)
            if good is LATER:
                later.append(place)
            else:
                goods.add_one(place, good)
        return goods, later

    def _allowed(self, answer: Answer, hosts: Sequence[str], later: list[int]) -> Answer:
        """What is left of an answer where the operator says which ecosystem it is; adds the other places to `later`."""
        ecosystem, places, told = answer
        allowed = [self._told(hosts[place]) in ("", ecosystem) for place in places]
        later += [place for place, right in zip(places, allowed, strict=True) if not right]
        kinds, keys, versions, packages, purls = (list(compress(column, allowed)) for column in told)
        return Answer(ecosystem, list(compress(places, allowed)), (kinds, keys, versions, packages, purls))

    def _silent(self, path: str) -> bool:
        """Whether a path has no sure shape: nobody's begin or end, no further registry."""
        end = path.find("/", 1)
        first = path[1:end] if end > 0 else path[1:]
        if first in self._reserved or first[:1] == "@" or first.partition("-")[0] in _MOUNTS:
            return False
        return self._shapes.silent(path)

    def _at_length(self, method: str, host: str, target: str) -> Good:
        path, query = split(target)
        first, place = _first(path), host
        if first in FIRST and (where := below(path)).prefix:
            path, place = path[len(where.prefix) :], host + where.prefix
            first = _first(path)
        good = self._sure(method or "GET", path, query, first, place)
        if good is None:
            return LATER
        if self._instructed and self._told(host) not in ("", good.ecosystem):
            return LATER
        if good.ecosystem:
            self._count(place, good.ecosystem)
        return good

    def settle(self, method: str, host: str, target: str, hint: str = "") -> Good:
        """What one request is about that was answered with `LATER`; to be asked when all were seen."""
        return next(good for _, good in self.settle_all((method,), (host,), (target,), (hint,)))

    def settle_all(
        self, methods: Sequence[str], hosts: Sequence[str], targets: Sequence[str], hints: Sequence[str]
    ) -> Goods:
        """The same for many, given as columns; every row has its place."""
        goods = Goods()
        orders: dict[tuple[str, str, str], list[Shape]] = {}
        alike: dict[_Alike, list[tuple[int, str]]] = {}
        for number, (method, host, target, hint) in enumerate(zip(methods, hosts, targets, hints, strict=True)):
            path, query = (target, "") if clean(target) else split(target)
            end = path.find("/", 1)
            first, place = path[1:end] if end > 0 else path[1:], host
            told = self._told(host) if self._instructed else ""
            likely = hint if hint in BY_NAME else ""
            if first in FIRST and (where := below(path)).prefix:
                path, place = path[len(where.prefix) :], host + where.prefix
                first = _first(path)
                likely = next((_WORDS[word] for word in where.words if word in _WORDS), likely)
            if not told and first in _MOUNTS and self._share(place, GATEWAY) >= STRAY:
                good = self._below_prefix(method or "GET", path, query, first)
                if good is not None:
                    goods.add_one(number, good)
                    continue
            alike.setdefault((method or "GET", query, place, told, told or likely), []).append((number, path))
        for key, rows in alike.items():
            there = key[2:]
            if there not in orders:
                orders[there] = self._order(*there)
            self._by_place(key, orders[there], rows, goods)
        return goods

    def names(self, requests: Iterable[tuple[str, str, str, str]]) -> list[Good]:
        """What each (method, host, target, hint) is about. Together they are the evidence."""
        asked = list(requests)
        if not asked:
            return []
        columns = list(zip(*asked, strict=True))
        goods, later = self.tell(*columns[:3])
        found = dict(goods)
        settled = self.settle_all(*([column[place] for place in later] for column in columns))
        found.update((later[place], good) for place, good in settled)
        return [found[place] for place in range(len(asked))]

    def learn(self, evidence: Mapping[str, Mapping[str, int]]) -> None:
        """Take over what another recogniser saw, before anything is settled."""
        for place, found in evidence.items():
            for name, count in found.items():
                self._count(place, name, count)

    # ------------------------------------------------------------ by shape

    def _sure(self, method: str, path: str, query: str, first: str, place: str) -> Good | None:
        """Named by its shape alone; None if that says too little."""
        shapes = self._shapes
        for shape in shapes.by_first(first):
            mapped = below_mount(shape, path)
            if mapped and (good := _named(shape.ecosystem, method, mapped, query)) is not None:
                return good
        if first in _PREFIXES:
            good = self._of_gateway(method, path, query, first, place)
            if good is not None:
                return good
        for some in (shapes.by_last(path), shapes.anywhere):
            for shape in some:
                mapped = below_mount(shape, path)
                if mapped and (good := _named(shape.ecosystem, method, mapped, query)) is not None:
                    return good
        if "-" in first and family(first) in _MOUNTS:  # a further registry, '/pypi-internal/'
            return self._of_gateway(method, path, query, first, place)
        return None

    def _of_gateway(self, method: str, path: str, query: str, first: str, place: str) -> Good | None:
        """A path of a gateway like ours, unless it may as well be a registry's: '/npm/1.0' is a version of the package
        'npm'."""
        if first == _OURS:
            return Good(kind=Kind.OWN.value, key=path) if path.startswith("/-/") else None
        if first == _KEYED:
            path = path[2:]
            first = _first(path)
        ecosystem = ecosystem_at(family(first) if "-" in first else first, BY_NAME)
        if ecosystem is None:
            return None
        if path.count("/") < 3 and any(below_mount(shape, path) for shape in self._shapes.weak(ecosystem.name)):
            return None
        good = _named(ecosystem, method, path[len(first) + 1 :], query)
        if good is not None and not ecosystem.at:
            self._count(place, GATEWAY)
        return good

    def _below_prefix(self, method: str, path: str, query: str, first: str) -> Good | None:
        ecosystem = ecosystem_at(first, BY_NAME)
        return _named(ecosystem, method, path[len(first) + 1 :], query) if ecosystem else None

    # ------------------------------------------------------------ by place

    def _by_place(self, alike: _Alike, shapes: Iterable[Shape], left: list[tuple[int, str]], goods: Goods) -> None:
        """Adds what paths are about, each with the place of its request, whose shape is not sure."""
        method, query, *_, likely = alike
        for shape in shapes:
            mapped = below_mounts(shape, [path for _, path in left])
            if not mapped:
                continue
            fitting = [(*left[at], path) for at, path in mapped.items()]
            left = [row for at, row in enumerate(left) if at not in mapped]
            usual = method in _READING and not query
            answers, untold = self._forms.below(shape.ecosystem.name, [row[2] if usual else "" for row in fitting])
            for answer in answers:
                goods.add(answer.ecosystem, [fitting[at][0] for at in answer.places], answer.told)
            for number, path, below_it in [fitting[at] for at in untold]:
                good = _named(shape.ecosystem, method, below_it, query)
                if good is None:
                    left.append((number, path))
                else:
                    goods.add_one(number, good)
        if not likely:
            goods.add_all([number for number, _ in left], NOTHING)
            return
        for number, path in left:
            goods.add_one(number, _named(BY_NAME[likely], method, path, query) or NOTHING)

    def _told(self, host: str) -> str:
        return self._everywhere or self._hosts.get(host, "")

    def _count(self, place: str, name: str, count: int = 1) -> None:
        try:
            self.evidence[place][name] += count
        except KeyError:
            self.evidence.setdefault(place, {})[name] = count

    def _share(self, place: str, name: str) -> float:
        found = self.evidence.get(place, {})
        return found.get(name, 0) / max(1, sum(found.values()))

    def _order(self, place: str, told: str, likely: str) -> list[Shape]:
        """The weak shapes that a path of this place may have, the likeliest first."""
        found = self.evidence.get(place, {})
        names = [name for name in found if name in BY_NAME and self._share(place, name) >= STRAY and not told]
        names.sort(key=lambda name: (name != likely, -found[name], name))
        if likely and likely not in names:
            names.insert(0, likely)
        shapes = [shape for name in names for shape in self._shapes.weak(name)]
        return [shape for level in (LIKELY, POSSIBLE) for shape in shapes if shape.level == level]


def _read(methods: Sequence[str], targets: Sequence[str]) -> Sequence[str]:
    """The targets, '' for those of other methods than reading ones."""
    if _READING.issuperset(methods):
        return targets
    return [target if method in _READING else "" for method, target in zip(methods, targets, strict=True)]


def _first(path: str) -> str:
    """The first segment."""
    end = path.find("/", 1)
    return path[1:end] if end > 0 else path[1:]


def _named(ecosystem: Ecosystem, method: str, path: str, query: str) -> Good | None:
    """By `identify`; None if it refuses."""
    try:
        subject = identify_below(ecosystem, method, path, query)
        if subject.route == MOVED:  # the log of whoever redirects, or of whoever does not mind the spelling
            subject = identify_below(ecosystem, method, f"/{subject.part}", query)
    except SubakError:
        return None
    purl = subject.purl or ecosystem.counted_as(subject)
    package = purl[:end] if (end := purl.find("@")) > 0 else without_version(purl)
    return Good(ecosystem.name, _VALUES[subject.kind], subject.key, subject.version, package, purl)


def _check(name: str) -> None:
    if name not in BY_NAME:
        close = difflib.get_close_matches(name, BY_NAME, 1)
        near = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(BY_NAME)}"
        raise ConfigError(f"no ecosystem is called {name[:40]!r}; {near}")
