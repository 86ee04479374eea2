r"""Common and combined lines: what each means, and that the quick way and the exact one never differ."""

from __future__ import annotations

import re
from collections import Counter

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from subak.analytics.logs import formats
from subak.analytics.logs.combined import KNOWN, LONGEST, PARTS, agents, combined, escapes_fast, fast, nexus, vhost
from subak.analytics.logs.event import Event
from subak.analytics.logs.scratch import Scratch

AT = 1791187206.0
HEAD = "198.51.100.20 - - [05/Oct/2026:08:00:06 +0000]"
ASKED = '"GET /simple/demo/ HTTP/1.1" 200 48211'


def line(head: str = HEAD, asked: str = ASKED, tail: str = ' "-" "uv/0.9.9"') -> str:
    return f"{head} {asked}{tail}"


def accepted(text: str) -> Event:
    event = combined(text, ())
    assert isinstance(event, Event), event
    return event


def test_a_whole_line() -> None:
    assert accepted(line()) == Event(
        AT, "198.51.100.20", "GET", "", "/simple/demo/", 200, 48211, "uv/0.9.9"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (line(tail=""), {"agent": "", "referer": "", "sent": 48211}),
        (line(tail=r' "-" "pip/26.0 {\"ci\":true}"'), {"agent": 'pip/26.0 {"ci":true}'}),
        (line(tail=r' "-" "pip/26.0 {\x22ci\x22:true}"'), {"agent": 'pip/26.0 {"ci":true}'}),
        (line(tail=' "-" "pip/26.0 {"ci":true}"'), {"agent": 'pip/26.0 {"ci":true}'}),
        (line(tail=r' "a\\\"b" "c\\x22"'), {"referer": r"a\"b", "agent": r"c\x22"}),
        (line(tail=r' "-" "\xc3\xa9\xff\x00\n"'), {"agent": "é\\xff\\x00\n"}),
        (line(tail=r' "https://x/?a=\" \" 200" "b"'), {"referer": 'https://x/?a=" " 200', "agent": "b"}),
        (line(tail=' "-" "uv/0.9.9" "203.0.113.7" HIT'), {"agent": "uv/0.9.9", "cache": "hit"}),
        (line(tail=' "-" "uv/0.9.9" TCP_MISS:HIER_DIRECT'), {"agent": "uv/0.9.9", "cache": "miss"}),
        (line(tail=' 0.004 "-" "uv/0.9.9"'), {"agent": "uv/0.9.9"}),
        (line(HEAD.replace("198.51.100.20", "2001:db8::7")), {"client": "2001:db8::7"}),
        (line(HEAD.replace("198.51.100.20", "[2001:db8::7]:443")), {"client": "2001:db8::7"}),
        (line(HEAD.replace("198.51.100.20", "fe80::1%eth0")), {"client": "fe80::1%eth0"}),
        (line(HEAD.replace("198.51.100.20", "192.0.2.1:5000")), {"client": "192.0.2.1"}),
        (line(HEAD.replace("- - [", "- Jo van Do [")), {"username": "Jo van Do"}),
        (line(HEAD.replace("- - [", '- "" [')), {"username": ""}),
        (line(HEAD.replace("- - [", "-  [")), {"username": ""}),
        (line(HEAD.replace("08:00:06 +0000", "10:30:06 +0230")), {"at": AT}),
        (line(HEAD.replace("08:00:06 +0000", "03:00:06 -0500")), {"at": AT}),
        (line(HEAD.replace("08:00:06", "23:59:60")), {"at": AT + 57594}),
        (line(asked='"GET /a b?c=%20 HTTP/2.0" 304 -'), {"target": "/a b?c=%20", "status": 304, "sent": 0}),
        (line(asked='"GET https://Reg.example:443/a HTTP/1.1" 200 1'), {"host": "reg.example", "target": "/a"}),
        (line(asked='"GET /old" 200 1'), {"method": "GET", "target": "/old"}),
        (line(asked='"-" 408 0'), {"method": "", "target": "", "status": 408}),
        (line(asked=r'"\x16\x03\x01" 400 0'), {"method": "", "target": "\x16\x03\x01", "status": 400}),
        (line(asked=r'"GET /a\" 200 5 HTTP/1.1" 404 7'), {"target": '/a" 200 5', "status": 404, "sent": 7}),
        (line(asked='"GET /a"b HTTP/1.1" 404 7'), {"target": '/a"b', "status": 404}),
    ],
)  # fmt: skip
def test_what_a_line_means(text: str, want: dict[str, object]) -> None:
    event = accepted(text)
    assert {name: getattr(event, name) for name in want} == want


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "in front"),
        ("hello world", "in front"),
        (line(HEAD.replace("Oct", "Okt")), "no such time"),
        (line(HEAD.replace("05/", "31/").replace("Oct", "Sep")), "no such time"),
        (line(HEAD.replace("08:00", "24:00")), "no such time"),
        (line(HEAD.replace("2026", "1969")), "no such time"),
        (line(asked='"GET / HTTP/1.1 200 5'), "no quoted request"),
        (line(asked='"GET / HTTP/1.1" 2000 5'), "no quoted request"),
        (line(asked='"GET / HTTP/1.1" 200 5x'), "no quoted request"),
        (line(tail=' "-" "unbalanced'), "not a referer and an agent"),
        (line(tail=' "only one"'), "not a referer and an agent"),
        ("reg.example 192.0.2.1 - - [05/Oct/2026:08:00:06 +0000] " + ASKED, "host in front"),
    ],
)
def test_why_a_line_is_refused(text: str, reason: str) -> None:
    got = combined(text, ())
    assert isinstance(got, str)
    assert reason in got


def test_a_virtual_host_in_front() -> None:
    event = vhost("Reg.example:443 " + line(), ())
    assert isinstance(event, Event)
    assert (event.host, event.client) == ("reg.example", "198.51.100.20")
    assert vhost(line(), ()) == "no virtual host in front"
    assert isinstance(vhost("a b c", ()), str)


def test_nexus() -> None:
    head = HEAD.replace("- -", "- deploy")
    text = f'{head} "GET /r/a.jar HTTP/1.1" 200 - 81233 9 "Apache-Maven/3.9 (Java "21"; x)" [qtp-1]'
    event = nexus(text, ())
    assert isinstance(event, Event)
    assert (event.username, event.sent, event.ms) == ("deploy", 81233, 9.0)
    assert event.agent == 'Apache-Maven/3.9 (Java "21"; x)'
    assert isinstance(combined(text, ()), str)
    assert isinstance(nexus(line(), ()), str)


# ---------------------------------------------------------------- fast == exact


def quickly(lines: list[bytes], *, knowing: bool) -> list[tuple[Event | None, int, str | None]]:
    """What `fast` says of each line: the event or None, the bytes, the line if in doubt."""
    names = "\"at\", client, method, '' AS host, target, status, sent, coalesce(meant, agent), referer, username"
    with Scratch() as scratch, duckdb.connect(config={"threads": 1}) as engine:
        scratch.put(b"".join(one + b"\n" for one in lines))
        usual = agents(scratch.path) if knowing else KNOWN
        engine.execute(f"CREATE TABLE agents AS {usual}")
        scan = fast(scratch.path, "FROM agents")
        rows = engine.execute(f"SELECT {names}, bytes, raw FROM ({scan}) LEFT JOIN agents USING (known)").fetchall()
    return [(None if raw is not None else Event(*row), size, raw) for *row, size, raw in rows]


def agree(lines: list[bytes]) -> int:
    """Check every line; gives how many were read quickly."""
    kept = [one for one in lines if not escapes_fast(one)]
    first, second = quickly(kept, knowing=False), quickly(kept, knowing=True)
    assert Counter(first) == Counter(second)
    assert len(first) == len(kept)
    for one, (event, size, raw) in zip(kept, first, strict=True):
        assert size == len(one) + 1
        if raw is not None:
            assert raw.encode() == one
        else:
            assert formats.parse(formats.FORMATS[0], one, ()) == event
    return sum(event is not None for event, _, _ in first)


SOLID = [
    line(),
    line(tail=""),
    line(tail=r' "https://r.example/" "pip/26.0 {\"ci\":true}"'),
    line(tail=r' "-" "pip/26.0 {\x22ci\x22:null,\x22é\x22:1}"'),
    line(tail=' "-" "raw {"ci":true}"'),
    line(tail=' "-" "nginx main" "203.0.113.7"'),
    line(tail=' "-" "-"'),
    line(tail=' "" ""'),
    line(HEAD.replace("+0000", "-0730").replace("- - [", "- jo [")),
    line(HEAD.replace("198.51.100.20", "2001:db8::7")),
    line(asked='"HEAD /%2e?a=b" HTTP/2.0" 304 -'.replace('b"', "b")),
]


def test_ordinary_lines_are_read_quickly() -> None:
    assert agree([one.encode() for one in SOLID]) == len(SOLID)


TRICKY = [
    r'\"', r"\x22", "\\", '"', '" ', ' "', " ", "  ", "-", '"-"', '""', "[", "]", "é", "\u2028", "\t", "\x01",
    "\x1b[31m", "null", "(null)", "(null", "200 5", " HTTP/1.1", "HIT", "+05", "1e2", "0x1", "::", "[::1]:4", "%22",
    "/", "'", "#", "",
    "[05/Oct/2026:08:00:06 +0000]", "198.51.100.20", "\ufeff", "\x85", "\x1f", "60", "٣", "1_0",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A solid line in which a few pieces were replaced, removed, doubled or inserted."""
    parts = re.split(r'([ "\[\]:/])', draw(st.sampled_from(SOLID)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(parts) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                parts[at] = draw(st.sampled_from(TRICKY))
            case 1:
                parts[at] = ""
            case 2:
                parts[at] += parts[at]
            case _:
                parts.insert(at, draw(st.sampled_from(TRICKY) | st.text("\"\\ x2'-[]é\t{}:", max_size=6)))
    return "".join(parts).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(damaged().filter(lambda one: one and not one.startswith(b"\xef\xbb\xbf")), min_size=1, max_size=60))
@example([line(HEAD.replace("08:00:06", "08:00:60")).encode()])
@example([line(HEAD.replace("05/", " 5/")).encode(), line(HEAD.replace("05/Oct", "5/Octo")).encode()])
@example([(line() + '"').encode(), (line() + '" ').encode(), (line() + '" "').encode(), (line() + " ").encode()])
@example(
    [
        line(asked=f'"GET / HTTP/1.1" {state} {size}').encode()
        for state in ("1e2", "+10", "099", "000", " 200", "٣٣٣")
        for size in ("007", "-5", "+5", "1e3", "9" * 18, "9" * 19, "")
    ]
)
@example([line(HEAD.replace("2026", year)).encode() for year in ("0000", "1969", "1970", "5138", "9999", "+026")])
@example([line(HEAD.replace("Oct", month)).encode() for month in ("oct", "OCT", "Okt", "10 ", "May", "Feb", "Sep")])
def test_the_quick_way_and_the_exact_one_agree(lines: list[bytes]) -> None:
    agree(lines)


def test_lines_that_do_not_come_back_are_known_beforehand() -> None:
    full = line().encode()
    long = full.replace(b"uv/0.9.9", b"x" * LONGEST)
    parts = full.replace(b"uv/0.9.9", b'a\\" ' * PARTS)
    exactly = full.replace(b"uv/0.9.9", b'a\\" ' * (PARTS - 3))
    assert [escapes_fast(one) for one in (full, long, parts, exactly)] == [False, True, True, False]
    assert agree([full, exactly, full]) == 2
    assert 3 <= len(quickly([full, parts, full, long, full], knowing=True)) <= 5
