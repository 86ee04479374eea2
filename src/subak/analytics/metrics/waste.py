"""What was fetched again: repeats, what ideal caches would have spared, what a collapse of double clicks leaves."""

from __future__ import annotations

from typing import Any

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.definitions import (
    HOUR,
    LONG_AGO,
    asked,
    by_rung,
    counted,
    fetched,
    parameter,
    ratio,
    robot,
    step,
    streams,
    total,
    visits,
)

FAR_AHEAD = -LONG_AGO
PAIR = 2**32
"""Numbers are below: a unit and an item fit into one of 64 bits, which engines group by much faster than two."""


def _files(column: str) -> Any:
    """Fetches of files by a unit, pairs of unit and file, and the bytes that the largest body of each pair makes."""
    rows = fetched.filter(fetched[column] >= 0)
    keyed = rows.select("artifact", "largest", pair=rows[column].cast("int64") * PAIR + rows.item)
    pairs = keyed.group_by("pair", "artifact").agg(largest=keyed.largest.max())
    kept = pairs.agg(
        pairs=pairs.count(), download_pairs=pairs.count(where=pairs.artifact), kept=pairs.largest.sum().fill_null(0)
    )
    sums = rows.agg(
        fetched=rows.requests.sum().fill_null(0),
        downloads=rows.requests.sum(where=rows.artifact).fill_null(0),
        sent=rows.bytes.sum().fill_null(0),
        unsized=rows.unsized.sum().fill_null(0),
    )
    both = sums.cross_join(kept)
    return both.select(
        "downloads",
        "download_pairs",
        requests=both.fetched - both.pairs,
        bytes=both.sent - both.kept,
        unsized=both.unsized,
    )


def _with_factor(table: Any) -> Any:
    return table.mutate(repeat_factor=ratio(table.downloads, table.download_pairs)).order_by("rung")


files = _with_factor(by_rung(_files))


def _documents() -> Any:
    rows = counted()
    return rows.filter((rows.document >= 0) & rows.status.isin([200, 304]) & asked(rows))


def _near(column: str) -> Any:
    """Requests for a document that the same unit also asked for less than the freshness lifetime before or after."""
    rows = _documents()
    rows = rows.filter(rows[column] >= 0)
    order = ibis.window(group_by=[rows[column], rows.document], order_by=[rows["at"]])
    columns = ("client", "network", "document", "at", "sent") if column == "network" else (
        column, "document", "at", "sent",
    )  # fmt: skip
    seen = rows.select(
        *columns, before=rows["at"].lag(1, LONG_AGO).over(order), after=rows["at"].lead(1, FAR_AHEAD).over(order)
    )
    fresh = parameter("fresh")
    near = (seen["at"] - seen.before < fresh) | (seen.after - seen["at"] < fresh)
    return seen.filter(near).select(*columns)


near_network_of = _near("network")
near_network = step("near_network", near_network_of)
near_consumer_of = _near("consumer")
near_consumer = step("near_consumer", near_consumer_of)


def _chained() -> Any:
    """Those requests by rung, cut into chains without a gap of a lifetime; of a tie, the largest body comes first.

    An address lies in one network, so what is near within an address is near within its network.
    """

    def of(column: str) -> Any:
        table = near_consumer if column == "consumer" else near_network
        rows = table.filter(table[column] >= 0)
        return rows.select("document", "at", "sent", unit=rows[column])

    rows = by_rung(of)
    key = [rows.rung, rows.unit, rows.document]
    order = [rows["at"], rows.sent.desc()]
    seen = rows.mutate(before=rows["at"].lag(1, LONG_AGO).over(ibis.window(group_by=key, order_by=order)))
    seen = seen.mutate(begins=(seen["at"] - seen.before >= parameter("fresh")).cast("int64"))
    running = ibis.window(
        group_by=[seen.rung, seen.unit, seen.document],
        order_by=[seen["at"], seen.begins.desc(), seen.sent.desc()],
        preceding=None,
        following=0,
    )
    return seen.mutate(chain=seen.begins.sum().over(running)).drop("before")


chained_of = _chained()
chained = step("chained", chained_of)


def _chains() -> Any:
    return chained.group_by("rung", "unit", "document", "chain").agg(
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
    rows = chained.semi_join(long, ["rung", "unit", "document", "chain"])
    return rows.select("rung", "unit", "document", "chain", "at", "sent").order_by(
        "rung", "unit", "document", "chain", "at", ibis.desc("sent")
    )


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


def _parts(rows: Any) -> Any:
    """206 answers that cover a file within one clock hour, as one download; of files of unknown size, any."""
    rows = rows.filter((rows.status == 206) & (rows.item >= 0))
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
    rows = counted()
    rows = rows.filter((rows.kind == "artifact") & rows.status.isin([200, 206, 304]) & asked(rows))
    rows = rows.select("stream", "client", "item", "at", "status", "sent")
    rows = rows.anti_join(streams.filter(robot(streams)), "stream")
    whole = rows.filter(rows.status != 206).select("client", "item", "at")
    events = whole.union(_parts(rows))
    order = ibis.window(group_by=[events.client, events.item], order_by=[events["at"]])
    seen = events.mutate(before=events["at"].lag(1, LONG_AGO).over(order))
    counts = (seen.client < 0) | (seen.item < 0) | (seen["at"] - seen.before > parameter("collapse"))
    return seen.agg(downloads=seen.count(where=counts))


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
