"""One worker process: an ASGI application that furnishes its house when the event loop starts.

It travels to worker processes by pickle, so it carries only settings; sockets, databases and tasks are made in
`_start` and given back in `_stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import resource
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import gmtime, strftime
from typing import Any

import subak
from subak.access.agents import Agents
from subak.access.consumers import Addresses
from subak.access.gatekeeper import Gate as Gatekeeper
from subak.access.gcra import Limiter
from subak.access.rules import Allowance, Deny, Rule
from subak.config import Config
from subak.ecosystems import ALL, BY_NAME, served
from subak.errors import StoreFailed, SubakError
from subak.gateway.asgi import Application, Forwarding, Receive, Scope, Send
from subak.gateway.desk import Desk, analyse
from subak.gateway.door import Door, sweep
from subak.gateway.house import House
from subak.gateway.own import OwnPages
from subak.pipeline.artifacts import Artifacts
from subak.pipeline.derived import Derived
from subak.pipeline.documents import Documents
from subak.pipeline.inquiry import Limits
from subak.pipeline.relay import Relay
from subak.pipeline.representation import Representations
from subak.pipeline.resolve import Sources
from subak.pipeline.run import Gate
from subak.sources.client import Registries, Registry
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.database import Database
from subak.store.folder import open_folder
from subak.store.janitor import Janitor
from subak.store.journal import SEGMENT_LIMIT, Journal
from subak.store.keys import Keys
from subak.store.locks import Locks
from subak.store.policy import changed_at
from subak.store.renderings import Renderings

log = logging.getLogger("subak.worker")

TOUCH_EVERY = 5.0
PAUSE = 1.0
"""Seconds before a broken chore begins again."""
BELIEVE = 5.0
"""Seconds that the door of one worker believes a document which another worker may change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a worker is told. Everything in it can be pickled."""

    config: Config
    upstreams: Mapping[str, Registry]
    instance: str
    """This data folder's pseudonym in Via headers."""
    secret: bytes
    """For pseudonyms of networks."""
    now: Callable[[], float]
    monotonic: Callable[[], float]
    prepare: Callable[[Config], None]
    """Sets up logging in a fresh process."""
    front: Callable[[str], tuple[bytes, str]]
    """The front page for our base URL: body and Content-Security-Policy."""
    started_at: float = 0.0


@dataclass(slots=True)
class _Room:
    """What `_start` made and `_stop` gives back."""

    registries: Registries
    database: Database
    journal: Journal
    catalogue: Catalogue
    locks: Locks
    janitor: Janitor
    gatekeeper: Gatekeeper
    house: House
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)


class Worker:
    """The ASGI application of one worker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._application: Application | None = None
        self._room: _Room | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"_settings": self._settings, "_application": None, "_room": None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._application is None:
            try:
                self._application = self._furnish()
            except SubakError as error:
                await receive()  # lifespan.startup: uvicorn logs the message and ends the process
                await send({"type": "lifespan.startup.failed", "message": f"{error.detail}. {error.fix}".strip()})
                return
        await self._application(scope, receive, send)

    # ---------------------------------------------------------------- furnishing

    def _furnish(self) -> Application:
        """Make everything. Runs inside the event loop. Raises SubakError."""
        settings, config = self._settings, self._settings.config
        settings.prepare(config)
        _raise_file_limit()
        folder = open_folder(config.folder)
        database = Database(folder.database)
        catalogue, keys, locks = Catalogue(database), Keys(database), Locks(folder)
        blobs, renderings = Blobs(folder, config.cache.reserve), Renderings(folder)
        ecosystems = served(config.upstream.registries)
        registries = Registries(
            settings.upstreams,
            config.upstream,
            agent=_agent(config),
            instance=settings.instance,
            monotonic=settings.monotonic,
            tokens=[ecosystem.name for ecosystem in ecosystems.values() if ecosystem.tokens],
        )
        limiter = Limiter(config.access.requests_per_minute / 60, config.access.burst)
        since = changed_at(config.folder, config.access.deny, settings.now())
        gatekeeper = gatekeeper_of(config, keys, settings.secret, limiter, since)
        journal = Journal(
            folder.readings,
            "worker",
            settings.now,
            config.readings.flush,
            config.readings.waiting,
            _print_lines if config.server.access_log else None,
        )
        house = House(
            gatekeeper,
            limiter.take,
            journal.pending,
            now=settings.now,
            monotonic=settings.monotonic,
            instance=settings.instance,
            stem=f"{os.getpid():x}{int(settings.now()):x}",
            room=config.cache.hot,
            largest=config.cache.hot_item,
            believe=BELIEVE if config.server.workers > 1 else math.inf,
        )
        Door.house = house
        Door.header_timeout, Door.idle_timeout = config.server.header_timeout, config.server.idle_timeout
        cache = config.cache
        documents = Documents(catalogue, blobs, locks, registries, limits_of(config), settings.now, house.drop)
        artifacts = Artifacts(
            catalogue, blobs, locks, registries, documents, attempts=config.upstream.attempts, now=settings.now
        )
        desk = Desk(config, settings.upstreams, settings.started_at, settings.front, catalogue, registries)
        sources = Sources(
            ecosystems,
            documents,
            Representations(blobs, catalogue, renderings, {}),
            artifacts,
            Derived(artifacts, catalogue, blobs, locks, settings.now),
            Relay(registries, documents.site),
            gatekeeper,
            OwnPages(desk.pages(), subak.__version__),
        )
        janitor = Janitor(folder, catalogue, blobs, renderings, cache.limit, cache.reserve)
        self._room = _Room(registries, database, journal, catalogue, locks, janitor, gatekeeper, house)
        return Application(
            Gate(ecosystems, gatekeeper, sources, journal, settings.monotonic, settings.instance),
            Forwarding(config.server.public_url, config.server.trusted_proxies),
            now=settings.now,
            request_id=house.request_id,
            largest_body=config.server.largest_body,
            remember=house.remember,
            startup=self._start,
            shutdown=self._stop,
        )

    async def _start(self) -> None:
        room = self._room
        assert room is not None
        chores: Sequence[Callable[[], Awaitable[None]]] = (
            room.journal.run,
            partial(sweep, room.house),
            partial(self._touch, room),
            partial(self._keep_house, room),
            partial(self._notice_keys, room),
        )
        room.tasks = [asyncio.create_task(_chore(chore)) for chore in chores]

    async def _stop(self) -> None:
        room = self._room
        assert room is not None
        for task in room.tasks:
            task.cancel()
        for connection in list(room.house.connections):  # what did not end within the grace leaves a reading too
            connection.break_off()
        await asyncio.gather(*room.tasks, return_exceptions=True)
        await room.registries.close()
        await asyncio.to_thread(room.journal.close)
        with contextlib.suppress(StoreFailed):  # only costs eviction some precision
            await asyncio.to_thread(room.catalogue.touch, room.house.take_touched())
        room.database.close()

    # ---------------------------------------------------------------- chores

    async def _touch(self, room: _Room) -> None:
        """Tell the catalogue what was used."""
        while True:
            await asyncio.sleep(TOUCH_EVERY)
            touched = room.house.take_touched()
            if touched:
                try:
                    await asyncio.to_thread(room.catalogue.touch, touched)
                except StoreFailed as error:
                    log.warning("cannot note what was used: %s", error)

    async def _notice_keys(self, room: _Room) -> None:
        while True:
            await asyncio.sleep(1.0)
            try:
                room.gatekeeper.refresh()
            except StoreFailed as error:
                log.error("cannot look for changed keys: %s", error)

    async def _keep_house(self, room: _Room) -> None:
        """Evict, tidy and compact, in whichever worker gets the lock."""
        config, compacted = self._settings.config, self._settings.monotonic()
        while True:
            lock = None
            try:
                lock = room.locks.take("0" * 64)
                if lock is not None:
                    swept = await asyncio.to_thread(room.janitor.sweep, self._settings.now())
                    if swept.evicted:
                        log.info("evicted %d copies, %d bytes freed", swept.evicted, swept.bytes)
                    if self._settings.monotonic() - compacted >= config.readings.compact_every:
                        compacted = self._settings.monotonic()
                        await self._compact(config)
            except SubakError as error:
                log.error("housekeeping failed: %s", error)
            finally:
                if lock is not None:
                    lock.release()
            await asyncio.sleep(max(0.1, min(config.cache.tidy_every, config.readings.compact_every)))

    async def _compact(self, config: Config) -> None:
        """Turn finished journals into Parquet, in a process of its own: the engine would double our memory."""
        readings = config.folder / "readings"
        if not await asyncio.to_thread(_finished_segments, readings / "journal", self._settings.now()):
            return  # retention waits for the next segment too: an idle gateway has nothing new to make room for
        code, out, err = await analyse("compact", str(readings), "--keep", str(float(config.readings.keep)))
        if code:
            log.error("compaction failed: %s", (err or out).strip()[-500:])


def gatekeeper_of(config: Config, keys: Keys, secret: bytes, limiter: Limiter, since: float = 0.0) -> Gatekeeper:
    """Who asks and whether they may, with every rule there is; `since` is when these rules came.

    Raises ConfigError for a deny list that is none."""
    agents = Agents([pattern for ecosystem in ALL for pattern in ecosystem.agents])
    rules: list[Rule] = [Deny(config.access.deny, BY_NAME), Allowance(limiter)]
    return Gatekeeper(agents, Addresses(secret), keys, rules, since)


def limits_of(config: Config) -> Limits:
    """How documents are fetched."""
    cache = config.cache
    return Limits(cache.largest_document, cache.patience, cache.revalidate_behind, cache.absent, cache.fresh)


async def _chore(work: Callable[[], Awaitable[None]]) -> None:
    """Do a chore for ever; one that breaks is reported, begun again, and does not take the gateway with it."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("a background task broke and begins again")
        await asyncio.sleep(PAUSE)


def _finished_segments(journal: Path, now: float) -> bool:
    """Whether any journal file is of an earlier hour, or full."""
    hour = strftime("%Y-%m-%dT%H", gmtime(now))
    try:
        return any(not s.name.startswith(hour) or s.stat().st_size >= SEGMENT_LIMIT for s in journal.glob("*.jsonl"))
    except OSError:
        return False


def _raise_file_limit() -> None:
    """One descriptor per connection: take all that the system grants."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _agent(config: Config) -> str:
    """Our own User-Agent: honest, with a contact when the operator gives one."""
    contact = f" ({config.upstream.contact})" if config.upstream.contact else ""
    return f"subak/{subak.__version__}{contact}"


def _print_lines(lines: list[bytes]) -> None:
    sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
    sys.stdout.buffer.flush()
