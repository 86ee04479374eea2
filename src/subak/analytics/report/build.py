"""Makes the report: asks the measures, ranks, prices, and says what the logs could not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import duckdb

from subak.analytics.logs.ledger import Ledger
from subak.analytics.metrics import run
from subak.analytics.metrics.catalogue import DEFAULT, MEASURES
from subak.analytics.metrics.lanes import Board, Task, carry_out
from subak.analytics.metrics.run import Duck, Result, bounded_cache, measure
from subak.analytics.report import billing, provenance, rankings, words
from subak.analytics.report.model import (
    About,
    Avoidable,
    Concentration,
    Consumer,
    Definition,
    Figure,
    Mix,
    Origin,
    Package,
    Purpose,
    Report,
    Rows,
    Slice,
    Software,
    Timeline,
)
from subak.analytics.simulate import Outcome

LEVELS: Final = ("address", "network", "consumer")
KEPT: Final = ("spells", "ways", "visits")
"""Steps of the measures that the rankings read too."""
PAIRS: Final = ("fetched", "taken")
"""Those that they read too, once for each part of all pairs."""
AHEAD: Final = (
    "near", "fetched", "taken", "days", "minutes", "unit_days", "units", "ranked", "alone", "near_wide",
)  # fmt: skip
"""Steps that no purpose changes."""
_THERE: Final = "SELECT table_name FROM duckdb_tables() WHERE list_contains($1, table_name)"


@dataclass(frozen=True, slots=True)
class Keeping(Duck):
    """DuckDB; what rankings read stays there when the measures are done."""

    parted: bool = True
    """Are there several parts of all pairs? Then they are added up one by one."""
    there: set[str] = field(default_factory=set)
    """Steps that were stored before, and need not be again."""
    done: list[str] = field(default_factory=list)
    """'fetched' for each part that was added up."""

    def store(self, name: str, query: str) -> None:
        """Nothing, the first time, where the step is there already. Raises duckdb.Error."""
        if name in self.there:
            self.there.remove(name)
        else:
            Duck.store(self, name, query)

    def beside(self) -> Keeping:
        """That keeps the same."""
        return replace(self, connection=self.connection.cursor())

    def drop(self, name: str) -> None:
        """Raises duckdb.Error."""
        if name == "fetched" and self.parted:
            rankings.keep(self.connection, first=not self.done)
            self.done.append(name)
        if name not in KEPT and (self.parted or name not in PAIRS):
            self.connection.execute(f'DROP TABLE IF EXISTS "{name}"')


def ahead(engine: duckdb.DuckDBPyConnection) -> Board[duckdb.DuckDBPyConnection]:
    """Tables for `build` to be made while streams are classified, if there is room for that; some of them when the
    table `spells` is there. Raises duckdb.Error."""
    duck = Duck(engine)
    return run.ahead(duck, AHEAD if duck.parts() == 1 else (), ["spells"])


def build(
    engine: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    about: About,
    *,
    slices: Sequence[Slice] = (),
    simulations: Sequence[Outcome] = (),
) -> Report:
    """The report of the tables in the engine. Raises duckdb.Error."""
    parted = Duck(engine).parts() > 1
    found = _measured(engine, about, parted=parted)
    since, until = found["requests"].since, found["requests"].until
    tables = _ranked(engine, since, until, about.k, parted=parted)
    consumers = tables.consumers
    figures = dict(_figures(found))
    known = figures["bytes"].value is not None
    avoidable = [*_avoidable(found, known=known), *_bounded(engine, about, figures)]
    bill = None
    if about.prices:
        total, length = billing.usage(figures), billing.months(since, until)
        bill = billing.bill(about.prices, total, tables.purposes.rows, length)
        avoidable = billing.waste(about.prices, total, avoidable, length)
        consumers = billing.consumers(about.prices, total, consumers, length)
    report = Report(
        meta=provenance.meta(ledger, about, since, until),
        figures=figures,
        definitions=_definitions(found),
        concentration=list(_concentration(found, known=known)),
        providers=_origins(found["provider_share"], "providers"),
        origins=_origins(found["origin_share"], "kinds of networks"),
        purposes=tables.purposes,
        timeline=tables.timeline,
        ecosystems=_mix(found["ecosystem_mix"], "ecosystems"),
        software=tables.software,
        consumers=consumers,
        packages=tables.packages,
        avoidable=avoidable,
        bill=bill,
        statuses=tables.statuses,
        caches=tables.caches,
        rejects=provenance.rejects(engine),
        simulations=list(simulations),
        slices=list(slices),
    )
    return provenance.with_limits(report, about)


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Rankings of what the measures left."""

    consumers: Rows[Consumer]
    packages: Rows[Package]
    purposes: Rows[Purpose]
    timeline: Timeline
    software: Rows[Software]
    statuses: Rows[Mix]
    caches: Rows[Mix]


def _ranked(engine: duckdb.DuckDBPyConnection, since: float, until: float, k: int, *, parted: bool) -> _Ranked:
    """Two at a time where there is memory for that; what they read of all pairs goes."""
    found: dict[str, Any] = {}

    def making(name: str) -> Task[duckdb.DuckDBPyConnection]:
        return Task(name, frozenset(rankings.KEPT[name][1]), lambda hand: rankings.make(hand, name))

    def asking(
        name: str, ask: Callable[[duckdb.DuckDBPyConnection], object], *needs: str
    ) -> Task[duckdb.DuckDBPyConnection]:
        def do(hand: duckdb.DuckDBPyConnection) -> None:
            found[name] = ask(hand)

        return Task(f"? {name}", frozenset(needs), do)

    tasks = [] if parted else [making(name) for name in rankings.KEPT]
    tasks += [
        asking("consumers", rankings.consumers, "heaviest", "again"),
        asking("packages", lambda hand: rankings.packages(hand, k), "downloaded", "fetchers"),
        asking("timeline", lambda hand: rankings.timeline(hand, since, until)),
        asking("software", lambda hand: rankings.software(hand, k)),
        asking("purposes", rankings.purposes),
        asking("statuses", lambda hand: rankings.mixed(hand, "status", "statuses")),
        asking("caches", lambda hand: rankings.mixed(hand, "cache", "answers of caches")),
    ]
    carry_out(tasks, [engine] if parted else [engine, engine.cursor()])
    if not parted:
        for name in PAIRS:
            engine.execute(f"DROP TABLE {name}")
    return _Ranked(**found)


def _measured(engine: duckdb.DuckDBPyConnection, about: About, *, parted: bool) -> dict[str, Result]:
    """All measures that the log, and what was given besides, can answer."""
    names = [name for name in DEFAULT if name not in ("class_share", "software_mix", "software_kind_mix")]
    parameters: dict[str, float] = {}
    if about.catalogue:
        names.append("catalogue_coverage")
        parameters["catalogue"] = about.catalogue
    if about.published:
        names += ["publish_lag", "freshness_chase"]
    there = engine.execute(_THERE, [["spells", *AHEAD]]).fetchall()
    return measure(Keeping(engine, parted=parted, there={name for (name,) in there}), *names, **parameters)


@dataclass(frozen=True, slots=True)
class _Single:
    """One figure: which column of which measure, and what its N is."""

    name: str
    measure: str
    column: str
    unit: str
    n: str = ""
    """The column that is its N; '' for the requests of the log."""
    of: str = "requests"


_SINGLES: Final = (
    _Single("requests", "requests", "requests", "requests"),
    _Single("bytes", "bytes", "bytes", "bytes"),
    _Single("bytes_unknown", "bytes_unknown", "bytes_unknown", "requests"),
    _Single("downloads_npm_like", "downloads_npm_like", "downloads_npm_like", "downloads"),
    _Single("downloads_ruby_like", "downloads_ruby_like", "downloads_ruby_like", "downloads"),
    _Single("downloads_rust_like", "downloads_rust_like", "downloads_rust_like", "downloads"),
    _Single("downloads_counter_like", "downloads_counter_like", "downloads", "downloads"),
    _Single("download_bytes", "download_bytes", "download_bytes", "bytes"),
    *(_Single(n, "distinct", n, n) for n in ("addresses", "networks", "consumers", "streams", "packages", "files")),
    _Single("documents", "distinct", "documents", "documents"),
    _Single("requests_per_second", "request_rate", "mean", "per second"),
    _Single("requests_per_second_peak", "request_rate", "peak", "per second"),
    _Single("revalidations", "revalidations", "revalidations", "requests"),
    _Single("metadata_requests", "metadata_requests", "metadata_requests", "requests"),
    _Single("conditional_share", "conditional_share", "conditional_share", "share"),
    _Single("metadata_ratio", "metadata_ratio", "metadata_ratio", "per download"),
    _Single("error_share", "error_share", "error_share", "share"),
    _Single("cache_hit_ratio", "cache_hit_ratio", "hit_ratio", "share", "cache_asked", "requests with a cache's word"),
    _Single("cache_hit_ratio_bytes", "cache_hit_ratio", "hit_ratio_bytes", "share", "cache_asked",
            "requests with a cache's word"),
    _Single("repeat_factor", "repeat_factor", "repeat_factor", "factor", "download_pairs", "pairs of one and a file"),
    _Single("shadow_share", "shadow_share", "share", "share", "units", "of those that run a proxy"),
    _Single("version_breadth", "version_breadth", "mean", "versions", "packages", "packages"),
    _Single("catalogue_coverage", "catalogue_coverage", "share", "share", "catalogue", "packages of the catalogue"),
    _Single("publish_lag_median", "publish_lag", "p50", "seconds", "downloads", "downloads"),
    _Single("published_within_hour", "publish_lag", "within_1h", "share", "downloads", "downloads"),
    _Single("freshness_chase", "freshness_chase", "share", "share"),
)  # fmt: skip
"""In the order of the report. Measures that are given for each unit of account become 'repeat_factor.consumer'."""


def _figures(found: Mapping[str, Result]) -> Iterator[tuple[str, Figure]]:
    for one in _SINGLES:
        result = found.get(one.measure)
        if result is None:
            continue
        for row in result.dicts():
            name = f"{one.name}.{row['rung']}" if "rung" in row else one.name
            value: Any = row[one.column]
            note = ""
            if one.unit == "bytes":
                value, note = _sized(value, found)
            yield (
                name,
                Figure(
                    value=value,
                    unit=one.unit,
                    n=_whole(row[one.n]) if one.n else result.n,
                    of=one.of,
                    window=words.iso(result.since, result.until),
                    note=note,
                ),
            )


def _sized(value: Any, found: Mapping[str, Result]) -> tuple[Any, str]:
    """A sum of bytes, None if no size is known at all, and a word on those that are not."""
    unknown, requests = _whole(found["bytes_unknown"].value()), found["requests"].n
    if not unknown:
        return value, ""
    if unknown >= requests:
        return None, "the logs tell no sizes"
    return value, f"sizes are unknown for {words.share(unknown / requests)} of the requests"


def _whole(value: Any) -> int:
    return int(value or 0)


def _concentration(found: Mapping[str, Result], *, known: bool) -> Iterator[Concentration]:
    """By requests and, where sizes are known, by bytes; of the levels that the log tells apart."""
    gini = {(row["rung"], row["weight"]): row["gini"] for row in found["gini"].dicts()}
    points: dict[tuple[Any, Any], list[tuple[float, float]]] = {}
    for row in found["lorenz"].dicts():
        if row["share"] is not None:
            points.setdefault((row["rung"], row["weight"]), []).append((_whole(row["percent"]) / 100, row["share"]))  # type: ignore[arg-type]
    days: dict[tuple[Any, Any], list[float]] = {}
    for row in found["top_share_daily"].dicts():
        if row["share"] is not None:
            days.setdefault((row["rung"], row["weight"]), []).append(row["share"])  # type: ignore[arg-type]
    top = {(row["rung"], row["weight"]): row for row in found["top_share"].dicts()}
    for weight in ("requests", "bytes") if known else ("requests",):
        for level in LEVELS:
            key = (level, weight)
            if key not in top or top[key]["share"] is None:
                continue
            each = days.get(key, [])
            yield Concentration(
                level=level,
                weight=weight,
                n=_whole(top[key]["units"]),
                top_share=top[key]["share"],  # type: ignore[arg-type]
                daily=sum(each) / len(each) if each else None,
                gini=gini[key],  # type: ignore[arg-type]
                lorenz=points[key],
            )


def _origins(result: Result, of: str) -> Rows[Origin]:
    rows = [
        Origin(
            name=row["value"],
            addresses=row["addresses"],
            requests=row["requests"],
            downloads=row["downloads"],
            bytes=row["bytes"],
            share_addresses=row["addresses_share"] or 0.0,
            share_downloads=row["downloads_share"] or 0.0,
            amplification=row["amplification"],
        )
        for row in _any(result)
    ]
    rows.sort(key=lambda row: (-row.downloads, row.name))
    return Rows(of=of, n=len(rows), rows=rows)


def _mix(result: Result, of: str) -> Rows[Mix]:
    rows = [
        Mix(
            name=row["value"],
            requests=row["requests"],
            downloads=row["downloads"],
            bytes=row["bytes"],
            share_requests=row["requests_share"] or 0.0,
        )
        for row in _any(result)
    ]
    return Rows(of=of, n=len(rows), rows=rows)


def _any(result: Result) -> list[dict[str, Any]]:
    """Rows whose types the catalogue promises; msgspec checks them when a report is read again."""
    return result.dicts()


def _avoidable(found: Mapping[str, Result], *, known: bool) -> Iterator[Avoidable]:
    """Of files; what the same cache would have spared of documents stands beside it."""
    documents = {row["rung"]: row for row in _any(found["avoidable_documents"])}
    for row in _any(found["avoidable_files"]):
        beside = documents[row["rung"]]
        if row["rung"] in {one["rung"] for one in _any(found["top_share"])}:
            yield Avoidable(
                level=row["rung"],
                cache="ideal",
                requests=row["requests"],
                bytes=row["bytes"],
                share_requests=row["requests_share"] or 0.0,
                share_bytes=row["bytes_share"] if known else None,
                document_requests=beside["requests"],
                document_bytes=beside["bytes"],
            )


def _bounded(engine: duckdb.DuckDBPyConnection, about: About, figures: Mapping[str, Figure]) -> Iterator[Avoidable]:
    """The same with caches that forget, if their size was told; for files only."""
    if not about.capacity:
        return
    requests, sent = figures["requests"].value or 1, figures["bytes"].value
    for level in LEVELS:
        spared = bounded_cache(Duck(engine), level, about.capacity)
        if spared.fetches or spared.unsized:
            yield Avoidable(
                level=level,
                cache=words.size(about.capacity),
                requests=spared.requests,
                bytes=spared.bytes,
                share_requests=spared.requests / requests,
                share_bytes=spared.bytes / sent if sent else None,
            )


def _definitions(found: Mapping[str, Result]) -> dict[str, Definition]:
    return {name: Definition(text=MEASURES[name].definition, unit=MEASURES[name].unit) for name in found}
