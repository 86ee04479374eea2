"""Names, platforms, keys, purls and addresses of editor extensions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.openvsx.places import (
    VSIX,
    Place,
    asset,
    asset_url,
    checksum,
    dated,
    extension,
    file,
    file_url,
    package,
    parameters,
    path_of,
    place,
    place_of,
    possible_name,
    possible_target,
    possible_version,
    vsix,
)
from subak.errors import NotFound
from subak.model.exchange import Kind

BASE = "https://gateway.example/openvsx"
HELLO = Place("Acme", "Hello", "1.0.0")
NATIVE = Place("Tools", "Native", "2.0.0-rc.1", "linux-x64")

names = st.from_regex(r"[A-Za-z0-9_+$~-]{2,20}", fullmatch=True).filter(possible_name)
numbers = st.from_regex(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9](-[a-zA-Z0-9.]{1,8})?", fullmatch=True)
targets = st.sampled_from(["", "linux-x64", "darwin-arm64", "web", "win32-ia32"])


@pytest.mark.parametrize("name", ["a", "acme", "Acme_2", "c++", "$x~y", "-a", "1"])
def test_names_that_may_be(name: str) -> None:
    assert possible_name(name)


@pytest.mark.parametrize("name", ["", "-", "a.b", "a/b", "ä", "a b", "a\n", "x" * 256])
def test_names_that_may_not(name: str) -> None:
    assert not possible_name(name)


def test_versions_are_no_aliases_and_no_platforms() -> None:
    assert possible_version("1.0.0-RC.1+b")
    assert not any(map(possible_version, ("latest", "pre-release", "linux-x64", "", "1/2", "v1", "1.0\n")))


def test_platforms() -> None:
    assert all(map(possible_target, ("universal", "web", "linux-x64", "alpine-arm64", "win32-ia32")))
    assert not any(map(possible_target, ("", "1.0.0", "linux", "plan9-x64", "web-x64", "linux-../x")))


@pytest.mark.parametrize("target", ["", "universal", "undefined", "unknown"])
def test_the_package_for_all_platforms_has_one_place(target: str) -> None:
    assert package("Acme", "Hello", "1.0.0", target) == HELLO


@pytest.mark.parametrize("version", ["", "latest", "pre-release", "../x"])
def test_files_belong_to_versions(version: str) -> None:
    with pytest.raises(NotFound):
        package("Acme", "Hello", version, "")


def test_keys_are_lowercase_and_the_spelling_is_kept() -> None:
    assert vsix(NATIVE).key == "api/tools/native/linux-x64/2.0.0-rc.1/file/tools.native-2.0.0-rc.1@linux-x64.vsix"
    assert checksum(HELLO).key == "api/acme/hello/1.0.0/file/acme.hello-1.0.0.sha256"
    assert (vsix(HELLO).name, vsix(HELLO).version) == ("Acme.Hello", "1.0.0")


@given(names, names, numbers, targets)
def test_a_subject_tells_its_place(namespace: str, name: str, version: str, target: str) -> None:
    at = package(namespace, name, version, target)
    for subject in (vsix(at), checksum(at), asset(at, "Some.Asset"), file(at, "README.md")):
        assert place_of(subject) == at
    document = place(namespace, name, "", target)
    assert place_of(extension(document, "latest")) == document


@given(names, names, numbers, targets)
def test_a_package_is_one_whatever_asks_for_it(namespace: str, name: str, version: str, target: str) -> None:
    at = package(namespace, name, version, target)
    low = package(namespace.lower(), name.lower(), version, target)
    assert vsix(at).key == vsix(low).key == asset(at, VSIX).key == file(low, at.file("vsix")).key
    assert vsix(at).purl == vsix(low).purl
    assert file(at, at.file("sha256")).kind is Kind.CONFIG
    assert dated(at, "2024-05-06T07:08:09.123Z").path == vsix(at).key


@given(names, names)
def test_purls_lead_to_documents_and_back(namespace: str, name: str) -> None:
    purl = extension(place(namespace, name), "latest").purl
    assert path_of(PackageURL.from_string(purl)) == place(namespace, name).folder(lower=True)


@pytest.mark.parametrize("purl", ["pkg:npm/acme/hello", "pkg:vscode-extension/hello", "pkg:vscode-extension/a/b.c"])
def test_other_purls_lead_nowhere(purl: str) -> None:
    with pytest.raises(NotFound):
        path_of(PackageURL.from_string(purl))


def test_purls_name_the_platform_of_a_package_only() -> None:
    assert vsix(NATIVE).purl == "pkg:vscode-extension/tools/native@2.0.0-rc.1?platform=linux-x64"
    assert extension(Place("a", "b", "", "web"), "latest").purl == "pkg:vscode-extension/a/b"


@pytest.mark.parametrize("name", ["a/b", "..", "x\x00", "a%2fb", "acme.hello-2.0.0.vsix", "", "?"])
def test_files_that_cannot_be(name: str) -> None:
    with pytest.raises(NotFound):
        file(HELLO, name)


def test_addresses() -> None:
    assert asset_url(BASE, NATIVE) == f"{BASE}/vscode/asset/Tools/Native/2.0.0-rc.1"
    assert asset_url(BASE, NATIVE, "X.Y") == f"{BASE}/vscode/asset/Tools/Native/2.0.0-rc.1/X.Y?targetPlatform=linux-x64"
    assert asset_url(BASE, HELLO, "X.Y") == f"{BASE}/vscode/asset/Acme/Hello/1.0.0/X.Y"
    assert file_url(BASE, NATIVE, "ä b") == f"{BASE}/api/Tools/Native/linux-x64/2.0.0-rc.1/file/%C3%A4%20b"
    assert parameters({"b": "x y", "a": "", "c": "&"}) == "?b=x+y&c=%26"
    assert parameters({}) == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-05-06T07:08:09.123Z", 1714979289.123),
        ("2024-05-06T07:08:09.123456Z", 1714979289.123456),
        ("2024-05-06T09:08:09+02:00", 1714979289.0),
        ("2024-05-06T07:08:09", 1714979289.0),
        ("soon", 0.0),
        ("", 0.0),
        ("1901-01-01T00:00:00Z", 0.0),
        ("0001-01-01T00:00:00+23:59", 0.0),
    ],
)
def test_publish_times(text: str, seconds: float) -> None:
    pin = dated(NATIVE, text)
    assert pin.published == pytest.approx(seconds)
    assert pin.dates
