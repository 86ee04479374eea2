"""One analysis from logs to report: what was ordered, and how it is carried out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from subak.analytics.classes.explain import Explained, explain_consumer
from subak.analytics.classes.pack import built_in as classes
from subak.analytics.facts.gather import Analysis, Options, gather
from subak.analytics.limits import Rule
from subak.analytics.metrics.catalogue import SHOWN
from subak.analytics.metrics.table import table
from subak.analytics.privacy.epochs import Chance
from subak.analytics.privacy.sketches import sketch, write_sketch
from subak.analytics.published import load_published
from subak.analytics.report import files
from subak.analytics.report.build import ahead, build
from subak.analytics.report.model import About, Packs, Report, Slice
from subak.analytics.simulate import Outcome, tiers
from subak.analytics.slices import several
from subak.analytics.software.pack import version
from subak.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to analyse, and what to make of it beside the report."""

    sources: tuple[str, ...]
    options: Options
    about: About
    chance: Chance
    """For the noise of a sketch."""
    by: tuple[str, ...] = ()
    """Dimensions of a table that was asked for; () none was."""
    show: tuple[str, ...] = ()
    where: str = ""
    limit: int = 0
    rules: tuple[Rule, ...] = ()
    """Limits to try."""
    published: Path | None = None
    parquet: Path | None = None
    rejects: Path | None = None
    sketch: Path | None = None


def analyse(order: Order) -> Report:
    """Read, measure, report, and write what was asked for. Raises SubakError, duckdb.Error."""
    if order.parquet:
        files.usable(order.parquet)
    with gather(order.sources, order.options, ahead) as analysis:
        order.options.progress("measure", 0, 0)
        report = _reported(order, analysis)
        if order.parquet or order.sketch:
            analysis.engine.execute(f"SET threads = {analysis.threads:d}")
        if order.rejects:
            files.rejected(analysis.engine, order.rejects)
        if order.sketch:
            write_sketch(order.sketch, sketch(analysis.engine, order.options.keys, order.chance))
        if order.parquet:
            files.tables(analysis.engine, order.parquet, report)
        return report


def _reported(order: Order, analysis: Analysis) -> Report:
    engine, about = analysis.engine, order.about
    about = replace(about, packs=_packs(about.packs))
    if order.published:
        load_published(engine, order.published)
        about = replace(about, published=True)
    slices: list[Slice] = []
    simulations: tuple[Outcome, ...] = ()
    if order.by or order.rules:
        engine.execute(f"SET threads = {analysis.threads:d}")
        slices = [_slice(engine, order)] if order.by else []
        simulations = tiers(engine, order.rules) if order.rules else ()
        several(engine)
    return build(engine, analysis.ledger, about, slices=slices, simulations=simulations)


def _packs(given: Packs) -> Packs:
    """With the versions of those that the program brings along."""
    return Packs(
        agents=version(),
        classes=classes().version,
        ranges=given.ranges,
        consumers=given.consumers,
        prices=given.prices,
    )


def _slice(engine: duckdb.DuckDBPyConnection, order: Order) -> Slice:
    """The table that was asked for. Where the log has no addresses there is nobody whom a cell could give away."""
    ((anybody,),) = engine.execute("SELECT count(*) > 0 FROM clients").fetchall()
    found = table(engine, order.by, order.show, where=order.where, limit=order.limit, k=order.about.k if anybody else 0)
    return Slice(
        by=list(order.by),
        show=list(order.show),
        units=[SHOWN[name][0] for name in order.show],
        rows=[list(row) for row in found.rows],
        n=len(found.rows) + found.left_out,
    )


def explained(sources: tuple[str, ...], options: Options, name: str) -> tuple[Explained, ...]:
    """Why the streams of a consumer have their classes, the busiest first. Raises SubakError, duckdb.Error.

    `name` is a consumer's or that of one of its addresses, as a report shows it.
    """
    with gather(sources, options) as analysis:
        found = analysis.engine.execute(
            "SELECT consumer FROM consumers WHERE name = $1 UNION SELECT consumer FROM clients WHERE name = $1", [name]
        ).fetchall()
        if not found:
            raise NotFound(
                f"there is no consumer {name[:60]!r} in these logs",
                fix="Take the name from a report of the same logs and the same epoch: pseudonyms change every month.",
            )
        return tuple(one for (consumer,) in sorted(found) for one in explain_consumer(analysis.engine, consumer))
