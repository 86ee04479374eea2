"""Agents as they are seen, agents nobody should send, and any text at all."""

from __future__ import annotations

import pickle
import time
import tomllib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subak.access.agents import Agents
from subak.analytics.software.pack import Rule, built_in
from subak.analytics.software.parse import LONGEST, parse, rule_of
from subak.analytics.software.record import FLAGS, KINDS, MOST, PURPOSES
from subak.ecosystems import ALL

ROWS: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "agents.toml").read_text("utf-8"))["rows"]


def test_there_are_enough_rows_and_each_only_once() -> None:
    agents = [row["agent"] for row in ROWS]
    assert len(agents) >= 300
    assert len(set(agents)) == len(agents)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["agent"][:60] or "empty")
def test_agents_mean_what_they_say(row: Mapping[str, Any]) -> None:
    read = asdict(parse(row["agent"]))
    for name, value in row["want"].items():
        assert read[name] == (tuple(value) if isinstance(value, list) else value), (name, read)
    weights = dict(read["purposes"])
    for purpose, least in row.get("over", {}).items():
        assert weights.get(purpose, 0.0) > least, (purpose, weights)
    for purpose, most in row.get("under", {}).items():
        assert weights.get(purpose, 0.0) < most, (purpose, weights)


def test_every_rule_of_the_pack_decides_in_a_row() -> None:
    seen = {
        rule.source for row in ROWS if (rule := rule_of(row["agent"])) and rule.family == parse(row["agent"]).family
    }
    assert [(rule.kind, rule.family) for rule in built_in().rules if rule.source not in seen] == []


NAME_IS_ENOUGH = [rule for rule in built_in().rules if not rule.entry.match]


@pytest.mark.parametrize("rule", NAME_IS_ENOUGH, ids=lambda rule: f"{rule.kind}-{rule.family}")
def test_every_name_of_the_pack_leads_to_its_family(rule: Rule) -> None:
    for name in rule.names:
        assert parse(f"{name}/1.0").family == rule.family
        if rule.at == "any":
            claimed = parse(f"Mozilla/5.0 (compatible; {name}/1.0; +https://example.org/)")
            assert claimed.family == rule.family or rule.kind in ("browser", "script")


# ---------------------------------------------------------------- any text at all


PIECES = st.sampled_from(
    [row["agent"] for row in ROWS]
    + ["/", " ", "{", '"', "}", "\\", "%", "%2520", "+(", "(", ";", "\x00", "\ud800", "é"]
)
TEXTS = st.text(max_size=300) | st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS)
@example('pip/26.0 {"a":' + "[" * 3000)
@example('uv/1 {"ci":true,"cpu":"\ud800"}')
@example("%" * 3000)
@example("Mozilla/5.0 (" * 400)
@example("a-" * 5000)
@example("x" * 10**6)
def test_any_text_gives_a_record_within_bounds(text: str) -> None:
    read = parse(text)
    assert read == parse(text)
    assert read.kind in KINDS
    assert set(read.flags) <= set(FLAGS)
    assert all(purpose in PURPOSES and 0 < abs(weight) <= MOST for purpose, weight in read.purposes)
    assert read.ci in (True, None)
    assert read.ci or (read.ci_vendor == "" and read.self_hosted is None)
    short = (read.version, read.runtime, read.command, read.ecosystem, read.os, read.arch, read.ci_vendor)
    assert all(len(field) <= 40 and field.isprintable() for field in short)
    assert len(read.session) <= 64
    assert read.version == "" or (read.version[0].isdigit() and " " not in read.version)
    assert read.family in KNOWN


KNOWN = {rule.family for rule in built_in().rules} | {f"other-{kind}" for kind in KINDS} | {"unknown", "none"}


@given(st.text(max_size=200))
def test_nothing_that_follows_an_installers_name_makes_it_something_else(rest: str) -> None:
    for start in ("npm/11.0.0 node/v22.0.0 ", "cargo/1.93.0 ", "Apache-Maven/3.9.9 ("):
        assert parse(start + rest).kind == "installer"


@given(st.integers(0, 400))
def test_wherever_a_line_is_cut_the_tool_stays_known(length: int) -> None:
    whole = ROWS[0]["agent"]
    assert parse(whole[: len("pip/26.3") + length]).family == "pip"


def test_no_text_takes_long() -> None:
    """Bounds, not a benchmark: patterns that backtrack would miss them by orders of magnitude."""
    for text in ("a-" * LONGEST, "(" * LONGEST, "-" * LONGEST, '"' * LONGEST, "bot" * LONGEST, "1." * LONGEST,
                 "Mozilla/5.0 " + "compatible;" * LONGEST, 'pip/1 {"' + "x" * LONGEST, "://" * LONGEST):  # fmt: skip
        start = time.process_time()
        parse(text)
        assert time.process_time() - start < 0.1


# ---------------------------------------------------------------- the record


def test_records_travel_between_processes() -> None:
    read = parse(ROWS[0]["agent"])
    assert pickle.loads(pickle.dumps(read)) == read
    assert hash(read) == hash(parse(ROWS[0]["agent"]))


def test_silence_counts_against_ci_only_where_the_tool_could_have_spoken() -> None:
    old, new = (
        parse("npm/6.14.18 node/v14.21.3 linux x64"),
        parse("npm/10.8.2 node/v20.18.0 linux x64 workspaces/false"),
    )
    assert old.ci is new.ci is None
    assert new.weight("ci-hosted") < 0 < old.weight("ci-hosted")


ONLINE = Agents(pattern for ecosystem in ALL for pattern in ecosystem.agents)
VAGUE = {"unknown", "none", "crawler", "browser"}
"""What the gateway says when it does not know more."""
DIFFERENT = {
    "curl/8.9.1 Nix/2.24.9": ("curl", "nix"),  # the gateway reads the first name only
    "Python-urllib/2.7 setuptools/36.0": ("python-urllib", "easy-install"),
    # On an npm path this is yarn; in a log it may as well be any script with that library.
    "got (https://github.com/sindresorhus/got)": ("yarn-berry", "got"),
}


def test_online_and_offline_name_the_same_tools() -> None:
    """The gateway knows fewer tools; what it names, it names as here."""
    differing = {}
    for row in ROWS:
        there, here = ONLINE.parse(row["agent"]), parse(row["agent"])
        if there.family not in VAGUE:
            assert here.ci or not there.ci
            if there.family != here.family:
                differing[row["agent"]] = (there.family, here.family)
    assert differing == DIFFERENT


def test_what_a_gateway_sees_is_read_in_microseconds() -> None:
    """15 to 30 µs on an idle machine; the bound only catches patterns that have become slow by orders of magnitude."""
    agents = [row["agent"] for row in ROWS]
    start = time.process_time()
    for agent in agents:
        parse(agent)
    assert (time.process_time() - start) / len(agents) < 500e-6
