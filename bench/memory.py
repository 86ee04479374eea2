"""Memory of a worker, start-up, and whether a hit becomes dearer in a large catalogue."""

from __future__ import annotations

import hashlib
import os
import statistics
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from bench.asking import ask
from bench.gateway import Subak, upstreams
from bench.goods import KB, MB, Goods
from bench.load import Course, compare
from bench.places import Ground, free_port
from bench.processes import Unavailable
from bench.table import Row, Target
from bench.upstream import static

from subak.model.digest import Digest, Pin
from subak.ports import Document
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.database import Database
from subak.store.folder import open_folder

BLOBS = 1000
"""Distinct bodies in a filled catalogue: every file is held, many share a body."""

RANDOM_FILES = """
math.randomseed(os.time())
request = function()
  local i = math.random(0, %d - 1)
  local path = string.format("/pypi/files/packages/%%02x/p%%d-1.%%d.0-py3-none-any.whl",
    i %% 256, math.floor(i / 1000), i %% 1000)
  return wrk.format("GET", path)
end
"""


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'memory'."""
    for rows in (_memory, _startup, _catalogue):
        try:
            yield from rows(ground, quick=quick)
        except (Unavailable, OSError) as reason:
            yield Row("memory", rows.__doc__ or rows.__name__, missing=str(reason))


def _memory(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """memory of a worker"""
    projects, files = (2, 500) if quick else (20, 500)
    goods = Goods(ground.folder("goods"))
    items = {f"m{n}": goods.wheels(f"m{n}", files, 30 * KB) for n in range(projects)}
    goods.package("huge", 5000, 30 * KB, readme=9300)
    size = (goods.root / "npm/huge/packument.json").stat().st_size
    with static(goods.root, ground.folder("upstream")) as upstream:
        goods.tree(upstream.url)
        with Subak(ground.folder("subak"), upstreams(upstream.url)) as subak:
            yield _resident(subak, "worker, nothing asked yet", None)
            with ThreadPoolExecutor(8) as pool:
                for project in items:
                    list(pool.map(_whole, [subak.url + path for path in subak.page(project).values()]))
            yield _resident(
                subak, f"worker after {projects * files} distinct artifacts of 30 kB", Target(150, unit="MB")
            )
            for accept in ("application/json", "application/vnd.npm.install-v1+json"):
                _whole(f"{subak.url}/npm/huge", accept)
            what = f"… and a packument of {size / MB:.0f} MB, full and abbreviated"
            yield _resident(subak, what, Target(150, unit="MB"))


def _resident(subak: Subak, what: str, target: Target | None) -> Row:
    now, most = subak.memory() / MB, subak.memory("VmHWM") / MB
    return Row("memory", what, f"{now:.0f} MB, at most {most:.0f} MB", "—", now, "MB", target, raw={"peak": most})


def _whole(url: str, accept: str = "*/*") -> None:
    answer = ask(url, {"Accept": accept}, keep=False)
    if answer.status != 200:
        raise Unavailable(f"{answer.status} for {url}")


# ---------------------------------------------------------------- start


def _startup(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """start-up to the first answer"""
    times = 3 if quick else 7
    target = Target(1, unit="s")
    given = upstreams(f"http://127.0.0.1:{free_port()}")
    for what, places in (("upstreams given", given), ("upstreams discovered", {})):
        for state, folder in (("a new data folder", None), ("its own data folder again", ground.folder("subak"))):
            took = []
            for _ in range(times):
                gateway = Subak(folder or ground.folder("subak"), places)
                took.append(gateway.start())
                gateway.stop()
            middle = statistics.median(took)
            yield Row(
                "memory", f"exec to first /-/health answer, {state}, {what}", f"{middle:.2f} s", "—", middle, "s",
                target, raw={"seconds": took},
            )  # fmt: skip


# ---------------------------------------------------------------- a large catalogue


def _catalogue(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """cost of a hit in a large catalogue"""
    few, many = 1000, 100_000 if quick else 1_000_000
    rounds, seconds = (2, 2.0) if quick else (5, 4.0)
    folders = {count: ground.folder("subak") for count in (few, many)}
    for count, folder in folders.items():
        _fill(folder / "data", count)
    given = upstreams(f"http://127.0.0.1:{free_port()}")
    with Subak(folders[many], given, processor=0) as large, Subak(folders[few], given, processor=0) as small:
        courses = [
            Course(server, "/", {"Range": "bytes=0-"}, script=RANDOM_FILES % count)
            for server, count in ((large, many), (small, few))
        ]
        found = compare(courses, ground.folder("wrk"), rounds=rounds, seconds=seconds)
    said = [f"{found.microseconds[i]:.0f} µs, {found.per_second[i]:.0f}/s" for i in (0, 1)]
    yield Row(
        "memory", f"hit the ordinary way, {many} files held", said[0], f"{few} files: {said[1]}",
        found.ratio[1], "×", Target(1.1), note="30 kB, any of them, with a Range header",
        raw={"large": found.microseconds[0], "small": found.microseconds[1]},
    )  # fmt: skip


def _fill(root: Path, count: int) -> None:
    """A data folder whose catalogue holds `count` files in projects of a thousand."""
    folder = open_folder(root)
    database = Database(folder.database)
    catalogue, blobs = Catalogue(database), Blobs(folder, 0)
    digests = []
    for number in range(BLOBS):
        body = f"{number:016d}".encode() + os.urandom(30 * KB - 16)
        digest = hashlib.sha256(body).hexdigest()
        part = blobs.part(digest)
        part.write(body)
        part.commit(digest, durable=False)
        catalogue.adopt(digest, len(body), 0.0)
        digests.append(digest)
    pins = (_pin(i, digests[i % BLOBS]) for i in range(count))
    for project in range((count + 999) // 1000):
        key = f"simple/p{project}/"
        document = Document("pypi", key, f"http://127.0.0.1/{key}", 404)
        catalogue.keep_document(document, list(islice(pins, 1000)))
    database.close()


def _pin(number: int, digest: str) -> Pin:
    """One that is held as soon as it is announced, because a blob of that digest is."""
    project, version = divmod(number, 1000)
    name = f"p{project}-1.{version}.0-py3-none-any.whl"
    path = f"files/packages/{number % 256:02x}/{name}"
    url = f"http://127.0.0.1/packages/{name}"
    return Pin(path, url, Digest("sha256", digest), 30 * KB, f"p{project}", f"1.{version}.0", 0.0)
