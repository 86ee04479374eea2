"""Conda's channels, platforms, file names and versions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL
from rattler import Version
from rattler.exceptions import InvalidVersionError

from subak.ecosystems.conda.names import (
    Built,
    Place,
    built,
    channel_of,
    document,
    fold_version,
    package,
    path_of,
    place,
    split_place,
)
from subak.errors import NotFound
from subak.model.exchange import Kind


@pytest.mark.parametrize("channel", ["lab", "pkgs/main", "lab/label/rc-2", "_x", "a.b", "~me", "t2", "lab/t/x"])
def test_channels(channel: str) -> None:
    assert channel_of(channel) == channel


@pytest.mark.parametrize("channel", ["", "t", "t/secret", "a//b", "../a", "a/..", ".x", "lä", "a b", "x" * 201])
def test_no_channels(channel: str) -> None:
    with pytest.raises(NotFound) as caught:
        channel_of(channel)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "subdir", ["noarch", "linux-64", "linux-aarch64", "osx-arm64", "win-arm64", "zos-z", "wasi-wasm32"]
)
def test_platforms(subdir: str) -> None:
    assert place("lab", subdir) == Place("lab", subdir)
    assert place("lab", subdir).path == f"lab/{subdir}/"


@pytest.mark.parametrize("subdir", ["", "linux", "Linux-64", "amiga-68k", "noarch2", "linux-", "linux-64/x"])
def test_no_platforms(subdir: str) -> None:
    with pytest.raises(NotFound):
        place("lab", subdir)


@pytest.mark.parametrize(
    ("path", "channel", "subdir", "rest"),
    [
        ("lab/noarch/x", "lab", "noarch", "x"),
        ("pkgs/main/linux-64/shards/a/b", "pkgs/main", "linux-64", "shards/a/b"),
        ("noarch/linux-64/x", "noarch", "linux-64", "x"),
        ("lab/linux-64/noarch/x", "lab/linux-64", "noarch", "x"),
    ],
)
def test_a_path_begins_with_its_place(path: str, channel: str, subdir: str, rest: str) -> None:
    assert split_place(path) == (Place(channel, subdir), rest)


@pytest.mark.parametrize("path", ["", "x", "noarch/x", "lab/noarch", "lab/x", "t/secret/noarch/x"])
def test_or_has_none(path: str) -> None:
    with pytest.raises(NotFound):
        split_place(path)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("acme-1.0-py_0.conda", Built("acme", "1.0", "py_0", "conda")),
        ("Acme-1.0-0.tar.bz2", Built("acme", "1.0", "0", "tar.bz2")),
        ("ca-certificates-2026.1.4-h0_0.conda", Built("ca-certificates", "2026.1.4", "h0_0", "conda")),
        ("_x86-v4-1!2.0+g1-0_gnu.conda", Built("_x86-v4", "1!2.0+g1", "0_gnu", "conda")),
        ("acme-1.0-py3_none_any_0.whl", Built("acme", "1.0", "py3_none_any_0", "whl")),
    ],
)
def test_files_are_read_from_their_right(file: str, told: Built) -> None:
    assert built(file) == told


@pytest.mark.parametrize(
    "file",
    [
        "", ".conda", "acme.conda", "acme-1.conda", "-1-0.conda", "acme--0.conda", "acme-1-.conda", "acme-1-0.zip",
        "acme-1-0.conda.sig", "a/b-1-0.conda", "..-1-0.conda", "ä-1-0.conda", "a b-1-0.conda", f"{'a' * 300}-1-0.conda",
    ],
)  # fmt: skip
def test_what_no_file_is_called(file: str) -> None:
    with pytest.raises(NotFound):
        built(file)


def test_subjects() -> None:
    where = place("pkgs/main", "linux-64")
    index = document(where, "json", "repodata.json")
    assert (index.kind, index.key, index.purl) == (Kind.LISTING, "pkgs/main/linux-64/repodata.json", "")
    file = package(where, "acme-1!2.0-py_0.conda")
    purl = PackageURL.from_string(file.purl)
    assert (purl.name, purl.version) == ("acme", "1!2.0")
    assert purl.qualifiers == {"build": "py_0", "channel": "pkgs/main", "subdir": "linux-64", "type": "conda"}
    assert path_of(purl) == file.key


@pytest.mark.parametrize(
    ("purl", "path"),
    [
        ("pkg:conda/acme@1.0", "defaults/noarch/acme-1.0-0.conda"),
        ("pkg:conda/Acme@1.0?channel=lab", "lab/noarch/acme-1.0-0.conda"),
        ("pkg:conda/acme@1.0?type=tar.bz2&subdir=win-64&build=py_0", "defaults/win-64/acme-1.0-py_0.tar.bz2"),
    ],
)
def test_purls_that_leave_out_much(purl: str, path: str) -> None:
    assert path_of(PackageURL.from_string(purl)) == path


@pytest.mark.parametrize(
    "purl",
    [
        "pkg:conda/acme", "pkg:pypi/acme@1.0", "pkg:conda/x/acme@1.0", "pkg:conda/acme@1.0?type=zip",
        "pkg:conda/acme@1.0?subdir=amiga", "pkg:conda/acme@1.0?channel=t/secret", "pkg:conda/acme@1-2",
        "pkg:conda/a%2Fb@1", "pkg:conda/acme@1.0?build=a-b",
    ],
)  # fmt: skip
def test_purls_that_mean_nothing(purl: str) -> None:
    with pytest.raises(NotFound):
        path_of(PackageURL.from_string(purl))


# ---------------------------------------------------------------- versions

PARTS = st.sampled_from(["0", "1", "00", "01", "10", "a", "rc1", "dev", "post", "_", ".", "-", ".0", "+1", "1!", "0!"])


def compared(text: str) -> Version | None:
    """As the client reads it; None of what it does not take for a version."""
    try:
        return Version(text)
    except InvalidVersionError:
        return None


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join), st.lists(PARTS, min_size=1, max_size=6).map("".join))
def test_versions_fold_as_the_client_compares_them(one: str, other: str) -> None:
    left, right = compared(one), compared(other)
    if left is not None and right is not None:
        assert (fold_version(one) == fold_version(other)) == (left == right)


@pytest.mark.parametrize("spelling", ["1.0", "1", "1.0.0", "0!1.0", "1_0", "1-0", "01.00", " 1.0 "])
def test_spellings_of_one_release(spelling: str) -> None:
    assert fold_version(spelling) == "1"


@pytest.mark.parametrize("other", ["1!1.0", "1.0a", "1.0+1", "1.0_", "1.1", "1.0.post1", "10"])
def test_other_releases(other: str) -> None:
    assert fold_version(other) != "1"


@given(st.lists(PARTS, min_size=1, max_size=6).map("".join))
def test_folding_again_changes_nothing(version: str) -> None:
    if compared(version) is not None:
        assert fold_version(fold_version(version)) == fold_version(version)


@given(st.text(max_size=20))
def test_any_text_folds(version: str) -> None:
    assert isinstance(fold_version(version), str)
