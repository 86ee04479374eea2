"""Every setting, as one frozen tree: defaults, then subak.toml, then SUBAK_* variables. Read once."""

from __future__ import annotations

import dataclasses
import difflib
import ipaddress
import os
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from subak.errors import ConfigError


def option(default: Any, help: str) -> Any:
    """A field with its default and the sentence that the reference page prints."""
    if isinstance(default, (dict, list)):
        return field(default_factory=lambda: type(default)(default), metadata={"help": help})
    return field(default=default, metadata={"help": help})


_UNITS = {
    "": 1,
    "b": 1,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
}


class Bytes(int):
    """A size; written as a number or as text such as '20 GiB'."""


class Seconds(float):
    """A duration; written as a number of seconds or as text such as '5m', '24h'."""


def parse_bytes(text: str) -> Bytes:
    """'20 GiB' → 21474836480. Raises ConfigError."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)\s*", text)
    if not found or found[2].lower() not in _UNITS:
        raise ConfigError(f"{text!r} is not a size; write for example '20 GiB'")
    return Bytes(float(found[1]) * _UNITS[found[2].lower()])


def parse_seconds(text: str) -> Seconds:
    """'90s', '5m', '24h', '7d' or a plain number → seconds. Raises ConfigError."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|)\s*", text)
    if not found:
        raise ConfigError(f"{text!r} is not a duration; write for example '90s', '5m' or '24h'")
    return Seconds(float(found[1]) * {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]])


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Where the gateway listens and whom it believes."""

    host: str = option("127.0.0.1", "Address to listen on.")
    port: int = option(8765, "Port to listen on; 0 picks a free one.")
    workers: int = option(1, "Worker processes.")
    public_url: str = option("", "Our URL as clients see it, with path prefix; '' takes it from each request.")
    trusted_proxies: list[str] = option([], "Networks of reverse proxies whose X-Forwarded-* headers are believed.")
    tls_cert: str = option("", "PEM file of the certificate chain; with tls_key the gateway speaks HTTPS.")
    tls_key: str = option("", "PEM file of the private key.")
    access_log: bool = option(False, "Print one JSON line per request to standard output.")
    log_level: str = option("info", "debug, info, warning or error.")
    header_timeout: Seconds = option(
        Seconds(15), "A connection that has not finished its request head is closed after this."
    )
    idle_timeout: Seconds = option(Seconds(75), "A kept-alive connection without a request is closed after this.")
    shutdown_grace: Seconds = option(Seconds(60), "How long running transfers may finish when the gateway stops.")
    largest_body: Bytes = option(Bytes(10 * 2**20), "Largest request body that is relayed (audit queries).")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheConfig:
    """Where copies live, how much room they may take, how long documents stay fresh."""

    data: str = option("", "The data folder; '' is this user's data folder.")
    limit: Bytes = option(Bytes(50 * 2**30), "Evict the least recently used copies above this size.")
    reserve: Bytes = option(
        Bytes(512 * 2**20), "Keep at least this much of the disk free; below it nothing new is kept."
    )
    hot: Bytes = option(Bytes(32 * 2**20), "Memory per worker for bodies served without touching the disk.")
    hot_item: Bytes = option(Bytes(256 * 2**10), "Largest body held in memory; larger ones leave by sendfile.")
    largest_document: Bytes = option(Bytes(128 * 2**20), "Largest index document accepted from an upstream.")
    fresh: Seconds = option(
        Seconds(0), "Serve documents this long without asking upstream; 0 uses each registry's own time."
    )
    revalidate_behind: Seconds = option(
        Seconds(60), "A document stale for less than this is served at once and checked behind."
    )
    absent: Seconds = option(Seconds(60), "Remember for this long that upstream has no such document.")
    tidy_every: Seconds = option(Seconds(30), "How often copies above the limit are evicted and leftovers removed.")
    patience: Seconds = option(
        Seconds(10), "Serve a held document marked stale if upstream has not answered within this."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamConfig:
    """How upstreams are reached. `[upstream.registries]` sets one ecosystem's URL each; absent ones are discovered.
    A further registry of an ecosystem is named `<ecosystem>-<suffix>` and served below `/<ecosystem>-<suffix>/`."""

    registries: dict[str, str] = option(
        {}, "Ecosystem = URL, 'auto' (the default) or 'off'; `<ecosystem>-<suffix>` = URL for a further one."
    )
    allow_hosts: list[str] = option([], "Further hosts that documents or redirects of an upstream may lead to.")
    connect_timeout: Seconds = option(Seconds(10), "For a connection.")
    first_byte_timeout: Seconds = option(Seconds(30), "For the head of an answer.")
    idle_timeout: Seconds = option(Seconds(30), "Between two pieces of a body.")
    attempts: int = option(3, "How often a broken transfer is resumed or started again.")
    cool_down: Seconds = option(Seconds(10), "After repeated failures an upstream is left alone for this long.")
    connections: int = option(64, "Simultaneous connections to one upstream host, per worker.")
    contact: str = option("", "Mail address or URL that registries can reach you at; sent in our User-Agent.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessConfig:
    """Who may fetch what, how fast."""

    requests_per_minute: int = option(120_000, "Allowance of one consumer; 0 sets no limit.")
    burst: int = option(20_000, "Requests a consumer may make at once before the rate applies.")
    deny: list[str] = option([], "Packages nobody gets: purls with or without version, e.g. 'pkg:npm/name@1.2.3'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsConfig:
    """How readings are kept."""

    flush: Seconds = option(Seconds(0.5), "Readings are on disk at most this long after the answer.")
    compact_every: Seconds = option(Seconds(60), "How often finished journals become Parquet files.")
    keep: Seconds = option(Seconds(400 * 86400), "Readings older than this are deleted; 0 keeps them.")
    waiting: int = option(
        500_000, "Readings held in memory while the disk refuses them; beyond it they are dropped and counted."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole tree. A room receives its own branch, never this."""

    server: ServerConfig = field(default_factory=ServerConfig)
    cache: CacheConfig = field(default_factory=CacheConfig)
    upstream: UpstreamConfig = field(default_factory=UpstreamConfig)
    access: AccessConfig = field(default_factory=AccessConfig)
    readings: ReadingsConfig = field(default_factory=ReadingsConfig)
    source: str = "defaults"
    """Where it was read from, for people."""

    @property
    def folder(self) -> Path:
        """The data folder."""
        return Path(self.cache.data).expanduser() if self.cache.data else Path(platformdirs.user_data_dir("subak"))


SECTIONS: tuple[str, ...] = ("server", "cache", "upstream", "access", "readings")


def environment() -> dict[str, str]:
    """This process's environment; the only place that reads it."""
    return dict(os.environ)


def load(path: str = "", environ: Mapping[str, str] | None = None, **overrides: Any) -> Config:
    """Read the configuration.

    `path` '' means $SUBAK_CONFIG, else ./subak.toml if there is one. `overrides` are `section__field=value`,
    None values ignored. Raises ConfigError naming the file, the key and the nearest known key.
    """
    environ = environment() if environ is None else environ
    path = path or environ.get("SUBAK_CONFIG", "")
    file = Path(path) if path else Path("subak.toml")
    tree: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    source = "defaults"
    if path or file.is_file():
        source = str(file)
        _merge_file(tree, file)
    for section in SECTIONS:
        for known in dataclasses.fields(_section_type(section)):
            value = environ.get(f"SUBAK_{section}_{known.name}".upper())
            if value is not None:
                tree[section][known.name] = value
    if environ.get("SUBAK_DATA") and "SUBAK_CACHE_DATA" not in environ:
        tree["cache"]["data"] = environ["SUBAK_DATA"]
    for name, value in environ.items():
        found = re.fullmatch(r"SUBAK_UPSTREAM_([A-Z0-9]+(?:_[A-Z0-9]+)*)", name)
        if found and found[1].lower() not in {f.name for f in dataclasses.fields(UpstreamConfig)}:
            registries = tree["upstream"].setdefault("registries", {})
            if isinstance(registries, dict):  # else it is refused below
                tree["upstream"]["registries"] = {**registries, found[1].lower().replace("_", "-"): value}
    for name, value in overrides.items():
        if value is not None:
            section, _, key = name.partition("__")
            tree[section][key] = value
    built = {section: _build(_section_type(section), tree[section], f"{source}: [{section}]") for section in SECTIONS}
    config = Config(**built, source=source)
    _check(config)
    return config


def upstream_variable(registry: str) -> str:
    """The variable that names one registry's URL: 'SUBAK_UPSTREAM_DEBIAN_SECURITY' for 'debian-security'."""
    return f"SUBAK_UPSTREAM_{registry.upper().replace('-', '_')}"


def _section_type(section: str) -> Any:
    return typing.get_type_hints(Config)[section]


def _merge_file(tree: dict[str, dict[str, Any]], file: Path) -> None:
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}", fix="Check the path given with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    for section, values in raw.items():
        if section not in SECTIONS:
            raise ConfigError(f"{file}: unknown section [{section}]{_near(section, SECTIONS)}")
        if not isinstance(values, dict):
            raise ConfigError(f"{file}: {section} must be a section, [{section}]")
        tree[section].update(values)


def _build(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    hints = typing.get_type_hints(kind)
    known = [f.name for f in dataclasses.fields(kind)]
    for key in values:
        if key not in known:
            raise ConfigError(f"{where} unknown key {key!r}{_near(key, known)}")
    return kind(**{key: _convert(hints[key], value, f"{where} {key}") for key, value in values.items()})


def _convert(kind: Any, value: Any, where: str) -> Any:
    """Bring a TOML value or a variable's text to the field's type. Raises ConfigError."""
    origin = typing.get_origin(kind)
    try:
        if kind is Bytes:
            return parse_bytes(value) if isinstance(value, str) else Bytes(_amount(value))
        if kind is Seconds:
            return parse_seconds(value) if isinstance(value, str) else Seconds(_amount(value))
        if kind is bool:
            if isinstance(value, bool):
                return value
            if str(value).lower() in ("1", "true", "yes", "on", "0", "false", "no", "off"):
                return str(value).lower() in ("1", "true", "yes", "on")
            raise ValueError("not true or false")
        if kind is int:
            if isinstance(value, (bool, float)):
                raise ValueError("not a whole number")
            return int(_amount(int(value)))
        if origin is list:
            items = [i.strip() for i in value.split(",") if i.strip()] if isinstance(value, str) else list(value)
            if not all(isinstance(i, str) for i in items):
                raise ValueError("not a list of texts")
            return items
        if origin is dict:
            if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
                raise ValueError("not a table of texts")
            return dict(value)
        if not isinstance(value, str):
            raise ValueError("not a text")
        return value
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{where} = {value!r}: {error}") from error


def _amount(value: Any) -> Any:
    """No setting is below zero or beyond all bounds. Raises ValueError, TypeError."""
    if isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ValueError("not a number from 0 on")
    return value


def _check(config: Config) -> None:
    server = config.server
    if not 0 <= server.port <= 65535:
        raise ConfigError(f"server.port = {server.port} is not a port")
    if server.workers < 1:
        raise ConfigError("server.workers must be at least 1")
    if bool(server.tls_cert) != bool(server.tls_key):
        raise ConfigError("server.tls_cert and server.tls_key go together; one of them is missing")
    if server.log_level not in ("debug", "info", "warning", "error"):
        raise ConfigError(f"server.log_level = {server.log_level!r}; use debug, info, warning or error")
    if server.public_url and not re.match(r"https?://[^/\s]+(/\S*)?\Z", server.public_url):
        raise ConfigError(f"server.public_url = {server.public_url!r} is not an http(s) URL")
    for network in server.trusted_proxies:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(f"server.trusted_proxies: {error}") from error
    for ecosystem, url in config.upstream.registries.items():
        if url not in ("auto", "off") and not re.match(r"https?://[^/\s]+(/\S*)?\Z", url):
            raise ConfigError(f"upstream.registries.{ecosystem} = {url!r} is neither a URL nor 'auto' nor 'off'")


def _near(word: str, known: typing.Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"
