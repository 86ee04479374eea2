"""What was fetched again: repeats, what ideal caches would have spared, what a collapse of double clicks leaves."""

from __future__ import annotations

from functools import reduce
from typing import Any

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.catalogue import EACH
from subak.analytics.metrics.definitions import (
    HOUR,
    LONG_AGO,
    RUNGS,
    asked,
    by_rung,
    counted,
    days,
    fetched,
    fetches,
    parameter,
    ratio,
    robot,
    step,
    streams,
    total,
    visits,
    whole_sum,
)

PAIR = 2**32
"""Numbers are below: a unit and an item fit into one of 64 bits, which engines group by much faster than two."""
SECONDS = 2**32
"""A Unix time in whole seconds is below until the year 2106; a later one falls into a neighbouring cell."""
CELLS = 2**30
"""Places in which pairs of a unit and a thing are put; a power of two, since dividing takes long."""
SPREAD = 2_654_435_761
"""A prime, so that units do not fall on the things of their neighbours."""
FAR = 2**40
"""More than any two seconds are apart."""


def _shared(column: str) -> Any:
    """Units that are several clients or consumers."""
    each = days.group_by(unit=days[column]).agg(
        clients=days.client.max() - days.client.min(), consumers=days.consumer.max() - days.consumer.min()
    )
    return each.filter((each.unit >= 0) & ((each.clients > 0) | (each.consumers > 0))).select("unit")


def _pairs_of(column: str) -> Any:
    """What clients fetched, for the units of that column that are not one client and one consumer each."""
    units = _shared(column)
    if column == "network":
        known = days.semi_join(units, days.network == units.unit)
        homes = known.group_by("client").agg(unit=known.network.max())
        return fetched.join(homes, "client").select("artifact", "largest", "item", "unit")
    rows = fetched.semi_join(units, fetched[column] == units.unit)
    return rows.select("artifact", "largest", "item", unit=rows[column])


def _files(column: str) -> Any:
    """Fetches of files by a unit, pairs of unit and file, and the bytes that the largest body of each pair makes.

    The rows of a unit that is one client and one consumer are its pairs; only those of others are put together. Who
    has an address has a network.
    """
    shared = _pairs_of(column)
    keyed = shared.select("artifact", "largest", pair=shared.unit.cast("int64") * PAIR + shared.item)
    pairs = keyed.group_by("pair").agg(
        rows=keyed.count(), artifact=keyed.artifact.any(), sum=whole_sum(keyed.largest), largest=keyed.largest.max()
    )
    less = pairs.agg(
        less_pairs=(pairs.rows - 1).sum().fill_null(0),
        less_downloads=(pairs.rows - 1).sum(where=pairs.artifact).fill_null(0),
        less_kept=(pairs.sum - pairs.largest).sum().fill_null(0),
    )
    rows = fetched.filter(fetched["consumer" if column == "consumer" else "client"] >= 0)
    sums = rows.agg(
        rows=rows.count(),
        artifacts=rows.count(where=rows.artifact),
        fetched=rows.requests.sum().fill_null(0),
        downloads=rows.requests.sum(where=rows.artifact).fill_null(0),
        sent=rows.bytes.sum().fill_null(0),
        kept=rows.largest.sum().fill_null(0),
    )
    sizeless = fetches()
    sizeless = sizeless.filter((sizeless.sent < 0) & (sizeless[column] >= 0))
    both = sums.cross_join(less).cross_join(sizeless.agg(unsized=sizeless.count()))
    return both.select(
        "downloads",
        download_pairs=both.artifacts - both.less_downloads,
        requests=both.fetched - (both.rows - both.less_pairs),
        bytes=both.sent - (both.kept - both.less_kept),
        unsized=both.unsized,
    )


def _with_factor(table: Any) -> Any:
    return table.mutate(repeat_factor=ratio(table.downloads, table.download_pairs)).order_by("rung")


files = _with_factor(by_rung(_files))


def _documents() -> Any:
    rows = counted()
    return rows.filter((rows.document >= 0) & rows.status.isin([200, 304]) & asked(rows))


def _close(rows: Any, unit: Any, thing: Any, seconds: Any) -> Any:
    """Of rows with `at`, those that may have another one of the same unit and thing within so many seconds.

    Unit, thing and second become one number of 62 bits, which engines sort in half the time that three columns take.
    Units and things may share a number: some rows are returned that have no such neighbour. Engines round or cut
    seconds; either way no two are further apart by more than one.
    """
    cell = (unit.cast("int64") * SPREAD + thing) & (CELLS - 1)
    numbered = rows.mutate(place=cell * SECONDS + rows["at"].cast("int64"))
    places = numbered.select("place")
    order = ibis.window(order_by=[places.place])
    gaps = places.mutate(
        before=places.place - places.place.lag(1, -FAR).over(order),
        after=places.place.lead(1, CELLS * SECONDS + FAR).over(order) - places.place,
    )
    near = gaps.filter((gaps.before <= seconds + 1) | (gaps.after <= seconds + 1))
    return numbered.semi_join(near, "place").drop("place")


def _wide() -> Any:
    """Consumers that are in several networks, or in none."""
    known = days.filter(days.consumer >= 0)
    each = known.group_by("consumer").agg(low=known.network.min(), high=known.network.max())
    return each.filter((each.low < 0) | (each.low != each.high))


def _near() -> Any:
    """Requests for a document that the same network may have asked for within the freshness lifetime.

    An address lies in one network, and so do most consumers: what is near within them is near within the network.
    """
    rows = _documents()
    rows = rows.filter(rows.network >= 0).select("client", "network", "consumer", "document", "at", "sent")
    return _close(rows, rows.network, rows.document, parameter("fresh"))


near_of = _near()
near = step("near", near_of)


def _near_wide() -> Any:
    """The same for consumers of whom one network does not tell all."""
    rows = _documents().semi_join(_wide(), "consumer").select("consumer", "document", "at", "sent")
    return _close(rows, rows.consumer, rows.document, parameter("fresh"))


near_wide_of = _near_wide()
near_wide = step("near_wide", near_wide_of)


def _alone() -> Any:
    """Networks that are one client and one consumer, who is nowhere else: what holds for one holds for all three."""
    known = days.filter(days.network >= 0)
    each = known.group_by("network").agg(
        **{f"{end}_{name}": getattr(known[name], end)() for name in ("client", "consumer") for end in ("min", "max")}
    )
    each = each.filter(
        (each.min_client >= 0)
        & (each.min_client == each.max_client)
        & (each.min_consumer >= 0)
        & (each.min_consumer == each.max_consumer)
    )
    return each.anti_join(_wide(), each.min_consumer == _wide().consumer).select("network")


alone_of = _alone()
alone = step("alone", alone_of)


def _requests_of(rung: str, column: str) -> Any:
    """Those requests that are near to another one, by their unit; `EACH` are those of networks that are alone."""
    if rung == EACH:
        rows = near.semi_join(alone, "network")
    else:
        rows = near.filter(near[column] >= 0).anti_join(alone, "network")
    rows = rows.select("document", "at", "sent", unit=rows[column])
    if rung == "consumer":
        rows = rows.anti_join(near_wide, rows.unit == near_wide.consumer)
        rows = rows.union(near_wide.select("document", "at", "sent", unit=near_wide.consumer))
    return rows.select("at", "sent", rung=ibis.literal(rung), pair=rows.unit.cast("int64") * PAIR + rows.document)


def _chained() -> Any:
    """Requests of a unit, cut into chains without a gap of a lifetime; of a tie, the largest body comes first."""
    parts = [_requests_of(rung, column) for rung, column in ((EACH, "network"), *RUNGS)]
    rows = reduce(lambda above, below: above.union(below), parts)
    order = ibis.window(group_by=[rows.rung, rows.pair], order_by=[rows["at"], rows.sent.desc()])
    seen = rows.mutate(before=rows["at"].lag(1, LONG_AGO).over(order))
    seen = seen.mutate(begins=(seen["at"] - seen.before >= parameter("fresh")).cast("int64"))
    running = ibis.window(
        group_by=[seen.rung, seen.pair],
        order_by=[seen["at"], seen.begins.desc(), seen.sent.desc()],
        preceding=None,
        following=0,
    )
    seen = seen.mutate(chain=seen.begins.sum().over(running))
    return seen.select("rung", "pair", "chain", "at", "sent", "begins")


chained_of = _chained()
chained = step("chained", chained_of)


def _chains() -> Any:
    return chained.group_by("rung", "pair", "chain").agg(
        requests=chained.count(),
        bytes=ibis.greatest(chained.sent, 0).sum(where=chained.begins == 0).fill_null(0),
        unsized=chained.count(where=(chained.begins == 0) & (chained.sent < 0)),
        span=chained["at"].max() - chained["at"].min(),
    )


def _short() -> Any:
    """Chains shorter than a lifetime: everything but their first request is avoidable."""
    chains = _chains()
    short = chains.filter(chains.span < parameter("fresh"))
    return (
        short.group_by("rung")
        .agg(requests=(short.requests - 1).sum(), bytes=short.bytes.sum(), unsized=short.unsized.sum())
        .order_by("rung")
    )


short = _short()


def _long() -> Any:
    """Requests of longer chains, to be walked in this order: which are avoidable depends on those before."""
    chains = _chains()
    long = chains.filter(chains.span >= parameter("fresh"))
    rows = chained.semi_join(long, ["rung", "pair", "chain"])
    return rows.select("rung", "pair", "chain", "at", "sent").order_by("rung", "pair", "chain", "at", ibis.desc("sent"))


long = _long()


def _bounded(column: str) -> Any:
    """Fetches of files by unit and time; the unit is 0 for all where one cache serves everybody."""
    rows = counted()
    rows = rows.filter((rows.item >= 0) & (rows.status == 200) & asked(rows))
    if column == "all":
        return (
            rows.select("at", "item", "sent", unit=ibis.literal(0))
            .select("unit", "at", "item", "sent")
            .order_by("at", "item", ibis.desc("sent"))
        )
    rows = rows.filter(rows[column] >= 0)
    return (
        rows.select("at", "item", "sent", unit=rows[column])
        .select("unit", "at", "item", "sent")
        .order_by("unit", "at", "item", ibis.desc("sent"))
    )


bounded = {column: _bounded(column) for column in ("client", "network", "consumer", "all")}


def _artifacts(*statuses: int) -> Any:
    """Requests of people for artifacts that were answered so."""
    rows = counted()
    rows = rows.filter((rows.kind == "artifact") & rows.status.isin(statuses) & asked(rows))
    rows = rows.select("stream", "client", "item", "at", "sent")
    return rows.anti_join(streams.filter(robot(streams)), "stream")


def _parts() -> Any:
    """206 answers that cover a file within one clock hour, as one download; of files of unknown size, any."""
    rows = _artifacts(206)
    rows = rows.filter(rows.item >= 0)
    hours = rows.group_by(client=rows.client, item=rows.item, hour=(rows["at"] / HOUR).floor().cast("int64"))
    parts = hours.agg(at=rows["at"].min(), bytes=total(rows.sent), unsized=rows.count(where=rows.sent < 0))
    known = fetched.semi_join(parts, "item")
    whole = known.group_by("item").agg(size=known.largest.max())
    sized = parts.left_join(whole, parts.item == whole.item).select(
        "client", "at", parts.item, parts.bytes, parts.unsized, size=whole.size.fill_null(0)
    )
    covers = (sized.unsized > 0) | (sized.bytes >= sized.size)
    return sized.filter(covers).select("client", "item", "at")


def _counter() -> Any:
    """Downloads of people: no robots, and no repeat by one client of one file soon after its last."""
    events = _artifacts(200, 304).select("client", "item", "at").union(_parts())
    known = (events.client >= 0) & (events.item >= 0)
    paired = events.select("at", pair=ibis.ifelse(known, events.client.cast("int64") * PAIR + events.item, -1))
    order = ibis.window(order_by=[paired.pair, paired["at"]])
    seen = paired.mutate(before=paired["at"].lag(1, LONG_AGO).over(order), last=paired.pair.lag(1, -1).over(order))
    repeats = (seen.pair >= 0) & (seen.pair == seen["last"]) & (seen["at"] - seen.before <= parameter("collapse"))
    return seen.agg(downloads=seen.count() - seen.count(where=repeats))


counter = _counter()


def _shadow(column: str) -> Any:
    """Downloads past a caching proxy that the same unit runs."""
    rows = visits.filter(visits[column] >= 0)
    rows = rows.mutate(
        unit=rows[column], proxy=(rows.software_kind == "caching-proxy") | (rows.purpose == "caching-proxy")
    )
    each = rows.group_by("unit").agg(
        proxies=rows.count(where=rows.proxy),
        downloads=rows.downloads.sum(),
        through=total(rows.downloads, rows.proxy),
    )
    both = each.filter(each.proxies > 0)
    return both.agg(units=both.count(), downloads=total(both.downloads), direct=total(both.downloads - both.through))


def _shadows() -> Any:
    found = by_rung(_shadow)
    found = found.filter(found.rung != "address")
    return found.mutate(share=ratio(found.direct, found.downloads)).order_by("rung")


shadow = _shadows()
