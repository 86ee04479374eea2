"""Decisions from evidence in hand: cases in words, and what must hold for any evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.classes.decide import Evidence, decide
from subak.analytics.classes.pack import ADVERSE, built_in
from subak.analytics.software.parse import parse
from subak.analytics.software.record import MOST, PURPOSES, Purpose

PACK = built_in()
TRAITS = {trait.name: trait for trait in PACK.traits}


def item(trait: str, word: int | str) -> Evidence:
    """A word of the pack, by number, or by value where it has values."""
    known = TRAITS[trait]
    told = known.words[word if isinstance(word, int) else known.values.index(word)]
    return Evidence(trait, known.kind, known.group, told.weights, told.says, told.flag)


def says(agent: str) -> Evidence:
    return Evidence("declared", "declared", "declared", dict(parse(agent).purposes))


NPM = "npm/11.6.2 node/v22.21.1 linux x64 workspaces/false"
CRAWLER = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"
PIP = "pip/26.0"


@pytest.mark.parametrize(
    ("evidence", "purpose", "flags"),
    [
        pytest.param([], "unknown", (), id="nothing is known"),
        pytest.param([says(NPM)], "unknown", (), id="an installer, and that is all"),
        pytest.param([says(f"{NPM} ci/github-actions/dotcom-hosted")], "ci-hosted", (), id="says hosted CI"),
        pytest.param([says(f"{NPM} ci/jenkins")], "ci-selfhosted", (), id="says a CI service of one's own"),
        pytest.param(
            [says(NPM), item("origin", "residential"), item("requests", 1)], "dev-install", (), id="at home, a little"
        ),
        pytest.param(
            [says(NPM), item("origin", "hyperscaler"), item("repeats", 4), item("requests", 4), item("daily", 0),
             item("system_packages", "beside"), item("conditional", 0), item("weekend", 2)],
            "build-infra", (), id="a cloud, at all hours, with system packages, the same again and again",
        ),
        pytest.param([says("Nexus/3.85.0-03 (PRO; Linux; 5.15.0; amd64; 21.0.8)")], "caching-proxy", (), id="Nexus"),
        pytest.param(
            [says("some-cache"), item("heads", 2), item("conditional", 2), item("repeats", 0), item("polling", 1),
             item("breadth", 5), item("versions", 1), item("runs", 4)],
            "caching-proxy", (), id="no known name, but behaves like a cache",
        ),
        pytest.param([says(CRAWLER)], "unknown", (), id="a crawler's name alone is no proof"),
        pytest.param([says(CRAWLER), item("standing", "home"), item("strange", 2), item("alphabet", 0),
             item("polling", 0), item("fleet", 2)], "ai-training", (), id="a crawler where it belongs"),
        pytest.param(
            [says(CRAWLER), item("standing", "elsewhere"), item("origin", "hosting"), item("strange", 2),
             item("refused", 2), item("breadth", 4)],
            "abuse", ("impersonator",), id="a crawler's name from somewhere else",
        ),
        pytest.param(
            [says(PIP), item("manner", "not-its-own"), item("strange", 2), item("origin", "vpn-tor"),
             item("alphabet", 0)],
            "abuse", ("impersonator",), id="an installer's name on a crawler",
        ),
        pytest.param(
            [says("Mozilla/5.0 zgrab/0.x"), item("refused", 3), item("strange", 3), item("breadth", 0)],
            "abuse", (), id="tries doors",
        ),
        pytest.param(
            [says("curl/8.14.1"), item("breadth", 1), item("polling", 4), item("repeats", 4)],
            "script-unknown", (), id="curl, the same file again and again",
        ),
        pytest.param(
            [says("checker/1"), item("breadth", 1), item("polling", 4), item("clock", 0), item("heads", 3),
             item("documents", 4), item("burst", 0), item("runs", 4)],
            "monitor", (), id="one address, at equal distances, only looking",
        ),
    ],
)  # fmt: skip
def test_cases(evidence: list[Evidence], purpose: str, flags: tuple[str, ...]) -> None:
    decision = decide(evidence, PACK)
    assert (decision.verdict.purpose, decision.flags) == (purpose, flags), decision.verdict


def test_a_possible_proxy_is_acquitted() -> None:
    trouble = Evidence("a", "behavioural", "claim", {"abuse": 4.0, "dev-install": -4.0})
    more = Evidence("b", "behavioural", "trespass", {"abuse": 4.0})
    proxy = Evidence("declared", "declared", "declared", {"caching-proxy": 4.0})
    assert decide([trouble, more], PACK).verdict.purpose == "abuse"
    assert decide([trouble, more, proxy], PACK).verdict.purpose not in ADVERSE


WEIGHTS = st.dictionaries(st.sampled_from(PURPOSES), st.floats(-50, 50), max_size=5)
ITEMS = st.lists(
    st.builds(
        Evidence,
        id=st.text("abcdefgh", min_size=1, max_size=2),
        kind=st.just("behavioural"),
        group=st.sampled_from(["declared", *PACK.budget]),
        weights=WEIGHTS,
    ),
    max_size=8,
    unique_by=lambda one: one.id,
)


@given(ITEMS, st.randoms())
def test_order_is_of_no_consequence(items: list[Evidence], random: object) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert decide(shuffled, PACK) == decide(items, PACK)


@given(ITEMS, WEIGHTS)
def test_no_item_weighs_more_than_the_cap(items: list[Evidence], weights: dict[Purpose, float]) -> None:
    before = decide(items, PACK).totals
    after = decide([*items, Evidence("one more", "behavioural", "declared", weights)], PACK).totals
    assert all(abs(after[purpose] - before[purpose]) <= 2 * MOST + 1e-9 for purpose in PURPOSES)
    alone = decide([Evidence("alone", "behavioural", "declared", weights)], PACK).totals
    assert all(abs(alone[purpose]) <= MOST for purpose in PURPOSES)


@given(st.lists(WEIGHTS, max_size=6), st.sampled_from(sorted(PACK.budget)))
def test_a_group_shares_its_budget(weights: list[dict[Purpose, float]], group: str) -> None:
    items = [Evidence(str(i), "behavioural", group, one) for i, one in enumerate(weights)]
    assert all(abs(total) <= PACK.budget[group] + 1e-9 for total in decide(items, PACK).totals.values())


@given(ITEMS, st.sampled_from(PURPOSES), st.floats(0, 9))
def test_support_never_lowers(items: list[Evidence], purpose: Purpose, weight: float) -> None:
    before = decide(items, PACK).posteriors[purpose]
    after = decide([*items, Evidence("new", "verified", "verified", {purpose: weight})], PACK).posteriors[purpose]
    assert after >= before - 1e-12


@given(ITEMS)
def test_posteriors_are_probabilities(items: list[Evidence]) -> None:
    shares = decide(items, PACK).posteriors
    assert abs(sum(shares.values()) - 1) < 1e-9
    assert all(0 <= share <= 1 for share in shares.values())
