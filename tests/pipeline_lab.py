"""A second toy ecosystem: every unusual trick of the pipeline once, each in its smallest form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from subak.ecosystems.base import Ecosystem, Facts, Moved, Page, Route, Site
from subak.errors import BadRequest, NotFound, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import Kind, Subject

POST = Route("post", "/post", Kind.CONFIG, 60.0)
PING = Route("ping", "/", Kind.MADE, content_type="application/json", methods=("GET", "HEAD", "POST"))
SUM = Route("sum", "/sum/{path+}", Kind.CONFIG, 60.0)
FAR = Route("far", "/far/{path+}", Kind.CONFIG, 60.0)
SIDE = Route("side", "/open/{path+}.sha1", Kind.DERIVED, content_type="text/plain")
OPEN = Route(
    "open", "/open/{path+}", Kind.ARTIFACT, content_type="", open=True, dated=True, keeps=("x-colour",), roams=True
)
NAMED = Route("named", "/by/{hex}", Kind.ARTIFACT, open=True, absent=(403, 404), whole=True)
CLOSED = Route("closed", "/closed/{path+}", Kind.ARTIFACT)
TABLE = Route("table", "/table/{name}", Kind.ARTIFACT, open=True, announces=True, moves=True)
BRANCH = Route("branch", "/at/{branch}/{path+}", Kind.ARTIFACT)
HEADS = Route("heads", "/heads/{branch}", Kind.CONFIG, 60.0)
LOG = Route("log", "/log", Kind.LISTING, 60.0, plain=True, ranges=True, etag="md5", digest_fields=True, grows=True)
TAG = Route("tag", "/tag/{name}", Kind.INDEX, 60.0, plain=True, heads=True, keeps=("link",), etag="sha256")
ASK = Route("ask", "/ask", Kind.INDEX, 60.0, methods=("POST",))
PAGED = Route("paged", "/paged", Kind.CONFIG, 60.0, query=("n", "last"))
PROVED = Route("proved", "/proved/{name}", Kind.CONFIG, 60.0)


def named(route: Route, key: str, **more: str) -> Subject:
    """A subject of this ecosystem."""
    return Subject("lab", route.kind, route.name, key, **more)


def _subject(route: Route, params: Mapping[str, str]) -> Subject | Moved:
    key = route.pattern.lstrip("/")
    for name in ("path", "name", "branch", "hex"):
        key = key.replace(f"{{{name}+}}", params.get(name, "")).replace(f"{{{name}}}", params.get(name, ""))
    if route is PAGED:
        key = f"paged?n={params['n']}&last={params['last']}"
    return named(route, key, name=params.get("name", ""))


def _source(subject: Subject, site: Site) -> str:
    if subject.key.startswith("closed/") and not site.signpost:
        raise NotFound("the signpost does not tell")
    prefix = site.signpost.decode() if subject.key.startswith("closed/") else site.base
    return prefix + subject.key


def _question(subject: Subject, body: bytes) -> Subject:
    try:
        asked = json.dumps(json.loads(body), sort_keys=True).encode()
    except ValueError as error:
        raise BadRequest("not JSON") from error
    key = f"ask/{hashlib.sha256(asked).hexdigest()}"
    return Subject("lab", subject.kind, subject.route, key, question=asked)


def _announced(subject: Subject, headers: Mapping[str, str]) -> Digest:
    told = headers.get("x-checksum-sha256", "")
    return digest("sha256", told) if told else UNPINNED


def _homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    path = subject.key.partition("/")[2]
    return (named(SUM, f"sum/{path}"),) if subject.route in ("open", "closed") else ()


def _leads(subject: Subject, page: Page) -> Subject | None:
    body = bytes(page.body)
    return named(FAR, f"far/{body[4:].decode().strip()}") if body.startswith(b"see ") else None


def _pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """'path digest' a line; 'see …' announces nothing here."""
    body = bytes(page.body)
    if body.startswith(b"<"):
        raise UpstreamLied("a web page")
    if subject.route not in ("sum", "far", "table") or body.startswith(b"see "):
        return
    for line in body.decode().splitlines():
        path, _, told = line.partition(" ")
        algorithm, _, value = told.partition(":")
        yield Pin(path, "", digest(algorithm, value))


def _evidence(subject: Subject, page: Page, site: Site) -> tuple[Subject, ...]:
    return (named(HEADS, "heads/proof"),) if subject.route == "proved" else ()


def _prove(subject: Subject, page: Page, site: Site, evidence: Mapping[str, Page]) -> None:
    if subject.route == "proved" and bytes(evidence["heads/proof"].body) != bytes(page.body)[::-1]:
        raise UpstreamLied("the proof does not fit")


def _settle(subject: Subject, page: Page) -> Subject:
    path = subject.key.split("/", 2)[2]
    return named(OPEN, f"open/{bytes(page.body).decode()}/{path}")


def _headers(subject: Subject, facts: Facts) -> tuple[tuple[str, str], ...]:
    rows = [("x-size", str(facts.size))] if facts.size >= 0 else []
    rows += [("x-sha1", facts.further["sha1"])] if "sha1" in facts.further else []
    rows += [(f"x-kept-{name}", value) for name, value in facts.kept.items() if name in ("x-colour", "link")]
    return tuple(rows)


def _derive(subject: Subject, facts: Facts) -> bytes:
    return facts.further["sha1"].encode()


def _companion(subject: Subject) -> Subject | None:
    return named(OPEN, subject.key.removesuffix(".sha1")) if subject.kind is Kind.DERIVED else None


LAB = Ecosystem(
    name="lab",
    title="The lab",
    at="l",
    routes=(
        POST, PING, SUM, FAR, SIDE, OPEN, NAMED, CLOSED, TABLE, BRANCH, HEADS, LOG, TAG, ASK, PAGED, PROVED,
    ),
    subject=_subject,
    question=_question,
    make=lambda subject, base: json.dumps({"base": base}).encode(),
    derive=_derive,
    signpost=lambda site: named(POST, "post"),
    via=lambda subject: named(HEADS, f"heads/{subject.key.split('/')[1]}") if subject.route == "branch" else None,
    settle=_settle,
    source=_source,
    named=lambda subject: digest("sha256", subject.key.partition("/")[2]) if subject.route == "named" else UNPINNED,
    announced=_announced,
    homes=_homes,
    leads=_leads,
    pins=_pins,
    evidence=_evidence,
    prove=_prove,
    also=("sha1",),
    headers=_headers,
    error_headers=lambda subject, status: (("x-lab-error", subject.route),),
    companion=_companion,
)  # fmt: skip
