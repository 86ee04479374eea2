"""Canonical forms against the standard library's own understanding of addresses; names against plain HMAC."""

from __future__ import annotations

import hmac
import ipaddress
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.privacy.epochs import derive
from subak.analytics.privacy.pseudonyms import Canonical, Canonicals, Namer, Names, canonical, canonical_all

KEYS = derive(b"k" * 32, "2026-10")
OTHER = derive(b"o" * 32, "2026-10")


@pytest.mark.parametrize(
    ("text", "version", "client", "network"),
    [
        ("192.0.2.7", 4, "192.0.2.7", "192.0.2.0/24"),
        ("  192.0.2.7 ", 4, "192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.7%eth0", 4, "192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", 4, "192.0.2.7", "192.0.2.0/24"),
        ("::FFFF:C000:207", 4, "192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", 6, "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:DB8:0001:0002::9", 6, "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", 6, "fe80::/64", "fe80::/48"),
        ("::1", 6, "::/64", "::/48"),
        ("192.0.2.07", 0, "192.0.2.07", "192.0.2.07"),
        ("192.0.2", 0, "192.0.2", "192.0.2"),
        ("192.0.2.256", 0, "192.0.2.256", "192.0.2.256"),
        ("Host.Example", 0, "host.example", "host.example"),
        ("2001:db8:::1", 0, "2001:db8:::1", "2001:db8:::1"),
        ("-", 0, "-", "-"),
        ("", 0, "", ""),
        ("192.0.2.7\0", 0, "192.0.2.7\0", "192.0.2.7\0"),
        ("192.0.2.\udc80", 0, "192.0.2.\udc80", "192.0.2.\udc80"),
    ],
)
def test_canonical_forms(text: str, version: int, client: str, network: str) -> None:
    assert canonical(text) == Canonical(version, client, network)


def by_the_library(text: str) -> Canonical:
    """What `canonical` must say, by `ipaddress`."""
    address = ipaddress.ip_address(text.strip().partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address):
        return Canonical(4, str(address), str(ipaddress.ip_network((address, 24), strict=False)))
    lengths = (ipaddress.ip_network((address, length), strict=False) for length in (64, 48))
    return Canonical(6, *map(str, lengths))


written = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(str),
    st.ip_addresses(v=6).map(lambda a: a.exploded.upper()),
    st.ip_addresses(v=4).map(lambda a: f"::ffff:{a}"),
    st.integers(0, 2**64 - 1).map(lambda n: str(ipaddress.IPv6Address(n << 64 | 1))),
    st.tuples(st.ip_addresses(v=6).map(str), st.from_regex(r"%[a-z0-9]{1,5}", fullmatch=True)).map("".join),
)


@given(written)
def test_addresses_are_understood_as_the_library_does(text: str) -> None:
    assert canonical(text) == by_the_library(text)


@given(st.lists(written | st.text("0123456789abcdef:.%/ ", max_size=24)))
def test_many_at_a_time_or_one_by_one(texts: list[str]) -> None:
    found = canonical_all(texts)
    assert [Canonical(*row) for row in zip(*found, strict=True)] == [canonical(text) for text in texts]
    assert Names(KEYS).clients.names(found.clients) == [Names(KEYS).client(client) for client in found.clients]
    assert canonical_all([]) == Canonicals([], [], [])


@given(st.one_of(st.text(), st.text("0123456789abcdef:.%/ ", max_size=24)))
def test_any_text_has_a_form_of_its_own(text: str) -> None:
    try:
        want = by_the_library(text)
    except ValueError:
        plain = text.strip().lower()
        want = Canonical(0, plain, plain)
    assert canonical(text) == want
    assert Names(KEYS).client(canonical(text).client)


@given(st.text())
def test_names_are_plain_hmac(text: str) -> None:
    digest = hmac.digest(KEYS.client, text.encode("utf-8", "surrogatepass"), "sha256")
    assert Names(KEYS).clients.digest(text) == digest
    assert Names(KEYS).clients.numbers([text]) == [int.from_bytes(digest[:8], "big")]
    letters = "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in digest[:12])
    assert Names(KEYS).client(text) == "a-" + letters


def test_views_and_keys_do_not_join() -> None:
    names = Names(KEYS)
    made = [names.client("192.0.2.7"), names.network("192.0.2.7"), names.consumer("192.0.2.7")]
    assert [name[:2] for name in made] == ["a-", "n-", "c-"]
    assert len({name[2:] for name in made} | {Names(OTHER).client("192.0.2.7")[2:]}) == 4
    assert Names(derive(b"k" * 32, "2026-11")).client("192.0.2.7") != made[0]


def test_many_addresses_have_as_many_names() -> None:
    texts = [f"240.{a}.{b}.{c}" for a in range(2) for b in range(100) for c in range(250)]
    names = Names(KEYS).clients.names(texts)
    assert len(set(names)) == len(texts)
    assert names[77] == Names(KEYS).client(texts[77])


def test_a_key_must_be_long_enough() -> None:
    with pytest.raises(ValueError, match="5 bytes"):
        Namer("a-", b"short")


def test_an_address_costs_a_few_microseconds() -> None:
    texts = [f"240.1.{b}.{c}" for b in range(100) for c in range(200)]
    namer = Names(KEYS).clients

    def seconds() -> float:
        began = time.process_time()
        namer.names([canonical(text).client for text in texts])
        return time.process_time() - began

    # 2 µs where this was written; other machines are slower, and a mistake is ten times as slow.
    assert min(seconds() for _ in range(3)) / len(texts) < 12e-6
