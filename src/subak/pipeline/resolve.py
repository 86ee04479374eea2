"""Find what is asked for: the one place that knows how each kind of subject is obtained."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from subak.ecosystems.base import Ecosystem, Facts, Route
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Asked, Exchange, Kind, Origin
from subak.pipeline.answer import Found, Held
from subak.pipeline.artifacts import Artifacts
from subak.pipeline.copies import MOVING
from subak.pipeline.derived import Derived
from subak.pipeline.documents import Documents
from subak.pipeline.identify import MOVED
from subak.pipeline.relay import Relay
from subak.pipeline.representation import Representations
from subak.ports import Gatekeeper


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that can answer."""

    ecosystems: Mapping[str, Ecosystem]
    documents: Documents
    representations: Representations
    artifacts: Artifacts
    derived: Derived
    relay: Relay
    gatekeeper: Gatekeeper
    own: Callable[[Asked], Awaitable[Found]]
    """Our own pages and API. Raises NotFound."""


async def resolve(x: Exchange, sources: Sources, body: Callable[[], Awaitable[bytes]]) -> Found:
    """The answer to an admitted request. `body` reads the request's body when a relay needs it.

    Raises any SubakError.
    """
    subject = x.subject
    if subject.kind is Kind.OWN:
        return await sources.own(x.asked)
    ecosystem = sources.ecosystems[subject.ecosystem]
    if subject.route == MOVED:
        return _moved(x, ecosystem)
    route = ecosystem.route(subject.route)
    if x.asked.method == "POST" and subject.kind in (Kind.INDEX, Kind.LISTING, Kind.CONFIG):
        subject = ecosystem.question(subject, await body())
        sources.gatekeeper.judge(subject).require()
    match subject.kind:
        case Kind.MADE:
            return _made(x, ecosystem, route)
        case Kind.DERIVED:
            return await sources.derived.tell(subject, ecosystem, route)
        case Kind.INDEX | Kind.LISTING | Kind.CONFIG:
            kept = await sources.documents.find(subject, ecosystem)
            hidden = sources.gatekeeper.hidden(subject)
            since = sources.gatekeeper.withheld_since()
            revised = await _revised(x.asked, hidden, sources, ecosystem) if subject.kind is Kind.LISTING else {}
            return await sources.representations.find(kept, x.asked, subject, ecosystem, hidden, revised, since)
        case Kind.ARTIFACT:
            return await _file(x, sources, ecosystem)
        case Kind.METADATA:
            try:
                return await sources.artifacts.find(subject, ecosystem, route)
            except NotFound:
                return await sources.derived.cut(subject, ecosystem, route)
        case Kind.RELAY:
            return await sources.relay.ask(x.asked, subject, ecosystem, await body())
    raise BadRequest("nothing can be fetched for this path")


async def _revised(asked: Asked, hidden: frozenset[str], sources: Sources, ecosystem: Ecosystem) -> dict[str, str]:
    """The validators of those documents from which policy withholds something, as they are served here."""
    found: dict[str, str] = {}
    for name in sorted({row.rpartition("@")[0] for row in hidden}):
        subject = ecosystem.listed(name)
        if subject is None:
            continue
        try:
            kept = await sources.documents.find(subject, ecosystem)
            withheld = sources.gatekeeper.hidden(subject)
            served = await sources.representations.find(kept, asked, subject, ecosystem, withheld)
        except NotFound:
            continue  # upstream has no such project, so no listing names it
        found[name] = served.etag.strip('"')
    return found


async def _file(x: Exchange, sources: Sources, ecosystem: Ecosystem) -> Found:
    """A file. What a branch or a tag names is first found out by the document that tells where that points."""
    subject, head = x.subject, x.asked.method == "HEAD"
    moving = ecosystem.via(subject)
    if moving is None:
        return await sources.artifacts.find(subject, ecosystem, ecosystem.route(subject.route), head=head)
    kept = await sources.documents.find(moving, ecosystem)
    with sources.documents.page(kept) as page:
        settled = ecosystem.settle(subject, page)
    sources.gatekeeper.judge(settled).require()
    found = await sources.artifacts.find(settled, ecosystem, ecosystem.route(settled.route), head=head)
    others = tuple(h for h in found.headers if h[0] != "cache-control")
    until = min(found.good_until, kept.good_until)
    return replace(found, headers=(("cache-control", MOVING), *others), good_until=until)


def _made(x: Exchange, ecosystem: Ecosystem, route: Route) -> Found:
    """What is answered here without asking anybody."""
    mount = f"{x.asked.base}{'/k' if x.subject.keyed else ''}{ecosystem.mount}"
    body = ecosystem.make(x.subject, mount)
    headers = ecosystem.headers(x.subject, Facts(base=mount, size=len(body)))
    return Found(Origin.OWN, Held(len(body), body), content_type=route.content_type, headers=headers)


def _moved(x: Exchange, ecosystem: Ecosystem) -> Found:
    """A redirect to the canonical spelling, below the same prefix and the same keyed path."""
    keyed = "/k" if x.subject.keyed else ""
    location = f"{x.asked.base}{keyed}{ecosystem.mount}/{x.subject.part}"
    query = f"?{x.asked.query}" if x.asked.query else ""
    return Found(Origin.OWN, Held(0, b""), 301, "text/plain", headers=(("location", location + query),))
