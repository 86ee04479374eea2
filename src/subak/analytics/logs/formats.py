"""Every format that is read, in the order in which they are tried, and which of them a line or a file is in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from subak.analytics.logs import combined, objects, shapes, tables
from subak.analytics.logs.combined import LONGEST
from subak.analytics.logs.event import Event, Fields, Parsed
from subak.analytics.logs.fields import decoded
from subak.errors import BadRequest

Parse = Callable[[str, Fields], Parsed]
"""A pure function: the line without its newline, the columns named before it -> the event or the reason."""


@dataclass(frozen=True, slots=True)
class Format:
    """One shape of log lines."""

    name: str
    parse: Parse
    title: str
    quick: bool = False
    """Is there a quick way (see `ways`)?"""
    coded: bool = False
    """May `bulk` read it?"""


PLAIN: tuple[Format, ...] = (
    Format("combined", combined.combined, "Apache, nginx and most others: common and combined", quick=True, coded=True),
    Format("cloudfront", tables.cloudfront, "CloudFront: standard and real-time logs", quick=True),
    Format("readings", objects.readings, "our own readings"),
    Format("json", objects.objects, "one JSON object a line: Fastly, nginx, Caddy, Envoy, Traefik, clouds", quick=True),
    Format("syslog", shapes.syslog, "syslog lines without quotes, as Ruby's CDN writes them"),
    Format("npm", shapes.npm, "quoted fields with session and cache state, as npm's CDN writes them"),
    Format("artifactory", shapes.artifactory, "Artifactory request.log and request-out.log"),
    Format("nexus", combined.nexus, "Nexus Repository request.log"),
    Format("squid", shapes.squid, "Squid access.log"),
    Format("alb", shapes.alb, "AWS load balancers"),
    Format("s3", shapes.s3, "S3 server access logs"),
    Format("vhost", combined.vhost, "combined behind the name of a virtual host"),
    Format("envoy", shapes.envoy, "Envoy's default text"),
    Format("haproxy", shapes.haproxy, "HAProxy's HTTP log"),
    Format("linehaul", shapes.linehaul, "the Python index's download lines"),
    Format("w3c", tables.w3c, "W3C extended: IIS and others"),
)

_HEAD = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)) "
    r"(?:(?:stdout|stderr) F |[^ ]{1,255} [^ :]{1,128}: |"
    r"[^ ]{1,255} [^ ]{1,48} [^ ]{1,128} [^ ]{1,32} (?:-|\[[^\]]*\]) )",
    re.ASCII,
)
_INSIDE = ("combined", "nexus", "vhost", "squid", "alb", "s3", "envoy", "artifactory")


def wrapped(line: str, header: Fields) -> Parsed:
    """A line of another format behind a head (syslog's: a container runtime's) or in Docker's JSON."""
    if line.startswith("{"):
        inner = objects.unwrapped(line)
    else:
        head = _HEAD.match(line)
        inner = line[head.end() :] if head else ""
    if not inner:
        return "no head of syslog or of a container"
    for form in PLAIN:
        if form.name in _INSIDE and isinstance(event := form.parse(inner, ()), Event):
            return event
    return "no known format behind the head"


FORMATS: tuple[Format, ...] = (
    *PLAIN,
    Format("wrapped", wrapped, "others behind a head, such as syslog's"),
)
"""In the order in which they are tried."""

UNKNOWN = Format("", lambda line, header: "no known format", "none")

CODED: frozenset[str] = frozenset(f.name for f in FORMATS if f.coded)
"""Names of those that the compiled scanner reads."""

NAMES: tuple[str, ...] = ("auto", *(f.name for f in FORMATS))


TOO_LONG = f"longer than {LONGEST} bytes"
BOM = b"\xef\xbb\xbf"


def by_name(name: str) -> Format | None:
    """The format of that name, None for 'auto'. Raises BadRequest."""
    found = next((f for f in FORMATS if f.name == name), None)
    if found or name == "auto":
        return found
    near = difflib.get_close_matches(name, NAMES, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(NAMES)}"
    raise BadRequest(f"there is no log format {name!r}; {hint}")


def readable(line: bytes) -> str:
    """Why a line cannot be text of a log, '' if it can."""
    if len(line) > LONGEST:
        return TOO_LONG
    return "NUL inside" if b"\0" in line else ""


def text(line: bytes) -> str:
    """The line without what Windows puts around it."""
    return decoded(line.removeprefix(BOM).removesuffix(b"\r"))


def parse(form: Format, line: bytes, header: Fields) -> Parsed:
    """The exact meaning of a line (without newline): every other way of reading it must agree."""
    return readable(line) or form.parse(text(line), header)


def rescue(line: bytes, header: Fields) -> Parsed:
    """The event by the first format that takes the line."""
    if not readable(line):
        whole = text(line)
        for form in FORMATS:
            if isinstance(event := form.parse(whole, header), Event):
                return event
    return "no known format"


def recognise(lines: Iterable[bytes]) -> Format:
    """The format that takes most of the lines; UNKNOWN if none takes any.

    Of several it is `wrapped`, whose heads others take for odd addresses, else the first.
    """
    score = dict.fromkeys(FORMATS, 0)
    header: Fields = ()
    for line in lines:
        if readable(line):
            continue
        whole = text(line)
        if tables.DIRECTIVE.match(whole):
            header = tables.named(whole) or header
            continue
        for form in FORMATS:
            score[form] += isinstance(form.parse(whole, header), Event)
    best = max(FORMATS, key=lambda form: (score[form], form.name == "wrapped"))
    return best if score[best] else UNKNOWN
