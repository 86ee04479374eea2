"""Container images through a real gateway, by hand: the specification's pull part, costs, bad weather, policy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from e2e.asking import Answer, ask_many, connect, read
from e2e.running import IMPATIENT, Gateway
from e2e.scene import ALWAYS_OLD, eventually, in_front_of, never_whole
from registry.oci_registry import INDEX, MANIFEST, Image, OciRegistry, build_image, build_index, named
from registry.weather import Weather

HELLO = "library/hello"
AT = f"/v2/{HELLO}"
NOWHERE = named(b"nothing")

ONE = build_image("one", 2000)
TWO = build_image("two", 300_000)
ARM = build_image("arm", 10, "arm64")


def stock(upstream: OciRegistry) -> None:
    """Two tags, a list of images for two machines, and an artifact that refers to one of them."""
    upstream.push(HELLO, "1", ONE)
    upstream.push(HELLO, "2", TWO)
    upstream.push(HELLO, "", ARM)
    upstream.push(HELLO, "all", build_index(("amd64", ONE), ("arm64", ARM)))
    upstream.push(HELLO, "", ONE, algorithm="sha512")
    upstream.attach(HELLO, ONE.manifest.digest, "application/spdx+json", b'{"spdx":1}')
    upstream.attach(HELLO, ONE.manifest.digest, "application/x.signature", b"signature")


before = partial(in_front_of, "oci")


@pytest.fixture
def upstream() -> Iterator[OciRegistry]:
    with OciRegistry() as registry:
        stock(registry)
        yield registry


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway and one upstream for what only reads."""
    with OciRegistry() as registry:
        stock(registry)
        with before(registry, tmp_path_factory.mktemp("oci")) as gateway:
            yield gateway


def manifest(reference: str) -> str:
    return f"{AT}/manifests/{reference}"


def blob(digest: str) -> str:
    return f"{AT}/blobs/{digest}"


def told(answer: Answer, status: int, code: str, *words: str) -> None:
    """Fails unless it is a refusal that every client of this protocol can print."""
    assert answer.status == status, (answer.status, answer.body[:300])
    (row,) = answer.json()["errors"]
    assert row["code"] == code
    for word in words:
        assert word in row["message"]


def right(answer: Answer, body: bytes, digest: str, media: str) -> None:
    """Fails unless these are the bytes, whole, under their name and type."""
    assert (answer.status, answer.complete) == (200, True), (answer.status, answer.body[:300])
    assert answer.body == body
    assert answer["docker-content-digest"] == digest
    assert answer["content-type"] == media
    assert answer["content-length"] == str(len(body))
    assert answer["docker-distribution-api-version"] == "registry/2.0"
    assert answer["content-encoding"] == ""


def held(gateway: Gateway, body: bytes) -> None:
    """Wait until these bytes are kept."""
    eventually(lambda: named(body).removeprefix("sha256:") in gateway.blobs())


# ---------------------------------------------------------------- the specification, 'Pull' and 'Content discovery'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/", 200),
        (manifest("1"), 200),
        (manifest("all"), 200),
        (manifest(ONE.manifest.digest), 200),
        (manifest(named(ONE.manifest.body, "sha512")), 200),
        (blob(ONE.digests[0]), 200),
        (blob(ONE.digests[1]), 200),
        (f"{AT}/tags/list", 200),
        (f"{AT}/referrers/{ONE.manifest.digest}", 200),
        (f"{AT}/referrers/{NOWHERE}", 200),
        (manifest("nowhere"), 404),
        (manifest(NOWHERE), 404),
        (blob(NOWHERE), 404),
        ("/v2/nobody/has/this/manifests/1", 404),
        ("/v2/nobody/has/this/tags/list", 404),
        (blob("sha256:123"), 404),
        (manifest(".hidden"), 404),
        ("/v2/UPPER/manifests/1", 404),
        ("/v2/_catalog", 404),
    ],
)
def test_conformance(shared: Gateway, method: str, path: str, status: int) -> None:
    answer = shared.ask(path, method=method)
    assert answer.status == status
    assert answer.complete
    if method == "HEAD":
        assert answer.body == b""
    elif status == 404:
        (row,) = answer.json()["errors"]
        assert row["code"] in ("MANIFEST_UNKNOWN", "BLOB_UNKNOWN")


def test_bytes_headers_and_heads_agree(upstream: OciRegistry, tmp_path: Path) -> None:
    """containerd believes the headers of a HEAD; each is asked before we hold the bytes, and after."""
    long = named(ONE.manifest.body, "sha512")
    rows = [
        (blob(ONE.digests[0]), ONE.blobs[0], ONE.digests[0], "application/octet-stream"),
        (blob(TWO.digests[1]), TWO.blobs[1], TWO.digests[1], "application/octet-stream"),
        (manifest(long), ONE.manifest.body, long, MANIFEST),
        (manifest(ARM.manifest.digest), ARM.manifest.body, ARM.manifest.digest, MANIFEST),
        (manifest("2"), TWO.manifest.body, TWO.manifest.digest, MANIFEST),
        (manifest(TWO.manifest.digest), TWO.manifest.body, TWO.manifest.digest, MANIFEST),
    ]
    with before(upstream, tmp_path) as gateway:
        for path, body, digest, media in rows * 2:
            head = gateway.ask(path, {"accept-encoding": "zstd, gzip, deflate"}, method="HEAD")
            whole = gateway.ask(path, {"accept-encoding": "zstd, gzip, deflate"})
            right(whole, body, digest, media)
            for name in ("content-type", "content-length", "docker-content-digest"):
                assert head[name] == whole[name], (path, name)
            held(gateway, body)


def test_the_list_keeps_its_bytes_and_leads_to_its_images(shared: Gateway) -> None:
    listed = shared.ask(manifest("all"))
    assert listed["content-type"] == INDEX
    assert listed["docker-content-digest"] == named(listed.body)
    for row, image in zip(listed.json()["manifests"], (ONE, ARM), strict=True):
        right(shared.ask(manifest(row["digest"])), image.manifest.body, row["digest"], row["mediaType"])


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html", MANIFEST, "application/vnd.docker.distribution.manifest.v1+json"]
)
def test_the_stored_type_is_sent_whatever_is_accepted(shared: Gateway, accept: str) -> None:
    answer = shared.ask(manifest("1"), {"accept": accept} if accept else {})
    right(answer, ONE.manifest.body, ONE.manifest.digest, MANIFEST)


def test_six_accept_lines(shared: Gateway) -> None:
    """skopeo and podman send each type on a line of its own."""
    lines = "".join(f"accept: application/vnd.{i}+json\r\n" for i in range(5)) + f"accept: {MANIFEST}\r\n"
    raw = f"GET {manifest('2')} HTTP/1.1\r\nhost: gateway\r\n{lines}connection: close\r\n\r\n"
    with connect(shared.url) as sock:
        sock.sendall(raw.encode())
        right(read(sock), TWO.manifest.body, TWO.manifest.digest, MANIFEST)


def test_unchanged_and_ranges(shared: Gateway) -> None:
    whole = shared.ask(blob(TWO.digests[1]))
    held(shared, TWO.blobs[1])
    for path in (manifest("1"), blob(TWO.digests[1])):
        etag = shared.ask(path)["etag"]
        assert shared.ask(path, {"if-none-match": etag}).status == 304
    part = shared.ask(blob(TWO.digests[1]), {"range": "bytes=1000-1999"})
    assert (part.status, part.body) == (206, TWO.blobs[1][1000:2000])
    assert part["content-range"] == f"bytes 1000-1999/{len(whole.body)}"
    assert shared.ask(blob(TWO.digests[1]), {"range": "bytes=-5"}).body == TWO.blobs[1][-5:]
    assert shared.ask(blob(TWO.digests[1]), {"range": f"bytes={len(whole.body)}-"}).status == 416


def test_two_ranges_of_a_blob_that_nobody_has_yet(upstream: OciRegistry, tmp_path: Path) -> None:
    """containerd fetches one blob with several requests at once: each part is right, or the whole is sent."""
    with before(upstream, tmp_path) as gateway, ThreadPoolExecutor(2) as pool:
        size = len(TWO.blobs[1])
        asked = [{"range": "bytes=5-"}, {"range": f"bytes={size // 2}-"}]
        for headers, answer in zip(asked, pool.map(lambda h: gateway.ask(blob(TWO.digests[1]), h), asked), strict=True):
            start = int(headers["range"][6:-1]) if answer.status == 206 else 0
            assert (answer.complete, answer.body) == (True, TWO.blobs[1][start:])
        assert len(upstream.seen("*/blobs/*", method="GET")) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{AT}/blobs/uploads/"),
        ("PATCH", f"{AT}/blobs/uploads/0a1b"),
        ("PUT", f"{AT}/blobs/uploads/0a1b?digest={NOWHERE}"),
        ("PUT", manifest("1")),
        ("DELETE", manifest(ONE.manifest.digest)),
        ("DELETE", blob(ONE.digests[0])),
    ],
)
def test_nothing_is_published_here(shared: Gateway, method: str, path: str) -> None:
    answer = shared.ask(path, method=method)
    told(answer, 405, "UNSUPPORTED")
    assert "GET" in answer["allow"]


def test_tags_page_by_page(shared: Gateway) -> None:
    assert shared.ask(f"{AT}/tags/list").json() == {"name": HELLO, "tags": ["1", "2", "all"]}
    found, path = [], f"{AT}/tags/list?n=1"
    while path:
        answer = shared.ask(path)
        found += answer.json()["tags"]
        target, _, rest = answer["link"].removeprefix("<").partition(">")
        assert not target or (target.startswith(shared.url) and rest == '; rel="next"')
        path = target.removeprefix(shared.url)
    assert found == ["1", "2", "all"]
    told(shared.ask(f"{AT}/tags/list?n=many"), 400, "UNSUPPORTED")


def test_referrers(shared: Gateway, tmp_path: Path) -> None:
    listed = shared.ask(f"{AT}/referrers/{ONE.manifest.digest}")
    assert listed["content-type"] == INDEX
    rows = {row["artifactType"]: row for row in listed.json()["manifests"]}
    assert rows.keys() == {"application/spdx+json", "application/x.signature"}
    assert listed["oci-filters-applied"] == ""
    filtered = shared.ask(f"{AT}/referrers/{ONE.manifest.digest}?artifactType=application/spdx%2Bjson")
    assert [row["artifactType"] for row in filtered.json()["manifests"]] == ["application/spdx+json"]
    assert filtered["oci-filters-applied"] == "artifactType"
    artifact = shared.ask(manifest(rows["application/spdx+json"]["digest"])).json()
    assert shared.ask(blob(artifact["layers"][0]["digest"])).body == b'{"spdx":1}'
    assert shared.ask(f"{AT}/referrers/{NOWHERE}").json()["manifests"] == []
    with OciRegistry(bare=True) as old:  # 404 tells clients to look for the tag 'sha256-…' instead
        stock(old)
        with before(old, tmp_path) as gateway:
            assert gateway.ask(f"{AT}/referrers/{ONE.manifest.digest}").status == 404


# ---------------------------------------------------------------- what it costs the upstream


def test_a_pull_fetches_each_thing_once(upstream: OciRegistry, tmp_path: Path) -> None:
    """containerd's order: HEAD of the tag, GET by digest, then the parts; again on another machine."""
    with before(upstream, tmp_path) as gateway:
        for _ in range(2):
            digest = gateway.ask(manifest("1"), method="HEAD")["docker-content-digest"]
            right(gateway.ask(manifest(digest)), ONE.manifest.body, digest, MANIFEST)
            for part, body in zip(ONE.digests, ONE.blobs, strict=True):
                assert gateway.ask(blob(part)).body == body
                held(gateway, body)
        asked = [(r.method, r.path) for r in upstream.seen()]
        assert sorted(asked) == sorted([("GET", manifest("1")), *(("GET", blob(part)) for part in ONE.digests)])


def test_a_head_costs_no_get(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for path, size in (
            (manifest(TWO.manifest.digest), len(TWO.manifest.body)),
            (blob(TWO.digests[1]), len(TWO.blobs[1])),
        ):
            answer = gateway.ask(path, method="HEAD")
            assert (answer.status, answer["content-length"]) == (200, str(size))
        assert upstream.seen(method="GET") == []
        assert gateway.ask(blob(NOWHERE), method="HEAD").status == 404
        right(gateway.ask(manifest(TWO.manifest.digest)), TWO.manifest.body, TWO.manifest.digest, MANIFEST)
        upstream.forget()
        assert gateway.ask(blob(TWO.digests[1]), method="HEAD")["content-length"] == str(len(TWO.blobs[1]))
        assert upstream.seen() == [], "the manifest announced it"


def test_an_old_tag_is_checked_by_head(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        assert gateway.ask(manifest("1")).body == ONE.manifest.body
        upstream.forget()
        for method in ("GET", "HEAD", "GET"):
            assert gateway.ask(manifest("1"), method=method).status == 200
        assert {r.method for r in upstream.seen()} == {"HEAD"}
        upstream.push(HELLO, "1", TWO)
        right(gateway.ask(manifest("1")), TWO.manifest.body, TWO.manifest.digest, MANIFEST)
        right(gateway.ask(manifest(ONE.manifest.digest)), ONE.manifest.body, ONE.manifest.digest, MANIFEST)


def test_a_tag_is_believed_for_its_time(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        gateway.ask(manifest("1"))
        upstream.push(HELLO, "1", TWO)
        assert gateway.ask(manifest("1")).body == ONE.manifest.body


def test_a_registry_that_tells_no_digests(tmp_path: Path) -> None:
    with OciRegistry(bare=True) as old:
        stock(old)
        with before(old, tmp_path, ALWAYS_OLD) as gateway:
            for image in (ONE, TWO):
                old.push(HELLO, "1", image)
                right(gateway.ask(manifest("1")), image.manifest.body, image.manifest.digest, MANIFEST)


def test_many_at_once_make_one_transfer(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        answers = asyncio.run(ask_many(gateway.url, [blob(TWO.digests[1]), manifest("2")] * 20))
        assert all(answer.complete and answer.body in (TWO.blobs[1], TWO.manifest.body) for answer in answers)
        assert len(upstream.seen(blob(TWO.digests[1]))) == 1
        assert len(upstream.seen(manifest("2"))) == 1


# ---------------------------------------------------------------- bad weather


def test_upstream_gone(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        pull(gateway, ONE, "1")
        upstream.down()
        pull(gateway, ONE, "1")
        assert gateway.ask(manifest("1"))["x-subak-cache"] == "stale"
        told(gateway.ask(manifest("2")), 504, "UNAVAILABLE")


def test_what_we_hold_is_served_whatever_upstream_says(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, ALWAYS_OLD) as gateway:
        pull(gateway, ONE, "1")
        for status in (401, 403, 404, 429, 500, 503):
            upstream.weather.set("*", Weather(status=status, retry_after="1"))
            pull(gateway, ONE, "1")


def pull(gateway: Gateway, image: Image, tag: str) -> None:
    """All of an image, and until it is kept. Fails when anything of it is not right."""
    right(gateway.ask(manifest(tag)), image.manifest.body, image.manifest.digest, MANIFEST)
    right(gateway.ask(manifest(image.manifest.digest)), image.manifest.body, image.manifest.digest, MANIFEST)
    for digest, body in zip(image.digests, image.blobs, strict=True):
        right(gateway.ask(blob(digest)), body, digest, "application/octet-stream")
        held(gateway, body)


def test_wrong_bytes_never_arrive_whole(upstream: OciRegistry, tmp_path: Path) -> None:
    files = {
        manifest(TWO.manifest.digest): TWO.manifest.body,
        blob(TWO.digests[0]): TWO.blobs[0],
        blob(TWO.digests[1]): TWO.blobs[1],
    }
    with before(upstream, tmp_path) as gateway:
        upstream.weather.set("*", Weather(corrupt=True))
        for path in files:
            never_whole(gateway.ask(path))
        eventually(lambda: not gateway.leftovers())
        assert gateway.blobs() == {}
        upstream.weather.clear()
        for path, body in files.items():
            assert gateway.ask(path).body == body


NONE_SUCH = {
    "a page": Weather(body=b"<html>please sign in</html>", content_type="text/html"),
    "an error with 200": Weather(body=b'{"errors":[{"code":"UNKNOWN"}]}', content_type="application/json"),
    "schema 1": Weather(body=json.dumps({"schemaVersion": 1, "tag": "1"}).encode()),
    "half of it": Weather(body=ONE.manifest.body[:-30]),
    "broken off": Weather(truncate=50),
}


def test_what_is_no_manifest_is_refused(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        for what, weather in NONE_SUCH.items():
            upstream.weather.set(manifest("1"), weather)
            answer = gateway.ask(manifest("1"))
            assert answer.status in (502, 504), what
            assert answer.json()["errors"], what
            assert gateway.blobs() == {}, what
        upstream.weather.clear()
        pull(gateway, ONE, "1")


# ---------------------------------------------------------------- storage and tokens


def test_layers_at_a_storage_host(tmp_path: Path) -> None:
    """The redirect is followed inside, without credentials, and its secret address does not show."""
    with OciRegistry(stored=True) as upstream:
        stock(upstream)
        upstream.tokens.on = True
        with before(upstream, tmp_path) as gateway:
            pull(gateway, TWO, "2")
            assert len(upstream.seen(door="storage", method="GET")) == 2
            assert all("authorization" not in r.headers for r in upstream.seen(door="storage"))
            assert all("signature" not in gateway.ask(blob(d), method="HEAD").headers for d in TWO.digests)


def test_a_token_for_each_repository(upstream: OciRegistry, tmp_path: Path) -> None:
    upstream.tokens.on = True
    upstream.push("other/thing", "1", ARM)
    with before(upstream, tmp_path) as gateway:
        assert gateway.ask("/v2/").status == 200, "anonymous: the gateway fetches tokens itself"
        pull(gateway, ONE, "1")
        pull(gateway, TWO, "2")
        assert gateway.ask("/v2/other/thing/manifests/1").body == ARM.manifest.body
        assert sorted(upstream.tokens.given.values()) == [f"repository:{HELLO}:pull", "repository:other/thing:pull"]
        assert gateway.ask("/v2/nobody/has/this/manifests/1").status == 404


def test_a_client_cannot_lend_us_its_credentials(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path) as gateway:
        gateway.ask(manifest("1"), {"authorization": "Bearer of-somebody"})
        assert all("authorization" not in r.headers for r in upstream.seen())


def test_tokens_that_need_a_password(upstream: OciRegistry, tmp_path: Path) -> None:
    upstream.tokens.on, upstream.tokens.password = True, "somebody:secret"
    with before(upstream, tmp_path) as gateway:
        refused = gateway.ask(manifest("1"))
        assert refused.status == 502
        assert refused.json()["errors"]
    credentialed = {"oci": upstream.url.replace("//", "//somebody:secret@")}
    with Gateway(tmp_path / "other", IMPATIENT, credentialed) as gateway:
        pull(gateway, ONE, "1")
        assert "secret" not in gateway.log()


# ---------------------------------------------------------------- policy, and no upstream


def test_a_withheld_tag(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, access__deny=f"pkg:docker/{HELLO}@2") as gateway:
        told(gateway.ask(manifest("2")), 403, "DENIED", "withheld")
        assert gateway.ask(f"{AT}/tags/list").json()["tags"] == ["1", "all"]
        pull(gateway, ONE, "1")


def test_a_withheld_manifest(upstream: OciRegistry, tmp_path: Path) -> None:
    with before(upstream, tmp_path, access__deny=f"pkg:docker/{HELLO}@{TWO.manifest.digest}") as gateway:
        told(gateway.ask(manifest("2")), 403, "DENIED", "withheld")
        told(gateway.ask(manifest(TWO.manifest.digest)), 403, "DENIED", "deny list")
        pull(gateway, ONE, "1")


def test_a_withheld_repository(upstream: OciRegistry, tmp_path: Path) -> None:
    upstream.push("other/thing", "1", ARM)
    with before(upstream, tmp_path, access__deny=f"pkg:docker/{HELLO}") as gateway:
        for path in (manifest("1"), manifest(ONE.manifest.digest), blob(ONE.digests[1]), f"{AT}/tags/list"):
            told(gateway.ask(path), 403, "DENIED", "deny list")
        assert upstream.seen() == []
        assert gateway.ask("/v2/other/thing/manifests/1").status == 200


def test_without_an_upstream_it_says_how_to_set_one(tmp_path: Path) -> None:
    with Gateway(tmp_path / "data", IMPATIENT, {"oci": "off"}) as gateway:
        assert gateway.ask("/v2/").status == 200
        told(gateway.ask(manifest("1")), 503, "UNAVAILABLE")
    home = tmp_path / "home"
    home.mkdir()
    with Gateway(tmp_path / "other", IMPATIENT, {"npm": "off"}, home=home) as gateway:
        answer = gateway.ask(manifest("1"))
        assert answer.status == 503
        assert "SUBAK_UPSTREAM_OCI" in answer.json()["detail"]
