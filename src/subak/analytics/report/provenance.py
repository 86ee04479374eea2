"""Where the figures come from: logs, packs, rejected lines; and what these logs cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import duckdb
from msgspec.structs import replace

from subak.analytics.logs.ledger import Count as Counted
from subak.analytics.logs.ledger import Ledger
from subak.analytics.report import rankings, words
from subak.analytics.report.model import About, Count, Meta, Reject, Report, Rows, SourceFacts, Window
from subak.analytics.report.untold import STATUS_UNKNOWN, Missing, missing, without

REASONS: Final = 50
"""Reasons of rejected lines that are told."""
_FOLDERS: Final = re.compile(r".*[/\\](?=[^/\\])")


def bare(name: str) -> str:
    """A log's name without its folders: a path may tell more than its reader should know."""
    return _FOLDERS.sub("", name)


def meta(ledger: Ledger, about: About, since: float, until: float) -> Meta:
    """How the figures came about."""
    return Meta(
        made=about.made,
        subak=about.subak,
        window=Window(start=since, end=until),
        sources=[
            SourceFacts(
                name=bare(tally.source),
                format=tally.format,
                accepted=_count(tally.accepted),
                rejected=_count(tally.rejected),
                skipped=_count(tally.skipped),
                problem=tally.problem,
            )
            for tally in ledger.tallies
        ],
        accepted=_count(ledger.total("accepted")),
        rejected=_count(ledger.total("rejected")),
        skipped=_count(ledger.total("skipped")),
        packs=about.packs,
        epoch=about.epoch,
        k=about.k,
        unknown=[],
        asked=list(about.asked),
    )


def _count(counted: Counted) -> Count:
    return Count(counted.lines, counted.bytes)


def rejects(engine: duckdb.DuckDBPyConnection) -> Rows[Reject]:
    """Why lines were not understood, the most frequent reason first."""
    found = rankings.asked(
        engine,
        """SELECT reason, count(*)::BIGINT AS lines, sum(bytes)::BIGINT AS bytes,
            arg_min(source, (source, line)) AS source, arg_min(line, (source, line)) AS line
        FROM rejects GROUP BY reason ORDER BY lines DESC, reason""",
    )
    rows = [
        Reject(
            reason=row["reason"],
            lines=row["lines"],
            bytes=row["bytes"],
            example=f"{bare(row['source'])}, line {row['line']}",
        )
        for row in found
    ]
    return Rows(of="reasons", n=len(rows), rows=rows[:REASONS])


def with_limits(report: Report, about: About) -> Report:
    """The report, saying what it cannot know."""
    lacks = missing(report)
    told = [*_limits(report, lacks), *_prices(about), *about.remarks]
    return replace(without(report, lacks), meta=replace(report.meta, unknown=told))


def _limits(report: Report, lacks: Missing) -> Iterator[str]:
    """In the order in which they matter to who reads the headline."""
    meta, requests = report.meta, int(report.figures["requests"].value or 0)
    for source in meta.sources:
        if source.problem:
            yield f"{source.name} could not be read to its end ({source.problem}): what came after is missing."
    lines = meta.accepted.lines + meta.rejected.lines
    if meta.rejected.lines:
        yield (
            f"{words.share(meta.rejected.lines / lines)} of the lines "
            f"({words.number(meta.rejected.lines)}) were not understood and are in no figure."
        )
    if not requests:
        yield "No request was found."
        return
    yield from _absent(report, lacks)
    unknown = int(report.figures["bytes_unknown"].value or 0)
    if unknown and not lacks.sizes:
        yield f"Bytes are unknown for {words.share(unknown / requests)} of the requests; sums of bytes leave them out."
    by_status = {row.name: row.share_requests for row in report.statuses.rows}
    if STATUS_UNKNOWN in by_status and not lacks.statuses:
        yield (
            f"The status is unknown for {words.share(by_status[STATUS_UNKNOWN])} of the requests; "
            "downloads leave them out."
        )
    by_cache = {row.name: row.share_requests for row in report.caches.rows}
    if by_cache.get("", 0) == 1:
        yield "What a cache in front answered is not in these logs: every answer counts as sent by the registry."
    elif "" in by_cache:
        yield f"What a cache in front answered is unknown for {words.share(by_cache[''])} of the requests."
    strange = sum(row.share_requests for row in report.ecosystems.rows if not row.name)
    if strange:
        yield f"{words.share(strange)} of the requests belong to no ecosystem that is known here."
    undecided = sum(row.share_requests for row in report.purposes.rows if row.name == "unknown")
    if undecided:
        yield f"The evidence did not suffice to say what {words.share(undecided)} of the requests are for."
    if report.figures["addresses"].value and not any(row.name for row in report.providers.rows):
        yield "No range pack was given: whose networks the addresses are in is unknown."
    if report.consumers.rows and {row.grade for row in report.consumers.rows} <= {"D"}:
        yield "Consumers are inferred from networks: an organisation with several networks counts several times."


def _absent(report: Report, lacks: Missing) -> Iterator[str]:
    """What no line has."""
    if lacks.addresses:
        yield "There are no addresses in these logs: who took how much cannot be told."
        if any(not one.units for one in report.simulations):
            yield "Limits were not tried: they count by address, and there is none in these logs."
    if lacks.sizes:
        yield "There are no sizes in these logs: nothing can be said about bytes."
        if report.bill:
            yield "What the transfer cost is missing from the bill: there are no sizes in these logs."
        if any(row.cache != "ideal" for row in report.avoidable):
            yield "Bounded caches were not tried: there are no sizes in these logs."
    if lacks.statuses:
        yield "There is no status in these logs: what was a download, and what failed, cannot be told."
    if lacks.agents:
        yield "There are no agents in these logs: which programs asked cannot be told."


def _prices(about: About) -> Iterator[str]:
    if about.prices and about.prices.illustration:
        yield "The price list is made up, to show what a real one would tell; give your own with --prices."
