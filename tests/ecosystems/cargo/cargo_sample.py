"""A crate registry with one crate, whose files lie at a host of their own."""

from __future__ import annotations

import json
from functools import cache

from ecosystems.sampling import FILES, Sample, recorded
from pipeline_world import Answer
from registry.cargo_registry import API, CargoRegistry

LINES = "ac/me/acme"


@cache
def cargo() -> Sample:
    with CargoRegistry(dl=f"{FILES}{{crate}}/{{version}}/{{sha256-checksum}}") as registry:
        crate = registry.add("Acme", "1.0.0", padding=200_000)
        registry.add("Acme", "1.1.0+build", {"other": "^1"})
        api = registry.at(API)
        config = recorded(registry.url, ("config.json",), renamed={api: "https://api.registry.example"})
        upstream = recorded(registry.url, (LINES,)) | config
    file_url = f"{FILES}Acme/1.0.0/{crate.cksum}"
    upstream[file_url] = Answer(crate.body, headers={"content-type": "application/gzip"})
    return Sample(
        "cargo", upstream, (f"/cargo/index/{LINES}", "/cargo/index/config.json"),
        f"/cargo/crates/Acme/1.0.0/{crate.cksum}.crate", file_url,
        links=False,  # but a template, in config.json
        hidden="1.1.0+build", offered=versions,
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What is resolved anew: lines that are yanked stay for those whose lock file names them."""
    rows = [json.loads(line) for line in body.splitlines()]
    assert all(row["name"] == "Acme" and len(row["cksum"]) == 64 and row["deps"] is not None for row in rows)
    return {row["vers"] for row in rows if not row["yanked"]}
