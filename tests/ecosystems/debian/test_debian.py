"""Debian's routes, upstream addresses, homes, installers, agents and client settings."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import Page, Site, View, decode_path, match_route, subject_of
from subak.ecosystems.debian import AGENTS, CLIENTS, DEBIAN
from subak.errors import BadRequest, NotFound
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Kind, Subject

A, B = "a" * 64, "b" * 64
SITE = Site("https://registry.example/debian/")
IMAGES = "dists/stable/main/installer-amd64"


def asked(raw: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(DEBIAN.routes, decode_path(DEBIAN.spell(raw)))
    assert found, raw
    subject = DEBIAN.subject(*found)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- paths


@given(st.text(max_size=60), st.sampled_from(["/", "/dists/s/", "/pool/a/", "/dists/s/m/binary-a/by-hash/SHA256/"]))
def test_a_path_either_means_one_thing_or_is_refused(text: str, folder: str) -> None:
    try:
        found = match_route(DEBIAN.routes, decode_path(DEBIAN.spell(folder + text)))
        subject = DEBIAN.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject):
        assert asked(f"/{subject.key}") == subject
        assert DEBIAN.route(subject.route).kind is subject.kind
        assert all(home.kind is Kind.CONFIG for home in DEBIAN.homes(subject, SITE))
        assert DEBIAN.source(subject, SITE).startswith(SITE.base)
        assert DEBIAN.named(subject) == UNPINNED or subject.route == "by-hash"


def test_every_route_is_some_paths() -> None:
    assert len({route.name for route in DEBIAN.routes}) == len(DEBIAN.routes)


@pytest.mark.parametrize(
    ("raw", "upstream"),
    [
        ("/dists/stable/InRelease", "dists/stable/InRelease"),
        ("/./Packages", "Packages"),
        ("/pool/main/a/a%2b%2b_1.0%7erc1-1_all.deb", "pool/main/a/a%2B%2B_1.0~rc1-1_all.deb"),
        ("/pool/main/a/a++_1.0~rc1-1_all.deb", "pool/main/a/a%2B%2B_1.0~rc1-1_all.deb"),
    ],
)
def test_source(raw: str, upstream: str) -> None:
    assert DEBIAN.source(asked(raw), SITE) == SITE.base + upstream


def test_the_epoch_is_no_part_of_a_version_that_rules_compare() -> None:
    folded = {"2:1.0-1": "1.0-1", "1.0-1": "1.0-1", "1.0:2": "1.0:2", "a:1": "a:1", ":1": ":1"}
    assert {version: DEBIAN.fold_version(version) for version in folded} == folded


@pytest.mark.parametrize(
    "path",
    [
        "pool/main/h/hello/hello_2.10-3_amd64.deb",
        "pool/main/h/hello/hello_2.10-3.dsc",
        "pool/main/liba/libacme++/libacme++_1.0+dfsg~rc1-1_all.deb",
    ],
)
def test_a_purl_leads_back(path: str) -> None:
    subject = asked(f"/{path}")
    purl = PackageURL.from_string(subject.purl)
    assert DEBIAN.path_of(purl) == path
    assert subject_of(purl, DEBIAN) == subject
    epoch = PackageURL("deb", "debian", purl.name, f"2:{purl.version}", purl.qualifiers)
    assert subject_of(epoch, DEBIAN) == subject


@pytest.mark.parametrize(
    "purl", ["pkg:deb/debian/hello", "pkg:deb/other/hello@1", "pkg:npm/hello@1", "pkg:deb/hello@1"]
)
def test_purls_without_a_place(purl: str) -> None:
    with pytest.raises(NotFound):
        DEBIAN.path_of(PackageURL.from_string(purl))


def test_what_moves_is_never_final_and_what_is_named_by_its_hash_is() -> None:
    moving = {route.name for route in DEBIAN.routes if route.moves}
    assert moving == {"index", "diffs", "sums", "listed"}
    assert not [route.name for route in DEBIAN.routes if route.open and route.moves]
    for route in DEBIAN.routes:
        if route.kind is Kind.CONFIG:
            assert route.plain
            assert route.ranges
            assert route.fresh_for > 0


# ---------------------------------------------------------------- digests, homes


def test_by_hash_names_its_digest() -> None:
    assert DEBIAN.named(asked(f"/dists/s/main/source/by-hash/SHA256/{A}")) == Digest("sha256", A)
    assert DEBIAN.named(asked(f"/dists/s/main/source/by-hash/SHA512/{A}{B}")) == Digest("sha512", A + B)
    assert DEBIAN.named(asked("/dists/s/main/source/Sources")) == UNPINNED


@pytest.mark.parametrize(
    ("path", "homes"),
    [
        ("/dists/s/main/binary-a/Packages.gz", ["dists/s/InRelease", "dists/s/Release", "dists/s/main/InRelease"]),
        ("/dists/s/u/main/binary-a/Packages.gz", ["dists/s/u/InRelease", "dists/s/u/Release", "dists/s/InRelease"]),
        ("/dists/s/main/binary-a/Packages.diff/Index", ["dists/s/InRelease"]),
        ("/./Packages.gz", ["InRelease", "Release"]),
        ("/pool/main/a/a_1_all.deb", []),
        (f"/dists/s/main/source/by-hash/SHA256/{A}", []),
    ],
)
def test_homes(path: str, homes: list[str]) -> None:
    found = DEBIAN.homes(asked(path), SITE)
    assert [home.key for home in found][: len(homes)] == homes
    assert bool(found) == bool(homes)
    assert all(asked(f"/{home.key}") == home for home in found)


def release(*rows: str) -> Page:
    text = "Date: today\nSHA256:\n" + "".join(f" {row}\n" for row in rows)
    armour = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"
    return Page(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{text}{armour}".encode(), "", "")


def test_every_announced_path_is_a_file_here() -> None:
    page = release(f"{A} 1 main/binary-amd64/Packages.xz", f"{B} 1 main/i18n/Translation-en.xz", f"{B} 2 odd/thing.txt")
    for pin in DEBIAN.pins(asked("/dists/stable/InRelease"), page):
        subject = asked(f"/{pin.path}")
        assert (subject.key, subject.kind) == (pin.path, Kind.ARTIFACT)
        assert asked("/dists/stable/InRelease") in DEBIAN.homes(subject, SITE)
    packages = f"Package: a\nFilename: pool/a_1_all.deb\nSHA256: {A}\n".encode()
    (pin,) = DEBIAN.pins(asked("/dists/stable/main/binary-amd64/Packages"), Page(packages, "", ""))
    assert asked(f"/{pin.path}").name == "a"
    assert list(DEBIAN.pins(asked("/vendor.asc"), Page(b"whatever", "", ""))) == []


def test_nothing_is_rewritten_whatever_is_withheld() -> None:
    page = release(f"{A} 1 main/binary-amd64/Packages.xz")
    view = View("text", "http://127.0.0.1/debian", hidden=frozenset({"1.0"}))
    assert b"".join(DEBIAN.render(asked("/dists/stable/InRelease"), page, view)) == page.body


# ---------------------------------------------------------------- installers

SUMS = (
    f"{A} 9 main/installer-amd64/20240101/images/SHA256SUMS",
    f"{B} 9 main/installer-amd64/20250101/images/SHA256SUMS",
    f"{B} 9 main/installer-amd64/current/images/SHA256SUMS",
    f"{A} 9 main/installer-arm64/20250101/images/SHA256SUMS",
    f"{A} 9 main/installer-arm64/current/images/SHA256SUMS",
)


def test_the_current_installer_is_the_one_with_the_same_checksums() -> None:
    image = asked(f"/{IMAGES}/current/images/netboot/mini.iso")
    assert DEBIAN.via(image) == asked("/dists/stable/InRelease")
    assert DEBIAN.settle(image, release(*SUMS)) == asked(f"/{IMAGES}/20250101/images/netboot/mini.iso")
    other = asked("/dists/stable/main/installer-arm64/current/images/netboot/mini.iso")
    assert DEBIAN.settle(other, release(*SUMS)).key.split("/")[4] == "20250101"


def test_without_such_a_twin_it_stays_what_it_is() -> None:
    image = asked(f"/{IMAGES}/current/images/netboot/mini.iso")
    assert DEBIAN.settle(image, release()) == image
    assert DEBIAN.settle(image, release(SUMS[0], SUMS[2])) == image
    readme = asked(f"/{IMAGES}/current/README")
    assert DEBIAN.settle(readme, release(*SUMS)) == readme


@given(st.text("a/-", max_size=12))
def test_settling_never_fails(below: str) -> None:
    for path in (f"{IMAGES}/current/{below}x", f"b/installer-a/current/{below}x"):
        image = Subject("debian", Kind.ARTIFACT, "image", path)
        assert DEBIAN.via(image) is not None
        assert DEBIAN.settle(image, release(*SUMS)).route == "image"


def test_nothing_else_moves() -> None:
    paths = ("/pool/current/a_1_all.deb", f"/{IMAGES}/20250101/images/a", f"/{IMAGES}/current/images/SHA256SUMS")
    assert [DEBIAN.via(asked(path)) for path in paths] == [None] * 3


# ---------------------------------------------------------------- clients


@pytest.mark.parametrize(
    ("agent", "version"),
    [
        ("Debian APT-HTTP/1.3 (2.6.1)", "2.6.1"),
        ("Debian APT-HTTP/1.3 (3.0.3) non-interactive", "3.0.3"),
        ("Wget/1.21", ""),
    ],
)
def test_agents(agent: str, version: str) -> None:
    found = re.match(AGENTS[0].pattern, agent)
    assert (found["version"] if found else "") == version


SOURCES = """Types: deb
URIs: http://registry.example/debian
Suites: stable

Types: deb
URIs: http://registry.example/debian-security
"""
ONE_LINE = "deb http://registry.example/debian/ stable main\ndeb http://registry.example/debian-security stable main\n"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (SOURCES, SOURCES.replace("http://registry.example/debian\n", "http://127.0.0.1:1/debian\n")),
        (ONE_LINE, ONE_LINE.replace("http://registry.example/debian/", "http://127.0.0.1:1/debian")),
    ],
)
def test_the_line_changes_the_sources_of_this_archive_only(tmp_path: Path, text: str, want: str) -> None:
    file = tmp_path / "x.sources"
    file.write_text(text)
    line = CLIENTS[0].line.replace("{upstream}", "http://registry.example/debian")
    line = line.replace("{base}", "http://127.0.0.1:1").replace("/etc/apt", str(tmp_path)).replace("sudo ", "")
    subprocess.run(["sh", "-c", line], check=True, timeout=10)
    assert file.read_text() == want
    subprocess.run(["sh", "-c", line], check=True, timeout=10)
    assert file.read_text() == want
