"""Bad weather on our side: lost clients, full and read-only disks, kill -9, two gateways on one folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.asking import Answer, ask_many, connect, request
from e2e.clients import unable
from e2e.running import IMPATIENT, Gateway, Start
from e2e.scene import Thing, eventually, found, good, never_whole, publish, refused, settled
from registry.upstream import Registry
from registry.weather import Weather

BOTH = pytest.mark.parametrize("ecosystem", ["pypi", "npm"])


# ---------------------------------------------------------------- many at once


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("size", [0, 2_000_000], ids=["small", "large"])
def test_200_simultaneous_misses_are_one_fetch(upstream: Registry, start: Start, workers: int, size: int) -> None:
    thing = publish(upstream, "npm", size=size)
    gateway = start(upstream, workers=workers)
    upstream.weather.set("*", Weather(delay=0.3))
    answers = asyncio.run(ask_many(gateway.url, [thing.path] * 200))
    assert {(a.status, a.complete) for a in answers} == {(200, True)}
    assert all(a.body == thing.body for a in answers)
    assert upstream.count(thing.theirs) == 1
    assert upstream.count(thing.document_theirs) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_200_simultaneous_document_misses_are_one_fetch(upstream: Registry, start: Start, workers: int) -> None:
    thing = publish(upstream, "pypi")
    gateway = start(upstream, workers=workers)
    upstream.weather.set("*", Weather(delay=0.3))
    answers = asyncio.run(ask_many(gateway.url, [thing.document] * 200))
    assert {a.status for a in answers} == {200}
    assert upstream.count(thing.document_theirs) == 1


def test_followers_of_a_fetch_that_fails_all_hear_of_it(upstream: Registry, gateway: Gateway) -> None:
    thing = publish(upstream, "npm")
    gateway.ask(thing.document)
    upstream.weather.set(thing.theirs, Weather(corrupt=True, delay=0.3))
    for answer in asyncio.run(ask_many(gateway.url, [thing.path] * 50)):
        never_whole(answer)
    assert upstream.count(thing.theirs) <= 4
    upstream.weather.clear()
    good(gateway, thing)


# ---------------------------------------------------------------- clients that leave


@BOTH
def test_client_disconnects_mid_file(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    """The fetch goes on without it; the next one gets a hit."""
    thing = found(publish(upstream, ecosystem, size=1_000_000), gateway)
    upstream.weather.set(thing.theirs, Weather(hold=300_000))
    with connect(gateway.url) as sock:
        sock.sendall(request(gateway.url, thing.path))
        assert sock.recv(100)
        eventually(lambda: upstream.seen(thing.theirs)[0].sent >= 300_000)
    upstream.weather.release()
    eventually(lambda: thing.sha256 in gateway.blobs())
    assert upstream.count(thing.theirs) == 1
    settled(gateway, thing)
    assert upstream.count(thing.theirs) == 1
    assert not gateway.complaints()


def test_clients_that_leave_a_warm_file_cost_nothing(upstream: Registry, gateway: Gateway) -> None:
    thing = publish(upstream, "npm", size=8_000_000)
    good(gateway, thing)
    for _ in range(20):
        with connect(gateway.url) as sock:
            sock.sendall(request(gateway.url, thing.path))
            assert sock.recv(1000)
    good(gateway, thing)
    assert upstream.count(thing.theirs) == 1
    assert not gateway.complaints()


# ---------------------------------------------------------------- disks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """`small_disk("size=8m")` mounts a file system of its own and gives its path."""
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        if os.geteuid() != 0:
            unable("only root may mount the small file system that this test fills")
        path = tmp_path / "disk"
        path.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], capture_output=True, text=True
        )
        if done.returncode:
            unable(f"cannot mount: {done.stderr.strip()}")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", str(path)], check=True)


def on(disk: Path, upstream: Registry) -> Gateway:
    urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
    return Gateway(disk / "data", IMPATIENT, urls, log=disk.parent / "gateway.log")


def whole_or_refused(answer: Answer, thing: Thing) -> None:
    """Passing through what cannot be kept is fine, so is saying so; anything between is not."""
    if answer.status == 200:
        assert not answer.complete or answer.body == thing.body
    else:
        refused(answer, 503)


@BOTH
def test_disk_full(upstream: Registry, small_disk: Callable[[str], Path], ecosystem: str) -> None:
    disk = small_disk("size=24m")
    with on(disk, upstream) as gateway:
        small = found(publish(upstream, ecosystem, size=10_000, name="small"), gateway)
        good(gateway, small)
        large = found(publish(upstream, ecosystem, size=40_000_000), gateway)
        whole_or_refused(gateway.ask(large.path), large)
        assert large.sha256 not in gateway.blobs()
        eventually(lambda: not gateway.leftovers())
        assert gateway.complaints()
        assert gateway.ask(small.path).body == small.body
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 65536)
        another = publish(upstream, ecosystem, size=200_000, name="another")
        answer = gateway.ask(another.document)
        if answer.status != 200:
            refused(answer, 503)
        assert gateway.ask(small.path).body == small.body
        assert gateway.ask("/-/health").status == 200
        filler.unlink()
        eventually(lambda: gateway.ask(another.document).status == 200)
        good(gateway, found(another, gateway))


@BOTH
def test_disk_below_its_reserve_keeps_nothing_new(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, {"cache.reserve": "1000 TiB"})
    thing = publish(upstream, ecosystem)
    answer = gateway.ask(thing.document)
    if answer.status == 200:
        thing = found(thing, gateway)
        whole_or_refused(gateway.ask(thing.path), thing)
    else:
        refused(answer, 503)
    assert thing.sha256 not in gateway.blobs()
    assert gateway.complaints()


def bound_by_permissions() -> tuple[str, ...]:
    """A command prefix under which even root may not write where the permissions forbid it."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        unable("setpriv (util-linux) is missing: permissions do not bind root")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take away the right to write to everything in the folder, then give it back."""
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        yield
    finally:
        for path in everything:
            if path.exists():
                path.chmod(path.stat().st_mode | 0o200)


@BOTH
def test_data_folder_turns_read_only(upstream: Registry, tmp_path: Path, ecosystem: str) -> None:
    urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
    with Gateway(tmp_path / "data", IMPATIENT, urls, prefix=bound_by_permissions()) as gateway:
        held = found(publish(upstream, ecosystem, size=10_000, name="held"), gateway)
        good(gateway, held)
        new = found(publish(upstream, ecosystem), gateway)
        with read_only(tmp_path / "data"):
            assert gateway.ask(held.path).body == held.body
            whole_or_refused(gateway.ask(new.path), new)
            assert gateway.complaints()
            assert "Traceback" not in gateway.log()
        good(gateway, new)


def test_starting_on_a_read_only_folder_says_so(upstream: Registry, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    gateway = Gateway(data, IMPATIENT, {"npm": upstream.npm_url}, prefix=bound_by_permissions())
    with read_only(data):
        assert gateway.spawn().wait(20) == 1
    assert str(data) in gateway.log()
    assert "Traceback" not in gateway.log()


def test_starting_on_a_file_says_so(upstream: Registry, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("not a folder")
    gateway = Gateway(data, IMPATIENT, {"npm": upstream.npm_url})
    assert gateway.spawn().wait(20) == 1
    assert str(data) in gateway.log()
    assert "Traceback" not in gateway.log()


# ---------------------------------------------------------------- kill -9, two gateways


@BOTH
@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_during_a_download(upstream: Registry, start: Start, ecosystem: str, workers: int) -> None:
    gateway = start(upstream, workers=workers)
    held = found(publish(upstream, ecosystem, name="held"), gateway)
    good(gateway, held)
    thing = found(publish(upstream, ecosystem, size=1_000_000), gateway)
    upstream.weather.set(thing.theirs, Weather(hold=500_000))
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(gateway.ask(thing.path)))
    thread.start()
    (asked,) = upstream.wait(thing.theirs)
    eventually(lambda: asked.sent >= 500_000)
    gateway.kill9()
    thread.join(10)
    assert not answers[0].complete
    upstream.weather.clear()
    gateway.start()
    assert not gateway.leftovers(), "what a dead process left behind is swept at start"
    assert thing.sha256 not in gateway.blobs()
    upstream.forget()
    assert gateway.ask(held.path).body == held.body
    assert upstream.count() == 0
    good(gateway, thing)


@pytest.mark.slow
def test_kill_9_during_compaction_loses_no_reading_and_counts_none_twice(upstream: Registry, start: Start) -> None:
    gateway = start(upstream, {"readings.compact_every": "50ms", "readings.flush": "100ms"})
    thing = publish(upstream, "npm", size=1000)
    good(gateway, thing)
    for round_number in range(5):
        for _ in range(100):
            assert gateway.ask(thing.path).status == 200
        time.sleep(1.0 + 0.013 * round_number)  # the window in which a reading may still be lost is one second
        gateway.kill9()
        gateway.start()
    assert count_readings(gateway) == 501


def count_readings(gateway: Gateway) -> int:
    """How many npm requests `subak stats` knows of."""
    command = [sys.executable, "-m", "subak", "stats", "--json", "--url", gateway.url]
    done = subprocess.run(command, env=gateway.environment(), capture_output=True, text=True, check=True, timeout=60)
    return sum(int(row["requests"]) for row in json.loads(done.stdout)["ecosystems"] if row["ecosystem"] == "npm")


def test_two_gateways_on_one_folder(upstream: Registry, gateway: Gateway) -> None:
    log = gateway.data.parent / "second.log"
    second = Gateway(gateway.data, gateway.settings, gateway.upstreams, log=log)
    process = second.spawn()
    assert process.wait(20) == 1
    assert gateway.url in second.log() or str(gateway.data) in second.log()
    assert "Traceback" not in second.log()
    thing = publish(upstream, "npm")
    good(gateway, thing)


def test_the_folder_is_free_again_after_kill_9(upstream: Registry, gateway: Gateway) -> None:
    gateway.kill9()
    gateway.start()
    good(gateway, publish(upstream, "npm"))


def test_stopping_finishes_transfers(upstream: Registry, gateway: Gateway) -> None:
    thing = publish(upstream, "npm", size=1_000_000)
    upstream.weather.set(thing.theirs, Weather(hold=500_000))
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(gateway.ask(thing.path)))
    thread.start()
    (asked,) = upstream.wait(thing.theirs)
    eventually(lambda: asked.sent >= 500_000)
    stopping = threading.Thread(target=gateway.stop)
    stopping.start()
    time.sleep(0.3)
    upstream.weather.release()
    thread.join(20)
    stopping.join(20)
    assert (answers[0].status, answers[0].complete, answers[0].body == thing.body) == (200, True, True)
    assert gateway.process is None
