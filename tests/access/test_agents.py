"""Which tool asks, as far as it says so."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.access.agents import GENERAL, LONGEST, Agents
from subak.ecosystems import ALL
from subak.ecosystems.base import AgentPattern
from subak.model.exchange import Agent

AGENTS = Agents(p for e in ALL for p in e.agents)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", Agent("none")),
        ("something else", Agent()),
        ('pip/25.0 {"ci":true,"cpu":"x86_64"}', Agent("pip", "25.0", True)),
        ('pip/25.0 {"ci":null,"cpu":"x86_64"}', Agent("pip", "25.0", False)),
        ("npm/11.0.0 node/v24.0.0 linux x64 workspaces/false", Agent("npm", "11.0.0")),
        ("npm/11.0.0 node/v24.0.0 linux x64 workspaces/false ci/github-actions", Agent("npm", "11.0.0", True)),
        ("pnpm/10.1.0 npm/? node/v24.0.0 linux x64", Agent("pnpm", "10.1.0")),
        ("curl/8.5.0", Agent("curl", "8.5.0")),
        ("Wget/1.21", Agent("wget", "1.21")),
        ("python-requests/2.32.3", Agent("python-requests", "2.32.3")),
        ("Python-urllib/3.12", Agent("python-urllib", "3.12")),
        ("Python/3.12 aiohttp/3.14.0", Agent("aiohttp", "3.14.0")),
        ("Go-http-client/1.1", Agent("go-http", "1.1")),
        ("node", Agent("node")),
        ("Nexus/3.70.1-02 (OSS; Linux)", Agent("nexus", "3.70.1-02")),
        ("Artifactory/7.90.1 79001900", Agent("artifactory", "7.90.1")),
        ("Mozilla/5.0 (compatible; renovate)", Agent("renovate")),
        ("dependabot-core/0.300.0 excon/1.2", Agent("dependabot", "0.300.0")),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
            Agent("browser", "537.36"),
        ),
        ("SomeSearch-bot (+https://bot.example)", Agent("crawler")),
        ("subak/0.1.0 (+https://ops.example)", Agent("subak", "0.1.0")),
    ],
)
def test_agents(text: str, want: Agent) -> None:
    assert AGENTS.parse(text) == want


def test_versions_are_bounded() -> None:
    assert len(AGENTS.parse("curl/" + "1" * 500).version) == 40


def test_ecosystems_come_first() -> None:
    ours = Agents([AgentPattern("ours", "curl/(?P<version>.*)")])
    assert ours.parse("curl/1") == Agent("ours", "1")


def test_patterns_name_versions_and_nothing_else() -> None:
    patterns = [*GENERAL, *(p for e in ALL for p in e.agents)]
    assert all(set(re.compile(p.pattern).groupindex) <= {"version"} for p in patterns)


def test_an_agent_is_remembered_and_memory_is_bounded() -> None:
    few = Agents((), remembered=3)
    assert few.parse("curl/1") is few.parse("curl/1")
    for n in range(20):
        few.parse(f"curl/{n}")
    assert len(few._memo) <= 3


def test_a_long_agent_costs_no_more_memory_than_a_short_one() -> None:
    agents = Agents(())
    first = agents.parse("curl/8 " + "x" * 100_000 + "1")
    assert first is agents.parse("curl/8 " + "x" * 100_000 + "2")
    assert max(map(len, agents._memo)) <= LONGEST


@given(st.text(max_size=2000))
def test_any_text_is_some_agent(text: str) -> None:
    assert AGENTS.parse(text).family
