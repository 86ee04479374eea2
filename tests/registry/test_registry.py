"""The local upstream itself: what the other tests rely on."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO

import pytest

from e2e.asking import ask
from registry.packages import build_npm, build_wheel
from registry.server import byte_range
from registry.upstream import Registry
from registry.weather import Weather

JSON = {"accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.01"}


@pytest.fixture
def stocked() -> Iterator[Registry]:
    with Registry() as upstream:
        upstream.add_wheel("a", "1.0", ("b",), provenance=True, padding=50_000)
        upstream.add_sdist("b", "1.0")
        upstream.add_npm("a", "1.0.0", {"b": "^1.0.0", "@s/c": "1.0.0"}, padding=50_000)
        upstream.add_npm("@s/c", "1.0.0", os=["linux"], libc=["glibc"])
        yield upstream


def test_packages_are_the_same_on_every_run() -> None:
    assert build_wheel("a", "1", b"x", 100) == build_wheel("a", "1", b"x", 100)
    assert build_npm("a", "1.0.0", {}) == build_npm("a", "1.0.0", {})


def test_wheel_is_a_wheel() -> None:
    name, body = build_wheel("Some.Name", "1.0", b"Metadata-Version: 2.1\n")
    assert name == "some_name-1.0-py3-none-any.whl"
    assert "some_name-1.0.dist-info/METADATA" in zipfile.ZipFile(BytesIO(body)).namelist()


def test_python_pages(stocked: Registry) -> None:
    page = ask(stocked.pypi_url, "/a/", JSON)
    assert page["content-type"] == "application/vnd.pypi.simple.v1+json"
    (row,) = page.json()["files"]
    file = ask(row["url"], "")
    assert hashlib.sha256(file.body).hexdigest() == row["hashes"]["sha256"]
    sidecar = ask(row["url"] + ".metadata", "")
    assert hashlib.sha256(sidecar.body).hexdigest() == row["core-metadata"]["sha256"]
    assert ask(row["provenance"], "").json()["version"] == 1
    assert ask(stocked.pypi_url, "/a/", {**JSON, "if-none-match": page["etag"]}).status == 304
    assert b"data-core-metadata" in ask(stocked.pypi_url, "/a/").body
    assert ask(stocked.pypi_url, "/A")["location"] == "/simple/a/"
    packed = ask(stocked.pypi_url, "/a/", {**JSON, "accept-encoding": "gzip"})
    assert json.loads(gzip.decompress(packed.body)) == page.json()


def test_npm_documents(stocked: Registry) -> None:
    full = ask(stocked.npm_url, "/@s%2fc")
    manifest = full.json()["versions"]["1.0.0"]
    assert manifest["libc"] == ["glibc"]
    assert hashlib.sha1(ask(manifest["dist"]["tarball"], "").body).hexdigest() == manifest["dist"]["shasum"]
    short = ask(stocked.npm_url, "/@s%2Fc", {"accept": "application/vnd.npm.install-v1+json; q=1.0"})
    assert short["content-type"] == "application/vnd.npm.install-v1+json"
    assert "readme" not in short.json()
    assert ask(stocked.npm_url, "/a/latest").json()["version"] == "1.0.0"
    assert ask(stocked.npm_url, "/-/package/a/dist-tags").json() == {"latest": "1.0.0"}


def test_bare_mirror() -> None:
    with Registry(stripped=True) as upstream:
        upstream.add_wheel("a", "1.0")
        upstream.add_npm("a", "1.0.0")
        page = ask(upstream.pypi_url, "/a/", JSON)
        assert page["content-type"] == "text/html"
        assert not page["etag"]
        assert b"metadata" not in page.body
        assert b'href="../../packages/' in page.body
        assert "signatures" not in ask(upstream.npm_url, "/a").json()["versions"]["1.0.0"]["dist"]
        assert ask(upstream.npm_url, "/-/npm/v1/keys").status == 404


@pytest.mark.parametrize(
    ("wanted", "span"),
    [
        ("bytes=0-9", (0, 9)),
        ("bytes=5-", (5, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=100-", None),
        ("bytes=-200", (0, 99)),
    ],
)
def test_byte_range(wanted: str, span: tuple[int, int] | None) -> None:
    assert byte_range(wanted, 100) == span


def test_ranges_and_if_range(stocked: Registry) -> None:
    path = stocked.python.projects["a"].files[0].path
    whole = ask(stocked.files_url, path)
    part = ask(stocked.files_url, path, {"range": "bytes=10-19", "if-range": whole["etag"]})
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert ask(stocked.files_url, path, {"range": "bytes=10-19", "if-range": '"other"'}).status == 200
    assert ask(stocked.files_url, path, {"range": "bytes=999999-"}).status == 416
    head = ask(stocked.files_url, path, method="HEAD")
    assert (int(head["content-length"]), head.body) == (len(whole.body), b"")


BROKEN = {
    "truncated": Weather(truncate=1000),
    "truncated chunks": Weather(truncate=1000, chunked=True),
    "too long an announcement": Weather(length=100),
}


@pytest.mark.parametrize("weather", BROKEN.values(), ids=BROKEN)
def test_broken_transfers_do_not_look_complete(stocked: Registry, weather: Weather) -> None:
    stocked.weather.set("/a/-/*", weather)
    assert not ask(stocked.npm_url, "/a/-/a-1.0.0.tgz").complete
    stocked.weather.clear()
    assert ask(stocked.npm_url, "/a/-/a-1.0.0.tgz").complete


def test_weather_passes(stocked: Registry) -> None:
    stocked.weather.set("/a", Weather(status=503, retry_after="7", times=1))
    first = ask(stocked.npm_url, "/a")
    assert (first.status, first["retry-after"]) == (503, "7")
    assert ask(stocked.npm_url, "/a").status == 200
    stocked.weather.set("/a", Weather(reset=True))
    assert ask(stocked.npm_url, "/a").status == 0


def test_lies(stocked: Registry) -> None:
    true = ask(stocked.npm_url, "/a/-/a-1.0.0.tgz").body
    stocked.weather.set("/a/-/*", Weather(corrupt=True))
    wrong = ask(stocked.npm_url, "/a/-/a-1.0.0.tgz")
    assert wrong.complete
    assert len(wrong.body) == len(true)
    assert wrong.body != true
    stocked.weather.set("/a/-/*", Weather(gzipped=True))
    packed = ask(stocked.npm_url, "/a/-/a-1.0.0.tgz")
    assert packed["content-encoding"] == "gzip"
    stocked.weather.set("/a", Weather(headers=(("x-a", "1\r\nx-injected: 2"),), content_type=""))
    odd = ask(stocked.npm_url, "/a")
    assert odd["x-injected"] == "2"
    assert "content-type" not in odd.headers


def test_huge_documents_are_made_while_sent(stocked: Registry) -> None:
    stocked.weather.set("/a", Weather(huge=3_000_000))
    answer = ask(stocked.npm_url, "/a")
    assert answer.complete
    assert abs(len(answer.body) - 3_000_000) < 2000
    assert answer.json()["name"] == "huge"


def test_down_refuses_and_up_serves_on_the_same_port(stocked: Registry) -> None:
    stocked.down()
    with pytest.raises(ConnectionRefusedError):
        ask(stocked.npm_url, "/a")
    stocked.up()
    assert ask(stocked.npm_url, "/a").status == 200


def test_blackhole_accepts_and_says_nothing(stocked: Registry) -> None:
    stocked.blackhole()
    with pytest.raises(TimeoutError):
        ask(stocked.npm_url, "/a", within=0.2)
    stocked.blackhole(on=False)
    assert ask(stocked.npm_url, "/a").status == 200


def test_held_transfers_wait_for_release(stocked: Registry) -> None:
    stocked.weather.set("/a/-/*", Weather(hold=1000))
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(len(ask(stocked.npm_url, "/a/-/a-1.0.0.tgz").body)))
    thread.start()
    (request,) = stocked.wait("/a/-/*")
    while request.sent < 1000:
        time.sleep(0.005)
    assert not ended
    stocked.weather.release()
    thread.join(10)
    assert ended == [len(stocked.npm.packages["a"].versions["1.0.0"].body)]
