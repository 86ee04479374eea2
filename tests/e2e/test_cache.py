"""What is kept, for how long, and when the upstream is asked again."""

from __future__ import annotations

import time

import pytest

from e2e.asking import connect, read, request
from e2e.running import Gateway, Start
from e2e.scene import SIMPLE_JSON, eventually, found, good, publish, refused, settled
from registry.upstream import Registry
from registry.weather import Weather

BOTH = pytest.mark.parametrize("ecosystem", ["pypi", "npm"])
ALWAYS = {"cache.fresh": "0.01ms", "cache.revalidate_behind": "0"}
"""Every request for a document asks the upstream."""


@BOTH
def test_fresh_documents_and_files_cost_nothing(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = found(publish(upstream, ecosystem), gateway)
    settled(gateway, thing)
    gateway.ask(thing.document)
    upstream.forget()
    for _ in range(3):
        assert gateway.ask(thing.document)["x-subak-cache"] == "hit"
        assert good(gateway, thing)["x-subak-cache"] == "hit"
    gateway.restart()
    assert gateway.ask(thing.document)["x-subak-cache"] == "hit"
    assert good(gateway, thing)["x-subak-cache"] == "hit"
    assert upstream.count() == 0


@BOTH
def test_a_304_makes_a_document_fresh_again(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, {"cache.fresh": "800ms", "cache.revalidate_behind": "0"})
    thing = publish(upstream, ecosystem)
    first = gateway.ask(thing.document)
    time.sleep(0.9)
    second = gateway.ask(thing.document)
    third = gateway.ask(thing.document)
    asked = upstream.seen(thing.document_theirs)
    assert [r.status for r in asked] == [200, 304]
    assert asked[1].headers["if-none-match"]
    assert asked[0].headers["accept"] == asked[1].headers["accept"]
    assert first.body == second.body == third.body
    assert first["etag"] == third["etag"]


@BOTH
def test_a_changed_document_replaces_the_old_one(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, ALWAYS)
    thing = publish(upstream, ecosystem)
    headers = {"accept": SIMPLE_JSON} if ecosystem == "pypi" else {}
    first = gateway.ask(thing.document, headers)
    if ecosystem == "pypi":
        upstream.add_wheel("thing", "2.0")
    else:
        upstream.add_npm("thing", "2.0.0")
    second = gateway.ask(thing.document, {**headers, "if-none-match": first["etag"]})
    assert second.status == 200
    assert len(second.json()["versions"]) == 2
    assert second["etag"] != first["etag"]


def test_without_validators_unchanged_bytes_keep_their_etag(upstream: Registry, start: Start) -> None:
    gateway = start(upstream, ALWAYS)
    thing = publish(upstream, "npm")
    upstream.weather.set(thing.document_theirs, Weather(no_validators=True))
    first = gateway.ask(thing.document)
    assert gateway.ask(thing.document, {"if-none-match": first["etag"]}).status == 304
    assert [r.status for r in upstream.seen(thing.document_theirs)] == [200, 200]


@BOTH
def test_absence_is_remembered_for_a_short_while(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, {"cache.absent": "600ms"})
    path, theirs = ("/pypi/simple/late/", "/simple/late/") if ecosystem == "pypi" else ("/npm/late", "/late")
    for _ in range(3):
        refused(gateway.ask(path), 404)
    assert upstream.count(theirs) == 1
    thing = publish(upstream, ecosystem, name="late")
    eventually(lambda: gateway.ask(path).status == 200, within=3)
    good(gateway, found(thing, gateway))


@BOTH
def test_stale_while_revalidate(upstream: Registry, start: Start, ecosystem: str) -> None:
    """A little stale: served at once, checked behind, and the next one sees the change."""
    gateway = start(upstream, {"cache.fresh": "0.01ms", "cache.revalidate_behind": "60s"})
    thing = publish(upstream, ecosystem)
    old = gateway.ask(thing.document)
    (upstream.add_wheel if ecosystem == "pypi" else upstream.add_npm)("thing", "2.0.0")
    upstream.weather.set(thing.document_theirs, Weather(delay=0.6))
    time.sleep(0.05)  # past its 10 ms
    began = time.monotonic()
    answer = gateway.ask(thing.document)
    assert time.monotonic() - began < 0.5
    assert answer.body == old.body
    eventually(lambda: gateway.ask(thing.document).body != old.body)


@BOTH
def test_stale_if_error_is_marked(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, ALWAYS)
    thing = publish(upstream, ecosystem)
    before = gateway.ask(thing.document)
    upstream.down()
    for _ in range(3):
        answer = gateway.ask(thing.document)
        assert (answer.status, answer["x-subak-cache"], answer.body) == (200, "stale", before.body)
        assert answer["etag"] == before["etag"]
    upstream.up()
    eventually(lambda: gateway.ask(thing.document)["x-subak-cache"] != "stale")


@BOTH
def test_a_silent_upstream_costs_a_stale_answer_its_patience_only(
    upstream: Registry, start: Start, ecosystem: str
) -> None:
    gateway = start(upstream, {**ALWAYS, "cache.patience": "300ms", "upstream.first_byte_timeout": "5s"})
    thing = publish(upstream, ecosystem)
    before = gateway.ask(thing.document)
    upstream.weather.set(thing.document_theirs, Weather(silent=True))
    began = time.monotonic()
    answer = gateway.ask(thing.document)
    assert time.monotonic() - began < 2
    assert (answer.status, answer["x-subak-cache"], answer.body) == (200, "stale", before.body)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_only_404_means_absent(upstream: Registry, start: Start, status: int) -> None:
    gateway = start(upstream, {**ALWAYS, "cache.absent": "60s"})
    thing = publish(upstream, "npm")
    before = gateway.ask(thing.document)
    upstream.weather.set(thing.document_theirs, Weather(status=status))
    answer = gateway.ask(thing.document)
    assert (answer.status, answer["x-subak-cache"], answer.body) == (200, "stale", before.body)


@pytest.mark.slow
def test_the_size_limit_evicts_what_was_used_least_recently(upstream: Registry, start: Start) -> None:
    gateway = start(upstream, {"cache.limit": "2 MiB", "cache.hot": "0"})
    things = [publish(upstream, "npm", size=400_000, name=f"thing{n}") for n in range(12)]
    for thing in things:
        good(gateway, thing)
    eventually(lambda: sum(map(len, gateway.blobs().values())) <= 2.2 * 2**20, within=60)
    assert things[-1].sha256 in gateway.blobs()
    assert things[0].sha256 not in gateway.blobs()
    upstream.forget()
    good(gateway, things[0])
    assert upstream.count(things[0].theirs) == 1
    assert upstream.count(things[0].document_theirs) == 0, "evicting a file forgets no pin"


@pytest.mark.slow
def test_eviction_does_not_hurt_who_is_reading(upstream: Registry, start: Start) -> None:
    gateway = start(upstream, {"cache.limit": "12 MiB", "cache.hot": "0"})
    slow = publish(upstream, "npm", size=10_000_000, name="slow")
    good(gateway, slow)
    with connect(gateway.url) as sock:
        sock.sendall(request(gateway.url, slow.path))
        for n in range(6):
            good(gateway, publish(upstream, "npm", size=2_000_000, name=f"other{n}"))
        eventually(lambda: slow.sha256 not in gateway.blobs(), within=60)
        answer = read(sock)
    assert answer.complete
    assert answer.body == slow.body


def test_a_damaged_blob_is_never_served_whole(upstream: Registry, start: Start) -> None:
    """One truncated, one missing: fetched again or refused; a length that lies is noticed without a digest."""
    gateway = start(upstream, {"cache.hot": "0"})
    for name, harm in (("missing", None), ("short", 100)):
        thing = publish(upstream, "npm", name=name)
        good(gateway, thing)
        gateway.stop()
        (path,) = [p for p in (gateway.data / "blobs").rglob("*") if (p.parent.name + p.name) == thing.sha256]
        path.chmod(0o600)
        if harm is None:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:harm])
        gateway.start()
        answer = gateway.ask(thing.path)
        assert not answer.complete or answer.body == thing.body or answer.status >= 500
        eventually(lambda thing=thing: gateway.ask(thing.path).body == thing.body)  # type: ignore[misc]
