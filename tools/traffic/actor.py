"""Who acts: one consumer with one purpose, and what is true of it."""

from __future__ import annotations

from dataclasses import dataclass

from tools.traffic.behaviour import Behaviour
from tools.traffic.networks import NETWORKS


@dataclass(slots=True)
class Actor:
    """One consumer with one purpose. What is told here is the truth that an analysis should find."""

    organisation: str
    purpose: str
    software: str
    network: str
    behaviour: Behaviour
    addresses: tuple[str, ...]
    rhythm: str
    pace: float
    """Requests a second within a run."""
    turns: bool = False
    """Each run has the next address instead of one at random."""
    zone: int = 1
    behind: str = ""
    """Name of the caching proxy that this actor's organisation runs; '' for none."""
    shadow: bool = False
    """It has such a proxy and goes past it."""
    poses_as: str = ""
    """The crawler or installer that it claims to be and is not."""
    shares: bool = False
    """Others with another purpose use the same address."""
    moments: tuple[int, ...] = ()
    """When its runs begin, in seconds, where the rhythm does not tell."""
    name: str = ""
    group: str = ""
    number: int = -1
    budget: int = 0

    @property
    def origin(self) -> str:
        """What kind of network it comes from."""
        return NETWORKS[self.network].origin
