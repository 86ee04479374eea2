"""What no request and no upstream may cause, whatever the ecosystem: hooks refuse in the words of errors.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from ecosystems.asking import MUTABLE, SITE, meaning, rows, target
from ecosystems.samples import SAMPLES, Sample
from subak.ecosystems import BY_NAME
from subak.ecosystems.base import Ecosystem, Facts, Form, Page, Site, View, subject_of
from subak.errors import BadRequest, NotAllowed, NotFound, Refused, UpstreamLied
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Kind, Subject
from subak.pipeline.identify import MOVED, identify

SAMPLED = pytest.mark.parametrize("make", SAMPLES, ids=lambda make: make.__name__)
EVERY = pytest.mark.parametrize("name", BY_NAME)
GATEWAY = "http://gateway.example"
NO_FORMS = (Form("", (), ""),)


def site_of(sample: Sample) -> Site:
    """The sample's upstream with its signpost read."""
    ecosystem = BY_NAME[sample.ecosystem]
    bare = Site("https://registry.example/toy/", further=sample.further)
    post = ecosystem.signpost(bare)
    if post is None:
        return bare
    return Site(bare.base, sample.upstream[ecosystem.source(post, bare)].body, True, sample.further)


SITES = {sample.ecosystem: site_of(sample) for sample in (make() for make in SAMPLES)}

# ---------------------------------------------------------------- requests

RAW = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)
HOSTS = {"registry.example", "api.registry.example", "files.example", "sum.example"}
"""Where the samples' documents say that things are."""


@EVERY
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_path_does_anything_but_mean_something_or_be_refused(name: str, data: st.DataObject) -> None:
    ecosystem = BY_NAME[name]
    _, path, query = target(data.draw(st.sampled_from(rows(ecosystem)))["asked"])
    cut = data.draw(st.integers(0, len(path)))
    raw = path[:cut] + data.draw(RAW) + path[cut + data.draw(st.integers(0, 12)) :]
    method = data.draw(st.sampled_from(["GET", "HEAD", "POST", "PUT"]))
    try:
        subject = identify(method, f"/{raw.lstrip('/')}", BY_NAME, query + data.draw(RAW))
    except (BadRequest, NotFound, NotAllowed):
        return
    if subject.ecosystem and subject.route != MOVED:
        route = BY_NAME[subject.ecosystem].route(subject.route)
        assert _agree(route.kind, subject.kind)
        assert subject.key or subject.kind in (Kind.MADE, Kind.RELAY)
        assert not subject.key.startswith("/")
        assert not re.search(r"[\x00-\x1f\x7f]|(?:^|/)\.\.?(?:/|$)", subject.key.partition("?")[0])
        _check_hooks(subject, BY_NAME[subject.ecosystem])


def _agree(route: Kind, subject: Kind) -> bool:
    """A search is a listing, unless its parameters name the one project that it is about."""
    return route is subject or {route, subject} == {Kind.INDEX, Kind.LISTING}


def _check_hooks(subject: Subject, ecosystem: Ecosystem) -> None:
    """Whatever a path means, what follows from it is known or is not there; and no path names a host to ask."""
    site = SITES.get(ecosystem.name, SITE)
    if subject.purl:
        assert PackageURL.from_string(subject.purl).to_string() == subject.purl
    others = (*ecosystem.homes(subject, site), ecosystem.via(subject), ecosystem.companion(subject))
    for other in (subject, *(o for o in others if o is not None)):
        assert _agree(ecosystem.route(other.route).kind, other.kind)
        assert ecosystem.named(other) == UNPINNED or other.kind not in MUTABLE
        if other.kind in MUTABLE or other.kind is Kind.RELAY or ecosystem.route(other.route).open:
            with suppress(NotFound):
                url = ecosystem.source(other, site)
                assert url.isascii()
                assert url.isprintable()
                assert " " not in url
                assert urlsplit(url).hostname in HOSTS, other.key


@EVERY
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_purl_does_anything_but_lead_back_or_nowhere(name: str, data: st.DataObject) -> None:
    ecosystem = BY_NAME[name]
    like = data.draw(st.sampled_from(_purls(name)))
    text = st.text(max_size=20) | st.sampled_from(["..", ".", "a/../b", "@", "%2f", "\x00", "A" * 5000])
    namespace = data.draw(st.just(like.namespace) | st.none() | text)
    called = data.draw(st.just(like.name) | text)
    version = data.draw(st.just(like.version) | st.none() | text)
    qualifiers = data.draw(st.none() | st.dictionaries(st.sampled_from(["arch", "repository_url", "tag"]), text))
    type_ = data.draw(st.sampled_from([like.type, "generic", "oci"]))
    try:  # as rules read them; the library writes purls that it does not read
        purl = PackageURL.from_string(PackageURL(type_, namespace, called, version, qualifiers).to_string())
    except (ValueError, TypeError):
        return
    document = subject_of(purl, ecosystem)
    if document is not None and document.purl and type_ == like.type:
        assert PackageURL.from_string(document.purl).name.lower() == purl.name.lower()


@cache
def _purls(name: str) -> list[PackageURL]:
    """Those of the golden rows."""
    found = dict.fromkeys(meaning(row["asked"]).purl for row in _good(BY_NAME[name]))
    return [PackageURL.from_string(purl) for purl in found if purl]


def _good(ecosystem: Ecosystem) -> list[dict[str, Any]]:
    return [row for row in rows(ecosystem) if "error" not in row and "moved" not in row]


@EVERY
@settings(max_examples=60, deadline=None)
@given(
    version=st.text(max_size=30)
    | st.from_regex(r"[vV]?[0-9]+([.-][0-9a-zA-Z]+){0,5}([+:~][0-9a-z.]+)?", fullmatch=True)
)
def test_folding_a_version_twice_changes_nothing(name: str, version: str) -> None:
    ecosystem = BY_NAME[name]
    once = ecosystem.fold_version(version)
    assert ecosystem.fold_version(once) == once


@EVERY
@given(body=st.binary(max_size=60))
def test_no_question_does_anything_but_mean_something_or_be_refused(name: str, body: bytes) -> None:
    ecosystem = BY_NAME[name]
    for row in _good(ecosystem):
        method, _, _ = target(row["asked"])
        subject = meaning(row["asked"])
        if method == "POST" and subject.kind in MUTABLE:
            for asked in (body, *_spoilt(row.get("body", "").encode(), body)):
                try:
                    question = ecosystem.question(subject, asked)
                except BadRequest:
                    continue
                assert question.question
                assert ecosystem.route(question.route).kind is question.kind


def _spoilt(body: bytes, by: bytes) -> Iterator[bytes]:
    """The body with each of its values replaced."""
    for found in re.finditer(rb'"[^"]*"|[0-9]+', body):
        yield body[: found.start()] + by + body[found.end() :]


@EVERY
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60))
def test_no_setting_does_anything_but_name_an_address_or_none(name: str, value: str) -> None:
    ecosystem = BY_NAME[name]
    for text in (value, f"https://{value}", f"https://registry.example/{value}"):
        with suppress(ValueError):
            assert isinstance(ecosystem.hints.clean(text), str)


# ---------------------------------------------------------------- response headers

KEPT = (
    "content-type",
    "last-modified",
    "etag",
    "link",
    "x-checksum-sha1",
    "x-checksum-sha256",
    "docker-content-digest",
)


@EVERY
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_header_of_upstream_does_harm(name: str, data: st.DataObject) -> None:
    ecosystem = BY_NAME[name]
    """What is remembered of upstream's headers is printable already (`inquiry.clean`)."""
    value = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
    kept = data.draw(st.dictionaries(st.sampled_from(KEPT) | st.sampled_from(_kept(ecosystem) or KEPT), value))
    facts = Facts(Digest("sha256", "0" * 64), 7, "0" * 64, kept=kept, base=f"{GATEWAY}{ecosystem.mount}")
    subject = meaning(data.draw(st.sampled_from(_good(ecosystem)))["asked"])
    if subject.route == MOVED:
        return
    told = ecosystem.announced(subject, kept)
    assert told == UNPINNED or re.fullmatch(r"[0-9a-f]{32,128}", told.hex)
    for field, text in ecosystem.headers(subject, facts):
        assert re.fullmatch(r"[a-z0-9-]+", field)
        assert not re.search(r"[\x00-\x1f\x7f]", text)
    if subject.kind is Kind.DERIVED:
        with suppress(NotFound):
            assert ecosystem.derive(subject, facts)


def _kept(ecosystem: Ecosystem) -> tuple[str, ...]:
    return tuple(name for route in ecosystem.routes for name in route.keeps)


# ---------------------------------------------------------------- documents

ODD = (
    b"", b"null", b"-1", b"1e999", b"9" * 400, b"[]", b"{}", b'""', b'"\\ud800"', b'"\xff"', b"\x00", b"\n\n",
    b'"../../x"', b'"http://[x"', b'"https://elsewhere.example/x"', b'"a b"', b"<a>", b"|", b",", b"[" * 2000,
    b'{"a":' * 2000,
)  # fmt: skip
_TOKEN = re.compile(rb'"[^"]*"|[0-9]+|[\w.+/-]+|[\[\]{}<>:,|=\n]')
MOST_TOKENS = 60
"""Of one document, spread over all of it: not all are tried, but each kind of place is."""


def _mutations(body: bytes) -> Iterator[bytes]:
    """The body with each of its words in turn replaced by an odd one, and cut off behind it."""
    words = list(_TOKEN.finditer(body))
    for word in words[:: len(words) // MOST_TOKENS + 1]:
        for odd in ODD:
            yield body[: word.start()] + odd + body[word.end() :]
        yield body[: word.end()]


@SAMPLED
def test_no_word_in_a_document_does_anything_but_be_read_or_be_refused(make: Callable[[], Sample]) -> None:
    sample = make()
    for document in sample.documents:
        subject = meaning(f"GET {document}")
        answer = sample.upstream[BY_NAME[sample.ecosystem].source(subject, SITES[sample.ecosystem])]
        for body in _mutations(answer.body):
            _read(sample, subject, body, answer.headers.get("content-type", ""))


@st.composite
def mutated(draw: st.DrawFn, body: bytes) -> bytes:
    """The body with a few of its words replaced by odd ones, doubled or dropped, or broken anywhere."""
    for _ in range(draw(st.integers(1, 3))):
        words = list(_TOKEN.finditer(body[:20_000]))
        if words and draw(st.booleans()):
            word = words[draw(st.integers(0, len(words) - 1))]
            odd = draw(st.sampled_from(ODD) | st.sampled_from([w[0] for w in words]) | st.binary(max_size=5))
            body = body[: word.start()] + odd + body[word.end() :]
        else:
            start = draw(st.integers(0, len(body)))
            body = body[:start] + draw(st.binary(max_size=8)) + body[start + draw(st.integers(0, 200)) :]
    return body


@SAMPLED
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_document_does_anything_but_be_read_or_be_refused(make: Callable[[], Sample], data: st.DataObject) -> None:
    sample = make()
    subject = meaning(f"GET {data.draw(st.sampled_from(sample.documents))}")
    answer = sample.upstream[BY_NAME[sample.ecosystem].source(subject, SITES[sample.ecosystem])]
    sent = answer.headers.get("content-type", "")
    _read(sample, subject, data.draw(mutated(answer.body)), data.draw(st.sampled_from([sent, "", "text/html", "x"])))


def _read(sample: Sample, subject: Subject, body: bytes, content_type: str) -> None:
    """As the pipeline does. What can be read is kept in place of what was held before: so it can be shown, too."""
    ecosystem, site = BY_NAME[sample.ecosystem], SITES[sample.ecosystem]
    page = Page(body, content_type, ecosystem.source(subject, site))
    try:
        announced = list(ecosystem.pins(subject, page))
        evidence = {home.key: page for home in ecosystem.evidence(subject, page, site)}
    except (UpstreamLied, NotFound):
        return
    with suppress(UpstreamLied):
        ecosystem.prove(subject, page, site, evidence)
    for pin in announced:
        assert pin.path
        assert not pin.path.startswith("/")
        assert pin.published >= 0
    with suppress(UpstreamLied, NotFound):
        ecosystem.leads(meaning(f"GET {sample.file}"), page)
    for form in ecosystem.route(subject.route).forms or NO_FORMS:
        for hidden in (frozenset[str](), frozenset({sample.hidden or "1.0", "1.0", "a@1.0", ""})):
            view = View(form.name, f"{GATEWAY}{ecosystem.mount}", subject.part, hidden)
            with suppress(NotFound, Refused):
                assert all(isinstance(piece, bytes) for piece in ecosystem.render(subject, page, view))


@SAMPLED
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_no_index_that_is_a_file_does_anything_but_be_read_or_be_refused(
    make: Callable[[], Sample], data: st.DataObject
) -> None:
    sample = make()
    ecosystem = BY_NAME[sample.ecosystem]
    for asked, url in {**sample.chain, sample.file: sample.file_url}.items():
        subject = meaning(f"GET {asked}")
        if ecosystem.route(subject.route).announces:
            body = data.draw(mutated(sample.upstream[url].body))
            with suppress(UpstreamLied):
                assert all(pin.path for pin in ecosystem.pins(subject, Page(body, "", url)))
