"""What may be fetched: rules in sight, each with a name that ends up in the reading and in the refusal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from packageurl import PackageURL

from subak.access.gcra import Limiter
from subak.ecosystems import family
from subak.ecosystems.base import Ecosystem, subject_of
from subak.errors import ConfigError
from subak.model.exchange import ADMITTED, UNIDENTIFIED, Caller, Kind, Subject, Verdict


class Rule(Protocol):
    """One reason to say no."""

    @property
    def name(self) -> str:
        """Ends up in the reading and in the refusal."""

    def object(self, subject: Subject, caller: Caller, now: float) -> Verdict | None:
        """A refusal, or None. `now` is monotonic, in seconds."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A consumer may not ask faster than its rate."""

    limiter: Limiter
    name: str = "allowance"

    def object(self, subject: Subject, caller: Caller, now: float) -> Verdict | None:
        wait = self.limiter.take(caller.consumer, now)
        if not wait:
            return None
        seconds = max(1, math.ceil(wait))
        return Verdict(False, self.name, f"more requests than the allowance of {caller.consumer} holds", seconds)


class Deny:
    """Named packages, or versions of them, that nobody gets from any registry of their ecosystem."""

    name = "deny"

    def __init__(self, purls: Sequence[str], ecosystems: Mapping[str, Ecosystem]) -> None:
        self._fold = {name: ecosystem.fold_version for name, ecosystem in ecosystems.items()}
        self._whole: set[str] = set()
        self._versions: dict[str, set[str]] = {}
        self._listed: dict[str, set[str]] = {}
        for text in purls:
            try:
                purl = PackageURL.from_string(text)
            except ValueError as error:
                raise ConfigError(f"access.deny: {text!r} is not a purl: {error}") from error
            project, subject, fold = _project(purl, tuple(ecosystems.values()))
            if purl.version:
                self._listed.setdefault(subject.ecosystem, set()).add(f"{subject.name}@{fold(purl.version)}")
                self._versions.setdefault(project, set()).add(fold(purl.version))
            else:
                self._whole.add(project)

    def object(self, subject: Subject, caller: Caller, now: float) -> Verdict | None:
        if not subject.purl or not (self._whole or self._versions):
            return None
        project, version = _bare(subject.purl), "@" in subject.purl
        if project in self._whole:
            return Verdict(False, self.name, f"{project} is on this gateway's deny list")
        if subject.kind in (Kind.ARTIFACT, Kind.METADATA, Kind.DERIVED) and project in self._versions:
            denied = self._versions[project]
            if self._fold[family(subject.ecosystem)](subject.version) in denied:
                return Verdict(False, self.name, f"{project} {subject.version} is on this gateway's deny list")
            if not version:
                return Verdict(False, self.name, f"{project}: versions are denied and this file's version is unknown")
        return None

    def hidden(self, subject: Subject) -> frozenset[str]:
        """Versions that documents of this project must not offer; where a document is about many, 'name@version' of
        all projects."""
        if subject.kind is Kind.LISTING or not subject.purl:
            return frozenset(self._listed.get(family(subject.ecosystem), ()))
        return frozenset(self._versions.get(_bare(subject.purl), ()))


def _project(purl: PackageURL, ecosystems: Sequence[Ecosystem]) -> tuple[str, Subject, Callable[[str], str]]:
    """The purl without version and qualifiers as its ecosystem spells it, its document, how versions are compared."""
    for ecosystem in ecosystems:
        subject = subject_of(purl, ecosystem)
        if subject is not None and subject.purl:
            return _bare(subject.purl), subject, ecosystem.fold_version
    return PackageURL(purl.type, purl.namespace, purl.name).to_string(), UNIDENTIFIED, str


def _bare(purl: str) -> str:
    """A purl's text up to its version and qualifiers; inside names '@' and '?' are encoded."""
    return purl.partition("@")[0].partition("?")[0]


def admit(rules: Sequence[Rule], subject: Subject, caller: Caller, now: float) -> Verdict:
    """The first objection wins, and a rule that breaks objects."""
    for rule in rules:
        try:
            verdict = rule.object(subject, caller, now)
        except Exception as error:  # a broken guard is a closed gate
            return Verdict(False, rule.name, f"the rule {rule.name} could not decide: {error!r}")
        if verdict is not None:
            return verdict
    return ADMITTED
