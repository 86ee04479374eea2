"""What the door remembers: ready answers and known callers, each put there by the ordinary way."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

from subak.model.exchange import Exchange, Kind, Origin, Subject
from subak.model.reading import asked_part, caller_part
from subak.pipeline.answer import Found, Held
from subak.pipeline.run import Request
from subak.ports import Gatekeeper

CHOOSING = (b"accept", b"accept-encoding")
"""Request headers that, with our URL as the caller sees it, decide which representation of a document is sent."""

NAMING = (
    b"user-agent",
    b"authorization",
    b"host",
    b"x-forwarded-for",
    b"x-forwarded-proto",
    b"x-forwarded-host",
    b"x-forwarded-prefix",
)
"""Request headers that, with the peer's address, decide who the caller is and which URL of ours it sees."""

CALLERS = 20_000
ENTRIES = 50_000
CHOICES = 32
"""Ready answers for one path."""
DROPPED = 10_000
"""Documents whose last change is remembered one by one."""
LONGEST = 2048
"""Bytes of the headers above, together, that are remembered: pip's agent is about 500."""
OVERHEAD = 1024
"""Bytes that a ready answer costs beside its head and body, about."""


@dataclass(slots=True)
class Hot:
    """One ready answer."""

    whole: bytes
    """Header lines after date and request id, the empty line, and the body unless it lies in a file."""
    head: bytes
    """The same without the body."""
    head_304: bytes
    path: Path | None
    """Where the body lies when it is too large for memory."""
    size: int
    etag: bytes
    good_until: float
    asked: bytes
    """The reading's ready-made part."""
    document: tuple[str, str]
    """(ecosystem, key)"""
    blob: str
    keyed: bool
    used_at: float
    looked_at: float = 0.0
    """When room was last sought here, and when the blob's use was last told."""
    told_at: float = 0.0

    @property
    def cost(self) -> int:
        """Bytes of memory."""
        return len(self.whole) + len(self.head) + OVERHEAD


@dataclass(slots=True)
class Entry:
    """All ready answers for one raw path."""

    fixed: Hot | None = None
    """For files: the same whatever the headers say."""
    by: dict[tuple[bytes | str | None, ...], Hot] = field(default_factory=dict)
    """For documents: by the values of CHOOSING and our URL. Equal representations share one."""

    def hots(self) -> list[Hot]:
        """Each ready answer once."""
        if self.fixed is not None:
            return [self.fixed]
        return list({id(hot): hot for hot in self.by.values()}.values())


@dataclass(frozen=True, slots=True)
class Known:
    """A caller met before."""

    consumer: str
    part: bytes
    by_key: bool
    base: str
    """Our URL as this caller sees it."""


class House:
    """The door's memory. One per worker."""

    def __init__(
        self,
        gatekeeper: Gatekeeper,
        take: Callable[[str, float], float],
        pending: list[Any],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        instance: str,
        stem: str,
        room: int,
        largest: int,
        believe: float = float("inf"),
    ) -> None:
        """`take(consumer, monotonic)` counts a request against the allowance: 0 or seconds to wait. `pending`
        is the journal's list. `stem` begins every request id. `room` and `largest` are bytes of memory for all
        answers and for one body. Documents are believed for at most `believe` seconds: another worker may change
        them."""
        self.gatekeeper = gatekeeper
        self.take = take
        self.pending = pending
        self.now = now
        self.monotonic = monotonic
        self.entries: OrderedDict[bytes, Entry] = OrderedDict()
        self.callers: dict[tuple[bytes | str | None, ...], Known] = {}
        self.connections: set[Any] = set()
        """Every open connection, for the sweeper."""
        self.touched: dict[str, float] = {}
        self.held = 0
        """Bytes of memory that ready answers take."""
        self.era = 0
        """Grows when callers are forgotten: what connections remember of an earlier era is void."""
        self.ids = itertools.count(1)
        self._stem = stem
        self._room, self._largest, self._believe = room, largest, believe
        self._urls: dict[tuple[str, str], set[bytes]] = {}
        self._dropped: dict[tuple[str, str], float] = {}
        self._dropped_before = 0.0
        self._generation = gatekeeper.generation()
        self.via = f"1.1 {instance}"
        self.tick()

    def tick(self) -> None:
        """Called twice a second: move the coarse clock, forget everything when rules or keys changed."""
        self.clock = self.monotonic()
        """A coarse monotonic clock."""
        lines = f"\r\ndate: {formatdate(self.now(), usegmt=True)}\r\nx-request-id: {self._stem}-".encode()
        self.ok, self.not_modified = b"HTTP/1.1 200 OK" + lines, b"HTTP/1.1 304 Not Modified" + lines
        """The beginnings of answers, up to the number that makes the request id unique."""
        generation = self.gatekeeper.generation()
        if generation != self._generation:
            self._generation = generation
            self.forget()

    def forget(self) -> None:
        """Forget all answers and callers."""
        self.era += 1
        self.entries.clear()
        self.callers.clear()
        self._urls.clear()
        self.held = 0

    def request_id(self) -> str:
        """A fresh one; the door makes its own from the same numbers."""
        return f"{self._stem}-{next(self.ids):x}"

    # ---------------------------------------------------------------- remembering

    def remember(self, scope: Mapping[str, Any], request: Request, x: Exchange) -> None:
        """Keep an answer that the ordinary way just served from our copies, and who asked for it."""
        found = request.found
        if found is None:
            return
        if found.blob:
            self.touched[found.blob] = x.asked.at
        if x.subject.kind is Kind.OWN or not x.sent.complete:
            return
        headers = dict(scope["headers"])
        repeated = len(headers) != len(scope["headers"])
        if repeated or sum(len(headers.get(name, b"")) for name in (*CHOOSING, *NAMING)) > LONGEST:
            return
        self._remember_caller(scope, headers, x)
        useful = x.asked.method == "GET" and x.sent.status in (200, 304) and not x.asked.query
        if useful and found.origin is Origin.CACHE and found.good_until > x.asked.at and isinstance(found.body, Held):
            self._remember_answer(scope["raw_path"], headers, x, found, found.body)

    def _remember_caller(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], x: Exchange) -> None:
        if len(self.callers) >= CALLERS:
            self.callers.clear()
        peer = scope["client"][0] if scope.get("client") else ""
        key = (peer, *(headers.get(name) for name in NAMING))
        consumer = x.caller.consumer
        self.callers[key] = Known(consumer, caller_part(x.caller), consumer.startswith("key:"), x.asked.base)

    def _remember_answer(
        self, url: bytes, headers: Mapping[bytes, bytes], x: Exchange, found: Found, body: Held
    ) -> None:
        subject, document = x.subject, (x.subject.ecosystem, x.subject.key)
        if self._dropped.get(document, self._dropped_before) >= x.asked.at:
            return  # it changed while it was being served
        entry = self.entries.get(url) or Entry()
        hot = self._same(entry, found)
        if hot is None:
            hot = self._hot(found, body, subject, x.asked.at)
            if hot is None:
                return
            self.held += hot.cost
        hot.good_until = self._until(found, subject, x.asked.at)
        hot.used_at = x.asked.at
        if subject.kind in (Kind.ARTIFACT, Kind.METADATA):
            replaced, entry.fixed = entry.fixed, hot
        else:
            choice = (*(headers.get(name) for name in CHOOSING), x.asked.base)
            replaced = entry.by.pop(choice, None)
            if len(entry.by) >= CHOICES:
                replaced = entry.by.pop(next(iter(entry.by)))
            entry.by[choice] = hot
        if replaced is not None and all(replaced is not h for h in entry.hots()):
            self.held -= replaced.cost
        self.entries[url] = entry
        self._urls.setdefault(document, set()).add(url)
        self._make_room()

    def _same(self, entry: Entry, found: Found) -> Hot | None:
        """The ready answer with the same bytes: equal strong validators mean equal representations."""
        etag = found.etag.encode()
        return next((hot for hot in entry.hots() if etag and hot.etag == etag), None)

    def _until(self, found: Found, subject: Subject, at: float) -> float:
        if subject.kind in (Kind.ARTIFACT, Kind.METADATA):
            return found.good_until
        return min(found.good_until, at + self._believe)

    def _hot(self, found: Found, body: Held, subject: Subject, at: float) -> Hot | None:
        """None if the body is not there any more as it was served."""
        data, path = body.data, body.path
        if data is None and path is not None and body.size <= self._largest:
            try:
                data, path = path.read_bytes(), None
            except OSError:
                return None
            if len(data) != body.size:
                return None
        lines = [f"{name}: {value}\r\n" for name, value in found.headers]
        lines += [f"etag: {found.etag}\r\n"] if found.etag else []
        lines += [f"last-modified: {found.modified}\r\n"] if found.modified else []
        full = [*lines, f"content-type: {found.content_type}\r\n", f"content-length: {body.size}\r\n"]
        ranges = ["accept-ranges: bytes\r\n"] if found.ranges else []
        common = [f"x-subak-cache: hit\r\nvia: {self.via}\r\nx-content-type-options: nosniff\r\n\r\n"]
        head = "".join([*full, *ranges, *common]).encode("latin-1")
        return Hot(
            head + data if data is not None else head,
            head,
            "".join([*lines, *ranges, *common]).encode("latin-1"),
            path if data is None else None,
            body.size,
            found.etag.encode(),
            0.0,
            asked_part(subject),
            (subject.ecosystem, subject.key),
            found.blob,
            subject.keyed,
            at,
        )

    # ---------------------------------------------------------------- forgetting

    def drop(self, ecosystem: str, key: str) -> None:
        """Forget every answer made from this document or file."""
        document, now = (ecosystem, key), self.now()
        if len(self._dropped) >= DROPPED:
            self._dropped.clear()
            self._dropped_before = now
        self._dropped[document] = now
        for url in self._urls.pop(document, ()):
            self._remove(url)

    def _remove(self, url: bytes) -> None:
        entry = self.entries.pop(url, None)
        if entry is None:
            return
        for hot in entry.hots():
            self.held -= hot.cost
            urls = self._urls.get(hot.document)
            if urls is not None:
                urls.discard(url)
                if not urls:
                    del self._urls[hot.document]

    def _make_room(self) -> None:
        """Second chance: an entry used since it was last looked at goes to the back once."""
        for _ in range(2 * len(self.entries)):
            if self.held <= self._room and len(self.entries) <= ENTRIES:
                return
            url, entry = next(iter(self.entries.items()))
            hots = entry.hots()
            if any(hot.used_at > hot.looked_at for hot in hots):
                for hot in hots:
                    hot.looked_at = hot.used_at
                self.entries.move_to_end(url)
            else:
                self._note_use(entry)
                self._remove(url)

    def take_touched(self) -> dict[str, float]:
        """Blobs used since the last call, with the time."""
        for entry in self.entries.values():
            self._note_use(entry)
        touched, self.touched = self.touched, {}
        touched.pop("", None)
        return touched

    def _note_use(self, entry: Entry) -> None:
        for hot in entry.hots():
            if hot.used_at > hot.told_at:
                self.touched[hot.blob] = max(hot.used_at, self.touched.get(hot.blob, 0.0))
                hot.told_at = hot.used_at
