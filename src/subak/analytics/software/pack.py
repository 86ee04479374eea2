"""The agent pack: rules about software and its agents, read from `pack.toml` and made fit for quick lookup."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from subak.analytics.software.record import FLAGS, KINDS, MOST, PURPOSES, Kind, Purpose

FORMAT: Final = 1
"""The layout of the file; another one is not understood."""

Weights = dict[Purpose, Annotated[float, msgspec.Meta(ge=-MOST, le=MOST)]]
Place = Literal["lead", "product", "any"]
"""Where a name counts: only at the very start; also wherever a slash and a version follow it; or anywhere."""


class Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One rule as written in the file; all patterns ignore case and letters beyond ASCII count as none."""

    family: str = ""
    each: tuple[str, ...] = ()
    """Instead of `family`: every name here is a family of its own, and shares the rest."""
    names: tuple[str, ...] = ()
    """What the agent calls itself; the family if left out. The first word finds it, the rest must follow."""
    at: Place | Literal[""] = ""
    ecosystem: str = ""
    match: str = ""
    """Must be found in the agent for the rule to hold."""
    version: str = ""
    """Where the version is, if not right after the name; group 1."""
    shape: str = ""
    """How the tool itself writes its agent; what is not written so is flagged off-shape."""
    ci: str = ""
    """How it declares CI; groups vendor and sub, or list."""
    declares: str = ""
    """The first version that declares CI by itself: from there on silence weighs a little against it."""
    session: str = ""
    command: str = ""
    runtime: str = ""
    """'NAME=PATTERN': group 1 is the version, for tools that do not name their language implementation."""
    json: bool = False
    """A JSON object follows the name (pip and uv)."""
    flags: tuple[str, ...] = ()
    rank: int = 0
    """Among rules of one kind that are named in one agent, the lowest wins, then the first named."""
    purposes: Weights = {}
    """Replaces the weights of the kind, one by one."""


class KindEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What holds for all rules of a kind unless they say otherwise."""

    at: Place
    purposes: Weights


class Hint(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the name of software that is not in the pack says about its kind; `match` sees lower-case text."""

    kind: Kind
    match: str
    browsers: bool = False
    """Also looked for in what is otherwise a browser's agent."""
    links: bool = False
    """Looked for in links and mail addresses too, which are left out otherwise."""


class Mark(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A pattern that sets a flag."""

    flag: str
    match: str


class CiEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, rename="kebab"):
    """CI services by name, and on whose machines they run."""

    hosted: tuple[str, ...]
    self_hosted: tuple[str, ...]
    either: tuple[str, ...]
    aliases: dict[str, str]
    sub: dict[str, bool]
    """What a service's further token says; True means self-hosted."""


class Evidence(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Weights that are added to those of the rule."""

    ci: dict[str, Weights]
    """By hosted, self-hosted, either (where the job runs), silent (it could have declared CI and did not)."""
    flag: dict[str, Weights]
    os: dict[str, Weights]
    doubt: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]]
    """Flag: factor by which all that was declared is multiplied."""


class Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file."""

    format: Literal[1]
    version: str
    precedence: tuple[Kind, ...]
    """When one agent names several things, the first of these kinds is what it is."""
    kinds: dict[Kind, KindEntry]
    evidence: Evidence
    ci: CiEntry
    marks: tuple[Mark, ...]
    hints: tuple[Hint, ...]
    rules: dict[Kind, tuple[Entry, ...]]


class Pattern:
    """A regular expression that is compiled when it is first looked for: the agents of a log need few of them."""

    __slots__ = ("_flags", "_search", "_text")

    def __init__(self, text: str, flags: int = re.IGNORECASE | re.ASCII) -> None:
        self._text = text
        self._flags = flags
        self._search: Callable[[str], re.Match[str] | None] | None = None

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where it is found. Raises re.error for a pattern that is none."""
        if self._search is None:
            self._search = re.compile(self._text, self._flags).search
        return self._search(text)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule, compiled; `source` is its place in the file."""

    family: str
    kind: Kind
    names: tuple[str, ...]
    at: Place
    entry: Entry
    source: tuple[Kind, int]
    order: tuple[int, int]
    """Precedence of the kind, rank."""
    weights: Mapping[Purpose, float]
    match: Pattern | None = None
    version: Pattern | None = None
    shape: Pattern | None = None
    ci: Pattern | None = None
    session: Pattern | None = None
    command: Pattern | None = None
    runtime: tuple[str, Pattern] | None = None
    declares: tuple[int, ...] = ()

    def holds(self, text: str) -> bool:
        """The condition of the rule, beyond its name."""
        return self.match is None or self.match.search(text) is not None


class CiService(NamedTuple):
    """A CI service of the list."""

    name: str
    self_hosted: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """All rules, indexed by the lower-case first word of their names."""

    version: str
    rules: tuple[Rule, ...]
    lead: Mapping[str, tuple[Rule, ...]]
    anywhere: Mapping[str, tuple[Rule, ...]]
    kinds: Mapping[Kind, Mapping[Purpose, float]]
    evidence: Evidence
    services: Mapping[str, CiService]
    sub: Mapping[str, bool]
    marks: tuple[tuple[str, Pattern], ...]
    hints: tuple[tuple[Hint, Pattern], ...]


@cache
def built_in() -> Pack:
    """The pack that comes with this version of the program."""
    return _loaded(files(__package__).joinpath("pack.toml").read_text("utf-8"))


@cache
def version() -> str:
    """That of the pack, without reading all of it: what stands before its first table."""
    told = files(__package__).joinpath("pack.toml").read_text("utf-8").partition("\n[")[0]
    return str(tomllib.loads(told)["version"])


def load(text: str) -> Pack:
    """A pack from TOML. Raises ValueError when it is not one, with the place of the mistake; re.error for a pattern."""
    pack = _loaded(text)
    for rule in pack.rules:
        runtime = rule.runtime[1] if rule.runtime else None
        for pattern in (rule.match, rule.version, rule.shape, rule.ci, rule.session, rule.command, runtime):
            if pattern:
                pattern.search("")
    for _, pattern in (*pack.marks, *pack.hints):
        pattern.search("")
    return pack


def _loaded(text: str) -> Pack:
    document = msgspec.convert(tomllib.loads(text), Document)
    _require(set(document.kinds) == set(KINDS), "every kind has an entry in [kinds]")
    _require(sorted(document.precedence) == sorted(set(KINDS) - {"unknown"}), "precedence lists every kind once")
    flags = {*document.evidence.flag, *document.evidence.doubt, *(mark.flag for mark in document.marks)}
    _require(flags <= set(FLAGS), f"unknown flags {sorted(flags - set(FLAGS))}")
    _require(set(document.evidence.ci) == {"hosted", "self-hosted", "either", "silent"}, "evidence.ci has four states")
    rules = tuple(_rules(document))
    return Pack(
        version=document.version,
        rules=rules,
        lead=_index(rules),
        anywhere=_index(rule for rule in rules if rule.at != "lead"),
        kinds={kind: entry.purposes for kind, entry in document.kinds.items()},
        evidence=document.evidence,
        services=_services(document.ci),
        sub=document.ci.sub,
        marks=tuple((mark.flag, Pattern(mark.match)) for mark in document.marks),
        hints=tuple((hint, Pattern(hint.match, re.ASCII)) for hint in document.hints),
    )


def _rules(document: Document) -> Iterator[Rule]:
    for kind, entries in document.rules.items():
        for place, entry in enumerate(entries):
            _require(bool(entry.family) != bool(entry.each), f"{kind} {place}: give either family or each")
            _require(set(entry.flags) <= set(FLAGS), f"{kind} {place}: unknown flags {entry.flags}")
            weights = {**document.kinds[kind].purposes, **entry.purposes}
            weights = {purpose: weights[purpose] for purpose in PURPOSES if weights.get(purpose)}
            for name in entry.each or (entry.family,):
                names = (name,) if entry.each else entry.names or (name,)
                yield _rule(document, entry, (kind, place), family_of(name), names, weights)


def family_of(name: str) -> str:
    """How a name is written as a family: 'Screaming Frog' becomes 'screaming-frog'."""
    return name.lower().replace(" ", "-")


def _rule(
    document: Document,
    entry: Entry,
    source: tuple[Kind, int],
    family: str,
    names: tuple[str, ...],
    weights: Mapping[Purpose, float],
) -> Rule:
    kind = source[0]
    long = [re.escape(name) for name in names if " " in name]
    _require(not (long and entry.match), f"{family}: a name of several words is a condition by itself")
    _require(len(long) in (0, len(names)), f"{family}: names of one and of several words need two rules")
    runtime, _, pattern = entry.runtime.partition("=")
    return Rule(
        family,
        kind,
        names,
        entry.at or document.kinds[kind].at,
        entry,
        source,
        order=(document.precedence.index(kind), entry.rank),
        weights=weights,
        match=_maybe("|".join(long) or entry.match),
        version=_maybe(entry.version),
        shape=_maybe(entry.shape),
        ci=_maybe(entry.ci),
        session=_maybe(entry.session),
        command=_maybe(entry.command),
        runtime=(runtime, Pattern(pattern)) if runtime else None,
        declares=numbers(entry.declares),
    )


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: (1, 10) for '1.10rc1'; empty if it starts with none."""
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", version, re.ASCII)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _index(rules: Iterator[Rule] | tuple[Rule, ...]) -> dict[str, tuple[Rule, ...]]:
    """By first word; rules with a condition are tried first, and only one may have none."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        for word in {name.lower().partition(" ")[0] for name in rule.names}:
            found.setdefault(word, []).append(rule)
    for word, same in found.items():
        if len(same) == 1:  # as nearly all
            continue
        same.sort(key=lambda rule: rule.match is None)
        plain = [rule.family for rule in same if rule.match is None]
        _require(len(plain) <= 1, f"{word!r} names {plain}")
    return {word: tuple(same) for word, same in found.items()}


def _services(entry: CiEntry) -> dict[str, CiService]:
    found = {name: CiService(name, False) for name in entry.hosted}
    found |= {name: CiService(name, True) for name in entry.self_hosted}
    found |= {name: CiService(name, None) for name in entry.either}
    unknown = set(entry.aliases.values()) - set(found)
    _require(not unknown, f"aliases of unknown CI services: {sorted(unknown)}")
    return found | {alias: found[name] for alias, name in entry.aliases.items()}


def _maybe(pattern: str) -> Pattern | None:
    return Pattern(pattern) if pattern else None


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(f"the agent pack is not as it must be: {what}")
