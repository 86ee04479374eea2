"""Copies that we hold, as answers: body, head, proof."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from subak.ecosystems.base import Ecosystem, Facts, Route
from subak.errors import UpstreamDown
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Origin, Proof, Subject
from subak.pipeline.answer import Found, Held
from subak.ports import Blobs, File

FINAL = "public, max-age=31536000, immutable"
MOVING = "public, max-age=60"
"""For paths that may get other bytes: clients ask again soon."""
UNTYPED = "application/octet-stream"


def body_of(blob: str, blobs: Blobs) -> Held | None:
    """The blob as a body, None if it is not on disk."""
    size = blobs.size(blob)
    return Held(size, path=blobs.path(blob)) if size >= 0 else None


def landing(blob: str, blobs: Blobs) -> Held:
    """A blob that was just kept. Raises UpstreamDown if it is gone already."""
    held = body_of(blob, blobs)
    if held is None:
        raise UpstreamDown("the file was evicted while it was being fetched", retry_after=1)
    return held


def proof_of(file: File) -> Proof:
    """What the bytes of a file were, or will be, checked against."""
    if file.pin.digest:
        return Proof(file.pin.digest)
    seen = file.first_seen or (Digest("sha256", file.blob) if file.blob else UNPINNED)
    return Proof(seen, first_seen=True)


def facts_of(file: File, size: int) -> Facts:
    """What ecosystems may tell clients of a file."""
    proof = proof_of(file)
    sha256 = file.blob or (proof.digest.hex if proof.digest.algorithm == "sha256" else "")
    return Facts(proof.digest, size, sha256, file.further, {**_announced(file), **file.kept})


def described(
    origin: Origin, body: Held, file: File, subject: Subject, ecosystem: Ecosystem, route: Route, fetched: int = 0
) -> Found:
    """The answer with this body and all that is known of the file."""
    facts = facts_of(file, body.size)
    return Found(
        origin,
        body,
        200,
        route.content_type or _harmless(facts.kept.get("content-type", "")),
        f'"{facts.sha256}"' if facts.sha256 else "",
        (("cache-control", MOVING if route.moves else FINAL), *ecosystem.headers(subject, facts)),
        proof_of(file),
        fetched,
        ranges=True,
        good_until=0.0 if route.moves or body.path is None else float("inf"),
        blob=file.blob,
        modified=facts.kept.get("last-modified", ""),
    )


def dated(kept: Mapping[str, str]) -> float:
    """Unix time of the Last-Modified that came with a file, 0 for none."""
    try:
        return max(0.0, parsedate_to_datetime(kept.get("last-modified", "")).timestamp())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _announced(file: File) -> dict[str, str]:
    return {"content-type": file.pin.content_type} if file.pin.content_type else {}


def _harmless(content_type: str) -> str:
    """An upstream's own type; never one that a browser would run."""
    lowered = content_type.lower()
    return content_type if content_type and "html" not in lowered and "svg" not in lowered else UNTYPED
