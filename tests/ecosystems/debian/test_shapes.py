"""What paths mean by their shape: routes, spellings, suites, names of packages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import decode_path
from subak.ecosystems.debian.shapes import Named, askable, index_folder, named, root_of, route_of, spell, suites
from subak.errors import BadRequest

PATHS = st.text("aP./-_+~%?\\ \n", max_size=40)


@given(PATHS)
def test_whatever_an_index_names_is_asked_for_as_it_is_written(path: str) -> None:
    tidy = askable(path)
    if tidy:
        assert decode_path(f"/{tidy}") == f"/{tidy}"
        assert askable(tidy) == tidy
        assert spell(f"/{tidy}") == f"/{tidy}"


@given(PATHS)
def test_what_can_be_asked_can_be_announced(path: str) -> None:
    try:
        asked = decode_path(spell(f"/{path}"))
    except BadRequest:
        return
    if "%" not in path and not asked.endswith("/"):
        assert askable(path) == asked.removeprefix("/")


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("pool/main/a/a_1_all.deb", "pool/main/a/a_1_all.deb"),
        ("./a_1_all.deb", "a_1_all.deb"),
        (".//a_1_all.deb", "a_1_all.deb"),
        ("/pool/a.deb", "pool/a.deb"),
        ("pool/./a.deb", "pool/a.deb"),
        ("a/../b.deb", ""),
        ("../b.deb", ""),
        ("a b.deb", ""),
        ("a%20b.deb", ""),
        ("pool/", ""),
        (".", ""),
        ("", ""),
    ],
)
def test_spellings(written: str, asked: str) -> None:
    assert askable(written) == asked


@given(st.text(max_size=80))
def test_every_path_has_at_most_one_route(path: str) -> None:
    assert isinstance(route_of(path), str)


@pytest.mark.parametrize(
    ("path", "likely"),
    [
        ("dists/stable/main/binary-amd64/Packages.xz", ["stable", "stable/main"]),
        ("dists/stable/updates/main/source/Sources.gz", ["stable/updates", "stable", "stable/updates/main"]),
        ("dists/a/b/c/d/e/main/Contents-amd64", ["a", "a/b", "a/b/c"]),
        ("dists/stable/main/debian-installer/binary-amd64/Packages.gz", ["stable", "stable/main"]),
        ("dists/sid/main/binary-amd64/Packages.diff/Index", ["sid", "sid/main"]),
        ("dists/stable/main/i18n/Translation-en.xz", ["stable", "stable/main"]),
        ("dists/stable/main/Contents-amd64.gz", ["stable", "stable/main"]),
        ("dists/stable/Contents-amd64.gz", ["stable"]),
        ("dists/stable/main/installer-amd64/current/images/SHA256SUMS", ["stable", "stable/main"]),
    ],
)
def test_suites_most_likely_first(path: str, likely: list[str]) -> None:
    found = suites(path)
    assert list(found) == [f"dists/{suite}/" for suite in likely]
    assert suites(f"below/{path}") == tuple(f"below/{folder}" for folder in found)


def test_a_flat_archive_is_its_own_suite() -> None:
    assert suites("Packages.gz") == ("",)
    assert suites("vendor/Packages.gz") == ("vendor/",)
    assert suites(f"vendor/by-hash/SHA256/{'0' * 64}") == ("vendor/",)
    assert suites("dists/odd") == ()


@pytest.mark.parametrize(
    ("index", "folder", "root"),
    [
        ("dists/stable/main/binary-amd64/Packages", "dists/stable/main/binary-amd64/", ""),
        ("deep/er/dists/stable/main/source/Sources", "deep/er/dists/stable/main/source/", "deep/er/"),
        (f"dists/s/main/source/by-hash/SHA256/{'0' * 64}", "dists/s/main/source/", ""),
        ("vendor/Packages", "vendor/", "vendor/"),
        ("Packages", "", ""),
    ],
)
def test_where_paths_in_an_index_begin(index: str, folder: str, root: str) -> None:
    assert (index_folder(index), root_of(index)) == (folder, root)


@pytest.mark.parametrize(
    ("path", "want"),
    [
        ("pool/main/h/hello/hello_2.10-3_amd64.deb", Named("hello", "2.10-3", "amd64")),
        ("lib++_1.0+dfsg~rc1-1_all.udeb", Named("lib++", "1.0+dfsg~rc1-1", "all")),
        ("hello_2.10-3.dsc", Named("hello", "2.10-3", "source")),
        ("hello_2.10-3.debian.tar.xz", Named("hello", "2.10-3", "source")),
        ("hello_2.10-3.diff.gz", Named("hello", "2.10-3", "source")),
        ("hello_2.10.orig.tar.gz", Named()),
        ("hello.deb", Named()),
        ("hello_1_amd64_extra.deb", Named()),
    ],
)
def test_names_of_files(path: str, want: Named) -> None:
    assert named(path) == want
