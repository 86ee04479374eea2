"""From a logged request to what it is about: which registry's path it is, and then `identify`, as for live requests."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Final

from subak.analytics.packages.good import LATER, NOTHING, Good
from subak.analytics.packages.ownpaths import Shape, Shapes, below_mount
from subak.analytics.packages.targets import FIRST, below, split
from subak.analytics.packages.usual import Forms
from subak.ecosystems import BY_NAME, family
from subak.ecosystems.base import LIKELY, POSSIBLE, Ecosystem, Told, ecosystem_at
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
_BARE: Final = re.compile(r"/[A-Za-z0-9_@.!~=:-]+\Z").match
"""One segment that needs no cleaning."""
_VALUES: Final[dict[str, str]] = {kind: kind.value for kind in Kind}


class Recogniser:
    """Names what distinct requests are about, in two passes, so that the order of requests and shards never matters.

    Call it once for each distinct (method, host, target) of the log. A path whose shape no other registry has is named
    at once and counts as evidence about its host. For others, as '/react' of npm, the answer is `LATER`; when all were
    seen, `settle` names these by what is known of the host by then. `names` does both for a list.

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
        self._forms = Forms(BY_NAME.values(), self._shapes.segments | _PREFIXES | FIRST)
        self._orders: dict[tuple[str, str], list[Shape]] = {}
        self.evidence: dict[str, dict[str, int]] = {}
        """{place: {ecosystem: distinct requests of a sure shape}}, where a place is a host, or a proxy's repository at
        one. Shards add theirs up with `learn`."""

    def __call__(self, method: str, host: str, target: str, hint: str = "") -> Good:
        """What it is about, or `LATER`."""
        told = self.told(method, host, target)
        return told if isinstance(told, Good) else Good(*told)

    def told(self, method: str, host: str, target: str) -> Told:
        """The same as a plain tuple, which is made faster; `LATER` is itself."""
        if method in _READING:
            end = target.find("/", 1)
            first = target[1:end] if end > 0 else target[1:]
            for form in self._forms.possible(first, target):
                found = form.fits(target)
                if found is not None:
                    told = form.told(target, *found.groups(""))
                    if self._instructed and self._told(host) not in ("", told[0]):
                        return LATER
                    self._count(host, told[0])
                    return told
            if end < 0 and _BARE(target) and self._says_nothing(first):
                return LATER
        return self._at_length(method, host, target)

    def _says_nothing(self, segment: str) -> bool:
        """Whether a path of this segment alone has no sure shape: nobody's begin or end, no further registry."""
        shapes = self._shapes
        return not (
            segment in _PREFIXES
            or segment in FIRST
            or shapes.by_first(segment)
            or shapes.by_last(segment)
            or ("-" in segment and family(segment) in _MOUNTS)
        )

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
        """What a request is about that was answered with `LATER`; to be asked when all were seen."""
        path, query = split(target)
        first, place = _first(path), host
        told = self._told(host) if self._instructed else ""
        likely = hint if hint in BY_NAME else ""
        if first in FIRST and (where := below(path)).prefix:
            path, place = path[len(where.prefix) :], host + where.prefix
            first = _first(path)
            likely = next((_WORDS[word] for word in where.words if word in _WORDS), likely)
        method = method or "GET"
        if not told and first in _MOUNTS and self._share(place, GATEWAY) >= STRAY:
            good = self._below_prefix(method, path, query, first)
            if good is not None:
                return good
        shapes = self._orders.get((place, told or likely))
        for shape in self._order(place, told, told or likely) if shapes is None else shapes:
            mapped = below_mount(shape, path)
            if mapped:
                known = self._forms.below(shape.ecosystem.name, mapped) if method in _READING and not query else None
                good = Good(*known) if known else _named(shape.ecosystem, method, mapped, query)
                if good is not None:
                    return good
        if told or likely:
            return _named(BY_NAME[told or likely], method, path, query) or NOTHING
        return NOTHING

    def names(self, requests: Iterable[tuple[str, str, str, str]]) -> list[Good]:
        """What each (method, host, target, hint) is about. Together they are the evidence."""
        asked = list(requests)
        first = [self(*request) for request in asked]
        return [self.settle(*r) if good is LATER else good for r, good in zip(asked, first, strict=True)]

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
        for some in (shapes.by_last(path), shapes.anywhere(path)):
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

    def _told(self, host: str) -> str:
        return self._everywhere or self._hosts.get(host, "")

    def _count(self, place: str, name: str, count: int = 1) -> None:
        try:
            self.evidence[place][name] += count
        except KeyError:
            self.evidence.setdefault(place, {})[name] = count
        if self._orders:
            self._orders.clear()

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
        ordered = [shape for level in (LIKELY, POSSIBLE) for shape in shapes if shape.level == level]
        self._orders[place, likely] = ordered
        return ordered


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
