"""A model with a large and a small file at one commit, the branch that names it, and one commit before."""

from __future__ import annotations

import hashlib
import json

from ecosystems.sampling import Sample, encoded, sha256
from pipeline_world import BASE, LARGE, SMALL, Answer

COMMIT, EARLIER = "0123456789abcdef" * 2 + "01234567", "fedcba9876543210" * 2 + "fedcba98"
API = "api/models/acme/m"


def blob_id(body: bytes) -> str:
    """What git calls it."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body).hexdigest()


def hf() -> Sample:
    large = {"type": "file", "path": "model.bin", "oid": "0" * 40, "size": len(LARGE), "xetHash": "1" * 64}
    large |= {"lfs": {"oid": sha256(LARGE), "size": len(LARGE), "pointerSize": 134}}
    small = {"type": "file", "path": "config.json", "oid": blob_id(SMALL), "size": len(SMALL)}
    folder = {"type": "directory", "path": "a", "oid": "2" * 40, "size": 0}
    commits = [{"id": COMMIT, "title": "two", "authors": []}, {"id": EARLIER, "title": "one", "authors": []}]
    pages = {
        f"{API}/commits/main": commits,
        f"{API}/revision/main": {"id": "acme/m", "sha": COMMIT, "siblings": [{"rfilename": "model.bin"}]},
        f"{API}/revision/{COMMIT}": {"id": "acme/m", "sha": COMMIT, "siblings": []},
        f"{API}/tree/{COMMIT}?recursive=true": [folder, small, large],
    }
    files = {f"acme/m/resolve/{COMMIT}/model.bin": LARGE, f"acme/m/resolve/{COMMIT}/config.json": SMALL}
    typed = {"content-type": "application/json"}
    upstream = {f"{BASE}{path}": Answer(encoded(tree), headers=typed) for path, tree in pages.items()}
    upstream |= {f"{BASE}{path}": Answer(body) for path, body in files.items()}
    file = f"acme/m/resolve/{COMMIT}/model.bin"
    return Sample(
        "hf", upstream,
        tuple(f"/hf/{path}" for path in pages), f"/hf/{file}", f"{BASE}{file}",
        links=False, hidden=EARLIER, offered=_commits, listing=f"/hf/{API}/commits/main",
    )  # fmt: skip


def _commits(body: bytes) -> set[str]:
    return {row["id"] for row in json.loads(body)}
