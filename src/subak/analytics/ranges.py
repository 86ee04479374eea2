"""Whose network an address is in, by lists that the operator gives; the longest prefix decides."""

from __future__ import annotations

import csv
import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, Generic, TypeVar

from subak.analytics.rangefeeds import Feed, Row, dated, feed
from subak.analytics.schema import ORIGINS
from subak.errors import ConfigError, StoreFailed
from subak.store.disk import disk_failed

OLD: Final = 30
"""Days after which a list is worth a warning: clouds change theirs weekly."""
LARGEST: Final = 1 << 28
"""Bytes of a list; the largest cloud's has 5 million."""
UNKNOWN: Final = ("", "")

_PREFIX_COLUMNS: Final = ("prefix", "cidr", "ip_prefix", "range")
_PROVIDER_COLUMNS: Final = ("provider", "network", "name", "organisation")
_ORIGIN_COLUMNS: Final = ("origin", "kind", "type")
_DATE_LINE: Final = re.compile(r"#.*?(\d{4}-\d\d-\d\d)")

_T = TypeVar("_T")


class Intervals(Generic[_T]):
    """Values by prefix. Nested prefixes become disjoint intervals, so that one bisection finds the longest.

    Of equal prefixes the first one counts. IPv6 clients are networks of 64 bits, so a longer prefix counts as its /64.
    """

    def __init__(self, rows: Iterable[tuple[str, _T]], nothing: _T) -> None:
        """Raises ValueError for what is no prefix."""
        spans: dict[bool, dict[tuple[int, int], _T]] = {False: {}, True: {}}
        for prefix, value in rows:
            six, start, size = _span(prefix)
            spans[six].setdefault((start, -size), value)
        self._nothing = nothing
        self._four = _disjoint(spans[False], nothing)
        self._six = _disjoint(spans[True], nothing)

    def find(self, client: str) -> _T:
        """The value of a client's or network's canonical form; `nothing` for what is no address."""
        return self.find_all((client,))[0]

    def find_all(self, clients: Iterable[str]) -> list[_T]:
        """The values of canonical forms, in their order; 1 µs each."""
        (starts4, values4), (starts6, values6) = self._four, self._six
        if len(starts4) == len(starts6) == 1:
            return [self._nothing for _ in clients]
        number, last, packed = int.from_bytes, bisect_right, inet_pton
        found: list[_T] = []
        for client in clients:
            try:
                if "/" in client:
                    client = client.partition("/")[0]
                if ":" in client:
                    found.append(values6[last(starts6, number(packed(AF_INET6, client)[:8], "big")) - 1])
                else:
                    found.append(values4[last(starts4, number(packed(AF_INET, client), "big")) - 1])
            except (OSError, ValueError):
                found.append(self._nothing)
        return found


def _span(prefix: str) -> tuple[bool, int, int]:
    """Is it IPv6, its first number, how many numbers: addresses, or networks of 64 bits."""
    network = ipaddress.ip_network(prefix.strip(), strict=False)
    first = int(network.network_address)
    if network.version == 4:
        return False, first, network.num_addresses
    return True, first >> 64, max(1, network.num_addresses >> 64)


def _disjoint(spans: dict[tuple[int, int], _T], nothing: _T) -> tuple[list[int], list[_T]]:
    """Where each interval starts, and its value. Prefixes contain one another or have nothing in common."""
    starts, values = [-1], [nothing]

    def change(at: int, value: _T) -> None:
        if starts[-1] == at:
            values[-1] = value
        else:
            starts.append(at)
            values.append(value)

    inside: list[tuple[int, _T]] = []
    for start, minus_size in sorted(spans):
        while inside and inside[-1][0] <= start:
            end, _ = inside.pop()
            change(end, inside[-1][1] if inside else nothing)
        value = spans[start, minus_size]
        change(start, value)
        inside.append((start - minus_size, value))
    while inside:
        end, _ = inside.pop()
        change(end, inside[-1][1] if inside else nothing)
    return starts, values


@dataclass(frozen=True, slots=True)
class Ranges:
    """What is known of networks: who runs them, and of what kind they are."""

    intervals: Intervals[tuple[str, str]]
    prefixes: int
    date: str
    """Of the oldest list, 'YYYY-MM-DD'; '' without lists."""
    warnings: tuple[str, ...]

    def lookup(self, client: str) -> tuple[str, str]:
        """(provider, one of ORIGINS) of a canonical form; ('', '') unknown."""
        return self.intervals.find(client)

    def lookup_all(self, clients: Iterable[str]) -> list[tuple[str, str]]:
        """The same for many, in their order."""
        return self.intervals.find_all(clients)


NO_RANGES: Final = Ranges(Intervals((), UNKNOWN), 0, "", ())


def load_ranges(paths: Sequence[Path], now: float) -> Ranges:
    """Read CSV files and published feeds (see `rangefeeds`); `now` is Unix time. Raises ConfigError, StoreFailed."""
    rows: list[tuple[str, tuple[str, str]]] = []
    dates: list[date] = []
    warnings: list[str] = []
    for path in paths:
        text, changed = _read(path)
        known = feed(text, path.name) if text.lstrip()[:1] in ("{", "[") else _table(text, path.name)
        rows += [(prefix, (provider, origin)) for prefix, provider, origin in known.rows]
        when = known.date or changed
        dates.append(when)
        age = (datetime.fromtimestamp(now, UTC).date() - when).days
        if age > OLD:
            warnings.append(f"{path.name} is {age} days old; networks change hands, fetch a new one")
    oldest = min(dates).isoformat() if dates else ""
    return Ranges(_intervals(rows, UNKNOWN, "range pack"), len(rows), oldest, tuple(warnings))


def _intervals(rows: list[tuple[str, _T]], nothing: _T, what: str) -> Intervals[_T]:
    try:
        return Intervals(rows, nothing)
    except ValueError as error:
        raise ConfigError(f"The {what} holds what is no prefix: {str(error)[:100]}") from error


def _read(path: Path) -> tuple[str, date]:
    try:
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    except OSError as error:
        raise disk_failed(f"Reading {path.name}", error) from error
    if len(written) > LARGEST:
        raise StoreFailed(f"{path.name} is larger than {LARGEST >> 20} MiB", fix="Give a list of prefixes.")
    try:
        return written.decode("utf-8-sig"), changed
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is no text", fix="Give CSV or JSON.") from error


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows of a CSV file, without empty ones and remarks."""
    plain = (line if not line.lstrip().startswith("#") else "" for line in text.splitlines())
    reader = csv.reader(plain)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise ConfigError(f"{name} line {reader.line_num}: {error}") from error


def _is_prefix(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _table(text: str, name: str) -> Feed:
    """`prefix,provider,origin`; a heading names the columns and their order. A bare list is named by its file."""
    columns, named = (0, 1, 2), False
    rows: list[Row] = []
    for count, (number, cells) in enumerate(_lines(text, name)):
        if not count and not _is_prefix(cells[0]):
            columns, named = _heading(cells, name), True
            continue
        if not named and len(cells) > 3:
            raise ConfigError(f"{name} line {number}: {len(cells)} columns", fix="Name them: prefix,provider,origin")
        prefix, provider, origin = (cells[c] if 0 <= c < len(cells) else "" for c in columns)
        if not _is_prefix(prefix):
            raise ConfigError(f"{name} line {number}: {prefix[:60]!r} is no prefix")
        if origin not in ORIGINS:
            fix = "Known are: " + ", ".join(filter(None, ORIGINS))
            raise ConfigError(f"{name} line {number}: origin {origin[:40]!r} is unknown", fix=fix)
        rows.append(Row(prefix, _label(provider or Path(name).stem, name, number), origin))
    remark = _DATE_LINE.search(text)
    return Feed(rows, (dated(remark[1]) if remark else None) or dated(name))


def _heading(cells: list[str], name: str) -> tuple[int, int, int]:
    names = [cell.lower() for cell in cells]

    def place(known: tuple[str, ...]) -> int:
        return next((names.index(column) for column in known if column in names), -1)

    prefix = place(_PREFIX_COLUMNS)
    if prefix < 0:
        fix = "The first line names the columns, such as prefix,provider,origin; or it is a row."
        raise ConfigError(f"{name} has no column of prefixes", fix=fix)
    return prefix, place(_PROVIDER_COLUMNS), place(_ORIGIN_COLUMNS)


def _label(text: str, name: str, number: int) -> str:
    if not text.isprintable() or len(text) > 100:
        raise ConfigError(f"{name} line {number}: a name of at most 100 printable characters is needed")
    return text


GRADES: Final = ("C", "B")
"""What an operator may state: B if the organisation confirmed that the network is its own, C otherwise."""


@dataclass(frozen=True, slots=True)
class Consumers:
    """Organisations that the operator knows by their networks.

    A grade says how well an organisation is known. A: it named itself (an account, a key, a token in its agent), which
    no file can state. B: it confirmed that the network is its own, or that is verified. C: the operator says so.
    D: inferred, never shown in public.
    """

    intervals: Intervals[tuple[str, str]]
    names: tuple[str, ...]

    def lookup(self, client: str) -> tuple[str, str]:
        """(name, grade) of a canonical form; ('', '') unknown."""
        return self.intervals.find(client)

    def lookup_all(self, clients: Iterable[str]) -> list[tuple[str, str]]:
        """The same for many, in their order."""
        return self.intervals.find_all(clients)


NO_CONSUMERS: Final = Consumers(Intervals((), UNKNOWN), ())


def load_consumers(path: Path) -> Consumers:
    """Read `prefix,name[,grade]`, with or without that heading. Raises ConfigError, StoreFailed."""
    text, _ = _read(path)
    rows: list[tuple[str, tuple[str, str]]] = []
    for count, (number, cells) in enumerate(_lines(text, path.name)):
        if not count and [cell.lower() for cell in cells[:2]] == ["prefix", "name"]:
            continue
        prefix, name, grade = (*cells, "", "")[:3]
        if not _is_prefix(prefix) or not name:
            raise ConfigError(f"{path.name} line {number}: a prefix and a name are needed")
        if (grade or "C") not in GRADES:
            raise ConfigError(f"{path.name} line {number}: grade {grade[:20]!r} is none", fix="C, or B if confirmed.")
        rows.append((prefix, (_label(name, path.name, number), grade or "C")))
    return Consumers(_intervals(rows, UNKNOWN, "list of consumers"), tuple(sorted({value[0] for _, value in rows})))
