"""What can be asked of readings: named SQL expressions, each with its unit and its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

COPIES = "('hit', 'stale', 'peer')"
"""Origins whose bytes came from a copy, ours or a peer's."""
REGISTRY = "kind IN ('index', 'listing', 'artifact', 'metadata', 'config', 'derived')"
"""What a registry would have been asked for: documents and files, not our own pages, nothing unknown."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to group by: a column, or an expression over one."""

    sql: str
    definition: str


@dataclass(frozen=True, slots=True)
class Measure:
    """A number over a group of readings."""

    sql: str
    unit: str
    definition: str


_ARRIVED = 'make_timestamp(CAST(floor("at") AS BIGINT) * 1000000)'

DIMENSIONS: Mapping[str, Dimension] = {
    "ecosystem": Dimension("ecosystem", "The registry's family of clients; '' outside of any."),
    "kind": Dimension(
        "kind", "What the path means: index, listing, artifact, metadata, config, relay, made, derived, own, unknown."
    ),
    "agent": Dimension("agent", "The tool that asked, without its version, as far as it says so."),
    "consumer": Dimension("consumer", "Who is accounted for: a key's id or a pseudonym of the address."),
    "origin": Dimension("origin", "Where the bytes came from: hit, stale, miss, peer, own, none."),
    "status": Dimension("status", "HTTP status sent; 0 if the client left before there was one."),
    "hour": Dimension(f"strftime({_ARRIVED}, '%Y-%m-%dT%H')", "Hour of arrival, UTC."),
    "day": Dimension(f"strftime({_ARRIVED}, '%Y-%m-%d')", "Day of arrival, UTC."),
    "purl": Dimension("purl", "Package and version, as a package URL."),
    "package": Dimension(
        r"regexp_replace(purl, '(@[^/@]*)?([?#].*)?$', '')", "Package without its version, as a package URL."
    ),
    "ci": Dimension("ci", "Whether the tool itself declares that it runs in CI. False also means: does not say."),
}

_ANSWERED = f"count(*) FILTER (origin IN {COPIES} OR origin = 'miss')"

MEASURES: Mapping[str, Measure] = {
    "requests": Measure("count(*)", "requests", "Every exchange: refusals, failures and departed clients included."),
    "hits": Measure(
        "count(*) FILTER (origin IN ('hit', 'peer'))", "requests", "Answered from a good copy, ours or a peer's."
    ),
    "stale": Measure(
        "count(*) FILTER (origin = 'stale')", "requests", "Answered from a copy past its time, and marked so."
    ),
    "misses": Measure(
        "count(*) FILTER (origin = 'miss')",
        "requests",
        "This request made us ask upstream; requests that rode along on its fetch are hits.",
    ),
    "refused": Measure("count(*) FILTER (rule <> '')", "requests", "Refused by a rule of policy or an allowance."),
    "errors": Measure(
        "count(*) FILTER (status >= 500 OR (status < 400 AND error NOT IN ('', 'ClientGone')))",
        "requests",
        "Failed on our side or upstream's: 500 or more, or an answer we broke off. Clients that left are not.",
    ),
    "bytes_sent": Measure("coalesce(sum(sent), 0)::BIGINT", "bytes", "Body bytes handed to clients."),
    "bytes_fetched": Measure("coalesce(sum(fetched), 0)::BIGINT", "bytes", "Body bytes read from upstreams."),
    "bytes_spared": Measure(
        f"coalesce(sum(sent) FILTER (origin IN {COPIES}), 0)::BIGINT",
        "bytes",
        "Body bytes sent that this request did not make us fetch.",
    ),
    "outside_requests_avoided": Measure(
        f"count(*) FILTER (origin IN ('hit', 'peer') AND {REGISTRY})",
        "requests",
        "Requests for documents and files that no registry had to answer. Stale answers are not in it: "
        "for them upstream was, or will be, asked.",
    ),
    "hit_ratio": Measure(
        f"count(*) FILTER (origin IN {COPIES}) / nullif({_ANSWERED}, 0)",
        "ratio",
        "Share answered from a copy (hit, stale, peer) of all that a copy or upstream answered; none if nothing was.",
    ),
    "p50_ms": Measure(
        "quantile_cont(ms, 0.5)", "milliseconds", "Half of the requests took at most this long, arrival to last byte."
    ),
    "p95_ms": Measure("quantile_cont(ms, 0.95)", "milliseconds", "19 of 20 requests took at most this long."),
}
