"""Release files: what they announce, and what is no Release file."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page
from subak.ecosystems.debian import release
from subak.errors import UpstreamLied
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

A, B, C = "a" * 64, "b" * 64, "c" * 128
FILE = "main/binary-amd64/Packages.xz"
HASHES = f"""SHA256:
 {A} 10 {FILE}
 {B} 20 main/Contents-amd64.gz
SHA512:
 {C} 10 {FILE}
"""
TEXT = f"Suite: stable\nAcquire-By-Hash: yes\nMD5Sum:\n {'d' * 32} 10 {FILE}\n{HASHES}"
ARMOUR = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n=AAAA\n-----END PGP SIGNATURE-----\n"


def signed(text: str) -> str:
    return f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}{ARMOUR}"


def about(name: str, folder: str = "dists/stable/") -> Subject:
    route = {"InRelease": "inrelease", "Release": "release", "Release.gpg": "signature"}[name]
    return Subject("debian", Kind.CONFIG, route, folder + name)


def pins(name: str, text: str | bytes, folder: str = "dists/stable/") -> list[Pin]:
    body = text.encode() if isinstance(text, str) else text
    return list(release.pins(about(name, folder), Page(memoryview(body), "", "")))


def test_each_index_is_announced_under_all_its_names() -> None:
    found = {pin.path: pin for pin in pins("InRelease", signed(TEXT))}
    here = "dists/stable/main/binary-amd64"
    assert found.keys() == {
        f"{here}/Packages.xz", f"{here}/by-hash/SHA256/{A}", f"{here}/by-hash/SHA512/{C}",
        "dists/stable/main/Contents-amd64.gz", f"dists/stable/main/by-hash/SHA256/{B}",
    }  # fmt: skip
    assert {pin.url for pin in found.values()} == {""}
    for path in (f"{here}/Packages.xz", f"{here}/by-hash/SHA256/{A}", f"{here}/by-hash/SHA512/{C}"):
        assert (found[path].digest, found[path].size) == (Digest("sha256", A), 10)


def test_release_and_inrelease_announce_the_same() -> None:
    assert pins("Release", TEXT) == pins("InRelease", signed(TEXT))
    assert pins("Release", TEXT.replace("\n", "\r\n")) == pins("Release", TEXT)


def test_without_by_hash_only_the_names() -> None:
    quiet = TEXT.replace("Acquire-By-Hash: yes", "Acquire-By-Hash: no")
    assert [pin.path for pin in pins("Release", quiet)] == [
        f"dists/stable/{FILE}",
        "dists/stable/main/Contents-amd64.gz",
    ]


def test_a_flat_archive() -> None:
    text = f"Date: today\nSHA256:\n {A} 1 ./Packages\n"
    assert [pin.path for pin in pins("Release", text, "")] == ["Packages"]
    assert [pin.path for pin in pins("Release", text, "vendor/")] == ["vendor/Packages"]


def test_weak_digests_vouch_for_nothing() -> None:
    assert pins("Release", f"MD5Sum:\n {'d' * 32} 10 Packages\nSHA1:\n {'e' * 40} 10 Packages\n") == []
    assert [p.digest for p in pins("Release", f"SHA512:\n {C} 10 Packages\n")] == [Digest("sha512", C)]


@pytest.mark.parametrize("path", ["../../pool/a.deb", "a/../b", "a%2fb", "a?b"])
def test_nothing_is_announced_that_cannot_be_asked_for(path: str) -> None:
    assert pins("Release", f"SHA256:\n {A} 1 {path}\n") == []


def test_dashes_are_unescaped() -> None:
    odd = TEXT.replace("Suite: stable", "- -----Suite: stable")
    assert len(pins("InRelease", signed(odd))) == 5


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("InRelease", "<html>sign in</html>"),
        ("InRelease", TEXT),
        ("InRelease", "\n" + signed(TEXT)),
        ("InRelease", signed(TEXT).partition("-----END")[0]),
        ("InRelease", signed(TEXT).partition("SHA512")[0]),
        ("InRelease", ""),
        ("InRelease", signed("nothing\n")),
        ("Release", "<html>sign in</html>"),
        ("Release", ""),
        ("Release", "Suite: stable\n"),
        ("Release", "SHA256:\n abc 1 Packages\n"),
        ("Release", f"SHA256:\n {A} many Packages\n"),
        ("Release", f"SHA256:\n {A} Packages\n"),
        ("Release", f"SHA256:\n {A}\n"),
        ("Release.gpg", "<html>sign in</html>"),
        ("Release.gpg", ""),
    ],
)
def test_what_is_no_release_is_refused(name: str, body: str) -> None:
    with pytest.raises(UpstreamLied):
        pins(name, body)


def test_signatures_announce_nothing() -> None:
    assert pins("Release.gpg", ARMOUR) == []
    assert pins("Release.gpg", b"\x89\x02\x33\x04") == []


@given(st.text() | st.lists(st.sampled_from([*TEXT.split("\n"), *ARMOUR.split("\n"), "", " ", "x"])).map("\n".join))
def test_hostile_texts_are_refused_or_read(text: str) -> None:
    for name, body in (("Release", text), ("InRelease", signed(text)), ("InRelease", text), ("Release.gpg", text)):
        with suppress(UpstreamLied):
            assert all(pin.path.startswith("dists/stable/") for pin in pins(name, body))
