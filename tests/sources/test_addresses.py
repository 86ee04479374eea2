"""Where we may connect to, in whatever spelling an address comes."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import UpstreamLied
from subak.sources.addresses import GuardedResolver, is_private, literal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    ],
)  # fmt: skip
def test_not_the_public_internet(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_the_public_internet(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("::1", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0", "0.0.0.0"),
        ("registry.example", ""),
        ("localhost", ""),
        ("dead.beef", ""),
        ("127.0.0.1.registry.example", ""),
        ("1.2.3.4.5", ""),
        ("", ""),
        ("127.0.0.1 x", ""),
    ],
)
def test_addresses_in_disguise(host: str, address: str) -> None:
    assert literal(host) == address


@given(st.ip_addresses())
def test_every_address_is_one(address: object) -> None:
    assert literal(str(address)) == str(address)
    assert is_private(str(address)) in (True, False)


class Book(AbstractResolver):
    """Names and addresses as a test wants them."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self.names:
            raise OSError(f"no {host}")
        return [
            ResolveResult(hostname=host, host=a, port=port, family=family, proto=0, flags=0) for a in self.names[host]
        ]

    async def close(self) -> None:
        self.closed = True


def resolver(**names: list[str]) -> GuardedResolver:
    return GuardedResolver(Book(**names), lambda host: host == "ours")


async def test_private_addresses_are_dropped() -> None:
    found = await resolver(mixed=["127.0.0.1", "8.8.8.8", "::1"]).resolve("mixed", 80)
    assert [r["host"] for r in found] == ["8.8.8.8"]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1", "fd00::1"], ["::ffff:192.168.0.1"], []])
async def test_a_name_with_nothing_else_is_refused(addresses: list[str]) -> None:
    with pytest.raises(UpstreamLied, match="private address"):
        await resolver(rebound=addresses).resolve("rebound", 80)


async def test_the_operators_own_hosts_may_be_private() -> None:
    found = await resolver(ours=["10.0.0.1", "8.8.8.8"]).resolve("ours", 80)
    assert [r["host"] for r in found] == ["10.0.0.1", "8.8.8.8"]


async def test_what_does_not_resolve() -> None:
    with pytest.raises(OSError, match="no nowhere"):
        await resolver().resolve("nowhere")


async def test_closing_reaches_the_inner_one() -> None:
    book = Book()
    await GuardedResolver(book, lambda host: False).close()
    assert book.closed
