"""Totals, shares of classes, ecosystems and software, rates, and what relates downloads to versions and publishing."""

from __future__ import annotations

from typing import Any

import ibis  # type: ignore[import-untyped]  # ships no types

from subak.analytics.metrics.definitions import (
    WHICH,
    asked,
    counted,
    documents,
    items,
    minutes,
    own_tool,
    packages,
    parameter,
    parameters,
    published,
    ratio,
    taken,
    tally,
    total,
    visits,
    ways,
)


def _totals() -> Any:
    own = visits.agg(downloads_rust_like=total(visits.downloads, own_tool(visits)))
    sums = ways.agg(**tally(ways, *(name for name in WHICH if name != "downloads_rust_like"))).cross_join(own)
    return sums.mutate(
        conditional_share=ratio(sums.revalidations, sums.conditional),
        metadata_ratio=ratio(sums.metadata_requests, sums.downloads_npm_like),
        error_share=ratio(sums.errors, sums.requests),
        hit_ratio=ratio(sums.cache_hits, sums.cache_asked),
        hit_ratio_bytes=ratio(sums.cache_hit_bytes, sums.cache_asked_bytes),
    )


totals = _totals()


def _window() -> Any:
    """When, how many a second, and the minute with the most; the earliest such minute."""
    rows = counted()
    ends = rows.agg(since=rows["at"].min().fill_null(0.0), until=rows["at"].max().fill_null(0.0))
    sums = minutes.agg(requests=total(minutes.requests), peak=minutes.requests.max().fill_null(0)).cross_join(ends)
    most = minutes.filter(minutes.requests == minutes.requests.max().as_scalar())
    seen = (sums.until.floor() - sums.since.floor() + 1).cast("float64")
    given = parameter("window")
    sums = sums.mutate(
        seconds=ibis.ifelse(given > 0, given, seen), peak_at=most.minute.min().as_scalar().cast("int64") * 60
    )
    return sums.select(
        "since",
        "until",
        "seconds",
        "requests",
        mean=ratio(sums.requests, sums.seconds),
        peak=sums.peak / 60.0,
        peak_at="peak_at",
    )


window = _window()


def _distinct() -> Any:
    seen = visits.agg(
        **{
            name: visits[column].nunique(where=visits[column] >= 0)
            for name, column in (
                ("addresses", "client"),
                ("networks", "network"),
                ("consumers", "consumer"),
                ("streams", "stream"),
            )
        },
        software=visits.software.nunique(where=visits.software != ""),
        ecosystems=visits.ecosystem.nunique(where=visits.ecosystem != ""),
    )
    numbers = seen
    for name, table in (("files", items), ("documents", documents), ("packages", packages)):
        numbers = numbers.cross_join(table.agg(**{name: table.count()}))
    return numbers


distinct = _distinct()


def mix(column: str) -> Any:
    """Requests, downloads, bytes and streams of each value of a column of the visits, with their shares."""
    sums = visits.group_by(value=visits[column]).agg(
        requests=total(visits.requests),
        downloads=total(visits.downloads),
        bytes=total(visits.bytes),
        streams=visits.stream.nunique(where=visits.stream >= 0),
    )
    names = ("requests", "downloads", "bytes", "streams")
    shares = {f"{n}_share": ratio(sums[n], sums[n].sum().over(ibis.window())) for n in names}
    return sums.mutate(**shares).order_by(sums.requests.desc(), sums.value)


purposes = mix("purpose")
ecosystems = mix("ecosystem")
softwares = mix("software")
software_kinds = mix("software_kind")


def _breadth() -> Any:
    """Versions of a package that were downloaded at all."""
    seen = items.select("item", "package", "version").semi_join(taken, "item")
    seen = seen.filter((seen.package >= 0) & (seen.version != ""))
    each = seen.group_by("package").agg(versions=seen.version.nunique())
    sums = each.agg(packages=each.count(), versions=total(each.versions), most=each.versions.max().fill_null(0))
    return sums.mutate(mean=ratio(sums.versions, sums.packages))


breadth = _breadth()


def _coverage() -> Any:
    seen = items.select("item", "package", "version").semi_join(taken, "item")
    sums = seen.agg(packages=seen.package.nunique(where=seen.package >= 0))
    sums = sums.cross_join(parameters.select("catalogue"))
    return sums.mutate(share=ratio(sums.packages, sums.catalogue))


coverage = _coverage()


def _lags_of() -> Any:
    first = published.group_by("purl").agg(published_at=published["at"].min())
    known = items.join(first, items.purl == first.purl).select("item", first.published_at)
    rows = counted()
    rows = rows.filter((rows.status == 200) & asked(rows) & (rows.kind == "artifact"))
    joined = rows.join(known, rows.item == known.item)
    lags = joined.select(lag=rows["at"] - known.published_at)
    lags = lags.filter(lags.lag >= 0)
    return lags.mutate(
        rank=ibis.row_number().over(ibis.window(order_by=lags.lag)) + 1, downloads=lags.count().over(ibis.window())
    )


def _lag() -> Any:
    """Nearest rank: the smallest lag that at least that share of downloads does not exceed."""
    lags = _lags_of()

    def quantile(percent: int) -> Any:
        least = lags.lag.min(where=lags["rank"] * 100 >= lags.downloads * percent)
        return ibis.ifelse(lags.count() > 0, least, ibis.null("float64"))

    def within(seconds: int) -> Any:
        return ratio(lags.count(where=lags.lag <= seconds), lags.count())

    return lags.agg(
        downloads=lags.count(),
        p10=quantile(10),
        p50=quantile(50),
        p90=quantile(90),
        within_5min=within(300),
        within_1h=within(3600),
        within_1d=within(86400),
    )


lag = _lag()


def _chase() -> Any:
    first = published.group_by("purl").agg(published_at=published["at"].min())
    news = items.join(first, items.purl == first.purl).select("package", first.published_at)
    news = news.filter(news.package >= 0).distinct()
    rows = counted()
    rows = rows.filter(rows.package >= 0)
    moments = rows.group_by("package", moment=rows["at"]).agg(requests=rows.count())
    near = moments.join(news, moments.package == news.package).select(
        moments.package, moments.moment, moments.requests, news.published_at
    )
    age = near.moment - near.published_at
    near = near.filter((age >= 0) & (age <= parameter("chase"))).select("package", "moment", "requests").distinct()
    sums = near.agg(chased=total(near.requests)).cross_join(ways.agg(requests=total(ways.requests)))
    return sums.select("requests", "chased", share=ratio(sums.chased, sums.requests))


chase = _chase()
