"""One transfer from upstream into a part, watched by any number of followers, here and in other processes.

The leader writes; followers read the growing file up to what is safe. The last TAIL bytes are held back
until the digest is known, so nobody is ever handed a complete wrong file (invariant 1), and nobody who
disconnects stops the transfer (invariant 2).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from subak.errors import Mismatch, SubakError, UpstreamDown
from subak.model.digest import Pin
from subak.model.exchange import UNPROVEN, Proof
from subak.pipeline.answer import Held
from subak.ports import Lock, Locks

TAIL = 16 * 1024
"""Bytes at the end of a file that leave only after verification."""
PIECE = 256 * 1024
LONGEST_WAIT = 60.0
"""Seconds that a worker waits for another one's question."""
POLL = 0.02
"""Seconds between looks at another process's part."""


class Flight:
    """The shared state of one transfer in this process. Only the leader calls the verbs."""

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        self.what = what
        self.path = Path()
        self.size = 0
        self.length = -1
        self.begun = False
        self.ours = False
        """This process fetches it; else it was there already, or another process does."""
        self.verified = False
        self.kept = False
        self.error: SubakError | None = None
        self.proof = UNPROVEN
        self.blob = ""
        self.fetched = 0
        self.pin = Pin("", "")
        """What it is checked against, as far as known."""
        self.remembered: dict[str, str] = {}
        """Response headers that are remembered with the bytes."""
        self.further: dict[str, str] = {}
        """Digests beside sha256, once verified."""
        self._changed = asyncio.Event()

    def begin(self, path: Path, length: int) -> None:
        """The head arrived: bytes will be at `path`."""
        self.path, self.length, self.begun = path, length, True
        self._wake()

    def advance(self, size: int) -> None:
        """`size` bytes are in the file now."""
        self.size = size
        self._wake()

    def verify(self, proof: Proof, blob: str) -> None:
        """All bytes are there and right: followers may have the tail."""
        self.proof, self.blob, self.verified, self.length = proof, blob, True, self.size
        self._wake()

    def land(self) -> None:
        """The bytes are kept and catalogued."""
        self.kept = True
        self._wake()

    def fail(self, error: SubakError) -> None:
        """It ended badly; followers get `error`."""
        self.error = error
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on this flight. Raises the flight's error if that comes first."""
        while not condition():
            if self.error is not None:
                raise copy_of(self.error)
            await self._changed.wait()


class Follower:
    """A Flow over a flight of this process. The one who started the flight accounts for its bytes."""

    def __init__(self, flight: Flight, *, leads: bool, held: Callable[[str], Held]) -> None:
        self._flight = flight
        self._leads = leads
        self._held = held
        self._file = os.open(flight.path, os.O_RDONLY)  # stays readable after rename and unlink

    @property
    def length(self) -> int:
        return self._flight.length

    @property
    def proof(self) -> Proof:
        return self._flight.proof

    @property
    def fetched(self) -> int:
        return self._flight.fetched if self._leads else 0

    async def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """See answer.Flow."""
        flight, position = self._flight, start
        while True:
            safe = flight.size if flight.verified else flight.size - TAIL
            if position < safe:
                piece = os.pread(self._file, min(PIECE, safe - position), position)
                if not piece:
                    raise Mismatch(f"{flight.what}: the part on disk is shorter than what was written")
                position += len(piece)
                yield piece
            elif flight.verified:
                return
            else:
                await flight.until(lambda at=position: flight.verified or flight.size - TAIL > at)  # type: ignore[misc]

    async def landed(self) -> Held:
        """See answer.Flow."""
        await self._flight.until(lambda: self._flight.kept)
        return self._held(self._flight.blob)

    def close(self) -> None:
        """Give the file back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def copy_of(error: SubakError) -> SubakError:
    """A fresh instance for each follower: one exception object raised in many tasks gathers tracebacks."""
    fresh = type(error)(error.detail, fix=error.fix, retry_after=error.retry_after)
    fresh.__cause__ = error
    return fresh


async def turn(locks: Locks, name: str) -> Lock:
    """The lock of that name, when whichever process holds it is done. Raises UpstreamDown, StoreFailed."""
    waited = 0.0
    while waited < LONGEST_WAIT:
        lock = locks.take(name)
        if lock is not None:
            return lock
        await asyncio.sleep(POLL)
        waited += POLL
    raise UpstreamDown("another worker has been asking for this for too long", retry_after=5)
