"""The narrow doors between the pipeline and the rooms that keep, fetch, lock and meter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Asked, Caller, Subject, Verdict

# ---------------------------------------------------------------- what is kept


@dataclass(frozen=True, slots=True)
class Document:
    """A mutable page as upstream sent it, or the fact that upstream has none (status 404)."""

    ecosystem: str
    key: str
    url: str
    """Where it was found, after redirects: relative links resolve against it."""
    status: int
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    fetched_at: float = 0.0
    """Unix time at which these bytes arrived."""
    checked_at: float = 0.0
    """Unix time at which upstream last confirmed them (200 or 304)."""
    blob: str = ""
    """sha256 hex of the body; '' for an absence."""
    size: int = 0
    gone: bool = False
    """Upstream now answers 404/410; our copy stays and is served marked stale."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Response headers that the route asks to remember, by lowercase name."""


@dataclass(frozen=True, slots=True)
class File:
    """What the catalogue knows of one immutable file."""

    pin: Pin
    blob: str = ""
    """sha256 hex of the bytes we hold; '' when we hold none."""
    size: int = -1
    """Bytes held, -1 when none."""
    first_seen: Digest = UNPINNED
    """For unpinned files: the digest of the first bytes ever accepted. Later bytes must match it."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Response headers remembered with the bytes, by lowercase name."""
    further: Mapping[str, str] = field(default_factory=dict)
    """Digests of the bytes held, beside sha256: {algorithm: hex}."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How much is kept."""

    documents: int = 0
    files: int = 0
    held: int = 0
    blobs: int = 0
    bytes: int = 0


class Catalogue(Protocol):
    """Which documents and files are known. Reads take microseconds and may run on the event loop;
    writes block, are atomic and survive `kill -9` on return. Every method raises StoreFailed,
    nothing else. Usable from several threads and several processes at once."""

    def document(self, ecosystem: str, key: str) -> Document | None:
        """The stored document, an absence (status 404), or None if never asked."""

    def keep_document(self, document: Document, pins: Iterable[Pin]) -> None:
        """Store or replace a document together with what it announces, in one transaction. Pins it no longer
        announces stay. A pin whose digest changed keeps its row but is no longer held."""

    def confirm_document(
        self,
        ecosystem: str,
        key: str,
        checked_at: float,
        *,
        etag: str = "",
        last_modified: str = "",
        gone: bool = False,
    ) -> None:
        """Refresh the time (and, when not '', the validators) after a 304; `gone` after a 404 on a held one."""

    def file(self, ecosystem: str, path: str) -> File | None:
        """What is known of one file."""

    def keep_pins(self, ecosystem: str, pins: Iterable[Pin]) -> None:
        """Store what a pinned index announces, as `keep_document` does for a document's pins."""

    def hold_file(
        self,
        ecosystem: str,
        pin: Pin,
        blob: str,
        size: int,
        at: float,
        *,
        first_seen: Digest = UNPINNED,
        kept: Mapping[str, str] | None = None,
        further: Mapping[str, str] | None = None,
    ) -> None:
        """Record that the bytes of `pin` are held under `blob`, with what else is known of them (None: nothing)."""

    def lose_blob(self, blob: str) -> None:
        """Forget that a blob is held (evicted, or found missing); documents and pins stay known."""

    def touch(self, blobs: Mapping[str, float]) -> None:
        """Note when blobs were last used: {sha256: Unix time}."""

    def coldest(self, free: int) -> Sequence[tuple[str, int]]:
        """Least recently used blobs as (sha256, bytes), until at least `free` bytes are listed. Documents and
        files alike."""

    def totals(self) -> Totals:
        """Counts and bytes."""


class Part(Protocol):
    """A file that grows until it is complete; only its maker writes it. Followers may read `path`."""

    path: Path
    size: int

    def write(self, chunk: bytes) -> None:
        """Append. Raises StoreFailed (disk full, read-only)."""

    def restart(self) -> None:
        """Back to zero bytes."""

    def commit(self, sha256: str, *, durable: bool = True) -> None:
        """Make it the blob of this digest: fsync, rename, fsync the folder. Blocks. Raises StoreFailed.
        Without `durable` no fsync: for bytes that are checked against their digest again when read."""

    def discard(self) -> None:
        """Remove it. Never raises; harmless after commit."""


class Blobs(Protocol):
    """Content-addressed bytes on disk: blobs/ab/cdef… by sha256, complete and verified or absent."""

    def path(self, sha256: str) -> Path:
        """Where the blob is, or would be."""

    def size(self, sha256: str) -> int:
        """Bytes, -1 if absent."""

    def part(self, name: str) -> Part:
        """A new empty part for the flight `name`. Raises StoreFailed."""

    def growing(self, name: str) -> Path:
        """Where another process's part of that flight would be."""

    def room_for(self, size: int) -> bool:
        """Is there space on disk for that many more bytes, leaving the reserve free?"""

    def remove(self, sha256: str) -> None:
        """Unlink; whoever has it open reads on."""


class Renderings(Protocol):
    """Rewritten documents on disk: a cache of pure functions' results, safe to delete at any time."""

    def find(self, name: str) -> Path | None:
        """The complete rendering, if there is one."""

    def keep(self, name: str, chunks: Iterable[bytes]) -> Path:
        """Write and publish atomically. Blocks. Raises StoreFailed, and whatever `chunks` raises."""


class Lock(Protocol):
    """A held lock. Freed by the kernel when the process dies."""

    def release(self) -> None:
        """Give it back. Never raises."""


class Locks(Protocol):
    """Mutual exclusion between the worker processes of one data folder."""

    def take(self, name: str) -> Lock | None:
        """The lock, or None if another process holds it. Does not wait. Raises StoreFailed."""


# ---------------------------------------------------------------- what is fetched


@dataclass(frozen=True, slots=True)
class Fetch:
    """One question to an upstream."""

    ecosystem: str
    url: str
    accept: str = "*/*"
    etag: str = ""
    last_modified: str = ""
    start: int = 0
    """Resume from this byte; needs `etag` as If-Range when the upstream gave one."""
    identity: bool = True
    """Ask for bytes as they are. False lets the upstream compress; `chunks` are decoded either way."""
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    first_byte_within: float = 0.0
    """Seconds to wait for the head, 0 for the configured time."""
    roams: bool = False
    """Redirects may lead to any public host, not only to those that this upstream's documents named."""
    grown: bool = False
    """With `start`: ask what was appended since. `etag` then goes out as If-None-Match instead of If-Range."""


@dataclass(slots=True)
class Response:
    """The upstream's answer, body still flowing."""

    status: int
    headers: Mapping[str, str]
    """Lowercase names."""
    url: str
    chunks: AsyncIterator[bytes]
    """Decoded body. Raises UpstreamDown when the transfer breaks off, ends early or goes silent."""
    length: int = -1
    """Declared length of the decoded body, -1 when unknown."""
    wire: Callable[[], int] = lambda: 0
    """Body bytes read from the network so far."""


class Upstream(Protocol):
    """The registries as we reach them."""

    def base(self, ecosystem: str) -> str:
        """The index's base URL, ending in '/'. Raises NoUpstream."""

    def further(self, ecosystem: str) -> Mapping[str, str]:
        """What discovery found beside the address (see ecosystems.base.Hints.further)."""

    def fetch(self, ask: Fetch) -> AbstractAsyncContextManager[Response]:
        """Ask. Entering raises UpstreamDown (refused, timed out, cooling down, 5xx, 429), UpstreamLied
        (a redirect to where we must not go), Loop; all other statuses are returned."""


# ---------------------------------------------------------------- who asks, what is noted


class Gatekeeper(Protocol):
    """Who asks and whether they may."""

    def classify(self, asked: Asked, subject: Subject) -> Caller:
        """Pure but for its memo. Raises Unauthorised for a bad key, or a missing one below /k/."""

    def admit(self, subject: Subject, caller: Caller, now: float) -> Verdict:
        """The first objection wins; a rule that breaks objects. `now` is a monotonic time in seconds."""

    def judge(self, subject: Subject) -> Verdict:
        """Policy on the subject alone, when it was found out only after `admit` what is asked for. Counts nothing."""

    def hidden(self, subject: Subject) -> frozenset[str]:
        """Versions of the subject's project that documents must not offer."""

    def withheld_since(self) -> float:
        """Unix time of the last change of what `hidden` says of any subject, 0 if it never said anything."""

    def generation(self) -> int:
        """Grows whenever rules or keys change: what was remembered under an older one is void."""


class Meter(Protocol):
    """Where readings go. Never raises, never blocks."""

    def note(self, line: bytes) -> None:
        """Take one journal line (see model.reading)."""


# ---------------------------------------------------------------- keys


@dataclass(frozen=True, slots=True)
class Key:
    """A consumer's key. The secret itself is never stored."""

    id: str
    """Public part, shown in lists and readings."""
    hash: str
    """sha256 hex of the whole token; tokens carry 160 random bits, so a plain hash suffices."""
    consumer: str
    tier: str = "keyed"
    created_at: float = 0.0
    revoked_at: float = 0.0
    note: str = ""


class Keys(Protocol):
    """Which keys there are. Same guarantees as `Catalogue`."""

    def find_key(self, hash: str) -> Key | None:
        """The key of that token hash, revoked or not."""

    def keep_key(self, key: Key) -> None:
        """Store a new key or replace the one with the same id (rotation)."""

    def revoke_key(self, id: str, at: float) -> bool:
        """False if there is no such key."""

    def all_keys(self) -> Sequence[Key]:
        """Every key, oldest first."""

    def keys_generation(self) -> int:
        """Grows with every change of a key, in whatever process."""
