"""Our own pages, as a gateway serves them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_metrics

import subak
from gateway.here import Here, eventually
from registry.upstream import Registry


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    with Registry() as upstream:
        upstream.add_npm("left", "1.0.0")
        with Here(tmp_path_factory.mktemp("desk") / "data", {"npm": upstream.npm_url, "pypi": ""}) as here:
            here.warm("/npm/left/-/left-1.0.0.tgz", {"user-agent": "npm/10.1.0 node/v20"})
            yield here


@pytest.mark.parametrize("path", ["/-/health", "/-/ready", "/-/api/v1/status", "/-/api/openapi.json"])
def test_pages_in_json(here: Here, path: str) -> None:
    told = here.ask(path)
    assert (told.status, told["content-type"], told["cache-control"]) == (200, "application/json", "no-store")
    assert json.loads(told.body)
    bare = here.ask(path, method="HEAD")
    assert (bare.status, bare.body) == (200, b"")


def test_the_front_page_and_the_page_for_crawlers(here: Here) -> None:
    for path in ("/", "/-/"):
        told = here.ask(path)
        assert told["content-type"].startswith("text/html")
        assert told["content-security-policy"] == "default-src 'none'"
    assert here.ask("/robots.txt").body.startswith(b"User-agent: *\nDisallow: /")


def test_status_tells_what_is_kept_and_which_upstreams_there_are(here: Here) -> None:
    status = json.loads(here.ask("/-/api/v1/status").body)
    assert status["version"] == subak.__version__
    assert status["upstreams"]["npm"]["url"] == here.upstreams["npm"]
    assert not status["upstreams"]["npm"]["cooling_down"]
    assert status["upstreams"]["pypi"]["url"] == ""
    assert status["kept"]["files_held"] == 1
    assert status["kept"]["bytes"] > 100
    assert abs(status["started_at"] - time.time()) < 100


def test_metrics_count_what_was_asked(here: Here) -> None:
    def requests() -> float:
        families = {f.name: f for f in parse_metrics(here.ask("/-/metrics").body.decode())}
        samples = families["subak_requests"].samples
        return sum(s.value for s in samples if s.labels["ecosystem"] == "npm" and s.labels["kind"] == "artifact")

    before = requests()
    for _ in range(5):
        here.ask("/npm/left/-/left-1.0.0.tgz")
    eventually(lambda: requests() >= before + 5)
    page = here.ask("/-/metrics").body
    assert b'subak_upstream_up{ecosystem="npm"} 1.0' in page
    assert b'ecosystem="pypi"' not in page, "an upstream that is not set is not down"
    openmetrics = here.ask("/-/metrics", {"accept": "application/openmetrics-text; version=1.0.0"})
    assert openmetrics["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.body.endswith(b"# EOF\n")


def test_stats_are_summed_up_in_another_process(here: Here) -> None:
    told = here.ask("/-/api/v1/stats?since=3600")
    assert told.status == 200, told.body
    assert "npm" in told.body.decode()
    table = here.ask("/-/api/v1/stats?by=ecosystem&show=requests")
    assert table.status == 200, table.body


@pytest.mark.parametrize(
    "query",
    ["since=x", "since=-5", "by=nothing", "show=nothing", "by=--json", "by=-x", "by=a%20b;", "&".join(["a=1"] * 50)],
)
def test_questions_that_mean_nothing_are_the_callers_fault(here: Here, query: str) -> None:
    told = here.ask(f"/-/api/v1/stats?{query}")
    assert (told.status, told["content-type"]) == (400, "application/problem+json")
    assert "Traceback" not in told.body.decode()


def test_many_questions_are_analysed_one_after_the_other(here: Here) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(here.ask("/-/api/v1/stats").status)) for _ in range(3)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    assert here.ask("/-/health").status == 200
    assert time.monotonic() - began < 1
    for thread in threads:
        thread.join()
    assert statuses == [200] * 3
