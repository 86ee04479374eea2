"""Paths and what is asked for on them: routes, hostile spellings, representations; pure functions of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from subak.errors import BadRequest
from subak.model.exchange import Kind

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FOREVER = float("inf")

LONGEST_PATH = 4096
"""Bytes of a raw path that we read; longer ones are refused."""


@dataclass(frozen=True, slots=True)
class Form:
    """One representation of a document, and the media types that ask for it, the one we send first."""

    name: str
    media: tuple[str, ...]
    content_type: str
    """The exact Content-Type header sent."""


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of path below the ecosystem's mount.

    `pattern` is matched against the decoded path: `{name}` is one segment, `{path+}` one or more segments (as many
    as fit), everything else is literal; a trailing slash is significant.
    """

    name: str
    pattern: str
    kind: Kind
    fresh_for: float = 0.0
    """Seconds a document is served without asking upstream again."""
    accept: str = "*/*"
    """The Accept header for the upstream: one fixed value, so that stored validators always fit."""
    forms: tuple[Form, ...] = ()
    """Representations on offer; the first answers a request without (matching) Accept."""
    methods: tuple[str, ...] = ("GET", "HEAD")
    content_type: str = "application/octet-stream"
    """For files and what is made here: the Content-Type sent, whatever upstream says; '' sends upstream's own."""
    _: KW_ONLY
    query: tuple[str, ...] = ()
    """Query parameters that are part of what is asked for: `subject` gets them beside the path's groups, decoded,
    '' when absent. All others mean nothing."""
    keeps: tuple[str, ...] = ()
    """Upstream response headers (lowercase) that are remembered with the copy and given to `Ecosystem.headers`.
    Content-Type and Last-Modified are always remembered."""
    absent: tuple[int, ...] = (404, 410, 451)
    """Upstream statuses that mean "there is no such thing". Some storage services say 403, some hubs 401."""
    roams: bool = False
    """Redirects may lead to any public host: the registry keeps these bytes at a storage service."""

    # ---- documents
    plain: bool = False
    """Never sent with a content coding: clients hash, resume or append to these very bytes."""
    ranges: bool = False
    """Parts may be asked for (of files they always may)."""
    etag: str = ""
    """What the validator is: '' a name of our own, 'md5' or 'sha256' the hexadecimal digest of the body."""
    digest_fields: bool = False
    """Announce the body's digest in Repr-Digest (RFC 9530) and the older Digest."""
    heads: bool = False
    """A copy that we hold is checked with HEAD before it is fetched again: upstreams count GETs."""
    grows: bool = False
    """Upstream appends to it: only what is new is asked for, and the whole is checked against Repr-Digest."""

    optional: bool = False
    """Clients look whether it is there, and go on without it: while upstream fails, an old "not found" is repeated.
    Elsewhere it is not, since it may have been published meanwhile."""

    # ---- files
    open: bool = False
    """Fetched although no index announces it: the path alone tells where it is. Pins are looked for meanwhile."""
    whole: bool = False
    """Leaves only once it was verified to its end: clients take a transfer that broke off for the file."""
    announces: bool = False
    """Read for pins once it is verified, as documents are: an index that is itself pinned."""
    moves: bool = False
    """Other bytes may be announced for the same path later: its answers are not remembered as final."""
    dated: bool = False
    """Upstream's Last-Modified is when the version was published."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The path is a known misspelling: redirect to `path` (below the mount, encoded, no leading slash)."""

    path: str


def decode_path(raw: str) -> str:
    """Percent-decode once and refuse everything that could mean two things to two readers.

    Raises BadRequest for NUL and control bytes, backslashes, `.`/`..` segments, empty segments, encoded
    slashes, a `%` that survives decoding, bytes that are not UTF-8, and paths beyond LONGEST_PATH.
    """
    if len(raw) > LONGEST_PATH:
        raise BadRequest(f"the path is longer than {LONGEST_PATH} bytes")
    if _EASY(raw):
        return raw
    if "%2f" in raw or "%2F" in raw:
        raise BadRequest("an encoded slash has no meaning here")
    try:
        path = unquote_to_bytes(raw).decode("utf-8") if "%" in raw else raw
    except UnicodeDecodeError as error:
        raise BadRequest("the path is not UTF-8") from error
    if _HOSTILE.search(path):
        raise BadRequest("the path holds control characters, a backslash, '%' or dot segments")
    return path


_EASY = re.compile(r"(?:/[A-Za-z0-9_@~!+$&'()*,;=:-][A-Za-z0-9._@~!+$&'()*,;=:-]*+)++/?\Z").match
"""Nearly all paths: no code, no segment that is empty or begins with a dot. Seven times as fast as a search."""

_HOSTILE = re.compile(r"[\x00-\x20\x7f\\%?#]|(?:^|/)\.{1,2}(?:/|$)|//")


@dataclass(frozen=True, slots=True)
class _Tried:
    """A route as paths are tried against it."""

    route: Route
    fits: re.Pattern[str]
    tail: str
    """What the pattern ends in behind its last group; '' if it ends in one."""
    within: str
    """The longest literal piece: looked for first, since that is ten times as fast as a match that fails."""
    slashes: int
    """How many the path has, or if `open_ended` at least has."""
    open_ended: bool


def _tried(route: Route) -> _Tried:
    parts = re.split(r"\{([a-z_]+\+?)\}", route.pattern)
    literals = parts[::2]
    text = re.escape(literals[0])
    for name, literal in zip(parts[1::2], literals[1:], strict=True):
        text += f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"
        text += re.escape(literal)
    longest = max(literals, key=len)
    slashes = sum(literal.count("/") for literal in literals)
    return _Tried(route, re.compile(text + r"\Z"), literals[-1], longest, slashes, "+}" in route.pattern)


_MOST_SLASHES = 12
"""Paths with more are looked up together with those that have as many."""


class _Routes:
    """The routes of one ecosystem, ordered by what a path shows at once: its last character and its slashes."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._tried = tuple(map(_tried, routes))
        self._tails = frozenset(t.tail[-1:] for t in self._tried)
        self._short: dict[tuple[str, int], tuple[tuple[str, _Match, Route], ...]] = {}

    def possible(self, path: str) -> tuple[tuple[str, _Match, Route], ...]:
        """The routes that it may be on: a literal to look for, the pattern, the route."""
        last, slashes = path[-1:], path.count("/")
        if last not in self._tails:
            last = ""
        if slashes > _MOST_SLASHES:
            slashes = _MOST_SLASHES
        short = self._short.get((last, slashes))
        if short is None:
            short = self._short[last, slashes] = tuple(self._ordered(last, slashes))
        return short

    def _ordered(self, last: str, slashes: int) -> Iterator[tuple[str, _Match, Route]]:
        for tried in self._tried:
            enough = slashes >= min(tried.slashes, _MOST_SLASHES)
            exact = tried.open_ended or slashes in (tried.slashes, _MOST_SLASHES)
            if enough and exact and tried.tail[-1:] in ("", last):
                yield tried.within, tried.fits.match, tried.route


_Match = Callable[[str], re.Match[str] | None]

_KNOWN: dict[int, _Routes] = {}
"""By identity: to hash a tuple of routes takes longer than to match them."""


def match_route(routes: tuple[Route, ...], path: str) -> tuple[Route, dict[str, str]] | None:
    """The first route whose pattern fits the decoded path (which begins with '/')."""
    known = _KNOWN.get(id(routes))
    if known is None or known.routes is not routes:
        if len(_KNOWN) >= 256:
            _KNOWN.clear()
        known = _KNOWN[id(routes)] = _Routes(routes)
    for within, match, route in known.possible(path):
        if within in path and (found := match(path)):
            return route, found.groupdict()
    return None


def negotiate(forms: tuple[Form, ...], accept: str) -> Form:
    """The form an Accept header asks for (RFC 9110 §12.5.1); the first form if it fits none or is absent.

    Ties in q go to the form named more specifically, then to the order of `forms`.
    """
    if not accept or len(forms) == 1:
        return forms[0]
    asked = _parsed_accept(accept)
    best, best_rank = forms[0], (0.0, -1, 0)
    for position, form in enumerate(forms):
        for media in form.media:
            quality, precision = _quality(asked, media)
            rank = (quality, precision, -position)
            if quality > 0 and rank > best_rank:
                best, best_rank = form, rank
    return best


@lru_cache(maxsize=1024)
def _parsed_accept(accept: str) -> tuple[tuple[str, float], ...]:
    ranges = []
    for item in accept.lower().split(",")[:32]:
        media, *parameters = (p.strip() for p in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        ranges.append((media, quality))
    return tuple(ranges)


def _quality(asked: tuple[tuple[str, float], ...], media: str) -> tuple[float, int]:
    """The q of the most specific range that covers `media`, and how specific it is (2 exact, 1 type/*, 0 */*)."""
    best = (0.0, -1)
    for wanted, quality in asked:
        if wanted == media:
            precision = 2
        elif wanted.endswith("/*") and media.startswith(wanted[:-1]):
            precision = 1
        elif wanted == "*/*":
            precision = 0
        else:
            continue
        if precision > best[1] or (precision == best[1] and quality > best[0]):
            best = (quality, precision)
    return best
