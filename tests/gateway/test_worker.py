"""Workers as processes: furnishing, several of them, chores, and how they stop."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_metrics

import subak
from e2e.asking import Answer, ask_many, connect, read, request
from e2e.running import Gateway
from gateway.here import eventually
from registry.upstream import Registry
from registry.weather import Weather
from subak import app
from subak.config import load
from subak.gateway import worker as worker_module
from subak.gateway.worker import Settings, Worker, _agent, _chore, _finished_segments
from subak.sources.client import Registry as Address
from subak.store.journal import SEGMENT_LIMIT

LEFT, HUGE = "/npm/left/-/left-1.0.0.tgz", "/npm/huge/-/huge-1.0.0.tgz"
KEEP = {"connection": "keep-alive"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Registry]:
    with Registry() as upstream:
        upstream.add_npm("left", "1.0.0", padding=20_000)
        upstream.add_npm("huge", "1.0.0", padding=30_000_000)
        yield upstream


@pytest.fixture(scope="module")
def pair(upstream: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two workers on one data folder."""
    data = tmp_path_factory.mktemp("pair") / "data"
    urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
    with Gateway(data, {"cache.reserve": "0", "readings.flush": "50ms"}, urls, workers=2) as gateway:
        yield gateway


def at_once(gateway: Gateway, path: str, number: int) -> list[Answer]:
    return asyncio.run(ask_many(gateway.url, [path] * number))


def stem(answer: Answer) -> str:
    """Names the worker that answered."""
    return answer["x-request-id"].partition("-")[0]


def test_both_workers_serve(pair: Gateway) -> None:
    stems: set[str] = set()
    ids: list[str] = []

    def both() -> bool:
        answers = at_once(pair, LEFT, 60)
        assert {a.status for a in answers} == {200}
        ids.extend(a["x-request-id"] for a in answers)
        stems.update(map(stem, answers))
        return len(stems) == 2

    eventually(both)
    assert len(set(ids)) == len(ids), "request ids are unique across workers"


def test_both_workers_make_one_fetch(pair: Gateway, upstream: Registry) -> None:
    for round in range(3):
        upstream.add_npm(f"cold{round}", "1.0.0", padding=400_000)
        upstream.weather.set(f"/cold{round}*", Weather(drip=0.02))
        path = f"/npm/cold{round}/-/cold{round}-1.0.0.tgz"
        answers = at_once(pair, path, 60)
        assert {(a.status, a.complete) for a in answers} == {(200, True)}
        assert len({a.body for a in answers}) == 1
        assert upstream.count(f"/cold{round}/-/*") == 1
        assert upstream.count(f"/cold{round}") == 1
        if len({stem(a) for a in answers}) == 2:
            return
    pytest.fail("one worker took every connection")


def test_metrics_sum_both_workers(pair: Gateway) -> None:
    def counted() -> float:
        families = {f.name: f for f in parse_metrics(pair.ask("/-/metrics").body.decode())}
        rows = families["subak_requests"].samples
        return sum(s.value for s in rows if s.labels["kind"] == "artifact" and s.labels["origin"] == "hit")

    pair.ask(LEFT)
    before = -1.0
    while before != (now := counted()):  # totals are published once a second, later on a busy machine
        before = now
        time.sleep(1.5)
    at_once(pair, LEFT, 80)
    eventually(lambda: counted() == before + 80)


def test_a_document_that_one_worker_renewed_reaches_the_other(pair: Gateway, upstream: Registry) -> None:
    upstream.add_npm("moving", "1.0.0")
    for _ in range(4):
        at_once(pair, "/npm/moving", 40)
    upstream.add_npm("moving", "2.0.0")
    # A file that no index announces yet makes one worker ask again, once its index is some seconds old.
    eventually(lambda: pair.ask("/npm/moving/-/moving-2.0.0.tgz").status == 200)
    eventually(lambda: all(b"2.0.0" in a.body for a in at_once(pair, "/npm/moving", 40)), within=12)


def test_a_worker_that_dies_is_replaced(pair: Gateway) -> None:
    (victim, *_) = {int(a["x-request-id"].partition("-")[0][:-8], 16) for a in at_once(pair, LEFT, 60)}
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: all(a.status == 200 for a in at_once(pair, LEFT, 10)))
    eventually(lambda: pair.ask("/-/health").status == 200)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_signal_stops_gracefully(upstream: Registry, tmp_path: Path, workers: int, how: signal.Signals) -> None:
    body = upstream.npm.package("huge").versions["1.0.0"].body
    urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
    settings = {"server.shutdown_grace": "10s", "cache.reserve": "0"}
    with Gateway(tmp_path / "data", settings, urls, workers=workers) as gateway:
        for _ in range(4):
            assert len(gateway.ask(HUGE, KEEP).body) == len(body)
        with connect(gateway.url) as sock, connect(gateway.url) as half:
            sock.sendall(request(gateway.url, HUGE, KEEP))
            half.sendall(b"GET /npm/le")
            sock.recv(1, 2)  # MSG_PEEK: the transfer runs
            assert gateway.process
            began = time.monotonic()
            gateway.process.send_signal(how)
            time.sleep(0.5)
            answer = read(sock)
            assert answer.complete
            assert answer.body == body
        assert gateway.process.wait(12) == 0
        assert time.monotonic() - began < 8
        gateway.process = None
        assert not gateway.complaints()
        assert "Traceback" not in gateway.log()


@pytest.mark.parametrize("workers", [1, 2])
def test_what_keeps_it_from_starting_is_told_in_a_line(upstream: Registry, tmp_path: Path, workers: int) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "subak.db").write_bytes(b"this is no database" * 1000)
    gateway = Gateway(data, {}, {"npm": upstream.npm_url}, workers=workers)
    process = gateway.spawn()
    assert process.wait(30) == 1
    assert "Traceback" not in gateway.log()
    assert "subak.db" in gateway.log()


def test_touching_lets_eviction_know(upstream: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = {"npm": upstream.npm_url}
    with Gateway(tmp_path / "data", {"cache.reserve": "0"}, urls) as gateway:
        gateway.ask(LEFT)
        eventually(lambda: gateway.ask(LEFT)["x-subak-cache"] == "hit")
        asked = time.time()
        gateway.ask(LEFT, KEEP)
    with sqlite3.connect(tmp_path / "data" / "subak.db") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(blobs)")]
        used = next(c for c in columns if "used" in c)
        (latest,) = database.execute(f"SELECT max({used}) FROM blobs").fetchone()
    assert abs(latest - asked) < 2, "told on a clean stop at the latest"


# ---------------------------------------------------------------- the pieces


def _settings(tmp_path: Path) -> Settings:
    return Settings(
        load(environ={}, cache__data=str(tmp_path)), {"npm": Address("http://127.0.0.1:1/")}, "0123456789ab", b"s",
        app.now, app.monotonic, app.prepare_logging, app._Front(()), 1.0,
    )  # fmt: skip


def test_a_worker_travels_by_pickle(tmp_path: Path) -> None:
    travelled = pickle.loads(pickle.dumps(Worker(_settings(tmp_path))))
    assert travelled._settings.instance == "0123456789ab"
    assert travelled._settings.now() > 0
    assert travelled._application is None


async def test_a_worker_that_cannot_start_says_so(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("99\n")
    told: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, object]) -> None:
        told.append(message)

    settings = _settings(tmp_path)
    quiet = Settings(**{**{f: getattr(settings, f) for f in Settings.__dataclass_fields__}, "prepare": lambda c: None})
    await Worker(quiet)({"type": "lifespan"}, receive, send)
    (message,) = told
    assert message["type"] == "lifespan.startup.failed"
    assert "layout" in str(message["message"])


async def test_a_chore_that_breaks_begins_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_module, "PAUSE", 0.0)
    begun, thrice = [], asyncio.Event()

    async def work() -> None:
        begun.append(1)
        if len(begun) < 3:
            raise RuntimeError("a bug")
        thrice.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(_chore(work))
    await thrice.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caplog.text.count("begins again") == 2


def test_segments_are_finished_when_their_hour_is_over_or_they_are_full(tmp_path: Path) -> None:
    at = 1_700_000_000.0  # 2023-11-14T22:13:20Z
    assert not _finished_segments(tmp_path / "none", at)
    (tmp_path / "2023-11-14T22-worker-1.jsonl").write_bytes(b"{}\n")
    (tmp_path / "worker.totals").write_bytes(b"{}")
    assert not _finished_segments(tmp_path, at)
    assert _finished_segments(tmp_path, at + 3600)
    with (tmp_path / "2023-11-14T22-worker-2.jsonl").open("wb") as file:
        file.truncate(SEGMENT_LIMIT)
    assert _finished_segments(tmp_path, at)


def test_our_agent_names_a_contact_when_there_is_one() -> None:
    assert _agent(load(environ={})) == f"subak/{subak.__version__}"
    contact = load(environ={}, upstream__contact="ops@example.org")
    assert _agent(contact) == f"subak/{subak.__version__} (ops@example.org)"


def test_status_of_both_workers_is_the_same_folder(pair: Gateway) -> None:
    kept: Callable[[Answer], object] = lambda a: json.loads(a.body)["kept"]["limit"]  # noqa: E731
    assert len({kept(a) for a in at_once(pair, "/-/api/v1/status", 10)}) == 1
