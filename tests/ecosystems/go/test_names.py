"""Module paths and versions: escapes, canonical spellings, purls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from subak.ecosystems.go.names import (
    asked_version,
    commit_time,
    escape,
    is_canonical,
    is_fitting,
    is_private,
    module_of,
    module_path,
    purl,
    unescape,
)
from subak.errors import NotFound

WORDS = st.text(alphabet=st.characters(max_codepoint=127, exclude_characters="!"), max_size=30)
MODULES = st.from_regex(r"[a-z0-9]{1,6}\.[a-z]{1,4}(/[A-Za-z0-9_~][A-Za-z0-9_]{0,6}){0,4}", fullmatch=True)


# ---------------------------------------------------------------- escaping


@given(WORDS)
def test_escaping_goes_there_and_back(text: str) -> None:
    assert unescape(escape(text)) == text
    assert escape(text) == escape(text).lower()


@given(st.text(max_size=30))
def test_one_text_has_one_escaped_spelling(text: str) -> None:
    try:
        assert escape(unescape(text)) == text
    except NotFound:
        assert any(c.isupper() or c == "!" or ord(c) > 127 for c in text)


@pytest.mark.parametrize("text", ["!", "a!", "!A", "!1", "!!a", "Azure", "é"])
def test_what_escaping_never_yields(text: str) -> None:
    with pytest.raises(NotFound):
        unescape(text)


# ---------------------------------------------------------------- modules


@pytest.mark.parametrize(
    ("escaped", "module"),
    [
        ("github.com/!azure/azure-sdk-for-go", "github.com/Azure/azure-sdk-for-go"),
        ("example.com", "example.com"),
        ("gopkg.in/yaml.v3", "gopkg.in/yaml.v3"),
        ("example.com/a/v2", "example.com/a/v2"),
        ("example.com/a~b/_c", "example.com/a~b/_c"),
        ("4d63.com/gocheck", "4d63.com/gocheck"),
    ],
)
def test_modules(escaped: str, module: str) -> None:
    assert module_path(escaped) == module


@pytest.mark.parametrize(
    "escaped",
    [
        "", "std", "cmd/go", "-a.example/x", ".example/x", "example.com/", "/example.com", "example.com//a",
        "example.com/.a", "example.com/a.", "example.com/..", "example.com/a@v1", "example.com/a b", "example.com/a:b",
        "!example.com/a", "example.com/@v", "example.com./a",
    ],
)  # fmt: skip
def test_impossible_modules(escaped: str) -> None:
    with pytest.raises(NotFound):
        module_path(escaped)


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("module", "version", "canonical", "fitting"),
    [
        ("example.com/a", "v1.2.3", True, True),
        ("example.com/a", "v0.0.0", True, True),
        ("example.com/a", "v1.2.3-rc.1", True, True),
        ("example.com/a", "v1.2.3-0.20191109021931-daa7c04131f5", True, True),
        ("example.com/a", "v2.0.0", True, False),
        ("example.com/a", "v2.0.0+incompatible", True, True),
        ("example.com/a/v2", "v2.0.0", True, True),
        ("example.com/a/v2", "v1.0.0", True, False),
        ("example.com/a/v10", "v10.0.0", True, True),
        ("example.com/av2", "v2.0.0", True, False),
        ("gopkg.in/yaml.v2", "v2.4.0", True, True),
        ("gopkg.in/yaml.v2", "v3.0.0", True, False),
        ("gopkg.in/yaml.v2", "v0.0.0-20161208181325-20d25e280405", True, False),
        ("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405", True, True),
        ("gopkg.in/a/b.v2-unstable", "v2.0.0", True, True),
        ("gopkg.in/a", "v1.0.0", True, False),
        ("toolchain.example/toolchain", "v0.0.1-go1.26.8.linux-amd64", True, True),
        ("example.com/a", "v1.2", False, False),
        ("example.com/a", "v1", False, False),
        ("example.com/a", "1.2.3", False, False),
        ("example.com/a", "v1.2.3+meta", False, False),
        ("example.com/a", "v01.2.3", False, False),
        ("example.com/a", "v1.2.3-01", False, False),
        ("example.com/a", "v1.2.3-", False, False),
        ("example.com/a", "v1.2.3\n", False, False),
        ("example.com/a", "main", False, False),
        ("example.com/a", "v١.0.0", False, False),
    ],
)
def test_canonical_versions(module: str, version: str, canonical: bool, fitting: bool) -> None:
    assert (is_canonical(version), is_fitting(module, version)) == (canonical, fitting)


@pytest.mark.parametrize("version", ["main", "v1", "daa7c04131f5", "release-1.0_x", "a..b", "x@y"])
def test_what_may_be_asked(version: str) -> None:
    assert asked_version(version) == version


@pytest.mark.parametrize("escaped", ["", ".", "..", "a.", "a/b", "a*b", "a!", "A", "a|b", "a:b", 'a"b'])
def test_what_is_never_asked(escaped: str) -> None:
    with pytest.raises(NotFound):
        asked_version(escaped)


@pytest.mark.parametrize(
    ("version", "time"),
    [
        ("v0.0.0-20191109021931-daa7c04131f5", 1573265971.0),
        ("v1.2.4-0.20191109021931-daa7c04131f5", 1573265971.0),
        ("v1.2.4-pre.0.20191109021931-daa7c04131f5", 1573265971.0),
        ("v2.0.1-0.20191109021931-daa7c04131f5+incompatible", 1573265971.0),
        ("v0.0.0-20191309021931-daa7c04131f5", 0.0),
        ("v0.0.0-00010101000000-000000000000", 0.0),
        ("v1.2.3", 0.0),
        ("v1.2.3-20191109021931", 0.0),
    ],
)
def test_pseudo_versions_carry_a_time(version: str, time: float) -> None:
    assert commit_time(version) == time


# ---------------------------------------------------------------- purls


@given(MODULES)
def test_purls_go_there_and_back(module: str) -> None:
    assert module_of(PackageURL.from_string(purl(module))) == module
    assert PackageURL.from_string(purl(module, "v2.0.0+incompatible")).version == "v2.0.0+incompatible"


@pytest.mark.parametrize("text", ["pkg:npm/a", "pkg:golang/std", "pkg:golang/example.com/a%20b"])
def test_purls_of_no_module(text: str) -> None:
    with pytest.raises(NotFound):
        module_of(PackageURL.from_string(text))


# ---------------------------------------------------------------- private modules


@pytest.mark.parametrize(
    ("module", "patterns", "private"),
    [
        ("corp.example/a/b", "corp.example", True),
        ("corp.example/a/b", "corp.example/", True),
        ("corp.example/a/b", "corp.example/a", True),
        ("corp.example/a/b", "corp.example/b", False),
        ("corp.example/a/b", "*.corp.example,corp.example/*", True),
        ("git.corp.example/a", "*.corp.example", True),
        ("corp.example.org/a", "corp.example", False),
        ("corp.example", "corp.example/a", False),
        ("example.com/secret-x", "example.com/secret-?", True),
        ("example.com/a", "", False),
        ("example.com/a", " , /", False),
        ("example.com/a", "[", False),
    ],
)
def test_private_modules(module: str, patterns: str, private: bool) -> None:
    assert is_private(module, patterns) is private
