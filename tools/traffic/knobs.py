"""The knobs, and which published figure each was set to hit. Figures hold from about 100,000 lines on.

Published (traffic of registries, 2015-2026), with the window and unit that we read into them:

- TOP: 82-83 % of requests from 1 % of addresses (2024 and 2026);
- CLOUDS: the three largest clouds are 32.5 % of addresses and more than 86 % of downloads (2025);
- INSTALLERS: of a Python index's downloads, pip and its successors about 70 %, mirror software about 20 % (2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

TOP = (0.82, 0.83)
CLOUD_ADDRESSES = 0.325
CLOUD_DOWNLOADS = (0.86, 0.89)
PYTHON_INSTALLERS = 0.70
PYTHON_MIRRORS = 0.20


@dataclass(frozen=True, slots=True)
class Group:
    """One kind of actor. `weight`: its part of all requests; `actors`: how many per 100,000 lines (at least one)."""

    weight: float
    actors: float
    skew: float = 1.2
    """Shape of the Pareto distribution of their sizes; smaller is more unequal."""


GROUPS: Mapping[str, Group] = {
    # Runs of hosted CI leave through few gateways of three clouds (TOP, CLOUDS).
    "ci-hosted": Group(30.0, 12),
    # Short jobs on machines with an address of their own: they bring the clouds to their part of addresses (CLOUDS).
    "ci-short": Group(3.8, 14, 2.5),
    "ci-selfhosted": Group(22.0, 5, 1.6),
    "ci-onprem": Group(1.2, 1, 2.5),
    "build-infra": Group(14.3, 3, 2.0),
    "proxy": Group(4.6, 3, 1.8),
    "shadow-ci": Group(1.2, 2, 2.0),
    "shadow-dev": Group(0.3, 4, 2.5),
    "mirror-python": Group(2.9, 1, 3.0),  # INSTALLERS
    "mirror": Group(1.0, 1.5, 3.0),
    "update-bot": Group(4.0, 1.5, 2.0),
    "sca-scanner": Group(5.5, 2, 1.8),
    "research": Group(0.7, 0.5, 3.0),
    "search": Group(0.8, 1, 3.0),
    "ai-training": Group(1.2, 2, 2.0),
    "ai-agent": Group(0.6, 3, 2.0),
    "monitor": Group(0.5, 3, 3.0),
    "impostor": Group(0.7, 1.5, 3.0),
    "probe": Group(0.3, 2, 2.5),
    "script": Group(1.3, 45, 1.1),
    # People at home: most addresses of the world outside the clouds (TOP, CLOUDS).
    "dev": Group(5.6, 1450, 1.7),
    "office-dev": Group(1.0, 4, 2.0),
    "office-ci": Group(0.35, 4, 2.5),
    "unknown": Group(0.4, 60, 2.5),
}


@dataclass(frozen=True, slots=True)
class Knobs:
    """Everything that can be turned."""

    groups: Mapping[str, Group] = field(default_factory=lambda: GROUPS)
    ecosystems: Mapping[str, float] = field(
        default_factory=lambda: {
            "pypi": 0.30, "npm": 0.30, "maven": 0.20, "cargo": 0.06, "rubygems": 0.05, "go": 0.05, "debian": 0.04,
        }
    )  # fmt: skip
    """Parts of projects. What is not named does not occur."""
    gateways: float = 6
    """Addresses through which hosted CI leaves, per 100,000 lines (TOP)."""
    machines: float = 1130
    """Addresses that short jobs are given, per 100,000 lines (CLOUDS)."""
    declared: Mapping[str, float] = field(default_factory=lambda: {"pip": 0.55, "": 0.85})
    """How often CI says so; pip runs more often in containers that inherit no variable."""
    cached: float = 0.28
    """Projects of CI that keep a cache between runs (27.9 % of 952 repositories, 2026)."""


def scaled(groups: Mapping[str, Group], weights: Mapping[str, float], actors: Mapping[str, float]) -> dict[str, Group]:
    """The same groups with other weights and numbers."""
    return {
        name: replace(g, weight=g.weight * weights.get(name, 1.0), actors=g.actors * actors.get(name, 1.0))
        for name, g in groups.items()
    }


PROFILES: Mapping[str, Knobs] = {
    "letter": Knobs(),
    # A registry whose heaviest 1 % of addresses take about 30 % of downloads, as a container registry told in 2020.
    "even": Knobs(
        groups=scaled(GROUPS, {"dev": 4, "ci-short": 3, "ci-hosted": 0.5, "ci-selfhosted": 0.25, "build-infra": 0.2,
                               "sca-scanner": 0.2}, {"ci-selfhosted": 4, "dev": 0.8, "build-infra": 3}),
        gateways=60, machines=660,
    ),
    # One registry each: logs without a mixture.
    "python": Knobs(ecosystems={"pypi": 1.0}),
    "java": Knobs(ecosystems={"maven": 1.0}),
    # Crawlers, impostors and probes as some operators saw them in 2024.
    "crawled": Knobs(
        groups=scaled(GROUPS, {"ai-training": 12, "search": 5, "impostor": 8, "probe": 6}, {"ai-training": 2})
    ),
}  # fmt: skip
