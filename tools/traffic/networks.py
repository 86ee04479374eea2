"""Addresses that can belong to nobody, dealt out to invented networks.

IPv4 comes from 240.0.0.0/4 (RFC 1112 §4: reserved, never assigned, never routed), IPv6 from 2001:db8::/32 (RFC 3849:
documentation). The documentation ranges of IPv4 hold 768 addresses and 198.18.0.0/15 131,072: too few. Private ranges
would mean something else in a log: a gateway's own neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """An invented network: its /8 and, for IPv6, its /40."""

    name: str
    origin: str
    """As the analysis names origins: hyperscaler, hosting, residential, enterprise, education, cdn-relay, vpn-tor."""
    first: int

    @property
    def prefixes(self) -> tuple[str, str]:
        """Its IPv4 and IPv6 range."""
        return f"{self.first}.0.0.0/8", f"2001:db8:{self.first:x}00::/40"


NETWORKS = {
    n.name: n
    for n in (
        Network("cloud-one", "hyperscaler", 240), Network("cloud-two", "hyperscaler", 241),
        Network("cloud-three", "hyperscaler", 242), Network("hosting-four", "hosting", 243),
        Network("hosting-five", "hosting", 244), Network("telecom-six", "residential", 245),
        Network("telecom-seven", "residential", 246), Network("cable-eight", "residential", 247),
        Network("companies", "enterprise", 248), Network("universities", "education", 249),
        Network("relay-nine", "cdn-relay", 250), Network("veil-ten", "vpn-tor", 251),
        Network("search-eleven", "hosting", 252), Network("models-twelve", "hosting", 253),
    )
}  # fmt: skip
CLOUDS = ("cloud-one", "cloud-two", "cloud-three")
HOMES = ("telecom-six", "telecom-seven", "cable-eight")
VERIFIED = {"search": "search-eleven", "ai-training": "models-twelve", "ai-agent": "models-twelve"}
"""Networks whose owners publish them as the only place their crawlers come from."""

_SCATTER = 0x9E375


def address(network: str, room: int, number: int, *, scattered: bool = False) -> str:
    """The `number`th IPv4 address of a room (0-15, a /12) of a network; scattered: neighbours are strangers."""
    if scattered:
        number = number * _SCATTER
    number = room << 20 | (number & 0xFFFFF)
    return f"{NETWORKS[network].first}.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def block(network: str, room: int, number: int, size: int) -> list[str]:
    """`size` neighbouring addresses for the `number`th tenant of a room, in /24s of its own."""
    width = -(-size // 250)
    return [address(network, room, number * 256 * width + i // 250 * 256 + i % 250 + 2) for i in range(size)]


def household(network: str, number: int, week: int) -> str:
    """An IPv6 address in a household's /64; `week` numbers its changing privacy addresses."""
    tail = (number * 2_654_435_761 + week * 40_503 + 77) & 0xFFFFFFFF
    net = f"2001:db8:{NETWORKS[network].first:x}{number >> 16 & 255:02x}:{number & 0xFFFF:x}"
    return f"{net}::{tail >> 16:x}:{tail & 0xFFFF:x}"


def table() -> list[tuple[str, str, str]]:
    """Prefix, network, origin: what an operator's range pack would say of these addresses."""
    return [(prefix, n.name, n.origin) for n in NETWORKS.values() for prefix in n.prefixes]
