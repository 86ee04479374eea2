"""Indexes: what Packages, Sources, lists of patches and checksums announce."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page
from subak.ecosystems.debian import stanzas as module
from subak.ecosystems.debian.shapes import route_of
from subak.ecosystems.debian.stanzas import pins, stanzas
from subak.errors import UpstreamLied
from subak.model.digest import Digest, Pin
from subak.model.exchange import Kind, Subject

A, B, C = "a" * 64, "b" * 64, "c" * 64
HERE = "dists/stable/main/binary-amd64"
PACKAGES = f"""Package: acme
Version: 2:1.0+dfsg-1
Description: says
 Filename: not/a/field
Filename: pool/main/a/acme/acme_1.0+dfsg-1_all.deb
Size: 1234
MD5sum: {"d" * 32}
SHA256: {A}

Package: other
Filename: pool/main/o/other/other_1_amd64.deb
SHA512: {A}{B}
"""
SOURCES = f"""Package: acme
Version: 2:1.0+dfsg-1
Files:
 {"d" * 32} 10 acme_1.0.dsc
Checksums-Sha256:
 {A} 10 acme_1.0.dsc
 {B} 20 acme_1.0.orig.tar.gz
Directory: pool/main/a/acme
"""


def announced(key: str, body: str | bytes) -> list[Pin]:
    data = body.encode() if isinstance(body, str) else body
    return list(pins(Subject("debian", Kind.ARTIFACT, route_of(key), key), Page(memoryview(data), "", "")))


def by_hash(folder: str, body: bytes) -> str:
    return f"{folder}by-hash/SHA256/{hashlib.sha256(body).hexdigest()}"


# ---------------------------------------------------------------- Packages and Sources


def test_packages() -> None:
    first, second = announced(f"{HERE}/Packages", PACKAGES)
    path = "pool/main/a/acme/acme_1.0+dfsg-1_all.deb"
    assert first == Pin(path, "", Digest("sha256", A), 1234, "acme", "2:1.0+dfsg-1")
    assert second == Pin("pool/main/o/other/other_1_amd64.deb", "", Digest("sha512", A + B), -1, "other", "")


def test_sources() -> None:
    first, second = announced("dists/stable/main/source/Sources", SOURCES)
    assert first == Pin("pool/main/a/acme/acme_1.0.dsc", "", Digest("sha256", A), 10, "acme", "2:1.0+dfsg-1")
    assert second.path == "pool/main/a/acme/acme_1.0.orig.tar.gz"


def test_below_a_folder_everything_is_below_it() -> None:
    assert announced(f"vendor/x/{HERE}/Packages", PACKAGES)[0].path.startswith("vendor/x/pool/")


@pytest.mark.parametrize(
    ("index", "filename", "path"),
    [
        ("Packages", "./a_1_all.deb", "a_1_all.deb"),
        ("Packages", "sub/a_1_all.deb", "sub/a_1_all.deb"),
        ("vendor/Packages", "./a_1_all.deb", "vendor/a_1_all.deb"),
        ("vendor/amd64/Packages", "amd64/a_1_all.deb", "vendor/amd64/a_1_all.deb"),
        ("vendor/amd64/Packages", "vendor/amd64/a_1_all.deb", "vendor/amd64/a_1_all.deb"),
    ],
)
def test_flat_archives(index: str, filename: str, path: str) -> None:
    assert [p.path for p in announced(index, f"Package: a\nFilename: {filename}\nSHA256: {A}\n")] == [path]


def test_windows_line_ends_and_no_last_newline() -> None:
    assert announced(f"{HERE}/Packages", PACKAGES.replace("\n", "\r\n")) == announced(f"{HERE}/Packages", PACKAGES)
    assert announced(f"{HERE}/Packages", PACKAGES.rstrip()) == announced(f"{HERE}/Packages", PACKAGES)


def test_weak_digests_and_paths_that_nobody_can_ask_for() -> None:
    assert announced(f"{HERE}/Packages", f"Package: a\nFilename: a.deb\nMD5sum: {'d' * 32}\n") == []
    assert announced(f"{HERE}/Packages", f"Package: a\nFilename: ../a.deb\nSHA256: {A}\n") == []
    assert announced(f"{HERE}/Packages", "") == []
    assert announced(f"{HERE}/Packages", "\n\n") == []


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (f"{HERE}/Packages", "<html>"),
        (f"{HERE}/Packages", "Package: a\nFilename: a.deb\nSHA256: abc\n"),
        (f"{HERE}/Packages", f"Package: a\nFilename: a.deb\nSHA256: {A}\nSize: big\n"),
        (f"{HERE}/Packages", f"Package: a\nFilename: a.deb\nSHA256: {A}\nSize: -1\n"),
        (f"{HERE}/Packages.xz", lzma.compress(PACKAGES.encode())[:-20]),
        ("dists/s/main/source/Sources", SOURCES.replace(" 10 acme", " acme")),
        ("dists/s/main/source/Sources", SOURCES.replace(A, "xyz")),
        (f"{HERE}/Packages.diff/Index", "SHA256-Download:\n abc 1 x.gz\n"),
        ("dists/s/main/installer-amd64/1/images/SHA256SUMS", "not a sum\n"),
    ],
)
def test_what_cannot_be_read_is_refused(key: str, body: str | bytes) -> None:
    with pytest.raises(UpstreamLied):
        announced(key, body)


def test_an_entry_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 1000)
    with pytest.raises(UpstreamLied, match="entry"):
        announced(f"{HERE}/Packages", "Package: a\nDescription: " + "x" * 2000)
    with pytest.raises(UpstreamLied, match="list"):
        announced(f"{HERE}/Packages.diff/Index", "x" * 2000)


@given(st.lists(st.binary(max_size=20)), st.integers(1, 30))
def test_stanzas_do_not_depend_on_how_the_stream_was_cut(parts: list[bytes], size: int) -> None:
    text = b"\n\n".join(part.translate(None, b"\r\n") for part in parts)
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    assert [s.strip(b"\n") for s in stanzas(pieces) if s.strip(b"\n")] == [s for s in text.split(b"\n\n") if s]


@given(st.binary() | st.lists(st.sampled_from([*PACKAGES.split("\n"), *SOURCES.split("\n"), "x", ""])).map("\n".join))
def test_hostile_bytes_are_refused_or_read(body: bytes | str) -> None:
    keys = (
        f"{HERE}/Packages", f"{HERE}/Packages.diff/Index", f"{HERE}/by-hash/SHA256/{A}", f"by-hash/SHA256/{A}",
        f"{HERE}/Packages.diff/by-hash/SHA256/{A}", "dists/s/main/installer-amd64/1/images/SHA256SUMS",
    )  # fmt: skip
    for key in keys:
        with suppress(UpstreamLied):
            assert all(isinstance(pin, Pin) and pin.path for pin in announced(key, body))


# ---------------------------------------------------------------- by their hash: the content tells


@pytest.mark.parametrize("pack", [bytes, lzma.compress, gzip.compress])
def test_packages_and_sources_by_their_hash(pack: type[bytes]) -> None:
    packages, sources = pack(PACKAGES.encode()), pack(SOURCES.encode())
    assert announced(by_hash(f"{HERE}/", packages), packages) == announced(f"{HERE}/Packages", PACKAGES)
    at = "dists/stable/main/source/"
    assert announced(by_hash(at, sources), sources) == announced(f"{at}Sources", SOURCES)
    assert announced(by_hash("", packages), packages) == announced("Packages", PACKAGES)


@pytest.mark.parametrize(
    ("folder", "body"),
    [
        (f"{HERE}/", b"Archive: stable\nComponent: main\n"),
        ("dists/stable/main/", gzip.compress(b"usr/bin/acme  main/acme\n")),
        ("dists/stable/main/i18n/", lzma.compress(b"Package: acme\nDescription-md5: 0\n")),
        ("dists/stable/main/dep11/", b"---\nFile: DEP-11\n"),
        ("dists/stable/main/cnf/", b"suite: stable\n"),
        (f"{HERE}/", b""),
    ],
)
def test_other_files_by_their_hash_announce_nothing(folder: str, body: bytes) -> None:
    assert announced(by_hash(folder, body), body) == []


# ---------------------------------------------------------------- patches, installers

INDEX = f"""SHA256-Current: {A} 1000
SHA256-History:
 {B} 900 T-1-F-0
SHA256-Patches:
 {B} 90 T-1-F-0
SHA256-Download:
 {C} 9 T-1-F-0.gz
"""


def test_patches() -> None:
    want = [Pin(f"{HERE}/Packages.diff/T-1-F-0.gz", "", Digest("sha256", C), 9)]
    assert announced(f"{HERE}/Packages.diff/Index", INDEX) == want
    assert announced(by_hash(f"{HERE}/Packages.diff/", INDEX.encode()), INDEX) == want


def test_sums_of_an_installer() -> None:
    folder = "dists/stable/main/installer-amd64/20230607/images/"
    found = announced(f"{folder}SHA256SUMS", f"{A}  ./netboot/mini.iso\n{B} *MANIFEST\n")
    assert found == [
        Pin(f"{folder}netboot/mini.iso", "", Digest("sha256", A)),
        Pin(f"{folder}MANIFEST", "", Digest("sha256", B)),
    ]


# ---------------------------------------------------------------- size


def test_an_index_of_a_distribution_takes_seconds_and_little_memory() -> None:
    """68 000 stanzas, about 50 MB of text."""
    rows = 68_000
    text = io.StringIO()
    for n in range(rows):
        name = f"acme-{n}"
        text.write(
            f"Package: {name}\nVersion: 1.{n}-1\nInstalled-Size: 100\nMaintainer: Nobody <nobody@registry.example>\n"
            f"Architecture: amd64\nDepends: libc6 (>= 2.34), {'libacme (>= 1.0), ' * 20}\nDescription: says {n}\n"
            f"Section: misc\nPriority: optional\nFilename: pool/main/a/{name}/{name}_1.{n}-1_amd64.deb\nSize: {n}\n"
            f"SHA256: {n:064x}\n\n"
        )
    body = lzma.compress(text.getvalue().encode(), preset=0)
    subject = Subject("debian", Kind.ARTIFACT, "index", f"{HERE}/Packages.xz")
    begun = time.process_time()
    assert sum(1 for _ in pins(subject, Page(memoryview(body), "", ""))) == rows
    assert time.process_time() - begun < 15
    tracemalloc.start()
    reading = pins(subject, Page(memoryview(body), "", ""))
    for _ in range(rows // 10):
        next(reading)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 2**20
