"""The report: what an analysis says, once; every form of showing it only shows it.

Shares are 0 … 1, times are Unix seconds, money is exact. `None` says "cannot be known from these logs", never 0.
What the names mean is told by `subak.analytics.report.names`; the same name means the same in every table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from subak.analytics.prices import PriceList
from subak.analytics.simulate import Outcome
from subak.errors import BadRequest

VERSION = 1
"""Of this form. Names are never given another meaning: a change of meaning is a new name or a new version."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number that may be quoted: it says what it counts, over what, and when."""

    value: int | float | None
    unit: str
    n: int
    """How many things it was taken over: the N of a share, the requests of a sum."""
    of: str
    """What those things are: 'addresses', 'requests'."""
    window: str
    """'2026-10-05T00:00Z/2026-10-12T00:00Z', or 'day' for the mean over the days in it."""
    note: str = ""
    """What keeps it from being exact, in plain words."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure means. A definition that changes gets another version, and comparisons say so."""

    text: str
    unit: str
    version: int = 1


class Count(msgspec.Struct, frozen=True):
    """Lines of logs, and their bytes."""

    lines: int
    bytes: int


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One log: its name without folders, and what became of it."""

    name: str
    format: str
    accepted: Count
    rejected: Count
    skipped: Count
    problem: str = ""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """From the first request to the last."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long, at least one second."""
        return max(1.0, self.end - self.start)


class Packs(msgspec.Struct, frozen=True, kw_only=True):
    """Versions of the data that decided; '' where none was used."""

    agents: str = ""
    classes: str = ""
    ranges: str = ""
    consumers: str = ""
    prices: str = ""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Why lines were not understood. No text of them: it may hold addresses."""

    reason: str
    lines: int
    bytes: int
    example: str
    """Source and line of the first of them."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """How the figures came about."""

    made: float
    subak: str
    window: Window
    sources: list[SourceFacts]
    accepted: Count
    rejected: Count
    skipped: Count
    packs: Packs
    epoch: str
    """Of the pseudonyms: names of two reports compare only within one epoch."""
    k: int
    """Cells about fewer consumers are put together or left out."""
    unknown: list[str]
    """What these logs cannot tell, in plain words: 'bytes are unknown for 3.0 % of the requests'."""
    asked: list[str] = []
    """Options that changed what was counted: '--where …', '--since …'."""


class Concentration(msgspec.Struct, frozen=True, kw_only=True):
    """How unevenly units take: how much the heaviest hundredth of them took."""

    level: str
    """'address', 'network' or 'consumer'."""
    weight: str
    """'requests' or 'bytes'."""
    n: int
    """Units with at least one request."""
    top_share: float
    """Of the whole window, by the first ⌈n / 100⌉ units."""
    daily: float | None
    """The mean over the days: in long windows changing addresses swell n and with it the share."""
    gini: float
    lorenz: list[tuple[float, float]]
    """(share of units, lightest first; share of what they took), from (0, 0) to (1, 1)."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of networks, or a kind of network."""

    name: str
    addresses: int
    requests: int
    downloads: int
    bytes: int | None
    share_addresses: float
    share_downloads: float
    amplification: float | None


class Purpose(msgspec.Struct, frozen=True, kw_only=True):
    """A class of traffic. declared ≤ requests ≤ at_most, as shares; what stayed unknown has no bounds."""

    name: str
    streams: int
    requests: int
    bytes: int | None
    share_requests: float
    share_bytes: float | None
    declared: float | None
    at_most: float | None


class Mix(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the traffic by one property: an ecosystem, a status, what a cache said."""

    name: str
    requests: int
    downloads: int | None
    bytes: int | None
    share_requests: float


class Software(msgspec.Struct, frozen=True, kw_only=True):
    """A family of clients."""

    name: str
    kind: str
    streams: int
    requests: int
    downloads: int | None
    bytes: int | None
    share_downloads: float | None


class Consumer(msgspec.Struct, frozen=True, kw_only=True):
    """One of the heaviest consumers: a pseudonym, or the name that the operator gave it."""

    name: str
    grade: str
    purpose: str
    provider: str
    addresses: int
    requests: int
    downloads: int | None
    bytes: int | None
    share_requests: float
    avoidable_requests: int
    avoidable_bytes: int | None
    repeat_factor: float | None
    shadow_share: float | None
    cost: Decimal | None = None
    avoidable_cost: Decimal | None = None


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One of the most downloaded packages. Only those that at least `Meta.k` consumers asked for."""

    name: str
    ecosystem: str
    consumers: int
    downloads: int | None
    bytes: int | None
    share_downloads: float | None
    avoidable_bytes: int | None


class Avoidable(msgspec.Struct, frozen=True, kw_only=True):
    """What a cache at every unit of a level would have kept from being asked for again."""

    level: str
    cache: str
    """'ideal', or the room of a bounded one: '10 GB'."""
    requests: int
    bytes: int | None
    share_requests: float
    """Of all requests."""
    share_bytes: float | None
    """Of all bytes; None where no bytes are known."""
    document_requests: int = 0
    """Beside these: documents asked for again while they were fresh."""
    document_bytes: int | None = 0
    cost: Decimal | None = None


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the bill. average: pro rata; the averages sum to the bill. marginal: what it would drop by."""

    name: str
    average: Decimal
    marginal: Decimal
    share: float


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """What the traffic costs by one price list, to the cent."""

    prices: str
    currency: str
    scope: str
    """What the list covers; bills with different scopes are no comparison."""
    total: Decimal
    parts: list[CostLine]
    """By class, then what belongs to none. The averages sum to `total`."""
    positions: list[CostLine]
    """By position of the price list: transfer, requests, fixed."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """Requests by class over time."""

    bucket: int
    """Seconds: 3600 or 86400."""
    starts: list[float]
    series: dict[str, list[int]]
    """Name of the class -> one number for each of `starts`."""


Cell = str | int | float | None
"""Of a table that was asked for; money is text there, so that no cent is lost."""


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """A table that was asked for with --by and --show."""

    by: list[str]
    show: list[str]
    units: list[str]
    rows: list[list[Cell]]
    n: int
    """Rows there are; `rows` may be the first of them."""


Row = TypeVar("Row")


class Rows(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """The greatest of a kind, in order."""

    of: str
    """What is counted by `n`: 'consumers'."""
    n: int
    """How many there are; `rows` may be the first of them."""
    rows: list[Row]
    withheld: int = 0
    """Would stand among `rows`, and are left out because fewer than `Meta.k` consumers stand behind each."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What an analysis found. `figures` holds everything that is one number, by name."""

    version: int = VERSION
    meta: Meta
    figures: dict[str, Figure]
    definitions: dict[str, Definition]
    concentration: list[Concentration]
    providers: Rows[Origin]
    origins: Rows[Origin]
    purposes: Rows[Purpose]
    timeline: Timeline
    ecosystems: Rows[Mix]
    software: Rows[Software]
    consumers: Rows[Consumer]
    packages: Rows[Package]
    avoidable: list[Avoidable]
    bill: Bill | None
    statuses: Rows[Mix]
    caches: Rows[Mix]
    rejects: Rows[Reject]
    simulations: list[Outcome] = []
    slices: list[Slice] = []


def encode(report: Report) -> bytes:
    """As JSON, indented, for people and programs."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def decode(data: bytes, name: str) -> Report:
    """The report of a JSON file. Raises BadRequest if it is none, or of another version."""
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version != VERSION:
            raise BadRequest(
                f"{name} is a report of version {version}; this program knows {VERSION}",
                fix="Analyse the logs of that period again, or use the version of subak that wrote it.",
            )
        return msgspec.json.decode(data, type=Report)
    except msgspec.DecodeError as error:
        raise BadRequest(f"{name} is no report of subak analyze: {error}") from error


class _Versioned(msgspec.Struct):
    version: int


# ---------------------------------------------------------------- what it is made with


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a report says beside the figures, and what the figures need beside the tables."""

    made: float
    subak: str
    epoch: str
    packs: Packs = field(default_factory=Packs)
    k: int = 20
    prices: PriceList | None = None
    asked: tuple[str, ...] = ()
    """Options that changed what was counted."""
    remarks: tuple[str, ...] = ()
    """What else the reader must know, such as 'the range pack is 40 days old'."""
    capacity: int = 0
    """Bytes of a bounded cache to try; 0: none."""
    catalogue: int = 0
    """Packages that the registry offers; 0: not known."""
    published: bool = False
    """Is there a table `published`?"""
