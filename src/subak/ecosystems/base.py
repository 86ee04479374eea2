"""What an ecosystem is: routes, forms, pins, rewriting, agents and client settings, as data and pure functions.

Nothing here opens a socket or a file. A hook that an ecosystem does not need keeps its default. The hooks stand in
the order in which a request meets them; docs/ecosystems.md tells when each is asked. What takes documents apart is
imported by the hooks that need it: whoever only names paths, as an analysis does, then starts sooner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from packageurl import PackageURL

from subak.ecosystems.logged import LIKELY, POSSIBLE, SURE, Columns, Own, Parts, Paths, Told, Usual, with_versions
from subak.ecosystems.paths import (
    DAY,
    FOREVER,
    HOUR,
    LONGEST_PATH,
    MINUTE,
    Form,
    Moved,
    Route,
    decode_path,
    match_route,
    negotiate,
)
from subak.errors import BadRequest, NotFound
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Subject

__all__ = [
    "DAY",
    "FOREVER",
    "HOUR",
    "LIKELY",
    "LONGEST_PATH",
    "MINUTE",
    "POSSIBLE",
    "SURE",
    "AgentPattern",
    "Client",
    "Columns",
    "Ecosystem",
    "Facts",
    "Form",
    "Hints",
    "Moved",
    "Own",
    "Page",
    "Parts",
    "Paths",
    "Route",
    "SettingFile",
    "Site",
    "Told",
    "Usual",
    "View",
    "decode_path",
    "ecosystem_at",
    "match_route",
    "negotiate",
    "subject_of",
    "with_versions",
]


# ---------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Site:
    """The upstream as its ecosystem needs to know it."""

    base: str
    """The index's base URL, ends in '/'."""
    signpost: bytes = b""
    """The body of the document that `Ecosystem.signpost` names; b'' if there is none upstream."""
    has_signpost: bool = False
    """Whether upstream has that document: an empty body may be a yes."""
    further: Mapping[str, str] = field(default_factory=dict)
    """What discovery found beside the address (see `Hints.further`)."""


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
    """Versions that policy withholds, in the ecosystem's canonical spelling; in a LISTING as 'name@version'."""
    revised: Mapping[str, str] = field(default_factory=dict)
    """For a LISTING that repeats a digest of each project's document: {name: hexadecimal digest as served here}."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a copy when it is answered with."""

    digest: Digest = UNPINNED
    """What it was checked against."""
    size: int = -1
    sha256: str = ""
    """Hex; the address of the stored bytes."""
    further: Mapping[str, str] = field(default_factory=dict)
    """Digests of the algorithms in `Ecosystem.also`: {algorithm: hex}."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Upstream response headers named by `Route.keeps`, with content-type and last-modified."""
    base: str = ""
    """As `View.base`."""


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
    """How one client is pointed here. Placeholders: {base} our URL, {host} its host, {port}, {netloc}, {folder} the
    absolute path of a folder that holds `files` and `shims`, {upstream} the upstream's base URL without last '/',
    {upstream_netloc} its host and port, {plain} 'true' when our URL is http and 'false' when it is https."""

    name: str
    environ: tuple[tuple[str, str], ...]
    """Variables that `subak env` and `subak run` set."""
    line: str
    """The one line a person types to make it permanent."""
    plain_http: tuple[tuple[str, str], ...] = ()
    """Further variables when our URL is http and not on loopback."""
    version: tuple[str, ...] = ()
    """The command that prints the client's version, for `subak doctor`."""
    files: tuple[tuple[str, str], ...] = ()
    """Setting files for clients whose variables name a file: (path below {folder}, text)."""
    copies: tuple[tuple[str, str], ...] = ()
    """The machine's own files, for a client that reads all of them or none: (path as in `SettingFile`, path below
    {folder}, which is a folder when it ends in '/'). The text is copied with every address at or below the upstream's
    base URL replaced by ours; other addresses stay as they are."""
    shims: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For clients that take neither variable nor file: (program, arguments put in front of the person's own). A
    script of that name is written to {folder}/bin, which `subak run` puts first in PATH."""


@dataclass(frozen=True, slots=True)
class SettingFile:
    """A client's own configuration file. `path` may begin with '~/' or '$VARIABLE/' and end in a glob ('*.sources')."""

    path: str
    syntax: str
    """ini | npmrc | toml | yaml-line | yarnrc | yaml-list | json | xml | env | apt; see sources/clientfiles.py."""
    keys: tuple[str, ...]
    """Dotted keys, the first that is set wins: 'global.index-url' is [global] index-url."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Where this machine's clients say which upstream they use today."""

    environ: tuple[str, ...] = ()
    files: tuple[SettingFile, ...] = ()
    builtin: str = ""
    """What a client or a library has built in: 'pip' (pip's own constant), 'go' (asks `go env`), 'purl:<type>'."""
    prefix: str = ""
    """Put before the builtin's host, in place of 'www.' if it begins so."""
    path: str = ""
    """Path below the discovered URL's root when the builtin names only a host."""
    clean: Callable[[str], str] = lambda text: text
    """The URL in a setting's text: 'sparse+https://…' or 'https://…,direct' are no URLs yet. '' when there is none.
    Raises ValueError with the end of a sentence ('is served by git') for one that must not be passed over."""
    besides: tuple[tuple[str, str], ...] = ()
    """Further registries that `files` may name: (suffix of the name it would be served by, key as in
    `SettingFile.keys`). It is only told that they could be."""
    further: tuple[str, ...] = ()
    """Names of further facts wanted of the client; of go 'sumdb', '<name>+<hash>+<key>', and 'nosumdb', the patterns
    of GONOSUMDB or GOPRIVATE, are known."""


# ---------------------------------------------------------------- the literal


def _nothing_announced(subject: Subject, page: Page) -> Iterator[Pin]:
    return iter(())


def _as_it_is(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    yield bytes(page.body)


def _cannot_cut(subject: Subject, artifact: BinaryIO) -> bytes:
    raise NotFound(f"{subject.key} cannot be made from its artifact")


def _nothing_derived(subject: Subject, facts: Facts) -> bytes:
    raise NotFound(f"{subject.key} cannot be told from its artifact")


def _nothing_made(subject: Subject, base: str) -> bytes:
    return b""


def _same_subject(subject: Subject, page: Page) -> Subject:
    return subject


def _no_question(subject: Subject, body: bytes) -> Subject:
    raise BadRequest("a body means nothing here")


def _nothing_to_prove(subject: Subject, page: Page, site: Site, evidence: Mapping[str, Page]) -> None:
    return None


def _no_path(purl: PackageURL) -> str:
    raise NotFound(f"no path is known for {purl.to_string()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecosystem:
    """One family of clients and its protocol."""

    name: str
    title: str
    at: str = ""
    """The first segment of its paths when that is not `name` (OCI clients insist on '/v2/')."""
    routes: tuple[Route, ...]

    # ---- what is asked for
    spell: Callable[[str], str] = lambda raw: raw
    """Rewrite a raw path (below the mount) before decoding: folds spellings such as npm's `%2f`."""
    subject: Callable[[Route, Mapping[str, str]], Subject | Moved]
    """Name what a matched path means. Raises BadRequest (hostile) or NotFound (impossible name). The result
    carries kind, key, name, version, purl; two spellings of the same thing yield the same key. It may name another
    route than the one matched."""
    question: Callable[[Subject, bytes], Subject] = _no_question
    """For a POST to a document's route: the subject with the body in its canonical form as `question`, which is sent
    upstream, and a key that tells it from other questions. Raises BadRequest for a body that is none."""
    path_of: Callable[[PackageURL], str] = _no_path
    """The path below the mount (decoded, no leading slash) of the document that tells about a package: the way back
    from purls. Raises NotFound for purls of other types and impossible names."""
    fold_version: Callable[[str], str] = lambda version: version
    """A version as it is compared: two spellings of one release fold to the same text."""

    # ---- answered without upstream
    make: Callable[[Subject, str], bytes] = _nothing_made
    """The body of a MADE subject, given our mount's URL without trailing slash. Raises NotFound."""
    derive: Callable[[Subject, Facts], bytes] = _nothing_derived
    """The body of a DERIVED subject, from what is known of its `companion`."""

    # ---- where upstream keeps it
    signpost: Callable[[Site], Subject | None] = lambda site: None
    """The upstream's own document that tells where the rest is; fetched before anything else, and its body put into
    `Site.signpost`. Its route has kind CONFIG."""
    guided: Callable[[Subject], bool] = lambda subject: True
    """Whether the signpost is needed for this subject; a signpost that fails then fails no other."""
    via: Callable[[Subject], Subject | None] = lambda subject: None
    """For a file named by something that moves (a branch, a tag): the document that tells where that points now."""
    settle: Callable[[Subject, Page], Subject] = _same_subject
    """The file that is meant, given the page that `via` named."""
    source: Callable[[Subject, Site], str]
    """The upstream URL of a document, a relay, or a file whose pin names no URL. Raises NotFound for what this
    upstream does not have."""

    # ---- what it must be
    named: Callable[[Subject], Digest] = lambda subject: UNPINNED
    """The digest that a file's own path names."""
    announced: Callable[[Subject, Mapping[str, str]], Digest] = lambda subject, headers: UNPINNED
    """The digest that the response headers of a file announce (lowercase names), when no index did."""
    homes: Callable[[Subject, Site], tuple[Subject, ...]] = lambda subject, site: ()
    """For a file: the index documents that would announce it, most likely first."""
    leads: Callable[[Subject, Page], Subject | None] = lambda subject, page: None
    """For a file, and a page of `homes` that does not announce it: the further document that page refers to."""
    pins: Callable[[Subject, Page], Iterator[Pin]] = _nothing_announced
    """What a fresh document announces, sidecars included. A pin without URL is found by `source`. Raises
    UpstreamLied when the body is not such a document (an error page sent with 200, broken JSON): then nothing is
    kept."""
    evidence: Callable[[Subject, Page, Site], tuple[Subject, ...]] = lambda subject, page, site: ()
    """The further documents needed to prove this one, asked before it is kept. Raises UpstreamLied."""
    prove: Callable[[Subject, Page, Site, Mapping[str, Page]], None] = _nothing_to_prove
    """Raises UpstreamLied unless the page is proved by its evidence, {key: page}. Then nothing is kept."""
    also: tuple[str, ...] = ()
    """Digest algorithms computed of every file beside sha256, for `Facts.further`."""

    # ---- what the client sees
    render: Callable[[Subject, Page, View], Iterator[bytes]] = _as_it_is
    """The document as this client must see it. Pure, idempotent in what it keeps, chunked so that memory
    stays bounded. Raises UpstreamLied, or NotFound when `view.part` does not exist."""
    listed: Callable[[str], Subject | None] = lambda name: None
    """For a LISTING that repeats a digest of each project's document (`View.revised`): the document of that name."""
    headers: Callable[[Subject, Facts], tuple[tuple[str, str], ...]] = lambda subject, facts: ()
    """Further response headers (lowercase names) that this ecosystem's clients read."""
    companion: Callable[[Subject], Subject | None] = lambda subject: None
    """For METADATA: the artifact it can be cut out of when upstream announces but does not serve it. For DERIVED:
    the artifact it is about."""
    cut: Callable[[Subject, BinaryIO], bytes] = _cannot_cut
    """The METADATA file's bytes out of its artifact's. Raises NotFound."""
    absent: Mapping[str, bytes] = field(default_factory=dict)
    """Relay routes for which an upstream's 404 is answered politely with 200 and this JSON body."""
    error_body: Callable[[str], Mapping[str, object]] = lambda message: {}
    """Further members of a problem document that this ecosystem's clients show to people."""
    error_headers: Callable[[Subject, int], tuple[tuple[str, str], ...]] = lambda subject, status: ()
    """Response headers (lowercase names) by which this ecosystem's clients tell failures of that status apart."""
    plain_errors: bool = False
    """Its clients print an error's body as it is: refusals are plain text instead of a problem document."""
    notice_headers: tuple[str, ...] = ()
    """Response headers whose text this ecosystem's clients print (npm: npm-notice)."""

    # ---- logs of registries and of other gateways
    own: tuple[Own, ...] = ()
    """The registry's own paths, the first that fits. What is the same as below our mount and told by nothing needs
    no entry where the log is known to be of this ecosystem."""
    usual: tuple[Usual, ...] = ()
    """What most of those look like, for speed alone; the first that fits."""
    words: tuple[str, ...] = ()
    """What people call it in the names of their repositories, besides `name`: 'docker', 'apt'."""
    counted_as: Callable[[Subject], str] = lambda subject: ""
    """For a subject without purl: the one under which analysis counts it, '' none. Rules go by `Subject.purl`, which
    some files lack on purpose."""

    # ---- clients, and what people read
    hints: Hints = Hints()
    clients: tuple[Client, ...] = ()
    agents: tuple[AgentPattern, ...] = ()
    tokens: bool = False
    """The upstream may send us to its token service (401 with `WWW-Authenticate: Bearer realm=…`)."""
    pinned_by: str = ""
    """For the table in the README: what files are checked against, in a few words."""

    @property
    def mount(self) -> str:
        return f"/{self.at or self.name}"

    def route(self, name: str) -> Route:
        """The route of that name. Raises KeyError."""
        found = next((r for r in self.routes if r.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


def subject_of(purl: PackageURL, ecosystem: Ecosystem) -> Subject | None:
    """The document that tells about a package, by the way back from its purl; None if it is of another family."""
    try:
        found = match_route(ecosystem.routes, "/" + ecosystem.path_of(purl))
        subject = ecosystem.subject(*found) if found else None
    except (NotFound, BadRequest):
        return None
    return subject if isinstance(subject, Subject) else None


def ecosystem_at(mount: str, ecosystems: Mapping[str, Ecosystem]) -> Ecosystem | None:
    """The ecosystem served below '/<mount>/'; most are served at their name."""
    found = ecosystems.get(mount)
    if found is not None and not found.at:
        return found
    return next((e for e in ecosystems.values() if e.at and e.at == mount), None)
