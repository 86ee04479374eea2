"""What bad weather upstream gets: a clear answer, one log line, nothing wrong kept, and a good next request."""

from __future__ import annotations

import gzip
import resource
import threading
import time
from pathlib import Path

import pytest

from e2e.asking import Answer
from e2e.running import Gateway, Start
from e2e.scene import Thing, eventually, found, good, never_whole, publish, refused
from registry.upstream import Registry
from registry.weather import Weather

BOTH = pytest.mark.parametrize("ecosystem", ["pypi", "npm"])


class Watch:
    """One failed request: how many log lines it cost, and that nothing of it stays."""

    def __init__(self, gateway: Gateway, thing: Thing) -> None:
        self.gateway, self.thing = gateway, thing
        self.lines = len(gateway.complaints())
        self.kept = set(gateway.blobs())

    def one_line_and_nothing_kept(self, *, document: bool = False) -> None:
        """`document` permits the index document itself to have been kept meanwhile."""
        said = self.gateway.complaints()[self.lines :]
        assert len(said) == 1, said
        assert "Traceback" not in self.gateway.log()
        new = set(self.gateway.blobs()) - self.kept
        assert self.thing.sha256 not in new
        assert len(new) <= int(document), new
        eventually(lambda: not self.gateway.leftovers())


def failing(gateway: Gateway, upstream: Registry, thing: Thing, weather: Weather, *statuses: int) -> Answer:
    """Ask for an artifact in this weather: it must not arrive whole; in fair weather it must."""
    thing = found(thing, gateway)
    gateway.ask(thing.document)
    watch = Watch(gateway, thing)
    upstream.weather.set(thing.theirs, weather)
    answer = gateway.ask(thing.path)
    never_whole(answer, *statuses)
    watch.one_line_and_nothing_kept()
    upstream.weather.clear()
    time.sleep(0.25)  # the cool-down of an upstream that failed, 200 ms in these tests
    good(gateway, thing)
    return answer


def failing_document(gateway: Gateway, upstream: Registry, thing: Thing, weather: Weather, *statuses: int) -> None:
    """The same for an index document that was never seen before."""
    watch = Watch(gateway, thing)
    upstream.weather.set(thing.document_theirs, weather)
    refused(gateway.ask(thing.document), *statuses)
    watch.one_line_and_nothing_kept()
    upstream.weather.clear()
    time.sleep(0.25)  # the cool-down of an upstream that failed, 200 ms in these tests
    answer = gateway.ask(thing.document)
    assert (answer.status, answer["x-subak-cache"]) == (200, "miss")
    good(gateway, found(thing, gateway))


# ---------------------------------------------------------------- refuses, times out


@BOTH
def test_upstream_refuses(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = publish(upstream, ecosystem)
    held = publish(upstream, ecosystem, name="held")
    held = found(held, gateway)
    good(gateway, held)
    watch = Watch(gateway, thing)
    upstream.down()
    refused(gateway.ask(thing.document), 504)
    watch.one_line_and_nothing_kept()
    assert gateway.ask(held.path).body == held.body
    upstream.up()
    time.sleep(0.25)  # the cool-down of an upstream that failed, 200 ms in these tests
    good(gateway, found(thing, gateway))


@BOTH
def test_upstream_breaks_the_connection_instead_of_answering(
    upstream: Registry, gateway: Gateway, ecosystem: str
) -> None:
    failing_document(gateway, upstream, publish(upstream, ecosystem), Weather(reset=True), 504)
    failing(gateway, upstream, publish(upstream, ecosystem, name="other"), Weather(reset=True), 504)


@BOTH
def test_upstream_accepts_and_never_answers(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    began = time.monotonic()
    failing_document(gateway, upstream, publish(upstream, ecosystem), Weather(silent=True), 504)
    assert time.monotonic() - began < 10
    failing(gateway, upstream, publish(upstream, ecosystem, name="other"), Weather(silent=True), 504)


@BOTH
def test_upstream_falls_silent_mid_file(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    began = time.monotonic()
    failing(gateway, upstream, publish(upstream, ecosystem), Weather(hold=100_000), 502, 504)
    assert time.monotonic() - began < 15


@BOTH
def test_slow_but_steady_is_not_a_failure(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    """No limit on the whole time: 30 pieces at 100 ms each, where silence of 1 s would be too much."""
    thing = found(publish(upstream, ecosystem, size=300_000), gateway)
    upstream.weather.set(thing.theirs, Weather(drip=0.1, piece=10_000))
    good(gateway, thing)


# ---------------------------------------------------------------- truncates, lies


TRUNCATED = {
    "short of its length": Weather(truncate=150_000),
    "at the first byte": Weather(truncate=0),
    "chunked without last chunk": Weather(truncate=150_000, chunked=True),
    "longer announced than sent": Weather(length=1000),
    "shorter announced than sent": Weather(length=-1000),
    "shortened but consistent": Weather(body=b"PK\x03\x04" + b"x" * 1000),
    "empty": Weather(body=b""),
}


@BOTH
@pytest.mark.parametrize("weather", TRUNCATED.values(), ids=TRUNCATED)
def test_upstream_truncates_a_file(upstream: Registry, gateway: Gateway, ecosystem: str, weather: Weather) -> None:
    failing(gateway, upstream, publish(upstream, ecosystem), weather, 502, 504)


@BOTH
@pytest.mark.parametrize("chunked", [False, True])
def test_upstream_truncates_a_document(upstream: Registry, gateway: Gateway, ecosystem: str, chunked: bool) -> None:
    thing = publish(upstream, ecosystem)
    failing_document(gateway, upstream, thing, Weather(truncate=100, chunked=chunked), 502, 504)


@BOTH
@pytest.mark.parametrize("size", [0, 400_000], ids=["small", "large"])
def test_upstream_sends_wrong_bytes(upstream: Registry, gateway: Gateway, ecosystem: str, size: int) -> None:
    failing(gateway, upstream, publish(upstream, ecosystem, size=size), Weather(corrupt=True), 502)


ERROR_PAGES = {
    "html": Weather(body=b"<html><head><title>Sorry</title></head></html>", content_type="text/html"),
    "html said to be json": Weather(body=b"<html>Sorry</html>"),
    "json of another kind": Weather(body=b'{"error": "try later"}', content_type="application/json"),
    "half json": Weather(body=b'{"name": "thing", "versions": {', content_type="application/json"),
    "nothing": Weather(body=b""),
}


@BOTH
@pytest.mark.parametrize("weather", ERROR_PAGES.values(), ids=ERROR_PAGES)
def test_upstream_sends_200_with_an_error_page(
    upstream: Registry, gateway: Gateway, ecosystem: str, weather: Weather
) -> None:
    failing_document(gateway, upstream, publish(upstream, ecosystem), weather, 502)
    failing(gateway, upstream, publish(upstream, ecosystem, name="other"), weather, 502)


@BOTH
def test_an_error_page_does_not_replace_what_is_held(upstream: Registry, start: Start, ecosystem: str) -> None:
    gateway = start(upstream, {"cache.fresh": "0.01ms", "cache.revalidate_behind": "0"})
    thing = publish(upstream, ecosystem)
    before = gateway.ask(thing.document)
    upstream.weather.set(thing.document_theirs, Weather(body=b"<html>Sorry</html>", content_type="text/html"))
    answer = gateway.ask(thing.document)
    assert (answer.status, answer["x-subak-cache"], answer.body) == (200, "stale", before.body)


# ---------------------------------------------------------------- redirects


@BOTH
@pytest.mark.parametrize("where", ["trap", "metadata service", "other scheme", "own port"])
def test_upstream_redirects_where_it_must_not(upstream: Registry, gateway: Gateway, ecosystem: str, where: str) -> None:
    target = {
        "trap": f"{upstream.trap_url}/latest/meta-data/",
        "metadata service": "http://169.254.169.254/latest/meta-data/",
        "other scheme": "file:///etc/passwd",
        "own port": "http://[::1]:22/",
    }[where]
    began = time.monotonic()
    failing_document(gateway, upstream, publish(upstream, ecosystem), Weather(redirect=target), 502)
    failing(gateway, upstream, publish(upstream, ecosystem, name="other"), Weather(redirect=target), 502)
    assert upstream.count(door="trap") == 0
    assert time.monotonic() - began < 5


@BOTH
def test_upstream_redirects_in_a_circle(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = publish(upstream, ecosystem)
    failing_document(gateway, upstream, thing, Weather(redirect=thing.document_theirs), 502, 508)
    assert upstream.count(thing.document_theirs) < 30


@BOTH
def test_upstream_leads_back_to_us(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = publish(upstream, ecosystem)
    upstream.weather.set(thing.document_theirs, Weather(redirect=gateway.url + thing.document))
    refused(gateway.ask(thing.document), 502, 508)
    assert upstream.count() < 10


def test_documents_cannot_name_just_any_host(upstream: Registry, gateway: Gateway) -> None:
    """A poisoned document points its files at the cloud's metadata service: nothing goes there."""
    upstream.add_npm("a", "1.0.0", tarball_url="http://169.254.169.254/latest/meta-data/a-1.0.0.tgz")
    began = time.monotonic()
    refused(gateway.ask("/npm/a/-/a-1.0.0.tgz"), 502, 504, 404)
    assert time.monotonic() - began < 5


@BOTH
def test_redirects_to_a_host_that_documents_name_are_followed(
    upstream: Registry, gateway: Gateway, ecosystem: str
) -> None:
    thing = found(publish(upstream, ecosystem), gateway)
    gateway.ask(thing.document)
    target = (upstream.npm.url if ecosystem == "npm" else upstream.files_url) + thing.theirs
    upstream.weather.set(thing.theirs, Weather(redirect=target, times=1))
    good(gateway, thing)


# ---------------------------------------------------------------- statuses, sizes, encodings


@BOTH
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_upstream_is_unwell(upstream: Registry, gateway: Gateway, ecosystem: str, status: int) -> None:
    weather = Weather(status=status, retry_after="1")
    thing = publish(upstream, ecosystem)
    upstream.weather.set(thing.document_theirs, weather)
    answer = gateway.ask(thing.document)
    refused(answer, 502, 503, 504)
    assert answer["retry-after"].isdigit()
    upstream.weather.clear()
    eventually(lambda: gateway.ask(thing.document).status == 200)
    good(gateway, found(thing, gateway))


@pytest.mark.parametrize("status", [401, 403, 418, 451])
def test_upstream_answers_something_else(upstream: Registry, gateway: Gateway, status: int) -> None:
    thing = publish(upstream, "npm")
    upstream.weather.set(thing.document_theirs, Weather(status=status))
    refused(gateway.ask(thing.document), 403, 404, 502, 504)
    upstream.weather.clear()
    eventually(lambda: gateway.ask(thing.document).status == 200)


def test_a_packument_of_200_megabytes(upstream: Registry, start: Start) -> None:
    """Refused past the limit without being read to the end, and without the memory for it."""
    gateway = start(upstream)
    thing = publish(upstream, "npm")
    before = _memory(gateway)
    upstream.weather.set(thing.document_theirs, Weather(huge=200_000_000, chunked=True))
    refused(gateway.ask(thing.document, within=60), 502)
    assert upstream.requests[-1].sent < 160_000_000
    assert _memory(gateway) - before < 100_000_000
    assert not gateway.leftovers()
    upstream.weather.set(thing.document_theirs, Weather(huge=200_000_000))
    asked = time.monotonic()
    refused(gateway.ask(thing.document, within=60), 502)
    assert time.monotonic() - asked < 5, "the announced length alone is reason enough"
    upstream.weather.clear()
    good(gateway, thing)


def _memory(gateway: Gateway) -> int:
    """Resident bytes of the gateway's process and its children."""
    assert gateway.process
    pages = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if gateway.process.pid in (int(folder.name), int(fields[2])):  # itself, or of its process group
                pages += int((folder / "statm").read_text().split()[1])
        except OSError:
            continue
    return pages * resource.getpagesize()


@BOTH
def test_a_tarball_packed_once_more(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    """Content-Encoding on a file is undone: what counts are the bytes the pin speaks of."""
    thing = found(publish(upstream, ecosystem), gateway)
    upstream.weather.set(thing.theirs, Weather(gzipped=True))
    answer = gateway.ask(thing.path)
    assert (answer.status, answer.body) == (200, thing.body)
    assert not answer["content-encoding"]
    assert gzip.compress(thing.body, mtime=0) not in gateway.blobs().values()


@BOTH
def test_missing_and_odd_content_types(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = found(publish(upstream, ecosystem), gateway)
    upstream.weather.set(thing.theirs, Weather(content_type=""))
    answer = good(gateway, thing)
    assert answer["content-type"]
    other = found(publish(upstream, ecosystem, name="other"), gateway)
    upstream.weather.set(other.theirs, Weather(content_type="text/html; charset=\xe9"))
    assert "html" not in good(gateway, other)["content-type"]


# ---------------------------------------------------------------- disappears mid-file


@BOTH
@pytest.mark.parametrize(
    ("weather", "resumed"),
    [
        (Weather(truncate=150_000, times=1), True),
        (Weather(truncate=150_000, times=1, chunked=True), True),
        (Weather(truncate=150_000, times=1, no_validators=True), False),
        (Weather(corrupt=True, times=1), False),
    ],
    ids=["with length", "chunked", "no validators", "corrupt"],
)
def test_broken_once_and_mended(
    upstream: Registry, gateway: Gateway, ecosystem: str, weather: Weather, resumed: bool
) -> None:
    """The client notices nothing, or is refused in time; a resumed transfer asks for the rest only."""
    thing = found(publish(upstream, ecosystem), gateway)
    upstream.weather.set(thing.theirs, weather)
    answer = gateway.ask(thing.path)
    if weather.corrupt:
        never_whole(answer) if answer.body != thing.body else None
    else:
        assert (answer.status, answer.complete, answer.body == thing.body) == (200, True, True)
        asked = upstream.seen(thing.theirs)
        assert len(asked) == 2
        if resumed:
            assert asked[1].headers["range"].startswith("bytes=")
            assert asked[1].headers["if-range"].startswith('"')
            assert asked[0].sent + asked[1].sent <= len(thing.body)
    good(gateway, thing)


@BOTH
def test_broken_once_and_ranges_ignored(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = found(publish(upstream, ecosystem), gateway)
    upstream.weather.set(thing.theirs, Weather(ignore_range=True))
    upstream.weather.set(thing.theirs + "*", Weather(truncate=150_000, times=1))
    good(gateway, thing)
    assert [r.status for r in upstream.seen(thing.theirs)] == [200, 200]


@BOTH
def test_file_changes_while_it_is_resumed(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    """The second half comes from another file: If-Range or the pin must notice."""
    thing = found(publish(upstream, ecosystem), gateway)
    gateway.ask(thing.document)
    upstream.weather.set(thing.theirs, Weather(truncate=150_000, times=1))
    upstream.weather.set(thing.theirs + "*", Weather(corrupt=True, headers=(("etag", '"new"'),)))
    upstream.weather.set(thing.theirs + "**", Weather(truncate=150_000, times=1))
    never_whole(gateway.ask(thing.path))
    assert thing.sha256 not in gateway.blobs()
    upstream.weather.clear()
    time.sleep(0.25)  # the cool-down of an upstream that failed, 200 ms in these tests
    good(gateway, thing)


@BOTH
def test_upstream_disappears_mid_file(upstream: Registry, gateway: Gateway, ecosystem: str) -> None:
    thing = found(publish(upstream, ecosystem), gateway)
    gateway.ask(thing.document)
    watch = Watch(gateway, thing)
    upstream.weather.set(thing.theirs, Weather(hold=150_000))
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(gateway.ask(thing.path)))
    thread.start()
    (request,) = upstream.wait(thing.theirs)
    eventually(lambda: request.sent >= 150_000)
    upstream.down()
    thread.join(20)
    never_whole(answers[0])
    watch.one_line_and_nothing_kept()
    upstream.weather.clear()
    upstream.up()
    time.sleep(0.25)  # the cool-down of an upstream that failed, 200 ms in these tests
    good(gateway, thing)


# ---------------------------------------------------------------- gone upstream


@BOTH
@pytest.mark.parametrize("status", [404, 410])
def test_what_upstream_removed_stays(upstream: Registry, start: Start, ecosystem: str, status: int) -> None:
    gateway = start(upstream, {"cache.fresh": "0.01ms", "cache.revalidate_behind": "0"})
    thing = found(publish(upstream, ecosystem), gateway)
    good(gateway, thing)
    document = gateway.ask(thing.document)
    upstream.remove(thing.theirs, status)
    upstream.remove(thing.document_theirs, status)
    for _ in range(2):
        after = gateway.ask(thing.document)
        assert (after.status, after["x-subak-cache"], after.body) == (200, "stale", document.body)
        assert gateway.ask(thing.path).body == thing.body
    gateway.restart()
    assert gateway.ask(thing.path).body == thing.body


@BOTH
@pytest.mark.parametrize("status", [404, 410])
def test_what_was_never_held_is_absent(upstream: Registry, gateway: Gateway, ecosystem: str, status: int) -> None:
    """Never 410: one client takes it for a hard error."""
    thing = found(publish(upstream, ecosystem), gateway)
    gateway.ask(thing.document)
    upstream.remove(thing.theirs, status)
    refused(gateway.ask(thing.path), 404)
    upstream.remove("/simple/other/" if ecosystem == "pypi" else "/other", status)
    refused(gateway.ask("/pypi/simple/other/" if ecosystem == "pypi" else "/npm/other"), 404)
