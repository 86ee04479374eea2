"""One small, true sample of each registry: what upstream holds, what clients ask, which file is checked.

The suite in test_samples.py runs all of them through the whole pipeline. A new ecosystem adds one here, or in a
module of its own beside its tests; sampling.py says what a sample is.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable

from ecosystems.cargo.cargo_sample import cargo
from ecosystems.composer.composer_sample import composer, composer_unpinned
from ecosystems.conda.conda_sample import conda, conda_shards
from ecosystems.debian.debian_sample import debian
from ecosystems.go.go_sample import go
from ecosystems.hf.hf_sample import hf
from ecosystems.maven.maven_sample import maven
from ecosystems.nuget.nuget_sample import nuget
from ecosystems.oci.oci_sample import oci
from ecosystems.openvsx.openvsx_sample import openvsx
from ecosystems.rubygems.rubygems_sample import rubygems
from ecosystems.sampling import FILES, Sample, encoded, recorded, sha256
from pipeline_world import BASE, LARGE, SMALL, Answer
from registry.perl_registry import PerlRegistry


def pypi() -> Sample:
    url = f"{FILES}p/a-1.0.tar.gz"
    files = [
        {"filename": f"a-{v}.tar.gz", "url": f"{FILES}p/a-{v}.tar.gz", "hashes": {"sha256": sha256(b)}, "size": len(b)}
        for v, b in (("1.0", LARGE), ("1.1", SMALL))
    ]
    page = encoded({"meta": {"api-version": "1.1"}, "name": "a", "versions": ["1.0", "1.1"], "files": files})
    listing = encoded({"meta": {"api-version": "1.1"}, "projects": [{"name": "a"}, {"name": "B.c"}]})
    entries = [{"filename": file["filename"], "url": file["url"], "digests": file["hashes"]} for file in files]
    releases = {"1.0": entries[:1], "1.1": entries[1:]}
    legacy = encoded({"info": {"name": "a", "version": "1.1"}, "releases": releases, "urls": entries[1:]})
    provenance = encoded({"version": 1, "attestation_bundles": []})
    typed = {"content-type": "application/vnd.pypi.simple.v1+json"}
    told = {"content-type": "application/json"}
    return Sample(
        "pypi",
        {
            f"{BASE}a/": Answer(page, headers=typed), url: Answer(LARGE), BASE: Answer(listing, headers=typed),
            f"{BASE}pypi/a/json": Answer(legacy, headers=told),
            f"{BASE}integrity/a/1.0/a-1.0.tar.gz/provenance": Answer(provenance, headers=told),
        },
        (
            "/pypi/simple/a/", "/pypi/simple/", "/pypi/pypi/a/json",
            "/pypi/integrity/a/1.0/a-1.0.tar.gz/provenance",
        ),
        "/pypi/files/p/a-1.0.tar.gz", url, nests=True, hidden="1.1", offered=_linked,
    )  # fmt: skip


def _linked(page: bytes) -> set[str]:
    """What pip finds in a page without a given Accept."""
    assert page.startswith(b"<!DOCTYPE html>")
    return {found.decode() for found in re.findall(rb'<a [^>]*href="[^"]+/a-([0-9.]+)\.tar\.gz#sha256=', page)}


def npm() -> Sample:
    url = f"{BASE}a/-/a-1.0.0.tgz"
    versions = {
        version: {"name": "a", "version": version, "dist": {"tarball": f"{BASE}a/-/a-{version}.tgz", "integrity": sri}}
        for version, sri in (("1.0.0", _integrity(LARGE)), ("1.1.0", _integrity(SMALL)))
    }
    time = {"1.0.0": "2024-05-06T07:08:09.000Z", "1.1.0": "2024-05-07T07:08:09.000Z"}
    packument = encoded({"name": "a", "dist-tags": {"latest": "1.1.0"}, "versions": versions, "time": time})
    typed = {"content-type": "application/json"}
    keys = encoded({"keys": [{"keyid": "SHA256:x", "keytype": "ecdsa-sha2-nistp256", "key": "eA=="}]})
    return Sample(
        "npm",
        {
            f"{BASE}a": Answer(packument, headers=typed), url: Answer(LARGE),
            f"{BASE}-/npm/v1/keys": Answer(keys, headers=typed),
            f"{BASE}-/npm/v1/attestations/a@1.0.0": Answer(b'{"attestations": []}', headers=typed),
        },
        (
            "/npm/a", "/npm/a/1.0.0", "/npm/-/package/a/dist-tags", "/npm/-/npm/v1/keys",
            "/npm/-/npm/v1/attestations/a@1.0.0",
        ),
        "/npm/a/-/a-1.0.0.tgz", url,
        hidden="1.1.0", offered=_resolvable,
    )  # fmt: skip


def _integrity(body: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()


def _resolvable(packument: bytes) -> set[str]:
    """What a range is resolved among; a tag must lead to one of them."""
    tree = json.loads(packument)
    assert set(tree["dist-tags"].values()) <= tree["versions"].keys()
    assert tree["dist-tags"]["latest"]
    assert tree["time"].keys() - {"created", "modified"} == tree["versions"].keys()
    return set(tree["versions"])


def perl() -> Sample:
    with PerlRegistry() as registry:
        dist = registry.add("Acme-Lab", "1.0", padding=200_000, old=("Acme::Lab::Old",))
        registry.add("Acme-Lab", "1.1")
        lists = ("modules/02packages.details.txt.gz", "modules/03modlist.data.gz", "authors/01mailrc.txt.gz")
        documents = (f"authors/id/{dist.folder}/CHECKSUMS", *lists)
        upstream = recorded(registry.url, (*documents, dist.path))
    return Sample(
        "perl", upstream, tuple(f"/perl/{document}" for document in documents), f"/perl/{dist.path}",
        f"{BASE}{dist.path}", links=False, hidden="ACME/Acme-Lab@1.1", listing=f"/perl/{lists[0]}", offered=_indexed,
    )  # fmt: skip


def _indexed(packages: bytes) -> set[str]:
    """What any module leads to."""
    head, _, rows = gzip.decompress(packages).decode().partition("\n\n")
    assert f"Line-Count:   {rows.count(chr(10))}\n" in head
    files = [row.split()[2].split("/") for row in rows.splitlines()]
    return {f"{author}/{file.removesuffix('.tar.gz').replace('-1', '@1')}" for _, _, author, file in files}


SAMPLES: tuple[Callable[[], Sample], ...] = (
    pypi, npm, cargo, rubygems, go, composer, composer_unpinned, maven, oci, debian, conda, conda_shards, nuget, hf,
    perl, openvsx,
)  # fmt: skip
