"""Every format is recognised among all others, and what its lines mean; no line breaks a reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.logs import formats
from subak.analytics.logs.combined import LONGEST
from subak.analytics.logs.event import Event, Fields
from subak.errors import BadRequest

AT = 1791187206.0


@dataclass(frozen=True)
class Row:
    format: str
    line: str
    want: dict[str, object]


def tabs(line: str) -> str:
    return "\t".join(line.split())


ROWS = [
    Row(
        "combined",
        '192.0.2.9 - jo [05/Oct/2026:08:00:06 +0000] "GET /a HTTP/1.1" 200 5 "-" "uv/0.9"',
        {"client": "192.0.2.9", "username": "jo", "agent": "uv/0.9"},
    ),
    Row(
        "cloudfront",
        tabs(
            "2026-10-05 08:00:06 ZRH50-C1 20890 203.0.113.9 GET d0.cdn.example /crates/d%2520o/d-1.crate 200 - "
            "cargo%25201.93.0 v=1 - RefreshHit abc== Static.example https 60 0.011 - TLSv1.3 AES Hit "
            "HTTP/2.0 - - 50123 0.010 "
            "Hit application/gzip 20311 - -"
        ),
        {
            "client": "203.0.113.9",
            "host": "static.example",
            "target": "/crates/d%20o/d-1.crate?v=1",
            "sent": 20890,
            "agent": "cargo 1.93.0",
            "cache": "revalidated",
            "ms": 11.0,
            "status": 200,
        },
    ),
    Row(
        "json",
        '<134>2026-10-05T08:00:03Z cache-1 logs[7]: {"bytes":20311,"date_time":"2026-10-05T08:00:06.000Z","host":"x",'
        '"http":{"protocol":"HTTP/2","referer":null,"useragent":"cargo/1.93.0 (abc)"},'
        '"ip":"198.51.100.7","method":"GET",'
        '"status":200,"url":"https://static.example/crates/demo/1.2.3/download","version":"1"}',
        {
            "client": "198.51.100.7",
            "target": "/crates/demo/1.2.3/download",
            "agent": "cargo/1.93.0 (abc)",
            "sent": 20311,
        },
    ),
    Row(
        "json",
        '{"bytes":36308,"date_time":"2026-10-05T08:00:06Z","ip":"192.0.2.7","method":"GET","status":"200",'
        '"url":"https://static.example/a","version":"1"}',
        {"host": "static.example", "status": 200, "agent": ""},
    ),
    Row(
        "json",
        '{"level":"info","ts":1791187206.0,"logger":"http.log.access","request":{"remote_ip":"192.0.2.30","method":"GET",'
        '"host":"Mirror.example:443","uri":"/npm/demo","headers":{"User-Agent":["pnpm/10.1"],"Npm-Session":["9f8e"]}},'
        '"user_id":"","duration":0.0021,"size":5120,"status":200,"resp_headers":{}}',
        {
            "client": "192.0.2.30",
            "host": "mirror.example",
            "agent": "pnpm/10.1",
            "ms": 2.1,
            "session": "9f8e",
            "sent": 5120,
        },
    ),
    Row(
        "json",
        '{":authority":"index.example","bytes_sent":8123,"downstream_remote_address":"203.0.113.40:5000","duration":12,'
        '"method":"GET","response_code":200,"start_time":"2026-10-05T08:00:06.000Z","user-agent":"uv/0.9.9",'
        '"x-envoy-origin-path":"/simple/demo/"}',
        {"client": "203.0.113.40", "host": "index.example", "target": "/simple/demo/", "ms": 12.0, "sent": 8123},
    ),
    Row(
        "json",
        '{"ClientHost":"192.0.2.3","DownstreamContentSize":7,"DownstreamStatus":200,"Duration":2000000,"RequestMethod":"GET",'
        '"RequestHost":"a.example","RequestPath":"/x","StartUTC":"2026-10-05T08:00:06Z","request_User-Agent":"npm/11"}',
        {"client": "192.0.2.3", "ms": 2.0, "agent": "npm/11", "sent": 7},
    ),
    Row(
        "json",
        '{"EdgeStartTimestamp":1791187206000000000,"ClientIP":"2001:db8::1","ClientRequestMethod":"GET",'
        '"ClientRequestHost":"a.example","ClientRequestURI":"/x?y","EdgeResponseStatus":200,"EdgeResponseBytes":9,'
        '"ClientRequestUserAgent":"u","CacheCacheStatus":"hit"}',
        {"client": "2001:db8::1", "cache": "hit", "target": "/x?y"},
    ),
    Row(
        "json",
        r'{"time_iso8601":"2026-10-05T08:00:06+00:00","remote_addr":"192.0.2.4","request":"GET /a?b=1 HTTP/1.1",'
        r'"status":"304","body_bytes_sent":"0","http_user_agent":"pip/26 {\x22ci\x22:true,\x22x\x22:\x22\xc3\xa9\x22}",'
        r'"request_time":"0.005","upstream_cache_status":"MISS","http_npm_session":"ab"}',
        {
            "method": "GET",
            "target": "/a?b=1",
            "status": 304,
            "sent": 0,
            "agent": 'pip/26 {"ci":true,"x":"é"}',
            "ms": 5.0,
            "cache": "miss",
            "session": "ab",
        },
    ),
    Row(
        "json",
        '{"@timestamp":"2026-10-05T08:00:06Z","client_ip":"192.0.2.4","uri":"/a","args":"b=1","status":200,"bytes":3.0}',
        {"target": "/a?b=1", "sent": 3},
    ),
    Row(
        "syslog",
        "<134>2026-10-05T08:00:07Z cache-fra1 downloads[42]: 192.0.2.10 Mon, 05 Oct 2026 08:00:06 GMT "
        "/bucket.example/gems/demo-2.1.0.gem 200 bundler/2.6.1 (x86_64) ci/github,ci 0f1e2d3c4b5a6978",
        {
            "client": "192.0.2.10",
            "host": "bucket.example",
            "target": "/gems/demo-2.1.0.gem",
            "method": "",
            "sent": -1,
            "agent": "bundler/2.6.1 (x86_64) ci/github,ci 0f1e2d3c4b5a6978",
        },
    ),
    Row(
        "artifactory",
        '2026-10-05T08:00:06.000Z|7c1d|192.0.2.60|ci-bot|GET|/api/pypi/r/a.whl|200|-1|90211|34|pip/26 {"a|b":1}',
        {"client": "192.0.2.60", "username": "ci-bot", "sent": 90211, "ms": 34.0, "agent": 'pip/26 {"a|b":1}'},
    ),
    Row(
        "artifactory",
        "2026-10-05T08:00:06.000Z|7c1d|remote|jo|GET|https://files.example/a.whl|200|-1|90211|34",
        {"client": "", "host": "files.example", "target": "/a.whl", "cache": "miss"},
    ),
    Row(
        "artifactory",
        "20261005080006|34|REQUEST|192.0.2.60|anonymous|GET|/libs/a.jar|HTTP/1.1|200|90211",
        {"client": "192.0.2.60", "username": "", "target": "/libs/a.jar", "ms": 34.0, "sent": 90211},
    ),
    Row(
        "nexus",
        '192.0.2.61 - deploy [05/Oct/2026:08:00:06 +0000] "GET /r/a.jar HTTP/1.1" 200 - 81233 9 '
        '"Apache-Maven/3.9 (x)" [q-1]',
        {"username": "deploy", "sent": 81233, "ms": 9.0, "agent": "Apache-Maven/3.9 (x)"},
    ),
    Row(
        "squid",
        "1791187206.000     12 192.0.2.50 TCP_MEM_HIT/200 90211 GET https://files.example/a.whl - "
        "HIER_NONE/- application/zip",
        {"client": "192.0.2.50", "host": "files.example", "target": "/a.whl", "cache": "hit", "ms": 12.0},
    ),
    Row(
        "alb",
        "h2 2026-10-05T08:00:06.000000Z app/reg/1 198.51.100.70:40001 10.0.0.5:80 0.000 0.004 0.000 200 200 90 5121 "
        '"GET https://reg.example:443/simple/demo/ HTTP/2.0" "uv/0.9.9" AES TLSv1.3 arn:x "Root=1-a" '
        '"reg.example" "arn:y" 0 '
        '2026-10-05T08:00:12.996000Z "forward" "-" "-" "10.0.0.5:80" "200" "-" "-" TID_1',
        {"client": "198.51.100.70", "host": "reg.example", "target": "/simple/demo/", "ms": 4.0, "sent": 5121},
    ),
    Row(
        "s3",
        'own bkt [05/Oct/2026:08:00:06 +0000] 203.0.113.80 - R1 REST.GET.OBJECT files/a.whl "GET '
        '/files/a.whl HTTP/1.1" 200 - '
        '90211 90211 15 12 "-" "bandersnatch/6.6.0 {"x" "y"}" - H= SigV4 - - bkt.s3.example TLSv1.3 - -',
        {
            "client": "203.0.113.80",
            "host": "bkt.s3.example",
            "agent": 'bandersnatch/6.6.0 {"x" "y"}',
            "ms": 15.0,
            "referer": "",
        },
    ),
    Row(
        "vhost",
        'reg.example:443 192.0.2.9 - - [05/Oct/2026:08:00:06 +0000] "GET /a HTTP/1.1" 200 5 "-" "uv/0.9"',
        {"host": "reg.example", "client": "192.0.2.9", "agent": "uv/0.9"},
    ),
    Row(
        "envoy",
        '[2026-10-05T08:00:06.000Z] "GET /simple/demo/ HTTP/2" 200 - 0 8123 12 11 "10.0.0.1, '
        '203.0.113.40" "uv/0.9.9" "2b1c" '
        '"index.example" "10.0.0.3:8080"',
        {"client": "203.0.113.40", "host": "index.example", "agent": "uv/0.9.9", "sent": 8123, "ms": 12.0},
    ),
    Row(
        "linehaul",
        'download|Mon, 05 Oct 2026 08:00:06 GMT|CH|/packages/a.whl|TLSv1.3|AES|demo|1.4.0|bdist_wheel|pip/26 {"a|b":1}',
        {"client": "", "target": "/packages/a.whl", "agent": 'pip/26 {"a|b":1}', "status": 0},
    ),
    Row(
        "npm",
        '2026-10-05T08:00:06Z 192.0.2.11 "-" "GET /demo/-/demo-1.0.0.tgz" 200 "npm/11.21.2 '
        'ci/github-actions/dotcom-hosted" '
        '"install demo" "9f8e7d6c5b4a3921" "HIT" "-" "cache-zrh1"',
        {
            "client": "192.0.2.11",
            "method": "GET",
            "target": "/demo/-/demo-1.0.0.tgz",
            "referer": "install demo",
            "cache": "hit",
            "session": "9f8e7d6c5b4a3921",
            "agent": "npm/11.21.2 ci/github-actions/dotcom-hosted",
            "sent": -1,
        },
    ),
    Row(
        "haproxy",
        "203.0.113.41:50112 [05/Oct/2026:08:00:06.000] fe~ be/s1 0/0/1/7/8 200 9123 - - ---- 3/3/0/0/0 0/0 "
        '{pip/26.0 #7B#22ci#22:true#7D|idx.example} "GET /simple/demo/ HTTP/1.1"',
        {
            "client": "203.0.113.41",
            "host": "idx.example",
            "target": "/simple/demo/",
            "sent": 9123,
            "ms": 8.0,
            "cache": "",
            "agent": 'pip/26.0 {"ci":true}',
        },
    ),
    Row(
        "haproxy",
        "Oct  5 08:00:09 lb haproxy[12]: 2001:db8::1:50112 [05/Oct/2026:08:00:06.000] fe be/<CACHE> "
        "0/-1/-1/-1/+8 -1 +91 - - "
        'CD-- 3/3/0/0/+0 0/0 "<BADREQ>"',
        {"client": "2001:db8::1", "status": 499, "target": "<BADREQ>", "cache": "hit", "sent": 91},
    ),
    Row(
        "wrapped",
        '<190>Oct  5 08:00:09 web nginx: 192.0.2.9 - jo [05/Oct/2026:08:00:06 +0000] "GET /a HTTP/1.1" '
        '200 5 "-" "uv/0.9"',
        {"client": "192.0.2.9", "username": "jo"},
    ),
    Row(
        "wrapped",
        '{"log":"192.0.2.9 - jo [05/Oct/2026:08:00:06 +0000] \\"GET /a HTTP/1.1\\" 200 5 \\"-\\" \\"uv/0.9\\"\\n",'
        '"stream":"stdout","time":"2026-10-05T08:00:07Z"}',
        {"client": "192.0.2.9", "username": "jo", "agent": "uv/0.9"},
    ),
    Row(
        "envoy",
        '[2026-10-05T08:00:06.000Z] "GET /a HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/8.7" '
        '"8496" "h.example:8000" '
        '"127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 out default',
        {"client": "10.44.1.23", "host": "h.example", "sent": 135},
    ),
    Row(
        "cloudfront",
        "1791187206.000 192.0.2.4 0.001 200 77 GET https x.example /a 50 ZRH50-C1 id X.example 0.002 HTTP/2.0 IPv4 "
        "uv/1%2520a - - v=1 Hit - TLSv1.3 AES Hit -".replace(" ", "\t"),
        {"client": "192.0.2.4", "host": "x.example", "agent": "uv/1 a", "ms": 2.0, "cache": "hit", "target": "/a?v=1"},
    ),
    Row(
        "cloudfront",
        "2026-10-05 08:00:06 ZRH50-C1 20890 203.0.113.9 GET d0.cdn.example /crates/d.crate 200 - cargo%25201.93.0 - - "
        "Hit abc== static.example https 60 0.011",
        {"agent": "cargo 1.93.0", "host": "static.example"},
    ),
    Row(
        "json",
        '{"date":"2026-10-05","time":"08:00:06","x-edge-location":"ZRH50-P2","sc-bytes":"12","c-ip":"192.0.2.4","cs-method":"GET",'
        '"cs(Host)":"d.example","cs-uri-stem":"/a%2520b","sc-status":"000","cs(User-Agent)":"uv/1%2520x","x-edge-result-type":"Hit"}',
        {"host": "d.example", "target": "/a%20b", "agent": "uv/1 x", "sent": 12, "cache": "hit", "status": 499},
    ),
    Row(
        "readings",
        '{"at":1791187206.0,"method":"GET","status":200,"sent":5,"fetched":0,"origin":"hit","ms":1.5,"rule":"","error":"",'
        '"ecosystem":"npm","kind":"artifact","purl":"pkg:npm/a@1","consumer":"addr:1","tier":"t","agent":"npm",'
        '"agent_version":"11","ci":true}',
        {
            "target": "pkg:npm/a@1",
            "host": "npm",
            "referer": "artifact",
            "client": "addr:1",
            "agent": "npm/11 ci",
            "cache": "hit",
        },
    ),
]

W3C: Fields = (
    "date",
    "time",
    "s-ip",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "c-ip",
    "cs(user-agent)",
    "sc-status",
    "sc-bytes",
    "time-taken",
)
W3C_LINE = "2026-10-05 08:00:06 10.0.0.1 GET /a x=1 192.0.2.5 NuGet+Client/6 200 77 15"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.format)
def test_what_a_line_means(row: Row) -> None:
    assert formats.recognise([row.line.encode()]).name == row.format
    form = formats.by_name(row.format)
    assert form
    event = formats.parse(form, row.line.encode() + b"\r", ())
    assert isinstance(event, Event), event
    assert event.at == pytest.approx(AT)
    assert {name: getattr(event, name) for name in row.want} == row.want
    assert formats.rescue(row.line.encode(), ()) == event


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.format)
def test_no_other_format_takes_it(row: Row) -> None:
    takes = {f.name for f in formats.FORMATS if isinstance(formats.parse(f, row.line.encode(), ()), Event)}
    assert takes == {row.format}


@pytest.mark.parametrize(
    "head", ["<190>1 2026-10-05T08:00:07Z web nginx 12 - - ", "2026-10-05T08:00:07.123456789Z stdout F "]
)
def test_a_head_is_not_taken_for_an_address(head: str) -> None:
    line = (head + ROWS[0].line).encode()
    form = formats.recognise([line])
    assert form.name == "wrapped"
    event = formats.parse(form, line, ())
    assert isinstance(event, Event)
    assert (event.client, event.username) == ("192.0.2.9", "jo")


def test_w3c_needs_its_header() -> None:
    head = (
        b"#Software: X\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) "
        b"sc-status sc-bytes time-taken"
    )
    assert formats.recognise([*head.split(b"\n"), W3C_LINE.encode()]).name == "w3c"
    form = formats.by_name("w3c")
    assert form
    assert formats.parse(form, W3C_LINE.encode(), ()) == "no #Fields line yet"
    assert formats.parse(form, W3C_LINE.encode(), W3C) == Event(
        AT, "192.0.2.5", "GET", "", "/a?x=1", 200, 77, "NuGet Client/6", ms=15.0
    )
    assert isinstance(formats.parse(form, W3C_LINE.encode(), W3C[:-1]), str)


def test_the_format_that_takes_most_lines_wins() -> None:
    lines = [ROWS[0].line.encode(), *[row.line.encode() for row in ROWS if row.format == "json"], b"\0", b"x" * 10**6]
    assert formats.recognise(lines).name == "json"
    assert formats.recognise([b"what", b"ever"]) is formats.UNKNOWN
    assert formats.recognise([]) is formats.UNKNOWN


def test_names() -> None:
    assert formats.by_name("auto") is None
    assert len({f.name for f in formats.FORMATS}) == len(formats.FORMATS)
    with pytest.raises(BadRequest, match="did you mean 'combined'"):
        formats.by_name("combind")
    with pytest.raises(BadRequest, match="known: auto"):
        formats.by_name("zzz")


def test_every_format_stands_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "log-formats.md").read_text("utf-8")
    assert [form.name for form in formats.FORMATS if f"| `{form.name}` |" not in page] == []


def test_lines_that_cannot_be_text() -> None:
    for line, reason in ((b"a\0b", "NUL"), (b"x" * (LONGEST + 1), "longer than")):
        assert reason in str(formats.parse(formats.FORMATS[0], line, ()))
        assert formats.rescue(line, ()) == "no known format"


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    line = draw(st.sampled_from([row.line.encode() for row in ROWS] + [W3C_LINE.encode()]))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(line)))
        end = at + draw(st.integers(0, 12))
        line = (
            line[:at]
            + draw(st.binary(max_size=6) | st.sampled_from([b'"', b"\\", b"|", b"\t", b"{", b"[]", b"9" * 30, b"null"]))
            + line[end:]
        )
    return line


@settings(max_examples=400, deadline=None)
@given(mangled() | st.binary(max_size=300))
def test_no_line_breaks_a_reader(line: bytes) -> None:
    for form in formats.FORMATS:
        for header in ((), W3C):
            got = formats.parse(form, line, header)
            if isinstance(got, str):
                assert got
            else:
                assert 0 <= got.at < 1e11
                assert 0 <= got.status < 1000
                assert -1 <= got.sent < 2**63
                assert "\0" not in got.target + got.agent + got.client + got.referer
                assert (got.target + got.agent + got.referer + got.username + got.host).encode()


@pytest.mark.parametrize(
    "filler", ['" "', '"', "\\", " ", '\\"', '[05/Oct/2026:08:00:06 +0000] "', "|", "\t", "{", "1.", "a "]
)
def test_no_long_line_takes_long(filler: str) -> None:
    """Each takes milliseconds; one that went over the line again and again would take minutes (time-out)."""
    for row in ROWS:
        for at in (0, len(row.line) // 2, len(row.line)):
            line = row.line[:at] + filler * (50_000 // len(filler)) + row.line[at:]
            for form in formats.FORMATS:
                formats.parse(form, line.encode(), ())
