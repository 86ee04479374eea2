"""What every ecosystem is, whatever its registry: one suite over all of the literals.

test_samples.py sends a sample of each registry through the whole pipeline; test_any_input.py has what no input may
cause.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from packageurl import PackageURL

from ecosystems.asking import MUTABLE, SITE, meaning, named, rows, target
from subak.adoption.settings import fill
from subak.ecosystems import ALL, BY_NAME
from subak.ecosystems.base import Client, Ecosystem, decode_path, match_route, subject_of
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject
from subak.pipeline.identify import MOVED, identify

GATEWAY = "http://gateway.example"


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_every_route_has_a_golden_row(ecosystem: Ecosystem) -> None:
    """A route that no request reaches is ambiguous or dead; those that only we ask for are met as homes."""
    met = {ecosystem.signpost(SITE).route} if ecosystem.signpost(SITE) else set()  # type: ignore[union-attr]
    for row in rows(ecosystem):
        met |= _met(row, ecosystem)
    missing = {r.name for r in ecosystem.routes} - met
    assert not missing, "write a row for each in tests/golden"
    assert any("error" in row for row in rows(ecosystem)), "write down what is refused, too"


def _met(row: dict[str, Any], ecosystem: Ecosystem) -> set[str]:
    """The routes that one request takes part in."""
    if "error" in row:
        return set()
    subject = meaning(row["asked"], row.get("body", ""))
    if subject.route == MOVED:
        below = "/" + target(row["asked"])[1].removeprefix(ecosystem.mount).lstrip("/")
        match = match_route(ecosystem.routes, decode_path(ecosystem.spell(below)))
        return {match[0].name} if match else set()
    others = [*ecosystem.homes(subject, SITE), ecosystem.via(subject), ecosystem.companion(subject)]
    return {subject.route, *(other.route for other in others if other is not None)}


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_a_key_means_one_thing(ecosystem: Ecosystem) -> None:
    """Whoever shares a key shares the stored bytes: they must come from one place and live by one rule."""
    meant = defaultdict(set)
    for subject in subjects(ecosystem):
        if subject.kind not in (Kind.MADE, Kind.RELAY, Kind.DERIVED):
            # Lowercase: where a registry folds names, any spelling of them brings the same bytes.
            place = _place(subject, ecosystem).lower()
            meant[subject.key].add((subject.kind in MUTABLE, place, subject.name.lower()))
    assert not {key: told for key, told in meant.items() if len(told) > 1}


def subjects(ecosystem: Ecosystem) -> Iterator[Subject]:
    """What the golden rows mean, and what those lead to."""
    for row in rows(ecosystem):
        if "error" in row or "moved" in row:
            continue
        subject = meaning(row["asked"], row.get("body", ""))
        others = (*ecosystem.homes(subject, SITE), ecosystem.via(subject), ecosystem.companion(subject))
        yield from (s for s in (subject, *others) if s is not None)


def _place(subject: Subject, ecosystem: Ecosystem) -> str:
    """Where it comes from; '' when only a pin or a signpost tells."""
    if subject.kind not in MUTABLE and not ecosystem.route(subject.route).open:
        return ""
    try:
        return ecosystem.source(subject, SITE)
    except NotFound:
        return ""


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_a_redirect_leads_to_something(ecosystem: Ecosystem) -> None:
    for row in rows(ecosystem):
        if "moved" in row:
            there = identify("GET", f"{ecosystem.mount}/{row['moved']}", BY_NAME)
            assert there.route != MOVED, "redirects must not follow each other"


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_it_can_be_used_and_described(ecosystem: Ecosystem) -> None:
    assert ecosystem.title
    assert ecosystem.pinned_by, "say what files are checked against"
    assert ecosystem.clients, "say how clients are pointed here"
    assert ecosystem.agents, "say how its clients are recognised"
    for pattern in ecosystem.agents:
        re.compile(pattern.pattern)
        re.compile(pattern.ci)
    for client in ecosystem.clients:
        _check_client(client)


FILLED_BY_CLIENTS = {name: {"publisher", "name", "version", "path"} for name in ("vscodium", "code-server")}
"""Placeholders in settings that are the client's own."""


def _check_client(client: Client) -> None:
    settings = [*(v for _, v in (*client.environ, *client.plain_http)), *(a for _, args in client.shims for a in args)]
    texts = [client.line, *settings, *(text for _, text in client.files)]
    for text in texts:
        filled = fill(text, f"{GATEWAY}:8765", "/folder", "https://upstream.example/path/")
        left = set(re.findall(r"\{([a-z_]+)\}", filled)) - FILLED_BY_CLIENTS.get(client.name, set())
        assert not left, f"{client.name}: placeholders that nobody fills"
    assert re.search(r"\{(base|netloc|host|folder)\}", client.line), f"{client.name}: the line does not lead here"
    written = [path for path, _ in (*client.files, *((below, there) for there, below in client.copies))]
    for text in (client.line, *settings):
        for wanted in re.findall(r"\{folder\}/([\w./-]+)", text):
            inside = f"{wanted.rstrip('/')}/"
            assert any(f"{path}/".startswith(inside) for path in written), f"{client.name}: nobody writes {wanted}"


def test_mounts_are_told_apart() -> None:
    assert len({e.mount for e in ALL}) == len(ALL) == len(BY_NAME)
    names = [c.name for e in ALL for c in e.clients]
    assert len(names) == len(set(names)), "`subak env NAME` must mean one client"


@pytest.mark.parametrize("ecosystem", ALL, ids=named)
def test_purls_lead_back(ecosystem: Ecosystem) -> None:
    back = 0
    for row in rows(ecosystem):
        if "error" in row or "moved" in row:
            continue
        subject = meaning(row["asked"], row.get("body", ""))
        if not subject.purl:
            continue
        purl = PackageURL.from_string(subject.purl)
        document = subject_of(purl, ecosystem)
        if document is not None:
            back += 1
            bare = PackageURL.from_string(document.purl)
            assert (bare.type, bare.namespace, bare.name) == (purl.type, purl.namespace, purl.name)
    assert back, "no purl leads back to a document"
