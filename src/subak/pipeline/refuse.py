"""A failure told to the client, in every place where some client looks: RFC 9457 body, reason phrase, headers."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from subak.ecosystems.base import Ecosystem, ecosystem_at
from subak.errors import STATUS, NotAllowed, Refused, SubakError, TooMany, Unauthorised
from subak.model.exchange import Exchange
from subak.pipeline.serve import Refusal

TYPES = "tag:subak,2026:problem:"
"""Problem types are tag URIs (RFC 4151): stable names that need no web site."""


def refusal(error: SubakError, x: Exchange, ecosystems: Mapping[str, Ecosystem], request_id: str) -> Refusal:
    """The problem document of a failure (RFC 9457), with members that this ecosystem's clients print.

    Text clients such as go and cargo print the body as it is, so they get a few plain lines.
    """
    status = STATUS[type(error)]
    detail = f"{error.detail}. {error.fix}".strip() if error.fix else error.detail
    problem: dict[str, object] = {
        "type": TYPES + _dashed(type(error).__name__),
        "title": error.title,
        "status": status,
        "detail": detail,
        "instance": f"urn:subak:request:{request_id}",
    }
    if isinstance(error, Refused) and error.rule:
        problem["rule"] = error.rule
    if isinstance(error, TooMany):
        problem["violated-policies"] = [error.rule]
    # A path that was refused before it was understood still shows whose client asks.
    mount = x.asked.path.removeprefix("/k").split("/")[1:2]
    ecosystem = ecosystems.get(x.subject.ecosystem) or ecosystem_at("".join(mount), ecosystems)
    short = f"{error.title}: {error.detail}"
    if ecosystem is not None:
        problem.update(ecosystem.error_body(short))
    plain = ecosystem is not None and ecosystem.plain_errors
    kind = "text/plain; charset=utf-8" if plain else "application/problem+json"
    headers = [("content-type", kind), ("cache-control", "no-store")]
    if error.retry_after > 0:
        headers.append(("retry-after", str(int(error.retry_after))))  # seconds: a date crashes poetry
    if isinstance(error, NotAllowed):
        headers.append(("allow", ", ".join(error.allow)))  # RFC 9110 §15.5.6: required
    if isinstance(error, Unauthorised):
        headers.append(("www-authenticate", 'Basic realm="subak", charset="UTF-8"'))
    if ecosystem is not None:
        headers += [(name, _phrase(short, 200)) for name in ecosystem.notice_headers]
        headers += ecosystem.error_headers(x.subject, status)
    body = _text(error, request_id) if plain else msgspec.json.encode(problem)
    return Refusal(status, tuple(headers), body, _reason(error))


def _text(error: SubakError, request_id: str) -> bytes:
    """A few lines for clients that print a body as it is (go shows eight lines, cargo all)."""
    rule = f"Rule: {error.rule}" if isinstance(error, Refused) and error.rule else ""
    lines = (f"{error.title}: {error.detail}", error.fix, rule, f"Request: {request_id}")
    return "".join(f"{line}\n" for line in lines if line).encode()


def _reason(error: SubakError) -> str:
    """A reason phrase of at most 60 ASCII characters without the client's own data."""
    if isinstance(error, Refused) and error.rule:
        return _phrase(f"{error.title}: rule {error.rule}", 60)
    return _phrase(error.title, 60)


def _phrase(text: str, length: int) -> str:
    """Safe inside one header line."""
    clean = "".join(c if " " <= c <= "~" else " " for c in text)
    return clean if len(clean) <= length else clean[: length - 3] + "..."


def _dashed(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
