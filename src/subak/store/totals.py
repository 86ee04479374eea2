"""What a worker has counted: requests, bytes and durations by label, for anybody who monitors.

The totals of a worker's name are published as `readings/journal/<worker>.totals` and go on where they ended when
the worker starts again, so that they only ever grow.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import TypeVar

import msgspec

log = logging.getLogger(__name__)

_T = TypeVar("_T")

BUCKETS: tuple[float, ...] = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
    300.0,
)  # fmt: skip
"""Upper bounds, in seconds, of the histogram of durations; a last bucket without a bound follows."""

MOST_AGENTS = 100
"""Agent families counted by name; further ones are counted together as 'other'."""
MOST_PARTS = 8192
"""Parts of lines whose labels are remembered."""


class Tally(msgspec.Struct):
    """Requests that share six labels, counted."""

    ecosystem: str
    kind: str
    origin: str
    status: int
    agent: str
    ci: bool
    requests: int = 0
    sent: int = 0
    fetched: int = 0
    seconds: float = 0.0
    buckets: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    """Requests per interval of `BUCKETS`, not cumulated."""

    def add(self, sent: int, fetched: int, seconds: float) -> None:
        """Count one request."""
        self.requests += 1
        self.sent += sent
        self.fetched += fetched
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS, seconds)] += 1

    def add_many(self, sent: int, seconds: list[float]) -> None:
        """Count as many requests as there are durations, each of `sent` bytes and nothing fetched."""
        seconds.sort()
        self.requests += len(seconds)
        self.sent += sent * len(seconds)
        self.seconds += sum(seconds)
        below = 0
        for index, bound in enumerate(BUCKETS):
            upto = bisect_right(seconds, bound)  # a duration on a bound belongs below it, as in `add`
            self.buckets[index] += upto - below
            below = upto
        self.buckets[-1] += len(seconds) - below

    def merge(self, other: Tally) -> None:
        """Add what another one counted, whatever its labels."""
        self.requests += other.requests
        self.sent += other.sent
        self.fetched += other.fetched
        self.seconds += other.seconds
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]


class Snapshot(msgspec.Struct):
    """What one worker's name has counted, across restarts of the worker."""

    worker: str
    lost: int = 0
    """Readings that were dropped because the disk refused them for too long."""
    tallies: list[Tally] = msgspec.field(default_factory=list)


class _Counted(msgspec.Struct):
    """The columns of a line that the totals need."""

    ecosystem: str
    kind: str
    origin: str
    status: int
    agent: str
    ci: bool
    sent: int
    fetched: int
    ms: float


class _Asked(msgspec.Struct):
    ecosystem: str
    kind: str


class _Caller(msgspec.Struct):
    agent: str
    ci: bool


_read_counted = msgspec.json.Decoder(_Counted).decode
_read_asked = msgspec.json.Decoder(_Asked).decode
_read_caller = msgspec.json.Decoder(_Caller).decode
_read_snapshot = msgspec.json.Decoder(Snapshot).decode


def read_snapshots(folder: Path) -> list[Snapshot]:
    """The published totals of all workers, living or dead, by name. An unreadable file is left out."""
    found = []
    for path in sorted((folder / "journal").glob("*.totals")):
        try:
            snapshot = _read_snapshot(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("the totals in %s cannot be read: %s", path, error)
            continue
        if all(len(tally.buckets) == len(BUCKETS) + 1 for tally in snapshot.tallies):
            found.append(snapshot)
    return sorted(found, key=lambda snapshot: snapshot.worker)


def _remember(memo: dict[bytes, _T], part: bytes, labels: _T) -> _T:
    """Bounded: what the hot path asks for often is soon back."""
    if len(memo) >= MOST_PARTS:
        memo.clear()
    memo[part] = labels
    return labels


class Totals:
    """Running totals of one worker's name. Not thread-safe."""

    def __init__(self) -> None:
        self.lost = 0
        self.changed = True
        self._tallies: dict[tuple[str, str, str, int, str, bool], Tally] = {}
        self._plain: dict[tuple[tuple[str, str], tuple[str, bool], int], Tally] = {}
        self._subjects: dict[bytes, tuple[str, str]] = {}
        self._callers: dict[bytes, tuple[str, bool]] = {}
        self._agents: set[str] = set()

    def count(self, line: bytes) -> None:
        """Count a line. Raises ValueError when it is not a reading."""
        c = _read_counted(line)
        tally = self._tally(c.ecosystem, c.kind, c.origin, c.status, c.agent, c.ci)
        tally.add(c.sent, c.fetched, c.ms / 1000)
        self.changed = True

    def lose(self, count: int) -> None:
        """Count readings that never reached the disk."""
        self.lost += count
        self.changed = True

    def plain(self, asked: bytes, caller: bytes, status: int) -> Tally:
        """The tally of a plain hit, to add to. Raises ValueError when the parts are not parts of a reading."""
        subject = self._subjects.get(asked)
        if subject is None:
            row = _read_asked(b"{%b}" % asked)
            subject = _remember(self._subjects, asked, (row.ecosystem, row.kind))
        who = self._callers.get(caller)
        if who is None:
            found = _read_caller(b"{%b}" % caller)
            who = _remember(self._callers, caller, (found.agent, found.ci))
        tally = self._plain.get((subject, who, status))
        if tally is None:
            tally = self._tally(*subject, "hit", status, *who)
            if len(self._plain) >= MOST_PARTS:
                self._plain.clear()
            self._plain[subject, who, status] = tally
        self.changed = True
        return tally

    def go_on_from(self, snapshot: Snapshot) -> None:
        """Add what the name had counted before."""
        self.lost += snapshot.lost
        for old in snapshot.tallies:
            tally = self._tally(old.ecosystem, old.kind, old.origin, old.status, old.agent, old.ci)
            tally.merge(old)

    def snapshot(self, worker: str) -> Snapshot:
        """What there is to publish."""
        return Snapshot(worker, self.lost, list(self._tallies.values()))

    def _tally(self, ecosystem: str, kind: str, origin: str, status: int, agent: str, ci: bool) -> Tally:
        if agent not in self._agents:
            if len(self._agents) >= MOST_AGENTS:
                agent = "other"
            self._agents.add(agent)
        key = (ecosystem, kind, origin, status, agent, ci)
        found = self._tallies.get(key)
        if found is None:
            found = self._tallies[key] = Tally(*key)
        return found
