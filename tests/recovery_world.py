"""Generated logs and what is true of them, worked out in plain Python: no engine adds anything up here."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import duckdb
from tools.replica.__main__ import main as replica
from tools.traffic.__main__ import main as traffic

GENERATORS: dict[str, Callable[[list[str]], int]] = {"traffic": traffic, "replica": replica}
FRESH = 600
"""Seconds for which a document counts as unchanged, as docs/measures.md has it unless told otherwise."""
DOCUMENTS = ("index", "listing", "config")


class Line(NamedTuple):
    """One line of the log, with what is true of it."""

    second: int
    client: str
    family: str
    organisation: str
    purpose: str
    kind: str
    method: str
    path: str
    status: int
    sent: int
    item: int


@dataclass(frozen=True)
class World:
    """A log, its range pack, and the truth."""

    log: Path
    truth: Path

    @property
    def ranges(self) -> Path:
        return self.truth / "networks.csv"

    @cached_property
    def lines(self) -> list[Line]:
        """All lines, in the log's order; the engine only joins the numbers with their names."""
        tables = [f"'{self.truth / name}.parquet'" for name in ("lines", "addresses", "actors", "requests")]
        with duckdb.connect() as engine:
            rows = engine.execute(
                "SELECT second, client, family, organisation, purpose, r.kind, method, path, status, sent, item "
                "FROM {} l JOIN {} USING (address) JOIN {} USING (actor) JOIN {} r USING (request) "
                "ORDER BY line".format(*tables)
            ).fetchall()
        return [Line(*row) for row in rows]

    def weights(self, level: str) -> tuple[Counter[str], Counter[str]]:
        """Requests and bytes of each unit of a level."""
        requests: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for line in self.lines:
            unit = unit_of(level, line.client)
            requests[unit] += 1
            sizes[unit] += line.sent
        return requests, sizes

    def spared(self, level: str) -> tuple[tuple[int, int], tuple[int, int]]:
        """Requests and bytes that an ideal cache at every unit of a level would have answered: of files, of documents.

        The cache is played through line by line: what it holds, it answers. Of a file it keeps the largest body, of a
        document whatever it was given, for its lifetime.
        """
        files: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        asked: dict[tuple[str, str], int] = {}
        documents: list[int] = []
        for line in self.lines:
            if line.method != "GET" or line.status not in (200, 304):
                continue
            key = (unit_of(level, line.client), line.path)
            if line.item >= 0:
                if line.status == 200:
                    files[key].append(line.sent)
            elif line.kind in DOCUMENTS:
                last = asked.get(key)
                if last is not None and line.second - last < FRESH:
                    documents.append(line.sent)
                else:
                    asked[key] = line.second
        bodies = files.values()
        of_files = sum(len(b) - 1 for b in bodies), sum(sum(b) - max(b) for b in bodies)
        return of_files, (len(documents), sum(documents))


def unit_of(level: str, client: str) -> str:
    """The address (IPv6: its /64) or the network (/24, /48) that a client is counted as."""
    if ":" in client:
        return _prefix(client, 64 if level == "address" else 48)
    return client if level == "address" else client.rpartition(".")[0]


@cache
def _prefix(client: str, bits: int) -> str:
    return str(ipaddress.ip_network(f"{client}/{bits}", strict=False))


def top_share(weights: Counter[str]) -> float:
    """What the heaviest hundredth, rounded up, took of everything."""
    heaviest = sorted(weights.values(), reverse=True)
    return sum(heaviest[: -(-len(heaviest) // 100)]) / sum(heaviest)


def make(folder: Path, generator: str, seed: int, lines: int, *more: str) -> World:
    """A new world of a generator."""
    world = World(folder / "access.log", folder / "truth")
    GENERATORS[generator](
        ["--seed", str(seed), "--lines", str(lines), "--out", str(world.log), "--truth", str(world.truth), *more]
    )
    return world


def shards(log: Path, folder: Path, count: int) -> Iterator[Path]:
    """The lines dealt out to `count` files, every so many-th line to each."""
    lines = log.read_bytes().splitlines(keepends=True)
    for number in range(count):
        path = folder / f"shard-{number}.log"
        path.write_bytes(b"".join(lines[number::count]))
        yield path
