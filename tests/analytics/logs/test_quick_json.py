r"""JSON through the engine: layouts are learnt, and no line gets another meaning than the exact one."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.analytics.logs import formats, quick_json
from subak.analytics.logs.event import EVENTS, Event
from subak.analytics.logs.quick_json import Layout, layout
from subak.analytics.logs.scratch import Scratch

FASTLY = (
    '<134>2026-10-05T08:00:03Z cache-1 logs[7]: {"bytes":20311,'
    '"date_time":"2026-10-05T08:00:06.120001122Z","edge_location":"ZRH",'
    '"host":"x.example","http":{"protocol":"HTTP/2","referer":null,"useragent":"pip/26 '
    '{\\"ci\\":true}"},"ip":"198.51.100.7",'
    '"method":"GET","status":200,"url":"https://x.example/crates/demo/1.2.3/download?a=b","version":"1"}'
)
NGINX = (
    '{"time":"2026-10-05T08:00:06+00:00","remote_addr":"192.0.2.4","request":"GET /a?b=1 HTTP/1.1","status":"304",'
    '"body_bytes_sent":"0","http_user_agent":"uv/0.9","http_referer":"-","request_time":"0.005","upstream_cache_status":"MISS"}'
)
SPACED = NGINX.replace('":', '": ').replace(',"', ', "').replace("{", "{ ")
MSEC = (
    '{"msec":1791187206.123,"client_ip":"192.0.2.4","client":"10.0.0.1","request_method":"GET","uri":"/a","args":"b=1",'
    '"status":200,"bytes":7,"user_agent":"uv/0.9","request_time":0.002134,"host":"r.example"}'
)
CLF = NGINX.replace("2026-10-05T08:00:06+00:00", "05/Oct/2026:08:00:06 +0000")
LISTS = (
    '{"ts":1791187206.5,"request":{"remote_ip":"192.0.2.3","method":"GET","host":"m.example",'
    '"uri":"/npm/demo","headers":{"User-Agent":["pnpm/10"],"Accept":["*/*"]},"tls":{}},'
    '"duration":0.25,"size":5120,"status":200,"user_id":"","resp_headers":{}}'
)
EDGE = FASTLY.replace('"version":"1"', '"fastly_is_edge":true')
LOGS = {"fastly": FASTLY, "nginx": NGINX, "spaced": SPACED, "msec": MSEC, "clf": CLF, "lists": LISTS, "edge": EDGE}
JSON = formats.by_name("json")


def learnt(line: str) -> Layout:
    how = layout([line.encode()])
    assert how
    return how


def quickly(lines: list[bytes], how: Layout) -> list[tuple[Event | None, int, str | None]]:
    names = ", ".join(f'"{name}"' for name in EVENTS)
    with Scratch() as scratch, duckdb.connect(config={"threads": 1}) as engine:
        scratch.put(b"".join(line + b"\n" for line in lines))
        rows = engine.execute(f"SELECT {names}, bytes, raw FROM ({quick_json.fast(scratch.path, how)})").fetchall()
    return [(None if raw is not None else Event(*row), size, raw) for *row, size, raw in rows]


def agree(lines: list[bytes], how: Layout) -> int:
    """Check every line; gives how many were read quickly."""
    assert JSON
    kept = [line for line in lines if not quick_json.left_out(line, how)]
    found = quickly(kept, how)
    assert len(found) == len(kept)
    for line, (event, size, raw) in zip(kept, found, strict=True):
        assert size == len(line) + 1
        if raw is None:
            assert event == formats.parse(JSON, line, ())
        else:
            assert raw.encode() == line
    return sum(event is not None for event, _, _ in found)


@pytest.mark.parametrize("name", LOGS)
def test_ordinary_lines_are_read_quickly(name: str) -> None:
    line = LOGS[name]
    other = (
        line.replace("192.0.2.4", "2001:db8::9")
        .replace("198.51.100.7", "203.0.113.5")
        .replace("uv/0.9", 'pip/26 {\\"ci\\":null}')
    )
    assert agree([line.encode(), other.encode()], learnt(line)) == 2


def test_values_of_other_kinds_than_the_sample_has() -> None:
    null = FASTLY.replace('"pip/26 {\\"ci\\":true}"', "null")
    how = layout([FASTLY.encode(), null.encode(), FASTLY.replace("null", '"r"').encode()])
    assert how
    assert agree([FASTLY.encode(), null.encode()], how) == 2
    assert agree([null.encode()], learnt(FASTLY)) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"version":"1"}', '"version":"1"}}'),
        ('"version":"1"}', '"version":"1","version":"2"}'),
        ('"status":200', '"status":true'),
        ('"status":200', '"status":0200'),
        ('"status":200', '"status":"2"00'),
        ("pip/26", "pip,"),
        ("pip/26", "pip/26\x01"),
        ("pip/26", "pip/26\\\\"),
        ("pip/26", "\\u0041"),
        ("GET", "GetBlob"),
        ("GET", "null"),
        ("20311", "-1"),
        ("20311", "1.0"),
        ("198.51.100.7", "198.51.100.7:80"),
        ("198.51.100.7", "198.51.100.7, 10.0.0.1"),
        ("198.51.100.7", "[::1]:8"),
        ("x.example/", "x.example:443/"),
        ("https://x.example/", "/"),
        ("https://x.example/", "https://u:p@x.example/"),
        ("https://x.example/", "http://x.example/"),
        ('"host":"x.example"', '"host":"X.Example"'),
        ('"host":"x.example"', '"host":""'),
        ("06.120001122Z", "06Z"),
        ("06.120001122Z", "60.1Z"),
        ("T08:00:06.1", "T24:00:06.1"),
        ("10-05T08", "02-30T08"),
        ("2026-10", "1969-10"),
        ("<134>", "{"),
        ("<134>", "x" * 600),
        ("cache-1", 'c,"ache'),
        ('"edge_location":"ZRH"', '"edge_location":nan'),
        ('"edge_location":"ZRH"', '"edge_location":"\tZ"'),
        ('"1"}', '"1"} '),
        ('"1"}', '"1",}'),
        ('"ip":"198.51.100.7"', '"ip":null'),
        ('"referer":null', '"referer":nul'),
        ('"referer":null', '"referer":"a"b"'),
        ("?a=b", '?a=b\\"'),
        ('"referer":null', '"referer":1e5'),
        ('"referer":null', '"referer":true'),
    ],
)
def test_odd_lines(before: str, after: str) -> None:
    line = FASTLY.replace(before, after)
    assert line != FASTLY
    agree([FASTLY.encode(), line.encode(), FASTLY.encode()], learnt(FASTLY))


TRICKY = [
    '"',
    '\\"',
    "\\",
    ',"',
    '"}',
    "}",
    "{",
    "[",
    "null",
    "true",
    "-",
    "",
    "0",
    "1e5",
    ":",
    "é",
    "\x01",
    "\\u0000",
    "/",
    "?",
    " ",
    "%22",
]


@st.composite
def damaged(draw: st.DrawFn, line: str) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from(TRICKY)) + line[at + draw(st.integers(0, 4)) :]
    return line.encode()


@st.composite
def damaged_log(draw: st.DrawFn) -> tuple[str, list[bytes]]:
    line = LOGS[draw(st.sampled_from(sorted(LOGS)))]
    return line, draw(st.lists(damaged(line), min_size=5, max_size=30))


@settings(max_examples=60, deadline=None)
@given(damaged_log())
def test_the_quick_way_and_the_exact_one_agree(log: tuple[str, list[bytes]]) -> None:
    line, others = log
    agree([line.encode(), *others], learnt(line))


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"what"],
        [b'{"a":1}'],
        [b'{"log":"x","stream":"y","time":"z"}'],
        [
            b'{"date":"2026-10-05","time":"08:00:06","x-edge-location":"ZRH50","c-ip":"192.0.2.4","cs-uri-stem":"/a","sc-status":"200"}'
        ],
        [NGINX.replace("2026-10-05T08:00:06+00:00", "Mon, 05 Oct 2026 08:00:06 GMT").encode()],
        [NGINX.encode(), FASTLY.encode(), MSEC.encode()],
    ],
)
def test_what_is_not_learnt(lines: list[bytes]) -> None:
    assert layout(lines) is None
