"""Every kind of warm request, asked through the door and the ordinary way: answers and readings are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from gateway.here import Counting, Here, Told, basic, file_path, raw
from registry.upstream import Registry
from subak.model.reading import Reading

PIP = (
    ("user-agent", 'pip/24.0 {"ci":true,"installer":{"name":"pip","version":"24.0"}}'),
    ("accept-encoding", "gzip, deflate"),
    ("accept", "application/vnd.pypi.simple.v1+json, text/html; q=0.01"),
    ("connection", "keep-alive"),
    ("cache-control", "max-age=0"),
)
NPM = (("user-agent", "npm/10.2.4 node/v20.11.0 linux x64 workspaces/false ci/github-actions"), ("npm-command", "ci"))
SHORT = (("accept", "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"),)
HTML = (("accept", "text/html"),)
JSON = (("accept", "application/vnd.pypi.simple.v1+json"),)
GZIP = (("accept-encoding", "gzip"),)

PAGE, BIG_PAGE, PACKUMENT = "/pypi/simple/small/", "/npm/many", "/npm/left"
TGZ, HUGE = "/npm/left/-/left-1.0.0.tgz", "/npm/huge/-/huge-1.0.0.tgz"
WHEEL, SIDECAR = "{wheel}", "{wheel}.metadata"


@dataclass(frozen=True)
class Row:
    """One conversation on one connection: the request, or several at once."""

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    door: int = 1
    """How many of the answers come from the door."""
    method: str = "GET"
    version: str = "1.1"
    body: bytes = b""
    warm: tuple[tuple[str, str], ...] | None = None
    """Headers that the door has seen; None for the same ones."""
    then: tuple[str, ...] = ()
    """Further paths, pipelined in the same segment."""
    bare: bool = False
    extra: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Headers of this request alone: never those that the door learns from."""

    def __str__(self) -> str:
        named = " ".join(f"{k}={v[:20]}" for k, v in (*self.headers, *self.extra))
        return f"{self.method} {self.path} {named} {self.version} {' '.join(self.then)}".strip()


def extra(path: str, *headers: tuple[str, str], door: int = 1, **more: object) -> Row:
    return Row(path, door=door, extra=headers, **more)  # type: ignore[arg-type]  # fields of a row


ROWS = (
    # ---- documents, in each form and encoding
    Row(PAGE), Row(PAGE, PIP), Row(PAGE, HTML), Row(PAGE, JSON), Row(PAGE, (*JSON, *GZIP)), Row(PAGE, (*HTML, *GZIP)),
    Row(PAGE, method="HEAD"), Row(PAGE, PIP, method="HEAD"), Row("/pypi/simple/"), Row("/pypi/simple/", JSON),
    Row(PACKUMENT), Row(PACKUMENT, NPM), Row(PACKUMENT, (*NPM, *SHORT)), Row(PACKUMENT, (*SHORT, *GZIP)),
    Row(PACKUMENT, method="HEAD"), Row("/npm/@scope%2fthing"), Row("/npm/@scope/thing"), Row("/npm/left/1.0.0"),
    Row(BIG_PAGE), Row(BIG_PAGE, GZIP), Row(BIG_PAGE, method="HEAD"),
    # ---- files: in memory, from disk, with their sidecars
    Row(WHEEL), Row(WHEEL, PIP), Row(WHEEL, method="HEAD"), Row(SIDECAR), Row(SIDECAR, GZIP),
    Row(TGZ), Row(TGZ, NPM), Row(HUGE), Row(HUGE, NPM), Row(HUGE, method="HEAD"),
    # ---- conditions
    *(extra(path, ("if-none-match", tag), door=door) for path in (PAGE, TGZ, HUGE, BIG_PAGE) for tag, door in (
        ("{etag}", 1), ('"other"', 1), ('"a", {etag}', 0), ('"a", "b"', 0), ("W/{etag}", 0), ('W/"x"', 0), ("*", 0),
        ("", 0), ("nonsense", 0), (' "other" ', 1),
    )),
    extra(TGZ, ("if-none-match", "{etag}"), method="HEAD"), extra(HUGE, ("if-none-match", '"x"'), method="HEAD"),
    *(extra(PAGE, ("if-modified-since", date), door=0) for date in (
        "Mon, 06 May 2024 07:08:09 GMT", "Sun, 06 May 2096 07:08:09 GMT", "yesterday",
    )),
    extra(PAGE, ("if-modified-since", "Sun, 06 May 2096 07:08:09 GMT"), ("if-none-match", '"x"')),
    extra(PAGE, ("if-match", '"x"')),
    # ---- ranges
    *(extra(path, *headers, door=0) for path in (TGZ, HUGE, PAGE, WHEEL) for headers in (
        (("range", "bytes=0-9"),), (("range", "bytes=5-"),), (("range", "bytes=-7"),), (("range", "bytes=9-5"),),
        (("range", "bytes=99999999999-"),), (("range", "bytes=0-1,4-5"),), (("range", "lines=1-2"),),
        (("range", "bytes=0-9"), ("if-range", "{etag}")), (("range", "bytes=0-9"), ("if-range", '"other"')),
        (("range", "bytes=0-9"), ("if-none-match", "{etag}")),
    )),
    extra(TGZ, ("if-range", "{etag}")), extra(TGZ, ("range", "bytes=0-9"), method="HEAD", door=0),
    # ---- keys
    Row("/k" + PAGE, (("authorization", "{good}"),)), Row("/k" + TGZ, (("authorization", "Bearer {token}"),)),
    Row("/k" + HUGE, (("authorization", "{good}"),)), Row(PAGE, (("authorization", "{good}"),)),
    Row("/k" + PAGE, door=0, warm=(("authorization", "{good}"),)),
    Row("/k" + TGZ, (("authorization", "{bad}"),), door=0, warm=(("authorization", "{good}"),)),
    Row(TGZ, (("authorization", "{bad}"),), door=0, warm=()),
    Row(TGZ, (("authorization", "Basic bm90Om91cnM="),)),
    # ---- the ways of HTTP
    Row(TGZ, version="1.0", door=0, warm=()), Row(PAGE, (("connection", "keep-alive"),), version="1.0", door=0),
    *(extra(path, ("connection", "close")) for path in (PAGE, TGZ, HUGE)),
    extra(TGZ, ("connection", "close"), method="HEAD"),
    extra(TGZ, ("connection", "close"), ("if-none-match", "{etag}")),
    extra(PAGE, ("accept", "text/html"), ("accept", "application/vnd.pypi.simple.v1+json"), door=0),
    extra(TGZ, ("x-anything", "a"), ("x-anything", "b"), door=0), extra(TGZ, ("x-anything", "a")),
    extra(TGZ, ("content-length", "3"), door=0, body=b"abc"), extra(TGZ, ("content-length", "0"), door=0),
    extra(PAGE, ("transfer-encoding", "chunked"), door=0, body=b"3\r\nabc\r\n0\r\n\r\n"),
    extra(TGZ, ("expect", "100-continue"), door=0), extra(TGZ, ("via", "1.1 other"), door=0),
    extra(TGZ, ("via", "1.1 0123456789ab"), door=0), extra(PAGE, ("via", "1.1 0123456789ab"), door=0),
    extra(TGZ, ("upgrade", "h2c"), ("connection", "upgrade"), door=0), extra(TGZ, ("upgrade", "h2c"), door=1),
    Row(TGZ, (("host", "proxy.example"),)), Row(PAGE, (("host", "proxy.example:8080"),)),
    Row(TGZ, (("host", "evil/../x"),), door=0, warm=()), Row(PAGE, (("host", "a b"),), door=0, warm=()),
    Row(PAGE, (("x-forwarded-prefix", "/x"), ("x-forwarded-host", "h.example"), ("x-forwarded-for", "192.0.2.1"))),
    Row(PAGE + "?x=1", door=0, warm=()), Row(TGZ + "?", door=0, warm=()),
    Row("http://other.example" + TGZ, door=0, warm=()),
    Row(TGZ, method="POST", door=0, warm=()), Row(PAGE, method="DELETE", door=0, warm=()),
    Row("/npm/absent", door=0, warm=()), Row("/pypi/simple/Small/", door=0, warm=()), Row("/-/health", door=0, warm=()),
    # ---- pipelined
    Row(TGZ, then=(PAGE, PACKUMENT), door=3), Row(PAGE, PIP, then=(PAGE,) * 20, door=21),
    Row(TGZ, then=("/npm/absent", PAGE), door=1), Row("/npm/absent", then=(TGZ, PAGE), door=0, warm=None),
    Row(HUGE, then=(TGZ,), door=1), Row(TGZ, then=(HUGE, TGZ, PAGE), door=2), Row(HUGE, then=(HUGE, HUGE), door=1),
    Row(TGZ, method="HEAD", then=(TGZ, HUGE), door=3), extra(TGZ, ("connection", "close"), then=(PAGE,), door=1),
)  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    with Registry() as upstream:
        upstream.add_wheel("small", "1.0", padding=20_000)
        upstream.add_wheel("small", "2.0", ("other>=1",), requires_python=">=3.8", yanked="broken")
        upstream.add_npm("left", "1.0.0", padding=30_000)
        upstream.add_npm("@scope/thing", "1.0.0")
        upstream.add_npm("huge", "1.0.0", padding=3_000_000)
        for number in range(600):
            upstream.add_npm("many", f"1.0.{number}", description=f"{number * 7919}" * 20)
        data = tmp_path_factory.mktemp("both") / "data"
        urls = {"pypi": upstream.pypi_url, "npm": upstream.npm_url}
        with Here(data, urls, cache__hot_item=100_000) as here:
            here.key("alice")
            document = here.ask(PAGE, JSON)
            wheel = file_path(PAGE, document.body)
            for path in ("/pypi/simple/", PACKUMENT, BIG_PAGE, TGZ, HUGE, wheel, wheel + ".metadata"):
                assert here.ask(path).status == 200
            assert here.ask("/npm/@scope%2fthing").status == 200
            yield here


def said(here: Here, row: Row, etag: str) -> tuple[bytes, list[tuple[str, str]]]:
    """The bytes of a row's segment, and the headers that warm it."""
    words = {"{good}": basic("sbk_alice"), "{bad}": basic("sbk_mallory"), "{token}": "sbk_alice", "{etag}": etag}

    def filled(headers: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        result = []
        for name, value in headers:
            for word, meaning in words.items():
                value = value.replace(word, meaning)
            result.append((name, value))
        return result

    warm = filled(row.headers if row.warm is None else row.warm)
    first = raw(
        row.path, here.host, [*filled(row.headers), *filled(row.extra)],
        method=row.method, version=row.version, body=row.body,
    )  # fmt: skip
    return first + b"".join(raw(p, here.host, filled(row.headers)) for p in row.then), warm


def conversation(here: Here, row: Row, data: bytes) -> tuple[list[Told], list[Reading], int]:
    """The answers until the connection ends or all have come, their readings, and how many the door gave."""
    here.skip_readings()
    door = Counting.answered
    with here.connect() as line:
        line.send(data)
        answers = [line.read(bare=row.method == "HEAD")]
        if answers[-1].status == 100:
            answers.append(line.read())
        if "close" in answers[-1]["connection"]:
            assert line.closed()
        else:
            answers += [line.read() for _ in row.then]
            line.send(raw("/-/health", here.host))  # the connection still works
            assert line.read().status == 200
    found = here.next_readings(sum(told.status != 100 for told in answers))
    return answers, found, Counting.answered - door


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_ways_are_the_same(here: Here, row: Row) -> None:
    if "{wheel}" in row.path:
        row = replace(row, path=row.path.replace("{wheel}", file_path(PAGE, here.ask(PAGE, JSON).body)))
    etag = here.ask(row.path)["etag"] if "{etag}" in str(row) else ""
    data, warm = said(here, row, etag)
    here.ask("/-/health")  # whatever came before is remembered by now
    here.house.forget()
    ordinary, written, counted = conversation(here, row, data)
    assert counted == 0
    for path in (row.path, *row.then) if row.warm != () else ():
        if "absent" not in path:
            here.warm(path, warm)
    short, noted, counted = conversation(here, row, data)
    assert counted == row.door
    assert [a.lasting() for a in short] == [a.lasting() for a in ordinary]
    assert [r._replace(at=0, ms=0) for r in noted] == [r._replace(at=0, ms=0) for r in written]
    assert all(r.ms < 5000 for r in noted)


def test_the_rows_prove_something(here: Here) -> None:
    assert sum(row.door for row in ROWS) > 60
    assert here.warm(HUGE).headers
    assert len(here.warm(HUGE).body) > 2_000_000
    assert len(here.warm(BIG_PAGE).body) > 100_000, "a document that is sent from disk"
