from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from subak.ecosystems.pypi.names import (
    MOST_CANDIDATES,
    Named,
    candidates,
    canonical_version,
    folded_version,
    is_distribution,
    is_name,
    normalise,
    purl,
    version_of,
)

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?", fullmatch=True)
numbers = st.lists(st.integers(0, 3000).map(str), min_size=1, max_size=4).map(".".join)
versions = st.tuples(
    st.sampled_from(["", "1!"]),
    numbers,
    st.sampled_from(["", "a1", "rc2", ".post1", ".dev3"]),
    st.sampled_from(["", "+cu121"]),
).map("".join)


@given(names)
def test_normalise_is_packagings(name: str) -> None:
    assert is_name(name)
    assert normalise(name) == canonicalize_name(name)


@pytest.mark.parametrize("text", ["", "-a", "a-", ".", "a b", "a/b", "ä", "\u212a", "a\n"])
def test_impossible_names(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize(
    ("text", "canonical", "folded"),
    [
        ("1.0.0", "1.0.0", "1"),
        ("v1.0-BETA.2", "1.0b2", "1b2"),
        ("1.0-1", "1.0.post1", "1.post1"),
        ("1.0_1", "1.0.post1", "1.post1"),
        ("2.1+CU_121", "2.1+cu.121", "2.1+cu.121"),
        ("1!2.0", "1!2.0", "1!2"),
        ("2004d", "2004d", "2004d"),
        ("", "", ""),
        ("1" * 5000, "1" * 5000, "1" * 5000),
    ],
)
def test_versions(text: str, canonical: str, folded: str) -> None:
    assert canonical_version(text) == canonical
    assert folded_version(text) == folded


@given(names, versions, st.sampled_from(["", "-1", "-2build"]))
def test_wheels_read_as_packaging_reads_them(name: str, version: str, build: str) -> None:
    filename = f"{normalise(name).replace('-', '_')}-{version}{build}-py3-none-any.whl"
    parsed_name, parsed_version, *_ = parse_wheel_filename(filename)
    assert candidates(filename) == (Named(parsed_name, str(parsed_version)),)
    assert version_of(filename, parsed_name) == str(parsed_version)


@given(names, versions)
def test_sdists_read_as_packaging_reads_them(name: str, version: str) -> None:
    filename = f"{normalise(name).replace('-', '_')}-{version}.tar.gz"
    parsed_name, parsed_version = parse_sdist_filename(filename)
    assert candidates(filename)[0] == Named(parsed_name, str(parsed_version))
    assert version_of(filename, parsed_name) == str(parsed_version)


@given(names, versions, st.sampled_from([".tar.gz", ".zip", "-py2.7.egg", ".win-amd64-py2.7.exe", ".win32.msi"]))
def test_the_known_project_is_taken_off_however_it_is_written(name: str, version: str, suffix: str) -> None:
    filename = f"{name}-{version}{suffix}"
    assert version_of(filename, normalise(name)) == str(Version(version))
    assert normalise(name) in [named.name for named in candidates(filename)] or name.count("-") >= MOST_CANDIDATES


@pytest.mark.parametrize(
    ("filename", "found"),
    [
        ("zope.interface-5.4.0.tar.gz", [("zope-interface", "5.4.0")]),
        ("python-dateutil-2.8.2.tar.gz", [("python-dateutil", "2.8.2"), ("python", "dateutil-2.8.2")]),
        ("numpy-1.0.1.dev3460.win32-py2.4.exe", [("numpy", "1.0.1.dev3460"), ("numpy-1-0-1-dev3460-win32", "py2.4")]),
        ("foo-1.0-1.tar.gz", [("foo", "1.0.post1"), ("foo-1-0", "1")]),
        ("foo-1.0-beta1.zip", [("foo", "1.0b1"), ("foo-1-0", "beta1")]),
        ("foo-2-1.0.zip", [("foo-2", "1.0"), ("foo", "2-1.0")]),
        ("foo-linux-1.0.tar.gz", [("foo-linux", "1.0"), ("foo", "linux-1.0")]),
        ("pytz-2004d.tar.gz", [("pytz", "2004d")]),
        ("foo-bar-trunk.zip", [("foo-bar", "trunk"), ("foo", "bar-trunk")]),
        ("pkg-1.0-py2.7-linux-x86_64.egg", [("pkg", "1.0")]),
        ("pkg-1.0-1.noarch.rpm", [("pkg", "1.0")]),
        ("foo.zip", [("foo", "")]),
        ("foo_bar-2.0+cu121-cp311-cp311-linux_x86_64.whl", [("foo-bar", "2.0+cu121")]),
        ("foo-1.0.whl", []),
        ("-1.0.zip", []),
        (".whl", []),
        ("README", []),
        ("", []),
    ],
)
def test_candidates(filename: str, found: list[tuple[str, str]]) -> None:
    assert [(n.name, n.version) for n in candidates(filename)][: len(found) or None] == found


@given(st.text("ab1.-_", max_size=200), st.sampled_from([".zip", ".whl", ".egg", ".tar.gz", ""]))
def test_candidates_are_few_and_possible(stem: str, suffix: str) -> None:
    found = candidates(stem + suffix)
    assert len(found) <= MOST_CANDIDATES
    assert len({n.name for n in found}) == len(found)
    assert all(is_name(n.name) and normalise(n.name) == n.name for n in found)


@pytest.mark.parametrize(
    ("filename", "project", "version"),
    [
        ("Foo.Bar-1.0.tar.gz", "foo-bar", "1.0"),
        ("other-1.0.tar.gz", "foo", ""),
        ("foo-latest.zip", "foo", "latest"),
        ("foo.zip", "foo", ""),
        ("foo-1.0.linux-x86_64.tar.gz", "foo", "1.0"),
        ("foo", "foo", ""),
        ("foo-1.0-1-1-1-py3-none-any.whl", "foo", "1.0-1-1-1-py3-none-any"),
    ],
)
def test_version_of(filename: str, project: str, version: str) -> None:
    assert version_of(filename, project) == version


def test_is_distribution() -> None:
    assert is_distribution("A-1.ZIP")
    assert not is_distribution("a.asc")


def test_purl() -> None:
    assert purl("torch", "1!2.0+cu121") == "pkg:pypi/torch@1%212.0%2Bcu121"
    assert purl("zope-interface") == "pkg:pypi/zope-interface"
    assert purl("") == ""
