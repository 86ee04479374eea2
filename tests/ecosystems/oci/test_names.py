"""Repositories, tags and digests: what can be called so, and the way to purls and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.oci.names import digest_of, is_tag, path_of, purl, reference, repository
from subak.errors import NotFound
from subak.model.digest import UNPINNED, Digest

HEX = "0123456789abcdef" * 4
SHA256 = f"sha256:{HEX}"
SHA512 = f"sha512:{HEX}{HEX}"

PARTS = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,3}", fullmatch=True)
REPOSITORIES = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
TAGS = st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}", fullmatch=True)


@pytest.mark.parametrize("name", ["hello", "library/hello", "a/b/c", "a.b_c__d-e---f", "0", "a" * 255])
def test_repositories(name: str) -> None:
    assert repository(name) == name


@pytest.mark.parametrize(
    "name", ["", "Hello", "-a", "a-", "a..b", "a___b", "a._b", "/a", "a/", "a//b", "a:b", "é", "a b", "a" * 256, "a\n"]
)
def test_impossible_repositories(name: str) -> None:
    with pytest.raises(NotFound):
        repository(name)


@pytest.mark.parametrize("tag", ["1", "latest", "_x", "V1.2.3-rc_1", "t" * 128, f"sha256-{HEX}"])
def test_tags(tag: str) -> None:
    assert is_tag(tag)
    assert reference(tag) == tag


@pytest.mark.parametrize("tag", ["", ".x", "-x", "a/b", "a:b", "é", "t" * 129, "1\n"])
def test_impossible_tags(tag: str) -> None:
    assert not is_tag(tag)
    with pytest.raises(NotFound):
        reference(tag)


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (SHA256, Digest("sha256", HEX)),
        (SHA512, Digest("sha512", HEX + HEX)),
        (SHA256.upper(), UNPINNED),
        (SHA256[:-1], UNPINNED),
        (SHA256 + "0", UNPINNED),
        (SHA256 + "\n", UNPINNED),
        (f"sha512:{HEX}", UNPINNED),
        (f"md5:{HEX[:32]}", UNPINNED),
        (f"blake3:{HEX}", UNPINNED),
        (HEX, UNPINNED),
        ("", UNPINNED),
    ],
)
def test_digests(text: str, digest: Digest) -> None:
    assert digest_of(text) == digest


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("pkg:docker/hello", "hello/tags/list"),
        ("pkg:docker/library/hello", "library/hello/tags/list"),
        ("pkg:docker/library/hello@1.0", "library/hello/manifests/1.0"),
        (f"pkg:docker/a/b/c@{SHA256}", f"a/b/c/manifests/{SHA256}"),
        (f"pkg:docker/a@{SHA256}?repository_url=registry.example", f"a/manifests/{SHA256}"),
        (f"pkg:oci/hello@{SHA256}?repository_url=registry.example/library/hello", f"library/hello/manifests/{SHA256}"),
        (
            f"pkg:oci/hello@{SHA256}?repository_url=registry.example/library/hello&tag=1",
            f"library/hello/manifests/{SHA256}",
        ),
        ("pkg:oci/hello?repository_url=registry.example:5000/library/hello&tag=1", "library/hello/manifests/1"),
        (f"pkg:oci/hello@{SHA256}", f"hello/manifests/{SHA256}"),
    ],
)
def test_path_of(text: str, path: str) -> None:
    assert path_of(PackageURL.from_string(text)) == path


@pytest.mark.parametrize(
    "text", ["pkg:npm/hello", "pkg:docker/-hello", "pkg:docker/hello@a:b", "pkg:oci/hello?repository_url=x/Y"]
)
def test_purls_that_name_no_image(text: str) -> None:
    with pytest.raises(NotFound):
        path_of(PackageURL.from_string(text))


@given(REPOSITORIES, TAGS | st.just(SHA256) | st.just(SHA512))
def test_a_purl_leads_back_to_its_manifest(name: str, version: str) -> None:
    assert path_of(PackageURL.from_string(purl(name, version))) == f"{name}/manifests/{version}"
    assert path_of(PackageURL.from_string(purl(name))) == f"{name}/tags/list"
