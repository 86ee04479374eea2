"""What `subak serve` prints when it is ready: where it listens, what it fetches from, how to point clients here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence

import subak
from subak.adoption.settings import line_for
from subak.config import Config
from subak.ecosystems import ALL
from subak.ecosystems.base import Client, Ecosystem
from subak.sources.discovery import Found

WIDTH = 100


def banner(url: str, upstreams: Sequence[Found], config: Config, ecosystems: Sequence[Ecosystem] = ALL) -> str:
    """The text, with one line for each upstream and one client for each ecosystem that has one."""
    rows = [
        f"Subak {subak.__version__} listens on {url}",
        f"  data       {config.folder} (up to {config.cache.limit / 2**30:.0f} GiB)",
        f"  settings   {config.source}",
        "",
        "Upstreams",
        *_upstreams(upstreams),
        "",
        "Point a client here",
        *_clients(url, {found.ecosystem: found.url for found in upstreams}, ecosystems),
        "",
        "Or try it first",
        "  subak run -- COMMAND",
        "",
    ]
    return "\n".join(rows)


def _clients(url: str, upstreams: Mapping[str, str], ecosystems: Sequence[Ecosystem]) -> Iterator[str]:
    """The first client of each ecosystem that is served, with the line for good where it is short."""
    served = [(e, c) for e in ecosystems if upstreams.get(e.name) for c in e.clients]
    shown: dict[str, Client] = {}
    for ecosystem, client in served:
        line = line_for(client, url, upstreams[ecosystem.name])
        short = line if len(_row(client.name, line)) <= WIDTH else _for_now(client, url)
        if ecosystem.name not in shown and short:
            shown[ecosystem.name] = client
            yield _row(client.name, short)
    more = [client.name for ecosystem, client in served if shown.get(ecosystem.name) is not client]
    if more:
        yield from _rows("more", f"{', '.join(more)}: see {url}/")


def _for_now(client: Client, url: str) -> str:
    """The line that points a client here for one shell, '' if there is none."""
    ways = client.environ or client.files or client.shims
    return f'eval "$(subak env {client.name} --url {url})"' if ways else ""


def _upstreams(upstreams: Sequence[Found]) -> Iterator[str]:
    for found in upstreams:
        if found.unnamed or found.off:
            continue
        yield _row(found.ecosystem, f"{found.url} ({found.where})" if found.url else f"none: {found.problem}")
        for note in found.notes:
            yield from _rows("", note)
    yield from _together(
        "none yet", (f.ecosystem for f in upstreams if f.unnamed), "`subak doctor` says how to set one"
    )
    yield from _together("off", (f.ecosystem for f in upstreams if f.off), "")


def _together(title: str, names: Iterable[str], remark: str) -> Iterator[str]:
    listed = ", ".join(names)
    if listed:
        yield from _rows(title, f"{listed} ({remark})" if remark else listed)


def _row(name: str, text: str) -> str:
    return f"  {name:<10} {text}"


def _rows(name: str, text: str) -> list[str]:
    """As `_row`, folded. Lines that are to be typed are not: they have to be copied in one piece."""
    first, *rest = textwrap.wrap(text, WIDTH - 13, break_long_words=False, break_on_hyphens=False) or [""]
    return [_row(name, first), *(_row("", line) for line in rest)]
