"""Warm hits against other package caches, on the same page, packument and file."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bench.asking import ask
from bench.gateway import Subak, upstreams
from bench.goods import KB, Goods, Item
from bench.load import Course, compare
from bench.places import Ground
from bench.processes import Unavailable
from bench.rivals import Devpi, Proxpi, Verdaccio
from bench.table import Row
from bench.upstream import static

SIMPLE = {"Accept": "text/html"}
INSTALL = {"Accept": "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"}
"""What npm asks packuments with."""

WHATS = {
    "proxpi": ("8 kB index page: proxpi", "30 kB file: proxpi"),
    "devpi-server": ("8 kB index page: devpi-server", "30 kB file: devpi-server"),
    "verdaccio": ("abbreviated packument: verdaccio", "30 kB tarball: verdaccio"),
}


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'peers'; a peer that cannot be had is a row that says so."""
    goods = Goods(ground.folder("goods"))
    item = goods.wheels("small", 1, 30 * KB)[0]
    goods.announced("page", 36)
    tarball = goods.package("thing", 12, 30 * KB)
    with static(goods.root, ground.folder("upstream")) as upstream:
        goods.tree(upstream.url)
        with Subak(ground.folder("subak"), upstreams(upstream.url), processor=0) as subak:
            python = [Course(subak, "/pypi/simple/page/", SIMPLE), Course(subak, subak.page("small")[item.name])]
            npm = [Course(subak, "/npm/thing", INSTALL), Course(subak, f"/npm/thing/-/{tarball.name}")]
            for make, ours in ((Proxpi, python), (Devpi, python), (Verdaccio, npm)):
                rival = make(ground.folder("rival"), upstream.url, processor=0)
                yield from _against(rival, ours, item, tarball, ground.folder("wrk"), quick=quick)


def _against(
    rival: Proxpi | Devpi | Verdaccio, ours: list[Course], item: Item, tarball: Item, work: Path, *, quick: bool
) -> Iterator[Row]:
    rounds, seconds = (1, 2.0) if quick else (3, 4.0)
    try:
        with rival:
            for what, mine, find in zip(WHATS[rival.name], ours, _theirs(rival, item, tarball), strict=True):
                try:
                    theirs = find()
                    _prove(mine)
                    _prove(theirs)
                    found = compare([mine, theirs], work, rounds=rounds, seconds=seconds)
                except Unavailable as reason:
                    yield Row("peers", what, missing=str(reason))
                    continue
                figure = 1 / found.ratio[1]
                said = [f"{found.microseconds[i]:.0f} µs, {found.per_second[i]:.0f}/s" for i in (0, 1)]
                yield Row(
                    "peers", what, said[0], said[1], figure, "× as much",
                    raw={"subak_microseconds": found.microseconds[0], "other_microseconds": found.microseconds[1],
                         "subak_per_second": found.per_second[0], "other_per_second": found.per_second[1]},
                )  # fmt: skip
    except Unavailable as reason:
        yield from (Row("peers", what, missing=str(reason)) for what in WHATS[rival.name])


def _theirs(rival: Proxpi | Devpi | Verdaccio, item: Item, tarball: Item) -> tuple[Callable[[], Course], ...]:
    if isinstance(rival, Verdaccio):
        return (
            lambda: Course(rival, "/thing", INSTALL, connections=8),
            lambda: Course(rival, f"/thing/-/{tarball.name}", connections=8),
        )
    return (
        lambda: Course(rival, f"{rival.pages}/page/", SIMPLE, connections=8),
        lambda: Course(rival, _file(rival, item), connections=8),
    )


def _file(rival: Proxpi | Devpi, item: Item) -> str:
    """Where the peer's page says that the file is. Raises Unavailable."""
    page = f"{rival.url}{rival.pages}/small/"
    said = ask(page, SIMPLE).body.decode("utf-8", "replace")
    found = re.search(rf'href="([^"#]*{re.escape(item.name)})', said)
    if not found:
        raise Unavailable(f"{rival.name}'s page does not name {item.name}: {said[:200]}")
    return str(urlsplit(urljoin(page, found[1])).path)


def _prove(course: Course) -> None:
    """Warm it up and look whether it answers. Raises Unavailable."""
    statuses: list[int] = []
    while statuses[-3:] != [200, 200, 200]:
        if len(statuses) == 10:
            raise Unavailable(f"{course.server.name} answers {statuses} for {course.path}")
        statuses.append(ask(course.server.url + course.path, course.headers).status)
        if statuses[-1] != 200:  # devpi-server sometimes answers 500 while it commits the first download
            time.sleep(0.3)
