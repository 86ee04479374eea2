"""Ask a gateway that may be running: is it one, and what does its API say."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from subak.adoption.settings import is_loopback
from subak.errors import NotFound, UpstreamDown

LARGEST = 8 * 2**20
"""Bytes of an API answer that are read."""


class Who(StrEnum):
    """Who answers at an address."""

    SUBAK = "subak"
    OTHER = "something else"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered `/-/health`, with which status, and the Date it sent ('' for none)."""

    who: Who
    status: int = 0
    date: str = ""


def probe(url: str, within: float = 2.0) -> Answer:
    """Ask `url`/-/health, waiting at most `within` seconds. Never raises."""
    try:
        with _open(f"{url}/-/health", within) as response:
            return _judged(response.status, response.headers, response.read(4096))
    except urllib.error.HTTPError as error:
        with error:
            return _judged(error.code, error.headers, error.read(4096))
    except urllib.error.URLError as error:
        refused = isinstance(error.reason, (ConnectionRefusedError, OSError)) and not isinstance(
            error.reason, (TimeoutError, ssl.SSLError, ConnectionResetError)
        )
        return Answer(Who.NOBODY if refused else Who.OTHER)
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(Who.OTHER)  # it accepted the connection, but does not speak HTTP


def ask_json(url: str, path: str, within: float = 10.0) -> Any:
    """The JSON of `url` + `path`. Raises UpstreamDown when no gateway answers, NotFound when it has no such page."""
    try:
        with _open(url + path, within) as response:
            return json.loads(response.read(LARGEST))
    except urllib.error.HTTPError as error:
        with error:
            raise NotFound(f"the gateway at {url} answers {error.code} to {path.partition('?')[0]}") from error
    except (OSError, http.client.HTTPException) as error:
        raise UpstreamDown(
            f"no gateway answers at {url}", fix="Start one with `subak serve`, or give its --url."
        ) from error
    except ValueError as error:
        raise UpstreamDown(
            f"what answers at {url} is not Subak", fix="Give the gateway's address with --url."
        ) from error


def upstreams_at(url: str, within: float = 2.0) -> dict[str, str]:
    """The upstreams of the gateway at `url`, by ecosystem; those it has none for are left out. Raises UpstreamDown,
    NotFound."""
    status = ask_json(url, "/-/api/v1/status", within)
    rows = status.get("upstreams") if isinstance(status, dict) else None
    listed = rows.items() if isinstance(rows, dict) else ()
    return {str(name): str(row["url"]) for name, row in listed if isinstance(row, dict) and row.get("url")}


def _open(url: str, within: float) -> http.client.HTTPResponse:
    context = ssl.create_default_context()
    if is_loopback(urlsplit(url).hostname or ""):
        # Nothing secret is sent, and a certificate for the public name never fits 127.0.0.1.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # No proxy: what a proxy answers says nothing about the gateway.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect()
    )
    response: http.client.HTTPResponse = opener.open(url, timeout=within)
    return response


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _judged(status: int, headers: Any, body: bytes) -> Answer:
    """Ours says so in a header of its own, in Via, or in the body of its health page."""
    names = {name.lower(): value.lower() for name, value in headers.items()}
    ours = any(n.startswith("x-subak-") or (n in ("via", "server") and "subak" in v) for n, v in names.items())
    return Answer(Who.SUBAK if ours or b"subak" in body.lower() else Who.OTHER, status, names.get("date", ""))
