"""The story of one request, stage by stage, told without asking any upstream and without serving anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from subak.ecosystems.base import Ecosystem, Site, negotiate
from subak.errors import BadRequest, NotFound, SubakError
from subak.model.exchange import Asked, Exchange, Kind, Origin, Subject
from subak.model.reading import meter
from subak.pipeline.freshness import Ask, Freshness, GiveUp, Seen, Use, next_step
from subak.pipeline.identify import MOVED, identify
from subak.pipeline.inquiry import Limits
from subak.ports import Blobs, Catalogue, Gatekeeper

STREAMED = "while it streams in, the end held back until proven"
STAGES = ("identify", "classify", "admit", "resolve", "verify", "serve", "meter")

_LOG_LINE = re.compile(
    r'^(?P<client>\S+) .*?"(?P<method>[A-Z]+) (?P<target>\S+) HTTP/[\d.]+"'
    r'(?: \d+ \S+(?: "[^"]*" "(?P<agent>(?:[^"\\]|\\.)*)")?)?'
)
"""Combined and common log format (Apache, nginx)."""


@dataclass(slots=True)
class Explanation:
    """What each stage decided, in sentences. The list ends at the stage that refused."""

    asked: Asked
    stages: list[tuple[str, str]] = field(default_factory=list)
    refused: bool = False

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "method": self.asked.method,
            "path": self.asked.path,
            "agent": self.asked.agent,
            "refused": self.refused,
            "stages": [{"stage": stage, "text": text} for stage, text in self.stages],
        }


@dataclass(frozen=True, slots=True)
class Known:
    """What an explanation may look at. Nothing here is changed."""

    ecosystems: Mapping[str, Ecosystem]
    gatekeeper: Gatekeeper
    catalogue: Catalogue
    blobs: Blobs
    limits: Limits
    base: Callable[[str], str]
    """The upstream's base URL of an ecosystem. Raises NoUpstream."""
    now: Callable[[], float]


def read_question(text: str, agent: str, now: float) -> Asked:
    """A path, a URL of this gateway, 'METHOD path' or a log line, as a request. Raises BadRequest."""
    text = text.strip()
    line = _LOG_LINE.match(text)
    if line:
        client, method, target = line["client"], line["method"], line["target"]
        agent = {None: agent, "-": ""}.get(line["agent"], line["agent"])
    else:
        client = "127.0.0.1"
        method, _, target = text.rpartition(" ")
        method = method.strip().upper() or "GET"
    if target.startswith(("http://", "https://")):
        _, _, rest = target.partition("://")
        target = "/" + rest.partition("/")[2]
    path, _, query = target.partition("?")
    if not path.startswith("/") or not method.isalpha():
        raise BadRequest(
            f"{text[:120]!r} is neither a path, a URL nor a log line",
            fix="For example: subak explain /pypi/simple/numpy/",
        )
    headers = {"user-agent": agent} if agent else {}
    return Asked(method, path, query, headers, client, "http://this-gateway", now)


def explain(asked: Asked, known: Known) -> Explanation:
    """Tell the story. Never raises a SubakError: a refusal is the end of the story."""
    told = Explanation(asked)
    x = Exchange(asked)
    say = told.stages.append
    stage = "identify"
    try:
        x = replace(x, subject=identify(asked.method, asked.path, known.ecosystems, asked.query))
        say((stage, _identified(x.subject)))
        stage = "classify"
        x = replace(x, caller=known.gatekeeper.classify(asked, x.subject))
        ci = ", in CI by its own word" if x.caller.agent.ci else ""
        agent = f"{x.caller.agent.family} {x.caller.agent.version}".strip()
        say((stage, f"agent {agent}{ci}; consumer {x.caller.consumer}; tier {x.caller.tier}"))
        stage = "admit"
        x = replace(x, verdict=known.gatekeeper.admit(x.subject, x.caller, known.now()))
        x.verdict.require()
        hidden = known.gatekeeper.hidden(x.subject)
        say((stage, "no rule objects" + (f"; withheld versions: {', '.join(sorted(hidden))}" if hidden else "")))
        stage = "resolve"
        origin, lines = _resolved(x.subject, known)
        for name, text in lines:
            stage = name
            say((name, text))
        x = replace(x, origin=origin)
    except SubakError as error:
        told.refused = True
        rule = getattr(error, "rule", "")
        say(
            (
                stage,
                f"refused{f' by rule {rule}' if rule else ''}: {error.detail}{f'. {error.fix}' if error.fix else ''}",
            )
        )
    say(("meter", meter(x).decode()))
    return told


def _identified(subject: Subject) -> str:
    if subject.kind is Kind.OWN:
        return "one of this gateway's own pages"
    if subject.route == MOVED:
        return f"{subject.ecosystem}: a misspelling, redirected to {subject.part or 'the front page'}"
    version = f" {subject.version}" if subject.version else ""
    part = f", of it: {subject.part}" if subject.part else ""
    purl = f" ({subject.purl})" if subject.purl else ""
    name = f" of {subject.name}{version}" if subject.name else ""
    return f"{subject.ecosystem}: {subject.kind}{name}{purl}, route {subject.route}, stored as {subject.key}{part}"


def _resolved(subject: Subject, known: Known) -> tuple[Origin, list[tuple[str, str]]]:
    """The remaining stages' lines. Raises SubakError when the story ends."""
    if subject.kind is Kind.OWN or subject.route == MOVED:
        return Origin.OWN, [("resolve", "made here"), ("verify", "nothing to prove"), ("serve", "at once, not cached")]
    ecosystem = known.ecosystems[subject.ecosystem]
    if subject.kind is Kind.RELAY:
        return Origin.UPSTREAM, [
            ("resolve", f"passed on to {_target(subject, ecosystem, known)}"),
            ("verify", "an answer of the moment, not kept"),
            ("serve", "as it comes"),
        ]
    if subject.kind is Kind.MADE:
        return Origin.OWN, [("resolve", "made here"), ("verify", "nothing to prove"), ("serve", "at once")]
    if subject.kind is Kind.DERIVED:
        about = ecosystem.companion(subject)
        if about is None:
            raise NotFound(f"{subject.key} is about no file")
        origin, lines = _file(about, ecosystem, known)
        return origin, [("resolve", f"told from {about.key}: {lines[0][1]}"), *lines[1:]]
    if subject.kind in (Kind.ARTIFACT, Kind.METADATA):
        return _file(subject, ecosystem, known)
    return _document(subject, ecosystem, known)


def _target(subject: Subject, ecosystem: Ecosystem, known: Known) -> str:
    """The upstream URL, as far as it can be told without asking."""
    try:
        return ecosystem.source(subject, _site(ecosystem, known))
    except NotFound:
        return "where the upstream's own service document tells"


def _site(ecosystem: Ecosystem, known: Known) -> Site:
    """The upstream as far as we hold what it says of itself."""
    bare = Site(known.base(ecosystem.name))
    post = ecosystem.signpost(bare)
    document = known.catalogue.document(ecosystem.name, post.key) if post else None
    if document is None or not document.blob or known.blobs.size(document.blob) < 0:
        return bare
    return Site(bare.base, known.blobs.path(document.blob).read_bytes(), True)


def _document(subject: Subject, ecosystem: Ecosystem, known: Known) -> tuple[Origin, list[tuple[str, str]]]:
    route = ecosystem.route(subject.route)
    limits = known.limits
    freshness = Freshness(limits.fresh_for or route.fresh_for, limits.behind, limits.absent_for, route.optional)
    document = known.catalogue.document(ecosystem.name, subject.key)
    now = known.now()
    lines: list[tuple[str, str]] = []
    origin = Origin.UPSTREAM
    held = "we hold nothing"
    if document is not None:
        age = now - document.checked_at
        kind = (
            "an absence"
            if document.status != 200
            else f"{document.size} bytes of {document.content_type or 'unknown type'}"
        )
        gone = ", gone upstream since" if document.gone else ""
        held = f"we hold {kind}, confirmed {age:.0f} s ago (good for {freshness.fresh_for:.0f} s){gone}"
    match next_step(Seen(document), freshness, now):
        case Use(stale=stale, behind=behind):
            origin = Origin.STALE if stale else Origin.CACHE
            lines.append(
                ("resolve", f"{held}: served {'marked stale, upstream asked behind' if behind else 'at once'}")
            )
        case Ask():
            target = _target(subject, ecosystem, known)
            tag = document.etag or document.last_modified if document is not None else ""
            how = "with its validator" if tag else "without a validator"
            copy = document is not None and document.status == 200
            lines.append(
                (
                    "resolve",
                    f"{held}: ask {target} {how}" + ("; if that fails, our copy marked stale" if copy else ""),
                )
            )
        case GiveUp(error):
            raise error
    pinned = "every digest it announces becomes a pin; bytes are hashed again when rendered"
    lines.append(("verify", pinned))
    form = negotiate(route.forms, "") if route.forms else None
    names = ", ".join(f.name for f in route.forms)
    lines.append(
        (
            "serve",
            f"form {form.name} by default (of {names}), links rewritten to this gateway"
            if form
            else "as upstream sent it",
        )
    )
    return origin, lines


def _file(subject: Subject, ecosystem: Ecosystem, known: Known) -> tuple[Origin, list[tuple[str, str]]]:
    file = known.catalogue.file(ecosystem.name, subject.key)
    if file is None:
        return Origin.UPSTREAM, _unknown_file(subject, ecosystem, known)
    size = known.blobs.size(file.blob) if file.blob else -1
    held = file.blob and size == file.size
    if held:
        where = f"held as sha256 {file.blob}, {size} bytes"
    else:
        where = f"not held: fetch {file.pin.url or _target(subject, ecosystem, known)}"
    if file.pin.digest:
        proof = f"pinned by its index: {file.pin.digest}"
    elif file.first_seen:
        proof = f"unpinned; must match what was first seen: {file.first_seen}"
    else:
        proof = "unpinned; the first digest seen will be remembered"
    how = "at once, ranges and conditions honoured" if held else STREAMED
    return Origin.CACHE if held else Origin.UPSTREAM, [("resolve", where), ("verify", proof), ("serve", how)]


def _unknown_file(subject: Subject, ecosystem: Ecosystem, known: Known) -> list[tuple[str, str]]:
    """The story of a file that nobody announced to us yet. Raises NotFound when nobody could."""
    homes = ", ".join(h.key for h in ecosystem.homes(subject, _site(ecosystem, known)))
    if ecosystem.route(subject.route).open:
        named = ecosystem.named(subject)
        others = f"the answer's head{f' or {homes}' if homes else ''}"
        proof = f"{named}, which its path names" if named else f"what {others} announces, else as first seen"
        where = f"not held: fetch {_target(subject, ecosystem, known)}"
        return [("resolve", where), ("verify", f"against {proof}"), ("serve", STREAMED)]
    if not homes:
        raise NotFound(f"no index could announce {subject.key}")
    where = f"no index announced it yet: read {homes} first, then fetch it from where that says"
    return [("resolve", where), ("verify", "against the digest that the index announces"), ("serve", STREAMED)]
