"""Logs of one regular shape a line that write no JSON: CDNs of registries, Artifactory, Squid, HAProxy, Envoy, AWS."""

from __future__ import annotations

import re

from subak.analytics.logs import fields
from subak.analytics.logs.event import Event, Fields, Parsed
from subak.analytics.logs.fields import CLF_TIME, ESCAPED, MAIL_TIME

_STATUS = r"(\d{3}|-)"
_SIZE = r"(-1|\d{1,18}|-)"
_ISO = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)"

# ---------------------------------------------------------------- a CDN's syslog lines without quotes

_SYSLOG = re.compile(
    rf"(?:<\d{{1,3}}>)?{_ISO} ([^ ]{{1,255}}) ([^ :]{{1,128}}): ([^ ]{{2,64}}) ({MAIL_TIME}) "
    rf"(/[^ ]*) {_STATUS}(?: (.*))?",
    re.ASCII,
)
_BUCKET = re.compile(r"/([a-z0-9-]+(?:\.[a-z0-9-]+)+)(/.+)")


def syslog(line: str, header: Fields) -> Parsed:
    """`<134>TIME HOST TAG: ADDRESS DATE PATH STATUS AGENT`, the path perhaps behind a bucket; no method."""
    match = _SYSLOG.fullmatch(line)
    at = fields.mail_time(match[5]) if match else None
    if not match or at is None:
        return "no syslog head, address, date, path and status"
    bucket = _BUCKET.fullmatch(match[6])
    host, target = (bucket[1], bucket[2]) if bucket else ("", match[6])
    agent = fields.dash(match[8] or "")
    return Event(at, fields.address(match[4]), "", host, target, fields.status(match[7]), agent=agent)


# ---------------------------------------------------------------- columns between bars


def artifactory(line: str, header: Fields) -> Parsed:
    """Artifactory's request.log (7 and before) and request-out.log, whose lines are questions to upstream."""
    row = line.split("|", 10)
    if len(row) == 10 and row[2] == "REQUEST":
        at = fields.iso_time(f"{row[0][:4]}-{row[0][4:6]}-{row[0][6:8]}T{row[0][8:10]}:{row[0][10:12]}:{row[0][12:]}")
        who, user, method, where, state, sent, ms, agent = row[3], row[4], row[5], row[6], row[8], row[9], row[1], ""
    elif len(row) in (10, 11):
        at = fields.iso_time(row[0])
        who, user, method, where, state, _, sent, ms = row[2:10]
        agent = row[10] if len(row) == 11 else ""
    else:
        return "no 10 or 11 columns between bars"
    if at is None or not re.fullmatch(_STATUS, state, re.ASCII) or not re.fullmatch(_SIZE, sent, re.ASCII):
        return "no time, status and size between bars"
    out = len(row) == 10 and "://" in where
    host, target = fields.located(where)
    return Event(
        at=at,
        client="" if out else fields.address(who),
        method=fields.dash(method),
        host=host,
        target=target,
        status=fields.status(state),
        sent=fields.size(sent),
        agent=fields.dash(agent),
        username="" if user in ("anonymous", "non_authenticated_user", "NA") else fields.dash(user),
        cache="miss" if out else "",
        ms=fields.millis(ms),
    )


def linehaul(line: str, header: Fields) -> Parsed:
    """`download|DATE|COUNTRY|PATH|TLS|CIPHER|PROJECT|VERSION|TYPE|AGENT`: no address, method, status and size."""
    row = line.split("|", 9)
    at = fields.any_time(row[1]) if len(row) == 10 and row[0] in ("download", "simple") else None
    if at is None or not row[3].startswith("/"):
        return "no download or simple line"
    return Event(at=at, target=row[3], agent=fields.dash(row[9]))


# ---------------------------------------------------------------- proxies

_SQUID = re.compile(
    rf"(\d{{9,11}}\.\d{{3}}) +(-?\d{{1,12}}) ([^ ]+) ([A-Z_]+)/{_STATUS} {_SIZE} ([A-Z_]+) "
    r"([^ ]+) ([^ ]+) ([^ ]+) (.*)",
    re.ASCII,
)


def squid(line: str, header: Fields) -> Parsed:
    """Squid's native access.log; no agent."""
    match = _SQUID.fullmatch(line)
    at = fields.any_time(match[1]) if match else None
    if not match or at is None:
        return "no time, duration, address, action, size, method and URL"
    host, target = fields.located(match[8])
    return Event(
        at=at,
        client=fields.address(match[3]),
        method=match[7],
        host=host,
        target=target,
        status=fields.status(match[5]),
        sent=fields.size(match[6]),
        username=fields.dash(match[9]),
        cache=fields.cache_word(match[4]),
        ms=fields.millis(match[2]),
    )


_ENVOY = re.compile(
    rf'\[{_ISO}\] "({ESCAPED})" {_STATUS} [^ ]+ (?:[^"]{{1,128}} )??(?:[^ "]{{1,128}} "[^"]{{0,512}}" )?'
    rf"(\d{{1,18}}|-) (\d{{1,18}}|-) (\d{{1,12}}|-) (\d{{1,12}}|-) "
    rf'"({ESCAPED})" "({ESCAPED})" "({ESCAPED})" "({ESCAPED})"(?: "[^"]{{0,512}}")?((?: .*)?)',
    re.ASCII,
)


def envoy(line: str, header: Fields) -> Parsed:
    """Envoy's default text, and Istio's with its addresses behind; the client is the last of X-Forwarded-For."""
    match = _ENVOY.fullmatch(line)
    at = fields.iso_time(match[1]) if match else None
    if not match or at is None:
        return "no [time], request, status, sizes, times and quoted fields"
    method, host, target = fields.request(fields.unescape(match[2]))
    istio = match[12].split()  # cluster, upstream's local address, downstream's local, downstream's remote, …
    return Event(
        at=at,
        client=fields.address(match[8].rpartition(",")[2].strip()) or fields.address("".join(istio[3:4])),
        method=method,
        host=host or fields.hostname(match[11]),
        target=target,
        status=fields.status(match[3]),
        sent=fields.size(match[5]),
        agent=fields.dash(fields.unescape(match[9])),
        ms=fields.millis(match[6]),
    )


_HAPROXY = re.compile(
    r"(?:.{0,256}? )?([^ \[\]]{2,64}):\d{1,5} \[(\d\d/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d)(\.\d{1,6})?\] "
    r"([^ ]+) ([^ /]+)/([^ ]+) ((?:[+-]?\d{1,12}/){4,5}[+-]?\d{1,12}) (-1|\d{3}) \+?(\d{1,18}) "
    r"[^ ]+ [^ ]+ [^ ]{4} [\d+/-]+ [\d+/]+ ((?:\{[^{}]*\} )*)\"(.*?)\"?",
    re.ASCII,
)
_HASH = re.compile(r"(?:#[0-9A-F]{2})+")
_PRODUCT = re.compile(r"[A-Za-z][\w.+-]{0,40}[/ ][^|]*[0-9(].*")
_NAME = re.compile(r"(?=[a-z0-9.-]*[a-z])[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?", re.IGNORECASE)


def haproxy(line: str, header: Fields) -> Parsed:
    """HAProxy's HTTP log. Its time has no zone: read as UTC. Captured headers have no names: known by their looks."""
    match = _HAPROXY.fullmatch(line)
    at = fields.clf_time(match[2] + " +0000") if match else None
    if not match or at is None:
        return "no address and port, [time], names, timers, status, size, counts and request"
    captured = [_unhash(word) for block in re.findall(r"\{([^{}]*)\}", match[10]) for word in block.split("|")]
    method, host, target = fields.request(_unhash(match[11]))
    took = fields.millis(match[7].rpartition("/")[2].lstrip("+"))
    return Event(
        at=at + float(match[3] or 0),
        client=fields.address(match[1]),
        method=method,
        host=host or fields.hostname(next((word for word in captured if _NAME.fullmatch(word)), "")),
        target=target,
        status=fields.status(match[8]),
        sent=fields.size(match[9]),
        agent=next((word for word in captured if _PRODUCT.fullmatch(word)), ""),
        cache="hit" if match[6] == "<CACHE>" else "",
        ms=took,
    )


def _unhash(text: str) -> str:
    """HAProxy writes quotes, braces, bars and control characters as #22."""
    if "#" not in text:
        return text
    return _HASH.sub(lambda match: fields.decoded(bytes.fromhex(match[0].replace("#", ""))), text).replace("\0", "#00")


_NPM = re.compile(
    rf'{_ISO} ([^ ]{{2,64}}) "({ESCAPED})" "({ESCAPED})" {_STATUS} "({ESCAPED})" "({ESCAPED})" "({ESCAPED})" '
    rf'"([A-Z-]{{0,32}})"(?: "{ESCAPED}"){{0,4}}',
    re.ASCII,
)


def npm(line: str, header: Fields) -> Parsed:
    """`TIME ADDRESS "-" "GET PATH" STATUS "AGENT" "COMMAND" "SESSION" "HIT" "SHIELD" "POP"` of npm's CDN; no size."""
    match = _NPM.fullmatch(line)
    at = fields.iso_time(match[1]) if match else None
    if not match or at is None:
        return "no time, address, request, status, agent, command, session and cache state"
    method, host, target = fields.request(fields.unescape(match[4]))
    return Event(
        at=at,
        client=fields.address(match[2]),
        method=method,
        host=host,
        target=target,
        status=fields.status(match[5]),
        agent=fields.dash(fields.unescape(match[6])),
        referer=fields.dash(fields.unescape(match[7])),
        username=fields.dash(fields.unescape(match[3])),
        cache=fields.cache_word(match[9]),
        session=fields.dash(fields.unescape(match[8])),
    )


# ---------------------------------------------------------------- AWS

_ALB = re.compile(
    rf"(?:[a-z0-9]{{1,8}} )?{_ISO} ([^ ]+) ([^ ]+) ([^ ]+) (-?[\d.]+) (-?[\d.]+) (-?[\d.]+) {_STATUS} {_STATUS} "
    rf'(\d{{1,18}}) (\d{{1,18}}) "({ESCAPED})" "({ESCAPED})"(?: .*)?',
    re.ASCII,
)


def alb(line: str, header: Fields) -> Parsed:
    """A line of an AWS load balancer (application or classic)."""
    match = _ALB.fullmatch(line)
    at = fields.iso_time(match[1]) if match else None
    if not match or at is None:
        return "no time, balancer, addresses, times, statuses, sizes, request and agent"
    method, host, target = fields.request(fields.unescape(match[12]).rstrip("- ") or "-")
    times = [fields.millis(match[n], 1000.0) for n in (5, 6, 7)]
    return Event(
        at=at,
        client=fields.address(match[3]),
        method=method,
        host=host,
        target=target,
        status=fields.status(match[8]),
        sent=fields.size(match[11]),
        agent=fields.dash(fields.unescape(match[13])),
        ms=round(sum(times), 6) if min(times) >= 0 else -1.0,
    )


_S3 = re.compile(
    rf'([^ ]+) ([^ ]+) \[({CLF_TIME})\] ([^ ]+) ([^ ]+) ([^ ]+) ([A-Z]+\.[^ ]+) ([^ ]+) (?:"({ESCAPED})"|-) {_STATUS} '
    rf"([^ ]+) {_SIZE} {_SIZE} {_SIZE} {_SIZE} (.*)",
    re.ASCII,
)


def s3(line: str, header: Fields) -> Parsed:
    """A line of an S3 server access log; its agent may hold quotes as they are."""
    match = _S3.fullmatch(line)
    at = fields.clf_time(match[3]) if match else None
    if not match or at is None:
        return "no owner, bucket, [time], address, requester, operation, key, request, status, sizes and times"
    method, host, target = fields.request(fields.unescape(match[9] or "-"))
    inside, quote, last = match[16].rpartition('"')
    tail = last.split() if quote else last.split()[2:]
    if inside.startswith('"'):
        referer, between, agent = inside[1:].partition('" "')
    else:  # a dash without quotes
        referer, between, agent = inside.partition(' "')
    if quote and not between:
        return "no referer and agent"
    return Event(
        at=at,
        client=fields.address(match[4]),
        method=method,
        host=host or (fields.hostname(tail[5]) if len(tail) > 5 else ""),
        target=target or ("/" + match[8] if match[8] != "-" else ""),
        status=fields.status(match[10]),
        sent=fields.size(match[12]),
        agent=fields.dash(fields.unescape(agent)),
        referer=fields.dash(fields.unescape(referer)),
        username=fields.dash(match[5]),
        ms=fields.millis(match[14]),
    )
