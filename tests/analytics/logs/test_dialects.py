"""Each dialect is told from the others and finds its values."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from subak.analytics.logs.dialects import DIALECTS
from subak.analytics.logs.event import Event
from subak.analytics.logs.objects import objects

FIELDS = {*Event.__struct_fields__, "request", "query", "seconds"}
AT = 1791187206.0


def test_dialects_name_fields_of_events() -> None:
    for dialect in DIALECTS:
        assert set(dialect.places) <= FIELDS
        assert {"at", "client", "target", "status", "sent", "agent"} <= set(dialect.places)
        assert all(keys for keys in dialect.places.values())
    assert [dialect.name for dialect in DIALECTS if not dialect.marks] == [DIALECTS[-1].name]


def nested(places: dict[str, object]) -> dict[str, object]:
    row: dict[str, object] = {}
    for place, value in places.items():
        *outer, last = place.split(">")
        inner = row
        for key in outer:
            inner = inner.setdefault(key, {})  # type: ignore[assignment]
        inner[last] = value
    return row


VALUES: dict[str, object] = {
    "at": "2026-10-05T08:00:06Z",
    "client": "192.0.2.4",
    "method": "GET",
    "host": "reg.example",
    "target": "/a?b",
    "status": 200,
    "sent": 7,
    "agent": "uv/0.9",
    "referer": "r",
    "username": "jo",
    "session": "s",
}


def alternatives() -> Iterator[tuple[int, str, str]]:
    for n, dialect in enumerate(DIALECTS):
        for name, keys in dialect.places.items():
            yield from ((n, name, key) for key in keys if name in VALUES)


@pytest.mark.parametrize(("n", "name", "key"), list(alternatives()))
def test_every_place_is_found(n: int, name: str, key: str) -> None:
    dialect = DIALECTS[n]
    places = {(key if one == name else keys[0]): VALUES[one] for one, keys in dialect.places.items() if one in VALUES}
    places |= {
        mark: places.get(mark, {})
        for mark in dialect.marks
        if not any(place.startswith(mark + ">") for place in places)
    }
    clashing = [
        place for place in places if place != key and (place.startswith(key + ">") or key.startswith(place + ">"))
    ]
    event = objects(json.dumps(nested({place: value for place, value in places.items() if place not in clashing})), ())
    assert isinstance(event, Event), event
    assert getattr(event, name) == (AT if name == "at" else VALUES[name])


@pytest.mark.parametrize(
    ("row", "want"),
    [
        (
            {
                "httpRequest": {
                    "requestMethod": "GET",
                    "requestUrl": "https://Reg.example/a?b",
                    "status": 200,
                    "responseSize": "123",
                    "userAgent": "uv/1",
                    "remoteIp": "192.0.2.4",
                    "cacheLookup": True,
                    "cacheHit": True,
                    "latency": "0.024s",
                },
                "timestamp": "2026-10-05T08:00:06Z",
            },
            {"host": "reg.example", "sent": 123, "cache": "hit", "ms": 24.0},
        ),
        (
            {
                "httpRequest": {"requestUrl": "/a", "status": 200, "cacheLookup": True},
                "timestamp": "2026-10-05T08:00:06Z",
            },
            {"cache": "miss"},
        ),
        ({"httpRequest": {"requestUrl": "/a", "status": 200}, "timestamp": "2026-10-05T08:00:06Z"}, {"cache": ""}),
        (
            {
                "timestamp": "2026-10-05T08:00:06+0000",
                "client_ip": "192.0.2.4",
                "host": "reg.example",
                "url": "/a",
                "request_method": "GET",
                "request_user_agent": "uv/1",
                "response_state": "HIT-WAIT-CLUSTER",
                "response_status": 200,
                "response_body_size": 5,
                "fastly_is_edge": True,
            },
            {"agent": "uv/1", "sent": 5, "cache": "hit"},
        ),
        (
            {
                "time": "2026-10-05T08:00:06.0Z",
                "operationName": "GetBlobProperties",
                "statusCode": 200,
                "callerIpAddress": "192.0.2.4:80",
                "uri": "https://a.example/x?sig=1",
                "durationMs": 7,
                "properties": {"userAgentHeader": "VSCode", "responseBodySize": 9},
            },
            {"method": "HEAD", "client": "192.0.2.4", "agent": "VSCode", "sent": 9, "ms": 7.0},
        ),
        (
            {
                "time": "2026-10-05T08:00:06Z",
                "properties": {
                    "requestUri": "https://a.example/x",
                    "httpStatusCode": "200",
                    "httpMethod": "GET",
                    "clientIp": "192.0.2.4",
                    "cacheStatus": "REMOTE_HIT",
                    "timeTaken": "0.05",
                },
            },
            {"cache": "hit", "ms": 50.0},
        ),
    ],
)
def test_clouds(row: dict[str, object], want: dict[str, object]) -> None:
    event = objects(json.dumps(row), ())
    assert isinstance(event, Event), event
    assert event.at == AT
    assert {name: getattr(event, name) for name in want} == want


def test_what_a_shield_logs_is_told_by_the_edge_too() -> None:
    row = {
        "timestamp": "2026-10-05T08:00:06Z",
        "client_ip": "192.0.2.4",
        "url": "/a",
        "response_state": "MISS",
        "response_status": 200,
    }
    assert objects(json.dumps(row | {"fastly_is_edge": False}), ()) == "told again by the edge"
    assert isinstance(objects(json.dumps(row), ()), Event)
