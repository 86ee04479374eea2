"""The published definitions once more, in plain Python over the requests, one at a time: slow and plain."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

from metrics_world import World

Row = dict[str, Any]
RUNGS = {"address": "client", "network": "network", "consumer": "consumer"}
ROBOTS = {"mirror", "update-bot", "scanner", "search", "ai-training", "monitor", "preview"}
ROBOT_PURPOSES = {"mirror", "update-bot", "sca-scanner", "research", "search", "ai-training", "monitor", "abuse"}
HITS, NO_HITS = {"hit", "revalidated", "stale", "peer"}, {"miss", "bypass"}


def size(row: Row) -> int:
    return max(row["sent"], 0)


def get(row: Row) -> bool:
    return row["method"] in ("GET", "")


def download(row: Row) -> bool:
    return get(row) and row["status"] == 200 and row["kind"] == "artifact"


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def totals(rows: list[Row]) -> dict[str, Any]:
    """Every measure that is one number of the whole log."""
    n = len(rows)
    downloads = sum(map(download, rows))
    metadata = sum(r["kind"] in ("index", "listing", "metadata", "config", "derived") for r in rows)
    not_modified = sum(r["status"] == 304 for r in rows)
    asked = [r for r in rows if r["cache"] in HITS | NO_HITS]
    hits = [r for r in asked if r["cache"] in HITS]
    return {
        "requests": n,
        "bytes": sum(map(size, rows)),
        "bytes_unknown": sum(r["sent"] < 0 for r in rows),
        "downloads_npm_like": downloads,
        "downloads_ruby_like": sum(get(r) and r["status"] in (200, 304) and r["kind"] == "artifact" for r in rows),
        "downloads_rust_like": sum(
            download(r) and r["software_kind"] == "installer" and r["tool_ecosystem"] == r["ecosystem"] != ""
            for r in rows
        ),
        "download_bytes": sum(size(r) for r in rows if download(r)),
        "revalidations": not_modified,
        "metadata_requests": metadata,
        "conditional_share": share(not_modified, not_modified + sum(r["status"] == 200 for r in rows)),
        "metadata_ratio": share(metadata, downloads),
        "error_share": share(sum(r["status"] >= 400 for r in rows), n),
        "cache_hit_ratio": (
            share(len(hits), len(asked)),
            share(sum(map(size, hits)), sum(map(size, asked))),
            len(asked),
        ),
        "downloads_counter_like": counter_like(rows),
    }


def counter_like(rows: list[Row], within: float = 30.0) -> int:
    """Events by client and file in order of time; those soon after the one before do not count."""
    people = [
        r
        for r in rows
        if r["kind"] == "artifact" and get(r)
        if r["software_kind"] not in ROBOTS and r["purpose"] not in ROBOT_PURPOSES
    ]
    events: dict[tuple[int, int], list[float]] = defaultdict(list)
    for r in people:
        if r["status"] in (200, 304):
            events[r["client"], r["item"]].append(r["at"])
    largest: dict[int, int] = defaultdict(int)
    for r in rows:
        if get(r) and r["status"] == 200 and r["item"] >= 0:
            largest[r["item"]] = max(largest[r["item"]], size(r))
    hours: dict[tuple[int, int, int], list[Row]] = defaultdict(list)
    for r in people:
        if r["status"] == 206 and r["item"] >= 0:
            hours[r["client"], r["item"], int(r["at"] // 3600)].append(r)
    for (client, item, _), parts in hours.items():
        if any(p["sent"] < 0 for p in parts) or sum(map(size, parts)) >= largest[item]:
            events[client, item].append(min(p["at"] for p in parts))
    count = 0
    for (client, item), times in events.items():
        before = -math.inf
        for at in sorted(times):
            count += client < 0 or item < 0 or at - before > within
            before = at
    return count


def weights(rows: Iterable[Row], rung: str) -> dict[int, tuple[int, int]]:
    """Requests and bytes of each unit."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for r in rows:
        if r[RUNGS[rung]] >= 0:
            found[r[RUNGS[rung]]][0] += 1
            found[r[RUNGS[rung]]][1] += size(r)
    return {unit: (a, b) for unit, (a, b) in found.items()}


def top_share(values: Iterable[int], p: Fraction = Fraction(1, 100)) -> tuple[int, int, float | None]:
    ordered = sorted(values, reverse=True)
    first = math.ceil(p * len(ordered))
    return len(ordered), first, share(sum(ordered[:first]), sum(ordered))


def gini(values: Iterable[int]) -> float | None:
    """By differences of all pairs: another formula than the one under test."""
    v = sorted(values)
    whole = sum(v)
    apart = sum((2 * i - len(v) + 1) * x for i, x in enumerate(v))
    return apart / (len(v) * whole) if whole else None


def lorenz(values: Iterable[int]) -> list[float | None]:
    v = sorted(values)
    return [share(sum(v[: j * len(v) // 100]), sum(v)) for j in range(101)]


def files(rows: Iterable[Row], rung: str) -> tuple[int, int, int]:
    """Avoidable requests, bytes, and fetches of unknown size: a set of what each unit holds."""
    held: dict[tuple[int, int], int] = {}
    requests = spared = unsized = 0
    for r in rows:
        unit = r[RUNGS[rung]]
        if unit < 0 or r["item"] < 0 or r["status"] != 200 or not get(r):
            continue
        key = (unit, r["item"])
        unsized += r["sent"] < 0
        if key in held:
            requests += 1
            spared += min(held[key], size(r))
        held[key] = max(held.get(key, 0), size(r))
    return requests, spared, unsized


def documents(rows: Iterable[Row], rung: str, fresh: float = 600.0) -> tuple[int, int, int]:
    """What a cache with that lifetime answers itself, in the order of time."""
    good_until: dict[tuple[int, int], float] = {}
    requests = spared = unsized = 0
    for r in sorted(rows, key=lambda r: (r["at"], -r["sent"])):
        unit = r[RUNGS[rung]]
        if unit < 0 or r["document"] < 0 or r["status"] not in (200, 304) or not get(r):
            continue
        key = (unit, r["document"])
        if key in good_until and r["at"] - good_until[key] < fresh:
            requests += 1
            spared += size(r)
            unsized += r["sent"] < 0
        else:
            good_until[key] = r["at"]
    return requests, spared, unsized


def repeats(rows: Iterable[Row], rung: str) -> tuple[int, int]:
    taken = [(r[RUNGS[rung]], r["item"]) for r in rows if download(r) and r["item"] >= 0 and r[RUNGS[rung]] >= 0]
    return len(taken), len(set(taken))


def mix(rows: Iterable[Row], column: str) -> dict[str, tuple[int, int, int, int]]:
    """Requests, downloads, bytes and streams by value."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for r in rows:
        groups[r[column]].append(r)
    return {
        value: (len(g), sum(map(download, g)), sum(map(size, g)), len({r["stream"] for r in g}))
        for value, g in groups.items()
    }


def by_network(world: World, column: int) -> dict[str, tuple[int, int, int, int]]:
    """Addresses, requests, downloads and bytes by a column of `clients`."""
    value = {c[0]: c[column] for c in world.tables["clients"]}
    groups: dict[str, list[Row]] = defaultdict(list)
    for r in world.rows:
        if r["client"] >= 0:
            groups[value[r["client"]]].append(r)
    return {
        v: (len({r["client"] for r in g}), len(g), sum(map(download, g)), sum(map(size, g))) for v, g in groups.items()
    }


def shadow(rows: Iterable[Row], rung: str) -> tuple[int, int, int]:
    """Units with a proxy, their downloads, those past it."""
    units: dict[int, list[Row]] = defaultdict(list)
    for r in rows:
        if r[RUNGS[rung]] >= 0:
            units[r[RUNGS[rung]]].append(r)

    def proxy(r: Row) -> bool:
        return "caching-proxy" in (r["software_kind"], r["purpose"])

    both = [g for g in units.values() if any(map(proxy, g))]
    taken = [r for g in both for r in g if download(r)]
    return len(both), len(taken), sum(not proxy(r) for r in taken)


def rate(rows: list[Row]) -> tuple[float, float | None, float | None, int | None]:
    if not rows:
        return 0, None, None, None
    seconds = math.floor(max(r["at"] for r in rows)) - math.floor(min(r["at"] for r in rows)) + 1
    minutes = Counter(int(r["at"] // 60) for r in rows)
    most = max(minutes.values())
    return seconds, len(rows) / seconds, most / 60, min(m for m, n in minutes.items() if n == most) * 60


def breadth(world: World) -> tuple[int, int, float | None, int]:
    items = {i[0]: {"package": i[1], "version": i[5]} for i in world.tables["items"]}
    versions: dict[int, set[str]] = defaultdict(set)
    for r in world.rows:
        if download(r) and r["item"] >= 0:
            versions[items[r["item"]]["package"]].add(items[r["item"]]["version"])
    counts = [len(v) for v in versions.values()]
    return len(counts), sum(counts), share(sum(counts), len(counts)), max(counts, default=0)


def lags(world: World, published: Mapping[str, float]) -> list[float]:
    purl = {i[0]: i[4] for i in world.tables["items"]}
    found = [
        r["at"] - published[purl[r["item"]]]
        for r in world.rows
        if download(r) and r["item"] >= 0 and purl[r["item"]] in published
    ]
    return sorted(lag for lag in found if lag >= 0)


def chased(world: World, published: Mapping[str, float], within: float = 300.0) -> int:
    news: dict[int, list[float]] = defaultdict(list)
    for i in world.tables["items"]:
        if i[4] in published:
            news[i[1]].append(published[i[4]])
    return sum(any(0 <= r["at"] - t <= within for t in news.get(r["package"], ())) for r in world.rows)


def close(found: Any, wanted: Any) -> bool:
    """Equal, or both numbers within 1e-8 of each other: answers have 9 digits."""
    if found is None or wanted is None:
        return found is wanted
    return math.isclose(found, wanted, rel_tol=1e-8, abs_tol=1e-9)


def same(found: Iterable[Any], wanted: Iterable[Any], equal: Callable[[Any, Any], bool] = close) -> bool:
    """Value by value."""
    return all(equal(a, b) for a, b in zip(found, wanted, strict=True))
