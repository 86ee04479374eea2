"""Digests are checked where they are made, and a pin that cannot be read never becomes no pin."""

from __future__ import annotations

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import UpstreamLied
from subak.model.digest import STRENGTH, UNPINNED, Digest, Pin, digest, from_sri, strongest

BODY = b"bytes"


def hexed(algorithm: str) -> str:
    return hashlib.new(algorithm, BODY).hexdigest()


def sri(algorithm: str, body: bytes = BODY) -> str:
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, body).digest()).decode()}"


@pytest.mark.parametrize("algorithm", STRENGTH)
def test_every_algorithm_we_name_is_one_we_can_compute(algorithm: str) -> None:
    assert digest(algorithm, hexed(algorithm)) == Digest(algorithm, hexed(algorithm))


@pytest.mark.parametrize(("algorithm", "name"), [("SHA256", "sha256"), ("sha-512", "sha512"), ("Sha-1", "sha1")])
def test_spellings(algorithm: str, name: str) -> None:
    assert digest(algorithm, hexed(name).upper()) == Digest(name, hexed(name))


@pytest.mark.parametrize(
    ("algorithm", "value"),
    [
        ("sha256", hexed("sha256")[:-1]),
        ("sha256", hexed("sha256") + "0"),
        ("sha256", hexed("sha512")),
        ("sha256", "g" * 64),
        ("sha256", "٣" * 64),
        ("sha256", hexed("sha256")[:-1] + "\n"),
        ("sha256", ""),
        ("blake2b", "0" * 128),
        ("crc32", "00000000"),
        ("", ""),
    ],
)
def test_what_is_no_digest(algorithm: str, value: str) -> None:
    with pytest.raises(UpstreamLied, match=r"not a .* digest"):
        digest(algorithm, value)


def test_text_and_truth() -> None:
    assert str(Digest("sha1", "ab")) == "sha1:ab"
    assert str(UNPINNED) == "unpinned"
    assert Digest("sha1", "ab")
    assert not UNPINNED


@pytest.mark.parametrize(
    ("hashes", "want"),
    [
        ({}, ""),
        ({"blake2b": "00"}, ""),
        ({"md5": hexed("md5")}, "md5"),
        ({"md5": hexed("md5"), "sha256": hexed("sha256"), "sha1": hexed("sha1")}, "sha256"),
        ({"sha512": hexed("sha512"), "sha256": hexed("sha256")}, "sha512"),
        ({"md5": "broken", "sha256": hexed("sha256")}, "sha256"),
        ({"SHA256": hexed("sha256")}, "sha256"),
        ({"sha-256": hexed("sha256"), "blake2b": "00"}, "sha256"),
    ],
)
def test_the_strongest_wins(hashes: dict[str, str], want: str) -> None:
    assert strongest(hashes) == (digest(want, hexed(want)) if want else UNPINNED)


@pytest.mark.parametrize("hashes", [{"sha256": ""}, {"SHA256": "x"}, {"sha256": "x", "md5": hexed("md5")}])
def test_a_broken_pin_is_not_no_pin(hashes: dict[str, str]) -> None:
    with pytest.raises(UpstreamLied):
        strongest(hashes)


@pytest.mark.parametrize(
    ("integrity", "want"),
    [
        ("", ""),
        ("   ", ""),
        ("blake3-AAAA", ""),
        (sri("sha512"), "sha512"),
        (sri("sha1"), "sha1"),
        (f"{sri('sha1')}  {sri('sha512')}\n{sri('sha384')}", "sha512"),
        (f"{sri('sha512')}?option", "sha512"),
        (f"{sri('sha512')} {sri('sha512', b'alternative')}", "sha512"),
        (sri("sha512").replace("sha512", "SHA512"), "sha512"),
        (f"blake3-AAAA {sri('sha256')}", "sha256"),
    ],
)
def test_subresource_integrity(integrity: str, want: str) -> None:
    assert from_sri(integrity) == (digest(want, hexed(want)) if want else UNPINNED)


@pytest.mark.parametrize(
    "integrity", ["sha512-", "sha512-!!!", "sha512", sri("sha1").replace("sha1", "sha512"), f"sha1-* {sri('sha512')}"]
)
def test_broken_integrity_is_not_none(integrity: str) -> None:
    with pytest.raises(UpstreamLied):
        from_sri(integrity)


@given(st.sampled_from(STRENGTH), st.binary(max_size=40))
def test_integrity_and_hex_say_the_same(algorithm: str, body: bytes) -> None:
    assert from_sri(sri(algorithm, body)) == digest(algorithm, hashlib.new(algorithm, body).hexdigest())


@given(st.text(max_size=200))
def test_integrity_fails_in_one_way(integrity: str) -> None:
    with contextlib.suppress(UpstreamLied):
        assert from_sri(integrity) in (UNPINNED, strongest({from_sri(integrity).algorithm: from_sri(integrity).hex}))


def test_a_pin_announces_nothing_by_itself() -> None:
    pin = Pin("a.whl", "https://files.example/a.whl")
    assert (pin.digest, pin.size, pin.published) == (UNPINNED, -1, 0.0)
