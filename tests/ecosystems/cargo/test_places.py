"""Cargo's names, index paths, file paths and purls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.base import decode_path
from subak.ecosystems.cargo.places import crate, download, index, path_of, possible, prefix
from subak.errors import NotFound

CKSUM = "0123456789abcdef" * 4
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}\.[0-9]\.[0-9](-[a-z0-9.]{1,8})?(\+[a-z0-9.]{1,8})?", fullmatch=True)


@pytest.mark.parametrize(
    ("name", "folders"),
    [
        ("a", "1"),
        ("cc", "2"),
        ("syn", "3/s"),
        ("rand", "ra/nd"),
        ("serde", "se/rd"),
        ("Lab_Up", "La/b_"),
        ("Syn", "3/S"),
    ],
)
def test_prefix(name: str, folders: str) -> None:
    assert prefix(name) == folders


def test_an_index_path_is_lowercase_and_a_file_path_is_not() -> None:
    assert index("Lab_Up").key == "index/la/b_/lab_up"
    assert crate("Lab_Up", "0.1.0", CKSUM).key == f"crates/Lab_Up/0.1.0/{CKSUM}.crate"
    assert download("Lab_Up", "0.1.0").key == "crates/Lab_Up/0.1.0/download"


@given(NAMES, VERSIONS)
def test_a_crates_index_and_files_have_one_purl(name: str, version: str) -> None:
    project = PackageURL.from_string(index(name).purl)
    file = PackageURL.from_string(crate(name, version, CKSUM).purl)
    assert (file.type, file.name, file.version) == ("cargo", project.name, version)
    assert project.version is None
    assert crate(name, version, CKSUM).purl == download(name, version).purl


@given(NAMES, VERSIONS)
def test_purls_lead_back(name: str, version: str) -> None:
    for purl in (f"pkg:cargo/{name}", f"pkg:cargo/{name}@1.0.0", crate(name, version, CKSUM).purl):
        assert path_of(PackageURL.from_string(purl)) == index(name).key


@given(NAMES, VERSIONS)
def test_paths_are_paths(name: str, version: str) -> None:
    for subject in (index(name), crate(name, version, CKSUM), download(name, version)):
        assert decode_path(f"/{subject.key}") == f"/{subject.key}"


@pytest.mark.parametrize("purl", ["pkg:npm/serde", "pkg:cargo/group/serde", "pkg:cargo/ser.de", "pkg:cargo/1st"])
def test_other_purls_lead_nowhere(purl: str) -> None:
    with pytest.raises(NotFound):
        path_of(PackageURL.from_string(purl))


@pytest.mark.parametrize("name", ["", "1st", "-a", "a.b", "a b", "é", "ſerde", "a" * 65, "a\n"])
def test_impossible_names(name: str) -> None:
    for attempt in (lambda: index(name), lambda: crate(name, "1.0.0", CKSUM), lambda: download(name, "1.0.0")):
        with pytest.raises(NotFound):
            attempt()


@pytest.mark.parametrize(
    "version", ["", "1", "1.0", "v1.0.0", "1.0.0/..", "1.0.0 ", "1.0.0\n", "１.0.0", "1.0." + "0" * 99]
)
def test_impossible_versions(version: str) -> None:
    assert not possible(version, CKSUM)
    with pytest.raises(NotFound):
        crate("serde", version, CKSUM)
    with pytest.raises(NotFound):
        download("serde", version)


@pytest.mark.parametrize("cksum", ["", "abc", CKSUM.upper(), CKSUM + "0", CKSUM[:-1] + "g"])
def test_impossible_checksums(cksum: str) -> None:
    with pytest.raises(NotFound):
        crate("serde", "1.0.0", cksum)
