"""A module proxy with one module, recorded in a checksum database that it speaks for."""

from __future__ import annotations

from functools import cache

from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE
from registry.go_registry import GoRegistry

MODULE = "example.org/!lab"
"""example.org/Lab, escaped."""


@cache
def go() -> Sample:
    with GoRegistry() as proxy:
        proxy.add("example.org/Lab", "v1.0.0", padding=200_000)
        proxy.add("example.org/Lab", "v1.1.0")
        log = f"sumdb/{proxy.database.name}"
        lookups = [f"{log}/lookup/{MODULE}@{version}" for version in ("v1.0.0", "v1.1.0")]
        size = len(proxy.database.log.records)
        tiles = [f"{log}/tile/8/0/{number:03}" for number in range(size // 256)]
        tiles += [f"{log}/tile/8/0/{size // 256:03}.p/{size % 256}", f"{log}/tile/8/1/000.p/{size // 256}"]
        documents = [f"{MODULE}/@v/list", f"{MODULE}/@v/v1.0.0.info", f"{MODULE}/@latest", f"{log}/latest", *lookups]
        zip_ = f"{MODULE}/@v/v1.0.0.zip"
        files = [zip_, f"{MODULE}/@v/v1.0.0.mod"]
        upstream = recorded(proxy.url, [*documents, *tiles, *files, f"{log}/supported"])
        key = proxy.database.key
    asked = (*documents, tiles[-1], f"{log}/supported")
    return Sample(
        "go", upstream, tuple(f"/go/{path}" for path in asked), f"/go/{zip_}", f"{BASE}{zip_}",
        further={"sumdb": key}, links=False, hidden="v1.1.0", offered=versions,
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What `@latest` and version queries choose from."""
    found = body.decode().splitlines()
    assert all(version.startswith("v") and version.count(".") == 2 for version in found)
    return set(found)
