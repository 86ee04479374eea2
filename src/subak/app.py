"""Puts the rooms together. The only module that reads the clock and draws random numbers."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import secrets
import signal
import socket
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

import subak
from subak.access.consumers import TOKEN_PREFIX
from subak.access.gcra import Limiter
from subak.adoption.banner import banner
from subak.config import Config, environment
from subak.console.home import home
from subak.ecosystems import served
from subak.errors import ConfigError, NoUpstream, StoreFailed
from subak.gateway.door import Door
from subak.gateway.worker import Settings, Worker, gatekeeper_of, limits_of
from subak.pipeline.explain import Explanation, Known, read_question
from subak.pipeline.explain import explain as tell
from subak.sources.client import Registry
from subak.sources.discovery import MEMORY, Found, look_around, remember
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.database import Database
from subak.store.folder import open_folder
from subak.store.janitor import sweep_parts
from subak.store.keys import Keys
from subak.store.locks import Locks

log = logging.getLogger("subak")


now = time.time
"""Unix time. The very functions, not wrappers: the door asks them for every hit."""

monotonic = time.monotonic
"""Seconds on a clock that never goes back."""


def random_token() -> str:
    """A fresh key: 160 random bits behind a prefix that secret scanners recognise."""
    return TOKEN_PREFIX + secrets.token_urlsafe(20)


def upstreams(config: Config) -> tuple[Found, ...]:
    """Every registry's upstream as this machine has it now; nothing is written. Raises ConfigError."""
    return look_around(config, served(config.upstream.registries).values(), environment(), Path.home())


def open_keys(config: Config) -> Keys:
    """The keys of the data folder. Raises StoreFailed, ConfigError."""
    return Keys(Database(open_folder(config.folder).database))


def serve(config: Config) -> int:
    """Run the gateway until a signal. Raises ConfigError, StoreFailed before it listens; 0 after a clean stop."""
    prepare_logging(config)
    _check_tls(config)
    served(config.upstream.registries)
    folder = open_folder(config.folder)
    occupancy = folder.occupy()
    try:
        listening = _listen(config)
        host, port = listening.getsockname()[:2]
        config = replace(config, server=replace(config.server, port=port))
        url = _url(config, host, port)
        sweep_parts(folder, Locks(folder))
        founds = upstreams(config)
        remember(founds, config.folder / MEMORY)
        settings = Settings(
            config,
            {f.ecosystem: Registry(f.url, f.authorization, f.problem, f.further) for f in founds},
            _secret(config.folder / "instance").hex()[:12],
            _secret(config.folder / "secret"),
            now,
            monotonic,
            prepare_logging,
            _Front(founds),
            now(),
        )
        print(banner(url, founds, config), flush=True)
        occupancy.announce(url)
        _run(config, Worker(settings), listening)
    finally:
        occupancy.release()
    log.info("stopped")
    return 0


def uvicorn_settings(config: Config, worker: Worker) -> uvicorn.Config:
    """How uvicorn runs a worker behind the door."""
    server = config.server
    return uvicorn.Config(
        worker,
        http=Door,
        ws="none",
        lifespan="on",
        interface="asgi3",
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        workers=server.workers,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(server.idle_timeout) + 5,
        timeout_graceful_shutdown=math.ceil(server.shutdown_grace),
        backlog=4096,
        ssl_certfile=server.tls_cert or None,
        ssl_keyfile=server.tls_key or None,
    )


def _run(config: Config, worker: Worker, listening: socket.socket) -> None:
    """Raises StoreFailed when a worker cannot start."""
    settings = uvicorn_settings(config, worker)
    # uvicorn raises the signal again once it has stopped; by then there is nothing left to interrupt.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    if config.server.workers > 1:
        supervisor = Multiprocess(settings, [listening])
        supervisor.run()
        failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    else:
        server = uvicorn.Server(settings)
        with contextlib.suppress(SystemExit):  # uvicorn's word for a failed start
            server.run([listening])
        failed = not server.started
    if failed:
        raise StoreFailed("the gateway could not start", fix="The lines above say why.")


class _Front:
    """The front page; an object because workers receive it by pickle."""

    def __init__(self, founds: tuple[Found, ...]) -> None:
        self._founds = founds

    def __call__(self, base: str) -> tuple[bytes, str]:
        ecosystems = served(found.ecosystem for found in self._founds)
        return home(base, ecosystems.values(), self._founds, subak.__version__)


def _listen(config: Config) -> socket.socket:
    """The listening socket, bound before anything else starts. Raises ConfigError."""
    server = config.server
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(4096)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {server.host}:{server.port}: {error.strerror}",
            fix="Something else may listen there: stop it, or choose another --port.",
        ) from error
    listening.set_inheritable(True)
    return listening


def _url(config: Config, host: str, port: int) -> str:
    """The URL to print: one that works from this machine."""
    scheme = "https" if config.server.tls_cert else "http"
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    elif ":" in host:
        host = f"[{host}]"
    return config.server.public_url.rstrip("/") or f"{scheme}://{host}:{port}"


def _check_tls(config: Config) -> None:
    """Raises ConfigError when the certificate cannot be used."""
    if not config.server.tls_cert:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(config.server.tls_cert, config.server.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate {config.server.tls_cert} with the key {config.server.tls_key} cannot be used: {error}"
        ) from error


def _secret(file: Path) -> bytes:
    """32 random bytes that stay the same for this data folder. Raises StoreFailed."""
    try:
        file.touch(mode=0o600)
        known = file.read_bytes()
        if len(known) < 32:  # new, or torn by a crash: an empty one would be a secret that everybody knows
            known = secrets.token_bytes(32)
            file.write_bytes(known)
        return hashlib.sha256(known).digest()
    except OSError as error:
        raise StoreFailed(f"{file} cannot be read or written: {error.strerror}") from error


class _OneLine(logging.Formatter):
    """Each record is one line of printable text, whatever a client or an upstream put into it."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text) if not record.exc_info else text


_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def prepare_logging(config: Config) -> None:
    """One line per event on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[config.server.log_level])
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, root.level))
    logging.getLogger("asyncio").setLevel(logging.WARNING)


def explain(config: Config, text: str, agent: str = "") -> Explanation:
    """The story of one request as the data folder and settings have it now. Raises BadRequest, StoreFailed."""
    folder = open_folder(config.folder)
    database = Database(folder.database)
    founds = {f.ecosystem: f for f in upstreams(config)}

    def base(ecosystem: str) -> str:
        found = founds[ecosystem]
        if not found.url:
            raise NoUpstream(f"no upstream is set for {ecosystem}: {found.problem}")
        return found.url

    limiter = Limiter(config.access.requests_per_minute / 60, config.access.burst)
    gatekeeper = gatekeeper_of(config, Keys(database), _secret(config.folder / "secret"), limiter)
    blobs = Blobs(folder, config.cache.reserve)
    ecosystems = served(config.upstream.registries)
    known = Known(ecosystems, gatekeeper, Catalogue(database), blobs, limits_of(config), base, now)
    return tell(read_question(text, agent, now()), known)
