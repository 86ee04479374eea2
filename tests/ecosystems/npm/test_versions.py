"""SemVer order, and the repair of dist-tags."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.npm.versions import precedence, repaired

ASCENDING = [
    "nonsense", "0.0.1-0", "0.0.1-alpha", "0.0.1", "0.9.0", "0.10.0", "1.0.0-1", "1.0.0-2", "1.0.0-10",
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
    "1.0.0-rc.20240610123456789012", "1.0.0", "1.0.1", "2.0.0-canary", "2.0.0",
]  # fmt: skip
"""The example of semver.org item 11, and what it leaves out."""


def test_order() -> None:
    for low, high in itertools.pairwise(ASCENDING):
        assert precedence(low) < precedence(high), (low, high)


def test_build_metadata_does_not_count() -> None:
    assert precedence("1.0.0+a") == precedence("1.0.0+b") == precedence("1.0.0")


@pytest.mark.parametrize(
    ("tags", "shown", "deprecated", "want"),
    [
        # the highest release below, not the highest of all: 3.0.0-canary would be a gift to nobody
        ({"latest": "2.0.0"}, ["1.0.0", "1.9.0", "3.0.0-canary"], [], {"latest": "1.9.0"}),
        # not above the old one: 3.0.0 is published under another tag for a reason
        ({"latest": "2.0.0"}, ["1.0.0", "3.0.0"], [], {"latest": "1.0.0"}),
        ({"latest": "2.0.0"}, ["1.0.0", "1.9.0"], ["1.9.0"], {"latest": "1.0.0"}),
        ({"latest": "2.0.0"}, ["1.0.0", "1.9.0"], ["1.9.0", "1.0.0"], {"latest": "1.9.0"}),
        ({"latest": "2.0.0"}, ["3.0.0", "3.1.0-rc.1"], [], {"latest": "3.0.0"}),
        ({"latest": "2.0.0"}, ["1.0.0-rc.1", "3.1.0-rc.1"], [], {"latest": "1.0.0-rc.1"}),
        ({"latest": "2.0.0-beta.2"}, ["2.0.0-beta.1", "1.0.0-beta.9"], [], {"latest": "2.0.0-beta.1"}),
        # publication order is not version order
        ({"latest": "2.0.0"}, ["1.10.0", "1.9.0"], [], {"latest": "1.10.0"}),
        # other tags stay inside their line, or go
        ({"next": "5.0.0-beta.3"}, ["5.0.0-beta.1", "5.0.0-beta.2", "5.0.0-alpha.9"], [], {"next": "5.0.0-beta.2"}),
        ({"next": "5.0.0-beta.3"}, ["4.0.0", "5.0.0-alpha.9", "5.0.0-beta.4"], [], {}),
        ({"next": "5.0.0-3"}, ["5.0.0-2", "5.0.0-10"], [], {"next": "5.0.0-2"}),
        ({"lts": "4.9.1"}, ["4.9.0", "5.0.0"], [], {}),
        # what leads to something visible is nobody's business
        ({"latest": "1.0.0", "odd": "9.9.9"}, ["1.0.0"], [], {"latest": "1.0.0", "odd": "9.9.9"}),
    ],
)
def test_repair(tags: dict[str, str], shown: list[str], deprecated: list[str], want: dict[str, str]) -> None:
    hidden = frozenset(v for v in tags.values() if v not in shown and v != "9.9.9")
    assert repaired(tags, shown, hidden, lambda version: version in deprecated) == want


VERSIONS = st.sampled_from(ASCENDING)


@given(
    st.dictionaries(st.sampled_from(["latest", "next", "beta"]), VERSIONS),
    st.sets(VERSIONS),
    st.sets(VERSIONS, min_size=1),
)
def test_no_tag_leads_to_a_hidden_version(tags: dict[str, str], hidden: set[str], all_versions: set[str]) -> None:
    shown = sorted(all_versions - hidden)
    if shown:
        kept = repaired(tags, shown, frozenset(hidden), lambda version: False)
        assert hidden.isdisjoint(kept.values())
        assert ("latest" in kept) == ("latest" in tags)
        assert repaired(kept, shown, frozenset(hidden), lambda version: False) == kept
