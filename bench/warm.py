"""Warm hits against nginx proxy_cache: processor time of the server per request, in turn, on the same files."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.asking import ask
from bench.gateway import Subak, upstreams
from bench.goods import KB, MB, Goods
from bench.load import Comparison, Course, compare
from bench.nginx_cache import NginxCache
from bench.places import Ground
from bench.processes import Server, Unavailable
from bench.table import Row, Target
from bench.upstream import SIMPLE_JSON, static

PIP = {
    "Accept": f"{SIMPLE_JSON}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": (
        'pip/25.3 {"ci":null,"cpu":"x86_64","distro":{"id":"bookworm","libc":{"lib":"glibc","version":"2.36"},'
        '"name":"Debian GNU/Linux","version":"12"},"implementation":{"name":"CPython","version":"3.11.2"},'
        '"installer":{"name":"pip","version":"25.3"},"openssl_version":"OpenSSL 3.0.17 1 Jul 2025","python":"3.11.2",'
        '"setuptools_version":"66.1.1","system":{"name":"Linux","release":"6.1.0"}}'
    ),
    "Cache-Control": "max-age=0",
}
"""What pip sends with a request for a project page."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request that both servers are asked."""

    what: str
    ours: str
    theirs: str
    bound: float
    headers: Mapping[str, str] = field(default_factory=dict)
    ours_only: Mapping[str, str] = field(default_factory=dict)
    """Headers that only Subak is sent."""
    unchanged: bool = False
    """Ask with the ETag that each server gave: 304."""
    size: int = 0
    connections: int = 32
    tuned: bool = False
    """Measure against the tuned nginx as well."""
    note: str = ""


def measure(ground: Ground, *, quick: bool) -> Iterator[Row]:
    """The rows of the group 'warm'. Raises Unavailable when nothing can be measured."""
    goods = Goods(ground.folder("goods"))
    goods.announced("page", 36)
    sizes = {"small": 30 * KB, "middle": 300 * KB, "large": 50 * MB}
    items = {name: goods.wheels(name, 1, size)[0] for name, size in sizes.items()}
    with static(goods.root, ground.folder("upstream")) as upstream:
        subak = Subak(ground.folder("subak"), upstreams(upstream.url), processor=0)
        rival = NginxCache(ground.folder("nginx"), upstream.url, processor=0)
        with subak, rival:
            token = subak.key("bench")
            files = {name: (subak.page(name)[item.name], item.path) for name, item in items.items()}
            work = ground.folder("wrk")
            rounds, seconds = (2, 1.0) if quick else (5, 4.0)
            for case in _cases(files, token):
                try:
                    found = _compare(case, subak, rival, work, rounds=rounds, seconds=seconds)
                except Unavailable as reason:
                    yield Row("warm", case.what, target=Target(case.bound), missing=str(reason))
                    continue
                yield _row(case, found, "nginx", 1, target=Target(case.bound))
                if case.tuned:
                    yield _row(
                        replace(case, note="nginx with buffered log and open_file_cache"), found, "tuned nginx", 2
                    )
            yield _compaction(subak)


def _cases(files: Mapping[str, tuple[str, str]], token: str) -> tuple[Case, ...]:
    page = ("/pypi/simple/page/", "/simple/page/")
    key = {"Authorization": "Basic " + base64.b64encode(f"bench:{token}".encode()).decode()}
    small = files["small"]
    keyed = "against nginx without any key"
    return (
        Case("8 kB index page", *page, 0.6, tuned=True),
        Case("8 kB index page, pip's headers", *page, 0.6, PIP),
        Case("8 kB index page, 304", *page, 0.6, unchanged=True),
        Case("8 kB index page, keyed", "/k" + page[0], page[1], 0.6, ours_only=key, note=keyed),
        Case("30 kB file", *small, 0.6, tuned=True),
        Case("30 kB file, 304", *small, 0.6, unchanged=True),
        Case("30 kB file, keyed", "/k" + small[0], small[1], 0.6, ours_only=key, note=keyed),
        Case("300 kB file", *files["middle"], 0.8, size=300 * KB),
        Case("50 MB file", *files["large"], 1.2, size=50 * MB, connections=4),
    )


def _compare(case: Case, subak: Subak, rival: NginxCache, work: Path, *, rounds: int, seconds: float) -> Comparison:
    ours = _course(case, subak, subak.url, case.ours, {**case.headers, **case.ours_only})
    theirs = _course(case, rival, rival.url, case.theirs, case.headers)
    courses = [ours, theirs]
    if case.tuned:
        courses.append(_course(case, rival, rival.tuned, case.theirs, case.headers))
    return compare(courses, work, rounds=rounds, seconds=seconds)


def _course(case: Case, server: Server, url: str, path: str, headers: Mapping[str, str]) -> Course:
    """Warm it up and look whether it answers as it should. Raises Unavailable."""
    answer = ask(url + path, headers)
    for _ in range(3):
        answer = ask(url + path, headers)
    if case.unchanged:
        headers = {**headers, "If-None-Match": answer.headers.get("etag", "")}
        answer = ask(url + path, headers)
    wanted = 304 if case.unchanged else 200
    if answer.status != wanted or (case.size and len(answer.body) != case.size):
        raise Unavailable(f"{server.name} answers {answer.status} with {len(answer.body)} bytes for {path}")
    return Course(server, path, headers, case.connections, case.size, url=url)


def _row(case: Case, found: Comparison, name: str, other: int, *, target: Target | None = None) -> Row:
    def said(who: str, i: int) -> str:
        return f"{who}{found.microseconds[i]:.1f} µs, {found.per_second[i]:.0f}/s"

    return Row(
        "warm", case.what, said("", 0), said(f"{name} ", other), found.ratio[other], target=target, note=case.note,
        raw={
            "subak_microseconds": found.microseconds[0], "other_microseconds": found.microseconds[other],
            "subak_per_second": found.per_second[0], "other_per_second": found.per_second[other],
            "rounds": [[r.microseconds for r in row] for row in found.rounds],
        },
    )  # fmt: skip


def _compaction(subak: Subak) -> Row:
    """What becomes of the readings later, in a process of its own; the rows above do not contain it."""
    subak.settle()
    journal = (subak.data / "readings" / "journal").glob("*.jsonl")
    readings = subak.asked() - sum(file.read_bytes().count(b"\n") for file in journal)
    spent = subak.cpu_of_ended()
    what = "compacting readings into Parquet, behind the answers"
    if readings <= 0:
        return Row("warm", what, missing="no journal was finished in so short a run")
    return Row(
        "warm", what, f"{spent:.1f} s for {readings} readings", "—", spent * 1e6 / readings, "µs a request",
        raw={"seconds": spent, "readings": readings},
    )  # fmt: skip
