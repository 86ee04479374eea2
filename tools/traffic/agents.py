"""User-Agent strings as clients really shape them, with versions as they lie about in one week."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

FILE = Path(__file__).parent / "agents.tsv"

HTTP2 = frozenset({
    "uv", "cargo", "go", "browser", "search", "ai-training", "ai-agent", "pnpm", "pnpm-frozen", "impostor",
})  # fmt: skip
"""Families that speak HTTP/2; all others HTTP/1.1."""

_KERNELS = {"aws": "6.8.0-1021-aws", "azure": "6.11.0-1018-azure", "gcp": "6.8.0-1030-gcp", "": "6.8.0-60-generic"}


def protocol(family: str) -> str:
    """The version of HTTP a family speaks."""
    return "HTTP/2.0" if family in HTTP2 else "HTTP/1.1"


def _pip(rng: Random, ci: str, platform: str) -> str:
    kernel = _KERNELS[rng.choice(("aws", "azure", "gcp") if ci else ("",))]
    python = rng.choice(("3.10.18", "3.11.13", "3.12.11", "3.13.7", "3.14.0"))
    version = rng.choice(("23.0.1", "24.0", "24.3.1", "25.2", "25.3", "26.0"))
    mac = platform == "mac"
    distro = {"name": "macOS", "version": "15.6"} if mac else {
        "id": "noble", "libc": {"lib": "glibc", "version": "2.39"}, "name": "Ubuntu", "version": "24.04"}  # fmt: skip
    facts = {
        "ci": True if ci else None,
        "cpu": "arm64" if mac else "x86_64",
        "distro": distro,
        "implementation": {"name": "CPython", "version": python},
        "installer": {"name": "pip", "version": version},
        "openssl_version": "OpenSSL 3.0.13 30 Jan 2024",
        "python": python,
        "system": {"name": "Darwin", "release": "24.6.0"} if mac else {"name": "Linux", "release": kernel},
    }
    return f"pip/{version} {json.dumps(facts, separators=(',', ':'), sort_keys=True)}"


def _uv(rng: Random, ci: str, platform: str) -> str:
    version = rng.choice(("0.5.31", "0.7.22", "0.8.17", "0.9.9", "0.9.11"))
    mac = platform == "mac"
    facts = {
        "installer": {"name": "uv", "version": version, "subcommand": [rng.choice(("sync", "pip", "run", "tool"))]},
        "python": rng.choice(("3.12.11", "3.13.7")),
        "implementation": {"name": "CPython", "version": "3.13.7"},
        "distro": {"name": "macOS", "version": "15.6"} if mac else {"name": "Debian GNU/Linux", "version": "13"},
        "system": {"name": "Darwin", "release": "24.6.0"} if mac else {"name": "Linux", "release": _KERNELS["azure"]},
        "cpu": "arm64" if mac else "x86_64",
        "openssl_version": None,
        "setuptools_version": None,
        "rustc_version": None,
        "ci": True if ci else None,
    }
    return f"uv/{version} {json.dumps(facts, separators=(',', ':'))}"


_NPM_CI = {
    "github-hosted": " ci/github-actions/dotcom-hosted", "github-selfhosted": " ci/github-actions/dotcom-selfhosted",
    "gitlab": " ci/gitlab-ci", "jenkins": " ci/jenkins", "": "",
}  # fmt: skip
_BUNDLER_CI = {
    "github-hosted": " ci/github,ci", "github-selfhosted": " ci/github,ci", "gitlab": " ci/gitlab,ci",
    "jenkins": " ci/jenkins", "": "",
}  # fmt: skip


def _npm(rng: Random, ci: str, platform: str) -> str:
    version = rng.choice(("9.9.4", "10.8.2", "10.9.3", "11.6.2", "11.21.2"))
    node = rng.choice(("18.20.8", "20.19.5", "22.21.1", "24.11.0"))
    system = "darwin arm64" if platform == "mac" else "linux x64"
    return f"npm/{version} node/v{node} {system} workspaces/false{_NPM_CI[ci]}"


def _bundler(rng: Random, ci: str, platform: str) -> str:
    host = "arm64-darwin24" if platform == "mac" else "x86_64-pc-linux-gnu"
    version, ruby = rng.choice(("2.4.22", "2.6.9", "2.7.2")), rng.choice(("3.2.9", "3.3.9", "3.4.7"))
    return (
        f"bundler/{version} rubygems/3.6.9 ruby/{ruby} ({host}) "
        f"command/install options/jobs,path{_BUNDLER_CI[ci]} {rng.getrandbits(64):016x}"
    )


_TOLD = {"pip": _pip, "uv": _uv, "npm": _npm, "npm-ci": _npm, "bundler": _bundler}
"""Families whose agents tell of the machine they run on, or of CI."""


@cache
def _fixed() -> dict[str, list[str]]:
    """Agents of all other families, as agents.tsv lists them: a family, a tab, a text ('' for none)."""
    found: dict[str, list[str]] = {}
    for line in FILE.read_text("utf-8").splitlines():
        family, _, text = line.partition("\t")
        found.setdefault(family, []).append(text)
    return found


def families() -> set[str]:
    """All families there are."""
    return {*_TOLD, *_fixed()}


def agent(family: str, rng: Random, ci: str = "", platform: str = "linux") -> str:
    """One User-Agent of this family. `ci`: the vendor that its environment tells of, '' for none."""
    if family in _TOLD:
        return _TOLD[family](rng, ci, platform)
    return rng.choice(_fixed()[family])


INSTALLERS: dict[str, tuple[tuple[str, float], ...]] = {
    "pypi": (("pip", 0.66), ("uv", 0.28), ("poetry", 0.06)),
    "npm": (("npm", 0.18), ("npm-ci", 0.42), ("pnpm", 0.06), ("pnpm-frozen", 0.14), ("yarn", 0.20)),
    "maven": (("maven", 0.64), ("gradle", 0.36)),
    "cargo": (("cargo", 1.0),),
    "rubygems": (("bundler", 1.0),),
    "go": (("go", 1.0),),
    "debian": (("apt", 1.0),),
}
"""Which installers people use, by ecosystem; shares of projects."""
