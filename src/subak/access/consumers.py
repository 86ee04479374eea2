"""On whose account a request runs: a key, a private address, or the pseudonym of a public network."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from functools import lru_cache

TOKEN_PREFIX = "sbk_"
"""Every token of ours begins with this, so that secret scanners and people recognise it."""


def token_of(authorization: str) -> str:
    """Our token inside an Authorization value, '' if there is none: Basic, Bearer, or bare as cargo sends it.

    Basic (RFC 7617): the password, or the user when the password is empty (npm's `_auth`, pip's
    `https://token@host`). Bearer (RFC 6750): the token itself. Credentials that are not ours are no token.
    """
    scheme, _, value = authorization.strip().partition(" ")
    candidates: tuple[str, ...] = () if value else (scheme,)
    if scheme.lower() == "bearer":
        candidates = (value.strip(),)
    elif scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return ""
        candidates = (password, user)
    return next((c for c in candidates if c.startswith(TOKEN_PREFIX)), "")


def hash_token(token: str) -> str:
    """What is stored of a token: sha256 hex. Looking it up by hash makes the comparison time-safe."""
    return hashlib.sha256(token.encode()).hexdigest()


class Addresses:
    """Turns a client address into a consumer. Public addresses are never written anywhere."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.consumer = lru_cache(maxsize=50_000)(self._consumer)

    def _consumer(self, address: str) -> str:
        """'addr:10.1.2.3' inside (the operator's own machines), 'net:<12 hex>' for a public /24 or /48."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return "addr:unknown"
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        if not parsed.is_global:
            return f"addr:{parsed}"
        network = ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False)
        return "net:" + hmac.new(self._secret, network.network_address.packed, "sha256").hexdigest()[:12]
