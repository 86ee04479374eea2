"""What the door remembers: ready answers and known callers, each put there by the ordinary way."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from subak.model.exchange import Caller, Exchange, Kind, Origin, Subject
from subak.model.reading import asked_part, caller_part
from subak.pipeline.answer import Found, Held
from subak.pipeline.run import Request
from subak.ports import Gatekeeper

CHOOSING = (b"accept", b"accept-encoding", b"host", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-prefix")
"""Request headers that may decide which representation of a document is sent."""

NAMING = (b"user-agent", b"authorization", b"x-forwarded-for")
"""Request headers that, with the peer's address, decide who the caller is."""

CALLERS = 20_000
ENTRIES = 50_000


@dataclass(slots=True)
class Hot:
    """One ready answer."""

    head: bytes
    """Header lines after the date, up to but without the request id."""
    head_304: bytes
    body: bytes
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
    used: bool = True


@dataclass(slots=True)
class Entry:
    """All ready answers for one raw path."""

    fixed: Hot | None = None
    """For files: the same whatever the headers say."""
    by: dict[tuple[bytes | None, ...], Hot] = field(default_factory=dict)
    """For documents: by the values of CHOOSING."""


@dataclass(frozen=True, slots=True)
class Known:
    """A caller met before."""

    consumer: str
    part: bytes
    by_key: bool


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
        room: int,
        largest: int,
    ) -> None:
        """`take(consumer, monotonic)` counts a request against the allowance: 0 or seconds to wait. `pending`
        is the journal's list. `room` and `largest` are bytes of memory for all bodies and for one."""
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
        self.clock = monotonic()
        """A coarse monotonic clock, moved by the sweeper."""
        self.held = 0
        self._room, self._largest = room, largest
        self._urls: dict[tuple[str, str], set[bytes]] = {}
        self._generation = gatekeeper.generation()
        self._via = b"via: 1.1 %b\r\n" % instance.encode()
        self._ids = itertools.count(1)
        self._id = f"{instance[-6:]}-d".encode()

    def request_id(self) -> bytes:
        """The closing header line of a head."""
        return b"x-request-id: %b%x\r\n\r\n" % (self._id, next(self._ids))

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
        if len(headers) != len(scope["headers"]):
            return
        self._remember_caller(scope, headers, x.caller)
        useful = x.asked.method == "GET" and x.sent.status in (200, 304) and not x.asked.query
        if useful and found.origin is Origin.CACHE and found.good_until > x.asked.at and isinstance(found.body, Held):
            self._remember_answer(scope["raw_path"], headers, found, found.body, x.subject)

    def _remember_caller(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], caller: Caller) -> None:
        if len(self.callers) >= CALLERS:
            self.callers.clear()
        peer = scope["client"][0] if scope.get("client") else ""
        key = (peer, *(headers.get(name) for name in NAMING))
        self.callers[key] = Known(caller.consumer, caller_part(caller), caller.consumer.startswith("key:"))

    def _remember_answer(
        self, url: bytes, headers: Mapping[bytes, bytes], found: Found, body: Held, subject: Subject
    ) -> None:
        data, path = body.data, None
        if data is None and body.path is not None:
            if body.size <= self._largest:
                data = body.path.read_bytes()
                if len(data) != body.size:
                    return
            else:
                path = body.path
        hot = self._hot(found, data or b"", path, body.size, subject)
        entry = self.entries.get(url)
        if entry is None:
            entry = self.entries[url] = Entry()
            self._urls.setdefault(hot.document, set()).add(url)
        if subject.kind in (Kind.ARTIFACT, Kind.METADATA):
            self.held -= len(entry.fixed.body) if entry.fixed else 0
            entry.fixed = hot
        else:
            choice = tuple(headers.get(name) for name in CHOOSING)
            old = entry.by.pop(choice, None)
            self.held -= len(old.body) if old else 0
            if len(entry.by) >= 32:
                first = entry.by.pop(next(iter(entry.by)))
                self.held -= len(first.body)
            entry.by[choice] = hot
        self.held += len(hot.body)
        self._make_room()

    def _hot(self, found: Found, data: bytes, path: Path | None, size: int, subject: Subject) -> Hot:
        lines = [f"{name}: {value}\r\n" for name, value in found.headers]
        lines += [f"etag: {found.etag}\r\n"] if found.etag else []
        full = [*lines, f"content-type: {found.content_type}\r\n", f"content-length: {size}\r\n"]
        ranges = ["accept-ranges: bytes\r\n"] if found.ranges else []
        common = "x-subak-cache: hit\r\nx-content-type-options: nosniff\r\n"
        return Hot(
            "".join([*full, *ranges, common]).encode("latin-1") + self._via,
            "".join([*lines, *ranges, common]).encode("latin-1") + self._via,
            data,
            path,
            size,
            found.etag.encode(),
            found.good_until,
            asked_part(subject),
            (subject.ecosystem, subject.key),
            found.blob,
            subject.keyed,
        )

    def drop(self, ecosystem: str, key: str) -> None:
        """Forget every answer made from this document or file."""
        for url in self._urls.pop((ecosystem, key), ()):
            self._remove(url)

    def _remove(self, url: bytes) -> None:
        entry = self.entries.pop(url, None)
        if entry is not None:
            for hot in ([entry.fixed] if entry.fixed else []) + list(entry.by.values()):
                self.held -= len(hot.body)
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
            hots = ([entry.fixed] if entry.fixed else []) + list(entry.by.values())
            if any(h.used for h in hots):
                for hot in hots:
                    hot.used = False
                    self.touched[hot.blob] = self.now()
                self.entries.move_to_end(url)
            else:
                self._remove(url)

    def check(self) -> None:
        """Called every second: forget everything when rules or keys changed."""
        generation = self.gatekeeper.generation()
        if generation != self._generation:
            self._generation = generation
            self.entries.clear()
            self._urls.clear()
            self.callers.clear()
            self.held = 0

    def take_touched(self) -> dict[str, float]:
        """Blobs used since the last call, with the time."""
        now = self.now()
        for entry in self.entries.values():
            for hot in ([entry.fixed] if entry.fixed else []) + list(entry.by.values()):
                if hot.used and hot.blob:
                    self.touched[hot.blob] = now
        touched, self.touched = self.touched, {}
        touched.pop("", None)
        return touched
