r"""The common and combined formats of Apache, nginx and most others: exactly in Python, quickly in DuckDB.

    client ident user [05/Oct/2026:08:00:06 +0000] "request" status bytes "referer" "agent" more

Apache writes a quote inside a quoted field as `\"`, nginx as `\x22`, careless servers as it is. The user may hold
spaces. `vhost` has the virtual host in front; Nexus writes the request's length and the time before the agent.

`fast` reads the lines of a file that are beyond doubt and gives back every other line as it was, for `combined` to
judge. It splits at `" `, which needs no quoting rules, so that no line can swallow its neighbour.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from subak.analytics.logs import fields
from subak.analytics.logs.event import Event, Fields, Parsed
from subak.analytics.logs.fields import CLF_TIME, ESCAPED

LONGEST = 2**18
"""Bytes of the longest line that is read."""

_HEAD = re.compile(rf"([^ ]+) ([^ ]+) (.{{0,256}}?) ?\[({CLF_TIME})\] \"", re.ASCII)
_ASKED = re.compile(rf'({ESCAPED})" (\d{{3}}|-) (\d{{1,18}}|-)(?= |$)', re.ASCII)
_ASKED_RAW = re.compile(r'(.*?)" (\d{3}|-) (\d{1,18}|-)(?= |$)', re.ASCII)
_TAIL = re.compile(rf'((?: [^" ]{{1,64}}){{0,6}}) "({ESCAPED})" "({ESCAPED})"((?: .*)?)')
_NEXUS = re.compile(r' (\d{1,18}|-) (\d{1,9}|-) "(.*)"(?: \[[^"]*\])?', re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_*.-]{1,255}(?::\d{1,5})?", re.ASCII)


def combined(line: str, header: Fields) -> Parsed:
    """A line of the combined or the common format."""
    head = _HEAD.match(line)
    if not head:
        return "no address, user and [time] in front"
    if head[2] != "-" and fields.is_address(head[2]):
        return "a host in front of the address"
    asked = _ASKED.match(line, head.end()) or _ASKED_RAW.match(line, head.end())
    if not asked:
        return "no quoted request, status and size"
    tail = line[asked.end() :]
    full = _TAIL.fullmatch(tail)
    if full:
        referer, agent, more = full[2], full[3], full[1] + full[4]
    elif raw := fields.first_quoted(tail[1:]):
        (referer, agent), more = raw, ""
    elif '"' in tail:
        return "what follows the size is not a referer and an agent"
    else:
        referer, agent, more = "", "", tail
    return _event(head, asked, referer, agent, more)


def _event(head: re.Match[str], asked: re.Match[str], referer: str, agent: str, more: str) -> Parsed:
    at = fields.clf_time(head[4])
    if at is None:
        return "no such time"
    method, host, target = fields.request(fields.unescape(asked[1]))
    state = next((word for part in more.split() if part.isupper() and (word := cache(part))), "") if more else ""
    return Event(
        at=at,
        client=fields.address(head[1]),
        method=method,
        host=host,
        target=target,
        status=fields.status(asked[2]),
        sent=fields.size(asked[3]),
        agent=fields.dash(fields.unescape(agent)),
        referer=fields.dash(fields.unescape(referer)),
        username=fields.dash(head[3]),
        cache=state,
    )


def cache(part: str) -> str:
    """The state in `HIT`, `"HIT"` or `TCP_HIT:HIER_NONE`."""
    return fields.cache_word(part.strip('"').partition(":")[0])


def vhost(line: str, header: Fields) -> Parsed:
    """A combined or common line behind the name of a virtual host."""
    host, space, rest = line.partition(" ")
    if not space or not _HOST.fullmatch(host) or fields.is_address(host):
        return "no virtual host in front"
    event = combined(rest, header)
    if isinstance(event, str):
        return event
    if not fields.is_address(event.client):
        return "no address behind the virtual host"
    return replace(event, host=event.host or fields.hostname(host))


def nexus(line: str, header: Fields) -> Parsed:
    """A line of Nexus Repository's request.log; its agent is not escaped."""
    head = _HEAD.match(line)
    if not head:
        return "no address, user and [time] in front"
    asked = _ASKED.match(line, head.end()) or _ASKED_RAW.match(line, head.end())
    tail = _NEXUS.fullmatch(line, asked.end()) if asked else None
    if not asked or not tail:
        return "no request, status, two sizes, time and agent"
    event = _event(head, asked, "", tail[3], "")
    if isinstance(event, str):
        return event
    return replace(event, sent=fields.size(tail[1]), ms=fields.millis(tail[2]))


# ---------------------------------------------------------------- the fast path

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "PURGE")
PROTOCOLS = ("HTTP/1.1", "HTTP/2.0", "HTTP/1.0", "HTTP/2", "HTTP/3.0", "HTTP/3")
PARTS = 6
"""A line with more parts between `" ` does not come back from `fast`: see `escapes_fast`."""


_UNESCAPED = r"""replace(replace({}, '\"', '"'), '\x22', '"')"""
KNOWN = "SELECT NULL::INTEGER AS known, NULL::VARCHAR AS logged, NULL::VARCHAR AS meant"
"""No agents that are known."""


def fast(path: str, known: str = KNOWN) -> str:
    """SQL over a file of whole lines (valid UTF-8; no NUL, no CR): one row a line.

    Columns: those of an event that differ from line to line, `bytes` of the line with its newline, `known` and `raw`.
    `raw` is NULL, or the line because it is not beyond doubt (then the other columns mean nothing). Lines of which
    `escapes_fast` is true do not come back. The argument `known` is SQL that gives what `agents` gave: where the
    column `known` is not NULL, the agent is what that number means.
    """
    return _FAST.replace("@SCAN", _scan(path)).replace("@KNOWN", known)


def agents(path: str) -> str:
    """SQL that numbers the agents at the beginning of such a file, as logged and as meant."""
    meant = _meaning(_UNESCAPED.format("p2[2:-2]"))
    return rf"""
        SELECT (row_number() OVER ())::INTEGER AS known, p2 AS logged, {meant} AS meant
        FROM (FROM {_scan(path)} LIMIT 10000) WHERE p3 IS NULL AND strlen(p2) > 1
            AND starts_with(p2, '"') AND ends_with(p2, '"')
        GROUP BY p2 HAVING NOT contains(meant, '\') """


def _meaning(text: str) -> str:
    return rf"""CASE WHEN {text} IN ('-', '""', '(null)', 'null') THEN '' ELSE {text} END"""


def _scan(path: str) -> str:
    listed = ", ".join(f"'p{n}': 'VARCHAR'" for n in range(PARTS))
    return (
        f"read_csv('{path}', delim='\" ', quote='', escape='', nullstr='\x01none', header=false, auto_detect=false, "
        f"null_padding=true, ignore_errors=true, strict_mode=false, max_line_size={LONGEST * 2}, "
        f"columns={{{listed}}})"
    )


def escapes_fast(line: bytes) -> bool:
    """Is it a line that `fast` may leave out?"""
    return len(line) > LONGEST or line.count(b'" ') >= PARTS or not line


def _one_of(column: str, words: tuple[str, ...], before: str = "") -> str:
    """SQL: is it one of the words? For IN the engine would make a join of it."""
    return f"CASE {column} " + " ".join(f"WHEN '{before}{word}' THEN true" for word in words) + " ELSE false END"


_INSIDE = "CASE WHEN p3 IS NULL THEN substr(p2, 2, length(p2) - 2) ELSE substr(p2, 2) END"
_REST = [f"p{n}" for n in range(2, PARTS)]
_FAST = rf"""
SELECT
    day_time + zone AS "at", client, method, target, status, sent, agent, referer, username, bytes, known,
    CASE WHEN coalesce(
        words = 8 AND ident = '-'
        AND strlen(client) > 2 AND client NOT IN ('(null)', 'null')
        AND (NOT contains(client, ':') OR client LIKE '%:%:%' AND client[1] <> '[')
        AND raw_user <> '' AND length(raw_user) <= 256 AND day LIKE '[__/___/____:__:__:__' AND strlen(day) = 21
        AND day_time + zone >= 0 AND day_time + zone < {fields.LATEST:.0f}
        AND {_one_of("quoted_method", METHODS, '"')} AND {_one_of("protocol", PROTOCOLS)}
        AND starts_with(target, '/') AND NOT contains(target, '"') AND NOT contains(target, '\')
        AND strlen(s1) = 3 AND status BETWEEN 100 AND 999 AND strlen(s2) <= 18 AND sent >= 0
        AND CAST(status AS VARCHAR) = s1 AND (CAST(sent AS VARCHAR) = s2 OR s2 = '-')
        AND bytes <= {LONGEST}
        AND CASE WHEN p2 IS NULL THEN strlen(p1) = strlen(s1) + strlen(s2) + 1 ELSE
            starts_with(quoted_referer, '"') AND NOT contains(referer, '"') AND NOT contains(referer, '\')
            AND (known IS NOT NULL OR starts_with(p2, '"') AND strlen(p2) > 1 AND NOT contains(agent, '\')
                AND CASE WHEN p3 IS NULL THEN ends_with(p2, '"') ELSE p4 IS NULL
                    AND NOT contains(replace(p2[2:], '\"', ''), '"') AND NOT regexp_matches(p3, '[A-Z][A-Z]') END) END,
        false) THEN NULL ELSE concat_ws('" ', p0, p1, {", ".join(_REST)}) END AS raw
FROM (SELECT *,
    epoch(try_strptime(day, '[%d/%b/%Y:%H:%M:%S')) AS day_time,
    CASE WHEN east = '+0000]' THEN 0
        WHEN regexp_full_match(east, '[+-](0[0-9]|1[0-4])[0-5][0-9]\]')
        THEN (CAST(east[2:3] AS INTEGER) * 60 + CAST(east[4:5] AS INTEGER))
            * (CASE east[1] WHEN '-' THEN 60 ELSE -60 END) END AS zone,
    substr(quoted_method, 2) AS method,
    CASE raw_user WHEN '-' THEN '' WHEN '""' THEN '' WHEN '(null)' THEN '' WHEN 'null' THEN '' ELSE raw_user END
        AS username,
    TRY_CAST(s1 AS SMALLINT) AS status, CASE s2 WHEN '-' THEN 0 ELSE TRY_CAST(s2 AS BIGINT) END AS sent,
    CASE WHEN quoted_referer IN ('"-', '"(null)', '"null') THEN '' ELSE coalesce(substr(quoted_referer, 2), '') END
        AS referer,
    CASE WHEN known IS NOT NULL OR p2 IS NULL THEN '' ELSE {_UNESCAPED.format(_INSIDE)} END AS agent_text,
    {_meaning("agent_text")} AS agent
FROM (SELECT *,
    len(head) AS words, head[1] AS client, head[2] AS ident, head[3] AS raw_user, head[4] AS day, head[5] AS east,
    head[6] AS quoted_method, head[7] AS target, head[8] AS protocol,
    CASE WHEN p2 IS NOT NULL THEN substr(p1, strlen(s1) + strlen(s2) + 3) END AS quoted_referer
FROM (SELECT *,
    strlen(p0) + {" + ".join(f"coalesce(strlen(p{n}) + 2, 0)" for n in range(1, PARTS))} + 1 AS bytes,
    string_split(p0, ' ') AS head, split_part(p1, ' ', 1) AS s1, split_part(p1, ' ', 2) AS s2
FROM @SCAN LEFT JOIN (@KNOWN) ON p2 = logged AND p3 IS NULL)))
"""
