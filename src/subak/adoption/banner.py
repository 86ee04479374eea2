"""What `subak serve` prints when it is ready: where it listens, what it fetches from, how to point clients here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

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
        *_upstreams(upstreams, max(10, *(len(found.ecosystem) for found in upstreams if found.url), 0)),
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


def _upstreams(upstreams: Sequence[Found], width: int) -> Iterator[str]:
    for found in upstreams:
        if found.unnamed or found.off:
            continue
        told = f"{found.url} ({found.where})" if found.url else f"none: {found.problem}"
        yield _row(found.ecosystem, told, width)
        for note in found.notes:
            yield from _rows("", note, width)
    unnamed = ", ".join(found.ecosystem for found in upstreams if found.unnamed)
    if unnamed:
        yield from _rows("none yet", f"{unnamed} (`subak doctor` says how to set one)", width)
    off = ", ".join(found.ecosystem for found in upstreams if found.off)
    if off:
        yield from _rows("off", off, width)


def _row(name: str, text: str, width: int = 10) -> str:
    return f"  {name:<{width}} {text}"


def _rows(name: str, text: str, width: int = 10) -> list[str]:
    """As `_row`, folded. Lines that are to be typed are not: they have to be copied in one piece."""
    first, *rest = textwrap.wrap(text, WIDTH - width - 3, break_long_words=False, break_on_hyphens=False) or [""]
    return [_row(name, first, width), *(_row("", line, width) for line in rest)]
