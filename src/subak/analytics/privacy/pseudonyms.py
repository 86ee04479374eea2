"""Addresses in, names out: one canonical form for each client and network, and keyed names that tell nobody which."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Final, NamedTuple

from subak.analytics.privacy.epochs import Keys

LETTERS: Final = 12
"""Of a name; five bits each. Among 10 million names two are the same with a chance of one in 20,000."""

_ALPHABET: Final = b"abcdefghijklmnopqrstuvwxyz234567"
_LETTER: Final = bytes(_ALPHABET[byte & 31] for byte in range(256))
_MAPPED: Final = bytes(10) + b"\xff\xff"
_HALF, _REST = bytes(8), bytes(10)
"""What a client and a network of IPv6 leave out."""
_BLOCK: Final = 64
"""Bytes that SHA-256 takes at once; what HMAC pads its key to (RFC 2104)."""


class Canonical(NamedTuple):
    """What an address in a log means; equal for all ways of writing one client."""

    version: int
    """4 or 6; 0 if the text is no address."""
    client: str
    """'192.0.2.7'; for IPv6 its network of 64 bits, '2001:db8:1:2::/64'; text that is no address, in lower case."""
    network: str
    """'192.0.2.0/24', '2001:db8:1::/48', or the same text."""


class Canonicals(NamedTuple):
    """The same of many addresses, as columns."""

    versions: list[int]
    clients: list[str]
    networks: list[str]


def canonical(address: str) -> Canonical:
    """What the text stands for; never fails.

    An IPv6 address that only wraps an IPv4 one (`::ffff:192.0.2.7`) counts as that; a zone (`fe80::1%eth0`) is
    dropped, since it means something on one machine only. One IPv6 client changes its lower 64 bits at will.
    """
    (version,), (client,), (network,) = canonical_all((address,))
    return Canonical(version, client, network)


def canonical_all(addresses: Iterable[str]) -> Canonicals:
    """What each text stands for, in their order; 0.5 µs each."""
    versions: list[int] = []
    clients: list[str] = []
    networks: list[str] = []
    sixes: dict[bytes, str] = {}
    for address in addresses:
        client = address
        try:
            if ":" not in address:
                inet_pton(AF_INET, address)
                version, network = 4, address[: address.rindex(".")] + ".0/24"
            elif (packed := inet_pton(AF_INET6, address)).startswith(_MAPPED):
                version, client, network = _other(address)
            else:
                version, client = 6, inet_ntop(AF_INET6, packed[:8] + _HALF) + "/64"
                network = sixes.get(packed[:6], "")
                if not network:
                    network = sixes[packed[:6]] = inet_ntop(AF_INET6, packed[:6] + _REST) + "/48"
        except (OSError, ValueError):
            version, client, network = _other(address)
        versions.append(version)
        clients.append(client)
        networks.append(network)
    return Canonicals(versions, clients, networks)


def _other(address: str) -> Canonical:
    """What is written unusually, or no address."""
    text = address.strip().partition("%")[0]
    try:
        packed = inet_pton(AF_INET6, text) if ":" in text else _MAPPED + inet_pton(AF_INET, text)
    except (OSError, ValueError):
        text = address.strip().lower()
        return Canonical(0, text, text)
    if packed.startswith(_MAPPED):
        text = inet_ntop(AF_INET, packed[12:])
        return Canonical(4, text, text[: text.rindex(".")] + ".0/24")
    return Canonical(
        6, inet_ntop(AF_INET6, packed[:8] + _HALF) + "/64", inet_ntop(AF_INET6, packed[:6] + _REST) + "/48"
    )


class Namer:
    """Keyed names of one kind. HMAC-SHA256 with the key's two halves prepared: half the time of `hmac.digest`."""

    def __init__(self, prefix: str, key: bytes) -> None:
        if not 32 <= len(key) <= _BLOCK:
            raise ValueError(f"a key of {len(key)} bytes")
        padded = key.ljust(_BLOCK, b"\0")
        self._prefix = prefix
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))

    def digest(self, text: str) -> bytes:
        """HMAC-SHA256 of the text, 32 bytes."""
        return self.digests((text,))[0]

    def digests(self, texts: Iterable[str]) -> list[bytes]:
        """Those of many, in their order."""
        start, end = self._inner.copy, self._outer.copy
        found: list[bytes] = []
        for text in texts:
            inner, outer = start(), end()
            inner.update(text.encode("utf-8", "surrogatepass"))
            outer.update(inner.digest())
            found.append(outer.digest())
        return found

    def name(self, text: str) -> str:
        """The prefix and 12 letters."""
        return self.names((text,))[0]

    def names(self, texts: Iterable[str]) -> list[str]:
        """One name for each text, in their order; 1 µs each."""
        digests = self.digests(texts)
        if not digests:
            return []
        size, prefix = len(digests[0]), self._prefix
        letters = b"".join(digests).translate(_LETTER).decode("ascii")
        return [prefix + letters[first : first + LETTERS] for first in range(0, len(letters), size)]

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """One keyed number of 64 bits for each text, in their order."""
        return [int.from_bytes(digest[:8], "big") for digest in self.digests(texts)]


class Names:
    """Names of one epoch. Each kind has a key of its own, so that equal text has unequal names in different views."""

    def __init__(self, keys: Keys) -> None:
        self.clients = Namer("a-", keys.client)
        self.networks = Namer("n-", keys.network)
        self.consumers = Namer("c-", keys.consumer)

    def client(self, text: str) -> str:
        """'a-…' for `Canonical.client`."""
        return self.clients.name(text)

    def network(self, text: str) -> str:
        """'n-…' for `Canonical.network`."""
        return self.networks.name(text)

    def consumer(self, text: str) -> str:
        """'c-…' for whatever tells a consumer from others: a user name, a network."""
        return self.consumers.name(text)
