"""What an ecosystem is: routes, forms, pins, rewriting, agents and client settings, as data and pure functions.

Nothing here opens a socket or a file. A hook that an ecosystem does not need keeps its default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import BinaryIO
from urllib.parse import unquote_to_bytes

from subak.errors import BadRequest, NotFound
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
FOREVER = float("inf")

LONGEST_PATH = 4096
"""Bytes of a raw path that we read; longer ones are refused."""


# ---------------------------------------------------------------- paths


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

    `pattern` is matched against the decoded path: `{name}` is one segment, `{path+}` the rest
    (one or more segments), everything else is literal; a trailing slash is significant.
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
    """For files: the Content-Type sent, whatever upstream says."""


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
    if "%2f" in raw or "%2F" in raw:
        raise BadRequest("an encoded slash has no meaning here")
    try:
        path = unquote_to_bytes(raw).decode("utf-8") if "%" in raw else raw
    except UnicodeDecodeError as error:
        raise BadRequest("the path is not UTF-8") from error
    if _HOSTILE.search(path):
        raise BadRequest("the path holds control characters, a backslash, '%' or dot segments")
    return path


_HOSTILE = re.compile(r"[\x00-\x20\x7f\\%?#]|(?:^|/)\.{1,2}(?:/|$)|//")


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name, rest = match[1], match[2]
        return f"(?P<{name}>.+)" if rest else f"(?P<{name}>[^/]+)"

    parts = re.split(r"(\{[a-z_]+\+?\})", pattern)
    text = "".join(re.sub(r"\{([a-z_]+)(\+?)\}", group, p) if p.startswith("{") else re.escape(p) for p in parts)
    return re.compile(text + r"\Z")


def match_route(routes: Iterable[Route], path: str) -> tuple[Route, dict[str, str]] | None:
    """The first route whose pattern fits the decoded path (which begins with '/')."""
    for route in routes:
        found = _compiled(route.pattern).match(path)
        if found:
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


# ---------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Page:
    """A stored document's bytes with what is needed to read them."""

    body: memoryview | bytes
    content_type: str
    """As upstream sent it."""
    url: str
    """Where it was found: relative links resolve against it."""


@dataclass(frozen=True, slots=True)
class View:
    """How a document is wanted."""

    form: str
    base: str
    """Absolute URL of the ecosystem's mount for this client, without trailing slash."""
    part: str = ""
    hidden: frozenset[str] = frozenset()
    """Versions that policy withholds, in the ecosystem's canonical spelling."""


# ---------------------------------------------------------------- clients


@dataclass(frozen=True, slots=True)
class AgentPattern:
    """How one tool writes its User-Agent. `pattern` is searched at the start and may name `version`."""

    family: str
    pattern: str
    ci: str = ""
    """A regular expression that, found anywhere in the agent, means the tool declares CI."""


@dataclass(frozen=True, slots=True)
class Client:
    """How one client is pointed here. Placeholders: {base} our URL, {host} its host, {port}, {netloc}."""

    name: str
    environ: tuple[tuple[str, str], ...]
    """Variables that `subak env` and `subak run` set."""
    line: str
    """The one line a person types to make it permanent."""
    plain_http: tuple[tuple[str, str], ...] = ()
    """Further variables when our URL is http and not on loopback."""
    version: tuple[str, ...] = ()
    """The command that prints the client's version, for `subak doctor`."""


@dataclass(frozen=True, slots=True)
class SettingFile:
    """A client's own configuration file. `path` may begin with '~/'."""

    path: str
    syntax: str
    """ini | npmrc | toml | yaml-line | yarnrc"""
    keys: tuple[str, ...]
    """Dotted keys, the first that is set wins: 'global.index-url' is [global] index-url."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Where this machine's clients say which upstream they use today."""

    environ: tuple[str, ...] = ()
    files: tuple[SettingFile, ...] = ()
    builtin: str = ""
    """What a client or a library has built in: 'pip' (pip's own constant) or 'purl:<type>'."""
    path: str = ""
    """Path below the discovered URL's root when the builtin names only a host."""


# ---------------------------------------------------------------- the literal


def _no_pins(subject: Subject, page: Page) -> Iterator[Pin]:
    return iter(())


def _as_it_is(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    yield bytes(page.body)


def _no_homes(subject: Subject) -> tuple[Subject, ...]:
    return ()


def _no_companion(subject: Subject) -> Subject | None:
    return None


def _cannot_cut(subject: Subject, artifact: BinaryIO) -> bytes:
    raise NotFound(f"{subject.key} cannot be made from its artifact")


def _same(raw: str) -> str:
    return raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """One family of clients and its protocol."""

    name: str
    title: str
    routes: tuple[Route, ...]
    subject: Callable[[Route, Mapping[str, str]], Subject | Moved]
    """Name what a matched path means. Raises BadRequest (hostile) or NotFound (impossible name). The result
    carries kind, key, name, version, purl; two spellings of the same thing yield the same key."""
    source: Callable[[Subject, str], str]
    """The upstream URL of a document or relay, given the upstream's base URL (ends in '/')."""
    pins: Callable[[Subject, Page], Iterator[Pin]] = _no_pins
    """What a fresh document announces, sidecars included. Raises UpstreamLied when the body is not such a
    document (an error page sent with 200, broken JSON): then nothing is kept."""
    render: Callable[[Subject, Page, View], Iterator[bytes]] = _as_it_is
    """The document as this client must see it. Pure, idempotent in what it keeps, chunked so that memory
    stays bounded. Raises UpstreamLied, or NotFound when `view.part` does not exist."""
    homes: Callable[[Subject], tuple[Subject, ...]] = _no_homes
    """For a file: the index documents that would announce it, most likely first."""
    companion: Callable[[Subject], Subject | None] = _no_companion
    """For a METADATA file: the artifact it can be cut out of when upstream announces but does not serve it."""
    cut: Callable[[Subject, BinaryIO], bytes] = _cannot_cut
    """The METADATA file's bytes out of its artifact's. Raises NotFound."""
    fold_version: Callable[[str], str] = _same
    """A version as it is compared: two spellings of one release fold to the same text."""
    spell: Callable[[str], str] = _same
    """Rewrite a raw path (below the mount) before decoding: folds spellings such as npm's `%2f`."""
    hints: Hints = Hints()
    clients: tuple[Client, ...] = ()
    agents: tuple[AgentPattern, ...] = ()
    absent: Mapping[str, bytes] = field(default_factory=dict)
    """Relay routes for which an upstream's 404 is answered politely with 200 and this JSON body."""
    error_body: Callable[[str], Mapping[str, object]] = lambda message: {}
    """Further members of a problem document that this ecosystem's clients show to people."""

    notice_headers: tuple[str, ...] = ()
    """Response headers whose text this ecosystem's clients print (npm: npm-notice)."""

    @property
    def mount(self) -> str:
        return f"/{self.name}"

    def route(self, name: str) -> Route:
        """The route of that name. Raises KeyError."""
        return next(r for r in self.routes if r.name == name)
