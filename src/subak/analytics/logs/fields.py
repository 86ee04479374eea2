"""What single fields of access logs mean: times, addresses, hosts, requests, quoting, cache states."""

from __future__ import annotations

import calendar
import ipaddress
import math
import re
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

LATEST = 1e11
"""Times from 1970 to before this (Unix seconds) are believed; SQL can turn them into dates."""
MOST = 2**62
"""Byte counts above are not believed."""

ESCAPED = r'[^"\\]*(?:\\.[^"\\]*)*'
"""A regular expression: the inside of a quoted string whose quotes are escaped by a backslash."""
CLF_TIME = r"\d\d/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d [+-](?:0\d|1[0-4])[0-5]\d"
MAIL_TIME = r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d", re.ASCII)
_ESCAPES = re.compile(r'((?:\\x[0-9A-Fa-f]{2})+)|\\(["\\bfnrtv])')
_PLAIN = {'"': '"', "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REQUEST = re.compile(r"([A-Za-z][A-Za-z_-]{0,31}) (\S.*) HTTP/\d(?:\.\d)?")
_BARE = re.compile(r"([A-Z]{3,16}) (/.*|[a-z]{3,5}://.*)")
_METHODS = frozenset(("GET", "HEAD", "POST"))
_PROTOCOLS = frozenset(("HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/3.0"))
_URL = re.compile(r"[A-Za-z][A-Za-z+.-]{1,15}://([^/?#]*)(.*)")

# ---------------------------------------------------------------- text


def decoded(line: bytes) -> str:
    """Bytes that are no UTF-8 become `\\xff`."""
    return line.decode("utf-8", "backslashreplace")


def unescape(text: str) -> str:
    r"""Undo `\"`, `\\`, `\n` … and `\x22`; what else follows a backslash stays. NUL stays `\x00`."""
    if "\\" not in text:
        return text
    return _ESCAPES.sub(_meant, text).replace("\0", r"\x00")


def _meant(match: re.Match[str]) -> str:
    return decoded(bytes.fromhex(match[1].replace(r"\x", ""))) if match[1] else _PLAIN[match[2]]


def unpercent(text: str) -> str:
    """Undo one level of percent-encoding. NUL stays %00."""
    return decoded(unquote_to_bytes(text)).replace("\0", "%00") if "%" in text else text


def dash(text: str) -> str:
    """'' for the marks of absence."""
    return "" if text in ("-", '""', "(null)", "null") else text


def first_quoted(text: str) -> tuple[str, str] | None:
    """The insides of `"a" "b"` where quotes inside are not escaped: `b` reaches to the last quote."""
    if not (text.startswith('"') and text.endswith('"')):
        return None
    one, between, two = text[1:-1].partition('" "')
    return (one, two) if between else None


# ---------------------------------------------------------------- who and where


def address(text: str) -> str:
    """An address without brackets and port."""
    text = dash(text)
    if text.startswith("["):
        return text[1:].partition("]")[0]
    if text.count(":") == 1:
        return text.partition(":")[0]
    return text


def is_address(text: str) -> bool:
    """Is it an IPv4 or IPv6 address?"""
    if "." not in text and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def hostname(text: str) -> str:
    """A host in lower case without port."""
    return address(text).lower()


def located(url: str) -> tuple[str, str]:
    """Host ('' if not told) and target of a request's URL."""
    if url.startswith("/"):
        return "", url
    match = _URL.fullmatch(url)
    if not match:
        return "", url
    return hostname(match[1].rpartition("@")[2]), match[2] if match[2].startswith("/") else "/" + match[2]


def request(text: str) -> tuple[str, str, str]:
    """Method, host and target of an unescaped request line; what is no request is all target."""
    method, _, rest = text.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if method in _METHODS and protocol in _PROTOCOLS and target.startswith("/"):
        return method, "", target  # nearly all; the same as below, in a fifth of the time
    text = dash(text)
    match = _REQUEST.fullmatch(text) or _BARE.fullmatch(text)
    if not match:
        return "", "", text
    return (match[1], *located(match[2]))


# ---------------------------------------------------------------- numbers


GONE = 499
"""For requests whose client left before there was a status: nginx's number. Others write 000 or -1."""


def status(text: str) -> int:
    """A status of three digits; 0 for anything else."""
    if text in ("000", "-1"):
        return GONE
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() else 0


def size(text: str) -> int:
    """A number of bytes; '-' means none were sent, -1 that it is not known."""
    if text == "-":
        return 0
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return -1


def millis(text: str, scale: float = 1.0) -> float:
    """A duration in milliseconds, -1 if it is none. `scale` is the length of the log's unit in milliseconds."""
    try:
        value = float(text) * scale
    except ValueError:
        return -1.0
    return round(value, 6) if 0 <= value < LATEST else -1.0


# ---------------------------------------------------------------- times


def clf_time(text: str) -> float | None:
    """The Unix time of `05/Oct/2026:08:00:06 +0200`, of the shape CLF_TIME."""
    month = _MONTHS.get(text[3:6].lower())
    if month is None:
        return None
    east = (int(text[22:24]) * 60 + int(text[24:26])) * (-60 if text[21] == "-" else 60)
    return _calendar(int(text[7:11]), month, int(text[:2]), text[12:20], east)


def mail_time(text: str) -> float | None:
    """The Unix time of `Mon, 05 Oct 2026 08:00:01 GMT`, of the shape MAIL_TIME."""
    month = _MONTHS.get(text[8:11].lower())
    return None if month is None else _calendar(int(text[12:16]), month, int(text[5:7]), text[17:25], 0)


def _calendar(year: int, month: int, day: int, clock: str, east: int) -> float | None:
    hour, minute, second = int(clock[:2]), int(clock[3:5]), int(clock[6:8])
    if hour > 23 or minute > 59 or second > 60 or not 0 < day <= 31 or year < 1:
        return None
    if day > 28 and day > calendar.monthrange(year, month)[1]:
        return None
    return believed(calendar.timegm((year, month, day, hour, minute, second)) - east)


def iso_time(text: str) -> float | None:
    """The Unix time of an ISO 8601 time; without a zone it is UTC."""
    if not _ISO.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return believed((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def unix_time(value: float) -> float | None:
    """A Unix time in seconds, milli-, micro- or nanoseconds: no log is older than 1970 or younger than 5138."""
    for ceiling, scale in ((LATEST, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if value < ceiling:
            return believed(value / scale)
    return None


def any_time(value: object) -> float | None:
    """A time in any of the forms above."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return unix_time(value)
    text = str(value)
    if re.fullmatch(CLF_TIME, text, re.ASCII):
        return clf_time(text)
    if re.fullmatch(MAIL_TIME, text, re.ASCII):
        return mail_time(text)
    if re.fullmatch(r"\d{9,20}(\.\d{1,9})?", text, re.ASCII):
        return unix_time(float(text))
    return iso_time(text)


def believed(at: float) -> float | None:
    """The time, if it can be one."""
    return float(at) if math.isfinite(at) and 0 <= at < LATEST else None


# ---------------------------------------------------------------- cache states

CACHE_WORDS: dict[str, str] = {
    "hit": "hit", "tcp_hit": "hit", "tcp_mem_hit": "hit", "tcp_ims_hit": "hit", "tcp_inm_hit": "hit",
    "tcp_offline_hit": "hit", "originshieldhit": "hit", "udp_hit": "hit", "hit-cluster": "hit", "peer": "peer",
    "miss": "miss", "tcp_miss": "miss", "tcp_client_refresh_miss": "miss", "tcp_tunnel": "miss", "expired": "miss",
    "tcp_swapfail_miss": "miss", "udp_miss": "miss", "miss-cluster": "miss",
    "refreshhit": "revalidated", "revalidated": "revalidated", "tcp_refresh_unmodified": "revalidated",
    "tcp_refresh_hit": "revalidated", "tcp_refresh_modified": "miss", "tcp_refresh_miss": "miss",
    "stale": "stale", "updating": "stale", "hit-stale": "stale", "tcp_refresh_fail_old": "stale",
    "bypass": "bypass", "pass": "bypass", "dynamic": "bypass", "tcp_bypass": "bypass",
    "hitpass": "bypass", "private_nostore": "bypass", "remote_hit": "hit", "partial_hit": "hit", "tcp_cf_hit": "hit",
    "tcp_denied": "denied", "limitexceeded": "denied", "error": "error", "capacityexceeded": "error",
}  # fmt: skip
"""Lower-case words of servers -> ours."""


def cache_word(text: str) -> str:
    """Our word for a server's, also with more behind it such as `HIT-WAIT-CLUSTER`, `HIT, HIT` or `TCP_HIT:NONE`.

    '' if it is unknown. Of several caches the last in the list stood nearest to the client.
    """
    word = text.rpartition(",")[2].strip().lower()
    if ";" in word:  # RFC 9211: `name; hit; ttl=30` or `name; fwd=stale`
        said = word.replace(" ", "").split(";")
        return "hit" if "hit" in said else "miss" if any(part.startswith("fwd=") for part in said) else ""
    word = word.partition(":")[0].removesuffix("_aborted").removesuffix("_timedout")
    while word not in CACHE_WORDS and "-" in word:
        word = word.rpartition("-")[0]
    return CACHE_WORDS.get(word, "")


# ---------------------------------------------------------------- what may be shown

_DIGITS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
_COLONS = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")


def sample(line: bytes, longest: int = 200) -> str:
    """The beginning of a line as at most `longest` printable characters, addresses masked."""
    text = decoded(line[: longest * 4])
    text = _DIGITS.sub("x.x.x.x", text)
    text = _COLONS.sub(lambda match: "x::x" if is_address(match[0]) else match[0], text)
    return printable(text)[:longest]


def printable(text: str) -> str:
    """Control, formatting and surrogate characters written out, so that no terminal obeys them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
