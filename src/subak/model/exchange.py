"""One request from arrival to reading: one record, one part per stage, every absence named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from subak.errors import Refused, SubakError, TooMany
from subak.model.digest import UNPINNED, Digest


class Kind(StrEnum):
    """What a path means, whatever the ecosystem."""

    INDEX = "index"  # the mutable document of one project
    LISTING = "listing"  # the mutable list of all projects
    ARTIFACT = "artifact"  # an immutable file of a version
    METADATA = "metadata"  # an immutable, small companion of an artifact (PEP 658)
    CONFIG = "config"  # other mutable documents: keys, attestations, dist-tags
    RELAY = "relay"  # passed through, never kept: search, audit
    MADE = "made"  # made here without asking anybody: capability probes, telemetry that ends here
    DERIVED = "derived"  # told from what is known of an artifact: its checksum files
    OWN = "own"  # our own pages and API
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Asked:
    """The request as it came. Header names are lowercase; repeated headers are joined by ', '."""

    method: str
    path: str
    """Raw, still percent-encoded, without the query; begins with '/'."""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    client: str = ""
    """The peer's address, after trusted proxies were taken into account."""
    base: str = ""
    """Our external base URL for this client, with prefix, without trailing slash."""
    at: float = 0.0
    """Unix time of arrival."""

    @property
    def agent(self) -> str:
        return self.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked for: which ecosystem, kind of page, package, version."""

    ecosystem: str = ""
    kind: Kind = Kind.UNKNOWN
    route: str = ""
    """The name of the ecosystem's route that matched."""
    key: str = ""
    """The identity of the bytes below the ecosystem's mount, decoded and normalised. Documents and
    files are stored under (ecosystem, key); several spellings of one path share it."""
    name: str = ""
    """Canonical project name."""
    version: str = ""
    part: str = ""
    """What of the stored document is wanted when not all of it (a version, a tag), route-specific."""
    purl: str = ""
    keyed: bool = False
    """Asked below /k/, where credentials are required."""
    question: bytes = b""
    """For documents that answer a POST: the body in its canonical form, which is sent upstream."""


UNIDENTIFIED = Subject()


@dataclass(frozen=True, slots=True)
class Agent:
    """The tool that asks, as far as it says so."""

    family: str = "unknown"
    version: str = ""
    ci: bool = False
    """The tool itself declares that it runs in CI."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tool, on somebody's account."""

    agent: Agent = Agent()
    consumer: str = ""
    """The accounted consumer: `key:<id>`, `addr:<private address>` or `net:<pseudonym>`."""
    tier: str = "anonymous"


UNCLASSIFIED = Caller()


@dataclass(frozen=True, slots=True)
class Verdict:
    """May they have it, and which rule said so."""

    admitted: bool
    rule: str = ""
    reason: str = ""
    retry_after: int = 0

    def require(self) -> None:
        """Raises Refused or TooMany when not admitted."""
        if self.admitted:
            return
        error: type[Refused] = TooMany if self.retry_after else Refused
        raise error(self.reason, rule=self.rule, retry_after=self.retry_after)


NOT_JUDGED = Verdict(False, "", "not judged")
ADMITTED = Verdict(True)


class Origin(StrEnum):
    """Where the bytes came from. `hit`, `miss`, `stale`, `peer` are also the values of x-subak-cache."""

    NOWHERE = "none"
    CACHE = "hit"
    STALE = "stale"
    UPSTREAM = "miss"
    PEER = "peer"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Proof:
    """Which digest the bytes were checked against."""

    digest: Digest = UNPINNED
    first_seen: bool = False
    """True when nothing was announced and the digest is the one we saw first."""


UNPROVEN = Proof()


@dataclass(frozen=True, slots=True)
class Sent:
    """What left for the client."""

    status: int = 0
    bytes: int = 0
    """Body bytes handed to the connection."""
    fetched: int = 0
    """Body bytes that this exchange caused to be read from upstream."""
    complete: bool = False
    error: str = ""
    """The class name of the failure, if any."""


NOTHING_SENT = Sent()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, from arrival to reading. Each stage fills in one part."""

    asked: Asked
    subject: Subject = UNIDENTIFIED
    caller: Caller = UNCLASSIFIED
    verdict: Verdict = NOT_JUDGED
    origin: Origin = Origin.NOWHERE
    proof: Proof = UNPROVEN
    sent: Sent = NOTHING_SENT
    took: float = 0.0
    """Seconds from arrival to the last byte handed over."""


__all__ = [
    "ADMITTED",
    "NOTHING_SENT",
    "NOT_JUDGED",
    "UNCLASSIFIED",
    "UNIDENTIFIED",
    "UNPROVEN",
    "Agent",
    "Asked",
    "Caller",
    "Exchange",
    "Kind",
    "Origin",
    "Proof",
    "Sent",
    "SubakError",
    "Subject",
    "Verdict",
]
