"""Package URLs equal those of the reference library."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.model.purls import purl, without_version

TYPES = (
    "cargo", "composer", "conda", "cpan", "deb", "docker", "gem", "golang", "huggingface", "maven", "npm", "nuget",
    "pypi", "vscode-extension",
)  # fmt: skip
PLAIN = st.text("abzAZ019._~-", max_size=8)
ODD = st.text("aZ0._~-:@/%&=? +\n\té😀\0", max_size=8)
PART = PLAIN | ODD | st.text(max_size=6)
NAMESPACE = PART | PLAIN.map(lambda text: f"@{text}") | st.lists(PLAIN, max_size=3).map("/".join)
QUALIFIERS = st.none() | st.dictionaries(
    st.sampled_from(["arch", "type", "a.b-c_d", "Arch", "1"]) | PART, PART, max_size=3
)


@settings(max_examples=1500, deadline=None)
@given(type_=st.sampled_from([*TYPES, "oci", "generic"]), namespace=NAMESPACE, name=PART, version=PART, told=QUALIFIERS)
def test_as_the_library_writes_them(
    type_: str, namespace: str, name: str, version: str, told: dict[str, str] | None
) -> None:
    try:
        expected = PackageURL(type_, namespace or None, name, version or None, told).to_string()
    except (ValueError, TypeError) as error:  # it writes a name of slashes only as None
        with pytest.raises(type(error)):
            purl(type_, namespace, name, version, told)
        return
    assert purl(type_, namespace, name, version, told) == expected


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("npm", "@types", "node", "1.0"), "pkg:npm/%40types/node@1.0"),
        (("npm", "", "JSONStream"), "pkg:npm/jsonstream"),
        (("golang", "code.example/a", "B", "v1.0+incompatible"), "pkg:golang/code.example/a/B@v1.0%2Bincompatible"),
        (("pypi", "", "a_b", "1"), "pkg:pypi/a-b@1"),
        (("docker", "library", "hello", "sha256:00"), "pkg:docker/library/hello@sha256:00"),
        (("maven", "org.example", "a", "1", {"type": "pom", "classifier": ""}), "pkg:maven/org.example/a@1?type=pom"),
        (("deb", "debian", "a", "1", {"arch": "x&y=z"}), "pkg:deb/debian/a@1?arch=x%26y%3Dz"),
    ],
)
def test_some(parts: tuple[str, ...], text: str) -> None:
    assert purl(*parts) == text


def test_a_purl_has_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        purl("npm", "@types", "")


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("pkg:npm/%40types/node@1.0", "pkg:npm/%40types/node"),
        ("pkg:npm/%40types/node", "pkg:npm/%40types/node"),
        ("pkg:deb/debian/a@1?arch=amd64", "pkg:deb/debian/a"),
        ("pkg:maven/g/a?type=pom", "pkg:maven/g/a"),
        ("", ""),
    ],
)
def test_without_version(text: str, package: str) -> None:
    assert without_version(text) == package
