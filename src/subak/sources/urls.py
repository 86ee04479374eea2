"""URLs as settings write them: credentials apart, one spelling per origin, and whether they lead back to us."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import SplitResult, unquote, urlsplit


def split_credentials(text: str) -> tuple[str, str]:
    """'https://user:pw@host/simple?x' → (normalised URL ending in '/', Authorization value or '').

    Raises ValueError with a reason that does not quote the text. uv's 'name=https://…' is understood.
    """
    parts = split(re.sub(r"^[\w.-]+=(?=https?://)", "", text.strip()))
    authorization = ""
    if parts.username is not None or parts.password is not None:
        pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    return f"{origin(parts)}{parts.path.rstrip('/')}/", authorization


def addresses(host: str, port: int, public_url: str = "") -> tuple[str, ...]:
    """The `own` of `is_ours`, from where the gateway listens and how clients see it."""
    netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return (netloc, public_url) if public_url else (netloc,)


def is_ours(url: str, own: Collection[str]) -> bool:
    """Does the URL lead back to one of our own addresses, whichever name of this machine it uses?"""
    theirs = split(url)
    for entry in own:
        ours = split(entry if "://" in entry else f"http://{entry}")
        same_host = ours.hostname == theirs.hostname
        # Whatever address we listen on, the loopback names with our port are not somebody else's index.
        by_loopback = _is_here(theirs.hostname or "") and ("://" not in entry or _is_here(ours.hostname or ""))
        below = f"{theirs.path.rstrip('/')}/".startswith(f"{ours.path.rstrip('/')}/")
        if _port(ours) == _port(theirs) and (same_host or by_loopback) and below:
            return True
    return False


def split(text: str) -> SplitResult:
    """The parts of an http(s) URL. Raises ValueError with a reason that does not quote the text."""
    if re.search(r"[\x00-\x20\x7f\\<>\"]", text):
        raise ValueError("holds characters that no URL has")
    try:
        parts = urlsplit(text)
        _ = parts.port
        if parts.hostname:
            parts.hostname.encode("idna")
    except ValueError as error:  # urlsplit's own text quotes the URL, which may hold a password
        raise ValueError("is not a URL") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an http(s) URL")
    return parts


def origin(parts: SplitResult) -> str:
    """scheme://host[:port] without credentials; the scheme's own port is left out."""
    host = parts.hostname or ""
    netloc = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{netloc}" + ("" if _port(parts) == default else f":{_port(parts)}")


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _is_here(host: str) -> bool:
    if host.rstrip(".") == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
