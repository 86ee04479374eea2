"""A registry of gems with one gem: compact index, old index, and the gem."""

from __future__ import annotations

from functools import cache

from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE
from registry.rubygems_registry import GemRegistry


@cache
def rubygems() -> Sample:
    with GemRegistry() as registry:
        gem = registry.add("acme-lab", "1.0.0", padding=200_000)
        registry.add("acme-lab", "1.1.0", {"other": ">= 1.0"}, platform="java")
        documents = ("info/acme-lab", "versions", "names", "specs.4.8.gz", "latest_specs.4.8.gz")
        path = gem.path.removeprefix("/")
        upstream = recorded(registry.url, (*documents, path))
    return Sample(
        "rubygems", upstream, tuple(f"/rubygems/{document}" for document in documents), f"/rubygems/{path}",
        f"{BASE}{path}", links=False, hidden="1.1.0", offered=versions,
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What Bundler resolves among, whatever the platform."""
    head, *rows = body.decode().splitlines()
    assert head == "---"
    assert all("|checksum:" in row for row in rows)
    return {row.partition(" ")[0].partition("-")[0] for row in rows}
