"""Whether a stream of bytes is what was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from subak.errors import Mismatch
from subak.model.digest import SPECIAL, UNPINNED, Digest
from subak.model.exchange import Proof
from subak.trust import dirhash


class Verifier:
    """Hashes bytes as they pass. Always computes sha256, the address of what we keep."""

    def __init__(
        self, expected: Digest = UNPINNED, *, first_seen: bool = False, size: int = -1, also: Collection[str] = ()
    ) -> None:
        """`first_seen` says that `expected` is not announced but what we accepted the first time. `size` is the
        number of bytes to come (-1 unknown), which git's digests begin with. `also` names algorithms that are
        computed beside."""
        self._expected = expected
        self._first_seen = first_seen or not expected
        self._size = size
        self._also = tuple(also)
        self.restart()

    def restart(self) -> None:
        """Forget everything hashed so far."""
        self._passed = 0
        self._address = hashlib.sha256()
        algorithm = self._expected.algorithm
        names = {*self._also, algorithm} - {"", "sha256", *SPECIAL}
        self._beside = {name: hashlib.new(name, usedforsecurity=False) for name in names}
        if algorithm == "git-blob":
            self._beside[algorithm] = hashlib.sha1(b"blob %d\0" % self._size, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._passed += len(chunk)
        self._address.update(chunk)
        for beside in self._beside.values():
            beside.update(chunk)

    @property
    def sha256(self) -> str:
        """Hex of what passed so far."""
        return self._address.hexdigest()

    @property
    def further(self) -> dict[str, str]:
        """{algorithm: hex} of what passed so far, for the algorithms in `also`."""
        return {name: self._beside[name].hexdigest() for name in self._also if name in self._beside}

    @property
    def whole(self) -> bool:
        """Whether `finish` has to read the file again."""
        return self._expected.algorithm == "h1"

    def finish(self, what: str, path: Path | None = None) -> Proof:
        """The proof, once all bytes have passed. `path` is where they lie, needed (and read, which blocks) when
        `whole`. Raises Mismatch; `what` names the file for people."""
        if not self._expected:
            return Proof(Digest("sha256", self.sha256), first_seen=True)
        got = self._got(what, path)
        if got != self._expected.hex:
            source = "the bytes first seen here" if self._first_seen else "the digest its index announces"
            raise Mismatch(
                f"{what} does not match {source}: want {self._expected}, got {self._expected.algorithm}:{got}",
                fix="Nothing was kept. If it persists, the upstream serves other bytes than it announces: tell it so.",
            )
        return Proof(self._expected, first_seen=self._first_seen)

    def _got(self, what: str, path: Path | None) -> str:
        match self._expected.algorithm:
            case "sha256":
                return self.sha256
            case "h1-mod":
                return dirhash.of_mod(self.sha256)
            case "h1":
                if path is None:
                    raise Mismatch(f"{what} can only be verified as a file, and there is no room for one")
                return dirhash.of_zip(path)
            case "git-blob" if self._size != self._passed:
                raise Mismatch(f"{what}: {self._passed} bytes came, its digest is of {self._size}")
            case algorithm:
                return self._beside[algorithm].hexdigest()
