"""Conda as the common suite knows it: a channel with whole indexes that name their own addresses, and one in shards."""

from __future__ import annotations

import hashlib
import json

import msgspec
import zstandard

from ecosystems.sampling import Sample, encoded, sha256
from pipeline_world import BASE, LARGE, SMALL, Answer
from subak.ecosystems.conda.names import fold_version

FOLDER = f"{BASE}lab/noarch/"
OLD, NEW = "a-1.0-0.conda", "a-1.1-0.tar.bz2"
JSON = {"content-type": "application/json"}
PACKAGES = {FOLDER + OLD: Answer(LARGE), FOLDER + NEW: Answer(SMALL)}


def _record(version: str, body: bytes, **more: object) -> dict[str, object]:
    return {"name": "a", "version": version, "build": "0", "sha256": sha256(body), "size": len(body)} | more


def conda() -> Sample:
    """Addresses of its own everywhere, none of which may reach clients."""
    index = {
        "info": {"subdir": "noarch", "base_url": FOLDER},
        "packages": {NEW: _record("1.1", SMALL, url=FOLDER + NEW)},
        "packages.conda": {OLD: _record("1.0", LARGE, url=FOLDER + OLD)},
        "repodata_version": 2,
    }
    repodata = encoded(index)
    upstream = PACKAGES | {
        f"{FOLDER}repodata.json": Answer(repodata, headers=JSON),
        f"{FOLDER}repodata.json.zst": Answer(zstandard.compress(repodata)),
        f"{FOLDER}current_repodata.json": Answer(repodata, headers=JSON),
        f"{BASE}lab/notices.json": Answer(b'{"notices": []}', headers=JSON),
    }
    names = ("noarch/repodata.json", "noarch/repodata.json.zst", "noarch/current_repodata.json", "notices.json")
    return Sample(
        "conda", upstream, tuple(f"/conda/lab/{name}" for name in names), f"/conda/lab/noarch/{OLD}", FOLDER + OLD,
        hidden="a@1.1", offered=_offered,
    )  # fmt: skip


def _offered(body: bytes) -> set[str]:
    """What a solver chooses from, of both kinds of file."""
    tree = json.loads(body)
    assert tree["info"]["subdir"] == "noarch"
    records = [*tree["packages"].values(), *tree["packages.conda"].values()]
    return {f"{record['name']}@{fold_version(record['version'])}" for record in records}


def conda_shards() -> Sample:
    """One small index for each name, told by its hash."""
    packed = msgspec.msgpack.encode(
        {"packages": {NEW: _record("1.1", SMALL)}, "packages.conda": {OLD: _record("1.0", LARGE)}, "removed": []}
    )
    shard = zstandard.compress(packed)
    info = {"subdir": "noarch", "base_url": "", "shards_base_url": "./shards/"}
    index = msgspec.msgpack.encode({"version": 1, "info": info, "shards": {"a": hashlib.sha256(shard).digest()}})
    path = f"shards/{sha256(shard)}.msgpack.zst"
    upstream = PACKAGES | {
        f"{FOLDER}repodata_shards.msgpack.zst": Answer(zstandard.compress(index)),
        FOLDER + path: Answer(shard),
    }
    return Sample(
        "conda", upstream, ("/conda/lab/noarch/repodata_shards.msgpack.zst",), f"/conda/lab/noarch/{OLD}", FOLDER + OLD,
        links=False, chain={f"/conda/lab/noarch/{path}": FOLDER + path},
        signed="a shard is named by its hash: where something is withheld, clients are sent to the whole index",
    )  # fmt: skip
