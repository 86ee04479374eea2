"""The Python registry as its clients see it through the gateway, over plain HTTP."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from e2e.asking import Answer, ask
from e2e.running import IMPATIENT, Gateway
from e2e.scene import eventually
from registry.python_index import provenance
from registry.upstream import Registry

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PIP = f"{JSON}, {HTML}; q=0.1, text/html; q=0.01"
UV = f"{JSON}, {HTML};q=0.2, text/html;q=0.01"
POETRY = f"{JSON}, */*;q=0.1"


def stock(upstream: Registry) -> None:
    upstream.add_wheel("a", "1.0", ("b",), padding=30_000, provenance=True, requires_python=">=3.8,<4")
    upstream.add_wheel(
        "a", "1.1", ("b",), yanked='broken <build> & "quotes"', upload_time="2025-01-02T03:04:05.000001Z"
    )
    upstream.add_wheel("a", "2.0rc1", yanked=True, extra={"x-unknown": {"kept": [1]}})
    upstream.add_sdist("a", "1.0")
    upstream.add_wheel("b", "1.0")
    upstream.add_wheel("Some.Long_Name", "0.1+local.1")
    project = upstream.python.project("a")
    project.status, project.reason = "deprecated", "use b"
    project.extra["alternate-locations"] = []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, Gateway]]:
    with Registry() as upstream:
        stock(upstream)
        data = tmp_path_factory.mktemp("pypi") / "data"
        with Gateway(data, IMPATIENT, {"pypi": upstream.pypi_url, "npm": upstream.npm_url}) as gateway:
            yield upstream, gateway


def page(gateway: Gateway, name: str, accept: str = PIP, **headers: str) -> Answer:
    return gateway.ask(f"/pypi/simple/{name}/", {"accept": accept, **headers})


def rows(gateway: Gateway, name: str) -> list[dict[str, Any]]:
    """The files of a project, their URLs made absolute."""
    answer = page(gateway, name)
    assert answer.status == 200, answer
    base = f"{gateway.url}/pypi/simple/{name}/"
    return [{**row, "url": urljoin(base, row["url"]).partition("#")[0]} for row in answer.json()["files"]]


def row(gateway: Gateway, name: str, filename: str) -> dict[str, Any]:
    return next(r for r in rows(gateway, name) if r["filename"] == filename)


A10 = "a-1.0-py3-none-any.whl"


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/html"),
        (PIP, JSON),
        (UV, JSON),
        (POETRY, JSON),
        ("text/html", "text/html"),
        ("*/*", "text/html"),
        (HTML, HTML),
        ("application/vnd.pypi.simple.latest+json", JSON),
        ("application/vnd.pypi.simple.latest+html", HTML),
        (f"text/html, {JSON};q=0.5", "text/html"),
        (f"{JSON};q=0, text/html;q=0.1", "text/html"),
        (f"{JSON};q=0.1, {HTML};q=0.9", HTML),
        ("application/json", "text/html"),
        ("image/png", "text/html"),
    ],
)
def test_negotiation(world: tuple[Registry, Gateway], accept: str, content_type: str) -> None:
    _, gateway = world
    answer = gateway.ask("/pypi/simple/a/", {"accept": accept} if accept else {})
    assert answer.status == 200
    assert answer["content-type"].partition(";")[0] == content_type
    assert "accept" in answer["vary"].lower()
    is_json = answer.body.lstrip().startswith(b"{")
    assert is_json == (content_type == JSON)


def test_each_representation_has_its_own_validator(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    as_json, as_html = page(gateway, "a"), page(gateway, "a", "text/html")
    assert as_json["etag"]
    assert as_html["etag"]
    assert as_json["etag"] != as_html["etag"]
    same = page(gateway, "a", **{"if-none-match": as_json["etag"]})
    assert (same.status, same.body, same["etag"]) == (304, b"", as_json["etag"])
    assert "accept" in same["vary"].lower()
    assert page(gateway, "a", **{"if-none-match": as_html["etag"]}).status == 200
    assert page(gateway, "a", **{"if-none-match": f'"x", W/{as_json["etag"]}'}).status == 304
    assert page(gateway, "a", **{"if-none-match": "*"}).status == 304


def test_pages_may_be_kept_ten_minutes_at_most(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    directives = dict(d.strip().partition("=")[::2] for d in page(gateway, "a")["cache-control"].split(","))
    assert 0 <= int(directives["max-age"]) <= 600


def test_page_says_where_it_came_from(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    page(gateway, "a")
    answer = page(gateway, "a")
    assert answer["x-subak-cache"] == "hit"
    assert answer["x-request-id"]
    assert answer["via"].startswith("1.1 ")


def test_json_passes_everything_through(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    theirs = upstream.python.detail_json(upstream.python.projects["a"])
    ours = page(gateway, "a").json()
    assert {**ours, "files": []} == {**theirs, "files": []}
    for mine, true in zip(ours["files"], theirs["files"], strict=True):  # type: ignore[call-overload]
        moved = ("url", "provenance")
        assert {k: v for k, v in mine.items() if k not in moved} == {k: v for k, v in true.items() if k not in moved}
        assert mine["url"].partition("#")[0].endswith("/" + true["filename"])
        assert bool(mine["provenance"]) == bool(true["provenance"])


def test_html_says_what_json_says(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    first, second, third, sdist = upstream.python.projects["a"].files
    text = page(gateway, "a", "text/html").body.decode()
    assert 'name="pypi:repository-version" content="1.' in text
    assert 'name="pypi:project-status" content="deprecated"' in text
    assert 'data-requires-python="&gt;=3.8,&lt;4"' in text
    assert 'data-yanked="broken &lt;build&gt; &amp; &quot;quotes&quot;"' in text
    digest = hashlib.sha256(first.metadata).hexdigest()
    assert f'data-core-metadata="sha256={digest}"' in text
    assert f'data-dist-info-metadata="sha256={digest}"' in text
    assert "data-provenance=" in text
    for file in (first, second, third, sdist):
        assert f"{file.filename}#sha256={file.sha256}" in text


def test_every_link_leads_here(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    for accept in (PIP, "text/html"):
        body = page(gateway, "a", accept).body.decode()
        for url in (upstream.files_url, upstream.python.index_url):
            assert url not in body
    for file in rows(gateway, "a"):
        assert file["url"].startswith(gateway.url + "/pypi/")
        assert not urlsplit(file["url"]).query


def test_project_list(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = gateway.ask("/pypi/simple/", {"accept": PIP})
    assert answer.status == 200
    assert {p["name"] for p in answer.json()["projects"]} >= {"a", "b", "some-long-name"}
    text = gateway.ask("/pypi/simple/").body.decode()
    assert ">some-long-name</a>" in text


@pytest.mark.parametrize("path", ["A", "a", "A/", "Some.Long_Name", "some--long__name/", "SOME_long-name/"])
def test_other_spellings_lead_to_the_normalised_one(world: tuple[Registry, Gateway], path: str) -> None:
    _, gateway = world
    answer = gateway.ask(f"/pypi/simple/{path}", {"accept": PIP})
    normal = "a" if path.lower().startswith("a") else "some-long-name"
    if answer.status != 200:
        assert answer.status in (301, 308)
        assert (
            urlsplit(urljoin(f"{gateway.url}/pypi/simple/{path}", answer["location"])).path == f"/pypi/simple/{normal}/"
        )
    else:
        assert answer.json()["name"] == normal


def test_unknown_project(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = page(gateway, "nobody-has-this")
    assert answer.status == 404
    assert answer["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert {"type", "title", "status", "detail"} <= set(problem)
    assert problem["status"] == 404


def test_head_of_a_page(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    whole = page(gateway, "a")
    head = gateway.ask("/pypi/simple/a/", {"accept": PIP}, method="HEAD")
    assert (head.status, head.body, head["etag"]) == (200, b"", whole["etag"])
    assert head["content-length"] in ("", str(len(whole.body)))


def test_compression_is_announced(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    answer = page(gateway, "a", **{"accept-encoding": "gzip"})
    body = gzip.decompress(answer.body) if answer["content-encoding"] == "gzip" else answer.body
    assert json.loads(body)["name"] == "a"
    if answer["content-encoding"]:
        assert "accept-encoding" in answer["vary"].lower()


# ---------------------------------------------------------------- files


def test_files_are_theirs_byte_for_byte(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    for file in upstream.python.projects["a"].files:
        answer = ask(row(gateway, "a", file.filename)["url"], "", {"accept-encoding": "gzip, deflate"})
        assert (answer.status, answer.complete) == (200, True)
        assert answer.body == file.body
        assert int(answer["content-length"]) == len(file.body)
        assert answer["accept-ranges"] == "bytes"
        assert answer["etag"].startswith('"')
        assert not answer["content-encoding"]
        assert not answer["transfer-encoding"]


def test_second_time_nobody_is_asked(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    upstream.add_wheel("unasked", "1.0")
    url = rows(gateway, "unasked")[0]["url"]
    first = ask(url, "")
    upstream.forget()
    assert first["x-subak-cache"] == "miss"
    eventually(lambda: ask(url, "")["x-subak-cache"] == "hit")
    assert upstream.count() == 0


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-10000", -10000, None), ("bytes=7-99999999", 7, None)],
)
def test_ranges(tmp_path: Path, warm: bool, wanted: str, first: int, last: int | None) -> None:
    with Registry() as upstream:
        file = upstream.add_wheel("a", "1.0", padding=30_000)
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            url = rows(gateway, "a")[0]["url"]
            if warm:
                ask(url, "")
            answer = ask(url, "", {"range": wanted})
            expected = file.body[first : None if last is None else last + 1]
            assert (answer.status, answer.body) == (206, expected)
            begin = len(file.body) - len(expected) if first < 0 else first
            end = begin + len(expected) - 1
            assert answer["content-range"] == f"bytes {begin}-{end}/{len(file.body)}"
            assert int(answer["content-length"]) == len(expected)
            assert ask(url, "").body == file.body


def test_range_beyond_the_end(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    url = row(gateway, "a", A10)["url"]
    size = len(ask(url, "").body)
    answer = ask(url, "", {"range": f"bytes={size}-"})
    assert answer.status == 416
    assert answer["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "wanted", ["bytes=9-3", "bytes=", "bytes=-", "bytes=a-b", "lines=0-9", "bytes=0-9,20-29", "bytes=-0"]
)
def test_odd_ranges_never_break(world: tuple[Registry, Gateway], wanted: str) -> None:
    """RFC 9110 §14.2: a range that is invalid or of another unit is ignored; many ranges may be."""
    _, gateway = world
    url = row(gateway, "a", A10)["url"]
    whole = ask(url, "").body
    answer = ask(url, "", {"range": wanted})
    assert answer.status in (200, 206, 416)
    assert answer.complete
    if answer.status == 200:
        assert answer.body == whole


def test_if_range(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    url = row(gateway, "a", A10)["url"]
    whole = ask(url, "")
    assert ask(url, "", {"range": "bytes=0-9", "if-range": whole["etag"]}).status == 206
    assert ask(url, "", {"range": "bytes=0-9", "if-range": '"other"'}).status == 200


def test_head_and_304_of_a_file(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    file = upstream.python.projects["a"].files[0]
    url = row(gateway, "a", A10)["url"]
    head = ask(url, "", method="HEAD")
    assert (head.status, int(head["content-length"]), head["accept-ranges"]) == (200, len(file.body), "bytes")
    assert ask(url, "", {"if-none-match": head["etag"]}).status == 304


def test_head_of_a_cold_file_tells_its_length(tmp_path: Path) -> None:
    """pip's fast-deps and uv begin a lazy wheel with HEAD."""
    with Registry() as upstream:
        file = upstream.add_wheel("a", "1.0", padding=30_000, sidecar=False)
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            head = ask(rows(gateway, "a")[0]["url"], "", method="HEAD")
            assert (head.status, int(head["content-length"]), head["accept-ranges"]) == (200, len(file.body), "bytes")


def test_lock_files_ask_for_files_first(tmp_path: Path) -> None:
    """A file's URL works on a gateway that has never seen the project's page."""
    with Registry() as upstream:
        file = upstream.add_wheel("a", "1.0")
        urls = {"pypi": upstream.pypi_url}
        with Gateway(tmp_path / "one", IMPATIENT, urls) as gateway:
            path = urlsplit(rows(gateway, "a")[0]["url"]).path
        with Gateway(tmp_path / "two", IMPATIENT, urls) as gateway:
            assert gateway.ask(path).body == file.body
            assert gateway.ask(path + ".metadata").body == file.metadata


# ---------------------------------------------------------------- sidecars, provenance


def test_sidecars(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    mine = row(gateway, "a", A10)
    answer = ask(mine["url"] + ".metadata", "")
    assert answer.body == upstream.python.projects["a"].files[0].metadata
    digest = hashlib.sha256(answer.body).hexdigest()
    assert mine["core-metadata"] == mine["data-dist-info-metadata"] == {"sha256": digest}


def test_a_file_without_sidecar_announces_none(world: tuple[Registry, Gateway]) -> None:
    _, gateway = world
    assert not row(gateway, "a", "a-1.0.tar.gz").get("core-metadata")
    assert not row(gateway, "a", "a-1.0.tar.gz").get("data-dist-info-metadata")


def test_sidecars_are_never_announced_and_then_missing(tmp_path: Path) -> None:
    """pip and uv give up when an announced sidecar answers 404: served from the wheel, or not announced."""
    with Registry() as upstream:
        file = upstream.add_wheel("a", "1.0")
        upstream.python.forgotten_sidecars.add(file.filename)
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            mine = rows(gateway, "a")[0]
            if mine.get("core-metadata"):
                answer = ask(mine["url"] + ".metadata", "")
                assert (answer.status, answer.body) == (200, file.metadata)


def test_provenance(world: tuple[Registry, Gateway]) -> None:
    upstream, gateway = world
    url = row(gateway, "a", A10)["provenance"]
    assert url.startswith(gateway.url + "/pypi/integrity/")
    answer = ask(url, "", {"accept": "application/vnd.pypi.integrity.v1+json"})
    assert answer.status == 200
    assert answer["content-type"].startswith("application/vnd.pypi.integrity.v1+json")
    assert answer.json() == provenance(upstream.python.projects["a"].files[0])
    assert gateway.ask("/pypi/integrity/b/1.0/b-1.0-py3-none-any.whl/provenance").status == 404


# ---------------------------------------------------------------- bare mirrors, other hosts


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[Registry, Callable[..., Gateway]]]:
    with Registry(stripped=True) as upstream:
        upstream.add_wheel("a", "1.0", ("b",), requires_python=">=3.8")
        upstream.add_wheel("a", "1.1", yanked="broken")
        yield upstream, lambda **s: Gateway(tmp_path / "data", {**IMPATIENT, **s}, {"pypi": upstream.pypi_url})


def test_bare_mirror(bare: tuple[Registry, Callable[..., Gateway]]) -> None:
    upstream, begin = bare
    with begin() as gateway:
        answer = page(gateway, "a")
        assert answer["content-type"] == JSON
        document = answer.json()
        assert document["name"] == "a"
        assert [f["filename"] for f in document["files"]] == [A10, "a-1.1-py3-none-any.whl"]
        for file in document["files"]:
            assert "upload-time" not in file
            assert not file.get("core-metadata")
        assert document["files"][0]["requires-python"] == ">=3.8"
        assert document["files"][1]["yanked"] == "broken"
        assert document["files"][0]["hashes"]["sha256"] == upstream.python.projects["a"].files[0].sha256
        assert ask(rows(gateway, "a")[0]["url"], "").body == upstream.python.projects["a"].files[0].body
        assert page(gateway, "a", "text/html").status == 200


def test_bare_mirror_unchanged_pages_keep_their_validator(bare: tuple[Registry, Callable[..., Gateway]]) -> None:
    upstream, begin = bare
    with begin(**{"cache.fresh": "0.01ms", "cache.revalidate_behind": "0"}) as gateway:
        first = page(gateway, "a")
        second = page(gateway, "a", **{"if-none-match": first["etag"]})
        assert second.status == 304
        assert upstream.count("/simple/a/") == 2


def test_file_host_may_be_another_name(tmp_path: Path) -> None:
    with Registry(file_host="localhost") as upstream:
        file = upstream.add_wheel("a", "1.0")
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            assert ask(rows(gateway, "a")[0]["url"], "").body == file.body


def test_unpinned_files_keep_the_digest_first_seen(tmp_path: Path) -> None:
    """An index without hashes: whatever came first is what stays."""
    with Registry() as upstream:
        file = upstream.add_wheel("a", "1.0", hashes={}, sidecar=False)
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            url = rows(gateway, "a")[0]["url"]
            assert ask(url, "").body == file.body
            file.hashes = {}
            assert ask(url, "").body == file.body
            eventually(lambda: file.sha256 in gateway.blobs())


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha384", "sha512"])
def test_other_digests_are_pins_too(tmp_path: Path, algorithm: str) -> None:
    with Registry() as upstream:
        good = upstream.add_wheel("a", "1.0")
        good.hashes = {algorithm: hashlib.new(algorithm, good.body).hexdigest()}
        bad = upstream.add_wheel("b", "1.0", hashes={algorithm: hashlib.new(algorithm, b"other").hexdigest()})
        with Gateway(tmp_path / "data", IMPATIENT, {"pypi": upstream.pypi_url}) as gateway:
            assert ask(rows(gateway, "a")[0]["url"], "").body == good.body
            answer = ask(rows(gateway, "b")[0]["url"], "")
            assert answer.status == 502 or not answer.complete
            assert bad.sha256 not in gateway.blobs()
