"""What no query can say, because each row depends on the one before: caches that forget, walked in order of time.

Both walks read rows once, in the order given; what they remember is bounded by the cache, not by the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

REPORT_EVERY: Final = 100_000
"""Rows between two reports of progress."""


@dataclass(slots=True)
class Spared:
    """What a cache answered itself; bytes are known sizes only."""

    requests: int = 0
    bytes: int = 0
    unsized: int = 0
    """Of the spared requests (documents) or of all (files), those of unknown size."""
    fetches: int = 0
    """Requests counted, spared or not."""
    fetched_bytes: int = 0


Again = tuple[str, int, int, float, int]
"""(rung, pair of unit and document, chain, at, sent): a request of the query `long`."""


def again(rows: Iterable[Again], fresh: float) -> dict[str, Spared]:
    """By rung, the requests made less than `fresh` seconds after the last one that was not spared.

    `rows` are sorted by all columns but the last, which is descending. O(rows) time, O(1) memory.
    """
    found: dict[str, Spared] = {}
    key: tuple[str, int, int] = ("", -1, -1)
    fetched_at = 0.0
    spared = Spared()
    for rung, pair, chain, at, sent in rows:
        here = (rung, pair, chain)
        if here != key:
            spared = found.setdefault(rung, Spared())
            key, fetched_at = here, at
        elif at - fetched_at >= fresh:
            fetched_at = at
        else:
            spared.requests += 1
            spared.bytes += max(sent, 0)
            spared.unsized += sent < 0
    return found


def added(sums: dict[str, Spared], more: Mapping[str, Spared]) -> None:
    """Add to each rung what was spared beyond."""
    for rung, part in more.items():
        whole = sums.setdefault(rung, Spared())
        whole.requests += part.requests
        whole.bytes += part.bytes
        whole.unsized += part.unsized


Fetch = tuple[int, float, int, int]
"""(unit, at, item, sent): a fetch of an immutable file, of the queries `bounded_…`."""


def bounded(rows: Iterable[Fetch], capacity: int, *, warm_until: float, progress: Callable[[int], None]) -> Spared:
    """What caches of `capacity` bytes (0: unlimited) would have spared that drop the least recently used file.

    Rows are sorted by unit, then by time: each unit has a cache of its own, empty at first, and only one is held at a
    time. Fetches before `warm_until` (Unix seconds) fill it without being counted. Of a body larger than the copy held
    only the copy's size is spared, so without a limit this equals the sum of bytes less the largest of each file.
    Files larger than the cache are never held; fetches of unknown size are only counted. O(rows) time, O(files held)
    memory. `progress` is told the rows done, every REPORT_EVERY.
    """
    spared = Spared()
    limit = capacity or float("inf")
    held: dict[int, int] = {}
    used, owner, done = 0, -1, 0
    for unit, at, item, sent in rows:
        done += 1
        if done % REPORT_EVERY == 0:
            progress(done)
        if unit != owner:
            held, used, owner = {}, 0, unit
        counts = at >= warm_until
        if sent < 0:
            spared.unsized += counts
            continue
        copy = held.pop(item, -1)
        if counts:
            spared.fetches += 1
            spared.fetched_bytes += sent
            if copy >= 0:
                spared.requests += 1
                spared.bytes += min(copy, sent)
        size = max(copy, sent)
        used -= max(copy, 0)
        if size <= limit:
            held[item] = size
            used += size
            while used > limit:
                used -= held.pop(next(iter(held)))
    progress(done)
    return spared
