"""How unevenly requests and bytes are spread over units: ranks, top shares, Gini, Lorenz; shares of networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.definitions import (
    clients,
    days,
    named,
    parameter,
    ratio,
    step,
    total,
    unit_days,
    whole_sum,
    wide,
)

MILLION = 1_000_000
WEIGHTS = ("requests", "bytes")


def _units() -> Any:
    return unit_days.group_by("rung", "unit").agg(requests=whole_sum(unit_days.requests), bytes=unit_days.bytes.sum())


units_of = _units()
units = step("units", units_of)


def _ranked() -> Any:
    """Each unit by each weight, ranked from the smallest; equal ones in any order, as no sum depends on it."""
    sizes = units.group_by("rung").agg(units=units.count())
    ranks = {
        f"rank_{weight}": ibis.row_number().over(ibis.window(group_by=units.rung, order_by=units[weight])) + 1
        for weight in WEIGHTS
    }
    table = units.select("rung", *WEIGHTS, **ranks)
    return table.join(sizes, "rung").select(*table.columns, "units")


ranked_of = _ranked()
ranked = step("ranked", ranked_of)


def _top_units(units: Any) -> Any:
    """How many the top is. p is in millionths: whole numbers decide the ceiling."""
    return (units * parameter("top_millionths") + (MILLION - 1)) // MILLION


def _both(make: Callable[[str], Any]) -> Any:
    """What `make` gives for each weight, one below the other, with the weight's name after the rung's."""
    parts = []
    for weight in WEIGHTS:
        table = make(weight)
        rest = [name for name in table.columns if name != "rung"]
        parts.append(table.select("rung", ibis.literal(weight).name("weight"), *rest))
    return named(parts[0].union(parts[1]))


def _sums(weight: str) -> dict[str, Any]:
    value, rank = ranked[weight], ranked[f"rank_{weight}"]
    return {
        f"total_{weight}": total(value),
        f"top_{weight}": total(value, rank > ranked.units - _top_units(ranked.units)),
        f"moment_{weight}": total(wide(rank) * wide(value)),
    }


def _concentration() -> Any:
    each = ranked.group_by("rung").agg(units=ranked.units.max(), **_sums("requests"), **_sums("bytes"))
    sums = _both(
        lambda weight: each.select(
            "rung", "units", **{name: each[f"{name}_{weight}"] for name in ("total", "top", "moment")}
        )
    )
    n = sums.units.cast("float64")
    return sums.select(
        "rung",
        "weight",
        "units",
        "total",
        "top",
        top_units=_top_units(sums.units),
        share=ratio(sums.top, sums.total),
        gini=(2.0 * sums.moment.cast("float64")) / (n * sums.total.cast("float64")).nullif(0) - (n + 1.0) / n,
    ).order_by("rung", "weight")


concentration = _concentration()


def _percents(weight: str) -> Any:
    percent = (ranked[f"rank_{weight}"] * 100 + ranked.units - 1) // ranked.units
    return ranked.group_by("rung", percent=percent).agg(value=total(ranked[weight]))


lorenz = _both(_percents).order_by("rung", "weight", "percent")


def _daily() -> Any:
    """Of each day how many units there are, what they add up to, and what the first of them add up to.

    Values are first counted by their logarithm: only those of the one magnitude that the top ends in must be ranked.
    """
    key = ["rung", "weight", "day"]
    days = [
        unit_days.select("rung", "day", weight=ibis.literal(number, "int8"), value=unit_days[weight])
        for number, weight in enumerate(WEIGHTS)
    ]
    days = days[0].union(days[1])
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
    last = days.join(ends, [*key, "magnitude"]).select(
        *key, "units", "top_units", "total", days.value, left=ends.top_units - ends.upto + ends.n,
        above=ends.sum_upto - ends["sum"],
    )  # fmt: skip
    order = ibis.window(group_by=[last[k] for k in key], order_by=last.value.desc())
    last = last.mutate(place=ibis.row_number().over(order))
    same = {name: last[name].max() for name in ("units", "top_units", "total", "above")}
    found = last.group_by(*key).agg(**same, rest=total(last.value, last.place < last.left))
    found = found.select(
        "rung",
        "day",
        weight=ibis.cases(*((found.weight == number, weight) for number, weight in enumerate(WEIGHTS)), else_=""),
        units=found.units,
        top_units=found.top_units,
        share=ratio(found.above + found.rest, found.total),
    )
    return named(found).order_by("rung", "weight", "day")


daily = _daily()


def _by_network(column: str) -> Any:
    """Numbers of each provider or kind of network; the name is '' where the range pack knows none."""
    rows = days.filter(days.client >= 0)
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
