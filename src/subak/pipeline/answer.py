"""What resolve hands to serve: a head, a body that is held or still flowing, and its proof."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from subak.model.exchange import UNPROVEN, Origin, Proof


@dataclass(frozen=True, slots=True)
class Held:
    """A complete, verified body: in memory, or a file of known size."""

    size: int
    data: bytes | None = None
    path: Path | None = None


class Flow(Protocol):
    """A body that is still arriving."""

    @property
    def length(self) -> int:
        """Total bytes, -1 while unknown."""

    def pieces(self, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes from `start`; the last ones only once the whole has been verified. Raises Mismatch,
        UpstreamDown: then the client must not see a clean end."""

    async def landed(self) -> Held:
        """Wait until all is verified and kept. Raises like `pieces`."""

    @property
    def proof(self) -> Proof:
        """UNPROVEN until verified."""

    @property
    def fetched(self) -> int:
        """Body bytes read from upstream for this flow, 0 for followers: each byte is accounted once."""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of resolve, before conditions and ranges are applied."""

    origin: Origin
    body: Held | Flow
    status: int = 200
    content_type: str = "application/octet-stream"
    etag: str = ""
    """Quoted strong validator, '' for none."""
    headers: tuple[tuple[str, str], ...] = ()
    proof: Proof = UNPROVEN
    fetched: int = 0
    ranges: bool = False
    """Whether parts may be asked for."""
    good_until: float = 0.0
    """Unix time until which the same request may be answered the same way without asking anybody;
    0 for never, infinity for immutable files."""
    blob: str = ""
    """sha256 of the stored bytes behind this answer, '' if none: what eviction counts as used."""
    modified: str = ""
    """Last-Modified as sent (RFC 9110 §8.8.2), '' for none."""
    last: Callable[[], None] = field(default=lambda: None)
    """Called after serving, whatever happened (returns borrowed things)."""
