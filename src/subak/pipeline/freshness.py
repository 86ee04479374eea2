"""What to do about a document next: decided without clock or socket, one case per row of a table test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from subak.errors import NotFound, SubakError
from subak.ports import Document


class Upstream(Enum):
    """What the upstream said, as far as we asked."""

    UNTRIED = "untried"
    ANSWERED = "answered"  # the catalogue now holds its answer
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long documents are good, in seconds."""

    fresh_for: float
    behind: float
    """Up to this long past that, serve at once and ask behind."""
    absent_for: float
    optional: bool = False
    """Clients go on without it: while upstream fails, an old absence is repeated."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known so far."""

    document: Document | None
    upstream: Upstream = Upstream.UNTRIED
    error: SubakError | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """Serve our copy; `behind` asks upstream meanwhile."""

    document: Document
    stale: bool = False
    behind: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask upstream; `patient` is False when a held copy could be served instead of waiting long."""

    patient: bool


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Tell the client."""

    error: SubakError


Step = Use | Ask | GiveUp


def next_step(seen: Seen, freshness: Freshness, now: float) -> Step:
    """Invariant 3: whatever upstream does, a copy we hold keeps being served, marked when it may be old."""
    match seen:
        case Seen(document=Document(status=200) as document):
            age = now - document.checked_at
            if age < freshness.fresh_for:
                return Use(document, stale=document.gone)
            if seen.upstream is Upstream.UNTRIED:
                if age < freshness.fresh_for + freshness.behind:
                    return Use(document, stale=True, behind=True)
                return Ask(patient=False)
            # Asked, and still not fresh: it failed, or fresh_for is 0 and this is the answer.
            return Use(document, stale=seen.upstream is Upstream.FAILED or document.gone)
        case Seen(document=Document() as absence) if now - absence.checked_at < freshness.absent_for:
            return GiveUp(NotFound(f"the upstream has no {absence.key}"))
        case Seen(upstream=Upstream.UNTRIED):
            return Ask(patient=True)
        case Seen(document=Document() as absence, upstream=Upstream.FAILED) if freshness.optional:
            return GiveUp(NotFound(f"the upstream had no {absence.key} when it last answered"))
        case Seen(error=SubakError() as error):
            return GiveUp(error)
        case Seen(document=Document() as absence):
            return GiveUp(NotFound(f"the upstream has no {absence.key}"))
    return GiveUp(NotFound("the upstream has no such document"))


def good_until(document: Document, freshness: Freshness) -> float:
    """Unix time until which the document may be served without asking again."""
    return document.checked_at + freshness.fresh_for
