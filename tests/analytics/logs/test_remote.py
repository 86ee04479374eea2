"""Object stores and web addresses, against obstore's own store in memory and servers on the loopback."""

from __future__ import annotations

import gzip
import importlib.util
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
import pytest
from obstore.store import MemoryStore, ObjectStore

from subak.analytics.logs import remote, sources
from subak.errors import BadRequest

BIG = b"".join(b"line %d of the log\n" % n for n in range(2_000_000))
OBJECTS = {
    "logs/2026/b.gz": gzip.compress(b"b\n"),
    "logs/2026/a.gz": gzip.compress(b"a\n"),
    "logs/2026/empty": b"",
    "logs/c with space%.log": b"c\n",
    "other.log": b"d\n",
}


def stores(bucket: str) -> ObjectStore:
    """One bucket in memory."""
    assert bucket == "s3://bucket"
    store = MemoryStore()
    for name, data in OBJECTS.items():
        obstore.put(store, name, data)
    return store


@pytest.mark.parametrize(
    ("name", "far"),
    [
        ("s3://bucket/a", True),
        ("gs://bucket/a", True),
        ("az://bucket/a", True),
        ("https://logs.example/a", True),
        ("a.log", False),
        ("s3:/a", False),
        ("ftp://logs.example/a", False),
        ("C://a", False),
        ("-", False),
    ],
)
def test_what_must_be_fetched(name: str, far: bool) -> None:
    assert remote.remote(name) is far


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("s3://bucket/logs/", ["logs/2026/a.gz", "logs/2026/b.gz", "logs/c%20with%20space%25.log"]),
        ("s3://bucket/", ["logs/2026/a.gz", "logs/2026/b.gz", "logs/c%20with%20space%25.log", "other.log"]),
        ("s3://bucket/logs/2026/*.gz", ["logs/2026/a.gz", "logs/2026/b.gz"]),
        ("s3://bucket/logs/*/[ab].gz", ["logs/2026/a.gz", "logs/2026/b.gz"]),
        ("s3://bucket/logs/2026/a.gz", ["logs/2026/a.gz"]),
        ("s3://bucket/none/", []),
    ],
)
def test_names_of_objects(name: str, want: list[str]) -> None:
    assert [one for one, _ in remote.listed(name, stores)] == [f"s3://bucket/{key}" for key in want]


def test_objects_are_sources_as_files_are() -> None:
    names = sources.expand(["s3://bucket/logs/", "s3://bucket/logs/2026/a.gz"], stores)
    assert len(names) == 3
    assert sources.extent(names, stores) == sum(len(data) for name, data in OBJECTS.items() if name.startswith("logs/"))
    found = []
    for name in names:
        with sources.opened(name, pytest, stores) as raw:  # type: ignore[arg-type]  # no standard input is read
            found.append(b"".join(sources.Source(raw).chunks()))
    assert found == [b"a\n", b"b\n", b"c\n"]
    with pytest.raises(BadRequest, match="there is no log 's3://bucket/none/'"):
        sources.expand(["s3://bucket/none/"], stores)


def test_an_object_that_is_missing() -> None:
    with pytest.raises(OSError, match="there is no such object"):
        remote.opened("s3://bucket/none", stores).read()
    assert sources.extent(["s3://bucket/none"], stores) == 0


def test_a_large_object_comes_in_pieces() -> None:
    store = MemoryStore()
    obstore.put(store, "big", BIG)
    reader = remote.opened("s3://bucket/big", lambda bucket: store)
    parts = []
    while part := reader.read(2**20):
        assert len(part) <= 2**20
        parts.append(part)
    assert b"".join(parts) == BIG


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("s3://bucket/logs/", "https://jo:secret@logs.example/a?X-Signature=abc"):
        with pytest.raises(BadRequest, match="not installed") as caught:
            sources.expand([name])
        assert "subak[objects]" in caught.value.fix
        assert "secret" not in str(caught.value)
        assert "abc" not in str(caught.value)


# ---------------------------------------------------------------- servers


class Answers(BaseHTTPRequestHandler):
    """A web server with one signed log, and so much of S3 as listing and reading need."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        if url.path == "/signed.log":
            self._send(200 if query.get("sig") == ["ok"] else 403, BIG if query.get("sig") == ["ok"] else b"no")
        elif url.path == "/cut.log":
            self._send(200, BIG, cut=True)
        elif url.path.startswith("/bucket/") and url.path != "/bucket/":
            self._object(unquote(url.path.removeprefix("/bucket/")))
        else:
            self._send(200, self._listing(query.get("prefix", [""])[0]))

    def _object(self, key: str) -> None:
        data = OBJECTS.get(key)
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if data is None:
            self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif wanted:
            first, last = int(wanted[1]), min(int(wanted[2]), len(data) - 1)
            self._send(206, data[first : last + 1], part=f"bytes {first}-{last}/{len(data)}")
        else:
            self._send(200, data)

    def _listing(self, prefix: str) -> bytes:
        rows = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-10-05T08:00:06.000Z</LastModified><ETag>&quot;x&quot;</ETag>"
            f"<Size>{len(data)}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            for key, data in OBJECTS.items()
            if key.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()

    def _send(self, status: int, data: bytes, *, cut: bool = False, part: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"x"')
        if part:
            self.send_header("Content-Range", part)
        self.send_header("Last-Modified", "Mon, 05 Oct 2026 08:00:06 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = cut

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_signed_web_address() -> None:
    with served() as base:
        reader = remote.opened(f"{base}/signed.log?sig=ok")
        assert b"".join(iter(lambda: reader.read(100_000), b"")) == BIG
        assert sources.extent([f"{base}/signed.log?sig=ok"]) == len(BIG)


def test_what_a_server_refuses_is_told_without_the_address() -> None:
    with served() as base, pytest.raises(OSError, match="store") as caught:
        remote.opened(f"{base}/signed.log?sig=secret").read()
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_answer_that_breaks_off() -> None:
    with served() as base:
        pieces = list(sources.blocks(sources.Source(remote.opened(f"{base}/cut.log")).chunks(), 2**22))
    assert isinstance(pieces[-1], sources.Broken)
    got = b"".join(piece.data for piece in pieces if isinstance(piece, sources.Block))
    assert got
    assert BIG.startswith(got)


def test_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as base:
        for name, value in {
            "ENDPOINT_URL": base,
            "ALLOW_HTTP": "true",
            "ACCESS_KEY_ID": "a",
            "SECRET_ACCESS_KEY": "b",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        names = sources.expand(["s3://bucket/logs/2026/*.gz"])
        assert names == ["s3://bucket/logs/2026/a.gz", "s3://bucket/logs/2026/b.gz"]
        found = [b"".join(sources.Source(remote.opened(name)).chunks()) for name in names]
        assert found == [b"a\n", b"b\n"]
        assert sources.extent(names) == sum(len(OBJECTS[f"logs/2026/{name}.gz"]) for name in "ab")
        with pytest.raises(OSError, match="no such object"):
            remote.opened("s3://bucket/none")


def test_a_store_that_cannot_be_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="cannot be reached"):
        sources.expand(["abfs://bucket/logs/"])
