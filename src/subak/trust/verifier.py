"""Whether a stream of bytes is what was announced."""

from __future__ import annotations

import hashlib

from subak.errors import Mismatch
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Proof


class Verifier:
    """Hashes bytes as they pass. Always computes sha256, the address of what we keep."""

    def __init__(self, expected: Digest = UNPINNED, *, first_seen: bool = False) -> None:
        """`first_seen` says that `expected` is not announced but what we accepted the first time."""
        self._expected = expected
        self._first_seen = first_seen or not expected
        self.restart()

    def restart(self) -> None:
        """Forget everything hashed so far."""
        self._address = hashlib.sha256()
        algorithm = self._expected.algorithm
        self._pinned = hashlib.new(algorithm, usedforsecurity=False) if algorithm not in ("", "sha256") else None

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._address.update(chunk)
        if self._pinned is not None:
            self._pinned.update(chunk)

    @property
    def sha256(self) -> str:
        """Hex of what passed so far."""
        return self._address.hexdigest()

    def finish(self, what: str) -> Proof:
        """The proof, once all bytes have passed. Raises Mismatch; `what` names the file for people."""
        if not self._expected:
            return Proof(Digest("sha256", self.sha256), first_seen=True)
        got = self._pinned.hexdigest() if self._pinned is not None else self.sha256
        if got != self._expected.hex:
            source = "the bytes first seen here" if self._first_seen else "the digest its index announces"
            raise Mismatch(
                f"{what} does not match {source}: want {self._expected}, got {self._expected.algorithm}:{got}",
                fix="Nothing was kept. If it persists, the upstream serves other bytes than it announces: tell it so.",
            )
        return Proof(self._expected, first_seen=self._first_seen)
