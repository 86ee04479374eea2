"""Where we may connect to: public addresses, and private ones only where the operator's own upstream lies."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

from subak.errors import UpstreamLied


def is_private(address: str) -> bool:
    """Loopback, private, link-local, multicast, reserved: everything that is not the public Internet."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return not parsed.is_global or parsed.is_multicast


_NUMBERS = re.compile(r"[0-9a-fA-FxX.]+\Z")


def literal(host: str) -> str:
    """The address if `host` is one (brackets allowed), else ''.

    Spellings that connect(2) understands count too: '127.1' and '2130706433' never meet the resolver.
    """
    bare = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        pass  # then it may be one of the old spellings, inet_aton(3)
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(bare))) if _NUMBERS.match(bare) else ""
    except OSError:
        return ""


class GuardedResolver(AbstractResolver):
    """Resolves names and drops the addresses we must not reach; what is checked is what is connected to,
    so a name that changes its mind in between (DNS rebinding) gains nothing."""

    def __init__(self, inner: AbstractResolver, may_be_private: Callable[[str], bool]) -> None:
        self._inner = inner
        self._may_be_private = may_be_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises UpstreamLied when only forbidden addresses remain, OSError when the name does not resolve."""
        found = await self._inner.resolve(host, port, family)
        if self._may_be_private(host):
            return found
        public = [r for r in found if not is_private(r["host"])]
        if not public:
            raise UpstreamLied(f"{host} lies at a private address, which the configured upstream does not")
        return public

    async def close(self) -> None:
        await self._inner.close()
