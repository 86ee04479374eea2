"""Totals of all workers and gauges of the moment, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from subak.store.totals import BUCKETS, Snapshot, Tally


@dataclass(frozen=True, slots=True)
class Gauge:
    """A value of the moment and the one label it may carry."""

    help: str
    label: str = ""


GAUGES: Mapping[str, Gauge] = {
    "cache_bytes": Gauge("Bytes of copies on disk."),
    "cache_limit_bytes": Gauge("Bytes of copies above which the least used are evicted."),
    "cache_files": Gauge("Files held."),
    "cache_documents": Gauge("Documents held."),
    "cache_blobs": Gauge("Distinct bodies held."),
    "files_known": Gauge("Files that documents announced, held or not."),
    "upstream_up": Gauge("1 if the upstream answered when it was last asked.", "ecosystem"),
}
"""Gauges with a text of their own; others may be given and describe themselves by name."""

_LABELS = ("ecosystem", "kind", "origin", "status")
_BOUNDS = [*(repr(bound) for bound in BUCKETS), "+Inf"]


def render(snapshots: Iterable[Snapshot], extra: Mapping[str, float], *, accept: str = "") -> tuple[bytes, str]:
    """The page of `/-/metrics` and its Content-Type, in the text or OpenMetrics form that `accept` asks for.

    `extra` are gauges without the prefix `subak_`: `name` or, for one that carries a label, `name:value`, as in
    `{"cache_bytes": 1.0, "upstream_up:npm": 1.0}`. Labels are bounded: no versions, no consumers, no packages.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Readings(list(snapshots), extra))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Readings(Collector):
    """prometheus_client's way of asking us, once per page."""

    def __init__(self, snapshots: list[Snapshot], extra: Mapping[str, float]) -> None:
        self._snapshots = snapshots
        self._extra = extra

    def collect(self) -> Iterator[Metric]:
        """Every family once, samples summed over workers."""
        tallies = [tally for snapshot in self._snapshots for tally in snapshot.tallies]
        requests = CounterMetricFamily("subak_requests", "Exchanges, refusals and failures included.", labels=_LABELS)
        sent = CounterMetricFamily("subak_sent_bytes", "Body bytes handed to clients.", labels=_LABELS)
        fetched = CounterMetricFamily("subak_fetched_bytes", "Body bytes read from upstreams.", labels=_LABELS)
        took = HistogramMetricFamily("subak_request_seconds", "Arrival to the last byte.", labels=_LABELS[:3])
        agents = CounterMetricFamily("subak_agent_requests", "Exchanges by tool.", labels=("agent", "ci"))
        for labels, total in _summed(tallies, lambda t: (t.ecosystem, t.kind, t.origin, str(t.status))):
            requests.add_metric(labels, total.requests)
            sent.add_metric(labels, total.sent)
            fetched.add_metric(labels, total.fetched)
        for labels, total in _summed(tallies, lambda t: (t.ecosystem, t.kind, t.origin)):
            took.add_metric(labels, list(zip(_BOUNDS, accumulate(total.buckets), strict=True)), total.seconds)
        for labels, total in _summed(tallies, lambda t: (t.agent, str(t.ci).lower())):
            agents.add_metric(labels, total.requests)
        lost = sum(snapshot.lost for snapshot in self._snapshots)
        yield from (requests, sent, fetched, took, agents)
        yield CounterMetricFamily("subak_readings_lost", "Readings dropped because the disk refused them.", value=lost)
        yield from _gauges(self._extra)


def _summed(tallies: Iterable[Tally], key: Callable[[Tally], tuple[str, ...]]) -> list[tuple[tuple[str, ...], Tally]]:
    """Tallies added up by a coarser key, in the order of the key."""
    sums: dict[tuple[str, ...], Tally] = {}
    for tally in tallies:
        labels = key(tally)
        total = sums.setdefault(labels, Tally("", "", "", 0, "", False))
        total.merge(tally)
    return sorted(sums.items(), key=lambda item: item[0])


def _gauges(extra: Mapping[str, float]) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for name, value in sorted(extra.items()):
        base, _, label = name.partition(":")
        known = GAUGES.get(base, Gauge(base.replace("_", " ").capitalize() + "."))
        if base not in families:
            families[base] = GaugeMetricFamily(f"subak_{base}", known.help, labels=[known.label] if known.label else [])
        families[base].add_metric([label] if known.label else [], value)
    yield from families.values()
