"""The measures by name: what each means, in which unit, for which units of account, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from subak.analytics.schema import FACTS, TABLES

Rung = Literal["address", "network", "consumer"]
ALL_RUNGS: Final[tuple[Rung, ...]] = ("address", "network", "consumer")
EACH: Final = "each"
"""In `short` and `long`: what belongs to every rung."""

ROBOT_KINDS: Final = ("mirror", "update-bot", "scanner", "search", "ai-training", "monitor", "preview")
"""Kinds of software that the counter-like preset leaves out. Agents that act for a person are not among them."""
ROBOT_PURPOSES: Final = (
    "mirror", "update-bot", "sca-scanner", "research", "search", "ai-training", "monitor", "abuse",
)  # fmt: skip
"""Purposes that it leaves out."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that may be set for a measure; a column of the one-row table `parameters`."""

    sql: str
    default: float
    definition: str


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "top_millionths": Parameter("BIGINT", 10_000, "p of the top share, in millionths of the units."),
    "fresh": Parameter("DOUBLE", 600.0, "Freshness lifetime of documents, in seconds."),
    "collapse": Parameter("DOUBLE", 30.0, "Seconds within which a repeat is no further download (counter-like)."),
    "catalogue": Parameter("BIGINT", 0, "Packages the registry offers; 0 if unknown."),
    "window": Parameter("DOUBLE", 0.0, "Seconds the log covers; 0: from the first to the last second seen."),
    "chase": Parameter("DOUBLE", 300.0, "Seconds after a publication in which a request chases it."),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One number, or one row for each unit of account or value."""

    title: str
    definition: str
    unit: str
    query: str
    """The query of `queries/` that answers it."""
    columns: tuple[str, ...]
    """Columns of that query's answer that belong to it."""
    rungs: tuple[Rung, ...] = ()
    """The units of account it is given for, in `rung`; none: it has none."""
    parameters: tuple[str, ...] = ()
    needs: str = ""
    """What must be given besides the log; such measures are not in DEFAULT."""


_TOP = ("units", "top_units", "share")
_MIX = ("value", "requests", "downloads", "bytes", "streams",
        "requests_share", "downloads_share", "bytes_share", "streams_share")  # fmt: skip
_NETWORK = ("value", "addresses", "requests", "downloads", "bytes", "addresses_share", "requests_share",
            "downloads_share", "bytes_share", "amplification")  # fmt: skip


def _count(title: str, definition: str, column: str, unit: str = "requests") -> Measure:
    return Measure(title, definition, unit, "totals", (column,))


MEASURES: Final[Mapping[str, Measure]] = {
    "requests": _count("Requests", "All requests in the log, except those for the gateway's own pages.", "requests"),
    "bytes": _count(
        "Bytes", "Body bytes sent; requests whose size the log does not tell are left out.", "bytes", "bytes"
    ),
    "bytes_unknown": _count("Size unknown", "Requests whose size the log does not tell.", "bytes_unknown"),
    "downloads_npm_like": _count(
        "Downloads, npm-like",
        "GET of an artifact answered with 200; where another measure says downloads, it means these.",
        "downloads_npm_like",
        "downloads",
    ),
    "downloads_ruby_like": _count(
        "Downloads, ruby-like", "GET of an artifact answered with 200 or 304.", "downloads_ruby_like", "downloads"
    ),
    "downloads_rust_like": _count(
        "Downloads, rust-like",
        "GET of an artifact answered with 200 and sent by an installer of the same ecosystem.",
        "downloads_rust_like",
        "downloads",
    ),
    "downloads_counter_like": Measure(
        "Downloads, counter-like",
        "GET of an artifact answered with 200 or 304, or with parts (206) of one client's clock hour that cover it; "
        f"without robots (software: {', '.join(ROBOT_KINDS)}; purposes: {', '.join(ROBOT_PURPOSES)}) and without "
        "those that follow the same client's last one of the same file within 30 seconds.",
        "downloads",
        "counter",
        ("downloads",),
        parameters=("collapse",),
    ),
    "download_bytes": _count(
        "Bytes of downloads",
        "Body bytes of downloads (npm-like); unknown sizes are left out.",
        "download_bytes",
        "bytes",
    ),
    "revalidations": _count("Revalidations", "Requests answered with 304.", "revalidations"),
    "metadata_requests": _count(
        "Metadata requests",
        "Requests of the kinds index, listing, metadata, config and derived, by any method.",
        "metadata_requests",
    ),
    "conditional_share": _count(
        "Conditional share", "Answers 304 / (answers 200 + answers 304).", "conditional_share", "share"
    ),
    "metadata_ratio": _count(
        "Metadata ratio", "Metadata requests / downloads.", "metadata_ratio", "requests per download"
    ),
    "error_share": _count("Errors", "Requests answered with 400 or more / requests.", "error_share", "share"),
    "cache_hit_ratio": Measure(
        "Cache hit ratio",
        "Of requests of which the log tells hit, revalidated, stale, peer, miss or bypass: those that are none of the "
        "last two, by requests and by bytes.",
        "share",
        "totals",
        ("hit_ratio", "hit_ratio_bytes", "cache_asked"),
    ),
    "request_rate": Measure(
        "Requests per second",
        "Requests / seconds of the window, and requests / 60 of the clock minute with the most requests, the earliest "
        "of such minutes.",
        "requests per second",
        "window",
        ("seconds", "mean", "peak", "peak_at"),
        parameters=("window",),
    ),
    "distinct": Measure(
        "Distinct counts",
        "Different addresses (IPv4 addresses and IPv6 /64), networks (/24 and /48), consumers, streams, software, "
        "ecosystems of requests; immutable files, documents and packages that the log numbers.",
        "count",
        "distinct",
        ("addresses", "networks", "consumers", "streams", "software", "ecosystems", "files", "documents", "packages"),
    ),
    "top_share": Measure(
        "Top share",
        "Requests (or known bytes) of the first ceil(p × N) units, the largest first / those of all N units that have "
        "at least one request in the window.",
        "share",
        "concentration",
        ("rung", "weight", *_TOP),
        ALL_RUNGS,
        ("top_millionths",),
    ),
    "top_share_daily": Measure(
        "Top share by day",
        "The top share of each UTC day by itself; over longer windows changing addresses inflate N and so the share.",
        "share",
        "daily",
        ("rung", "weight", "day", *_TOP),
        ALL_RUNGS,
        ("top_millionths",),
    ),
    "gini": Measure(
        "Gini coefficient",
        "2 × Σ(rank × value) / (N × Σ value) − (N + 1) / N over units ranked from the smallest value, which is "
        "requests or known bytes; 0 is even, near 1 is all from one.",
        "index",
        "concentration",
        ("rung", "weight", "units", "gini"),
        ALL_RUNGS,
    ),
    "lorenz": Measure(
        "Lorenz curve",
        "For each percent j from 0 to 100, the share of requests (or known bytes) of the floor(j × N / 100) smallest "
        "units.",
        "share",
        "lorenz",
        ("rung", "weight", "percent", "share"),
        ALL_RUNGS,
    ),
    "provider_share": Measure(
        "Shares of providers",
        "Addresses, requests, downloads and bytes of each provider of the range pack ('' for none), their shares of "
        "all that have an address, and amplification: share of downloads / share of addresses.",
        "share",
        "providers",
        _NETWORK,
    ),
    "origin_share": Measure(
        "Shares of kinds of networks",
        "The same by kind of network (hyperscaler, hosting, residential …).",
        "share",
        "origins",
        _NETWORK,
    ),
    "repeat_factor": Measure(
        "Repeat factor",
        "Downloads / distinct pairs of a unit and a file it downloaded.",
        "downloads per file",
        "files",
        ("rung", "downloads", "download_pairs", "repeat_factor"),
        ALL_RUNGS,
    ),
    "avoidable_files": Measure(
        "Avoidable fetches of files",
        "What an ideal cache of each unit, unlimited and empty at first, would have spared: of each immutable file "
        "that the unit fetched n times (GET, 200), n − 1 requests and all known bytes but those of the largest body.",
        "requests and bytes",
        "avoidable_files",
        ("rung", "requests", "bytes", "unsized", "requests_share", "bytes_share"),
        ALL_RUNGS,
    ),
    "avoidable_documents": Measure(
        "Avoidable requests for documents",
        "What the same cache would have spared of mutable documents: requests (GET, 200 or 304) less than the "
        "freshness lifetime after the last one of that unit and document that was not spared, with their known bytes.",
        "requests and bytes",
        "avoidable_documents",
        ("rung", "requests", "bytes", "unsized", "requests_share", "bytes_share"),
        ALL_RUNGS,
        ("fresh",),
    ),
    "shadow_share": Measure(
        "Shadow share",
        "Of networks (or consumers) that have a stream of caching-proxy software or purpose: downloads by their other "
        "streams / all their downloads.",
        "share",
        "shadow",
        ("rung", "units", "downloads", "direct", "share"),
        ("network", "consumer"),
    ),
    "version_breadth": Measure(
        "Version breadth",
        "Distinct versions downloaded of a package: mean over packages with any, and the most.",
        "versions per package",
        "breadth",
        ("packages", "versions", "mean", "most"),
    ),
    "class_share": Measure(
        "Shares of purposes", "Requests, downloads, bytes and streams by purpose, and their shares.", "share",
        "purposes", _MIX,
    ),
    "ecosystem_mix": Measure(
        "Ecosystems", "Requests, downloads, bytes and streams by ecosystem, and their shares.", "share",
        "ecosystems", _MIX,
    ),
    "software_mix": Measure(
        "Software", "Requests, downloads, bytes and streams by family of software, and their shares.", "share",
        "softwares", _MIX,
    ),
    "software_kind_mix": Measure(
        "Kinds of software", "Requests, downloads, bytes and streams by kind of software, and their shares.", "share",
        "software_kinds", _MIX,
    ),
    "catalogue_coverage": Measure(
        "Catalogue coverage",
        "Distinct packages downloaded / packages the registry offers.",
        "share",
        "coverage",
        ("packages", "catalogue", "share"),
        parameters=("catalogue",),
        needs="catalogue",
    ),
    "publish_lag": Measure(
        "Publish lag",
        "Seconds from the first publication of a package's version to each of its downloads, those before left out: "
        "nearest-rank quantiles, and shares within 5 minutes, 1 hour and 1 day.",
        "seconds",
        "lag",
        ("downloads", "p10", "p50", "p90", "within_5min", "within_1h", "within_1d"),
        needs="published",
    ),
    "freshness_chase": Measure(
        "Freshness chase",
        "Requests for a package at most 300 seconds after a version of it was first published / requests.",
        "share",
        "chase",
        ("requests", "chased", "share"),
        parameters=("chase",),
        needs="published",
    ),
    "avoidable_bounded": Measure(
        "Avoidable with a bounded cache",
        "Fetches of immutable files (GET, 200, known size) that a cache of so many bytes for each unit, or one for "
        "all, dropping the least recently used, would have spared; with `warm_until`, fetches before then fill it and "
        "are not counted.",
        "requests and bytes",
        "bounded",
        ("rung", "requests", "bytes", "fetches", "fetched_bytes", "unsized"),
        ALL_RUNGS,
        needs="capacity",
    ),
}  # fmt: skip

ADDED: Final = ("requests", "bytes", "downloads")
"""Units of measures that may be added up."""

DEFAULT: Final = tuple(name for name, measure in MEASURES.items() if not measure.needs)
"""What the log alone answers."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Something to group by or to filter with."""

    column: str
    """Of `rows`: the facts, joined with what the column comes from."""
    definition: str
    shown: Literal["text", "number", "truth", "hour", "day", "weekday"] = "text"


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "ecosystem": Dimension("ecosystem", "The registry's family of clients; '' unknown."),
    "kind": Dimension("kind", "What the path means: artifact, metadata, index, listing and so on."),
    "package": Dimension("package_purl", "Package without its version, as a package URL."),
    "purl": Dimension("purl", "Package and version of a file, as a package URL."),
    "version": Dimension("version", "Version of a file's package."),
    "software": Dimension("software", "Family of the software that asked, as far as it says."),
    "software_version": Dimension("software_version", "Its version, as the request claims."),
    "software_kind": Dimension("software_kind", "Kind of software: installer, caching-proxy, mirror and so on."),
    "ci": Dimension("ci", "Whether the software declares that it runs in CI; false also means: does not say.", "truth"),
    "os": Dimension("os", "Operating system, as far as the software says."),
    "purpose": Dimension("purpose", "What the stream is for, as classified."),
    "origin": Dimension("origin", "Kind of network the address is in, by the range pack."),
    "provider": Dimension("provider", "Whose network the address is in, by the range pack."),
    "network": Dimension("network_name", "Pseudonym of the /24 or /48."),
    "consumer": Dimension("consumer_name", "Who is accounted for, by pseudonym or the operator's name."),
    "client": Dimension("client_name", "Pseudonym of the address or /64."),
    "status": Dimension("status", "HTTP status; 0 unknown.", "number"),
    "cache": Dimension("cache", "What the log tells of a cache; '' nothing."),
    "method": Dimension("method", "GET, HEAD, POST, other; '' unknown."),
    "hour": Dimension("hour", "Hour of the request, UTC, as in 2026-10-05T09.", "hour"),
    "day": Dimension("day", "Day of the request, UTC, as in 2026-10-05.", "day"),
    "weekday": Dimension("weekday", "Mon to Sun, UTC.", "weekday"),
}

JOINS: Final[Mapping[str, tuple[str, str, Mapping[str, str]]]] = {
    "streams": ("stream", "streams", {"software": "software", "software_kind": "software_kind",
                                      "purpose": "purpose", "tool": "agent"}),
    "tools": ("tool", "agents", {"tool_ecosystem": "ecosystem"}),
    "agents": ("agent", "agents", {"software_version": "version", "ci": "ci", "os": "os"}),
    "clients": ("client", "clients", {"client_name": "name", "origin": "origin", "provider": "provider"}),
    "networks": ("network", "networks", {"network_name": "name"}),
    "consumers": ("consumer", "consumers", {"consumer_name": "name"}),
    "items": ("item", "items", {"purl": "purl", "version": "version"}),
    "packages": ("package", "packages", {"package_purl": "purl"}),
}  # fmt: skip
"""Where columns of `rows` beyond the facts come from: key, table, and their names there."""

COLUMN_TYPES: Final[Mapping[str, str]] = dict(FACTS) | {
    name: TABLES[table][column] for _, table, columns in JOINS.values() for name, column in columns.items()
}

SHOWN: Final[Mapping[str, tuple[str, str]]] = {
    **{name: (m.unit, m.definition) for name, m in MEASURES.items() if m.query == "totals" and m.unit in ADDED},
    "addresses": ("addresses", "Distinct addresses (IPv6: /64)."),
}
"""Measures that a table can show for each cell."""
