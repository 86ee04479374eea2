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
    wide,
)

MILLION = 1_000_000


def _units() -> Any:
    return unit_days.group_by("rung", "unit").agg(requests=unit_days.requests.sum(), bytes=unit_days.bytes.sum())


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


def _top(table: Any) -> tuple[Any, Any]:
    """How many units the top is, and the sum of their values. p is in millionths: whole numbers decide the ceiling."""
    size = (table.units * parameter("top_millionths") + (MILLION - 1)) // MILLION
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


def _daily() -> Any:
    days = _ranked(unit_days, "day")
    size, top = _top(days)
    sums = days.group_by("rung", "weight", "day").agg(
        units=days.units.max(), top_units=size.max(), total=total(days.value), top=top
    )
    return sums.select("rung", "weight", "day", "units", "top_units", share=ratio(sums.top, sums.total)).order_by(
        "rung", "weight", "day"
    )


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
