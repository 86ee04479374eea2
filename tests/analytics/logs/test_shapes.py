"""Formats of one regular shape: their variants, and what is refused. Whole lines stand in test_formats."""

from __future__ import annotations

import pytest

from subak.analytics.logs import shapes
from subak.analytics.logs.event import Event, Parsed
from subak.analytics.logs.formats import Parse

AT = 1791187206.0


def accepted(parsed: Parsed) -> Event:
    assert isinstance(parsed, Event), parsed
    return parsed


SYSLOG = (
    "<134>2026-10-05T08:00:07Z cache-fra1 downloads[42]: 192.0.2.10 Mon, 05 Oct 2026 08:00:06 GMT "
    "/b.example/gems/d-2.gem 200 bundler/2"
)
ARTIFACTORY = "2026-10-05T08:00:06.000Z|7c1d|192.0.2.60|jo|GET|/api/a.whl|200|-1|90211|34|pip/26"
SQUID = (
    "1791187206.000     12 192.0.2.50 TCP_HIT/200 90211 GET https://files.example/a.whl - HIER_NONE/- application/zip"
)
HAPROXY = (
    "203.0.113.41:50112 [05/Oct/2026:08:00:06.000] fe~ be/s1 0/0/1/7/8 200 9123 - - ---- 3/3/0/0/0 "
    '0/0 {@} "GET /a HTTP/1.1"'
)
NPM = '2026-10-05T08:00:06Z 192.0.2.11 "-" "GET /demo" 200 "npm/11" "install demo" "9f8e" "HIT" "-" "cache-zrh1"'
S3 = (
    'own bkt [05/Oct/2026:08:00:06 +0000] 203.0.113.80 - R1 REST.GET.OBJECT a.whl "GET /a.whl '
    'HTTP/1.1" 200 - 90211 90211 15 12 "-" "uv/1" - H= SigV4 - - b.example T - -'
)
ALB = (
    "h2 2026-10-05T08:00:06.000000Z app/reg/1 198.51.100.70:40001 10.0.0.5:80 0.000 0.004 0.000 200 "
    '200 90 5121 "GET https://reg.example:443/a HTTP/2.0" "uv/0.9" AES T'
)
ENVOY = (
    '[2026-10-05T08:00:06.000Z] "GET /a HTTP/2" 200 - 0 8123 12 11 "203.0.113.40" "uv/0.9" "2b1c" '
    '"index.example" "10.0.0.3:8080"'
)
LINEHAUL = "download|Mon, 05 Oct 2026 08:00:06 GMT|CH|/packages/a.whl|TLSv1.3|AES|demo|1.4.0|bdist_wheel|pip/26"


@pytest.mark.parametrize(
    ("parse", "line", "want"),
    [
        (shapes.syslog, SYSLOG.replace("/b.example/gems", "/gems"), {"host": "", "target": "/gems/d-2.gem"}),
        (shapes.syslog, SYSLOG.replace(" bundler/2", ""), {"agent": ""}),
        (shapes.syslog, SYSLOG.replace("192.0.2.10", "2001:db8::1"), {"client": "2001:db8::1"}),
        (shapes.syslog, SYSLOG.replace("bundler/2", '"a"\\ b'), {"agent": '"a"\\ b'}),
        (
            shapes.artifactory,
            ARTIFACTORY.replace("|jo|", "|anonymous|").replace("90211", "-1"),
            {"username": "", "sent": -1},
        ),
        (shapes.artifactory, ARTIFACTORY.replace("pip/26", "a|b|c"), {"agent": "a|b|c"}),
        (shapes.squid, SQUID.replace("TCP_HIT/200", "TCP_MISS_ABORTED/000"), {"cache": "miss", "status": 499}),
        (shapes.squid, SQUID.replace("TCP_HIT", "TCP_REFRESH_UNMODIFIED"), {"cache": "revalidated"}),
        (
            shapes.squid,
            SQUID.replace("GET https://files.example/a.whl", "CONNECT files.example:443"),
            {"target": "files.example:443"},
        ),
        (shapes.haproxy, HAPROXY.replace(" {@}", ""), {"agent": "", "host": ""}),
        (
            shapes.haproxy,
            HAPROXY.replace("{@}", "{reg.example:443|Apache-Maven/3.9 (Java 21)} {gzip}"),
            {"agent": "Apache-Maven/3.9 (Java 21)", "host": "reg.example"},
        ),
        (shapes.haproxy, HAPROXY.replace(' HTTP/1.1"', ""), {"target": "/a"}),
        (shapes.npm, NPM.replace('"npm/11"', r'"a \"b\" \x22c\x22"'), {"agent": 'a "b" "c"'}),
        (
            shapes.npm,
            NPM.replace('"HIT" "-" "cache-zrh1"', '"MISS"').replace('"9f8e"', '"-"'),
            {"cache": "miss", "session": ""},
        ),
        (shapes.s3, S3.replace('"-" "uv', '- "uv'), {"agent": "uv/1", "referer": ""}),
        (
            shapes.s3,
            S3.replace('"GET /a.whl HTTP/1.1"', "-").replace("90211 90211", "- -"),
            {"target": "/a.whl", "method": "", "sent": 0},
        ),
        (shapes.s3, S3.replace('"-" "uv/1"', "- -"), {"agent": "", "referer": "", "host": "b.example"}),
        (shapes.s3, S3.replace("- R1", "arn:aws:iam::1:user/jo R1"), {"username": "arn:aws:iam::1:user/jo"}),
        (shapes.alb, ALB.replace("h2 ", ""), {"host": "reg.example", "ms": 4.0}),
        (shapes.alb, ALB.replace("0.000 0.004 0.000 200 200", "-1 -1 -1 460 -"), {"ms": -1.0, "status": 460}),
        (
            shapes.alb,
            ALB.replace("GET https://reg.example:443/a HTTP/2.0", "- http://reg.example:443- -"),
            {"method": ""},
        ),
        (shapes.envoy, ENVOY.replace('"203.0.113.40"', '"-"'), {"client": ""}),
        (shapes.envoy, ENVOY.replace('"203.0.113.40"', '"10.9.9.9,2001:db8::1"'), {"client": "2001:db8::1"}),
        (shapes.envoy, ENVOY.replace("200 - 0", "200 UF via_upstream - 0"), {"sent": 8123}),
        (
            shapes.linehaul,
            LINEHAUL.replace("download", "simple").replace("demo|1.4.0|bdist_wheel", "||"),
            {"agent": "pip/26"},
        ),
        (shapes.linehaul, LINEHAUL.replace("pip/26", "(null)"), {"agent": ""}),
    ],
)
def test_variants(parse: Parse, line: str, want: dict[str, object]) -> None:
    event = accepted(parse(line, ()))
    assert event.at == AT
    assert {name: getattr(event, name) for name in want} == want


@pytest.mark.parametrize(
    ("parse", "line"),
    [
        (shapes.syslog, SYSLOG.replace("05 Oct", "05 Foo")),
        (shapes.syslog, SYSLOG.replace(" 200 ", " 2000 ")),
        (shapes.artifactory, ARTIFACTORY.replace("|200|", "|OK|")),
        (shapes.artifactory, ARTIFACTORY.replace("2026-10", "2026-13")),
        (shapes.artifactory, "a|b"),
        (shapes.squid, SQUID.replace("1791187206.000", "9")),
        (shapes.squid, SQUID.replace("TCP_HIT/200", "200")),
        (shapes.haproxy, HAPROXY.replace("Oct", "Okt")),
        (shapes.haproxy, HAPROXY.replace("0/0/1/7/8", "8")),
        (shapes.haproxy, HAPROXY + "x\n"),
        (shapes.npm, NPM.replace('"HIT"', "HIT")),
        (shapes.npm, NPM.replace("T08", "T28")),
        (shapes.s3, S3.replace('"-" ', "")),
        (shapes.s3, S3.replace("Oct", "Okt")),
        (shapes.alb, ALB.replace("2026-10", "2026-13")),
        (shapes.alb, ALB.replace(" 90 5121", " 90")),
        (shapes.envoy, ENVOY.replace("2026-10", "2026-13")),
        (shapes.envoy, ENVOY.replace('"uv/0.9"', "uv/0.9")),
        (shapes.linehaul, LINEHAUL.replace("download", "upload")),
        (shapes.linehaul, LINEHAUL.replace("/packages", "packages")),
    ],
)
def test_what_is_refused(parse: Parse, line: str) -> None:
    got = parse(line, ())
    assert isinstance(got, str)
    assert got.startswith("no ")
