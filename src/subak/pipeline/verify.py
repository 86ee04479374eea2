"""Nothing is served unproven: what we hold was proven when it was kept, what flows proves itself."""

from __future__ import annotations

from subak.errors import Mismatch
from subak.pipeline.answer import Found, Held


def verify(found: Found) -> Found:
    """Pass on an answer that is allowed to leave. Raises Mismatch for a file without a proof.

    Copies were hashed while they were written and are addressed by that digest, so a hit is not hashed again
    (hashing per hit cost a third of an install in a peer); the store refuses blobs that were written to since.
    A flow holds back its tail until its digest is known.
    """
    if found.ranges and isinstance(found.body, Held) and not found.proof.digest:
        raise Mismatch("a held file has no proof; it is not served", fix="This is a bug: please report it.")
    return found
