"""Each rule says no for one reason; a rule that breaks says no too."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from subak.access.gcra import Limiter
from subak.access.rules import Allowance, Deny, Rule, admit
from subak.ecosystems import BY_NAME, served
from subak.errors import ConfigError
from subak.model.exchange import ADMITTED, UNCLASSIFIED, UNIDENTIFIED, Caller, Kind, Subject, Verdict

ANN = Caller(consumer="addr:10.0.0.1")


def npm(name: str, version: str = "", kind: Kind = Kind.ARTIFACT, *, known: bool = True) -> Subject:
    purl = f"pkg:npm/{name}" + (f"@{version}" if version and known else "")
    return Subject("npm", kind, "", "", name, version, purl=purl)


def pypi(name: str, version: str, kind: Kind = Kind.ARTIFACT) -> Subject:
    return Subject("pypi", kind, "", "", name, version, purl=f"pkg:pypi/{name}" + (f"@{version}" if version else ""))


def other(ecosystem: str, project: str, version: str, qualifiers: str = "") -> Subject:
    name = project.rpartition("/")[2]
    return Subject(ecosystem, Kind.ARTIFACT, "", "", name, version, purl=f"{project}@{version}{qualifiers}")


def denied(purls: list[str], subject: Subject) -> str:
    verdict = Deny(purls, BY_NAME).object(subject, ANN, 0)
    return "" if verdict is None else verdict.reason


# ---------------------------------------------------------------- deny


@pytest.mark.parametrize(
    ("purl", "subject", "said"),
    [
        ("pkg:npm/evil", npm("evil", "1.0.0"), "pkg:npm/evil is on"),
        ("pkg:npm/evil", npm("evil", kind=Kind.INDEX), "pkg:npm/evil is on"),
        ("pkg:npm/evil", npm("evil2", "1.0.0"), ""),
        ("pkg:npm/evil", pypi("evil", "1.0"), ""),
        ("pkg:npm/evil", UNIDENTIFIED, ""),
        ("pkg:npm/evil@1.0.0", npm("evil", "1.0.0"), "pkg:npm/evil 1.0.0 is on"),
        ("pkg:npm/evil@1.0.0", npm("evil", "1.0.1"), ""),
        ("pkg:npm/evil@1.0.0", npm("evil", kind=Kind.INDEX), ""),
        ("pkg:npm/evil@1.0.0", npm("evil", "1.0.0", Kind.METADATA), "pkg:npm/evil 1.0.0 is on"),
        ("pkg:npm/evil@1.0.0", npm("evil"), "version is unknown"),
        ("pkg:npm/%40scope/evil@1.0.0", npm("%40scope/evil", "1.0.0"), "pkg:npm/%40scope/evil 1.0.0 is on"),
        ("pkg:npm/@scope/evil", npm("%40scope/evil", "1.0.0"), "pkg:npm/%40scope/evil is on"),
        ("pkg:npm/@scope/evil", npm("evil", "1.0.0"), ""),
        ("pkg:pypi/Evil_Package", pypi("evil-package", "1.0"), "pkg:pypi/evil-package is on"),
        ("pkg:pypi/evil@1.0", pypi("evil", "1.0"), "pkg:pypi/evil 1.0 is on"),
        ("pkg:pypi/evil@1.0.0", pypi("evil", "1.0"), "pkg:pypi/evil 1.0 is on"),
        ("pkg:pypi/evil@1.0RC1", pypi("evil", "1.0rc1"), "pkg:pypi/evil 1.0rc1 is on"),
        ("pkg:pypi/evil@1.0", pypi("evil", "1.0.1"), ""),
        ("pkg:cargo/Evil_Up@1.0.0", other("cargo", "pkg:cargo/evil_up", "1.0.0"), "pkg:cargo/evil_up 1.0.0 is on"),
        ("pkg:gem/evil@1.0", other("rubygems", "pkg:gem/evil", "1.0", "?platform=java"), "pkg:gem/evil 1.0 is on"),
        ("pkg:maven/g/evil", other("maven", "pkg:maven/g/evil", "1.0", "?type=pom"), "pkg:maven/g/evil is on"),
        ("pkg:swift/evil", other("maven", "pkg:maven/g/evil", "1.0"), ""),
    ],
)
def test_denied(purl: str, subject: Subject, said: str) -> None:
    got = denied([purl], subject)
    assert said in got
    assert bool(said) == bool(got)


def test_denied_in_every_registry_of_the_ecosystem() -> None:
    further = served(["npm-internal", "rubygems-internal"])
    deny = Deny(["pkg:npm/evil", "pkg:npm/bad@1.0", "pkg:gem/gone@1"], further)
    for ecosystem in ("npm", "npm-internal"):
        whole, version = npm("evil", "2.0.0"), npm("bad", "1.0")
        assert deny.object(replace(whole, ecosystem=ecosystem), ANN, 0) is not None
        assert deny.object(replace(version, ecosystem=ecosystem), ANN, 0) is not None
        assert deny.object(replace(npm("fine", "1.0"), ecosystem=ecosystem), ANN, 0) is None
    assert deny.hidden(Subject("rubygems-internal", Kind.LISTING)) == {"gone@1"}
    assert deny.hidden(Subject("npm-internal", Kind.LISTING)) == {"bad@1.0"}


def test_nothing_is_denied_by_default() -> None:
    deny = Deny([], BY_NAME)
    assert deny.object(npm("a", "1.0.0"), ANN, 0) is None
    assert deny.hidden(npm("a")) == frozenset()


def test_versions_are_hidden_from_documents() -> None:
    deny = Deny(["pkg:npm/a@1.0.0", "pkg:npm/a@2.0.0", "pkg:npm/b@3.0.0", "pkg:npm/c"], BY_NAME)
    assert deny.hidden(npm("a", kind=Kind.INDEX)) == {"1.0.0", "2.0.0"}
    assert deny.hidden(npm("a", "9.0.0")) == {"1.0.0", "2.0.0"}
    assert deny.hidden(npm("c")) == frozenset()
    assert deny.hidden(Subject("npm", Kind.LISTING)) == {"a@1.0.0", "a@2.0.0", "b@3.0.0"}
    assert deny.hidden(Subject("pypi", Kind.LISTING)) == frozenset()
    assert Deny(["pkg:npm/c"], BY_NAME).hidden(UNIDENTIFIED) == frozenset()


@pytest.mark.parametrize("text", ["evil", "pkg:", "npm/evil", ""])
def test_what_is_no_purl_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigError, match=r"access\.deny"):
        Deny([text], BY_NAME)


# ---------------------------------------------------------------- allowance


def test_the_allowance_says_how_long_to_wait() -> None:
    rule = Allowance(Limiter(0.5, 1))
    assert rule.object(UNIDENTIFIED, ANN, 0) is None
    verdict = rule.object(UNIDENTIFIED, ANN, 0)
    assert verdict == Verdict(False, "allowance", "more requests than the allowance of addr:10.0.0.1 holds", 2)
    assert rule.object(UNIDENTIFIED, UNCLASSIFIED, 0) is None


def test_a_wait_is_whole_seconds_and_never_zero() -> None:
    rule = Allowance(Limiter(1000, 1))
    rule.object(UNIDENTIFIED, ANN, 0)
    verdict = rule.object(UNIDENTIFIED, ANN, 0)
    assert verdict is not None
    assert verdict.retry_after == 1


# ---------------------------------------------------------------- admit


@dataclass
class Objects:
    """A rule that says what it was told to say, and counts."""

    name: str
    verdict: Verdict | None = None
    error: Exception | None = None
    asked: int = 0

    def object(self, subject: Subject, caller: Caller, now: float) -> Verdict | None:
        self.asked += 1
        if self.error:
            raise self.error
        return self.verdict


def test_nobody_objects() -> None:
    assert admit((), UNIDENTIFIED, ANN, 0) is ADMITTED
    assert admit((Objects("a"), Objects("b")), UNIDENTIFIED, ANN, 0) is ADMITTED


def test_the_first_objection_wins() -> None:
    first, second = Objects("a", Verdict(False, "a", "no")), Objects("b", Verdict(False, "b", "no"))
    assert admit((Objects("x"), first, second), UNIDENTIFIED, ANN, 0).rule == "a"
    assert second.asked == 0


@pytest.mark.parametrize("error", [ValueError("oops"), KeyError("x"), RecursionError(), ZeroDivisionError()])
def test_a_rule_that_breaks_objects(error: Exception) -> None:
    rules: tuple[Rule, ...] = (Objects("fine"), Objects("broken", error=error), Objects("after"))
    verdict = admit(rules, UNIDENTIFIED, ANN, 0)
    assert (verdict.admitted, verdict.rule, verdict.retry_after) == (False, "broken", 0)
    assert "could not decide" in verdict.reason


def test_an_ecosystem_that_deny_does_not_know_closes_the_gate() -> None:
    stranger = Subject("other", Kind.ARTIFACT, purl="pkg:npm/a@1.0.0", version="1.0.0")
    assert not admit((Deny(["pkg:npm/a@2.0.0"], BY_NAME),), stranger, ANN, 0).admitted
