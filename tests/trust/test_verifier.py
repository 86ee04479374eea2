"""Bytes are what was announced, or they are refused."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.errors import Mismatch
from subak.model.digest import STRENGTH, UNPINNED, Digest
from subak.model.exchange import Proof
from subak.trust.verifier import Verifier

BODY = b"the right bytes"


def digest_of(body: bytes, algorithm: str = "sha256") -> Digest:
    return Digest(algorithm, hashlib.new(algorithm, body).hexdigest())


@pytest.mark.parametrize("algorithm", STRENGTH)
def test_right_bytes(algorithm: str) -> None:
    pin = digest_of(BODY, algorithm)
    verifier = Verifier(pin)
    verifier.update(BODY)
    assert verifier.finish("a.whl") == Proof(pin)
    assert verifier.sha256 == digest_of(BODY).hex


@pytest.mark.parametrize("algorithm", STRENGTH)
@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"!", b"other"])
def test_wrong_bytes(algorithm: str, body: bytes) -> None:
    verifier = Verifier(digest_of(BODY, algorithm))
    verifier.update(body)
    with pytest.raises(Mismatch, match=r"a\.whl does not match the digest its index announces") as caught:
        verifier.finish("a.whl")
    assert str(digest_of(BODY, algorithm)) in str(caught.value)
    assert digest_of(body, algorithm).hex in str(caught.value)
    assert caught.value.fix


def test_unannounced_bytes_prove_themselves_the_first_time() -> None:
    verifier = Verifier(UNPINNED)
    verifier.update(BODY)
    assert verifier.finish("a.whl") == Proof(digest_of(BODY), first_seen=True)


def test_and_must_stay_the_same_afterwards() -> None:
    again = Verifier(digest_of(BODY), first_seen=True)
    again.update(BODY)
    assert again.finish("a.whl") == Proof(digest_of(BODY), first_seen=True)
    other = Verifier(digest_of(BODY), first_seen=True)
    other.update(b"other")
    with pytest.raises(Mismatch, match="the bytes first seen here"):
        other.finish("a.whl")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_starting_again(algorithm: str) -> None:
    verifier = Verifier(digest_of(BODY, algorithm))
    verifier.update(b"half of something els")
    verifier.restart()
    verifier.update(BODY)
    assert verifier.finish("a.whl") == Proof(digest_of(BODY, algorithm))


@given(st.lists(st.binary(max_size=50)), st.sampled_from(STRENGTH))
def test_pieces_make_no_difference(pieces: list[bytes], algorithm: str) -> None:
    verifier = Verifier(digest_of(b"".join(pieces), algorithm))
    for piece in pieces:
        verifier.update(piece)
    assert verifier.finish("a.whl").digest.algorithm == algorithm


def test_git_blobs_are_hashed_with_their_size() -> None:
    """As `git hash-object` says of a file holding 'hello' and a line feed."""
    pin = Digest("git-blob", "ce013625030ba8dba906f756967f9e9ca394464a")
    verifier = Verifier(pin, size=6)
    verifier.update(b"hello\n")
    assert verifier.finish("a file").digest == pin
    other = Verifier(pin, size=7)
    other.update(b"hello\n")
    with pytest.raises(Mismatch, match="6 bytes came"):
        other.finish("a file")


def test_a_go_mod_is_hashed_as_go_does() -> None:
    from subak.trust.dirhash import of_mod

    body = b"module m\n"
    verifier = Verifier(Digest("h1-mod", of_mod(hashlib.sha256(body).hexdigest())))
    verifier.update(body)
    assert not verifier.whole
    assert not verifier.finish("go.mod").first_seen


def test_a_module_zip_needs_a_file() -> None:
    verifier = Verifier(Digest("h1", "0" * 64))
    verifier.update(b"PK")
    assert verifier.whole
    with pytest.raises(Mismatch, match="only be verified as a file"):
        verifier.finish("a zip")


def test_further_digests_are_computed_beside() -> None:
    verifier = Verifier(also=("md5", "sha1", "sha512"))
    verifier.update(b"abc")
    assert verifier.further == {name: hashlib.new(name, b"abc").hexdigest() for name in ("md5", "sha1", "sha512")}
    verifier.restart()
    assert verifier.further["sha1"] == hashlib.sha1(b"").hexdigest()
