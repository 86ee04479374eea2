"""The sentence: identify, classify, admit, resolve, verify, serve, meter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from subak.ecosystems.base import Ecosystem
from subak.errors import Loop, Mismatch, StoreFailed, SubakError, UpstreamDown
from subak.model.exchange import Asked, Exchange, Subject
from subak.model.reading import meter
from subak.pipeline.answer import Found
from subak.pipeline.identify import identify
from subak.pipeline.refuse import refusal
from subak.pipeline.resolve import Sources, resolve
from subak.pipeline.serve import Progress, Reply, serve
from subak.pipeline.verify import verify
from subak.ports import Gatekeeper, Meter

log = logging.getLogger("subak.pipeline")


@dataclass(frozen=True, slots=True)
class Gate:
    """All that a request meets."""

    ecosystems: Mapping[str, Ecosystem]
    gatekeeper: Gatekeeper
    sources: Sources
    meter: Meter
    monotonic: Callable[[], float]
    instance: str
    """Our pseudonym in Via headers."""


@dataclass(slots=True)
class Request:
    """What the sentence needs of one request beyond its record."""

    asked: Asked
    id: str
    body: Callable[[], Awaitable[bytes]]
    found: Found | None = None
    """The answer that was served, for whoever wants to remember it."""


class BrokenOff(Exception):
    """The body failed after its head was sent: the connection must be broken, not ended."""


async def run(request: Request, gate: Gate, reply: Reply) -> Exchange:
    """identify, classify, admit, resolve, verify, serve, meter.

    Raises BrokenOff when the client must not see a clean end; everything else is answered.
    """
    x = Exchange(request.asked)
    started, progress, fetched, failure = gate.monotonic(), Progress(), 0, ""
    try:
        _no_loop(request.asked, gate)
        x = replace(x, subject=_identified(request.asked, gate))
        x = replace(x, caller=gate.gatekeeper.classify(request.asked, x.subject))
        x = replace(x, verdict=gate.gatekeeper.admit(x.subject, x.caller, gate.monotonic()))
        x.verdict.require()
        found = request.found = verify(await resolve(x, gate.sources, request.body))
        x = replace(x, origin=found.origin, proof=found.proof)
        try:
            labels = (("x-subak-cache", str(found.origin)), ("x-request-id", request.id))
            await serve(found, request.asked, reply, progress, labels)
        finally:
            found.last()
            fetched = found.fetched + getattr(found.body, "fetched", 0)
            x = replace(x, proof=getattr(found.body, "proof", found.proof))
    except SubakError as error:
        failure = type(error).__name__
        request.found = None
        if progress.status:  # the head is out
            _tell_operator(request, error)
            raise BrokenOff(str(error)) from error
        told = refusal(error, x, gate.ecosystems, request.id)
        progress.status = told.status
        await reply.start(
            told.status,
            [*told.headers, ("content-length", str(len(told.body))), ("x-request-id", request.id)],
            reason=told.reason,
        )
        body = b"" if request.asked.method == "HEAD" else told.body
        await reply.write(body, more=False)
        progress.bytes, progress.complete = len(body), True
    except asyncio.CancelledError:
        failure = "Cancelled"
        raise
    except Exception as error:
        failure = type(error).__name__
        raise
    finally:
        if not failure and not progress.complete:
            failure = "ClientGone"
        x = replace(x, sent=progress.sent(fetched, failure), took=gate.monotonic() - started)
        gate.meter.note(meter(x))
    return x


def _identified(asked: Asked, gate: Gate) -> Subject:
    return identify(asked.method, asked.path, gate.ecosystems, asked.query)


def _no_loop(asked: Asked, gate: Gate) -> None:
    """Raises Loop when the request has been through this gateway already (RFC 9110 §7.6.3)."""
    if gate.instance in asked.headers.get("via", ""):
        raise Loop(
            "this request has already been through this gateway", fix="An upstream points back here: run subak doctor."
        )


def _tell_operator(request: Request, error: SubakError) -> None:
    """One line for a transfer that had to be broken; others were logged where they were handled."""
    if isinstance(error, (Mismatch, UpstreamDown, StoreFailed)) and not isinstance(error.__cause__, SubakError):
        log.warning("broke off %s for %s: %s", request.asked.path[:200], request.id, error)
