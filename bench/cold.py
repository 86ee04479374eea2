"""Misses: the time to the first byte and to the last, against fetching the same file directly; and stampedes."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.asking import Answer, ask
from bench.gateway import Subak, upstreams
from bench.goods import KB, MB, Goods, Item
from bench.places import Ground
from bench.processes import Server, Unavailable
from bench.table import Row, Target
from bench.upstream import Paced, static

RATE, PAUSE = 125 * MB, 0.010
"""The line: one gigabit a second, ten milliseconds until an answer begins."""

CROWD = 200


@dataclass(frozen=True, slots=True)
class Size:
    """Files of one size, each fetched once in either way."""

    name: str
    bytes: int
    count: int


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'cold'."""
    counts = (20, 5, 3) if quick else (60, 20, 20)
    sizes = [
        Size(name, size, count)
        for (name, size), count in zip((("30 kB", 30 * KB), ("5 MB", 5 * MB), ("50 MB", 50 * MB)), counts, strict=True)
    ]
    lines = (("upstream on loopback", False), ("upstream at 1 Gbit/s, 10 ms away", True))
    for where, paced in lines:
        goods = Goods(ground.folder("goods"))
        items = {size.name: goods.wheels(f"s{size.bytes}", size.count, size.bytes) for size in sizes}
        line = _line(goods, ground) if paced else static(goods.root, ground.folder("upstream"))
        with line, Subak(ground.folder("subak"), upstreams(line.url)) as subak:
            for size in sizes:
                yield from _size(where, size, items[size.name], line, subak)
    for workers in (1, 2):
        yield from _stampede(ground, workers)


def _line(goods: Goods, ground: Ground) -> Paced:
    return Paced(goods.root, ground.folder("paced"), bytes_per_second=RATE, pause=PAUSE)


def _size(where: str, size: Size, items: Sequence[Item], line: Server, subak: Subak) -> Iterator[Row]:
    """Each file directly and as a miss, in turn and with the order alternating."""
    what, note = f"{size.name} file, {where}, {size.count} files", ""
    try:
        paths = subak.page(f"s{size.bytes}")
        direct: list[Answer] = []
        missed: list[Answer] = []
        for number, item in enumerate(items):
            ways = [(direct, line.url + item.path), (missed, subak.url + paths[item.name])]
            for answers, url in ways if number % 2 else reversed(ways):
                answers.append(_fetch(url, item))
        origins = {answer.headers.get("x-subak-cache", "") for answer in missed}
        if origins != {"miss"}:
            note = f"BUT x-subak-cache said {', '.join(sorted(origins))}"
    except (Unavailable, OSError) as reason:
        yield Row("cold", what, missing=str(reason))
        return
    first, total = _medians(missed)
    first_direct, total_direct = _medians(direct)
    raw = {"first": first, "total": total, "first_direct": first_direct, "total_direct": total_direct}
    yield Row(
        "cold", f"{what}: first byte later by", f"{first:.2f} ms", f"direct {first_direct:.2f} ms",
        first - first_direct, "ms", Target(5, unit="ms"), note, raw=raw,
    )  # fmt: skip
    yield Row(
        "cold", f"{what}: last byte later by", f"{total:.2f} ms", f"direct {total_direct:.2f} ms",
        total - total_direct, "ms", Target(5, unit="ms"), raw=raw,
    )  # fmt: skip
    yield Row(
        "cold", f"{what}: whole time", f"{total:.2f} ms", f"direct {total_direct:.2f} ms", total / total_direct, "×",
        Target(1.05), raw=raw,
    )  # fmt: skip


def _fetch(url: str, item: Item) -> Answer:
    answer = ask(url, keep=False)
    if answer.status != 200 or answer.headers.get("content-length") != str(item.size):
        raise Unavailable(f"{answer.status} for {url}")
    return answer


def _medians(answers: Sequence[Answer]) -> tuple[float, float]:
    """Milliseconds to the first and to the last byte."""
    return (
        statistics.median(answer.first_byte for answer in answers) * 1000,
        statistics.median(answer.total for answer in answers) * 1000,
    )


# ---------------------------------------------------------------- many at once


def _stampede(ground: Ground, workers: int) -> Iterator[Row]:
    what = f"{CROWD} simultaneous misses of one 5 MB file, {workers} worker{'s' if workers > 1 else ''}"
    goods = Goods(ground.folder("goods"))
    item = goods.wheels("crowd", 1, 5 * MB)[0]
    try:
        with _line(goods, ground) as line, Subak(ground.folder("subak"), upstreams(line.url), workers=workers) as subak:
            path = subak.page("crowd")[item.name]
            good, seconds = asyncio.run(_crowd(subak.url, path, item))
            fetches = line.count(item.path)
    except (Unavailable, OSError) as reason:
        yield Row("cold", what, target=Target(1, "=", "fetch"), missing=str(reason))
        return
    yield Row(
        "cold", what, f"{good} whole answers in {seconds:.2f} s", "—", fetches, "fetch", Target(1, "=", "fetch"),
        raw={"good": good, "seconds": seconds, "fetches": fetches},
    )  # fmt: skip
    if good != CROWD:
        yield Row("cold", f"{what}: whole answers", f"{good}", "—", good, "answers", Target(CROWD, "=", "answers"))


async def _crowd(url: str, path: str, item: Item) -> tuple[int, float]:
    """All connections first, then all requests at once: the number of whole and right answers, and seconds."""
    parts = urlsplit(url)
    streams = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(CROWD)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _, writer in streams:
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {parts.netloc}\r\nconnection: close\r\n\r\n".encode())
    answers = await asyncio.gather(*(_read(reader) for reader, _ in streams), return_exceptions=True)
    took = loop.time() - began
    for _, writer in streams:
        writer.close()
    return sum(digest == item.sha256 for digest in answers), took


async def _read(reader: asyncio.StreamReader) -> str:
    """The sha256 of the body."""
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        return ""
    digest = hashlib.sha256()
    while piece := await reader.read(262144):
        digest.update(piece)
    return digest.hexdigest()
