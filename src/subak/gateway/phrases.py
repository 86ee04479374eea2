"""Status lines with our own reason phrases, which HTTP/1.1 clients such as pip and gem show to people.

uvicorn looks status lines up in a table by status; a phrase gets a number of its own there, above all real ones.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

MOST = 500
"""Distinct phrases: rule names and error titles make a few dozen; beyond this the standard one is used."""

_known: dict[tuple[int, str], int] = {}


def phrased(status: int, reason: str) -> int:
    """A status for ASGI's `http.response.start` that is sent as `status reason`. `reason` is printable ASCII."""
    if not reason:
        return status
    number = _known.get((status, reason))
    if number is None:
        if len(_known) >= MOST or not (reason.isascii() and reason.isprintable()):
            return status
        number = _known[(status, reason)] = 100_000 + len(_known)
        STATUS_LINE[number] = b"HTTP/1.1 %d %b\r\n" % (status, reason.encode())
    return number
