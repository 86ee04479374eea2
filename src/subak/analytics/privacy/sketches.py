"""Summaries that registries can add up to learn who takes how much of all of them, without exchanging addresses.

A part is what one registry says about one window. It lists its heaviest units under keyed numbers with bounds of their
weight, a curve (how much the m heaviest have together), totals, and registers that count distinct units together with
others'. Sums are at hand when a part is written, so that its bounds are exact up to rounding; merging only puts parts
side by side, in an order of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import duckdb
import msgspec

from subak.analytics.privacy.counting import SIZE, Registers
from subak.analytics.privacy.epochs import Chance, Keys
from subak.analytics.privacy.pseudonyms import Namer
from subak.analytics.privacy.suppress import FEWEST
from subak.errors import BadRequest
from subak.store.disk import disk_failed

HEADS: Final = 4096
"""Units that are listed at most."""
PHANTOMS: Final = SIZE
"""Random numbers counted along, so that a register that is set proves nobody's presence."""
DIGITS: Final = 10
"""Binary digits of a weight that are kept: 0.2 %; exact figures could be found again in other tables."""
HOUR: Final = 3600
LARGEST: Final = 1 << 26
"""Bytes of a file."""
PARTS: Final = 1000

Unit = Literal["client", "network", "consumer"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
Head = tuple[Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")], Count, Count]
"""Keyed number, bounds of the weight."""
Point = tuple[Count, Count, Count]
"""So many of the heaviest, bounds of what they have together."""


class Weighed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one weight is spread over the units of a part."""

    total: Count
    heads: Annotated[tuple[Head, ...], msgspec.Meta(max_length=HEADS)]
    rest: Count
    """No unit that is not listed has more."""
    curve: Annotated[tuple[Point, ...], msgspec.Meta(min_length=1, max_length=2000)]
    """Its last point is all units."""


class Level(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rung of the ladder from addresses to organisations."""

    unit: Unit
    fewest: Count
    most: Count
    """Bounds of how many units there are."""
    registers: Annotated[bytes, msgspec.Meta(min_length=SIZE, max_length=SIZE)]
    phantoms: Count
    requests: Weighed
    sent: Weighed
    """Bytes."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one registry says about one window."""

    source: Annotated[str, msgspec.Meta(max_length=100)]
    """What the operator calls it; '' nameless."""
    since: int
    until: int
    """Unix time in whole hours; `until` is exclusive."""
    levels: tuple[Level, ...]


class Sketch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Parts that were made under one key."""

    format: Literal["subak-sketch-1"] = "subak-sketch-1"
    epoch: str
    key: str
    """The fingerprint of the key, see `Keys`."""
    parts: Annotated[tuple[Part, ...], msgspec.Meta(min_length=1, max_length=PARTS)]


def sketch(engine: duckdb.DuckDBPyConnection, keys: Keys, chance: Chance, source: str = "") -> Sketch:
    """Summarise the tables of `facts.schema`; a rung with fewer than 20 units is left out.

    `source` is printable text that the other registries will see. Raises BadRequest if no rung is left.
    """
    since, until = engine.execute('SELECT coalesce(min("at"), 0), coalesce(max("at"), 0) FROM facts').fetchall()[0]
    levels = [level for unit in UNITS if (level := _level(engine, unit, keys, chance)) is not None]
    if not levels:
        raise BadRequest(f"Fewer than {FEWEST} clients: a summary of so few would be about each of them")
    part = Part(source, int(since // HOUR) * HOUR, (int(until // HOUR) + 1) * HOUR, tuple(levels))
    return Sketch(epoch=keys.epoch, key=keys.fingerprint, parts=(_sound(part),))


def _level(engine: duckdb.DuckDBPyConnection, unit: Unit, keys: Keys, chance: Chance) -> Level | None:
    """`unit` is one of UNITS, so it may stand in SQL."""
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE sketch_units AS SELECT u.name, sum(f.requests)::BIGINT AS requests,"
        f" sum(f.sent)::BIGINT AS sent FROM (SELECT {unit}, count(*) AS requests, sum(greatest(sent, 0)) AS sent"
        f" FROM facts WHERE {unit} >= 0 GROUP BY {unit}) f JOIN {unit}s u USING ({unit}) GROUP BY u.name"
    )
    try:
        count, requests, sent = engine.execute(
            "SELECT count(*), coalesce(sum(requests), 0)::BIGINT, coalesce(sum(sent), 0)::BIGINT FROM sketch_units"
        ).fetchall()[0]
        if count < FEWEST:
            return None
        # Names are pseudonyms already, each kind under a key of its own; the sketch's key unties them from reports.
        namer = Namer("", keys.sketch)
        return Level(
            unit, _down(count), _up(count), bytes(_registers(engine, namer, chance)), PHANTOMS,
            _weighed(engine, "requests", namer, count, requests), _weighed(engine, "sent", namer, count, sent),
        )  # fmt: skip
    finally:
        engine.execute("DROP TABLE sketch_units")


def _registers(engine: duckdb.DuckDBPyConnection, namer: Namer, chance: Chance) -> Registers:
    registers = Registers()
    noise = chance(8 * PHANTOMS)
    registers.add(int.from_bytes(noise[at : at + 8], "big") for at in range(0, len(noise), 8))
    found = engine.execute("SELECT name FROM sketch_units")
    while rows := found.fetchmany(50_000):
        registers.add(namer.numbers(name for (name,) in rows))
    return registers


def _weighed(engine: duckdb.DuckDBPyConnection, weight: str, namer: Namer, count: int, total: int) -> Weighed:
    """Units with few requests are in the curve and the totals, but not listed: whoever lists them lists people."""
    listed = engine.execute(
        f"SELECT name, {weight} FROM sketch_units WHERE requests >= {FEWEST} ORDER BY {weight} DESC, name LIMIT {HEADS}"
    ).fetchall()
    rest = engine.execute(
        f"SELECT coalesce(max({weight}), 0) FROM sketch_units ANTI JOIN (SELECT unnest($names) AS name) USING (name)",
        {"names": [name for name, _ in listed] or [""]},
    ).fetchall()[0][0]
    points = engine.execute(
        f"SELECT place, have::BIGINT FROM (SELECT row_number() OVER heaviest AS place,"
        f" sum({weight}) OVER heaviest AS have"
        f" FROM sketch_units WINDOW heaviest AS (ORDER BY {weight} DESC ROWS UNBOUNDED PRECEDING))"
        " SEMI JOIN (SELECT unnest($places) AS place) USING (place) ORDER BY place",
        {"places": _places(count)},
    ).fetchall()
    heads = tuple(
        (f"{number:016x}", _down(value), _up(value))
        for number, (_, value) in zip(namer.numbers(name for name, _ in listed), listed, strict=True)
    )
    # All units have the total, and so has any greater number, which does not tell how many there are exactly.
    points[-1] = (_up(count), total)
    curve = tuple((place, _down(have), min(_up(have), total)) for place, have in points)
    return Weighed(total, tuple(sorted(heads)), _up(rest), curve)


def _places(count: int) -> list[int]:
    """Where the curve has points: from the fewest that may be published, each a fortieth further, to all."""
    places = [FEWEST]
    while places[-1] < count:
        places.append(min(count, places[-1] + max(1, places[-1] // 40)))
    return places


def _down(value: int) -> int:
    unit = max(0, value.bit_length() - DIGITS)
    return value >> unit << unit


def _up(value: int) -> int:
    unit = max(0, value.bit_length() - DIGITS)
    return -(-value >> unit) << unit


def merge(sketches: Iterable[Sketch]) -> Sketch:
    """All parts in one, in any order; a part that is given twice counts once. Raises BadRequest for strangers."""
    parts: dict[bytes, Part] = {}
    made: set[tuple[str, str]] = set()
    for each in sketches:
        made.add((each.epoch, each.key))
        parts |= {hashlib.sha256(msgspec.json.encode(part)).digest(): part for part in each.parts}
    if not made:
        raise BadRequest("No sketch to merge")
    if len(made) > 1:
        told = ", ".join(f"{epoch} ({key})" for epoch, key in sorted(made))
        fix = "Make all of them in the same month, with --key and the same key file."
        raise BadRequest(f"The sketches were made in different epochs or under different keys: {told}", fix=fix)
    if len(parts) > PARTS:
        raise BadRequest(f"More than {PARTS} parts")
    ((epoch, key),) = made
    return Sketch(epoch=epoch, key=key, parts=tuple(parts[digest] for digest in sorted(parts)))


def encode(made: Sketch) -> bytes:
    """As it stands in a file: JSON."""
    return msgspec.json.encode(made) + b"\n"


def decode(written: bytes) -> Sketch:
    """Read what somebody else wrote, and check it. Raises BadRequest."""
    try:
        read = msgspec.json.decode(written, type=Sketch)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"That is no sketch: {error}") from error
    if not (read.epoch.isprintable() and read.key.isprintable() and len(read.epoch + read.key) < 100):
        raise BadRequest("That is no sketch: its epoch or key is no name")
    return Sketch(epoch=read.epoch, key=read.key, parts=tuple(_sound(part) for part in read.parts))


def read_sketch(path: Path) -> Sketch:
    """Read a file. Raises BadRequest, StoreFailed."""
    try:
        with path.open("rb") as file:
            written = file.read(LARGEST + 1)
    except OSError as error:
        raise disk_failed("Reading a sketch", error) from error
    if len(written) > LARGEST:
        raise BadRequest(f"The file is larger than {LARGEST >> 20} MiB, that is no sketch")
    return decode(written)


def write_sketch(path: Path, made: Sketch) -> None:
    """Write a file. Raises StoreFailed."""
    try:
        path.write_bytes(encode(made))
    except OSError as error:
        raise disk_failed("Writing the sketch", error) from error


def _sound(part: Part) -> Part:
    """The part, if its figures can be true. Raises BadRequest."""
    if not part.source.isprintable() or part.since > part.until:
        raise BadRequest("A part's name or its window makes no sense")
    if len({level.unit for level in part.levels}) != len(part.levels):
        raise BadRequest("A part has one unit twice")
    for level in part.levels:
        try:
            Registers(level.registers)
        except ValueError as error:
            raise BadRequest("A part's registers are out of range") from error
        for weighed in (level.requests, level.sent):
            if not (level.fewest <= level.most and _is_sound(weighed)):
                raise BadRequest(f"The figures of a part's {level.unit}s contradict each other")
    return part


def _is_sound(weighed: Weighed) -> bool:
    places = [place for place, _, _ in weighed.curve]
    return (
        _rise(places)
        and places[0] > 0
        and all(lower <= upper for _, lower, upper in (*weighed.curve, *weighed.heads))
        and all(upper <= weighed.total for _, _, upper in weighed.curve)
        and sum(lower for _, lower, _ in weighed.heads) <= weighed.total
        and len({head[0] for head in weighed.heads}) == len(weighed.heads)
    )


def _rise(values: Sequence[int]) -> bool:
    return all(low < high for low, high in pairwise(values))
