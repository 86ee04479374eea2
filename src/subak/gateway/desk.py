"""What our own pages say."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import subak
from subak.config import Config
from subak.errors import BadRequest, StoreFailed
from subak.gateway.metrics import render
from subak.gateway.own import Page, argument, json_page, number, page
from subak.model.exchange import Asked
from subak.pipeline.answer import Found
from subak.sources.client import Registries, Registry
from subak.store.catalogue import Catalogue
from subak.store.totals import read_snapshots

Front = Callable[[str], tuple[bytes, str]]
"""The front page for our base URL: body and Content-Security-Policy."""

USAGE = 2
"""Exit status of the analytics process for a question that it does not understand."""


class Desk:
    """Answers for one worker."""

    def __init__(
        self,
        config: Config,
        upstreams: Mapping[str, Registry],
        started_at: float,
        front: Front,
        catalogue: Catalogue,
        registries: Registries,
    ) -> None:
        self._config = config
        self._upstreams = upstreams
        self._started_at = started_at
        self._front = front
        self._catalogue = catalogue
        self._registries = registries
        self._analysing = asyncio.Lock()  # each analysis is a process that reads all readings: one at a time

    def pages(self) -> tuple[Page, ...]:
        """Every page of ours."""
        since = ("since", "length of the window that ends now, in seconds (default 86400)")
        by = ("by", "dimensions, separated by commas; gives a table")
        show = ("show", "measures, separated by commas; gives a table")
        return (
            Page("/", "The front page", self._home, api=False),
            Page("/-/", "The front page", self._home, api=False),
            Page("/robots.txt", "For crawlers", self._robots, api=False),
            Page("/-/health", "Whether the process lives", self._health),
            Page("/-/ready", "Whether the data folder can be read", self._ready),
            Page("/-/metrics", "Prometheus metrics", self._metrics),
            Page("/-/api/v1/status", "Version, upstreams and what is kept", self._status),
            Page("/-/api/v1/stats", "What was spared, by ecosystem, agent and package", self._stats, (since, by, show)),
        )

    async def _home(self, asked: Asked) -> Found:
        body, policy = self._front(asked.base)
        return page(body, "text/html; charset=utf-8", ("content-security-policy", policy))

    async def _robots(self, asked: Asked) -> Found:
        return page(b"User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8")

    async def _health(self, asked: Asked) -> Found:
        return json_page({"status": "ok", "service": "subak", "version": subak.__version__})

    async def _ready(self, asked: Asked) -> Found:
        await asyncio.to_thread(self._catalogue.totals)  # raises StoreFailed: 503
        return json_page({"status": "ready"})

    async def _metrics(self, asked: Asked) -> Found:
        kept = await asyncio.to_thread(self._catalogue.totals)
        snapshots = await asyncio.to_thread(read_snapshots, self._config.folder / "readings")
        extra: dict[str, float] = {
            "cache_bytes": kept.bytes,
            "cache_limit_bytes": self._config.cache.limit,
            "cache_files": kept.held,
            "cache_documents": kept.documents,
            "cache_blobs": kept.blobs,
            "files_known": kept.files,
        }
        for name, registry in self._upstreams.items():
            if registry.url:
                extra[f"upstream_up:{name}"] = 0.0 if self._registries.cooling(name) else 1.0
        body, content_type = await asyncio.to_thread(render, snapshots, extra, accept=asked.headers.get("accept", ""))
        return page(body, content_type)

    async def _status(self, asked: Asked) -> Found:
        kept = await asyncio.to_thread(self._catalogue.totals)
        upstreams = {
            name: {
                "url": registry.url,
                "problem": registry.problem,
                "cooling_down": bool(registry.url) and self._registries.cooling(name),
            }
            for name, registry in self._upstreams.items()
        }
        return json_page(
            {
                "version": subak.__version__,
                "started_at": self._started_at,
                "upstreams": upstreams,
                "kept": {
                    "documents": kept.documents,
                    "files_known": kept.files,
                    "files_held": kept.held,
                    "bytes": kept.bytes,
                    "limit": int(self._config.cache.limit),
                },
            }
        )

    async def _stats(self, asked: Asked) -> Found:
        window = number(asked, "since", 86400.0)
        grouping = [f"--{name}={argument(asked, name)}" for name in ("by", "show") if argument(asked, name)]
        readings = str(self._config.folder / "readings")
        async with self._analysing:
            code, out, err = await analyse("stats", readings, "--since", str(window), "--json", *grouping)
        if code == USAGE:
            raise BadRequest(err.strip()[-300:])
        if code:
            raise StoreFailed(f"readings cannot be summed up: {err.strip()[-300:]}")
        return page(out.encode(), "application/json")


async def analyse(*arguments: str) -> tuple[int, str, str]:
    """`python -m subak.analytics …`: exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # nothing is imported from the folder we happen to be in
        "-m",
        "subak.analytics",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, out.decode(), err.decode()
