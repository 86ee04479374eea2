"""Lets everybody act, in order of time, and writes what the registry logged and who it was."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tools.traffic import releases, truth
from tools.traffic.actor import Actor
from tools.traffic.behaviour import Batch, Planned
from tools.traffic.broken import Breaker
from tools.traffic.catalogue import Catalogue, Request
from tools.traffic.chance import seed_of, stream
from tools.traffic.formats import Format, formatter
from tools.traffic.knobs import PROFILES, Knobs
from tools.traffic.population import Population
from tools.traffic.rhythm import Window
from tools.traffic.writing import Sink


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted."""

    seed: int
    lines: int
    out: Path
    truth: Path
    format: str = "combined"
    profile: str = "letter"
    start: datetime = datetime(2026, 10, 5, tzinfo=UTC)
    days: int = 7
    broken: float = 0.0
    """Broken lines for each sound one; they come on top of `lines`."""
    published: Path | None = None
    """Where to write which versions came out within the window; then there are some, and clients that chase them."""


RELEASES = 0.003
"""Versions published for each line."""


@dataclass(frozen=True, slots=True)
class Burst:
    """What one client asks within one second."""

    actor: int
    client: str
    batch: Batch
    requests: list[Request]
    session: str = ""


SESSIONS = frozenset({"npm", "npm-ci"})
"""Families that name each of their runs in a header."""


def generate(order: Order, knobs: Knobs | None = None) -> None:
    """Write the log and the truth. `knobs` instead of the profile's: for tests."""
    catalogue, knobs = Catalogue(), knobs or PROFILES[order.profile]
    window = Window(order.start, order.days)
    chasing: list[Actor] = []
    if order.published:
        count = int(order.lines * RELEASES)
        published = releases.publish(order.seed, count, catalogue, list(knobs.ecosystems), window)
        chasing = releases.chasers(order.seed, published, window)
        releases.write(order.published, published, window)
    lines = order.lines - sum(actor.budget for actor in chasing)
    actors = Population(order.seed, lines, knobs, catalogue).actors() + chasing
    for number, actor in enumerate(actors):
        actor.number = number
    bursts = _bursts(order.seed, window, actors)
    order.truth.mkdir(parents=True, exist_ok=True)
    side = order.truth / truth.SIDE
    form = formatter(order.format, window)
    other = formatter("fastly" if order.format != "fastly" else "combined", window)
    breaker = Breaker(order.seed, order.broken, form, other) if order.broken else None
    with Sink(order.out) as log, Sink(side) as notes:
        clients, asked = _write(bursts, form, breaker, log, notes)
    told = {name: value for name, value in asdict(order).items() if value or name not in ("broken", "published")}
    paths = {name: str(value) for name, value in told.items() if isinstance(value, Path)}
    about = told | paths | {"start": order.start.isoformat()}
    broken = breaker.made if breaker else None
    truth.write(order.truth, actors, clients, [r for r in catalogue.requests if r.number in asked], broken)
    (order.truth / "about.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def _write(
    seconds: Iterable[tuple[int, list[Burst]]], form: Format, breaker: Breaker | None, log: Sink, notes: Sink
) -> tuple[dict[str, int], set[int]]:
    """Write all lines; returns the addresses that occur, numbered, and the numbers of requests that do."""
    clients: dict[str, int] = {}
    asked: set[int] = set()
    log.take([form.head()] if form.head() else [])
    for second, bursts in seconds:
        for burst in bursts:
            number = clients.setdefault(burst.client, len(clients))
            batch = burst.batch
            lines = form.lines(second, burst.client, batch.family, batch.agent, burst.requests, burst.session)
            log.take(breaker.among(second, lines, burst.requests) if breaker else lines)
            head = f"{second},{burst.actor},{number},{batch.family},"
            numbers = [r.number for r in burst.requests]
            asked.update(numbers)
            notes.take([f"{head}{number}\n" for number in numbers])
    return clients, asked


def _schedule(seed: int, window: Window, actors: list[Actor]) -> list[tuple[int, int, int, Planned]]:
    """All runs: second, actor, number of the run, what is planned. In order of time."""
    found = []
    for actor in actors:
        rng = stream(seed, "plan", actor.name)
        planned = actor.behaviour.plan(rng, actor.budget)
        times = actor.moments or window.times(rng, actor.rhythm, actor.zone, len(planned))
        found += [(at, actor.number, run, plan) for run, (at, plan) in enumerate(zip(times, planned, strict=True))]
    found.sort(key=lambda row: row[:3])
    return found


def _bursts(seed: int, window: Window, actors: list[Actor]) -> Iterator[tuple[int, list[Burst]]]:
    """What happens in each second in which anything does."""
    rng = Random()
    waiting: dict[int, list[Burst]] = {}
    now = 0
    for second, number, run, planned in _schedule(seed, window, actors):
        while now < second:
            if now in waiting:
                yield now, waiting.pop(now)
            now += 1
        actor = actors[number]
        rng.seed(seed_of(seed, "run", actor.name, run))
        addresses = actor.addresses
        client = addresses[run % len(addresses)] if actor.turns else addresses[int(rng.random() * len(addresses))]
        at = float(second)
        for batch in actor.behaviour.run(rng, planned):
            session = f"{seed_of(seed, 'session', actor.name, run):016x}" if batch.family in SESSIONS else ""
            at = _spread(waiting, actor, client, batch, at, session)
    for second in sorted(waiting):
        yield second, waiting[second]


def _spread(waiting: dict[int, list[Burst]], actor: Actor, client: str, batch: Batch, at: float, session: str) -> float:
    """Spread a batch over seconds at the actor's pace; returns when it ends."""
    each = max(1, int(actor.pace))
    step = 1.0 if actor.pace >= 1 else 1 / actor.pace
    for first in range(0, len(batch.requests), each):
        burst = Burst(actor.number, client, batch, list(batch.requests[first : first + each]), session)
        waiting.setdefault(int(at), []).append(burst)
        at += step
    return at
