"""Two Composer repositories with one package: one announces digests, the other, like the public one, does not."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ecosystems.sampling import FILES, Sample, recorded
from pipeline_world import BASE, Answer
from registry.composer_registry import CODE, REPOSITORY, ComposerRegistry


@cache
def composer() -> Sample:
    return _sample("right")


@cache
def composer_unpinned() -> Sample:
    return _sample("none")


def _sample(shasum: str) -> Sample:
    with ComposerRegistry() as repository:
        release = repository.add("acme/lab", "v1.0.0", padding=200_000, shasum=shasum)
        repository.add("acme/lab", "v1.1.0", {"acme/other": "^1.0"}, shasum=shasum)
        repository.add("acme/lab", "dev-feature/x", shasum=shasum)
        renamed = {f"{repository.at(REPOSITORY)}/": BASE, f"{repository.at(CODE)}/": FILES}
        renamed |= {theirs.replace("/", "\\/"): shown for theirs, shown in renamed.items()}
        documents = ("p2/acme/lab.json", "p2/acme/lab~dev.json", "packages.json")
        upstream = recorded(repository.url, documents, renamed=renamed)
    # relative to the host in the recorded root, as at the public repository; here to the root itself
    root = json.loads(upstream[f"{BASE}packages.json"].body)
    root["metadata-url"] = "p2/%package%.json"
    upstream[f"{BASE}packages.json"].body = json.dumps(root).encode()
    file_url = f"{FILES}{release.theirs.removeprefix('/')}"
    upstream[file_url] = Answer(release.body, headers={"content-type": "application/zip"})
    return Sample(
        "composer", upstream, tuple(f"/composer/{document}" for document in documents),
        f"/composer/{release.path}", file_url, unpinned=shasum == "none", hidden="1.1.0", offered=versions,
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What Composer resolves among: each entry is the one before with changes (MetadataMinifier::expand)."""
    tree = json.loads(body)
    assert tree["minified"] == "composer/2.0"
    found, entry = set(), dict[str, Any]()
    for changes in tree["packages"]["acme/lab"]:
        entry = {key: value for key, value in {**entry, **changes}.items() if value != "__unset"}
        assert entry["name"] == "acme/lab"
        assert entry["dist"]["url"].startswith("http://gateway.example/")
        found.add(entry["version"].removeprefix("v"))
    return found
