"""Coordinates out of paths: what fits each other, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.maven.coordinates import project, project_purl, split_checksum, split_file, split_metadata
from subak.errors import NotFound


@pytest.mark.parametrize(
    ("path", "classifier", "extension", "moving"),
    [
        ("g/a/1.0/a-1.0.jar", "", "jar", False),
        ("g/a/1.0/a-1.0-sources.jar", "sources", "jar", False),
        ("g/a/1.0/a-1.0-bin.tar.gz", "bin", "tar.gz", False),
        ("g/a/1.0/a-1.0.tar.bz2", "", "tar.bz2", False),
        ("g/a/1.0/a-1.0-jdk1.5.jar", "jdk1.5", "jar", False),
        ("g/a/1.0/a-1.0-x-y-z.zip", "x-y-z", "zip", False),
        ("g/a/1.0/a-1.0.pom.asc", "", "pom.asc", False),
        ("g/a/1.0/a-1.0-bin.tar.gz.asc", "bin", "tar.gz.asc", False),
        ("g/a/1.0/a-1.0.7z", "", "7z", False),
        ("g/a/1.0/a-1.0.jar.pack.gz", "", "jar.pack.gz", False),
        ("g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar", "", "jar", True),
        ("g/a/1-SNAPSHOT/a-1-20260102.030405-7.jar", "", "jar", False),
        ("g/a/1-SNAPSHOT/a-1-20260102.030405-7-tests.jar", "tests", "jar", False),
        ("g/a-1/1/a-1-1.jar", "", "jar", False),
        ("g/a_2.12/1/a-1.jar", "", "jar", False),
    ],
)
def test_files(path: str, classifier: str, extension: str, moving: bool) -> None:
    found = split_file(path)
    assert (found.classifier, found.extension, found.moving) == (classifier, extension, moving)
    assert found.version == path.split("/")[2]


@pytest.mark.parametrize(
    "path",
    [
        "g/a/1.0/b-1.0.jar", "g/a/1.0/a-1.1.jar", "g/a/1.0/a-1.0.1.jar/x", "g/a/1.0/a-1.0", "g/a/1.0/a-1.0x.jar",
        "g/a/1.0/a.jar", "g/a/.1/a-.1.jar", "a/1.0/a-1.0.jar", "g.h/a/1/a-1.jar", "-g/a/1/a-1.jar", "g/a b/1/a b-1.jar",
        "g/a/1:0/a-1:0.jar", "g/a/1-SNAPSHOT/a-1-2026.0304-7.jar", "g/a/1/a-1-20260102.030405-7", "g//1/-1.jar",
        "g/ab_2/1/abc-1.jar", "g/a/1.0/_-1.0.jar", "", "/", "a",
    ],
)  # fmt: skip
def test_what_fits_nothing(path: str) -> None:
    with pytest.raises(NotFound):
        split_file(path)


@pytest.mark.parametrize(
    ("folder", "found"),
    [
        ("org/example/lib", ("org.example", "lib", "")),
        ("junit", ("junit", "", "")),
        ("org/example/lib/1-SNAPSHOT", ("org.example", "lib", "1-SNAPSHOT")),
        ("org/lib-SNAPSHOT", ("org", "lib-SNAPSHOT", "")),
        ("lib-SNAPSHOT", ("lib-SNAPSHOT", "", "")),
    ],
)
def test_folders_of_metadata(folder: str, found: tuple[str, str, str]) -> None:
    assert split_metadata(folder) == found


@pytest.mark.parametrize("folder", ["", "/", "a//b", "a.b/c", ".index/x", "org/example/lib/1:0-SNAPSHOT", "a/.b"])
def test_folders_of_nothing(folder: str) -> None:
    with pytest.raises(NotFound):
        split_metadata(folder)


def test_checksums() -> None:
    assert split_checksum("g/a/1/a-1.jar.sha1") == ("g/a/1/a-1.jar", "sha1")
    for path in ("g/a/1/a-1.jar.sha1.md5", "g/a/1/a-1.jar", "g/a/1/a-1.jar.sha3", ".sha1.sha1"):
        with pytest.raises(NotFound):
            split_checksum(path)


def test_purls() -> None:
    assert split_file("org/example/a/1.0/a-1.0-bin.zip").purl == "pkg:maven/org.example/a@1.0?classifier=bin&type=zip"
    assert project_purl("g", "a", "1-SNAPSHOT") == "pkg:maven/g/a@1-SNAPSHOT"
    assert project_purl("g", "") == ""


WORD = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,8}", fullmatch=True)
ARTIFACT = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
VERSION = st.from_regex(r"[0-9][0-9A-Za-z.+~_-]{0,8}[0-9]", fullmatch=True)


@given(st.lists(WORD, min_size=1, max_size=4), ARTIFACT, VERSION, st.sampled_from(["", "sources", "linux-x86_64"]))
def test_coordinates_come_back_from_their_path(group: list[str], artifact: str, version: str, classifier: str) -> None:
    tail = f"-{classifier}" if classifier else ""
    found = split_file(f"{'/'.join(group)}/{artifact}/{version}/{artifact}-{version}{tail}.jar")
    assert (found.group, found.artifact, found.version) == (".".join(group), artifact, version)
    assert (found.classifier, found.extension) == (classifier, "jar")
    purl = PackageURL.from_string(found.purl)
    assert (purl.namespace, purl.name, purl.version) == (".".join(group), artifact, version)


@given(st.text(alphabet="ag1.-_/SNAPHOT:é \n", max_size=40))
def test_any_path_is_understood_or_not_found(path: str) -> None:
    for read in (split_file, split_metadata, split_checksum, project):
        try:
            read(path)
        except NotFound:
            continue
