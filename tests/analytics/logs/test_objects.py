"""JSON lines: heads, wrappings, broken escapes, the preference of keys, and our own readings."""

from __future__ import annotations

import json

import pytest

from subak.analytics.logs.event import Event, Parsed
from subak.analytics.logs.objects import objects, readings, unwrapped
from subak.model import reading
from subak.model.exchange import Agent, Caller, Kind, Origin, Subject

AT = 1791187206.0
PLAIN: dict[str, object] = {"time": "2026-10-05T08:00:06Z", "ip": "192.0.2.4", "url": "/a", "status": 200}


def accepted(parsed: Parsed) -> Event:
    assert isinstance(parsed, Event), parsed
    return parsed


def line(**values: object) -> str:
    return json.dumps({name: value for name, value in (PLAIN | values).items() if value is not ...})


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ({"time": "05/Oct/2026:10:00:06 +0200"}, {"at": AT}),
        ({"time": 1791187206000}, {"at": AT}),
        ({"time": ..., "msec": "1791187206.000"}, {"at": AT}),
        ({"ip": ["192.0.2.9", "10.0.0.1"]}, {"client": "192.0.2.9"}),
        ({"ip": "198.51.100.1, 192.0.2.9"}, {"client": "192.0.2.9"}),
        ({"ip": "[2001:db8::1]:443"}, {"client": "2001:db8::1"}),
        ({"ip": "fe80::1%eth0"}, {"client": "fe80::1%eth0"}),
        ({"ip": None, "remote_addr": "-", "client_ip": "192.0.2.8"}, {"client": "192.0.2.8"}),
        ({"url": "https://Reg.example:443/a?b"}, {"host": "reg.example", "target": "/a?b"}),
        ({"host": "Mirror.example:8443", "url": "https://reg.example/a"}, {"host": "mirror.example", "target": "/a"}),
        ({"url": ..., "request": "GET /x%20y HTTP/2.0"}, {"method": "GET", "target": "/x%20y"}),
        ({"args": "?b=1"}, {"target": "/a?b=1"}),
        ({"status": "000"}, {"status": 499}),
        ({"status": True}, {"status": 0}),
        ({"bytes": "12"}, {"sent": 12}),
        ({"bytes": 12.0}, {"sent": 12}),
        ({"bytes": -1}, {"sent": -1}),
        ({"bytes": "-"}, {"sent": -1}),
        ({"request_time": "0.005"}, {"ms": 5.0}),
        ({"duration_ms": 7, "request_time": 1}, {"ms": 7.0}),
        ({"cache": "MISS, HIT"}, {"cache": "hit"}),
        ({"cache": "edge; fwd=stale"}, {"cache": "miss"}),
        ({"http": {"useragent": "uv/1", "referer": "r"}}, {"agent": "uv/1", "referer": "r"}),
        ({"agent": "\0a\x1b[1m"}, {"agent": "\\x00a\x1b[1m"}),
        ({"new": {"deeply": [{"nested": None}]}}, {"status": 200}),
    ],
)
def test_what_values_mean(values: dict[str, object], want: dict[str, object]) -> None:
    event = accepted(objects(line(**values), ()))
    assert {name: getattr(event, name) for name in want} == want


@pytest.mark.parametrize(
    "head", ["", "<134>2026-10-05T08:00:03Z cache-1 logs[7]: ", "2026-10-05T08:00:03Z stdout F ", "é "]
)
def test_heads_are_passed_over(head: str) -> None:
    assert objects(head + line(), ()) == objects(line(), ())


@pytest.mark.parametrize(
    "wrapping", [{"stream": "stdout", "log": line() + "\n"}, {"__REALTIME_TIMESTAMP": "1", "MESSAGE": line()}]
)
def test_an_object_inside_of_an_object(wrapping: dict[str, object]) -> None:
    assert objects(json.dumps(wrapping), ()) == objects(line(), ())
    assert unwrapped(json.dumps(wrapping)) == line()
    assert unwrapped(line()) == unwrapped("no") == ""


def test_what_is_no_json_but_nearly() -> None:
    broken = line(agent="@").replace("@", r"pip/26 {\x22ci\x22:true} \xc3\xa9" + "\tx")
    assert accepted(objects(broken, ())).agent == 'pip/26 {"ci":true} é\tx'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON object"),
        ("{", "no JSON object"),
        ("[1]", "no JSON object"),
        ("x" * 600 + line(), "no JSON object"),
        (line() + "x", "no JSON object"),
        (line(agent="\\").replace("\\\\", "\\q"), "no JSON object"),
        (line(time=None), "no time"),
        (line(time="yesterday"), "no time"),
        (line(url=""), "no address, target and status"),
        (line(ip=..., status=...), "no address"),
    ],
)
def test_why_a_line_is_refused(text: str, reason: str) -> None:
    got = objects(text, ())
    assert isinstance(got, str)
    assert reason in got


# ---------------------------------------------------------------- our own


def written(*, ci: bool = True, version: str = "11.2", origin: Origin = Origin.CACHE) -> str:
    subject = Subject(ecosystem="npm", kind=Kind.ARTIFACT, purl="pkg:npm/demo@1.0.0")
    caller = Caller(consumer="addr:abc", tier="anonymous", agent=Agent(family="npm", version=version, ci=ci))
    outcome = reading.outcome_part(AT, "GET", 200, 512, 0, origin, 0.0015, "", "")
    return reading.compose(outcome, reading.asked_part(subject), reading.caller_part(caller)).decode()


def test_readings() -> None:
    assert readings(written(), ()) == Event(
        AT, "addr:abc", "GET", "npm", "pkg:npm/demo@1.0.0", 200, 512, "npm/11.2 ci", "artifact", cache="hit", ms=1.5
    )
    event = accepted(readings(written(ci=False, version="", origin=Origin.UPSTREAM), ()))
    assert (event.agent, event.cache) == ("npm", "miss")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        written()[:-1],
        written().replace('"status":200', '"status":"200"'),
        line(),
        written().replace('"ci":true', '"ci":true,"new":1'),
        written().replace('"purl":"', '"purl":1,"x":"'),
    ],
)
def test_what_is_no_reading(text: str) -> None:
    assert readings(text, ()) == "no reading"
