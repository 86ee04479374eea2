"""Which tool a User-Agent names, by the patterns that ecosystems and this list declare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from subak.ecosystems.base import AgentPattern
from subak.model.exchange import Agent

GENERAL: tuple[AgentPattern, ...] = (
    AgentPattern("subak", r"subak/(?P<version>[\w.]+)"),
    AgentPattern("curl", r"curl/(?P<version>[\w.-]+)"),
    AgentPattern("wget", r"Wget/(?P<version>[\w.-]+)"),
    AgentPattern("python-requests", r"python-requests/(?P<version>[\w.]+)"),
    AgentPattern("python-urllib", r"Python-urllib/(?P<version>[\w.]+)"),
    AgentPattern("aiohttp", r"Python/\S+ aiohttp/(?P<version>[\w.]+)"),
    AgentPattern("go-http", r"Go-http-client/(?P<version>[\w.]+)"),
    AgentPattern("node", r"node(?:-fetch)?(?:/(?P<version>[\w.]+))?"),
    AgentPattern("nexus", r"Nexus/(?P<version>[\w.-]+)"),
    AgentPattern("artifactory", r"Artifactory/(?P<version>[\w.-]+)"),
    AgentPattern("renovate", r"Renovate(?:Bot)?/(?P<version>[\w.-]+)|.*\brenovate\b"),
    AgentPattern("dependabot", r"dependabot-core/(?P<version>[\w.]+)|.*\bdependabot\b"),
    AgentPattern("browser", r"Mozilla/5\.0 .*(?:Chrome|Firefox|Safari)/(?P<version>[\w.]+)"),
    AgentPattern("crawler", r".*(?:bot|crawl|spider)\b"),
)
"""Tools that belong to no single ecosystem; tried after the ecosystems' own."""

LONGEST = 1024
"""Characters of an agent that are read; pip's JSON is about 500."""


class Agents:
    """Parses each distinct User-Agent once."""

    def __init__(self, patterns: Iterable[AgentPattern], remembered: int = 20_000) -> None:
        self._patterns = [
            (p.family, re.compile(p.pattern, re.IGNORECASE), re.compile(p.ci) if p.ci else None)
            for p in (*patterns, *GENERAL)
        ]
        self._memo: dict[str, Agent] = {}
        self._remembered = remembered

    def parse(self, text: str) -> Agent:
        """The tool; family 'unknown' if no pattern fits, 'none' for an empty agent."""
        text = text[:LONGEST]
        found = self._memo.get(text)
        if found is None:
            if len(self._memo) >= self._remembered:  # a scraper may invent a new agent per request
                self._memo.clear()
            found = self._memo[text] = self._parse(text)
        return found

    def _parse(self, text: str) -> Agent:
        if not text:
            return Agent("none")
        for family, pattern, ci in self._patterns:
            match = pattern.match(text)
            if match:
                version = _named(match.groupdict())
                return Agent(family, version[:40], bool(ci and ci.search(text)))
        return Agent()


def _named(groups: Mapping[str, str | None]) -> str:
    return groups.get("version") or ""
