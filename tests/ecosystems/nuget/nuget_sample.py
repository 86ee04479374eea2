"""A feed with a package of two versions, one catalog entry for each, and a list of advisories."""

from __future__ import annotations

import base64
import hashlib
import json

from ecosystems.sampling import Sample, encoded
from pipeline_world import BASE, LARGE, SMALL, Answer

FLAT, HIVE, CATALOG = f"{BASE}flat/", f"{BASE}reg/", f"{BASE}cat/"
ADVISORIES = f"{BASE}vulnerabilities/index.json"
TYPED = {"content-type": "application/json"}


def nuget() -> Sample:
    kinds = {
        "PackageBaseAddress/3.0.0": FLAT, "RegistrationsBaseUrl/3.6.0": HIVE, "Catalog/3.0.0": f"{CATALOG}index.json",
        "VulnerabilityInfo/6.7.0": ADVISORIES,
    }  # fmt: skip
    service = {"version": "3.0.0", "resources": [{"@id": at, "@type": kind} for kind, at in kinds.items()]}
    pages: dict[str, object] = {
        f"{BASE}index.json": service,
        f"{FLAT}a/index.json": {"versions": ["1.0.0", "1.1.0"]},
        ADVISORIES: [{"@name": "base", "@id": f"{BASE}advisories/base.json", "@updated": "2024-05-06T07:08:09Z"}],
    }
    files, items = {}, []
    for version, body in (("1.0.0", LARGE), ("1.1.0", SMALL)):
        entry, file = f"{CATALOG}a.{version}.json", f"{FLAT}a/{version}/a.{version}.nupkg"
        pages[f"{HIVE}a/{version}.json"] = {"catalogEntry": entry, "packageContent": file}
        pages[entry] = {
            "@id": entry, "id": "A", "version": version, "packageSize": len(body),
            "packageHash": base64.b64encode(hashlib.sha512(body).digest()).decode(), "packageHashAlgorithm": "SHA512",
        }  # fmt: skip
        files[file] = Answer(body)
        items.append({"packageContent": file, "catalogEntry": {"@id": entry, "id": "A", "version": version}})
    page = {"@id": f"{HIVE}a/index.json#all", "lower": "1.0.0", "upper": "1.1.0", "count": 2, "items": items}
    pages[f"{HIVE}a/index.json"] = {"@id": f"{HIVE}a/index.json", "count": 1, "items": [page]}
    return Sample(
        "nuget", {url: Answer(encoded(tree), headers=TYPED) for url, tree in pages.items()} | files,
        tuple(f"/nuget/v3/{path}" for path in (
            "flat/a/index.json", "registration/a/index.json", "registration-semver1/A/1.0.json", "index.json",
            "vulnerabilities/index.json",
        )),
        "/nuget/v3/flat/a/1.0.0/a.1.0.0.nupkg", f"{FLAT}a/1.0.0/a.1.0.0.nupkg",
        nests=True, hidden="1.1.0", offered=_listed,
    )  # fmt: skip


def _listed(body: bytes) -> set[str]:
    """What a range is resolved among."""
    tree = json.loads(body)
    assert tree.keys() == {"versions"}
    assert tree["versions"] == sorted(tree["versions"])
    return set(tree["versions"])
