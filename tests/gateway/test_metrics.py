"""The page that Prometheus reads."""

from __future__ import annotations

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from subak.gateway.metrics import GAUGES, render
from subak.store.totals import BUCKETS, Snapshot, Tally


def tally(**labels: object) -> Tally:
    row = {"ecosystem": "npm", "kind": "artifact", "origin": "hit", "status": 200, "agent": "npm", "ci": False}
    made = Tally(**{**row, **labels})  # type: ignore[arg-type]  # labels of a test
    made.add(100, 7, 0.004)
    made.add(50, 0, 400.0)
    return made


def samples(page: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (s.name, tuple(sorted(s.labels.items()))): s.value
        for family in parse_text(page.decode())
        for s in family.samples
    }


WORKERS = [
    Snapshot("w0", 2, [tally(), tally(agent="yarn", ci=True)]),
    Snapshot("w1", 1, [tally(), tally(origin="miss", status=404)]),
]
HIT = (("ecosystem", "npm"), ("kind", "artifact"), ("origin", "hit"))


def test_workers_and_agents_are_summed() -> None:
    page, content_type = render(WORKERS, {})
    assert content_type.startswith("text/plain")
    found = samples(page)
    assert found["subak_requests_total", (*HIT, ("status", "200"))] == 6
    assert found["subak_sent_bytes_total", (*HIT, ("status", "200"))] == 450
    assert found["subak_fetched_bytes_total", (*HIT, ("status", "200"))] == 21
    assert found["subak_agent_requests_total", (("agent", "yarn"), ("ci", "true"))] == 2
    assert found["subak_agent_requests_total", (("agent", "npm"), ("ci", "false"))] == 6
    assert found["subak_readings_lost_total", ()] == 3


def test_the_histogram_is_cumulative() -> None:
    found = samples(render(WORKERS, {})[0])
    bucket = {
        dict(labels)["le"]: v
        for (name, labels), v in found.items()
        if name == "subak_request_seconds_bucket" and ("origin", "hit") in labels
    }
    assert len(bucket) == len(BUCKETS) + 1
    assert (bucket["0.0025"], bucket["0.005"], bucket["300.0"], bucket["+Inf"]) == (0, 3, 3, 6)
    assert found["subak_request_seconds_count", HIT] == 6
    assert round(found["subak_request_seconds_sum", HIT], 3) == 1200.012


def test_gauges_with_and_without_a_label() -> None:
    page, _ = render([], {"cache_bytes": 5.0, "upstream_up:npm": 1.0, "upstream_up:pypi": 0.0, "own_thing": 2.0})
    found = samples(page)
    assert found["subak_cache_bytes", ()] == 5
    assert found["subak_upstream_up", (("ecosystem", "npm"),)] == 1
    assert found["subak_upstream_up", (("ecosystem", "pypi"),)] == 0
    assert found["subak_own_thing", ()] == 2
    assert GAUGES["cache_bytes"].help.encode() in page


def test_hostile_label_values_stay_values() -> None:
    odd = 'a"b\\c\n} 5\nsubak_requests_total 9'
    found = samples(render([Snapshot("w0", 0, [tally(agent=odd)])], {})[0])
    assert found["subak_agent_requests_total", (("agent", odd), ("ci", "false"))] == 2


def test_openmetrics_on_request() -> None:
    page, content_type = render(WORKERS, {"cache_bytes": 1.0}, accept="application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    names = {f.name for f in parse_openmetrics(page.decode())}  # type: ignore[no-untyped-call]  # the library's
    assert names >= {"subak_requests", "subak_request_seconds"}
