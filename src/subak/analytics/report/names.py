"""The names of a report's columns and figures: title, unit and meaning. The same name means the same in every table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """A column or a figure."""

    title: str
    unit: str
    """'' for text."""
    meaning: str


def _text(title: str, meaning: str) -> Named:
    return Named(title, "", meaning)


NAMES: Mapping[str, Named] = {
    # what a row is about
    "name": _text("name", "What the row is about; a pseudonym unless the operator named it."),
    "level": _text("level", "Who is counted: address, network (/24 or /48), consumer."),
    "weight": _text("by", "What is shared out: requests or bytes."),
    "grade": _text(
        "grade", "How the consumer is known: A authenticated, B verified network, C the operator's mapping, D inferred."
    ),
    "purpose": _text("class", "What the traffic is for, by most of this consumer's requests."),
    "provider": _text("provider", "Whose network it is, by the range pack; by most of the requests."),
    "kind": _text("kind", "What sort of software it is."),
    "ecosystem": _text("ecosystem", "The registry's family of clients."),
    "cache": _text("cache", "'ideal' keeps everything for the whole window; else the room of a cache that forgets."),
    "rule": _text("rule", "The limit that was tried."),
    "reason": _text("reason", "Why lines were not understood."),
    "example": _text("example", "Source and line of the first."),
    # how much
    "requests": Named("requests", "requests", "Every line that was understood: HEAD, 304 and failures too."),
    "downloads": Named(
        "downloads", "downloads", "Whole transfers of immutable files: GET, answered 200 (preset npm-like)."
    ),
    "bytes": Named("bytes", "bytes", "Body bytes sent, as far as the log tells."),
    "addresses": Named("addresses", "addresses", "IPv4 addresses and IPv6 /64 networks with at least one request."),
    "networks": Named("networks", "networks", "/24 (IPv4) and /48 (IPv6) networks with at least one request."),
    "consumers": Named("consumers", "consumers", "Those accounted for, with at least one request."),
    "streams": Named("streams", "streams", "Pairs of address and software: what is classified."),
    "packages": Named("packages", "packages", "Distinct packages asked for."),
    "items": Named("files", "files", "Distinct immutable files asked for."),
    "lines": Named("lines", "lines", "Lines of the log."),
    "n": Named("N", "units", "How many there are."),
    "units": Named("units", "units", "How many the rule was tried on."),
    "units_hit": Named("hit", "units", "How many the rule would have stopped at least once."),
    "requests_hit": Named("requests stopped", "requests", "Requests that the rule would have stopped."),
    "bytes_hit": Named("bytes stopped", "bytes", "Bytes that the rule would have kept back."),
    # shares and factors
    "share_requests": Named("of requests", "share", "Share of all requests."),
    "share_bytes": Named("of bytes", "share", "Share of all bytes."),
    "share_downloads": Named("of downloads", "share", "Share of all downloads."),
    "share_addresses": Named("of addresses", "share", "Share of all addresses."),
    "share_units": Named("of units", "share", "Share of those the rule was tried on."),
    "share": Named("share", "share", "Share of the bill, by average cost."),
    "amplification": Named("amplification", "factor", "Share of downloads over share of addresses."),
    "declared": Named("declared", "share", "Share of requests whose own agent says so: at least this."),
    "at_most": Named("at most", "share", "Share of requests that could be it: this class and all that stays unknown."),
    "top_share": Named("by the top 1 %", "share", "What the heaviest ⌈N/100⌉ took, over the whole window."),
    "daily": Named("on a day", "share", "The same for each day alone, mean over the days."),
    "gini": Named("Gini", "ratio", "0 if all take alike, 1 if one takes all."),
    "repeat_factor": Named("repeats", "factor", "Downloads over distinct files, for one consumer."),
    "shadow_share": Named(
        "past its proxy",
        "share",
        "Direct downloads of a consumer that also runs a caching proxy, of all its downloads.",
    ),
    "avoidable_requests": Named(
        "avoidable requests", "requests", "Downloads of a file that the same consumer had downloaded before."
    ),
    "avoidable_bytes": Named(
        "avoidable bytes", "bytes", "Bytes of a file beyond its greatest transfer to the same consumer."
    ),
    "dev_streams": Named(
        "people's tools", "streams", "Streams of purpose dev-install with at least one refused request."
    ),
    "bystanders": Named(
        "bystanders",
        "streams",
        "Of these, those that stayed within the limit by themselves whenever they were refused.",
    ),
    # money
    "cost": Named("cost", "money", "By the stated price list."),
    "avoidable_cost": Named("avoidable cost", "money", "What the bill would drop by without what was avoidable."),
    "average": Named("average cost", "money", "Pro rata; the parts sum to the bill."),
    "marginal": Named("marginal cost", "money", "What the bill would drop by without this part alone."),
}
