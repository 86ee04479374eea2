"""Logs with announced columns: other orders, changes, encodings, and what is refused."""

from __future__ import annotations

import pytest

from subak.analytics.logs.event import Event, Fields, Parsed
from subak.analytics.logs.tables import CLOUDFRONT, cloudfront, named, w3c

AT = 1791187206.0
LINE = (
    "2026-10-05 08:00:06 ZRH50-C1 20890 203.0.113.9 GET d0.cdn.example /crates/demo.crate 200 - "
    "cargo%201.93.0 - - Hit abc== "
    "static.example https 60 0.011 - TLSv1.3 AES Hit HTTP/2.0 - - 50123 0.010 Hit application/gzip 20311 - -"
).replace(" ", "\t")


def accepted(parsed: Parsed) -> Event:
    assert isinstance(parsed, Event), parsed
    return parsed


def changed(**values: str) -> str:
    row = dict(zip(CLOUDFRONT, LINE.split("\t"), strict=True))
    row.update({name.replace("_", "-"): value for name, value in values.items()})
    return "\t".join(row.values())


def test_a_whole_line() -> None:
    want = Event(
        AT,
        "203.0.113.9",
        "GET",
        "static.example",
        "/crates/demo.crate",
        200,
        20890,
        "cargo 1.93.0",
        cache="hit",
        ms=11.0,
    )
    assert cloudfront(LINE, CLOUDFRONT) == want
    assert cloudfront(LINE, ()) == want


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ({"x_host_header": "-"}, {"host": "d0.cdn.example"}),
        ({"cs_uri_query": "a=%2520b"}, {"target": "/crates/demo.crate?a=%20b"}),
        ({"cs_uri_stem": "/a%2520b"}, {"target": "/a%20b"}),
        ({"sc_status": "000"}, {"status": 499}),
        ({"sc_bytes": "-"}, {"sent": 0}),
        ({"time_taken": "-"}, {"ms": -1.0}),
        ({"x_edge_result_type": "OriginShieldHit"}, {"cache": "hit"}),
        ({"x_edge_result_type": "FunctionGeneratedResponse"}, {"cache": ""}),
        ({"c_ip": "2001:db8::7"}, {"client": "2001:db8::7"}),
    ],
)
def test_what_values_mean(values: dict[str, str], want: dict[str, object]) -> None:
    event = accepted(cloudfront(changed(**values), ()))
    assert {name: getattr(event, name) for name in want} == want


@pytest.mark.parametrize(
    ("logged", "agent"),
    [
        ("pip/24%20%7B%22ci%22:true%7D", 'pip/24 {"ci":true}'),
        ("pip/24%2520%257B%2522ci%2522:true%257D", 'pip/24 {"ci":true}'),
        ("-", ""),
        ("a%2525", "a%"),
        ("100%25", "100%"),
    ],
)
def test_agents_are_decoded_as_often_as_needed(logged: str, agent: str) -> None:
    assert accepted(cloudfront(LINE.replace("cargo%201.93.0", logged), ())).agent == agent


@pytest.mark.parametrize(
    ("line", "header", "reason"),
    [
        (LINE + "\tx", CLOUDFRONT, "34 columns between tabs, 33 were announced"),
        (LINE.rpartition("\t")[0], CLOUDFRONT, "32 columns"),
        (LINE, ("date", "time"), "2 were announced"),
        (LINE.replace("203.0.113.9", "who"), (), "0 were announced"),
        (changed(date="2026-02-30"), (), "no date and time"),
        (changed(cs_uri_stem="-"), (), "no cs-uri-stem"),
        ("2026-10-05\t08:00:06", (), "2 columns"),
        ("", (), "columns"),
    ],
)
def test_why_a_line_is_refused(line: str, header: Fields, reason: str) -> None:
    got = cloudfront(line, header)
    assert isinstance(got, str)
    assert reason in got


def test_columns_in_another_order_and_new_ones() -> None:
    header = named("#Fields: new-column " + " ".join(reversed(CLOUDFRONT)))
    assert header
    line = "\t".join(["x", *reversed(LINE.split("\t"))])
    assert cloudfront(line, header) == cloudfront(LINE, CLOUDFRONT)


def test_directives() -> None:
    assert named("#Fields: Date time\tcs(User-Agent)") == ("date", "time", "cs(user-agent)")
    assert named("#fields:") == ()
    assert named("#Version: 1.0") is None


IIS: Fields = (
    "date",
    "time",
    "s-ip",
    "cs-method",
    "cs-uri-stem",
    "cs-uri-query",
    "cs-username",
    "c-ip",
    "cs(user-agent)",
    "cs(referer)",
    "sc-status",
    "sc-bytes",
    "time-taken",
)


@pytest.mark.parametrize(
    ("line", "want"),
    [
        (
            "2026-10-05 08:00:06 10.0.0.1 GET /a x=1 jo 192.0.2.5 NuGet+Client/6+(a) - 200 77 15",
            {"agent": "NuGet Client/6 (a)", "username": "jo", "target": "/a?x=1", "ms": 15.0, "referer": ""},
        ),
        (
            '2026-10-05 08:00:06 10.0.0.1 GET /a - - 192.0.2.5 "NuGet Client/6" - 404 77 0.015',
            {"agent": "NuGet Client/6", "ms": 15.0},
        ),
        (
            "2026-10-05 08:00:06 10.0.0.1 GET /a - - 192.0.2.5 NuGet Client/6 - 404 77 15".replace(" ", "\t").replace(
                "NuGet\t", "NuGet "
            ),
            {"agent": "NuGet Client/6", "status": 404},
        ),
    ],
)
def test_w3c(line: str, want: dict[str, object]) -> None:
    event = accepted(w3c(line, IIS))
    assert event.at == AT
    assert {name: getattr(event, name) for name in want} == want


def test_w3c_refuses_what_was_not_announced() -> None:
    assert w3c("a b c", IIS) == "3 columns, 13 were announced"
    assert w3c("a b c", ()) == "no #Fields line yet"
    assert w3c("x " * 13, IIS) == "no date and time"
