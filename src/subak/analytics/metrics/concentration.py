"""How unevenly requests and bytes are spread over units: ranks, top shares, Gini, Lorenz; shares of networks."""

from __future__ import annotations

from typing import Any

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.definitions import (
    clients,
    parameter,
    ratio,
    step,
    total,
    unit_days,
    visits,
    whole_sum,
    wide,
)

MILLION = 1_000_000


def _units() -> Any:
    return unit_days.group_by("rung", "unit").agg(requests=whole_sum(unit_days.requests), bytes=unit_days.bytes.sum())


units_of = _units()
units = step("units", units_of)


def _ranked(table: Any, *within: str) -> Any:
    """Each unit by each weight, ranked from the smallest; equal ones in any order, as no sum depends on it."""
    keys = ["rung", *within]
    sizes = table.group_by(*keys).agg(units=table.count())
    table = table.join(sizes, keys)
    parts = []
    for weight in ("requests", "bytes"):
        value = table[weight]
        group = [table[k] for k in keys]
        parts.append(
            table.select(
                *keys,
                weight=ibis.literal(weight),
                value=value,
                rank=ibis.row_number().over(ibis.window(group_by=group, order_by=value)) + 1,
                units=table.units,
            )
        )
    return parts[0].union(parts[1])


ranked_of = _ranked(units)
ranked = step("ranked", ranked_of)


def _top_units(units: Any) -> Any:
    """How many the top is. p is in millionths: whole numbers decide the ceiling."""
    return (units * parameter("top_millionths") + (MILLION - 1)) // MILLION


def _top(table: Any) -> tuple[Any, Any]:
    """How many units the top is, and the sum of their values."""
    size = _top_units(table.units)
    return size, total(table.value, table["rank"] > table.units - size)


def _concentration() -> Any:
    size, top = _top(ranked)
    sums = ranked.group_by("rung", "weight").agg(
        units=ranked.units.max(),
        top_units=size.max(),
        total=total(ranked.value),
        top=top,
        moment=total(wide(ranked["rank"]) * wide(ranked.value)),
    )
    n = sums.units.cast("float64")
    return sums.select(
        "rung",
        "weight",
        "units",
        "top_units",
        "total",
        "top",
        share=ratio(sums.top, sums.total),
        gini=(2.0 * sums.moment.cast("float64")) / (n * sums.total.cast("float64")).nullif(0) - (n + 1.0) / n,
    ).order_by("rung", "weight")


concentration = _concentration()


def _lorenz() -> Any:
    percent = (ranked["rank"] * 100 + ranked.units - 1) // ranked.units
    sums = ranked.group_by("rung", "weight", percent=percent).agg(value=total(ranked.value))
    return sums.order_by("rung", "weight", "percent")


lorenz = _lorenz()


def _day_tops(weight: str) -> Any:
    """Of each day how many units there are, what they add up to, and what the first of them add up to.

    Values are first counted by their logarithm: only those of the one magnitude that the top ends in must be ranked.
    """
    key = ["rung", "day"]
    days = unit_days.mutate(value=unit_days[weight])
    days = days.mutate(magnitude=(days.value.cast("float64") + 1.0).log2().floor().cast("int32"))
    counts = days.group_by(*key, "magnitude").agg(n=days.count(), sum=total(days.value))
    within = [counts[k] for k in key]
    down = ibis.window(group_by=within, order_by=counts.magnitude.desc(), preceding=None, following=0)
    all_of = ibis.window(group_by=within)
    counts = counts.mutate(
        units=counts.n.sum().over(all_of),
        total=counts["sum"].sum().over(all_of),
        upto=counts.n.sum().over(down),
        sum_upto=counts["sum"].sum().over(down),
    )
    counts = counts.mutate(top_units=_top_units(counts.units))
    ends = counts.filter((counts.upto >= counts.top_units) & (counts.upto - counts.n < counts.top_units))
    last = days.join(ends, [*key, "magnitude"]).select(*key, days.value, left=ends.top_units - ends.upto + ends.n)
    order = ibis.window(group_by=[last[k] for k in key], order_by=last.value.desc())
    last = last.mutate(place=ibis.row_number().over(order))
    rest = last.group_by(*key).agg(rest=total(last.value, last.place < last.left))
    both = ends.join(rest, key)
    return both.select(
        "rung",
        "day",
        weight=ibis.literal(weight),
        units=both.units,
        top_units=both.top_units,
        share=ratio(both.sum_upto - both["sum"] + both.rest, both.total),
    ).select("rung", "weight", "day", "units", "top_units", "share")


def _daily() -> Any:
    return _day_tops("requests").union(_day_tops("bytes")).order_by("rung", "weight", "day")


daily = _daily()


def _by_network(column: str) -> Any:
    """Numbers of each provider or kind of network; the name is '' where the range pack knows none."""
    rows = visits.filter(visits.client >= 0)
    each = rows.group_by("client").agg(**{n: rows[n].sum() for n in ("requests", "downloads", "bytes")})
    joined = each.left_join(clients, each.client == clients.client).select(
        *each.columns, value=clients[column].fill_null("")
    )
    sums = joined.group_by("value").agg(
        addresses=joined.count(),
        requests=total(joined.requests),
        downloads=total(joined.downloads),
        bytes=total(joined.bytes),
    )
    whole = {name: sums[name].sum().over(ibis.window()) for name in ("addresses", "requests", "downloads", "bytes")}
    shares = sums.mutate(**{f"{name}_share": ratio(sums[name], whole[name]) for name in whole})
    return shares.mutate(amplification=shares.downloads_share / shares.addresses_share.nullif(0)).order_by(
        shares.requests.desc(), shares.value
    )


providers = _by_network("provider")
origins = _by_network("origin")
