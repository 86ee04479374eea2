"""On whose account a request runs."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.access.consumers import TOKEN_PREFIX, Addresses, hash_token, token_of

OURS = TOKEN_PREFIX + "abc"


def basic(text: str | bytes) -> str:
    return "Basic " + base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        ("", ""),
        (f"Bearer {OURS}", OURS),
        (f"bearer   {OURS}  ", OURS),
        (basic(f"user:{OURS}"), OURS),
        (basic(f"{OURS}:"), OURS),
        (basic(OURS), OURS),
        (basic(f"__token__:{OURS}").replace("Basic", "BASIC"), OURS),
        (basic(f"user:{OURS}:more"), f"{OURS}:more"),
        (basic(f"{OURS}:other"), OURS),
        (basic("user:password"), ""),
        (basic(b"\xff\xfe"), ""),
        ("Basic !!!", ""),
        ("Basic", ""),
        ("Basic ", ""),
        (f"Digest {OURS}", ""),
        ("Bearer somebody-elses", ""),
        (OURS, OURS),
        (f"Bearer x{OURS}", ""),
    ],
)
def test_tokens(authorization: str, token: str) -> None:
    assert token_of(authorization) == token


@given(st.text(max_size=100))
def test_any_header_is_a_token_or_none(text: str) -> None:
    for authorization in (text, "Basic " + text, "Bearer " + text):
        assert token_of(authorization) == "" or token_of(authorization).startswith(TOKEN_PREFIX)


def test_only_the_hash_of_a_token_is_kept() -> None:
    assert hash_token(OURS) == hashlib.sha256(OURS.encode()).hexdigest()


@pytest.mark.parametrize(
    ("address", "consumer"),
    [
        ("127.0.0.1", "addr:127.0.0.1"),
        ("10.1.2.3", "addr:10.1.2.3"),
        ("192.168.0.9", "addr:192.168.0.9"),
        ("100.64.0.1", "addr:100.64.0.1"),
        ("::1", "addr:::1"),
        ("fe80::1%eth0", "addr:fe80::1"),
        ("fd00::7", "addr:fd00::7"),
        ("::ffff:10.1.2.3", "addr:10.1.2.3"),
        ("", "addr:unknown"),
        ("unix", "addr:unknown"),
        ("10.1.2.3, 10.1.2.4", "addr:unknown"),
    ],
)
def test_own_machines_are_named(address: str, consumer: str) -> None:
    assert Addresses(b"s").consumer(address) == consumer


def test_public_addresses_become_pseudonyms_of_their_network() -> None:
    consumer = Addresses(b"secret").consumer
    assert consumer("8.8.8.8").startswith("net:")
    assert len(consumer("8.8.8.8")) == len("net:") + 12
    assert "8.8" not in consumer("8.8.8.8")
    assert consumer("8.8.8.8") == consumer("8.8.8.255") == consumer("::ffff:8.8.8.1")
    assert consumer("8.8.8.8") != consumer("8.8.9.8")
    assert consumer("2606:4700:1:2::5") == consumer("2606:4700:1:ffff::9") != consumer("2606:4700:2::5")


def test_pseudonyms_cannot_be_compared_between_gateways() -> None:
    assert Addresses(b"one").consumer("8.8.8.8") != Addresses(b"two").consumer("8.8.8.8")


@given(st.ip_addresses() | st.text(max_size=40))
def test_a_public_address_never_shows(address: object) -> None:
    consumer = Addresses(b"secret").consumer(str(address))
    assert consumer.startswith(("net:", "addr:"))
    if not consumer.startswith("addr:"):
        assert str(address) not in consumer
