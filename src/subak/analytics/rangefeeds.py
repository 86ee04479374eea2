"""The lists of prefixes that clouds and networks publish, recognised by their shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

import msgspec

from subak.errors import ConfigError

_DATE: Final = re.compile(r"(?<!\d)(20\d\d)-?(\d\d)-?(\d\d)(?!\d)")


class Row(NamedTuple):
    """One prefix."""

    prefix: str
    provider: str
    origin: str
    """One of `facts.schema.ORIGINS`."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One list."""

    rows: list[Row]
    date: date | None
    """When it was made, if it or its file's name says so."""


class _AwsPrefix(msgspec.Struct):
    ip_prefix: str = ""
    ipv6_prefix: str = ""
    service: str = ""


class _Aws(msgspec.Struct):
    """`ip-ranges.json`."""

    createDate: str
    prefixes: list[_AwsPrefix]
    ipv6_prefixes: list[_AwsPrefix] = []

    def rows(self, _: str) -> Iterator[Row]:
        # The same prefix is listed under AMAZON too: what says more goes first.
        every = sorted((*self.prefixes, *self.ipv6_prefixes), key=lambda p: p.service != "CLOUDFRONT")
        for p in every:
            yield Row(p.ip_prefix or p.ipv6_prefix, "aws", "cdn-relay" if p.service == "CLOUDFRONT" else "hyperscaler")

    def made(self) -> str:
        return self.createDate


class _GooglePrefix(msgspec.Struct):
    ipv4Prefix: str = ""
    ipv6Prefix: str = ""
    service: str = ""


class _Google(msgspec.Struct):
    """`cloud.json`; the lists of crawlers have the same shape without services and are named by their file."""

    creationTime: str
    prefixes: list[_GooglePrefix]

    def rows(self, stem: str) -> Iterator[Row]:
        for p in self.prefixes:
            cloud = bool(p.service)
            yield Row(p.ipv4Prefix or p.ipv6Prefix, "gcp" if cloud else stem, "hyperscaler" if cloud else "hosting")

    def made(self) -> str:
        return self.creationTime


class _AzureProperties(msgspec.Struct):
    addressPrefixes: list[str]


class _AzureValue(msgspec.Struct):
    properties: _AzureProperties


class _Azure(msgspec.Struct):
    """Service tags; the date is in the file's name."""

    cloud: str
    values: list[_AzureValue]

    def rows(self, _: str) -> Iterator[Row]:
        for value in self.values:
            for prefix in value.properties.addressPrefixes:
                yield Row(prefix, "azure", "hyperscaler")

    def made(self) -> str:
        return ""


_OTHERS_MACHINES: Final = ("actions", "codespaces")
"""Of the keys of GitHub's list: nearly all of Azure, shared with its other tenants."""


class _GitHub(msgspec.Struct):
    """`meta`."""

    hooks: list[str]
    web: list[str] = []
    api: list[str] = []
    git: list[str] = []
    packages: list[str] = []
    pages: list[str] = []
    importer: list[str] = []
    actions: list[str] = []
    actions_macos: list[str] = []
    codespaces: list[str] = []
    dependabot: list[str] = []
    copilot: list[str] = []

    def rows(self, _: str) -> Iterator[Row]:
        own = [key for key in self.__struct_fields__ if key not in _OTHERS_MACHINES]
        for key in (*own, *_OTHERS_MACHINES):
            azure = key in _OTHERS_MACHINES
            for prefix in getattr(self, key):
                yield Row(prefix, "azure" if azure else "github", "hyperscaler" if azure else "hosting")

    def made(self) -> str:
        return ""


class _Fastly(msgspec.Struct):
    addresses: list[str]
    ipv6_addresses: list[str]

    def rows(self, _: str) -> Iterator[Row]:
        for prefix in (*self.addresses, *self.ipv6_addresses):
            yield Row(prefix, "fastly", "cdn-relay")

    def made(self) -> str:
        return ""


class _CloudflareResult(msgspec.Struct):
    ipv4_cidrs: list[str]
    ipv6_cidrs: list[str]


class _Cloudflare(msgspec.Struct):
    result: _CloudflareResult

    def rows(self, _: str) -> Iterator[Row]:
        for prefix in (*self.result.ipv4_cidrs, *self.result.ipv6_cidrs):
            yield Row(prefix, "cloudflare", "cdn-relay")

    def made(self) -> str:
        return ""


class _OracleCidr(msgspec.Struct):
    cidr: str


class _OracleRegion(msgspec.Struct):
    cidrs: list[_OracleCidr]


class _Oracle(msgspec.Struct):
    last_updated_timestamp: str
    regions: list[_OracleRegion]

    def rows(self, _: str) -> Iterator[Row]:
        for region in self.regions:
            for entry in region.cidrs:
                yield Row(entry.cidr, "oracle", "hyperscaler")

    def made(self) -> str:
        return self.last_updated_timestamp


_Shape: TypeAlias = _Aws | _Google | _Azure | _GitHub | _Fastly | _Cloudflare | _Oracle
_SHAPES: Final[tuple[type[_Shape], ...]] = (_Aws, _Google, _Azure, _GitHub, _Fastly, _Cloudflare, _Oracle)
"""The members that one requires are in no other."""


def dated(text: str) -> date | None:
    """The first date in it, as 2026-11-01 or 20261101."""
    found = _DATE.search(text)
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def feed(text: str, name: str) -> Feed:
    """Read a published list; `name` is its file's. Raises ConfigError for what is none that we know."""
    for shape in _SHAPES:
        try:
            known: _Shape = msgspec.json.decode(text, type=shape)
        except msgspec.ValidationError:
            continue
        except (msgspec.DecodeError, RecursionError) as error:
            raise ConfigError(f"{name} is no JSON: {error}") from error
        return Feed(list(known.rows(Path(name).stem)), dated(known.made()) or dated(name))
    known_ones = "AWS, Google Cloud, Azure, GitHub, Fastly, Cloudflare, Oracle"
    raise ConfigError(f"{name} is none of the lists of prefixes known here", fix=f"{known_ones}; or CSV.")
